"""A layer as a script in Keras 3; what Keras has no setting for, the script does by itself."""

from __future__ import annotations

from cnnlab.code_export.text import (
    NO_SIDES,
    NUMPY_MODE,
    call_lines,
    headline,
    is_flipped,
    numbers,
    padding_comment,
    pair_text,
    script,
)
from cnnlab.padding import Sides, padding_sides
from cnnlab.setups import Setup, trace_setup
from cnnlab.shapes import kernel_span

__all__ = ["keras_code"]

Pair = tuple[int, int]


def keras_code(setup: Setup) -> str:
    """Return a script that computes the layer in Keras 3, in float64, on any of its backends.

    What Keras has no setting for, the script does by itself and says why.

    Parameters
    ----------
    setup : Setup
        The layer and its input.

    Returns
    -------
    str
        The script.

    Raises
    ------
    InputError
        As for ``trace_setup``.

    Examples
    --------
    >>> from cnnlab.links import setup_from_link
    >>> code = keras_code(setup_from_link({"padding": "1"}))
    >>> print(*(line for line in code.splitlines() if "Conv2D(" in line))
    layer = keras.layers.Conv2D(filters=1, kernel_size=3, padding="same", use_bias=False)
    """
    trace = trace_setup(setup)
    inputs, padding = _inputs(setup)
    if setup.is_transposed:
        kernel, arguments = _transposed(setup)
    else:
        kernel, arguments = _convolution(setup, padding=padding)
    if setup.bias is None:
        arguments.append("use_bias=False")
    if setup.activation not in ("none", "leaky_relu"):
        arguments.append(f'activation="{setup.activation}"')
    name = "Conv2DTranspose" if setup.is_transposed else "Conv2D"
    weights = "[kernel]" if setup.bias is None else "[kernel, bias]"
    order = "(kH, kW, K, C)" if setup.is_transposed else "(kH, kW, C / groups, K)"
    if setup.groups == 1:
        order = order.replace(" / groups", "")
    return script(
        [
            headline(setup, trace, "Keras 3"),
            "import keras",
            "import numpy as np",
            "",
            'keras.config.set_floatx("float64")  # with JAX, set JAX_ENABLE_X64=1 as well',
        ],
        numbers(setup, trace, call="np.array(", options=", dtype=float"),
        inputs,
        [*kernel, f"kernel = weight.transpose(2, 3, 1, 0)  # {order}"],
        [
            *call_lines("layer", f"keras.layers.{name}", arguments),
            "layer.build(inputs.shape)",
            f"layer.set_weights({weights})",
            "outputs = layer(inputs)",
            *_end(setup),
        ],
        [
            "# Back to channels first: (K, oH, oW).",
            "feature_maps = keras.ops.convert_to_numpy(outputs)[0].transpose(2, 0, 1)",
            "print(feature_maps.tolist())",
        ],
    )


def _inputs(setup: Setup) -> tuple[list[str], str]:
    """Return the lines that pad the input and bring it into shape, and the layer's own padding."""
    lines, own = [], ""
    sides = NO_SIDES if setup.is_transposed else setup.sides()
    layer = []
    if sides != NO_SIDES and setup.padding_mode != "zeros":
        lines = ["# The layers of Keras pad with zeros only; NumPy knows more."]
        mode = NUMPY_MODE[setup.padding_mode]
        lines.append(f"x = np.pad(x, ((0, 0), {sides[0]}, {sides[1]}){mode})")
    elif sides != NO_SIDES and _is_same(setup, sides):
        own = "same"
    elif sides != NO_SIDES:
        layer = [
            *padding_comment(setup, order="(top, bottom), (left, right)"),
            f"inputs = keras.layers.ZeroPadding2D({sides})(inputs)",
        ]
    return [
        *lines,
        "# Keras keeps channels last: (batch, H, W, C).",
        "inputs = x.transpose(1, 2, 0)[np.newaxis]",
        *layer,
    ], own


def _is_same(setup: Setup, sides: Sides) -> bool:
    """Return whether the layer pads as Keras does under the name "same"; not so beyond stride 1."""
    return setup.stride == (1, 1) and sides == padding_sides(
        "same", kernel_size=setup.kernel_size, dilation=setup.dilation
    )


def _convolution(setup: Setup, *, padding: str) -> tuple[list[str], list[str]]:
    """Return the lines that prepare the weights, and the arguments of the layer."""
    size, dilation = setup.kernel_size, setup.dilation
    lines = []
    if is_flipped(setup):
        lines += [
            "# True convolution turns each kernel by half a turn; Keras does not.",
            "weight = weight[:, :, ::-1, ::-1]",
        ]
    if max(setup.stride) > 1 and max(dilation) > 1:
        size = _span(setup)
        lines += [
            "# Keras refuses stride and dilation together: spread the kernels out with zeros.",
            *_spread_lines(setup, size),
        ]
        dilation = (1, 1)
    arguments = [f"filters={setup.filters}", f"kernel_size={pair_text(size)}"]
    if setup.stride != (1, 1):
        arguments.append(f"strides={pair_text(setup.stride)}")
    if padding:
        arguments.append(f'padding="{padding}"')
    if dilation != (1, 1):
        arguments.append(f"dilation_rate={pair_text(dilation)}")
    if setup.groups > 1:
        arguments.append(f"groups={setup.groups}")
    return lines, arguments


def _transposed(setup: Setup) -> tuple[list[str], list[str]]:
    """Return the lines that prepare the weights, and the arguments of the layer.

    Keras makes the output `max(kernel, stride)` longer than the last stamp's place, unless it is
    told an output padding, which must be smaller than the stride.
    """
    lines = []
    if setup.groups > 1:
        lines += [
            "# Conv2DTranspose knows no groups: weights of 0 between the groups do the same.",
            f"groups, (n_channels, per_group, *size) = {setup.groups}, weight.shape",
            "whole = np.zeros((n_channels, per_group * groups, *size))",
            "for c in range(n_channels):",
            "    first = c // (n_channels // groups) * per_group",
            "    whole[c, first : first + per_group] = weight[c]",
            "weight = whole",
        ]
    added = [p if p >= s else 0 for p, s in zip(setup.output_padding, setup.stride, strict=True)]
    span = _span(setup)
    size = (span[0] + added[0], span[1] + added[1])
    if setup.dilation != (1, 1):
        lines.append("# Not every backend can dilate here: spread the kernels out with zeros.")
        if any(added):
            lines.append("# Zeros at their end make room for an output padding beyond the stride.")
        lines += _spread_lines(setup, size)
    arguments = [f"filters={setup.filters}", f"kernel_size={pair_text(size)}"]
    if setup.stride != (1, 1):
        arguments.append(f"strides={pair_text(setup.stride)}")
    left = (setup.output_padding[0] - added[0], setup.output_padding[1] - added[1])
    if left != (0, 0) or any(k < s for k, s in zip(size, setup.stride, strict=True)):
        arguments.append(f"output_padding={pair_text(left)}")
    return lines, arguments


def _span(setup: Setup) -> Pair:
    rows, columns = (
        kernel_span(k, dilation=d) for k, d in zip(setup.kernel_size, setup.dilation, strict=True)
    )
    return rows, columns


def _spread_lines(setup: Setup, size: Pair) -> list[str]:
    """Return the lines that put zeros between the weights, in kernels of `size`."""
    places = ", ".join(f"::{d}" if d > 1 else ":" for d in setup.dilation)
    return [
        f"spread = np.zeros((*weight.shape[:2], {size[0]}, {size[1]}))",
        f"spread[:, :, {places}] = weight",
        "weight = spread",
    ]


def _end(setup: Setup) -> list[str]:
    """Return the lines after the layer: what it cannot do by itself."""
    lines = []
    if setup.is_transposed and setup.sides() != NO_SIDES:
        lines += [
            "# Padding takes rows and columns away from the edges of the output.",
            f"outputs = keras.layers.Cropping2D({setup.sides()})(outputs)",
        ]
    if setup.activation == "leaky_relu":
        lines += [
            "# Leaky ReLU with a slope of 0.01; that of Keras is 0.2, unless told otherwise.",
            "outputs = keras.ops.where(outputs > 0, outputs, 0.01 * outputs)",
        ]
    return lines
