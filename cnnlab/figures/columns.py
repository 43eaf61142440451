"""Numbers as columns on a logarithmic axis, and shares of 1 as bars; drawn without Plotly."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from cnnlab.figures.theme import ROLES
from cnnlab.percent import percent

__all__ = ["log_columns", "share_bars", "short", "with_power"]

_MOST_LABELLED = 12  # columns; with more, a number has no room
_LINE = "color-mix(in srgb, currentColor 22%, transparent)"


def short(value: float) -> str:
    """Return a number in two digits, with a power of ten where it is very large or small.

    Examples
    --------
    >>> [short(x) for x in (0.0, 1.0, 0.0321, 4.2e-7, 123456.0)]
    ['0', '1', '0.032', '4e−7', '1e5']
    """
    if not math.isfinite(value):
        return "∞" if value > 0 else "not a number"
    if value == 0 or 0.01 <= abs(value) < 1000:
        return f"{value:.2g}" if abs(value) < 100 else f"{value:.0f}"
    mantissa, exponent = f"{value:.0e}".split("e")
    return f"{mantissa}e{int(exponent)}".replace("-", "−")


def with_power(value: float) -> str:
    """Return a number above 0 with one digit and a power of ten, for a sentence.

    Examples
    --------
    >>> with_power(2.1e-6), with_power(1.8e16)
    ('2 · 10⁻⁶', '2 · 10¹⁶')
    """
    mantissa, exponent = f"{value:.0e}".split("e")
    raised = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{mantissa} · 10{raised}"


def log_columns(
    names: Sequence[str], values: Sequence[float], *, title: str, axis: str, role: str
) -> str:
    """Return one column for each number: above 1 it goes up, below 1 it goes down.

    Parameters
    ----------
    names : sequence of str
        What stands under each column.
    values : sequence of float
        Not negative. A zero is drawn as a column to the bottom.
    title : str
        What is shown.
    axis : str
        What the names are, for instance "layer".
    role : str
        The colour of the columns, one of ``theme.ROLES``.

    Returns
    -------
    str
        HTML for ``st.html``, with all numbers in its text alternative.
    """
    powers = [math.log10(value) for value in values if 0 < value < math.inf]
    low = min(-1, math.floor(min(powers, default=0)))
    high = max(1, math.ceil(max(powers, default=0)))
    step = max(1, math.ceil((high - low) / 6))

    def place(power: float) -> float:
        return 100 * (high - power) / (high - low)  # percent from the top

    lines = "".join(
        f'<div style="position:absolute;left:0;right:0;top:{place(power):.2f}%;'
        f'border-top:{"2px solid currentColor" if power == 0 else f"1px solid {_LINE}"}">'
        f'<span style="position:absolute;right:calc(100% + 0.4rem);top:-0.75em">'
        f"{'1' if power == 0 else f'10<sup>{power}</sup>'.replace('-', '−')}</span></div>"
        for power in range(low, high + 1)
        if power % step == 0
    )
    labelled = len(values) <= _MOST_LABELLED
    every = 1 if labelled else math.ceil(len(values) / 10)
    columns = []
    for number, (name, value) in enumerate(zip(names, values, strict=True)):
        power = math.log10(value) if 0 < value < math.inf else (low if value == 0 else high)
        top, bottom = place(max(power, 0)), place(min(power, 0))
        above = power >= 0
        text = short(value)
        label = (
            f'<span style="position:absolute;left:-0.6rem;right:-0.6rem;text-align:center;'
            f"font-size:0.8rem;line-height:1;{'bottom' if above else 'top'}:calc(100% + 3px)"
            f'">{text}</span>'
            if labelled
            else ""
        )
        to_last = len(values) - 1 - number
        near_last = 0 < to_last < (every + 1) / 2  # its name would touch the last one
        under = name if to_last == 0 or (number % every == 0 and not near_last) else ""
        columns.append(
            f'<div title="{escape(axis)} {escape(name)}: {text}" '
            'style="position:relative;flex:1 1 0;min-width:0">'
            f'<div style="position:absolute;left:12%;right:12%;top:{top:.2f}%;'
            f"height:{bottom - top:.2f}%;min-height:2px;background:{ROLES[role].figure};"
            f'border-radius:2px">{label}</div>'
            '<span style="position:absolute;left:-0.5rem;right:-0.5rem;text-align:center;'
            f'top:calc(100% + 1.2rem)">{escape(under)}</span></div>'
        )
    alt = f"{title}. " + "; ".join(
        f"{axis} {name}: {short(value)}" for name, value in zip(names, values, strict=True)
    )
    return (
        f'<figure style="margin:0 0 1rem"><figcaption style="font-weight:600;'
        f'margin-bottom:1.5rem">{escape(title)}</figcaption>'
        f'<div role="img" aria-label="{escape(alt)}" style="position:relative;height:14rem;'
        'margin:0 0.6rem 0 3.2rem;font-size:0.875rem;font-variant-numeric:tabular-nums">'
        f'{lines}<div style="position:absolute;inset:0;display:flex">{"".join(columns)}</div>'
        "</div>"
        f'<div style="text-align:center;margin-top:2.6rem;font-size:0.9rem">{escape(axis)}</div>'
        "</figure>"
    )


def share_bars(names: Sequence[str], shares: Sequence[float], *, title: str, role: str) -> str:
    r"""Return a horizontal bar for each share of 1, with its number.

    Parameters
    ----------
    names : sequence of str
        What stands before each bar.
    shares : sequence of float
        From 0 to 1.
    title : str
        What is shown.
    role : str
        The colour of the bars, one of ``theme.ROLES``.

    Returns
    -------
    str
        HTML for ``st.html``.

    Examples
    --------
    >>> "25\u202f%" in share_bars(["a", "b"], [0.25, 0.75], title="shares", role="output")
    True
    """
    rows = "".join(
        f'<div style="display:contents"><span>{escape(name)}</span>'
        f'<span style="border-left:2px solid currentColor;height:1.3rem">'
        f'<span style="display:block;height:100%;width:{100 * share:.2f}%;'
        f'background:{ROLES[role].figure}"></span></span>'
        f'<span style="text-align:right">{percent(share)}</span></div>'
        for name, share in zip(names, shares, strict=True)
    )
    return (
        f'<figure style="margin:0 0 1rem"><figcaption style="font-weight:600;'
        f'margin-bottom:0.5rem">{escape(title)}</figcaption>'
        '<div style="display:grid;grid-template-columns:max-content 1fr 4.5rem;gap:0.3rem 0.7rem;'
        f'align-items:center;font-variant-numeric:tabular-nums">{rows}</div></figure>'
    )
