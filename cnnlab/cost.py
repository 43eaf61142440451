"""What a network costs: parameters, operations, memory, layer by layer.

Conventions, the same on every page. A MAC is one multiplication with its addition, counted for
weights only, for one input (batch 1); FLOPs are two for each MAC. Biases and the operations of
pooling, normalisation and activations are counted apart. Memory is that of float32 numbers, four
bytes each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from cnnlab.checks import InputError, as_pair, in_range
from cnnlab.layers import (
    Activation,
    AdaptiveAvgPool2d,
    BatchNorm2d,
    Block,
    ChannelShuffle,
    Concat,
    Conv2d,
    ConvTranspose2d,
    Dense,
    Dropout,
    Flatten,
    Gate,
    Highway,
    Layer,
    LayerNorm2d,
    LayerScale,
    Linear,
    LocalResponseNorm,
    PadChannels,
    Pool2d,
    Residual,
    Select,
    Shape,
    Split,
    half_of,
    output_shape,
)

if TYPE_CHECKING:
    from cnnlab.model_cost import ModelRow

__all__ = [
    "BYTES",
    "LayerError",
    "Row",
    "describe",
    "layer_row",
    "summarize",
    "summarize_model",
    "totals",
]

BYTES = 4  # of a float32 number


class LayerError(InputError):
    """A layer of a network cannot take what it gets; it says which.

    Parameters
    ----------
    path : tuple of int
        Place of the layer: its number in the network, then in the join that holds it, and so on.
    name : str
        What the table calls the layer.
    reason : str
        Why.
    """

    def __init__(self, path: tuple[int, ...], name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.path = path
        self.name = name
        self.reason = reason


@dataclass(frozen=True)
class Row:
    """One layer of a table.

    Parameters
    ----------
    name, kind : str
        What it is called and what it is, such as "conv1" and "Conv 7×7, 64, stride 2".
    path : tuple of int
        Place of the layer, as in `LayerError`; its length says how deep it is nested.
    input_shape, output_shape : tuple of int
        (C, H, W) or (features,).
    n_weights, n_biases : int
        Parameters; of normalisation the scales count as weights, the shifts as biases.
    macs : int
        Multiply-accumulates with weights, for one input.
    bias_ops, other_ops : int
        Additions of biases; operations of pooling, normalisation, activations and joins.
    """

    name: str
    kind: str
    path: tuple[int, ...]
    input_shape: Shape
    output_shape: Shape
    n_weights: int = 0
    n_biases: int = 0
    macs: int = 0
    bias_ops: int = 0
    other_ops: int = 0

    @property
    def n_params(self) -> int:
        """Weights and biases."""
        return self.n_weights + self.n_biases

    @property
    def flops(self) -> int:
        """Floating point operations with weights: two for each MAC."""
        return 2 * self.macs

    @property
    def n_activations(self) -> int:
        """Numbers that the layer writes."""
        return prod(self.output_shape)

    @property
    def activation_bytes(self) -> int:
        """Memory of what the layer writes, in bytes."""
        return BYTES * self.n_activations

    @property
    def weight_bytes(self) -> int:
        """Memory of the parameters, in bytes."""
        return BYTES * self.n_params


def summarize(layers: Sequence[Layer], input_shape: Shape) -> list[Row]:
    """Return what every layer of a network makes and costs.

    Parameters
    ----------
    layers : sequence of Layer
        The network.
    input_shape : (C, H, W) or (features,)
        Shape of one input.

    Returns
    -------
    list of Row
        In the order of computation; joins come after what they hold and add only themselves.

    Raises
    ------
    LayerError
        If a layer cannot take what it gets; it names the layer.
    InputError
        If the input shape is no shape.

    Examples
    --------
    >>> rows = summarize([Conv2d(10, 5, padding=2)], (3, 32, 32))
    >>> rows[0].n_params, rows[0].macs, rows[0].flops
    (760, 768000, 1536000)
    """
    if len(input_shape) not in (1, 3):
        raise InputError(
            f"an input is channels × rows × columns, or a number of features: got {input_shape}"
        )
    for n in input_shape:
        in_range(n, name="input size", low=1, high=10**6)
    rows: list[Row] = []
    _walk(layers, tuple(input_shape), (), {}, rows)
    return rows


def totals(rows: Sequence[Row]) -> Row:
    """Return the sums over a table as one more row; its shapes are those of the whole network."""
    if not rows:
        raise InputError("a network without layers has no totals")
    outermost = [row for row in rows if len(row.path) == 1]
    first = min(rows, key=lambda row: row.path)
    return Row(
        name="Total",
        kind="",
        path=(),
        input_shape=first.input_shape,
        output_shape=outermost[-1].output_shape,
        n_weights=sum(row.n_weights for row in rows),
        n_biases=sum(row.n_biases for row in rows),
        macs=sum(row.macs for row in rows),
        bias_ops=sum(row.bias_ops for row in rows),
        other_ops=sum(row.other_ops for row in rows),
    )


def summarize_model(name: str) -> list[ModelRow]:
    """Return what every module of one of torchvision's networks makes and costs.

    As ``cnnlab.model_cost.summarize_model``, which see; PyTorch is loaded at the first call.

    Examples
    --------
    >>> summarize_model("alexnet")[0].n_params
    61100840
    """
    from cnnlab import model_cost

    return model_cost.summarize_model(name)


def layer_row(layer: Layer, input_shape: Shape) -> Row:
    """Return what one layer makes and costs; a join counts only itself, not what it holds."""
    shape = output_shape(layer, input_shape)
    n_in, n_out = prod(input_shape), prod(shape)
    counts: dict[str, int] = {}
    match layer:
        case Conv2d():
            taps = _area(layer.kernel_size) * (input_shape[0] // layer.groups)
            counts = {"n_weights": shape[0] * taps, "macs": n_out * taps}
        case ConvTranspose2d():
            taps = _area(layer.kernel_size) * (shape[0] // layer.groups)
            counts = {"n_weights": input_shape[0] * taps, "macs": n_in * taps}
        case Linear():
            counts = {"n_weights": n_in * n_out, "macs": n_in * n_out}
        case BatchNorm2d():
            counts = {"n_weights": shape[0], "n_biases": shape[0], "other_ops": 2 * n_out}
        case LayerNorm2d():
            # Of each number: 1 sum for the mean; its distance from it, squared and summed; that
            # distance divided by the spread, scaled and shifted.
            counts = {"n_weights": shape[0], "n_biases": shape[0], "other_ops": 7 * n_out}
        case LayerScale():
            counts = {"n_weights": shape[0], "other_ops": n_out}
        case Pool2d():
            counts = {"other_ops": n_out * _area(layer.kernel_size)}
        case AdaptiveAvgPool2d():
            counts = {"other_ops": n_in}
        case LocalResponseNorm():
            counts = {"other_ops": n_out * (layer.size + 2)}
        case Activation() | Residual() | Gate():
            counts = {"other_ops": n_out}
        case Highway():
            counts = {"other_ops": 3 * n_out}  # input + gate · (new - input)
    if isinstance(layer, Conv2d | ConvTranspose2d | Linear) and layer.bias:
        counts |= {"n_biases": shape[0], "bias_ops": n_out}
    return Row(layer.name, describe(layer), (), input_shape, shape, **counts)


def describe(layer: Layer) -> str:
    """Return what a layer is in a few words.

    Examples
    --------
    >>> describe(Conv2d(64, 7, stride=2, padding=3))
    'Conv 7×7, 64, stride 2, padding 3'
    """
    match layer:
        case Conv2d() | ConvTranspose2d():
            kind = "Conv" if isinstance(layer, Conv2d) else "Transposed conv"
            words = [f"{kind} {_both(layer.kernel_size)}", str(layer.out_channels)]
            words += _settings(layer)
            words += [f"groups {layer.groups}"] if layer.groups > 1 else []
        case Pool2d():
            kind = {"max": "Max", "average": "Average", "L2": "L2"}[layer.kind]
            words = [f"{kind} pool {_both(layer.kernel_size)}", f"stride {_one(layer.step)}"]
            words += _settings(layer, but="stride")
            words += ["ceil"] if layer.ceil_mode else []
        case AdaptiveAvgPool2d():
            one = as_pair(layer.output_size, name="output_size", low=1) == (1, 1)
            words = [
                "Global average pool" if one else f"Average pool to {_both(layer.output_size)}"
            ]
        case Linear():
            words = [f"Fully connected {layer.out_features}"]
        case Activation():
            words = [layer.kind]
        case LocalResponseNorm():
            words = [f"Local response norm {layer.size}"]
        case ChannelShuffle():
            words = [f"Channel shuffle in {layer.groups} groups"]
        case PadChannels():
            words = [f"Zeros up to {layer.out_channels} maps"]
        case Select():
            words = [f"Maps {layer.first + 1} to {layer.first + layer.count}"]
        case Dropout():
            words = [f"Dropout {layer.p:g}"]
        case _:
            words = [_PLAIN[type(layer)]]
    return ", ".join(words)


_PLAIN: dict[type[Layer], str] = {
    BatchNorm2d: "Batch norm",
    LayerNorm2d: "Layer norm",
    LayerScale: "Layer scale",
    Flatten: "Flatten",
    Block: "Block",
    Residual: "Add",
    Concat: "Stack",
    Dense: "Stack",
    Gate: "Multiply",
    Highway: "Mix",
    Split: "Stack",
}
_SHORT: dict[type[Layer], str] = {
    Conv2d: "conv",
    ConvTranspose2d: "deconv",
    Pool2d: "pool",
    AdaptiveAvgPool2d: "pool",
    BatchNorm2d: "norm",
    LayerNorm2d: "norm",
    LayerScale: "scale",
    LocalResponseNorm: "norm",
    Linear: "fc",
    Flatten: "flatten",
    Dropout: "dropout",
    Activation: "activation",
    Block: "block",
    Residual: "add",
    Concat: "stack",
    Dense: "stack",
    Gate: "gate",
    Highway: "highway",
    Split: "stack",
    ChannelShuffle: "shuffle",
    PadChannels: "zeros",
    Select: "maps",
}


def _walk(
    layers: Sequence[Layer],
    shape: Shape,
    path: tuple[int, ...],
    seen: dict[str, int],
    rows: list[Row],
) -> Shape:
    """Append the rows of some layers; `seen` counts kinds, for names such as "conv3"."""
    for number, layer in enumerate(layers):
        place = (*path, number)
        short = _SHORT[type(layer)]
        seen[short] = seen.get(short, 0) + 1
        name = layer.name or f"{short}{seen[short]}"
        try:
            inside = half_of(shape) if isinstance(layer, Split) else shape
            for branch, held in enumerate(_held(layer)):
                _walk(held, inside, (*place, branch), seen, rows)
            row = layer_row(layer, shape)
        except LayerError:
            raise
        except InputError as error:
            raise LayerError(place, name, str(error)) from None
        rows.append(Row(**{**vars(row), "name": name, "path": place}))
        shape = row.output_shape
    return shape


def _held(layer: Layer) -> Iterator[tuple[Layer, ...]]:
    """Yield the rows of layers inside a join."""
    match layer:
        case Block():
            yield layer.layers
        case Residual():
            yield from (layer.body, layer.shortcut)
        case Highway():
            yield from (layer.body, layer.gate)
        case Concat():
            yield from layer.branches
        case Dense() | Gate() | Split():
            yield layer.body


def _settings(layer: Conv2d | ConvTranspose2d | Pool2d, *, but: str = "") -> list[str]:
    usual = {"stride": 1, "padding": 0, "dilation": 1}
    words = []
    for name, value in usual.items():
        now = getattr(layer, name)
        if name != but and now not in (value, (value, value), "valid"):
            words.append(f"{name} {_one(now)}")
    return words


def _area(kernel_size: int | tuple[int, int]) -> int:
    rows, columns = as_pair(kernel_size, name="kernel_size", low=1)
    return rows * columns


def _both(pair: int | tuple[int, int]) -> str:
    return "{}×{}".format(*as_pair(pair, name="size", low=0))


def _one(pair: int | tuple[int, int] | str) -> str:
    if isinstance(pair, str):
        return pair
    rows, columns = as_pair(pair, name="size", low=0)
    return str(rows) if rows == columns else f"{rows}×{columns}"
