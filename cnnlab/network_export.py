"""A designed network as a script in PyTorch or Keras, complete and ready to run."""

from __future__ import annotations

from collections.abc import Sequence

from cnnlab.checks import as_pair
from cnnlab.cost import summarize, totals
from cnnlab.layers import (
    Activation,
    AdaptiveAvgPool2d,
    BatchNorm2d,
    Conv2d,
    Dropout,
    Flatten,
    Layer,
    Linear,
    LocalResponseNorm,
    Pool2d,
    Residual,
    Shape,
    output_shape,
)
from cnnlab.network_text import Network

__all__ = ["network_in_keras", "network_in_pytorch"]

Pair = int | tuple[int, int]

_TORCH_RESIDUAL = '''
class Residual(nn.Module):
    """The body's output plus the shortcut's; without a shortcut, plus the input itself."""

    def __init__(self, body, shortcut=None):
        super().__init__()
        self.body = body
        self.shortcut = shortcut if shortcut is not None else nn.Identity()

    def forward(self, x):
        return self.body(x) + self.shortcut(x)
'''
_KERAS_NORM = '''
class LocalResponseNorm(keras.layers.Layer):
    """Divide by what `size` neighbouring channels hold; with PyTorch's constants."""

    def __init__(self, size):
        super().__init__()
        self.size = size

    def call(self, x):
        around = (self.size // 2, (self.size - 1) // 2)
        squares = keras.ops.pad(keras.ops.square(x), ((0, 0), (0, 0), (0, 0), around))
        channels = x.shape[-1]
        total = sum(squares[..., i : i + channels] for i in range(self.size))
        return x / (1 + 1e-4 * total / self.size) ** 0.75
'''
_KERAS_PAD = '''
class PadWithLowest(keras.layers.Layer):
    """A border that never wins a maximum; Keras's own padding is with zeros."""

    def __init__(self, rows, columns):
        super().__init__()
        self.sides = ((0, 0), (rows, rows), (columns, columns), (0, 0))

    def call(self, x):
        return keras.ops.pad(x, self.sides, constant_values=float("-inf"))
'''


def network_in_pytorch(network: Network) -> str:
    """Return a script that builds the network as ``model`` and prints what it makes.

    Parameters
    ----------
    network : Network
        One that works.

    Returns
    -------
    str
        The script.

    Raises
    ------
    LayerError
        If a layer cannot take what it gets.

    Examples
    --------
    >>> code = network_in_pytorch(Network((3, 32, 32), (Flatten(), Linear(10))))
    >>> print(code.split("model = ")[1].split("x = ")[0].rstrip())
    nn.Sequential(
        nn.Flatten(),
        nn.Linear(3072, 10),
    )
    """
    n_params = _checked(network)
    lines = ["import torch", "from torch import nn", ""]
    if any(isinstance(layer, Residual) for layer in network.layers):
        lines += [*_TORCH_RESIDUAL.splitlines(), "", ""]
    lines += ["model = nn.Sequential("]
    lines += _torch_lines(network.layers, network.input_shape, "    ")
    shape = ", ".join(map(str, (1, *network.input_shape)))
    lines += [
        ")",
        "",
        f"x = torch.zeros({shape})  # one input: N, C, H, W",
        "model.eval()",
        f"print(tuple(model(x).shape))  # {_after(network)}",
        f"print(sum(p.numel() for p in model.parameters()))  # {n_params}",
    ]
    return "\n".join(lines) + "\n"


def network_in_keras(network: Network) -> str:
    r"""Return a script that builds the network as ``model`` in Keras 3, channels last.

    Parameters and errors are those of `network_in_pytorch`.

    Examples
    --------
    >>> code = network_in_keras(Network((3, 32, 32), (Flatten(), Linear(10))))
    >>> print(*(line for line in code.splitlines() if line.startswith("x = ")), sep="\n")
    x = inputs
    x = keras.layers.Flatten()(x)
    x = keras.layers.Dense(10)(x)
    """
    n_params = _checked(network)
    inside = [*network.layers]
    for layer in network.layers:
        if isinstance(layer, Residual):
            inside += [*layer.body, *layer.shortcut]
    lines = ["import keras", ""]
    if any(isinstance(layer, LocalResponseNorm) for layer in inside):
        lines += [*_KERAS_NORM.splitlines(), ""]
    if any(isinstance(layer, Pool2d) and _lowest(layer) for layer in inside):
        lines += [*_KERAS_PAD.splitlines(), ""]
    if any(isinstance(layer, Flatten) for layer in inside):
        lines += [
            "# Channels come last, so Flatten puts the numbers in another order than PyTorch."
        ]
    channels, rows, columns = network.input_shape
    lines += [f"inputs = keras.Input(({rows}, {columns}, {channels}))  # H, W, C", "x = inputs"]
    lines += _keras_lines(network.layers, network.input_shape)
    lines += [
        "model = keras.Model(inputs, x)",
        "",
        f"print(model.output_shape)  # {_after(network, last=True)}",
        f"print(sum(int(keras.ops.size(w)) for w in model.trainable_weights))  # {n_params}",
    ]
    return "\n".join(lines) + "\n"


def _checked(network: Network) -> int:
    """Return how many parameters there are; raise LayerError where a layer does not fit."""
    rows = summarize(network.layers, network.input_shape)
    return totals(rows).n_params if rows else 0


def _after(network: Network, *, last: bool = False) -> str:
    shape: Shape = network.input_shape
    for layer in network.layers:
        shape = output_shape(layer, shape)
    if last:
        shape = (*shape[1:], shape[0])
    return "(" + ", ".join(map(str, ("None" if last else 1, *shape))) + ")"


# PyTorch -------------------------------------------------------------------------------------


def _torch_lines(layers: Sequence[Layer], shape: Shape, indent: str) -> list[str]:
    lines = []
    for layer in layers:
        if isinstance(layer, Residual):
            lines.append(f"{indent}Residual(")
            for way in (layer.body, layer.shortcut):
                if way or way is layer.body:
                    lines.append(f"{indent}    nn.Sequential(")
                    lines += _torch_lines(way, shape, indent + " " * 8)
                    lines.append(f"{indent}    ),")
            lines.append(f"{indent}),")
        else:
            lines.append(f"{indent}nn.{_torch_call(layer, shape)},")
        shape = output_shape(layer, shape)
    return lines


def _torch_call(layer: Layer, shape: Shape) -> str:
    match layer:
        case Conv2d():
            words = [
                str(shape[0]),
                str(layer.out_channels),
                f"kernel_size={_one(layer.kernel_size)}",
            ]
            words += _unusual(layer, stride=1, padding=0, dilation=1, groups=1)
            return f"Conv2d({', '.join([*words, *_no_bias(layer, 'bias')])})"
        case Pool2d():
            name = "MaxPool2d" if layer.kind == "max" else "AvgPool2d"
            words = [f"kernel_size={_one(layer.kernel_size)}"]
            if layer.stride is not None:
                words.append(f"stride={_one(layer.stride)}")
            return f"{name}({', '.join([*words, *_unusual(layer, padding=0)])})"
        case AdaptiveAvgPool2d():
            return "AdaptiveAvgPool2d(1)"
        case BatchNorm2d():
            return f"BatchNorm2d({shape[0]})"
        case LocalResponseNorm():
            return f"LocalResponseNorm({layer.size})"
        case Linear():
            words = [str(shape[0]), str(layer.out_features), *_no_bias(layer, "bias")]
            return f"Linear({', '.join(words)})"
        case Dropout():
            return f"Dropout({layer.p:g})"
        case Activation():
            return f"{layer.kind}({'dim=1' if layer.kind == 'Softmax' else ''})"
        case Flatten():
            return "Flatten()"
    raise TypeError(f"no PyTorch for {layer!r}")


# Keras ---------------------------------------------------------------------------------------


def _keras_lines(layers: Sequence[Layer], shape: Shape) -> list[str]:
    lines = []
    for layer in layers:
        if isinstance(layer, Residual):
            lines += ["before = x", *_keras_lines(layer.body, shape)]
            if layer.shortcut:
                lines += ["made, x = x, before", *_keras_lines(layer.shortcut, shape)]
                lines.append("x = keras.layers.Add()([made, x])")
            else:
                lines.append("x = keras.layers.Add()([x, before])")
        else:
            lines += [f"x = {call}(x)" for call in _keras_calls(layer)]
        shape = output_shape(layer, shape)
    return lines


def _keras_calls(layer: Layer) -> list[str]:
    """Return the calls that make one layer; what Keras has no setting for takes two or three."""
    k = "keras.layers."
    match layer:
        case Conv2d():
            return _keras_conv(layer)
        case Pool2d():
            return _keras_pool(layer)
        case AdaptiveAvgPool2d():
            return [f"{k}GlobalAveragePooling2D(keepdims=True)"]
        case BatchNorm2d():
            return [f"{k}BatchNormalization(momentum=0.9, epsilon=1e-5)"]
        case LocalResponseNorm():
            return [f"LocalResponseNorm({layer.size})"]
        case Linear():
            words = [str(layer.out_features), *_no_bias(layer, "use_bias")]
            return [f"{k}Dense({', '.join(words)})"]
        case Dropout():
            return [f"{k}Dropout({layer.p:g})"]
        case Activation(kind="LeakyReLU"):
            return [f"{k}LeakyReLU(negative_slope=0.01)"]
        case Activation():
            return [f'{k}Activation("{layer.kind.lower()}")']
        case Flatten():
            return [f"{k}Flatten()"]
    raise TypeError(f"no Keras for {layer!r}")


def _keras_conv(layer: Conv2d) -> list[str]:
    words = [str(layer.out_channels), f"kernel_size={_one(layer.kernel_size)}"]
    before, after = [], []
    stride = as_pair(layer.stride, name="stride", low=1)
    dilated = as_pair(layer.dilation, name="dilation", low=1) != (1, 1)
    if layer.padding == "same":
        words.append('padding="same"')
    elif not isinstance(layer.padding, str):
        before = _zeros(layer.padding)
    if stride != (1, 1) and dilated:  # Keras refuses both at once: take every s-th afterwards
        after = [f"keras.layers.MaxPooling2D(1, strides={_one(stride)})"]
    elif stride != (1, 1):
        words.append(f"strides={_one(stride)}")
    if dilated:
        words.append(f"dilation_rate={_one(layer.dilation)}")
    words += [f"groups={layer.groups}"] if layer.groups > 1 else []
    words += _no_bias(layer, "use_bias")
    return [*before, f"keras.layers.Conv2D({', '.join(words)})", *after]


def _keras_pool(layer: Pool2d) -> list[str]:
    words = [_one(layer.kernel_size)]
    if layer.stride is not None:
        words.append(f"strides={_one(layer.stride)}")
    if _lowest(layer):
        rows, columns = as_pair(layer.padding, name="padding", low=0)
        before = [f"PadWithLowest({rows}, {columns})"]
    else:
        before = _zeros(layer.padding)
    name = "MaxPooling2D" if layer.kind == "max" else "AveragePooling2D"
    return [*before, f"keras.layers.{name}({', '.join(words)})"]


def _lowest(layer: Pool2d) -> bool:
    return layer.kind == "max" and layer.padding not in (0, (0, 0))


def _zeros(padding: Pair) -> list[str]:
    return [] if padding in (0, (0, 0)) else [f"keras.layers.ZeroPadding2D({_one(padding)})"]


# Both ----------------------------------------------------------------------------------------


def _no_bias(layer: Conv2d | Linear, name: str) -> list[str]:
    return [] if layer.bias else [f"{name}=False"]


def _unusual(layer: Layer, **usual: int) -> list[str]:
    words = []
    for name, value in usual.items():
        now = getattr(layer, name)
        if now not in (value, (value, value), "valid"):
            words.append(f'{name}="{now}"' if isinstance(now, str) else f"{name}={_one(now)}")
    return words


def _one(pair: Pair) -> str:
    rows, columns = as_pair(pair, name="size", low=0)
    return str(rows) if rows == columns else f"({rows}, {columns})"
