"""Classes and their probabilities as bars and tables, in HTML: no chart library is loaded."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from cnnlab.figures.theme import ROLES
from cnnlab.percent import finely

__all__ = ["bar_cards", "class_bars", "class_table", "fact_list"]


def class_bars(
    rows: Sequence[tuple[str, float]], *, role: str = "output", wide: str = "13rem"
) -> str:
    r"""Return a bar for each share of 1, with its name before it and its number behind.

    Parameters
    ----------
    rows : sequence of (str, float)
        Name and share, in the order in which they are shown.
    role : str
        The colour of the bars, one of ``theme.ROLES``.
    wide : str
        The most that names may take, a CSS length; longer ones wrap.

    Returns
    -------
    str
        HTML for ``st.html``: a table, so that it can be read aloud as it is.

    Examples
    --------
    >>> "71.3\u202f%" in class_bars([("tabby", 0.713), ("tiger cat", 0.1)])
    True
    """
    colour = ROLES[role].figure
    lines = "".join(
        '<tr style="display:contents"><th scope="row" style="text-align:left;font-weight:400;'
        f'line-height:1.2;padding:0">{escape(name)}</th><td style="padding:0;border-left:2px solid '
        'color-mix(in srgb,currentColor 45%,transparent)"><div style="height:1.15rem;width:'
        f"{100 * share:.3f}%;min-width:1px;background:{colour};border-radius:0 3px 3px 0"
        f'"></div></td><td style="text-align:right;white-space:nowrap;padding:0">'
        f"{escape(finely(share))}</td></tr>"
        for name, share in rows
    )
    columns = f"fit-content({wide}) minmax(3rem,1fr) max-content"
    return (
        f'<table class="class-bars" style="display:grid;grid-template-columns:{columns};'
        'gap:0.45rem 0.7rem;align-items:center;font-variant-numeric:tabular-nums">'
        f'<tbody style="display:contents">{lines}</tbody></table>'
    )


def bar_cards(
    cards: Sequence[tuple[str, str, Sequence[tuple[str, float]]]], *, smallest: str = "19rem"
) -> str:
    """Return several lists of bars side by side, one under the other on a phone.

    Parameters
    ----------
    cards : sequence of (title, text, rows)
        What each is called, what is said below it, and its bars as for `class_bars`.
    smallest : str
        The width below which no list goes, a CSS length.

    Returns
    -------
    str
        HTML for ``st.html``.
    """
    parts = "".join(
        '<section style="border:1px solid color-mix(in srgb,currentColor 22%,transparent);'
        'border-radius:0.5rem;padding:0.8rem 1rem;min-width:0">'
        f'<div style="font-weight:650;margin-bottom:0.5rem;overflow-wrap:anywhere">{escape(title)}'
        f"</div>{class_bars(rows, wide='8.5rem')}"
        '<div style="font-size:0.9rem;line-height:1.45;margin-top:0.5rem">'
        f"{'<br>'.join(escape(line) for line in text.splitlines())}</div></section>"
        for title, text, rows in cards
    )
    return (
        '<div style="display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,'
        f'{smallest}),1fr));gap:1rem;margin-bottom:0.8rem">{parts}</div>'
    )


def fact_list(title: str, facts: Sequence[tuple[str, str]]) -> str:
    """Return names and values, one below the other, under a title.

    Parameters
    ----------
    title : str
        What they belong to.
    facts : sequence of (str, str)
        Names and values.

    Returns
    -------
    str
        HTML for ``st.html``.

    Examples
    --------
    >>> fact_list("tabby", [("Index", "281")]).count("281")
    1
    """
    lines = "".join(
        '<tr><th scope="row" style="text-align:left;font-weight:400;padding:0.1rem 1.2rem 0.1rem 0'
        f'">{escape(name)}</th><td style="font-weight:600">{escape(value)}</td></tr>'
        for name, value in facts
    )
    return (
        '<table style="border-collapse:collapse;font-variant-numeric:tabular-nums"><caption '
        'style="text-align:left;font-weight:650;font-size:1.1rem;padding-bottom:0.3rem">'
        f"{escape(title)}</caption><tbody>{lines}</tbody></table>"
    )


def class_table(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    title: str,
    widths: Sequence[int],
    wide_only: Sequence[int] = (),
) -> str:
    """Return a long table of texts that scrolls inside itself, below its head.

    Parameters
    ----------
    head : sequence of str
        The columns' names.
    rows : sequence of sequence of str
        The cells.
    title : str
        What it lists, for screen readers.
    widths : sequence of int
        How wide the columns are against each other.
    wide_only : sequence of int
        Columns that a narrow screen leaves out.

    Returns
    -------
    str
        HTML for ``st.html``, short for a thousand rows.

    Examples
    --------
    >>> class_table(["Class"], [["tabby"]], title="classes", widths=[1]).count("<td>tabby")
    1
    """
    left_out = "".join(
        f".long-list :is(th,td,col):nth-child({place + 1}){{display:none}}" for place in wide_only
    )
    columns = "".join(f'<col style="width:{100 * w / sum(widths):.1f}%">' for w in widths)
    names = "".join(f'<th scope="col">{escape(name)}' for name in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}" for cell in row) for row in rows)
    grid = f"<table><colgroup>{columns}</colgroup>"
    return (
        f"<style>{_LONG_LIST}@media (max-width:40rem){{{left_out}}}</style>"
        f'<div class="long-list"><div aria-hidden="true" class="head">{grid}<tr>{names}</table>'
        f'</div><div class="body" role="region" aria-label="{escape(title)}" tabindex="0">{grid}'
        f'<thead class="unseen"><tr>{names}</thead><tbody>{body}</tbody></table></div></div>'
    )


_LINE = "1px solid color-mix(in srgb,currentColor 18%,transparent)"
_LONG_LIST = f"""
.long-list {{ font-variant-numeric: tabular-nums; border: {_LINE}; border-radius: 0.5rem; }}
.long-list div {{ scrollbar-gutter: stable; overflow-y: auto; }}
.long-list .body {{ max-height: 24rem; }}
.long-list .body:focus-visible {{ outline: 3px solid {ROLES["cursor"].figure}; }}
.long-list table {{ border-collapse: collapse; width: 100%; table-layout: fixed; }}
.long-list :is(th, td) {{ text-align: left; padding: 0.35rem 0.6rem; border-bottom: {_LINE};
  overflow-wrap: anywhere; vertical-align: top; font-weight: 400; }}
.long-list .head th {{ font-weight: 600; overflow-wrap: normal; }}
.long-list .unseen {{ visibility: collapse; }}
.long-list .unseen th {{ padding-block: 0; border: 0; line-height: 0; }}
@media (max-width: 40rem) {{
  .long-list {{ font-size: 0.9rem; }}
  .long-list :is(th, td) {{ padding-inline: 0.3rem; }}
}}
"""
