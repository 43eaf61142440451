"""Facts of lectures and papers about sizes, parameters, cost and receptive fields, recomputed.

Each fact of `golden/facts_arithmetic.json` has an operation, and each operation an evaluator here,
which builds the layers in question and asks `cnnlab`. Where a source printed another number, the
fact says why: rounded, or wrong.
"""

import json
import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from cnnlab.architectures.stochastic import survival
from cnnlab.checks import InputError
from cnnlab.cost import BYTES, Row, layer_row, summarize, totals
from cnnlab.layers import (
    Activation,
    AdaptiveAvgPool2d,
    BatchNorm2d,
    Concat,
    Conv2d,
    Dense,
    Flatten,
    Gate,
    Layer,
    Linear,
    LocalResponseNorm,
    Pool2d,
    Residual,
    output_shape,
)
from cnnlab.receptive import receptive_field
from cnnlab.shapes import (
    conv_output_size,
    conv_transpose_output_size,
    kernel_span,
    pool_output_size,
    same_padding,
    unread_at_end,
)
from tests.torch_layers import Scale, Sum

FILE = Path(__file__).parent / "golden" / "facts_arithmetic.json"
FACTS = json.loads(FILE.read_text(encoding="utf-8"))
TOPICS = {
    "output-size": 46,
    "invalid-geometry": 15,
    "parameters": 68,
    "flops": 55,
    "receptive-field": 30,
    "architecture-layer": 70,
    "architecture-total": 71,
}

Given = dict[str, Any]
EVALUATORS: dict[str, Callable[[Given], Any]] = {}


def evaluates(*names: str) -> Callable[[Callable[[Given], Any]], Callable[[Given], Any]]:
    """Register a function as the evaluator of some operations."""

    def register(function: Callable[[Given], Any]) -> Callable[[Given], Any]:
        for name in names:
            assert name not in EVALUATORS, f"{name} has two evaluators"
            EVALUATORS[name] = function
        return function

    return register


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    """Keep torch to one thread: to start a second takes far longer than these small arrays."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


# Output sizes --------------------------------------------------------------------------------


def size_of(n: int, step: Given) -> int:
    """Return the size after one step, rounded as the fact says."""
    layer = {"kernel_size": step["F"], "stride": step["S"], "padding": step["P"]}
    if step["rounding"] == "ceil":
        return pool_output_size(n, ceil_mode=True, **layer)
    layer["dilation"] = step.get("dilation", 1)
    assert step["rounding"] == "floor" or unread_at_end(n, **layer) == 0
    return conv_output_size(n, **layer)


def rows_first(shape: tuple[int, ...]) -> list[int]:
    """Return (C, H, W) as the lectures write it: rows, columns, channels."""
    return [*shape[1:], shape[0]]


def channels_first(volume: list[int]) -> tuple[int, ...]:
    return (volume[-1], *volume[:-1])


@evaluates("out_size")
def _(g: Given) -> int:
    return size_of(g["N"], g)


@evaluates("size_chain")
def _(g: Given) -> list[int]:
    sizes = [g["start"]]
    for step in g["steps"]:
        sizes.append(size_of(sizes[-1], step))
    return sizes


@evaluates("out_volume", "out_volume_floor")
def _(g: Given) -> list[int]:
    layer = Conv2d(g["K"], g["F"], stride=g["S"], padding=g["P"])
    if g["op"] == "out_volume":
        for n in g["input"][:2]:
            assert unread_at_end(n, kernel_size=g["F"], stride=g["S"], padding=g["P"]) == 0
    return rows_first(output_shape(layer, channels_first(g["input"])))


@evaluates("pool_volume")
def _(g: Given) -> list[int]:
    layer = Pool2d(g["F"], stride=g["S"], padding=g["P"], ceil_mode=g["rounding"] == "ceil")
    return rows_first(output_shape(layer, channels_first(g["input"])))


@evaluates("concat_depth")
def _(g: Given) -> list[int]:
    branches = tuple((Conv2d(depth, 1),) for depth in g["depths"])
    return rows_first(output_shape(Concat(branches), (1, *g["spatial"])))


@evaluates("filter_shape")
def _(g: Given) -> list[int]:
    shape = [g["F"], g["F"], g["input"][2], g["K"]]
    row = layer_row(Conv2d(g["K"], g["F"]), channels_first(g["input"]))
    assert math.prod(shape) == row.n_weights
    return shape


@evaluates("positions")
def _(g: Given) -> int:
    layer = {"kernel_size": g["F"], "stride": g["S"], "padding": g["P"]}
    return conv_output_size(g["N"], **layer) ** 2


@evaluates("padded_size")
def _(g: Given) -> int:
    return conv_output_size(g["N"], kernel_size=1, padding=g["P"])  # one window on every pixel


@evaluates("same_padding")
def _(g: Given) -> int:
    before, after = same_padding(g["F"])
    assert before == after
    return before


@evaluates("same_padding_check")
def _(g: Given) -> dict[str, Any]:
    before, after = same_padding(g["F"])
    return {"padding": (before + after) / 2, "integer": before == after}


@evaluates("conv_modes")
def _(g: Given) -> dict[str, int]:
    n, k = g["m"], g["k"]
    paddings = {"valid": 0, "same": same_padding(k), "full": k - 1}
    return {m: conv_output_size(n, kernel_size=k, padding=p) for m, p in paddings.items()}


@evaluates("effective_kernel")
def _(g: Given) -> int:
    return kernel_span(g["F"], dilation=g["dilation"])


@evaluates("transpose_out")
def _(g: Given) -> int:
    layer = {"kernel_size": g["F"], "stride": g["S"], "padding": g["P"]}
    return conv_transpose_output_size(g["N"], **layer)


@evaluates("fit")
def _(g: Given) -> dict[str, Any]:
    layer = {"kernel_size": g["F"], "stride": g["S"], "padding": g["P"]}
    try:
        floor, unread = conv_output_size(g["N"], **layer), unread_at_end(g["N"], **layer)
    except InputError:  # not one window fits: the formula gives a number all the same
        exact = Fraction(g["N"] + 2 * g["P"] - g["F"], g["S"]) + 1
        assert exact < 1
        sizes = {"size": float(exact), "floor": math.floor(exact), "ceil": math.ceil(exact)}
        return {"fits": False, "unused_pixels": 0, **sizes}
    return {
        "fits": unread == 0,
        "size": floor + unread / g["S"],
        "floor": floor,
        "ceil": floor + (unread > 0),
        "unused_pixels": unread,
    }


@evaluates("find_padding")
def _(g: Given) -> dict[str, list[int]]:
    layer = {"kernel_size": g["F"], "stride": g["S"]}
    paddings = range(g["max_P"] + 1)
    return {"paddings": [p for p in paddings if unread_at_end(g["N"], padding=p, **layer) == 0]}


@evaluates("find_strides")
def _(g: Given) -> dict[str, list[int]]:
    layer = {"kernel_size": g["F"], "padding": g["P"]}
    strides = range(1, g["max_S"] + 1)
    return {"strides": [s for s in strides if unread_at_end(g["N"], stride=s, **layer) == 0]}


@evaluates("receptive_field")
def _(g: Given) -> dict[str, int | None]:
    settings = [dict(zip(("stride", "dilation"), more, strict=False)) for _, *more in g["layers"]]
    sizes = [k for k, *_ in g["layers"]]
    layers = [Conv2d(1, k, **more) for k, more in zip(sizes, settings, strict=True)]
    field = receptive_field(layers)
    return {"rf": field.size, "jump": field.jump}


@evaluates("kernel_width_from_r")
def _(g: Given) -> int:
    return next(k for k in range(1, 100) if same_padding(k) == (g["r"], g["r"]))


# Parameters and cost -------------------------------------------------------------------------


def conv_row(g: Given, *, out_channels: int, spatial: tuple[int, ...], bias: bool = False) -> Row:
    """Return the row of a convolution that keeps the size."""
    size = tuple(g["F"]) if isinstance(g["F"], list) else g["F"]
    groups = g.get("groups", 1)
    layer = Conv2d(out_channels, size, padding="same", groups=groups, bias=bias)
    return layer_row(layer, (g["Cin"], *spatial))


@evaluates("conv_params")
def _(g: Given) -> int:
    return conv_row(g, out_channels=g["K"], spatial=(9, 9), bias=g["bias"]).n_params


@evaluates("unit_connections")
def _(g: Given) -> int:
    return conv_row(g, out_channels=1, spatial=(9, 9)).n_params


@evaluates("fc_params")
def _(g: Given) -> int:
    return layer_row(Linear(g["outputs"], bias=g["bias"]), (g["inputs"],)).n_params


@evaluates("local_params")
def _(g: Given) -> int:  # a kernel of its own for each position
    one = conv_row(g, out_channels=g["depth"], spatial=(9, 9), bias=g["bias"])
    return g["out"][0] * g["out"][1] * one.n_params


@evaluates("product")
def _(g: Given) -> int:
    (count,) = output_shape(Flatten(), tuple(g["factors"]))
    return count


@evaluates("stack_weights")
def _(g: Given) -> dict[str, int]:
    def weights(stack: list[list[Any]]) -> int:
        kernels = [({"F": size, "Cin": inputs}, outputs) for size, inputs, outputs in stack]
        rows = [conv_row(k, out_channels=outputs, spatial=(9, 9)) for k, outputs in kernels]
        return sum(row.n_params for row in rows)

    return {"a": weights(g["a"]), "b": weights(g["b"])}


def separable(g: Given, spatial: tuple[int, ...]) -> list[Row]:
    """Return the rows of a depthwise and a pointwise convolution."""
    depthwise = Conv2d(g["Cin"], g["F"], padding="same", groups=g["Cin"], bias=False)
    return summarize([depthwise, Conv2d(g["Cout"], 1, bias=False)], (g["Cin"], *spatial))


@evaluates("separable_params")
def _(g: Given) -> int:
    return totals(separable(g, (9, 9))).n_params


@evaluates("separable_macs")
def _(g: Given) -> dict[str, int]:
    spatial = tuple(g["spatial"])
    depthwise, pointwise = separable(g, spatial)
    return {
        "standard": conv_row(g, out_channels=g["Cout"], spatial=spatial).macs,
        "depthwise": depthwise.macs,
        "pointwise": pointwise.macs,
        "separable": totals([depthwise, pointwise]).macs,
    }


@evaluates("conv_list_params")
def _(g: Given) -> int:
    convs = g["layers"]
    rows = [conv_row(c, out_channels=c["K"], spatial=(9, 9), bias=g["bias"]) for c in convs]
    return sum(row.n_params for row in rows)


@evaluates("conv_list_macs")
def _(g: Given) -> int:
    spatial = tuple(g["spatial"])
    return sum(conv_row(c, out_channels=c["K"], spatial=spatial).macs for c in g["layers"])


@evaluates("se_params")
def _(g: Given) -> int:
    few, bias = g["C"] // g["r"], g["bias"]
    excite = (Linear(few, bias=bias), Activation(), Linear(g["C"], bias=bias))
    gate = Gate((AdaptiveAvgPool2d(), Flatten(), *excite, Activation("Sigmoid")))
    return totals(summarize([gate], (g["C"], 9, 9))).n_params


@evaluates("layer_params")
def _(g: Given) -> int:
    layer = {"batchnorm": BatchNorm2d(), "maxpool": Pool2d(2)}[g["layer"]]
    return layer_row(layer, (g.get("C", 1), 9, 9)).n_params


@evaluates("conv_cost")
def _(g: Given) -> dict[str, int]:
    *spatial, filters = g["output"]
    row = conv_row(g, out_channels=filters, spatial=tuple(spatial))
    assert rows_first(row.output_shape) == g["output"]
    return {"macs": row.macs, "flops": row.flops}


@evaluates("fc_cost")
def _(g: Given) -> dict[str, int]:
    row = layer_row(Linear(g["outputs"]), (g["inputs"],))
    return {"macs": row.macs, "flops": row.flops}


@evaluates("flops_per_output")
def _(g: Given) -> dict[str, int]:
    row = layer_row(Conv2d(1, g["F"]), (g["Cin"], g["F"], g["F"]))
    # Adding up n products takes n - 1 sums, and the bias one more: together two for each MAC.
    return {
        "multiplications": row.macs,
        "additions": row.macs - 1,
        "bias_additions": row.bias_ops,
        "flops": row.flops,
    }


# Arithmetic on counts, with no layer in it.


@evaluates("ratio")
def _(g: Given) -> float:
    return g["a"] / g["b"]


@evaluates("difference")
def _(g: Given) -> int:
    return g["a"] - g["b"]


@evaluates("sum")
def _(g: Given) -> float:
    return sum(g["values"])


@evaluates("rank_desc")
def _(g: Given) -> list[str]:
    return sorted(g["values"], key=g["values"].get, reverse=True)


@evaluates("storage_mib")
def _(g: Given) -> float:
    assert g["bytes_per_param"] == BYTES
    return BYTES * g["params"] / 2**20


@evaluates("compressed_size")
def _(g: Given) -> float:
    assert g["bytes_per_param"] == BYTES
    return BYTES * g["alexnet_params"] / g["factor"] / 1e6


# Chains: LeNet, AlexNet, ZFNet, VGG ----------------------------------------------------------


def as_layer(t: Given) -> Layer:
    match t["t"]:
        case "conv":
            groups = t.get("g", 1)
            return Conv2d(t["out"], t["k"], stride=t["s"], padding=t["p"], groups=groups)
        case "pool":
            return Pool2d(t["k"], stride=t["s"], padding=t["p"], ceil_mode=t.get("ceil", False))
        case "norm":
            return LocalResponseNorm()
        case "gap":
            return AdaptiveAvgPool2d()
        case "flatten":
            return Flatten()
        case "fc":
            return Linear(t["out"])
    raise ValueError(t)


def n_weight_layers(rows: list[Row]) -> int:
    """Return how many convolutions and fully connected layers there are, shortcuts apart."""
    return sum(row.macs > 0 and "shortcut" not in row.name for row in rows)


@evaluates("net")
def _(g: Given) -> Any:
    rows = summarize([as_layer(t) for t in g["layers"]], channels_first(g["input"]))
    shapes = [
        rows_first(row.output_shape) if len(row.output_shape) == 3 else list(row.output_shape)
        for row in rows
    ]
    match g["want"]:
        case "layer_shape":
            return shapes[g["index"]]
        case "layer_params":
            return rows[g["index"]].n_params
        case "shapes":
            return shapes
        case "total_params":
            return totals(rows).n_params
        case "total_macs":
            return totals(rows).macs
        case "weight_layers":
            return n_weight_layers(rows)
    raise ValueError(g["want"])


@evaluates("net_minus")
def _(g: Given) -> int:
    shape = channels_first(g["input"])
    named = list(zip(g["names"], map(as_layer, g["layers"]), strict=True))
    kept = [layer for name, layer in named if name not in g["drop"]]
    whole, rest = summarize([layer for _, layer in named], shape), summarize(kept, shape)
    return totals(whole).n_params - totals(rest).n_params


# The table of the VGG paper: weight layers, and millions of parameters.
VGG = {"A": (11, 133), "B": (13, 133), "C": (16, 134), "D": (16, 138), "E": (19, 144)}


@evaluates("vgg_conv_counts")
def _(g: Given) -> list[int]:
    """Return the one plan of convolutions a block that gives the paper's depth and parameters.

    The number never falls from block to block and the first two blocks are alike, as are the
    last three; the third convolution of configuration C is 1×1.
    """
    (plan,) = [
        [first, first, last, last, last]
        for first in range(1, 5)
        for last in range(first, 6)
        if vgg_numbers(g["config"], first, last) == VGG[g["config"]]
    ]
    return plan


def vgg_numbers(config: str, first: int, last: int) -> tuple[int, int]:
    """Return weight layers and millions of parameters."""
    layers: list[Layer] = []
    for count, width in zip([first] * 2 + [last] * 3, (64, 128, 256, 512, 512), strict=True):
        sizes = [1 if config == "C" and number == 2 else 3 for number in range(count)]
        layers += [Conv2d(width, size, padding="same") for size in sizes]
        layers += [Pool2d(2)]
    rows = summarize([*layers, Flatten(), Linear(4096), Linear(4096), Linear(1000)], (3, 224, 224))
    return n_weight_layers(rows), round(totals(rows).n_params / 1e6)


# GoogLeNet -----------------------------------------------------------------------------------

INCEPTION = ("c1", "c3r", "c3", "c5r", "c5", "pool_proj")
# The columns of the paper's table; None is a pooling.
GOOGLENET = [
    (64, 96, 128, 16, 32, 32),
    (128, 128, 192, 32, 96, 64),
    None,
    (192, 96, 208, 16, 48, 64),
    (160, 112, 224, 24, 64, 64),
    (128, 128, 256, 24, 64, 64),
    (112, 144, 288, 32, 64, 64),
    (256, 160, 320, 32, 128, 128),
    None,
    (256, 160, 320, 32, 128, 128),
    (384, 192, 384, 48, 128, 128),
]


def inception(c1: int, c3r: int, c3: int, c5r: int, c5: int, pool_proj: int) -> Concat:
    return Concat(
        (
            (Conv2d(c1, 1, name="conv1"),),
            (Conv2d(c3r, 1, name="reduce3"), Conv2d(c3, 3, padding=1, name="conv3")),
            (Conv2d(c5r, 1, name="reduce5"), Conv2d(c5, 5, padding=2, name="conv5")),
            (Pool2d(3, stride=1, padding=1), Conv2d(pool_proj, 1, name="pool_proj")),
        )
    )


def naive_inception(c1: int, c3: int, c5: int) -> Concat:
    return Concat(
        (
            (Conv2d(c1, 1, name="conv1"),),
            (Conv2d(c3, 3, padding=1, name="conv3"),),
            (Conv2d(c5, 5, padding=2, name="conv5"),),
            (Pool2d(3, stride=1, padding=1),),
        )
    )


def googlenet() -> list[Row]:
    """Return the rows of GoogLeNet without its auxiliary classifiers."""
    down = Pool2d(3, stride=2, ceil_mode=True)
    stem = [
        Conv2d(64, 7, stride=2, padding=3),
        down,
        Conv2d(64, 1),
        Conv2d(192, 3, padding=1),
        down,
    ]
    modules = [down if numbers is None else inception(*numbers) for numbers in GOOGLENET]
    head = [AdaptiveAvgPool2d(), Flatten(), Linear(1000)]
    return summarize([*stem, *modules, *head], (3, 224, 224))


def inception_rows(g: Given) -> list[Row]:
    spatial = g.get("spatial", (7, 7))
    return summarize([inception(*(g[name] for name in INCEPTION))], (g["cin"], *spatial))


def macs_by_name(rows: list[Row]) -> dict[str, int]:
    macs = {row.name: row.macs for row in rows if row.macs}
    return macs | {"total": totals(rows).macs}


@evaluates("inception_weights")
def _(g: Given) -> int:
    return totals(inception_rows(g)).n_weights


@evaluates("inception_macs")
def _(g: Given) -> int:
    return totals(inception_rows(g)).macs


@evaluates("inception_shape")
def _(g: Given) -> list[int]:
    return rows_first(totals(inception_rows(g)).output_shape)


@evaluates("bottleneck_inception_macs")
def _(g: Given) -> dict[str, int]:
    return macs_by_name(inception_rows(g))


@evaluates("naive_inception_macs")
def _(g: Given) -> dict[str, int]:
    module = naive_inception(g["c1"], g["c3"], g["c5"])
    return macs_by_name(summarize([module], (g["cin"], *g["spatial"])))


@evaluates("repeat_naive_depth")
def _(g: Given) -> list[int]:
    modules = [naive_inception(g["c1"], g["c3"], g["c5"])] * g["times"]
    rows = [row for row in summarize(modules, (g["cin"], 7, 7)) if len(row.path) == 1]
    return [rows[0].input_shape[0], *(row.output_shape[0] for row in rows)]


@evaluates("googlenet_total")
def _(g: Given) -> int:
    rows = googlenet()
    total = totals(rows)
    match g["want"]:
        case "weights":
            return total.n_weights
        case "params":
            return total.n_params
        case "conv_weights":
            return total.n_weights - rows[-1].n_weights
        case "macs":
            return total.macs
    raise ValueError(g["want"])


@evaluates("googlenet_depth")
def _(g: Given) -> dict[str, int]:
    rows = googlenet()
    outermost = [row for row in rows if len(row.path) == 1]
    modules = sum(row.kind == "Stack" for row in outermost)
    pools = sum("pool" in row.kind for row in outermost)
    # The longest way through a module has two convolutions, one after the other.
    deep = sum(row.macs > 0 for row in outermost) + 2 * modules
    return {"weight_layers": deep, "with_pooling": deep + pools, "inception_modules": modules}


@evaluates("googlenet_conv_count")
def _(g: Given) -> int:
    return sum(row.kind.startswith("Conv") for row in googlenet())


# ResNet, DenseNet ----------------------------------------------------------------------------


def unit(block: str, inputs: int, width: int, stride: int) -> Residual:
    """Return a residual block, with a projection where the shapes differ."""
    if block == "basic":
        outputs, convs = width, [Conv2d(width, 3, stride=stride, padding=1, bias=False)]
        convs += [Conv2d(width, 3, padding=1, bias=False)]
    else:
        outputs, convs = 4 * width, [Conv2d(width, 1, bias=False)]
        convs += [Conv2d(width, 3, stride=stride, padding=1, bias=False)]
        convs += [Conv2d(outputs, 1, bias=False)]
    body = tuple(layer for conv in convs for layer in (conv, BatchNorm2d()))
    project = Conv2d(outputs, 1, stride=stride, bias=False, name=f"shortcut to {outputs}")
    plain = stride == 1 and inputs == outputs
    return Residual(body, () if plain else (project, BatchNorm2d()))


def stages(block: str, inputs: int, width: int, counts: list[int]) -> Iterator[Layer]:
    """Yield residual blocks; each stage but the first halves the size and doubles the width."""
    for stage, count in enumerate(counts):
        for number in range(count):
            stride = 2 if stage and not number else 1
            yield unit(block, inputs, width << stage, stride)
            inputs = (width << stage) * (1 if block == "basic" else 4)


def resnet(block: str, counts: list[int], size: int = 224) -> list[Row]:
    stem = [Conv2d(64, 7, stride=2, padding=3, bias=False, name="stem"), BatchNorm2d()]
    stem += [Pool2d(3, stride=2, padding=1)]
    head = [AdaptiveAvgPool2d(), Flatten(), Linear(1000)]
    return summarize([*stem, *stages(block, 64, 64, counts), *head], (3, size, size))


@evaluates("resnet_depth")
def _(g: Given) -> int:
    return n_weight_layers(resnet(g["block"], g["layers"]))


@evaluates("cifar_resnet_depth")
def _(g: Given) -> int:
    layers = [Conv2d(16, 3, padding=1), *stages("basic", 16, 16, [g["n"]] * 3)]
    rows = summarize([*layers, AdaptiveAvgPool2d(), Flatten(), Linear(10)], (3, 32, 32))
    return n_weight_layers(rows)


@evaluates("resnet_params")
def _(g: Given) -> int:
    return totals(resnet(g["block"], g["layers"])).n_params


@evaluates("keras_resnet_params")
def _(g: Given) -> int:
    counts = {"resnet50": [3, 4, 6, 3], "resnet152": [3, 8, 36, 3]}[g["torchvision"]]
    rows = resnet("bottleneck", counts)
    channels = sum(row.output_shape[0] for row in rows if row.kind == "Batch norm")
    assert (totals(rows).n_params, channels) == (g["trainable"], g["bn_channels"])
    return totals(rows).n_params + 3 * channels  # two statistics, and a bias before each


@evaluates("resnet_stage_shape")
def _(g: Given) -> list[int]:
    rows = resnet(g["block"], [1, 1, 1, 1], size=g["input"])
    ends = [row for row in rows if row.name == "stem" or row.kind == "Add"]
    shapes = dict(zip(["stem", "stage1", "stage2", "stage3", "stage4"], ends, strict=True))
    return rows_first(shapes[g["stage"]].output_shape)


def densenet(blocks: list[int], *, growth: int = 32, init: int = 64, bn_size: int = 4) -> list[Row]:
    body = (BatchNorm2d(), Activation(), Conv2d(bn_size * growth, 1, bias=False), BatchNorm2d())
    body += (Activation(), Conv2d(growth, 3, padding=1, bias=False))
    layers: list[Layer] = [Conv2d(init, 7, stride=2, padding=3, bias=False), BatchNorm2d()]
    layers += [Activation(), Pool2d(3, stride=2, padding=1)]
    channels = init
    for number, count in enumerate(blocks):
        if number:
            layers += [BatchNorm2d(), Activation(), Conv2d(channels // 2, 1, bias=False)]
            layers += [Pool2d(2, kind="average")]
            channels //= 2
        layers += [Dense(body)] * count
        channels += count * growth
    head = [BatchNorm2d(), Activation(), AdaptiveAvgPool2d(), Flatten(), Linear(1000)]
    return summarize([*layers, *head], (3, 224, 224))


@evaluates("densenet_params")
def _(g: Given) -> int:
    settings = {name: g[name] for name in ("growth", "init", "bn_size")}
    return totals(densenet(g["blocks"], **settings)).n_params


@evaluates("densenet_depth")
def _(g: Given) -> int:
    return n_weight_layers(densenet(g["blocks"]))


@evaluates("dense_channels")
def _(g: Given) -> list[int]:
    layer = Dense((Conv2d(g["growth"], 3, padding=1),))
    rows = summarize([layer] * g["layers"], (g["k0"], 7, 7))
    return [g["k0"], *(row.output_shape[0] for row in rows if row.kind == "Stack")]


@evaluates("dense_connections")
def _(g: Given) -> int:
    # Maps of one channel: a layer reads as many channels as connections lead to it.
    rows = summarize([Dense((Conv2d(1, 1),))] * g["L"], (1, 7, 7))
    return sum(row.input_shape[0] for row in rows if row.macs)


# Torchvision's networks, without memory for their weights ------------------------------------


def on_meta(name: str, **settings: Any) -> nn.Module:
    with torch.device("meta"):
        return torchvision.models.get_model(name, weights=None, **settings).eval()


@evaluates("torchvision_params", "torchvision_params_bn")
def _(g: Given) -> int:
    model = on_meta(g["model"], **g.get("kwargs", {}))
    n_params = sum(p.numel() for p in model.parameters())
    statistics = [b.numel() for name, b in model.named_buffers() if "running" in name]
    return n_params + (sum(statistics) if g["op"] == "torchvision_params_bn" else 0)


@evaluates("torchvision_macs")
def _(g: Given) -> int:
    model, counter = on_meta(g["model"]), FlopCounterMode(display=False)
    with counter, torch.no_grad():
        model(torch.zeros(1, 3, g["input_size"], g["input_size"], device="meta"))
    assert counter.get_total_flops() % 2 == 0
    return counter.get_total_flops() // 2


@evaluates("reported")
def _(g: Given) -> Any:
    match g["table"]:
        case "alexnet":
            return on_meta("alexnet").features[0].kernel_size[0]
        case "faster r-cnn":
            model = on_meta("fasterrcnn_resnet50_fpn", weights_backbone=None)
            words = {
                "backbone": "convnet",
                "rpn": "region proposal network",
                "box_roi_pool": "roi pooling",
                "box_head": "fully connected",
                "box_predictor": "classification and box regression heads",
            }
            parts = [*model.named_children(), *model.roi_heads.named_children()]
            return [words[name] for name, _ in parts if name in words]
    raise ValueError(g["table"])


# Values that small modules make: the core counts, torch computes ------------------------------


def numbers(values: Any) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


def linear(weight: Any, bias: Any = None) -> nn.Linear:
    layer = nn.Linear(len(weight[0]), len(weight), bias=bias is not None, dtype=torch.float64)
    with torch.no_grad():
        layer.weight.copy_(numbers(weight))
        if bias is not None:
            layer.bias.copy_(numbers(bias))
    return layer


@evaluates("residual")
def _(g: Given) -> list[float]:
    body = nn.Sequential(linear(g["W1"]), nn.ReLU(), linear(g["W2"]))
    return Sum(body, nn.Identity())(numbers(g["x"])).tolist()


@evaluates("se_forward")
def _(g: Given) -> dict[str, Any]:
    squeeze = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    excite = nn.Sequential(linear(g["W1"], g["b1"]), nn.ReLU(), linear(g["W2"], g["b2"]))
    gate = nn.Sequential(squeeze, excite, nn.Sigmoid())
    x = numbers(g["x"])[None]
    return {
        "squeeze": squeeze(x)[0].tolist(),
        "gates": gate(x)[0].tolist(),
        "output": Scale(gate)(x)[0].tolist(),
    }


@evaluates("stochastic_depth")
def _(g: Given) -> float:
    return sum(survival(g["L"], last=g["p_last"]))


@evaluates("affine_grid")
def _(g: Given) -> list[Any]:
    grid = nn.functional.affine_grid(
        numbers(g["theta"])[None], [1, 1, *g["size"]], align_corners=g["align_corners"]
    )
    return grid[0].tolist()


@evaluates("affine_sample")
def _(g: Given) -> list[Any]:
    image = numbers(g["image"])[None, None]
    corners = {"align_corners": g["align_corners"]}
    grid = nn.functional.affine_grid(numbers(g["theta"])[None], list(image.shape), **corners)
    return nn.functional.grid_sample(image, grid, **corners)[0, 0].tolist()


@evaluates("caption_regions")
def _(g: Given) -> dict[str, int]:
    vectors = g["top_regions"] + g["whole_image"]
    return {"vectors": vectors, "numbers": output_shape(Flatten(), (vectors, g["dim"]))[0]}


@evaluates("alignment_score")
def _(g: Given) -> dict[str, Any]:
    products = numbers(g["regions"]) @ numbers(g["words"]).T  # (regions, words)
    best = products.max(0).values
    firsts = (products == best).int().argmax(0)
    return {
        "inner_products": products.tolist(),
        "best_region_per_word": firsts.tolist(),
        "score": best.sum().item(),
    }


@evaluates("roi_pool")
def _(g: Given) -> list[Any]:
    top, left, bottom, right = g["roi"]
    region = numbers(g["x"])[None, top : bottom + 1, left : right + 1]
    return nn.functional.adaptive_max_pool2d(region, g["out"])[0].tolist()


@evaluates("mean_rows")
def _(g: Given) -> list[float]:
    return numbers(g["rows"]).mean(0).tolist()


# The facts -----------------------------------------------------------------------------------


def agree(found: Any, expected: Any, tolerance: float) -> bool:
    """Say whether two results are the same; counts exactly, measures within the tolerance."""
    if isinstance(expected, dict):
        return found.keys() == expected.keys() and all(
            agree(found[key], expected[key], tolerance) for key in expected
        )
    if isinstance(expected, list):
        return len(found) == len(expected) and all(
            agree(a, b, tolerance) for a, b in zip(found, expected, strict=True)
        )
    if isinstance(found, float) or isinstance(expected, float):
        return math.isclose(found, expected, rel_tol=1e-11, abs_tol=tolerance)
    return type(found) is type(expected) and found == expected


def follows(exact: float, printed: float, rule: dict[str, Any]) -> bool:
    """Say whether a printed number comes from the exact one by the rule: rounded, cut, about."""
    value = exact / rule["unit"]
    if rule["mode"] == "approx":
        return abs(value - printed) <= rule["tol"] * abs(printed)
    shift = 10 ** rule["decimals"]
    if rule["mode"] == "nearest":
        return abs(value - printed) * shift <= 0.5 + 1e-9
    assert rule["mode"] == "truncate"
    return math.floor(value * shift + 1e-9) == round(printed * shift)


@pytest.mark.parametrize("fact", FACTS, ids=[fact["id"] for fact in FACTS])
def test_fact(fact):
    found = EVALUATORS[fact["given"]["op"]](fact["given"])
    assert agree(found, fact["expect"], fact.get("tolerance", 1e-12)), found


def of_status(status: str) -> Any:
    facts = [fact for fact in FACTS if fact["status"] == status]
    return pytest.mark.parametrize("fact", facts, ids=[fact["id"] for fact in facts])


@of_status("rounded")
def test_a_printed_number_is_the_exact_one_rounded(fact):
    rule, exact = fact["source_rule"], fact["expect"]
    exact = exact[rule["field"]] if "field" in rule else exact
    assert follows(exact, fact["source_value"], rule)


@of_status("source-error")
def test_a_wrong_number_of_a_source_is_no_rounding(fact):
    printed, expect = fact["source_value"], fact["expect"]
    if isinstance(expect, dict) and not isinstance(printed, str):
        expect = expect["total"]
    match printed:
        case str():  # a sentence: the fact's note says what is wrong with it
            assert fact["note"]
        case list():
            assert printed != expect
        case _:  # more than one in a hundred away, whether a thousand is 1000 or 1024
            for value in (printed, printed * 1.024, printed * 1e6 if printed < 10 else printed):
                assert not math.isclose(value, expect, rel_tol=0.01)


@of_status("ocr-ambiguous")
def test_of_a_table_read_in_two_ways_one_is_right(fact):
    assert fact["expect"] in fact["source_value"]
    assert len(set(fact["source_value"])) == 2


@of_status("exact")
def test_an_exact_fact_has_no_other_number_beside_it(fact):
    assert "source_value" not in fact


def test_every_fact_has_an_evaluator_and_every_evaluator_a_fact():
    assert {fact["given"]["op"] for fact in FACTS} == EVALUATORS.keys()


def test_no_fact_is_missing_and_none_is_there_twice():
    topics = [fact["topic"] for fact in FACTS]
    assert {topic: topics.count(topic) for topic in topics} == TOPICS
    assert len({fact["id"] for fact in FACTS}) == len(FACTS) == 355
    keys = {"id", "topic", "given", "expect", "status", "note"}
    more = {"source_value", "source_rule", "tolerance"}
    assert all(keys <= fact.keys() <= keys | more for fact in FACTS)
    assert {fact["status"] for fact in FACTS} == {
        "exact",
        "rounded",
        "source-error",
        "ocr-ambiguous",
    }
