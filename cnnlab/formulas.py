"""The formula of a layer with its settings put in, for reading beside the numbers."""

from __future__ import annotations

from cnnlab.activations import activation
from cnnlab.setups import Setup
from cnnlab.shapes import size_formula, transpose_size_formula

__all__ = ["convolution_formula", "size_words"]


def convolution_formula(setup: Setup) -> str:
    """Return how an output follows from the input, with indices.

    Parameters
    ----------
    setup : Setup
        A layer that works.

    Returns
    -------
    str
        ``{k}``, ``{r}`` and ``{c}`` stand where filter, row and column of the output belong,
        ``{f}`` where the first input channel of its group does.

    Examples
    --------
    >>> from cnnlab.links import setup_from_link
    >>> convolution_formula(setup_from_link({"stride": "2", "padding": "1"}))
    'output[{r}, {c}] = Σ(i, j) input[{r}·2 + i − 1, {c}·2 + j − 1] · kernel[i, j]'
    """
    many_out, per_group = setup.filters > 1, setup.channels // setup.groups
    grouped, summed = setup.groups > 1, per_group > 1
    out = f"output[{'{k}, ' if many_out else ''}{{r}}, {{c}}]"
    lead_x = "{f} + d, " if grouped and summed else "{f}, " if grouped else "d, " if summed else ""
    sums = "Σ(d, i, j)" if summed else "Σ(i, j)"
    bias = "" if setup.bias is None else " + bias" + ("[{k}]" if many_out else "")
    if setup.is_transposed:
        within = setup.filters // setup.groups
        lead_w = lead_x + (
            "" if within == 1 and not many_out else f"{{k}} mod {within}, " if grouped else "{k}, "
        )
        places = ", ".join(
            f"{name}·{s} + {index}{'' if d == 1 else f'·{d}'} − {p} = {{{target}}}"
            for name, index, target, s, d, p in zip(
                "yx",
                "ij",
                "rc",
                setup.stride,
                setup.dilation,
                (side[0] for side in setup.sides()),
                strict=True,
            )
        )
        terms = f"input[{lead_x}y, x] · kernel[{lead_w}i, j]"
        return f"{out} = {_through(setup, f'Σ {terms}{bias}')}, over all {places}"
    lead_w = ("{k}, " if many_out else "") + ("d, " if summed else "0, " if grouped else "")
    places = ", ".join(
        _place(target, index, s, d, side[0])
        for target, index, s, d, side in zip(
            ("{r}", "{c}"), "ij", setup.stride, setup.dilation, setup.sides(), strict=True
        )
    )
    rows, columns = setup.kernel_size
    turned = f"kernel[{lead_w}{rows - 1} − i, {columns - 1} − j]"
    kernel = turned if setup.flip else f"kernel[{lead_w}i, j]"
    return f"{out} = {_through(setup, f'{sums} input[{lead_x}{places}] · {kernel}{bias}')}"


def _through(setup: Setup, text: str) -> str:
    """Return the sum as it goes through the activation."""
    if setup.activation == "none":
        return text
    return f"{activation(setup.activation).title}({text})"


def _place(target: str, index: str, stride: int, dilation: int, padding: int) -> str:
    """Return the input row or column of one product."""
    at = target if stride == 1 else f"{target}·{stride}"
    return f"{at} + {index}{'' if dilation == 1 else f'·{dilation}'}" + (
        f" − {padding}" if padding else ""
    )


def size_words(setup: Setup, n_unread: int) -> str:
    """Return how the output size follows from the settings, and what is never read.

    Parameters
    ----------
    setup : Setup
        The layer and its input.
    n_unread : int
        Input cells that no window reads.

    Returns
    -------
    str
        Two or three sentences.

    Examples
    --------
    >>> from cnnlab.links import setup_from_link
    >>> size_words(setup_from_link({"stride": "2"}), 0).split(": ")[1]
    '(5 + 2 · 0 − 3) / 2 + 1 = 2.'
    """
    names = ("Rows", "Columns")
    lines = [f"{name}: {_size_line(setup, axis)}" for axis, name in enumerate(names)]
    if lines[0].removeprefix("Rows: ") == lines[1].removeprefix("Columns: "):
        lines = [lines[0].removeprefix("Rows: ")]
    rule = (
        "(input − 1) · stride − 2 · padding + pixels the kernel covers + output padding"
        if setup.is_transposed
        else "(input + padding − pixels the kernel covers) / stride + 1"
    )
    lost = (
        f" No window reads {n_unread} of the cells: they are grey, with a dotted frame."
        if n_unread
        else ""
    )
    return f"Output size = {rule}: " + "; ".join(lines) + f".{lost}"


def _size_line(setup: Setup, axis: int) -> str:
    common = {
        "kernel_size": setup.kernel_size[axis],
        "stride": setup.stride[axis],
        "dilation": setup.dilation[axis],
    }
    if setup.is_transposed:
        return transpose_size_formula(
            setup.size[axis],
            padding=setup.sides()[axis][0],
            output_padding=setup.output_padding[axis],
            **common,
        )
    return size_formula(setup.size[axis], padding=setup.sides()[axis], **common)
