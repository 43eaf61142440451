"""NASNet-A, 2017: two small cells, found by search, many times over."""

from __future__ import annotations

from typing import Literal

from cnnlab.architectures.parts import stage
from cnnlab.architectures.record import Drawing, Network, Published
from cnnlab.layers import (
    Activation,
    AdaptiveAvgPool2d,
    BatchNorm2d,
    Block,
    Concat,
    Conv2d,
    Dropout,
    Flatten,
    Layer,
    Linear,
    Pool2d,
    Residual,
    Select,
)

__all__ = ["NETWORKS", "normal_pairs", "reduction_pairs"]

# A cell reads two cells: the one before it, and the one before that. What goes from cell to cell is
# therefore a stack of both, the older one first.
_OLDER, _NEWER = "the cell before that", "the cell before"


def _fit(filters: int) -> tuple[Layer, ...]:
    """Return the 1 × 1 layer that brings a cell's input to its width."""
    return Activation(), Conv2d(filters, 1, bias=False), BatchNorm2d()


def _separable(channels: int, filters: int, kernel_size: int, *, stride: int = 1) -> Block:
    """Return two separable layers, ReLU first, as the search used them."""
    layers: list[Layer] = []
    for depth, step in ((channels, stride), (filters, 1)):
        padding = kernel_size // 2
        layers += [
            Activation(),
            Conv2d(depth, kernel_size, step, padding=padding, groups=depth, bias=False),
            Conv2d(filters, 1, bias=False),
            BatchNorm2d(),
        ]
    half = ", stride 2" if stride == 2 else ""
    return Block(tuple(layers), name=f"separable {kernel_size}×{kernel_size}, twice{half}")


def _pool(kind: Literal["max", "average"], *, stride: int = 1) -> Pool2d:
    return Pool2d(3, stride=stride, padding=1, kind=kind)


def normal_pairs(filters: int) -> Concat:
    """Return the normal cell, figure 4 of the paper: five sums of two, stacked.

    Its input is the stack of the two cells before, each already as deep as `filters`.
    """
    older = Select(0, filters, name=_OLDER)
    newer = Select(filters, filters, name=_NEWER)
    mean = _pool("average")

    def separable(kernel_size: int) -> Block:
        return _separable(filters, filters, kernel_size)

    pairs = (
        Residual((newer, separable(5)), (older, separable(3))),
        Residual((older, separable(5)), (older, separable(3))),
        Residual((newer, mean), (older,)),
        Residual((older, mean), (older, mean)),
        Residual((newer, separable(3)), (newer,)),
    )
    return Concat(((older,), *((pair,) for pair in pairs)))


def reduction_pairs(filters: int, *, older_depth: int = 0) -> tuple[Concat, Concat]:
    """Return the reduction cell, figure 4: it halves the size; two of its sums use the first sum.

    Parameters
    ----------
    filters : int
        Depth of each sum.
    older_depth : int
        Depth of the older input, where it is another.
    """
    depth = older_depth or filters
    older, newer = Select(0, depth, name=_OLDER), Select(depth, filters, name=_NEWER)

    def of_older(kernel_size: int) -> tuple[Layer, ...]:
        return older, _separable(depth, filters, kernel_size, stride=2)

    largest = _pool("max", stride=2)
    first = Concat(
        (
            (Residual((newer, _separable(filters, filters, 5, stride=2)), of_older(7)),),
            (Residual((newer, largest), of_older(7)),),
            (Residual((newer, _pool("average", stride=2)), of_older(5)),),
            (newer, largest),
        )
    )
    one, two, three, four = (
        Select(place * filters, filters, name=name)
        for place, name in enumerate(("sum 1", "sum 2", "sum 3", "largest"))
    )
    second = Concat(
        (
            (two,),
            (three,),
            (Residual((one, _pool("average")), (two,)),),
            (Residual((one, _separable(filters, filters, 3)), (four,)),),
        )
    )
    return first, second


def _smaller(filters: int) -> tuple[Layer, ...]:
    """Return two ways that each take every second cell, stacked: half the size, all the same."""
    way = (Pool2d(1, stride=2, kind="average"), Conv2d(filters // 2, 1, bias=False))
    return Activation(), Concat((way, way)), BatchNorm2d()


def _normal(older: int, newer: int, filters: int, *, fitted: bool = False) -> Block:
    """Return a normal cell from stack to stack; `fitted` where the older one has the width."""
    first, second = Select(0, older, name=_OLDER), Select(older, newer, name=_NEWER)
    both = Concat(((first, *(() if fitted else _fit(filters))), (second, *_fit(filters))))
    return Block((Concat(((second,), (both, normal_pairs(filters)))),), name="normal cell")


def _reduction(
    older: int, newer: int, filters: int, following: int, *, fitted: bool = False
) -> Block:
    """Return a reduction cell from stack to stack; the older one is made smaller, too."""
    first, second = Select(0, older, name=_OLDER), Select(older, newer, name=_NEWER)
    both = Concat(((first, *(() if fitted else _fit(filters))), (second, *_fit(filters))))
    inside = (both, *reduction_pairs(filters))
    return Block((Concat(((second, *_smaller(following)), inside)),), name="reduction cell")


def _first_reduction(depth: int, filters: int, following: int) -> Block:
    """Return the first reduction cell, which has one input only."""
    both = Concat(((), _fit(filters)))
    inside = (both, *reduction_pairs(filters, older_depth=depth))
    return Block((Concat((_smaller(following), inside)),), name="reduction cell")


def _nasnet(count: int, last: int, *, stem: int) -> tuple[Block, ...]:
    """Return a network of three times `count` normal cells whose last one has `last` maps."""
    filters = last // 24
    small = (filters // 4, filters // 2)
    stages = [
        stage("stem", Conv2d(stem, 3, stride=2, bias=False), BatchNorm2d()),
        stage(
            "stem cells",
            Block((_first_reduction(stem, small[0], small[1]),), name="cell 1"),
            Block(
                (_reduction(small[1], 4 * small[0], small[1], filters, fitted=True),),
                name="cell 2",
            ),
        ),
    ]
    older, newer = filters, 4 * small[1]  # depths in the stack
    number = 2
    for place in range(3):
        cells = []
        for repeat in range(count):
            number += 1
            cell = _normal(older, newer, filters, fitted=not repeat)
            cells.append(Block((cell,), name=f"cell {number}"))
            older, newer = newer, 6 * filters
        if place < 2:
            number += 1
            filters *= 2
            cell = _reduction(older, newer, filters, filters)
            cells.append(Block((cell,), name=f"cell {number}"))
            older, newer = filters, 4 * filters
        stages.append(stage(f"cells, part {place + 1}", *cells))
    ends = (
        Select(older, newer, name=_NEWER),
        Activation(),
        AdaptiveAvgPool2d(1),
        Flatten(),
        Dropout(),
        Linear(1000),
    )
    return (*stages, stage("classifier", *ends))


NETWORKS = (
    Network(
        key="nasnet_mobile",
        title="NASNet-A mobile",
        year=2017,
        authors="Zoph, Vasudevan, Shlens, Le",
        paper="Learning transferable architectures for scalable image recognition, CVPR 2018, "
        "arXiv:1707.07012",
        address="https://arxiv.org/abs/1707.07012",
        idea="A search finds two small cells with small pictures (CIFAR-10); many of them in a "
        "row make a network for large ones (ImageNet).",
        stages=_nasnet(4, 1056, stem=32),
        published=(
            Published("parameters", "5.3 million", "paper, table 2", "parameters"),
            Published("operations", "564 million MACs", "paper, table 2", "MACs"),
            Published(
                "parameters",
                "5,326,716",
                "Keras, documentation: 5.3 million",
                "parameters",
                "Keras also counts 36,738 means and variances of batch normalisation, which are "
                "not learned.",
            ),
            Published("top-1 accuracy", "74.0 %", "paper, table 2"),
        ),
        drawings=(
            Drawing("Normal cell", stage("", normal_pairs(44)), (88, 28, 28)),
            Drawing("Reduction cell", stage("", *reduction_pairs(88)), (176, 28, 28)),
        ),
        notes=(
            "The authors write 4 @ 1056: three times 4 normal cells, and 1056 maps at the end.",
            "A cell reads the cell before it and the cell before that. So the table stacks both: "
            "what goes on from cell 4 are the 264 maps of cell 3 and the 264 of cell 4, together "
            "528. A reduction cell also brings the older one to the smaller size.",
            "In the drawings, both inputs already have the width of the cell. Where a size is "
            "halved, the original pads one pixel more behind than before; ours pads alike on both "
            "sides, which changes neither sizes nor costs.",
        ),
    ),
)
