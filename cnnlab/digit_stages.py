"""The digit network as a learner sees it: seven stages, each with its line of PyTorch and costs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from cnnlab.cost import summarize
from cnnlab.digit_pixels import SIDE
from cnnlab.digits import INPUT_SHAPE, LAYERS
from cnnlab.layers import Activation, Conv2d, Dropout, Flatten, Linear, Pool2d, Shape, shape_text
from cnnlab.receptive import receptive_fields

__all__ = ["Stage", "stages"]


@dataclass(frozen=True)
class Stage:
    """What is shown as one step: a layer with weights or a pooling, and what belongs to it.

    A fully connected layer is told as the convolution that it equals: fc1 as 500 kernels of 4 × 4
    over the 50 maps of pool2, fc2 as 10 kernels of 1 × 1 over 500 maps of one cell.

    Parameters
    ----------
    name, source : str
        Its layer, and the stage before, "input" for the first.
    kind : str
        "sum" of products, or "max" of a window.
    maps, side : int
        How many feature maps it makes, and their rows (and columns).
    kernel, stride : int
        Rows (and columns) of its window, and how far it moves.
    relu : bool
        Whether a ReLU follows.
    code : str
        Its modules as PyTorch writes them.
    shape : str
        The shape of its output.
    n_params, macs : int
        Weights and biases; multiply-accumulates for one picture.
    field, jump : int
        Receptive field in the input, and input pixels from one cell's to the next one's.
    """

    name: str
    source: str
    kind: Literal["sum", "max"]
    maps: int
    side: int
    kernel: int
    stride: int
    relu: bool
    code: str
    shape: str
    n_params: int
    macs: int
    field: int
    jump: int


def stages() -> list[Stage]:
    """Return the stages of the digit network, in the order of computation.

    Returns
    -------
    list of Stage
        conv1, pool1, conv2, pool2, fc1 and fc2.

    Examples
    --------
    >>> for stage in stages():
    ...     print(f"{stage.name}: {stage.code} makes {stage.shape}")
    conv1: nn.Conv2d(1, 20, 5), nn.ReLU() makes 20 × 24 × 24
    pool1: nn.MaxPool2d(2) makes 20 × 12 × 12
    conv2: nn.Conv2d(20, 50, 5), nn.ReLU() makes 50 × 8 × 8
    pool2: nn.MaxPool2d(2) makes 50 × 4 × 4
    fc1: nn.Flatten(), nn.Linear(800, 500), nn.ReLU() makes 500
    fc2: nn.Dropout(0.5), nn.Linear(500, 10) makes 10
    """
    found: list[Stage] = []
    waiting = ""  # the code of modules that stand before their stage
    before: Shape = INPUT_SHAPE  # of what the next stage gets, not flattened
    rows, fields = summarize(LAYERS, INPUT_SHAPE), receptive_fields(LAYERS)
    for layer, row, field in zip(LAYERS, rows, fields, strict=True):
        stage = Stage(
            name=row.name,
            source=found[-1].name if found else "input",
            kind="max" if isinstance(layer, Pool2d) else "sum",
            maps=row.output_shape[0],
            side=row.output_shape[-1] if len(row.output_shape) == 3 else 1,
            kernel=0,
            stride=1,
            relu=False,
            code="",
            shape=shape_text(row.output_shape),
            n_params=row.n_params,
            macs=row.macs,
            field=SIDE if field.size is None else field.size,
            jump=field.jump,
        )
        match layer:
            case Conv2d(out_channels=n, kernel_size=int(k)):
                code = f"nn.Conv2d({row.input_shape[0]}, {n}, {k})"
                stage = replace(stage, kernel=k, code=code)
            case Pool2d(kernel_size=int(k)):
                stage = replace(stage, kernel=k, stride=k, code=f"nn.MaxPool2d({k})")
            case Linear(out_features=n):
                code = f"{waiting}nn.Linear({row.input_shape[0]}, {n})"
                stage, waiting = replace(stage, kernel=before[-1], code=code), ""
            case Activation():
                found[-1] = replace(found[-1], relu=True, code=f"{found[-1].code}, nn.ReLU()")
                continue
            case Flatten():
                waiting += "nn.Flatten(), "
                continue
            case Dropout(p=p):
                waiting += f"nn.Dropout({p}), "
                continue
        found.append(stage)
        before = (stage.maps, stage.side, stage.side)
    return found
