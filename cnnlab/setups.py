"""One layer and its input: everything that the convolution lesson shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cnnlab.checks import InputError
from cnnlab.conv_steps import trace_conv2d, trace_conv_transpose2d
from cnnlab.padding import NamedPadding, PaddingMode, Sides, padding_sides
from cnnlab.shapes import conv_output_size, conv_transpose_output_size
from cnnlab.trace import Trace

__all__ = [
    "MOST_PRODUCTS",
    "MOST_STEPS",
    "OWN",
    "OWN_PHOTOGRAPH",
    "Operation",
    "Setup",
    "output_size",
    "trace_setup",
]

Floats = NDArray[np.float64]
Operation = Literal["convolution", "transposed"]
OWN = "own"  # the name of numbers that a learner has edited
OWN_PHOTOGRAPH = "own.photo"  # numbers from a photograph, each from 0 to 255
MOST_STEPS = 8192  # output cells that the player shows
MOST_PRODUCTS = 1_600_000  # over all steps


@dataclass(frozen=True, eq=False)
class Setup:
    """One layer and its input.

    Parameters
    ----------
    x : ndarray of shape (C, H, W)
        The input.
    weight : ndarray of shape (K, C / groups, kH, kW), transposed (C, K / groups, kH, kW)
        The weights, as PyTorch stores them.
    input, kernel : str
        Where the numbers come from: a name for ``filled_input`` and ``filled_weight``, "own", or
        "own.photo" for an input that is to be drawn in shades of grey.
    bias : tuple of float or None
        One number for each filter; None for a layer without bias.
    operation : {"convolution", "transposed"}
        What the layer does.
    stride, dilation, output_padding : (rows, columns)
        Layer settings.
    padding : a name or ((top, bottom), (left, right))
        As for ``padding_sides``.
    groups, padding_mode, flip, activation
        As for ``trace_conv2d``.

    Notes
    -----
    The settings lie in their own limits, but need not go together: `trace_setup` says so.
    """

    x: Floats
    weight: Floats
    input: str
    kernel: str
    bias: tuple[float, ...] | None = None
    operation: Operation = "convolution"
    stride: tuple[int, int] = (1, 1)
    padding: NamedPadding | Sides = ((0, 0), (0, 0))
    dilation: tuple[int, int] = (1, 1)
    output_padding: tuple[int, int] = (0, 0)
    groups: int = 1
    padding_mode: PaddingMode = "zeros"
    flip: bool = False
    activation: str = "none"

    @property
    def is_transposed(self) -> bool:
        """Whether the operation is a transposed convolution."""
        return self.operation == "transposed"

    @property
    def channels(self) -> int:
        """Input channels."""
        return len(self.x)

    @property
    def filters(self) -> int:
        """Output channels."""
        return self.weight.shape[1] * self.groups if self.is_transposed else len(self.weight)

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of the input."""
        return self.x.shape[1], self.x.shape[2]

    @property
    def kernel_size(self) -> tuple[int, int]:
        """Rows and columns of each kernel."""
        return self.weight.shape[2], self.weight.shape[3]

    @property
    def is_photograph(self) -> bool:
        """Whether the input is a photograph, drawn in shades of grey."""
        return self.input.startswith("photo") or self.input == OWN_PHOTOGRAPH

    def sides(self) -> Sides:
        """Return the padding in numbers; raise InputError where its name does not fit."""
        return padding_sides(
            self.padding,
            kernel_size=self.kernel_size,
            stride=self.stride,
            dilation=self.dilation,
        )

    def layer(self) -> dict[str, Any]:
        """Return the keyword arguments for ``conv2d`` or ``conv_transpose2d``.

        Raises
        ------
        InputError
            If the padding of a transposed convolution is not one number a direction.
        """
        settings: dict[str, Any] = {
            "stride": self.stride,
            "dilation": self.dilation,
            "groups": self.groups,
        }
        if not self.is_transposed:
            return settings | {
                "padding": self.padding,
                "padding_mode": self.padding_mode,
                "flip": self.flip,
            }
        if isinstance(self.padding, str) and self.padding != "valid":
            raise InputError(
                f"a transposed convolution has no padding {self.padding!r}: give it as a number"
            )
        (top, bottom), (left, right) = self.sides()
        if top != bottom or left != right:
            raise InputError(
                "the padding of a transposed convolution is the same on opposite sides, got "
                f"{top} and {bottom}, {left} and {right}"
            )
        if self.padding_mode != "zeros":
            raise InputError(
                f"a transposed convolution has no padding mode {self.padding_mode!r}: take zeros"
            )
        return settings | {"padding": (top, left), "output_padding": self.output_padding}


def output_size(setup: Setup) -> tuple[int, int]:
    """Return the rows and columns of each feature map.

    Raises
    ------
    InputError
        If the settings do not go together.
    """
    layer = setup.layer()
    sides = setup.sides()
    sizes = []
    for i, axis in enumerate(("rows", "columns")):
        common: dict[str, Any] = {
            "kernel_size": setup.kernel_size[i],
            "stride": setup.stride[i],
            "dilation": setup.dilation[i],
            "axis": axis,
        }
        if setup.is_transposed:
            size = conv_transpose_output_size(
                setup.size[i],
                padding=layer["padding"][i],
                output_padding=setup.output_padding[i],
                **common,
            )
        else:
            size = conv_output_size(setup.size[i], padding=sides[i], **common)
        sizes.append(size)
    return sizes[0], sizes[1]


def trace_setup(setup: Setup) -> Trace:
    """Return every step of the layer.

    Parameters
    ----------
    setup : Setup
        The layer and its input.

    Returns
    -------
    Trace
        One step for each output cell.

    Raises
    ------
    InputError
        If the settings do not go together, or the steps are too many to be shown.
    """
    rows, columns = output_size(setup)
    steps = rows * columns * setup.filters
    products = steps * int(np.prod(setup.kernel_size)) * max(1, setup.channels // setup.groups)
    if steps > MOST_STEPS or products > MOST_PRODUCTS:
        raise InputError(
            f"this layer writes {setup.filters} × {rows} × {columns} numbers from {products:,} "
            f"products; the player shows at most {MOST_STEPS:,} from {MOST_PRODUCTS:,}: take a "
            "smaller input, padding or kernel"
        )
    function = trace_conv_transpose2d if setup.is_transposed else trace_conv2d
    colours = ("red", "green", "blue")
    return function(
        setup.x,
        setup.weight,
        setup.bias,
        activation=setup.activation,
        as_grey=setup.is_photograph,
        channel_names=colours if setup.is_photograph and setup.channels == 3 else None,
        **setup.layer(),
    )
