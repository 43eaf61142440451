"""A layer as a script in NumPy, with plain loops: every step can be read."""

from __future__ import annotations

from cnnlab.code_export.text import (
    NO_SIDES,
    NUMPY_MODE,
    WIDTH,
    headline,
    is_flipped,
    numbers,
    padding_comment,
    script,
)
from cnnlab.setups import Setup, trace_setup
from cnnlab.trace import Trace

__all__ = ["numpy_code"]

Texts = tuple[str, str]  # for rows and for columns
_USUAL = {"stride": (1, 1), "dilation": (1, 1), "output_padding": (0, 0)}
_EXP_OVERFLOWS = -700.0  # exp(-z) for z below is larger than any float64


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
    # Each kernel at each place: multiply and add up.
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
    work = _stamps(setup) if setup.is_transposed else _windows(setup)
    return script(
        [headline(setup, trace, "NumPy"), "import numpy as np"],
        [*numbers(setup, trace, call="np.array("), *_settings(setup)],
        _preparation(setup),
        work + _activation(setup, trace),
        ["print(feature_maps.tolist())"],
    )


def _settings(setup: Setup) -> list[str]:
    """Return the lines that name the settings which the loops use."""
    lines = []
    pairs = {"stride": setup.stride, "dilation": setup.dilation}
    if setup.is_transposed:
        pairs["output_padding"] = setup.output_padding
    for setting, pair in pairs.items():
        rows, columns = _names(setting, pair)
        if rows != columns:
            lines.append(f"{rows}, {columns} = {pair[0]}, {pair[1]}")
        elif rows:
            lines.append(f"{rows} = {pair[0]}")
    if setup.groups > 1:
        lines.append(f"groups = {setup.groups}  # each kernel sees one part of the channels")
    return lines


def _names(setting: str, pair: tuple[int, int]) -> Texts:
    """Return what a setting is called for rows and for columns; nothing if it is as usual."""
    if pair == _USUAL[setting]:
        return "", ""
    return (setting, setting) if pair[0] == pair[1] else (f"{setting}_rows", f"{setting}_columns")


def _preparation(setup: Setup) -> list[str]:
    """Return the lines that pad the input and turn the kernels, where the layer does."""
    lines = []
    if not setup.is_transposed and setup.sides() != NO_SIDES:
        sides = f"((0, 0), {setup.sides()[0]}, {setup.sides()[1]})"
        lines += [
            *padding_comment(setup, order="channels, (top, bottom), (left, right)"),
            f"x = np.pad(x, {sides}{NUMPY_MODE[setup.padding_mode]})",
        ]
    if is_flipped(setup):
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


def _windows(setup: Setup) -> list[str]:
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
        "# Each kernel at each place: multiply and add up.",
        "for k in range(n_filters):",
        *_indented(1, first),
        "    for row in range(rows):",
        "        for column in range(columns):",
        *_indented(3, start_lines),
        *_indented(3, _index("patch = x", [channels, patch])),
        f"            {cell} = np.sum(patch * weight[k]){bias}",
    ]


def _stamps(setup: Setup) -> list[str]:
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
        f"{size} + {extra}" if extra else size
        for size, extra in zip(sizes, _names("output_padding", setup.output_padding), strict=True)
    )
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
        f"rows = {rows}",
        f"columns = {columns}",
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
    if len(line) <= WIDTH - 16:
        return [line]
    return [f"{name}[", *(f"    {part}," for p in places for part in p.split(", ")), f"]{end}"]


def _indented(levels: int, lines: list[str]) -> list[str]:
    return [f"{'    ' * levels}{line}" for line in lines]


def _activation(setup: Setup, trace: Trace) -> list[str]:
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
