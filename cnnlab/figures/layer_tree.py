"""A network's layers as a tree that folds in the browser, each with its share of the whole."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from cnnlab.derivations import with_unit
from cnnlab.figures.theme import ROLES
from cnnlab.layers import shape_text

if TYPE_CHECKING:  # it stands beside torch, which takes seconds to load
    from cnnlab.model_cost import ModelRow

__all__ = ["layer_list", "layer_tree"]

_STYLE = """
<style>
.layers { font-variant-numeric: tabular-nums; font-size: 0.95rem; }
.layers .row { display: grid; align-items: baseline; gap: 0 0.8rem; padding: 0.3rem 0;
  grid-template-columns: minmax(9rem, 1.3fr) minmax(11rem, 1.7fr) 8rem 7rem 6rem 6rem;
  border-bottom: 1px solid color-mix(in srgb, currentColor 15%, transparent); }
.layers .head { font-weight: 600; }
.layers summary { list-style: none; cursor: pointer; }
.layers summary::-webkit-details-marker { display: none; }
.layers .name { padding-left: calc(var(--depth) * 0.9rem + 1.1rem); position: relative;
  overflow-wrap: anywhere; }
.layers summary .name::before { content: "▸" / ""; position: absolute;
  left: calc(var(--depth) * 0.9rem); }
.layers details[open] > summary .name::before { content: "▾" / ""; }
.layers details[open] > summary .name { font-weight: 600; }
.layers .number { text-align: right; white-space: nowrap; border-radius: 2px; padding: 0 0.2rem; }
@media (max-width: 60rem) {
  .layers .row { grid-template-columns: minmax(7rem, 1fr) 7rem 7rem; }
  .layers .wide { display: none; }
}
</style>
"""


def layer_tree(rows: Sequence[ModelRow], *, flops: bool, open_depth: int = 1) -> str:
    """Return a network's table as nested, folding HTML.

    Parameters
    ----------
    rows : sequence of ModelRow
        As ``summarize_model`` returns them, the network first.
    flops : bool
        Whether operations are written as FLOPs or as MACs.
    open_depth : int
        Rows above this depth are open at first.

    Returns
    -------
    str
        A style sheet and a ``<div>``; each row has its share of the whole as a bar.
    """
    head, *_ = rows
    parts = [_STYLE, '<div class="layers">', _head(flops)]
    open_paths: list[tuple[int, ...]] = []
    for row in rows:
        while open_paths and open_paths[-1] != row.path[: len(open_paths[-1])]:
            open_paths.pop()
            parts.append("</details>")
        line = _line(row, head, flops)
        if row.is_leaf:
            parts.append(line)
        else:
            opened = " open" if row.depth < open_depth else ""
            parts.append(f"<details{opened}><summary>{line}</summary>")
            open_paths.append(row.path)
    parts += ["</details>"] * len(open_paths)
    return "".join([*parts, "</div>"])


def layer_list(rows: Sequence[ModelRow], whole: ModelRow, *, flops: bool) -> str:
    """Return rows one below the other, in the order given.

    Parameters
    ----------
    rows : sequence of ModelRow
        Leaves of a table.
    whole : ModelRow
        The network, of which the bars are shares.
    flops : bool
        Whether operations are written as FLOPs or as MACs.
    """
    lines = (_line(row, whole, flops, depth=0) for row in rows)
    return "".join([_STYLE, '<div class="layers">', _head(flops), *lines, "</div>"])


def _head(flops: bool) -> str:
    cells = [
        '<span class="name" style="--depth:0">layer</span>',
        '<span class="wide">what it is</span>',
        '<span class="number wide">output</span>',
        '<span class="number">parameters</span>',
        f'<span class="number">{"FLOPs" if flops else "MACs"}</span>',
        '<span class="number wide">memory</span>',
    ]
    return f'<div class="row head">{"".join(cells)}</div>'


def _line(row: ModelRow, whole: ModelRow, flops: bool, *, depth: int | None = None) -> str:
    name = row.name.rsplit(".", 1)[-1] if depth is None else row.name
    operations = row.flops if flops else row.macs
    cells = [
        f'<span class="name" style="--depth:{row.depth if depth is None else depth}">'
        f"{escape(name)}</span>",
        f'<span class="wide">{escape(row.kind)}</span>',
        f'<span class="number wide">{shape_text(row.output_shape)}</span>',
        _share(f"{row.n_params:,}", row.n_params, whole.n_params, "kernel"),
        _share(with_unit(operations, ""), row.macs, whole.macs, "output"),
        f'<span class="number wide">{with_unit(row.activation_bytes, "B")}</span>',
    ]
    return f'<div class="row">{"".join(cells)}</div>'


def _share(text: str, part: int, whole: int, role: str) -> str:
    percent = 100 * part / whole if whole else 0
    colour = f"color-mix(in srgb, {ROLES[role].figure} 35%, transparent)"
    bar = f"background:linear-gradient(to left, {colour} {percent:.1f}%, transparent 0)"
    return f'<span class="number" style="{bar}" title="{percent:.1f} % of all">{text}</span>'
