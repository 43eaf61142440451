"""ResNet, 2015: each block adds a correction to its input."""

from cnnlab.architectures.parts import classifier, conv_norm, gate, stage
from cnnlab.architectures.record import Drawing, Network, Published
from cnnlab.layers import Activation, Block, Layer, Pool2d, Residual

__all__ = ["NETWORKS", "basic", "bottleneck", "resnet"]


def basic(width: int, *, stride: int = 1, project: bool = False) -> tuple[Layer, ...]:
    """Return a block of two 3 × 3 layers."""
    body = (*conv_norm(width, 3, stride=stride), *conv_norm(width, 3, kind=""))
    shortcut = conv_norm(width, 1, stride=stride, kind="") if project else ()
    return Residual(body, shortcut), Activation()


def bottleneck(
    width: int,
    *,
    stride: int = 1,
    project: bool = False,
    groups: int = 1,
    inner: int = 0,
    squeeze: bool = False,
    stride_first: bool = False,
) -> tuple[Layer, ...]:
    """Return a block 1 × 1, 3 × 3, 1 × 1, whose output is four times as deep as `width`.

    Parameters
    ----------
    width : int
        Depth inside, unless `inner` says otherwise.
    stride : int
        Of the 3 × 3 layer, as torchvision has it.
    project : bool
        Whether a 1 × 1 layer on the shortcut changes the shape.
    groups, inner : int
        Of the 3 × 3 layer: groups, and its depth (ResNeXt).
    squeeze : bool
        Whether a gate weighs the channels (SENet).
    stride_first : bool
        Stride in the first 1 × 1 layer, as in the paper's own network.
    """
    inner = inner or width
    first, second = (stride, 1) if stride_first else (1, stride)
    body = (
        *conv_norm(inner, 1, stride=first),
        *conv_norm(inner, 3, stride=second, groups=groups),
        *conv_norm(4 * width, 1, kind=""),
        *((gate(4 * width, width // 4),) if squeeze else ()),
    )
    shortcut = conv_norm(4 * width, 1, stride=stride, kind="") if project else ()
    return Residual(body, shortcut), Activation()


def _plain(width: int, *, stride: int = 1) -> tuple[Layer, ...]:
    return *conv_norm(width, 3, stride=stride), *conv_norm(width, 3)


def resnet(
    counts: tuple[int, ...],
    *,
    kind: str = "basic",
    groups: int = 1,
    width_per_group: int = 64,
    squeeze: bool = False,
    stride_first: bool = False,
) -> tuple[Block, ...]:
    """Return a network of four stages with so many blocks each.

    Parameters
    ----------
    counts : tuple of int
        Blocks of each stage.
    kind : {"basic", "bottleneck", "plain"}
        The block; a plain one has no shortcut.
    groups, width_per_group : int
        ResNeXt's groups and the depth of each in the first stage.
    squeeze, stride_first : bool
        As for `bottleneck`.
    """
    stages = [stage("conv1", *conv_norm(64, 7, stride=2), Pool2d(3, stride=2, padding=1))]
    for number, count in enumerate(counts):
        width = 64 * 2**number
        blocks = []
        for place in range(count):
            stride = 2 if number and not place else 1
            layers: tuple[Layer, ...]
            if kind == "plain":
                layers = _plain(width, stride=stride)
            elif kind == "basic":
                layers = basic(width, stride=stride, project=stride > 1)
            else:
                layers = bottleneck(
                    width,
                    stride=stride,
                    project=not place,
                    groups=groups,
                    inner=width * width_per_group // 64 * groups,
                    squeeze=squeeze,
                    stride_first=stride_first,
                )
            blocks.append(Block(layers, name=f"block {place + 1}"))
        stages.append(stage(f"conv{number + 2}", *blocks))
    return (*stages, classifier())


_HE = {
    "year": 2015,
    "authors": "He, Zhang, Ren, Sun",
    "paper": "Deep residual learning for image recognition, CVPR 2016, arXiv:1512.03385",
    "address": "https://arxiv.org/abs/1512.03385",
}
_IDEA = (
    "A block only learns what to add to its input; where nothing is to be added it learns zeros, "
    "so more layers no longer make the network worse."
)
_BASIC = Drawing("Residual block", stage("", *basic(64)), (64, 56, 56))
_BOTTLENECK = Drawing("Bottleneck block", stage("", *bottleneck(64)), (256, 56, 56))
_STRIDE = (
    "The paper's blocks have stride 2 in the first 1 × 1 layer, torchvision's and ours in the "
    "3 × 3 layer, which costs more and is more accurate."
)
_DEEPEST = (
    "The deepest in the paper has 1202 layers, for CIFAR-10; slides write “up to 1000”. It is "
    "worse than one of 110, since it over-fits."
)
_SIZES = {
    # key: blocks, kind, GMACs in table 1, MACs with the paper's stride, errors (table 3, 10 crops)
    "resnet18": ((2, 2, 2, 2), "basic", "1.8", 0, "top-1 error, 10 crops", "27.88 %", "table 2"),
    "resnet34": ((3, 4, 6, 3), "basic", "3.6", 0, "top-5 error, 10 crops", "7.46 %", "table 3, B"),
    "resnet50": (
        (3, 4, 6, 3),
        "bottleneck",
        "3.8",
        3_857_973_248,
        "top-5 error, 10 crops",
        "6.71 %",
        "table 3",
    ),
    "resnet101": (
        (3, 4, 23, 3),
        "bottleneck",
        "7.6",
        7_570_194_432,
        "top-5 error, 10 crops",
        "6.05 %",
        "table 3",
    ),
    "resnet152": (
        (3, 8, 36, 3),
        "bottleneck",
        "11.3",
        11_282_415_616,
        "top-5 error, 10 crops",
        "5.71 %",
        "table 3",
    ),
}


def _network(key: str) -> Network:
    counts, kind, billions, first, measure, error, table = _SIZES[key]
    why = "The shortcuts' 1 × 1 layers are in ours." if not first else ""
    if first:
        why = f"With the stride where the paper has it, ours would be {first:,} MACs."
    return Network(
        key=key,
        title=f"ResNet-{key.removeprefix('resnet')}",
        **_HE,  # type: ignore[arg-type]
        idea=_IDEA,
        stages=resnet(counts, kind=kind),
        published=(
            Published("operations", f"{billions} billion MACs", "paper, table 1", "MACs", why),
            Published(measure, error, f"paper, {table}, validation"),
            *(
                (
                    Published("top-5 error, 6 networks", "3.57 %", "ILSVRC 2015, test"),
                    Published(
                        "better than the second",
                        "27 %, 11 %, 12 %",
                        "ILSVRC and COCO 2015: localisation, detection, segmentation",
                        remark="With ResNet in front of other parts.",
                    ),
                )
                if key == "resnet152"
                else ()
            ),
        ),
        drawings=(_BASIC, _BOTTLENECK),
        notes=(
            *((_STRIDE,) if first else ()),
            *((_DEEPEST,) if key == "resnet152" else ()),
        ),
    )


NETWORKS = (
    Network(
        key="plain34",
        title="Plain-34",
        **_HE,  # type: ignore[arg-type]
        idea="ResNet-34 without its shortcuts, made to compare: it is harder to train, and its "
        "error is higher than that of a plain network with 18 layers.",
        stages=resnet((3, 4, 6, 3), kind="plain"),
        published=(
            Published("operations", "3.6 billion MACs", "paper, figure 3", "MACs"),
            Published("top-5 error, 10 crops", "10.02 %", "paper, table 3, validation"),
        ),
        drawings=(
            Drawing("Two plain layers", stage("", *_plain(64)), (64, 56, 56)),
            _BASIC,
        ),
    ),
    *(_network(key) for key in _SIZES),
)
