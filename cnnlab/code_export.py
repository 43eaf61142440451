"""A layer and its numbers as a short script in NumPy, PyTorch or Keras, complete and ready to run.

Each script holds only what its layer needs, so that plain settings give a script of a few lines.
It prints the feature maps, shape (K, oH, oW), as a nested list.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cnnlab.padding import Sides, padding_sides
from cnnlab.setups import Setup, trace_setup
from cnnlab.shapes import kernel_span
from cnnlab.trace import Trace

__all__ = ["keras_code", "numpy_code", "pytorch_code"]

Floats = NDArray[np.float64]
Pair = tuple[int, int]
Texts = tuple[str, str]  # for rows and for columns
_WIDTH = 99  # characters a line
_WIDEST_ALIGNED = 6  # characters of a number; longer ones are not lined up
_EXP_OVERFLOWS = -700.0  # exp(-z) for z below is larger than any float64
_NO_SIDES = ((0, 0), (0, 0))
_NUMPY_MODE = {  # an argument of np.pad
    "zeros": "",
    "reflect": ', mode="reflect"',
    "replicate": ', mode="edge"',
    "circular": ', mode="wrap"',
}


def numpy_code(setup: Setup) -> str:
    """Return a script that computes the layer in NumPy, with plain loops.

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
    >>> setup = setup_from_link({"input": "1_2_3_4", "size": "1x2x2", "kernel_size": "1x2"})
    >>> print(numpy_code(setup))
    # Convolution in NumPy: input 1 × 2 × 2, 1 kernel of 1 × 1 × 2, output 1 × 2 × 1.
    import numpy as np
    <BLANKLINE>
    # The input, shape (C, H, W) = (1, 2, 2).
    x = np.array([
        [[1, 2],
         [3, 4]],
    ])
    # The weights, shape (K, C, kH, kW) = (1, 1, 1, 2).
    weight = np.array([[[[0, 1]]]])
    <BLANKLINE>
    n_filters, _, k_rows, k_columns = weight.shape
    rows = x.shape[1] - k_rows + 1
    columns = x.shape[2] - k_columns + 1
    feature_maps = np.zeros((n_filters, rows, columns))
    for k in range(n_filters):
        for row in range(rows):
            for column in range(columns):
                patch = x[:, row : row + k_rows, column : column + k_columns]
                feature_maps[k, row, column] = np.sum(patch * weight[k])
    <BLANKLINE>
    print(feature_maps.tolist())
    <BLANKLINE>
    """
    trace = trace_setup(setup)
    work = _numpy_stamps(setup) if setup.is_transposed else _numpy_windows(setup)
    return _script(
        [_headline(setup, trace, "NumPy"), "import numpy as np"],
        [*_numbers(setup, trace, call="np.array("), *_numpy_settings(setup)],
        _numpy_preparation(setup),
        work + _numpy_activation(setup, trace),
        ["print(feature_maps.tolist())"],
    )


def pytorch_code(setup: Setup) -> str:
    """Return a script that computes the layer in PyTorch, in float64.

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
    >>> print(pytorch_code(setup_from_link({"padding": "1"})).splitlines()[-3])
    feature_maps = F.conv2d(x, weight, padding=1)
    """
    trace = trace_setup(setup)
    before, padding = _pytorch_padding(setup)
    arguments = ["x", "weight"]
    if setup.bias is not None:
        arguments.append("bias")
    if setup.stride != (1, 1):
        arguments.append(f"stride={_pair(setup.stride)}")
    if padding:
        arguments.append(f"padding={padding}")
    if setup.is_transposed and setup.output_padding != (0, 0):
        arguments.append(f"output_padding={_pair(setup.output_padding)}")
    if setup.dilation != (1, 1):
        arguments.append(f"dilation={_pair(setup.dilation)}")
    if setup.groups > 1:
        arguments.append(f"groups={setup.groups}")
    if _is_flipped(setup):
        before += [
            "# True convolution turns each kernel by half a turn; PyTorch does not.",
            "weight = weight.flip(2, 3)",
        ]
    function = "F.conv_transpose2d" if setup.is_transposed else "F.conv2d"
    activation = {
        "relu": ["feature_maps = F.relu(feature_maps)"],
        "leaky_relu": ["feature_maps = F.leaky_relu(feature_maps, negative_slope=0.01)"],
        "tanh": ["feature_maps = torch.tanh(feature_maps)"],
        "sigmoid": ["feature_maps = torch.sigmoid(feature_maps)"],
    }
    return _script(
        [
            _headline(setup, trace, "PyTorch"),
            "import torch",
            "import torch.nn.functional as F",
        ],
        _numbers(setup, trace, call="torch.tensor(", options=", dtype=torch.float64"),
        [
            *before,
            *_call("feature_maps", function, arguments),
            *activation.get(setup.activation, []),
        ],
        ["print(feature_maps.tolist())"],
    )


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
    inputs, padding = _keras_inputs(setup)
    if setup.is_transposed:
        kernel, arguments = _keras_transposed(setup)
    else:
        kernel, arguments = _keras_conv(setup, padding=padding)
    if setup.bias is None:
        arguments.append("use_bias=False")
    if setup.activation not in ("none", "leaky_relu"):
        arguments.append(f'activation="{setup.activation}"')
    name = "Conv2DTranspose" if setup.is_transposed else "Conv2D"
    weights = "[kernel]" if setup.bias is None else "[kernel, bias]"
    order = "(kH, kW, K, C)" if setup.is_transposed else "(kH, kW, C / groups, K)"
    if setup.groups == 1:
        order = order.replace(" / groups", "")
    return _script(
        [
            _headline(setup, trace, "Keras 3"),
            "import keras",
            "import numpy as np",
            "",
            'keras.config.set_floatx("float64")',
        ],
        _numbers(setup, trace, call="np.array(", options=", dtype=float"),
        inputs,
        [*kernel, f"kernel = weight.transpose(2, 3, 1, 0)  # {order}"],
        [
            *_call("layer", f"keras.layers.{name}", arguments),
            "layer.build(inputs.shape)",
            f"layer.set_weights({weights})",
            "outputs = layer(inputs)",
            *_keras_end(setup),
        ],
        [
            "# Back to channels first: (K, oH, oW).",
            "feature_maps = keras.ops.convert_to_numpy(outputs)[0].transpose(2, 0, 1)",
            "print(feature_maps.tolist())",
        ],
    )


# What all scripts share -----------------------------------------------------------------------


def _script(*parts: list[str]) -> str:
    """Return the parts that are not empty, with a blank line between them."""
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _headline(setup: Setup, trace: Trace, framework: str) -> str:
    sizes = [
        " × ".join(map(str, shape))
        for shape in (
            setup.x.shape,
            (setup.channels // setup.groups, *setup.kernel_size),
            trace.result.values.shape,
        )
    ]
    kernels = "1 kernel" if setup.filters == 1 else f"{setup.filters} kernels"
    return (
        f"# {'Transposed convolution' if setup.is_transposed else 'Convolution'} in {framework}: "
        f"input {sizes[0]}, {kernels} of {sizes[1]}, output {sizes[2]}."
    )


def _numbers(setup: Setup, trace: Trace, *, call: str, options: str = "") -> list[str]:
    """Return the lines that define input, weights and bias."""
    axes = "(C, K / groups, kH, kW)" if setup.is_transposed else "(K, C / groups, kH, kW)"
    if setup.groups == 1:
        axes = axes.replace(" / groups", "")
    lines = [f"# The input, shape (C, H, W) = {setup.x.shape}."]
    lines += _array("x", setup.x, trace.source.planes, call, options)
    lines.append(f"# The weights, shape {axes} = {setup.weight.shape}.")
    lines += _array("weight", setup.weight, trace.weight.planes, call, options)
    if setup.bias is not None:
        each = "" if setup.filters == 1 else ", one for each feature map"
        lines.append(f"# The bias{each}.")
        lines += _array("bias", np.array(setup.bias), (), call, options)
    return lines


def _array(
    name: str, values: Floats, planes: tuple[str, ...], call: str, options: str
) -> list[str]:
    """Return the lines of ``name = call(values, options)``, one row of numbers a line."""
    texts = [_written(value) for value in values.ravel().tolist()]
    width = max(map(len, texts))
    if width <= _WIDEST_ALIGNED:
        texts = [text.rjust(width) for text in texts]
    length, ndim = values.shape[-1], values.ndim
    if len(texts) == length:  # one row only
        line = f"{name} = {call}{'[' * ndim}{', '.join(texts)}{']' * ndim}{options})"
        if len(line) <= _WIDTH:
            return [line]
    lines = [f"{name} = {call}["]
    for row in range(len(texts) // length):
        place = np.unravel_index(row, values.shape[:-1])
        first = _brackets([i == 0 for i in place])
        last = _brackets([i == n - 1 for i, n in zip(place, values.shape[:-1], strict=True)])
        indent = " " * (3 + ndim - first)
        text = _wrapped(texts[row * length : (row + 1) * length], indent + "[" * first, "]" * last)
        if len(planes) > 1 and place[-1] == 0:
            text[0] += f"  # {planes[row // values.shape[-2]]}"
        lines += text if len(text[0]) <= _WIDTH else [text[0].split("  #")[0], *text[1:]]
    return [*lines, f"]{options})"]


def _brackets(at_the_end: list[bool]) -> int:
    """Return how many brackets stand at a row, except for the outermost one.

    The row has one of its own, if it is not itself the outermost, and one for each axis whose
    first (or last) row it is.
    """
    count = 0
    for axis, is_end in reversed(list(enumerate(at_the_end))):
        count += 1
        if axis == 0 or not is_end:
            break
    return count


def _wrapped(numbers: list[str], start: str, end: str) -> list[str]:
    """Return one row on as many lines as it needs."""
    lines = [start]
    for number in numbers:
        if len(lines[-1]) + len(number) + len(end) + 2 > _WIDTH:
            lines[-1] = lines[-1].rstrip()
            lines.append(" " * len(start))
        lines[-1] += f"{number}, "
    lines[-1] = lines[-1].removesuffix(", ") + f"{end},"
    return lines


def _written(value: float) -> str:
    """Return a number exactly; whole ones without a point, and no minus before 0."""
    return repr(value + 0.0).removesuffix(".0")


def _pair(pair: Pair) -> str:
    """Return one number where rows and columns have the same, else both."""
    return str(pair[0]) if pair[0] == pair[1] else str(pair)


def _call(target: str, function: str, arguments: list[str]) -> list[str]:
    """Return a call on one line, or where that is too long with the arguments on their own."""
    line = f"{target} = {function}({', '.join(arguments)})"
    if len(line) <= _WIDTH:
        return [line]
    return [f"{target} = {function}(", *(f"    {argument}," for argument in arguments), ")"]


def _is_flipped(setup: Setup) -> bool:
    return setup.flip and not setup.is_transposed


def _padding_words(setup: Setup) -> str:
    """Return what the padding is filled with, and its name if it has one."""
    name = {
        "same": " so that the output is as large as the input",
        "full": " so that every weight meets every pixel",
        "causal": " on the left only, so that no output sees what comes later",
    }.get(setup.padding if isinstance(setup.padding, str) else "", "")
    filling = {
        "zeros": "zeros",
        "reflect": "the picture mirrored at its edge",
        "replicate": "the pixel at the edge",
        "circular": "the other end of the picture",
    }[setup.padding_mode]
    return f"Padding with {filling}{name}"


# NumPy ----------------------------------------------------------------------------------------


def _numpy_settings(setup: Setup) -> list[str]:
    """Return the lines that name the settings which the loops use."""
    lines = []
    for name, pair in {"stride": setup.stride, "dilation": setup.dilation}.items():
        if pair[0] != pair[1]:
            lines.append(f"{name}_rows, {name}_columns = {pair[0]}, {pair[1]}")
        elif pair != (1, 1):
            lines.append(f"{name} = {pair[0]}")
    if setup.groups > 1:
        lines.append(f"groups = {setup.groups}  # each kernel sees one part of the channels")
    return lines


def _names(setting: str, pair: Pair) -> Texts:
    """Return what `_numpy_settings` calls a setting for rows and for columns, "" if it is 1."""
    if pair == (1, 1):
        return "", ""
    return (setting, setting) if pair[0] == pair[1] else (f"{setting}_rows", f"{setting}_columns")


def _numpy_preparation(setup: Setup) -> list[str]:
    """Return the lines that pad the input and turn the kernels, where the layer does."""
    lines = []
    if not setup.is_transposed and setup.sides() != _NO_SIDES:
        sides = f"((0, 0), {setup.sides()[0]}, {setup.sides()[1]})"
        lines += [
            f"# {_padding_words(setup)}: channels, (top, bottom), (left, right).",
            f"x = np.pad(x, {sides}{_NUMPY_MODE[setup.padding_mode]})",
        ]
    if _is_flipped(setup):
        lines += [
            "# True convolution turns each kernel by half a turn; the libraries do not.",
            "weight = weight[:, :, ::-1, ::-1]",
        ]
    return lines


def _span_lines(setup: Setup) -> tuple[list[str], Texts]:
    """Return the lines that say how far a dilated kernel reaches, and what its reach is called."""
    if setup.dilation == (1, 1):
        return [], ("k_rows", "k_columns")
    rows, columns = _names("dilation", setup.dilation)
    return [
        "# Rows and columns that the dilated kernel covers.",
        f"span_rows = {rows} * (k_rows - 1) + 1",
        f"span_columns = {columns} * (k_columns - 1) + 1",
    ], ("span_rows", "span_columns")


def _patch(setup: Setup, starts: Texts, spans: Texts) -> str:
    """Return the slices of the pixels under the kernel whose first weight lies at `starts`."""
    steps = _names("dilation", setup.dilation)
    return ", ".join(
        f"{start} : {start} + {span}{step and f' : {step}'}"
        for start, span, step in zip(starts, spans, steps, strict=True)
    )


def _start_lines(setup: Setup) -> tuple[list[str], Texts]:
    """Return the line that says where the kernel lies, and what its place is called."""
    rows, columns = _names("stride", setup.stride)
    if not rows:
        return [], ("row", "column")
    return [f"top, left = row * {rows}, column * {columns}"], ("top", "left")


def _numpy_windows(setup: Setup) -> list[str]:
    """Return the loops of a convolution: one output cell after the other."""
    span_lines, spans = _span_lines(setup)
    start_lines, starts = _start_lines(setup)
    strides = _names("stride", setup.stride)
    sizes = [
        f"({length} - {span}) // {stride} + 1" if stride else f"{length} - {span} + 1"
        for length, span, stride in zip(("x.shape[1]", "x.shape[2]"), spans, strides, strict=True)
    ]
    channels, first = ":", []
    if setup.groups > 1:
        channels = "first : first + n_channels"
        first = ["first = k // (n_filters // groups) * n_channels  # the first channel it sees"]
    patch = _patch(setup, starts, spans)
    cell = "feature_maps[k, row, column]"
    bias = " + bias[k]" if setup.bias is not None else ""
    return [
        f"n_filters, {'n_channels' if first else '_'}, k_rows, k_columns = weight.shape",
        *span_lines,
        f"rows = {sizes[0]}",
        f"columns = {sizes[1]}",
        "feature_maps = np.zeros((n_filters, rows, columns))",
        "for k in range(n_filters):",
        *_indented(1, first),
        "    for row in range(rows):",
        "        for column in range(columns):",
        *_indented(3, start_lines),
        *_indented(3, _index("patch = x", [channels, patch])),
        f"            {cell} = np.sum(patch * weight[k]){bias}",
    ]


def _numpy_stamps(setup: Setup) -> list[str]:
    """Return the loops of a transposed convolution: one stamp after the other."""
    span_lines, spans = _span_lines(setup)
    start_lines, starts = _start_lines(setup)
    sizes = [
        f"({length} - 1) * {stride} + {span}" if stride else f"{length} - 1 + {span}"
        for length, span, stride in zip(
            ("x.shape[1]", "x.shape[2]"), spans, _names("stride", setup.stride), strict=True
        )
    ]
    rows, columns = (
        size + (f" + {extra}" if extra else "")
        for size, extra in zip(sizes, setup.output_padding, strict=True)
    )
    note = "  # the last number is the output padding"
    target, first = "k", []
    n_filters, per_group = "n_filters", "n_filters"
    if setup.groups > 1:
        target, per_group = "first + k", "per_group"
        n_filters = "per_group * groups"
        first = ["first = c // (n_channels // groups) * per_group  # the first map it goes to"]
    (top, _), (left, _) = setup.sides()  # the same on opposite sides
    crop = ", ".join(f"{p}:-{p}" if p else ":" for p in (top, left))
    lines = [
        f"n_channels, {per_group}, k_rows, k_columns = weight.shape",
        *span_lines,
        f"rows = {rows}{note if setup.output_padding[0] else ''}",
        f"columns = {columns}{note if setup.output_padding[1] else ''}",
        f"feature_maps = np.zeros(({n_filters}, rows, columns))",
        "# Each pixel stamps the kernels, multiplied by its value, into the output.",
        "for c in range(n_channels):",
        *_indented(1, first),
        f"    for k in range({per_group}):",
        "        for row in range(x.shape[1]):",
        "            for column in range(x.shape[2]):",
        *_indented(4, start_lines),
        "                stamp = x[c, row, column] * weight[c, k]",
        *_indented(4, _index("feature_maps", [target, _patch(setup, starts, spans)], " += stamp")),
    ]
    if (top, left) != (0, 0):
        lines += [
            "# Padding takes rows and columns away from the edges of the output.",
            f"feature_maps = feature_maps[:, {crop}]",
        ]
    if setup.bias is not None:
        lines.append("feature_maps = feature_maps + bias[:, np.newaxis, np.newaxis]")
    return lines


def _index(name: str, places: list[str], end: str = "") -> list[str]:
    """Return an indexed array on one line, or where that is too long on several."""
    line = f"{name}[{', '.join(places)}]{end}"
    if len(line) <= _WIDTH - 16:
        return [line]
    return [f"{name}[", *(f"    {part}," for p in places for part in p.split(", ")), f"]{end}"]


def _indented(levels: int, lines: list[str]) -> list[str]:
    return [f"{'    ' * levels}{line}" for line in lines]


def _numpy_activation(setup: Setup, trace: Trace) -> list[str]:
    sigmoid = "feature_maps = 1 / (1 + np.exp(-feature_maps))"
    if trace.before.min() < _EXP_OVERFLOWS:
        sigmoid = "feature_maps = np.exp(-np.logaddexp(0, -feature_maps))  # 1 / (1 + exp(-z))"
    lines = {
        "relu": ["feature_maps = np.maximum(feature_maps, 0)"],
        "leaky_relu": [
            "feature_maps = np.where(feature_maps > 0, feature_maps, 0.01 * feature_maps)"
        ],
        "tanh": ["feature_maps = np.tanh(feature_maps)"],
        "sigmoid": [sigmoid],
    }
    return lines.get(setup.activation, [])


# PyTorch --------------------------------------------------------------------------------------


def _pytorch_padding(setup: Setup) -> tuple[list[str], str]:
    """Return the lines that pad the input, or else what the layer pads by itself, if anything."""
    sides = setup.sides()
    if sides == _NO_SIDES:
        return [], ""
    (top, bottom), (left, right) = sides
    if setup.padding_mode == "zeros" and (top, left) == (bottom, right):
        return [], '"same"' if setup.padding == "same" else _pair((top, left))
    mode = "" if setup.padding_mode == "zeros" else f', mode="{setup.padding_mode}"'
    return [
        f"# {_padding_words(setup)}: left, right, top, bottom.",
        f"x = F.pad(x, ({left}, {right}, {top}, {bottom}){mode})",
    ], ""


# Keras ----------------------------------------------------------------------------------------


def _keras_inputs(setup: Setup) -> tuple[list[str], str]:
    """Return the lines that pad the input and bring it into shape, and the layer's own padding."""
    lines, own = [], ""
    sides = _NO_SIDES if setup.is_transposed else setup.sides()
    layer = []
    if sides != _NO_SIDES and setup.padding_mode != "zeros":
        lines = ["# The layers of Keras pad with zeros only; NumPy knows more."]
        mode = _NUMPY_MODE[setup.padding_mode]
        lines.append(f"x = np.pad(x, ((0, 0), {sides[0]}, {sides[1]}){mode})")
    elif sides != _NO_SIDES and _is_same(setup, sides):
        own = "same"
    elif sides != _NO_SIDES:
        layer = [
            f"# {_padding_words(setup)}: (top, bottom), (left, right).",
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


def _keras_conv(setup: Setup, *, padding: str) -> tuple[list[str], list[str]]:
    """Return the lines that prepare the weights, and the arguments of the layer."""
    size, dilation = setup.kernel_size, setup.dilation
    lines = []
    if _is_flipped(setup):
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
    arguments = [f"filters={setup.filters}", f"kernel_size={_pair(size)}"]
    if setup.stride != (1, 1):
        arguments.append(f"strides={_pair(setup.stride)}")
    if padding:
        arguments.append(f'padding="{padding}"')
    if dilation != (1, 1):
        arguments.append(f"dilation_rate={_pair(dilation)}")
    if setup.groups > 1:
        arguments.append(f"groups={setup.groups}")
    return lines, arguments


def _keras_transposed(setup: Setup) -> tuple[list[str], list[str]]:
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
    arguments = [f"filters={setup.filters}", f"kernel_size={_pair(size)}"]
    if setup.stride != (1, 1):
        arguments.append(f"strides={_pair(setup.stride)}")
    left = (setup.output_padding[0] - added[0], setup.output_padding[1] - added[1])
    if left != (0, 0) or any(k < s for k, s in zip(size, setup.stride, strict=True)):
        arguments.append(f"output_padding={_pair(left)}")
    return lines, arguments


def _span(setup: Setup) -> Pair:
    rows, columns = (
        kernel_span(k, dilation=d) for k, d in zip(setup.kernel_size, setup.dilation, strict=True)
    )
    return rows, columns


def _spread_lines(setup: Setup, size: Pair) -> list[str]:
    """Return the lines that put zeros between the weights, in kernels of `size`."""
    places = ", ".join(
        ":" if d == 1 and n == k else f":{kernel_span(k, dilation=d)}:{d}"
        for k, d, n in zip(setup.kernel_size, setup.dilation, size, strict=True)
    )
    return [
        f"spread = np.zeros((*weight.shape[:2], {size[0]}, {size[1]}))",
        f"spread[:, :, {places}] = weight",
        "weight = spread",
    ]


def _keras_end(setup: Setup) -> list[str]:
    """Return the lines after the layer: what it cannot do by itself."""
    lines = []
    if setup.is_transposed and setup.sides() != _NO_SIDES:
        lines += [
            "# Padding takes rows and columns away from the edges of the output.",
            f"outputs = keras.layers.Cropping2D({setup.sides()})(outputs)",
        ]
    if setup.activation == "leaky_relu":
        lines += [
            "# The slope of Keras's own leaky ReLU is 0.2.",
            "outputs = keras.ops.leaky_relu(outputs, negative_slope=0.01)",
        ]
    return lines
