"""What a convolution makes and costs, derived line by line, with the numbers put in."""

from __future__ import annotations

from dataclasses import dataclass

from cnnlab.checks import as_pair
from cnnlab.cost import BYTES, layer_row
from cnnlab.layers import Conv2d, Shape, window_along
from cnnlab.shapes import size_formula

__all__ = ["Line", "derive", "with_minus", "with_unit"]


@dataclass(frozen=True)
class Line:
    """One quantity: how it is called, its formula, the formula with numbers, and what comes out."""

    quantity: str
    formula: str
    numbers: str
    result: str


def derive(layer: Conv2d, shape: Shape, *, flops: bool = False, bias: bool = True) -> list[Line]:
    """Return the derivation of everything that one convolution makes and costs.

    Parameters
    ----------
    layer : Conv2d
        The layer.
    shape : (C, H, W)
        The shape of its input; in the formulas D₁, H₁, W₁.
    flops : bool
        Whether operations are counted as FLOPs (two for each multiply-add) or as MACs.
    bias : bool
        Whether biases, and the additions of biases, are counted.

    Returns
    -------
    list of Line
        For reading. Each number is `cnnlab.cost`'s.

    Raises
    ------
    InputError
        If the layer cannot take this input.

    Examples
    --------
    >>> lines = derive(Conv2d(10, 5, padding=2), (3, 32, 32))
    >>> lines[3]
    Line(quantity='Weights', formula='F · F · D₁ · K', numbers='5 · 5 · 3 · 10', result='750')
    """
    row = layer_row(layer, shape)
    filters, height, width = row.output_shape
    rows, columns = as_pair(layer.kernel_size, name="kernel_size", low=1)
    per_group = shape[0] // layer.groups
    depth = "D₁" if layer.groups == 1 else f"D₁ / {layer.groups}"
    taps = f"{rows} · {columns} · {per_group}"
    lines = [
        Line("Output width W₂", _SIZE, _size(layer, shape, 1), f"{width:,}"),
        Line("Output height H₂", _SIZE.replace("W", "H"), _size(layer, shape, 0), f"{height:,}"),
        Line("Output depth D₂", "K", str(filters), f"{filters:,}"),
        Line("Weights", f"F · F · {depth} · K", f"{taps} · {filters}", f"{row.n_weights:,}"),
    ]
    n_params = row.n_weights
    if bias and layer.bias:
        n_params = row.n_params
        lines.append(Line("Biases", "K", str(filters), f"{row.n_biases:,}"))
        sum_ = f"{row.n_weights:,} + {row.n_biases:,}"
        lines.append(Line("Parameters", "weights + biases", sum_, f"{n_params:,}"))
    places = f"{width} · {height} · {filters}"
    ops = Line("MACs", f"W₂ · H₂ · K · F · F · {depth}", f"{places} · {taps}", f"{row.macs:,}")
    lines.append(ops)
    if flops:
        lines.append(Line("FLOPs", "2 · MACs", f"2 · {row.macs:,}", f"{row.flops:,}"))
    if bias and layer.bias:
        lines.append(Line("Bias additions", "W₂ · H₂ · K", places, f"{row.bias_ops:,}"))
    lines += [
        Line(
            "Memory of the output",
            f"W₂ · H₂ · K · {BYTES} bytes",
            f"{row.n_activations:,} · {BYTES}",
            with_unit(row.activation_bytes, "B"),
        ),
        Line(
            "Memory of the parameters",
            f"{BYTES} bytes each",
            f"{n_params:,} · {BYTES}",
            with_unit(BYTES * n_params, "B"),
        ),
    ]
    return lines


def with_unit(number: float, unit: str) -> str:
    """Return a number with a unit, in thousands: k, M, G; four digits at most.

    Examples
    --------
    >>> with_unit(14_714_688, ""), with_unit(1_161_600, "B"), with_unit(96, "MACs")
    ('14.71 M', '1.162 MB', '96 MACs')
    """
    for power, prefix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= power:
            return f"{number / power:.4g} {prefix}{unit}"
    return f"{number:g} {unit}".rstrip()


def with_minus(number: int) -> str:
    """Return a whole number with commas, and with a minus as long as a plus.

    Examples
    --------
    >>> with_minus(1234), with_minus(-4)
    ('1,234', '−4')
    """
    return f"{number:,}".replace("-", "−")


_SIZE = "(W₁ + 2P − F) / S + 1"


def _size(layer: Conv2d, shape: Shape, axis: int) -> str:
    calculation = size_formula(shape[1 + axis], **window_along(layer, axis)._asdict())
    return calculation.rsplit(" = ", 1)[0] if "rounded" not in calculation else calculation
