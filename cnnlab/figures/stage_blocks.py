"""The stages of a network as blocks to scale: numbers for a drawing, no drawing yet."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import TYPE_CHECKING, Any

from cnnlab.layers import Shape

if TYPE_CHECKING:  # it stands beside torch, which takes seconds to load
    from cnnlab.network_outline import Stage

__all__ = ["SCALE", "short_title", "stage_blocks"]

ROOM = 7.5  # rem, the height of the largest map
WIDTH = 0.075  # rem, for the square root of one channel
THINNEST = 0.2  # rem
LONGEST = 18  # characters of a title
SCALE = (
    "To scale: the height is that of the maps in cells, the width the square root of the number of "
    "channels. Nothing is drawn thinner than a line."
)


def stage_blocks(
    input_shape: tuple[int, int, int], stages: Sequence[Stage], chosen: str
) -> list[dict[str, Any]]:
    """Return the blocks of a drawing, the picture first.

    Parameters
    ----------
    input_shape : (C, H, W)
        Of the picture.
    stages : sequence of Stage
        Of the network's outline.
    chosen : str
        The chosen layer; the block that holds it is marked, or all blocks that lie in it.

    Returns
    -------
    list of dict
        As ``cnnlab.ui.network_view.network_drawing`` takes them; sizes in rem.
    """
    largest = max(input_shape[1], *(stage.shape[1] for stage in stages))
    blocks = [_block("", (), "picture", input_shape, largest)]
    for stage in stages:
        # A click on the block chooses the part that makes what the block shows.
        blocks.append(
            _block(stage.maker, stage.names, short_title(stage.names), stage.shape, largest)
        )
        inside = any(name.startswith(f"{chosen}.") for name in stage.names)
        blocks[-1]["chosen"] = bool(chosen) and (inside or stage.holds(chosen))
    return blocks


def short_title(names: Sequence[str]) -> str:
    """Return one title for layers in a row, short enough to stand below a block.

    Parameters
    ----------
    names : sequence of str
        Their full names.

    Examples
    --------
    >>> short_title(["features.4", "features.5"]), short_title(["conv1", "bn1", "relu"])
    ('features.4 to 5', 'conv1 to relu')
    >>> short_title(["encoder.layers.encoder_layer_3"])
    'encoder_layer_3'
    """
    first, last = names[0], names[-1]
    stem = first.rpartition(".")[0]
    if first == last:
        return first if len(first) <= LONGEST else first.rpartition(".")[2]
    inside = stem and last.startswith(f"{stem}.")
    title = f"{first} to {last[len(stem) + 1 :] if inside else last}"
    return title if len(title) <= LONGEST else f"{_last(first)} to {_last(last)}"


def _last(name: str) -> str:
    """Return the last part of a name; a number alone keeps what it is a number of."""
    stem, _, last = name.rpartition(".")
    return f"{stem.rpartition('.')[2]}.{last}" if last.isdigit() and stem else last


def _block(
    layer: str, names: Sequence[str], title: str, shape: tuple[int, int, int], largest: int
) -> dict[str, Any]:
    channels, height, _ = shape
    return {
        "layer": layer,
        "holds": list(names),
        "title": title,
        "shape": _shape_text(shape),
        "width": round(max(THINNEST, WIDTH * sqrt(channels)), 3),
        "height": round(max(THINNEST, ROOM * height / largest), 3),
        "room": ROOM,
        "chosen": False,
    }


def _shape_text(shape: Shape) -> str:
    channels, height, width = shape
    return f"{channels:,}" if height == width == 1 else f"{channels:,} × {height} × {width}"
