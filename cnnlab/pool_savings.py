"""What pooling saves the layers that follow it: numbers, multiplications, parameters."""

from __future__ import annotations

from dataclasses import dataclass

from cnnlab.cost import summarize, totals
from cnnlab.layers import (
    AdaptiveAvgPool2d,
    Conv2d,
    Flatten,
    Layer,
    Linear,
    Pool2d,
    Shape,
    output_shape,
)

__all__ = ["Saving", "savings"]


@dataclass(frozen=True)
class Saving:
    """One quantity without and with pooling.

    Parameters
    ----------
    quantity : str
        What is counted.
    without, pooled : int
        The count without and with the pooling.
    """

    quantity: str
    without: int
    pooled: int

    @property
    def saved(self) -> float:
        """The share that pooling saves, from 0 to 1; below 0 where it costs something."""
        return 1 - self.pooled / self.without


def savings(
    shape: Shape, *, kernel_size: int, stride: int, filters: int, units: int
) -> list[Saving]:
    """Return what pooling saves a convolution and a fully connected layer that follow it.

    Parameters
    ----------
    shape : (C, H, W)
        The feature maps that are pooled.
    kernel_size, stride : int
        The pooling.
    filters : int
        Filters of the convolution, 3 × 3 with padding 1.
    units : int
        Units of the fully connected layer.

    Returns
    -------
    list of Saving
        Numbers passed on; parameters and MACs of the convolution; those of the fully connected
        layer; the parameters of a fully connected layer behind global average pooling.

    Raises
    ------
    InputError
        If the window does not fit into the maps.

    Examples
    --------
    >>> [f"{s.quantity}: {s.saved:.0%}" for s in savings(
    ...     (64, 32, 32), kernel_size=2, stride=2, filters=128, units=100)][:3]
    ['numbers passed on: 75%', 'convolution, parameters: 0%', 'convolution, MACs: 75%']
    """
    pool: list[Layer] = [Pool2d(kernel_size, stride)]
    convolution: list[Layer] = [Conv2d(filters, 3, padding=1)]
    connected: list[Layer] = [Flatten(), Linear(units)]
    everything: list[Layer] = [AdaptiveAvgPool2d(1)]
    without, pooled = (
        (
            totals(summarize([*before, *convolution], shape)),
            totals(summarize([*before, *connected], shape)),
        )
        for before in ([], pool)
    )
    # The pooling's own row counts no MACs and no parameters, so totals are those of what follows.
    headed = totals(summarize([*everything, *connected], shape))
    return [
        Saving("numbers passed on", _size(shape), _size(output_shape(pool[0], shape))),
        Saving("convolution, parameters", without[0].n_params, pooled[0].n_params),
        Saving("convolution, MACs", without[0].macs, pooled[0].macs),
        Saving("fully connected, parameters", without[1].n_params, pooled[1].n_params),
        Saving("fully connected, MACs", without[1].macs, pooled[1].macs),
        Saving(
            "fully connected after global average pooling, parameters",
            without[1].n_params,
            headed.n_params,
        ),
    ]


def _size(shape: Shape) -> int:
    return shape[0] * shape[1] * shape[2]
