"""A layer as a script in PyTorch: one call, in float64."""

from __future__ import annotations

from cnnlab.code_export.text import (
    NO_SIDES,
    call_lines,
    headline,
    is_flipped,
    numbers,
    padding_comment,
    pair_text,
    script,
)
from cnnlab.setups import Setup, trace_setup

__all__ = ["pytorch_code"]


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
    before, padding = _padding(setup)
    arguments = ["x", "weight"]
    if setup.bias is not None:
        arguments.append("bias")
    if setup.stride != (1, 1):
        arguments.append(f"stride={pair_text(setup.stride)}")
    if padding:
        arguments.append(f"padding={padding}")
    if setup.is_transposed and setup.output_padding != (0, 0):
        arguments.append(f"output_padding={pair_text(setup.output_padding)}")
    if setup.dilation != (1, 1):
        arguments.append(f"dilation={pair_text(setup.dilation)}")
    if setup.groups > 1:
        arguments.append(f"groups={setup.groups}")
    if is_flipped(setup):
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
    return script(
        [
            headline(setup, trace, "PyTorch"),
            "import torch",
            "import torch.nn.functional as F",
        ],
        numbers(setup, trace, call="torch.tensor(", options=", dtype=torch.float64"),
        [
            *before,
            *call_lines("feature_maps", function, arguments),
            *activation.get(setup.activation, []),
        ],
        ["print(feature_maps.tolist())"],
    )


def _padding(setup: Setup) -> tuple[list[str], str]:
    """Return the lines that pad the input, or else what the layer pads by itself, if anything."""
    sides = setup.sides()
    if sides == NO_SIDES:
        return [], ""
    (top, bottom), (left, right) = sides
    if setup.padding_mode == "zeros" and (top, left) == (bottom, right):
        return [], '"same"' if setup.padding == "same" else pair_text((top, left))
    mode = "" if setup.padding_mode == "zeros" else f', mode="{setup.padding_mode}"'
    return [
        *padding_comment(setup, order="left, right, top, bottom"),
        f"x = F.pad(x, ({left}, {right}, {top}, {bottom}){mode})",
    ], ""
