"""A few large numbers as bars on a logarithmic axis, in HTML: no chart library is loaded for it."""

from __future__ import annotations

import math
from html import escape

from cnnlab.figures.theme import ROLES

__all__ = ["html_log_bars"]


def html_log_bars(values: dict[str, int], *, title: str, role: str = "kernel") -> str:
    """Return bars on a logarithmic axis that begins at 1; each tick is a factor of ten.

    Parameters
    ----------
    values : dict of str to int
        Names and numbers; 0 and 1 have no bar.
    title : str
        What is measured; it stands above the bars.
    role : str
        The colour of the bars, one of ``theme.ROLES``.

    Returns
    -------
    str
        HTML for ``st.html``, with a text alternative.

    Raises
    ------
    ValueError
        If there is no number, or one of them is negative.

    Examples
    --------
    >>> html_log_bars({"few": 10, "many": 1000}, title="weights").count("width:33.33%")
    1
    """
    if not values or min(values.values()) < 0:
        raise ValueError("bars show at least one number, none of them negative")
    decades = max(1, math.ceil(math.log10(max(2, *values.values()))))
    ticks = (
        "background-image:linear-gradient(to right,color-mix(in srgb,currentColor 28%,transparent) "
        f"1px,transparent 1px);background-size:calc(100% / {decades}) 100%"
    )
    rows = []
    for name, value in values.items():
        share = 100 * math.log10(max(value, 1)) / decades
        rows.append(
            f'<div style="margin-top:0.5rem">{escape(name)}: <strong>{value:,}</strong></div>'
            f'<div style="height:1.1rem;{ticks}"><div style="height:100%;width:{share:.2f}%;'
            f'background:{ROLES[role].figure};border-radius:0 3px 3px 0"></div></div>'
        )
    alt = f"{title}: " + "; ".join(f"{name} {value:,}" for name, value in values.items())
    return (
        f'<div role="img" aria-label="{escape(alt)}" style="max-width:46rem;margin-bottom:0.8rem">'
        f'<div style="font-weight:600">{escape(title)}; from line to line ten times as many</div>'
        f"{''.join(rows)}</div>"
    )
