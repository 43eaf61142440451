"""The steps that made one number as a table, and one input's window times its weights, in HTML."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from cnnlab.figures.number_grid import number_grid
from cnnlab.numerals import signed, written

if TYPE_CHECKING:
    from cnnlab.cell_sums import CellSum
    from cnnlab.neuron_story import Step

__all__ = ["DIGITS", "product_grids", "steps_table"]

DIGITS = 4  # of a sum, wherever it is written; the cells of a grid have three

_MOST_CELLS = 225  # of one grid of numbers
_STYLE = """
<style>
.neuron-steps { overflow-x: auto; }
.neuron-steps table { border-collapse: collapse; font-variant-numeric: tabular-nums; width: 100%; }
.neuron-steps th, .neuron-steps td { text-align: left; vertical-align: top; font-weight: 400;
  padding: 0.5rem 1rem 0.5rem 0.6rem;
  border-bottom: 1px solid color-mix(in srgb, currentColor 18%, transparent); }
.neuron-steps thead th { font-weight: 600; vertical-align: bottom; }
.neuron-steps .right { text-align: right; white-space: nowrap; }
.neuron-steps strong { font-weight: 650; }
.neuron-steps small { font-size: 0.9em; opacity: 0.85; }
.neuron-steps tr.this { box-shadow: inset 4px 0 0 CURSOR; }
.neuron-steps tr.later { opacity: 0.85; }
.neuron-products { display: flex; flex-wrap: wrap; gap: 0.2rem 0.7rem; align-items: center;
  font-size: 0.9rem; }
@media (max-width: 40rem) { /* each step a card */
  .neuron-steps :is(table, tbody, tr, th, td) { display: block; padding: 0; border: 0; }
  .neuron-steps thead { display: none; }
  .neuron-steps tr { padding: 0.6rem 0 0.6rem 0.8rem;
    border-bottom: 1px solid color-mix(in srgb, currentColor 18%, transparent); }
  .neuron-steps .right { text-align: left; white-space: normal; }
  .neuron-steps .right::before { content: attr(data-says) ": "; opacity: 0.85; }
  .neuron-steps .right br { display: none; }
}
.neuron-products > b { font-size: 1.3rem; font-weight: 400; }
</style>
"""


def steps_table(steps: Sequence[Step], told: int) -> str:
    """Return a table of how a number was made: in float64 here, and what the network has.

    Parameters
    ----------
    steps : sequence of Step
        From the sum on.
    told : int
        How many of them lead to the chosen number; it is marked.

    Returns
    -------
    str
        HTML for ``st.html``.
    """
    from cnnlab.figures.theme import ROLES

    rows = []
    for place, step in enumerate(steps, 1):
        kind = "this" if place == told else "later" if place > told else ""
        mark = "<br><strong>▸ the chosen number</strong>" if place == told else ""
        rows.append(
            f'<tr class="{kind}"><th scope="row"><strong>{escape(step.title)}</strong>'
            f"<br><small>{escape(step.layer)}</small>{mark}</th>"
            f"<td>{_how(step)}</td>"
            f'<td class="right" data-says="float64">{written(step.computed, 9)}</td>'
            f'<td class="right" data-says="network">{written(step.network, 9)}</td>'
            f'<td class="right" data-says="apart by">{_apart(step)}</td></tr>'
        )
    head = "".join(
        f'<th class="{side}">{text}</th>'
        for text, side in (
            ("step", ""),
            ("how", ""),
            ("computed here,<br>float64", "right"),
            ("the network’s own,<br>float32", "right"),
            ("apart by", "right"),
        )
    )
    style = _STYLE.replace("CURSOR", ROLES["cursor"].figure)
    return (
        f'{style}<div class="neuron-steps"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def product_grids(made: CellSum, index: int, *, name: str, pooled: bool = False) -> str:
    """Return one input's window, its weights and their products as grids of numbers.

    Parameters
    ----------
    made : CellSum
        The sum.
    index : int
        The place of the input in it.
    name : str
        What to call the input.
    pooled : bool
        Whether the window is pooled: then it is shown alone, and where one number is the result
        it has a frame.

    Returns
    -------
    str
        HTML for ``st.html``; empty where the window has more numbers than one can read.
    """
    patch, weight, product = made.patches[index], made.weights[index], made.products[index]
    if patch.size > _MOST_CELLS:
        return ""
    patch = np.where(made.inside | (patch != 0), patch, 0.0)
    if pooled:
        won = weight == 1 if weight.size > 1 else None
        title = f"{name}, the largest framed" if won is not None and won.any() else name
        return number_grid(patch, title=title, marked=won, digits=3)
    total = f"sum {signed(float(product.sum()), DIGITS)}"
    parts = [
        number_grid(patch, title=name, role="input", digits=3),
        "<b>×</b>",
        number_grid(weight, title="weights", role="kernel", digits=3),
        "<b>=</b>",
        number_grid(product, title=f"products, {total}", role="output", digits=3),
    ]
    style = _STYLE.replace("CURSOR", "currentColor")
    return f'{style}<div class="neuron-products">{"".join(parts)}</div>'


def _how(step: Step) -> str:
    """Say how a step makes its number, in letters and in numbers."""
    numbers = step.numbers
    lines = [escape(step.formula)]
    if "scale" in numbers:
        by_hand = {name: written(value, DIGITS) for name, value in numbers.items()}
        lines = [
            f"{escape(step.written)}",
            f"<small>scale = γ / √(variance + ε) = {by_hand['γ']} / "
            f"√({by_hand['variance']} + {by_hand['ε']})</small>",
            f"<small>shift = β − mean × scale = {by_hand['β']} − "
            f"{_bracketed(numbers['mean'])} × {_bracketed(numbers['scale'])}</small>",
        ]
    elif "bias" in numbers:
        rest = step.computed - numbers["bias"]
        lines.append(f"{written(rest, DIGITS)} + {_bracketed(numbers['bias'])}")
    elif numbers:
        lines.append(escape(step.written))
    for other in step.others:
        lines.append(f"<small>y comes from {escape(other.layer or 'the picture')}</small>")
    return "<br>".join(lines)


def _bracketed(value: float) -> str:
    text = written(value, DIGITS)
    return f"({text})" if value < 0 else text


def _apart(step: Step) -> str:
    """Say how far the two numbers are apart, and which part of the number that is."""
    if step.difference == 0:
        return "0"
    share = step.difference / abs(step.network) if step.network else 0.0
    small = f"<br><small> {share:.0e} of it</small>" if share else ""
    return f"{step.difference:.1e}{small}".replace("-", "−")
