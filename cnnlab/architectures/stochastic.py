"""Stochastic depth, 2016: ResNet-110, whose blocks are left out at random while it learns."""

from __future__ import annotations

from cnnlab.architectures.parts import conv_norm, stage
from cnnlab.architectures.record import Drawing, Network, Published
from cnnlab.architectures.resnet import basic
from cnnlab.checks import InputError, in_range
from cnnlab.layers import (
    Activation,
    AdaptiveAvgPool2d,
    Block,
    Flatten,
    Layer,
    Linear,
    PadChannels,
    Pool2d,
    Residual,
)

__all__ = ["NETWORKS", "survival"]

_BLOCKS = 18  # of each of three stages


def survival(blocks: int, *, last: float = 0.5) -> tuple[float, ...]:
    """Return with what probability each residual block stays while the network learns.

    Parameters
    ----------
    blocks : int
        How many there are.
    last : float
        Probability of the last one; it falls in equal steps from 1 for the input.

    Returns
    -------
    tuple of float
        One for each block. Their sum is the number of blocks that there are on average.

    Raises
    ------
    InputError
        If `last` is no probability, or there is no block.

    References
    ----------
    .. [1] Huang, Sun, Liu, Sedra and Weinberger, 2016, arXiv:1603.09382, equation 4.

    Examples
    --------
    >>> survival(4, last=0.5)
    (0.875, 0.75, 0.625, 0.5)
    >>> round(sum(survival(54)), 9)
    40.25
    """
    blocks = in_range(blocks, name="blocks", low=1, high=10**4)
    if not 0 <= last <= 1:
        raise InputError(f"last must be between 0 and 1, got {last:g}")
    return tuple(1 - number / blocks * (1 - last) for number in range(1, blocks + 1))


def _smaller(width: int) -> tuple[Layer, ...]:
    """Return a block that halves the size; its shortcut has no weights, only zeros added."""
    body = (*conv_norm(width, 3, stride=2), *conv_norm(width, 3, kind=""))
    return Residual(body, (Pool2d(1, stride=2), PadChannels(width))), Activation()


def _resnet110() -> tuple[Block, ...]:
    stages = [stage("conv1", *conv_norm(16, 3))]
    for number, width in enumerate((16, 32, 64), start=1):
        blocks = [
            Block(
                _smaller(width) if number > 1 and not place else basic(width),
                name=f"block {place + 1}",
            )
            for place in range(_BLOCKS)
        ]
        stages.append(stage(f"stage {number}", *blocks))
    return (*stages, stage("classifier", AdaptiveAvgPool2d(1), Flatten(), Linear(10)))


NETWORKS = (
    Network(
        key="resnet110_stochastic",
        title="ResNet-110, stochastic depth",
        year=2016,
        authors="Huang, Sun, Liu, Sedra, Weinberger",
        paper="Deep networks with stochastic depth, ECCV 2016, arXiv:1603.09382",
        address="https://arxiv.org/abs/1603.09382",
        idea="In training, residual blocks are left out at random and only their shortcuts stay; "
        "afterwards all blocks work.",
        stages=_resnet110(),
        input_shape=(3, 32, 32),
        published=(
            Published("parameters", "1.7 million", "He et al., 2015, table 6", "parameters"),
            Published(
                "blocks on average, of 54",
                "about 40",
                "paper, section 3",
                remark="(3 · 54 − 1) / 4 = 40.25, if the last one stays with probability 0.5.",
            ),
            Published(
                "error on CIFAR-10",
                "5.23 %",
                "Huang et al., 2016, arXiv:1608.06993, table 2",
                remark="With all blocks always there: 6.41 %. With 1202 layers and stochastic "
                "depth: 4.91 %.",
            ),
        ),
        drawings=(
            Drawing(
                "A block that stays",
                stage("", *basic(64)),
                (64, 8, 8),
            ),
            Drawing("A block that is left out", stage("", Activation()), (64, 8, 8)),
        ),
        notes=(
            "The network is He et al.'s for CIFAR-10. Where the size is halved, the shortcut takes "
            "every second cell and adds maps of zeros: no parameters. With 1 × 1 layers there, as "
            "many programs have them, the network has 1,730,714.",
        ),
        survival=survival(3 * _BLOCKS),
    ),
)
