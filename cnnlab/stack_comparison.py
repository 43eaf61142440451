"""Two stacks side by side, each at one of its layers: what one cell of each sees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cnnlab.checks import in_range
from cnnlab.receptive import ReceptiveField, receptive_field
from cnnlab.stacks import Window, example_of, layer_names, output_sizes

__all__ = ["View", "say_difference", "sees_all", "view_from"]


@dataclass(frozen=True)
class View:
    """What one cell of a layer sees of a square picture.

    Parameters
    ----------
    stack, layer : str
        What to call them.
    n_layers : int
        Layers from the input up to this one, poolings included.
    field : ReceptiveField
        In pixels of the input; the same for rows and columns.
    out, side : int
        Cells of the layer's output and pixels of the picture, a side.
    """

    stack: str
    layer: str
    n_layers: int
    field: ReceptiveField
    out: int
    side: int

    @property
    def title(self) -> str:
        """The stack and the layer together."""
        return f"{self.stack}, {self.layer}"

    @property
    def size(self) -> int:
        """Pixels that one cell sees, a side."""
        return self.field.size or 0


def view_from(
    layers: Sequence[Window], number: int, side: int, *, stack: str = "own stack"
) -> View:
    """Return what a cell of one layer sees.

    Parameters
    ----------
    layers : sequence of Conv2d and Pool2d
        The stack; square windows.
    number : int
        The layer, counted from 1.
    side : int
        Of the square picture, in pixels.
    stack : str
        What to call the stack if it is no example.

    Raises
    ------
    LayerError
        If the picture is too small for a layer up to this one.
    InputError
        If there is no such layer.

    Examples
    --------
    >>> from cnnlab.stacks import parse_stack
    >>> view = view_from(parse_stack("vgg16"), 13, 224)
    >>> view.title, view.size, view.field.jump, view.out
    ('VGG-16, conv4_3', 92, 8, 28)
    """
    number = in_range(number, name="layer", low=1, high=len(layers))
    found = example_of(layers)
    return View(
        stack if found is None else found.title,
        layer_names(layers)[number - 1],
        number,
        receptive_field(layers[:number]),
        output_sizes(layers[:number], side)[-1],
        side,
    )


def sees_all(view: View) -> bool:
    """Return whether some cell sees every pixel of the picture.

    Examples
    --------
    >>> from cnnlab.stacks import parse_stack
    >>> [sees_all(view_from(parse_stack(text), 1, 32)) for text in ("c15d5", "c7")]
    [True, False]
    """
    ends = [view.field.of_cell(index) for index in (view.out // 2, (view.out - 1) // 2)]
    return any(first <= 0 and last >= view.side for first, last in ends)


def say_difference(one: View, other: View) -> str:
    """Return in words what to see when the fields of two cells are compared.

    Examples
    --------
    >>> from cnnlab.stacks import parse_stack
    >>> one, other = (view_from(parse_stack(text), 1, 32) for text in ("c3", "c7"))
    >>> say_difference(one, other).partition(". ")[0]
    'One cell of One 7 × 7, layer 1 sees a square 2.3 times as wide as one of own stack, layer 1'
    """
    if one.size == other.size:
        words = f"Both cells see {one.size:,} × {one.size:,} pixels"
        if one.n_layers != other.n_layers:
            words += (
                f", after {_count(one.n_layers, 'layer')} and {_count(other.n_layers, 'layer')}"
            )
    else:
        narrow, wide = sorted((one, other), key=lambda view: view.size)
        words = (
            f"One cell of {wide.title} sees a square {wide.size / narrow.size:.1f} times as wide "
            f"as one of {narrow.title}"
        )
        if sees_all(wide) and not sees_all(narrow):
            words += ": in the middle it sees the whole picture"
    jumps = one.field.jump, other.field.jump
    if jumps[0] == jumps[1]:
        return f"{words}. In both, the square moves by {_count(jumps[0], 'pixel')} per cell."
    return (
        f"{words}. From one cell to the next the square moves by {_count(jumps[0], 'pixel')} in "
        f"{one.stack}, by {jumps[1]:,} in {other.stack}."
    )


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'s' if number > 1 else ''}"
