"""Short words for what many networks repeat."""

from __future__ import annotations

from cnnlab.layers import (
    Activation,
    AdaptiveAvgPool2d,
    BatchNorm2d,
    Block,
    Conv2d,
    Dropout,
    Flatten,
    Gate,
    Layer,
    Linear,
)

__all__ = ["classifier", "conv_norm", "conv_relu", "gate", "separable", "stage"]


def stage(name: str, *layers: Layer) -> Block:
    """Return layers under one name."""
    return Block(layers, name=name)


def conv_relu(
    filters: int, kernel_size: int, *, stride: int = 1, padding: int = 0, groups: int = 1
) -> tuple[Layer, ...]:
    """Return a convolution with its ReLU, as before batch normalisation."""
    conv = Conv2d(filters, kernel_size, stride=stride, padding=padding, groups=groups)
    return conv, Activation()


def conv_norm(
    filters: int, kernel_size: int, *, stride: int = 1, groups: int = 1, kind: str = "ReLU"
) -> tuple[Layer, ...]:
    """Return a convolution that keeps the size, batch normalisation and, if `kind`, an activation.

    The convolution has no bias: the normalisation that follows has a shift of its own.
    """
    padding = kernel_size // 2
    conv = Conv2d(filters, kernel_size, stride=stride, padding=padding, groups=groups, bias=False)
    return (conv, BatchNorm2d(), Activation(kind)) if kind else (conv, BatchNorm2d())


def separable(name: str, channels: int, filters: int, *, stride: int = 1) -> Block:
    """Return MobileNet's layer: one kernel for each channel, then 1 × 1 kernels that mix them."""
    depthwise = conv_norm(channels, 3, stride=stride, groups=channels)
    return Block((*depthwise, *conv_norm(filters, 1)), name=name)


def gate(channels: int, squeezed: int, *, kind: str = "ReLU", end: str = "Sigmoid") -> Gate:
    """Return squeeze and excitation: a number for each channel, made from all channels' means.

    `end` is the function that makes the numbers; it should lie between 0 and 1.
    """
    return Gate(
        (
            AdaptiveAvgPool2d(1),
            Conv2d(squeezed, 1),
            Activation(kind),
            Conv2d(channels, 1),
            Activation(end),
        ),
        name="gate",
    )


def classifier(*, dropout: float = 0.0) -> Block:
    """Return the end of most networks since 2014: the mean of each map, then one layer."""
    drop = (Dropout(dropout),) if dropout else ()
    return stage("classifier", AdaptiveAvgPool2d(1), Flatten(), *drop, Linear(1000))
