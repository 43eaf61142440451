"""The numbers behind one neuron, checked against what the networks themselves compute."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable
from functools import lru_cache

import numpy as np
import pytest
import torch
import torchvision
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from cnnlab import catalogue, compute, digits, loading, pretrained, samples, weights
from cnnlab.checks import InputError
from cnnlab.features import record
from cnnlab.forward_calls import Outline
from cnnlab.forward_watch import outline, run_calls
from cnnlab.model_cost import input_shape
from cnnlab.network_receptive import box_of_cell
from cnnlab.neuron import explain_cell, layer_shapes, pixel_influence
from cnnlab.neuron_story import CellStory
from cnnlab.neuron_trace import trace_neuron

FAMILIES = (  # the smallest of each
    *("alexnet", "convnext_tiny", "densenet121", "efficientnet_b0", "efficientnet_v2_s"),
    *("googlenet", "inception_v3", "mnasnet0_5", "mobilenet_v2", "mobilenet_v3_small"),
    *("regnet_x_400mf", "regnet_y_400mf", "resnet18", "resnext50_32x4d", "shufflenet_v2_x0_5"),
    *("squeezenet1_0", "vgg11", "vgg11_bn", "wide_resnet50_2"),
)
TRANSFORMERS = ("vit_b_32", "swin_t", "swin_v2_t", "maxvit_t")
SIDES = dict.fromkeys((*FAMILIES, *TRANSFORMERS), 64) | {  # pixels; some need more
    **{"alexnet": 96, "inception_v3": 96, "vit_b_32": 224, "maxvit_t": 224},
}
QUICK = ("mobilenet_v2", "resnet18", "shufflenet_v2_x0_5", "squeezenet1_0")
REL = 1e-5
Known = tuple[nn.Module, torch.Tensor, Outline]


@lru_cache(maxsize=2)
def known(name: str) -> Known:
    """Return a network with random numbers, a picture of noise, and its calls."""
    model = loading._untrained(name).to("cpu")
    side = SIDES[name]
    batch = torch.randn(1, 3, side, side, generator=torch.Generator().manual_seed(1))
    return model, batch, outline(model, batch.shape)


def some(names: Iterable[str]) -> list[object]:
    """Return networks to try; all but a few small ones count as slow."""
    return [pytest.param(n, marks=[] if n in QUICK else pytest.mark.slow, id=n) for n in names]


@pytest.fixture(scope="module", params=some(FAMILIES))
def family(request: pytest.FixtureRequest) -> Known:
    """Give one network of each family after the other, each made once."""
    return known(request.param)


def own_output(model: nn.Module, batch: torch.Tensor, layer: str) -> torch.Tensor:
    """Return what a module gives, by another way than the one that is tested: a hook."""
    with record(model, layer) as seen, torch.inference_mode():
        seen.model(batch)
    return seen.output


def numbers_of(model: nn.Module) -> str:
    """Return a hash of every parameter and buffer, byte by byte."""
    found = hashlib.sha256()
    for name, tensor in model.state_dict().items():
        found.update(name.encode() + tensor.cpu().numpy().tobytes())
    return found.hexdigest()


def n_hooks(model: nn.Module) -> int:
    return sum(
        len(value)
        for module in model.modules()
        for name, value in vars(module).items()
        if name.endswith("_hooks")
    )


def check(story: CellStory, *, strict: bool = True) -> None:
    """Assert that each number equals the network's own to 1e-5 of it.

    Where positive and negative terms cancel, float32 cannot give five digits of a sum: then 1e-6
    of the terms' sizes must do, which is what eight digits of each allow.
    """
    for step in story.steps:
        allowed = REL * abs(step.network)
        assert step.difference <= (allowed if strict else allowed + 1e-6 * step.magnitude), step
    if story.sum is not None:
        total = story.sum.contributions.sum() + (story.sum.bias or 0.0)
        assert total == pytest.approx(story.steps[0].computed, abs=1e-12 + 1e-12 * abs(total))
    if story.told:
        assert story.steps[story.told - 1].network == story.value


def some_cells(maps: tuple[int, int, int], seed: int) -> list[tuple[int, tuple[int, int]]]:
    rng = np.random.default_rng(seed)
    n_channels, height, width = maps
    corner = (int(rng.integers(n_channels)), (0, 0))
    other = (int(rng.integers(n_channels)), (height - 1, width - 1))
    inner = int(rng.integers(n_channels)), (int(rng.integers(height)), int(rng.integers(width)))
    return [corner, other, inner]


def test_no_family_is_forgotten() -> None:
    """Convolutional or not: torchvision keeps each family in a module of its own."""

    def module(name: str) -> str:
        return torchvision.models.get_model_builder(name).__module__

    tried, others = {module(name) for name in FAMILIES}, {module(name) for name in TRANSFORMERS}
    assert tried == {module(name) for name in catalogue.names() if name != catalogue.OWN}
    assert tried | others == {module(n) for n in catalogue.every_name() if n != catalogue.OWN}


# The identity -------------------------------------------------------------------------------------


def test_contributions_and_bias_give_the_convolutions_own_number(family: Known) -> None:
    """First, last, and one convolution of each number of groups and size of kernel."""
    model, batch, plan = family
    convs = {
        n: m for n, m in model.named_modules() if isinstance(m, nn.Conv2d) and n in plan.layers
    }
    kinds = {(m.groups > 1, m.kernel_size, m.stride): n for n, m in convs.items()}
    for layer in {*list(convs)[:1], *list(convs)[-1:], *kinds.values()}:
        own = own_output(model, batch, layer)[0].double().numpy()
        story = explain_cell(model, batch, layer, None, None, plan=plan)
        assert story.value == own.max()
        assert own[story.channel][story.cell] == own.max()
        assert np.array_equal(story.feature_map, own[story.channel])
        check(story)
        conv = convs[layer]
        assert len(story.sum.inputs) == conv.in_channels // conv.groups
        assert (story.sum.bias is None) == (conv.bias is None)
        for channel, cell in some_cells(own.shape, seed=len(layer)):
            story = explain_cell(model, batch, layer, channel, cell, plan=plan)
            assert story.value == own[channel][cell]
            check(story, strict=False)


@pytest.mark.parametrize(
    ("name", "layer", "after"),
    [
        ("alexnet", "features.6", "relu"),
        ("convnext_tiny", "features.5.2.block.0", "layer_norm"),
        ("densenet121", "features.denseblock3.denselayer12.conv1", "batch_norm relu"),
        ("efficientnet_b0", "features.5.0.block.0.0", "batch_norm silu"),
        ("efficientnet_v2_s", "features.5.7.block.1.0", "batch_norm silu"),
        ("googlenet", "inception4c.branch2.0.conv", "batch_norm relu"),
        ("inception_v3", "Mixed_6c.branch7x7dbl_4.conv", "batch_norm relu"),
        ("mnasnet0_5", "layers.10.1.layers.6", "batch_norm add"),
        ("mobilenet_v2", "features.9.conv.0.0", "batch_norm hardtanh"),
        ("mobilenet_v3_small", "features.7.block.0.0", "batch_norm hardswish"),
        ("regnet_x_400mf", "trunk_output.block4.block4-0.f.a.0", "batch_norm relu"),
        ("regnet_y_400mf", "trunk_output.block3.block3-3.f.se.fc2", "sigmoid"),
        ("resnet18", "layer3.0.conv1", "batch_norm relu"),
        ("resnext50_32x4d", "layer3.0.conv3", "batch_norm add relu"),
        ("shufflenet_v2_x0_5", "stage3.3.branch2.5", "batch_norm relu"),
        ("squeezenet1_0", "features.8.squeeze", "relu"),
        ("vgg11", "features.11", "relu"),
        ("vgg11_bn", "features.15", "batch_norm relu"),
        ("wide_resnet50_2", "layer3.0.conv3", "batch_norm add relu"),
    ],
)
def test_the_chain_after_a_convolution_is_the_networks_own(
    name: str, layer: str, after: str
) -> None:
    """GoogLeNet's and Inception's ReLUs are plain functions, and so are shortcuts."""
    model, batch, plan = known(name)
    story = explain_cell(model, batch, layer, None, None, plan=plan)
    assert [step.kind for step in story.steps] == ["conv2d", *after.split()]
    assert story.told == 1
    check(story)
    modules = dict(model.named_modules())
    for step in story.steps:
        if step.layer in modules:
            own = own_output(model, batch, step.layer)
            own = own.permute(0, 3, 1, 2) if plan.channels_last[plan.layers[step.layer]] else own
            assert step.network == float(own[0, step.channel, *step.cell])


def test_every_kind_of_number_is_the_networks_own(family: Known) -> None:
    every_kind(*family)


@pytest.mark.slow
@pytest.mark.parametrize("name", TRANSFORMERS)
def test_transformers_too_as_far_as_their_story_can_be_told(name: str) -> None:
    every_kind(*known(name))


def every_kind(model: nn.Module, batch: torch.Tensor, plan: Outline) -> None:
    """Every eighth layer: poolings, sums, gates, concatenations, fully connected ones."""
    layers = list(plan.layers)
    for layer in [*layers[:: max(1, len(layers) // 8)], layers[-1]]:
        maps = plan.maps(plan.layers[layer])
        story = explain_cell(model, batch, layer, None, None, plan=plan)
        assert story.maps == maps
        assert story.value == story.feature_map.max()
        assert story.steps or story.says
        check(story, strict=False)


def test_one_can_walk_from_the_class_score_to_a_pixel(family: Known) -> None:
    """Each hop goes to a layer that has exactly the number that went in."""
    model, batch, plan = family
    story = explain_cell(model, batch, list(plan.layers)[-1], None, None, plan=plan)
    with torch.inference_mode():
        scores = model(batch)[0]
    assert story.channel == int(scores.argmax())
    assert story.value == float(scores.max())
    hops = 0
    while (source := story.strongest) is not None and source.layer:
        story = explain_cell(model, batch, *source[:3], plan=plan)
        assert story.value == source.value
        check(story, strict=False)
        hops += 1
    assert source is not None
    assert source.layer == ""
    assert float(batch[0, source.channel, *source.cell]) == source.value
    assert hops >= 4


# Settings -----------------------------------------------------------------------------------------


@st.composite
def convolutions(draw):
    groups = draw(st.integers(1, 3))
    sizes = st.tuples(st.integers(1, 4), st.integers(1, 4))
    pads = st.one_of(
        st.integers(0, 3), st.tuples(st.integers(0, 3), st.integers(0, 3)), st.just("same")
    )
    padding = draw(pads)
    return nn.Conv2d(
        groups * draw(st.integers(1, 3)),
        groups * draw(st.integers(1, 3)),
        draw(sizes),
        stride=1 if padding == "same" else draw(st.one_of(st.integers(1, 3), sizes)),
        padding=padding,
        dilation=draw(st.tuples(st.integers(1, 2), st.integers(1, 2))),
        groups=groups,
        bias=draw(st.booleans()),
        padding_mode=draw(st.sampled_from(["zeros", "reflect", "replicate", "circular"])),
        dtype=torch.float64,
    )


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
@settings(max_examples=60)
@given(conv=convolutions(), data=st.data())
def test_any_convolution(conv: nn.Conv2d, data: st.DataObject) -> None:
    x = torch.randn(1, conv.in_channels, 9, 8, dtype=torch.float64)
    model = nn.Sequential(conv).eval()
    with torch.inference_mode():
        own = model(x)[0].numpy()
    channel, row, column = (data.draw(st.integers(0, length - 1)) for length in own.shape)
    story = explain_cell(model, x, "0", channel, (row, column))
    assert story.value == own[channel, row, column]
    assert story.sum.total == pytest.approx(own[channel, row, column], abs=1e-12)
    first = channel // (conv.out_channels // conv.groups) * (conv.in_channels // conv.groups)
    assert story.sum.inputs.tolist() == list(range(first, first + conv.in_channels // conv.groups))
    inside = np.where(story.sum.inside)
    rows, columns = story.sum.rows[inside[0]], story.sum.columns[inside[1]]
    for index, number in enumerate(story.sum.inputs):  # rows and columns are those of x itself
        assert np.array_equal(story.sum.patches[index][inside], x[0, number].numpy()[rows, columns])
    for index, source in story.sources.items():
        assert source.layer == ""
        assert source.value == float(x[0, source.channel, *source.cell])
        if conv.padding_mode == "zeros":
            assert source.channel == story.sum.inputs[index]
    check_player(story, list(range(min(3, len(story.sum.inputs)))))


def check_player(story: CellStory, chosen: list[int]) -> None:
    """Assert that the player's sum of the chosen channels, the others and the bias are it."""
    trace = trace_neuron(story, chosen)
    step = story.near.step
    others = np.delete(story.sum.contributions, chosen).sum()
    assert trace.totals[step] == pytest.approx(story.sum.contributions[chosen].sum(), abs=1e-9)
    whole = trace.totals[step] + others + (story.sum.bias or 0.0)
    assert whole == pytest.approx(story.sum.total, abs=1e-9)
    assert trace.sums[step] == pytest.approx(story.sum.contributions[chosen], abs=1e-9)


@st.composite
def poolings(draw):
    kernel = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    common = {
        "kernel_size": kernel,
        "stride": draw(st.one_of(st.none(), st.tuples(st.integers(1, 3), st.integers(1, 3)))),
        "padding": tuple(draw(st.integers(0, k // 2)) for k in kernel),
        "ceil_mode": draw(st.booleans()),
    }
    kind = draw(st.sampled_from(["max", "average", "adaptive"]))
    if kind == "adaptive":
        return nn.AdaptiveAvgPool2d(draw(st.tuples(st.integers(1, 5), st.integers(1, 5))))
    if kind == "max":
        return nn.MaxPool2d(**common, dilation=draw(st.integers(1, 2)))
    counted, divisor = draw(st.booleans()), draw(st.one_of(st.none(), st.integers(1, 7)))
    return nn.AvgPool2d(**common, count_include_pad=counted, divisor_override=divisor)


@settings(max_examples=60)
@given(pool=poolings(), data=st.data())
def test_any_pooling(pool: nn.Module, data: st.DataObject) -> None:
    x = torch.randn(1, 2, 9, 8, dtype=torch.float64) - 2  # where padding must not win
    model = nn.Sequential(pool).eval()
    own = model(x)[0].numpy()
    channel, row, column = (data.draw(st.integers(0, length - 1)) for length in own.shape)
    story = explain_cell(model, x, "0", channel, (row, column))
    assert story.sum.total == pytest.approx(own[channel, row, column], abs=1e-12)
    picture = x.clone().requires_grad_()  # torch's own derivative says what was read
    model(picture)[0, channel, row, column].backward()
    read = np.zeros(x.shape[2:])
    inside = np.where(story.sum.inside)
    read[story.sum.rows[inside[0]], story.sum.columns[inside[1]]] = story.sum.weights[0][inside]
    assert read == pytest.approx(picture.grad[0, channel].numpy())


@pytest.mark.parametrize(
    "act",
    [
        *(nn.ReLU(), nn.ReLU6(), nn.SiLU(), nn.Hardswish(), nn.Hardsigmoid(), nn.GELU()),
        *(nn.GELU("tanh"), nn.Sigmoid(), nn.Tanh(), nn.LeakyReLU(0.2), nn.ELU()),
        *(nn.Hardtanh(-0.5, 0.5), nn.Identity(), nn.ReLU(inplace=True), nn.Dropout()),
    ],
    ids=str,
)
@pytest.mark.parametrize("norm", [True, False])
def test_any_activation_with_and_without_batch_norm(act: nn.Module, norm: bool) -> None:
    torch.manual_seed(3)
    between = nn.BatchNorm2d(3, eps=1e-3) if norm else nn.Identity()
    model = nn.Sequential(nn.Conv2d(2, 3, 3), between, act, nn.Flatten()).double().eval()
    model.requires_grad_(False)
    if norm:
        between.running_mean.normal_()
        between.running_var.uniform_(0.1, 3)
        nn.init.normal_(between.weight)
        nn.init.normal_(between.bias)
    x = 4 * torch.randn(1, 2, 6, 6, dtype=torch.float64)
    own = model(x).detach().reshape(3, 4, 4)
    for row in range(4):
        for column in range(4):
            story = explain_cell(model, x, "0", 1, (row, column))
            last = story.steps[-1]
            assert last.computed == pytest.approx(float(own[1, row, column]), abs=1e-12)
            assert last.network == float(own[1, row, column])
    kinds = [step.kind for step in story.steps]
    assert ("batch_norm" in kinds) == norm
    assert len(kinds) == 1 + norm + (not isinstance(act, (nn.Identity, nn.Dropout)))
    if norm:
        numbers = story.steps[1].numbers
        scale = between.weight[1] / torch.sqrt(between.running_var[1] + 1e-3)
        assert numbers["scale"] == pytest.approx(float(scale))
        shift = between.bias[1] - between.running_mean[1] * scale
        assert numbers["shift"] == pytest.approx(float(shift))


class Block(nn.Module):
    """What torchvision's blocks do by plain functions."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 2, 3, padding=1)
        self.side = nn.Conv2d(2, 2, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out = self.conv(x)
        out += self.side(x)
        out = functional.relu(out, inplace=True)
        gate = torch.sigmoid(out.mean((2, 3), keepdim=True))
        return torch.cat([gate * out, x], 1) * 2 - 1


def test_what_blocks_do_by_plain_functions_is_told() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(Block(), nn.AvgPool2d(2)).eval()
    x = torch.randn(1, 2, 4, 4)
    plan = outline(model, x.shape)
    assert list(plan.layers) == [
        *("0.conv", "0.side", "0:add", "0:relu", "0:mean", "0:sigmoid", "0:mul", "0:mul~2"),
        *("0", "1"),
    ]
    model.requires_grad_(False)
    with torch.inference_mode():
        summed = model[0].conv(x) + model[0].side(x)
        relu = summed.relu()
        gate = relu.mean((2, 3), keepdim=True).sigmoid()
    story = explain_cell(model, x, "0:add", 1, (2, 3))
    assert story.value == float(summed[0, 1, 2, 3])
    assert [source.layer for source in story.sources.values()] == ["0.conv", "0.side"]
    assert story.sum.contributions == pytest.approx(
        [float(model[0].conv(x)[0, 1, 2, 3]), float(model[0].side(x)[0, 1, 2, 3])]
    )
    # The convolution's own number, though the next line of the block adds to it in place.
    story = explain_cell(model, x, "0.conv", 1, (2, 3))
    assert story.value == float(model[0].conv(x)[0, 1, 2, 3])
    assert [step.kind for step in story.steps] == ["conv2d", "add", "relu"]
    assert story.steps[1].others[0].layer == "0.side"
    story = explain_cell(model, x, "0", 1, (2, 3))
    assert [step.kind for step in story.steps] == ["add", "relu", "mul", "mul", "sub"]
    assert story.steps[2].others[0].layer == "0:sigmoid"
    assert story.steps[2].others[0].value == pytest.approx(float(gate[0, 1, 0, 0]))
    assert story.value == pytest.approx(float(2 * gate[0, 1, 0, 0] * relu[0, 1, 2, 3] - 1))
    check(story)
    story = explain_cell(model, x, "0", 3, (2, 3))  # of this one the picture is the source
    assert story.strongest == ("", 1, (2, 3), float(x[0, 1, 2, 3]))
    assert story.value == pytest.approx(float(2 * x[0, 1, 2, 3] - 1))
    story = explain_cell(model, x, "0:mean", 1, (0, 0))
    assert story.sum.patches.shape == (1, 4, 4)
    check(story)


def test_what_cannot_be_told_is_said_in_a_sentence() -> None:
    class Odd(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.cumsum(x, dim=2)

    x = torch.rand(1, 1, 3, 3)
    model = nn.Sequential(Odd(), nn.ReLU())
    story = explain_cell(model, x, "0", 0, (2, 1))
    assert "made inside it: open one of its parts" in story.says
    assert story.value == pytest.approx(float(x[0, 0, :, 1].sum()))
    assert story.strongest is None
    story = explain_cell(model, x, "1", 0, (2, 1))
    assert "the number that 0 gives is made inside it" in story.says
    assert [step.kind for step in story.steps] == ["relu"]
    model, batch, plan = known("vit_b_32")
    layer = "encoder.layers.encoder_layer_0.dropout"  # it passes on what attention gives
    story = explain_cell(model, batch, layer, 0, (3, 0), plan=plan)
    assert "made inside it" in story.says
    own = float(own_output(model, batch, layer)[0, 3, 0])
    assert story.value == pytest.approx(own, rel=1e-5)  # torch has a fast way for attention


def test_only_what_gives_something_of_its_own_is_a_layer() -> None:
    model = nn.Sequential(nn.Conv2d(1, 1, 1), nn.Identity(), nn.ReLU6(), nn.Dropout()).eval()
    plan = outline(model, (1, 1, 3, 3))
    assert list(plan.layers) == ["0", "2", "3"]
    story = explain_cell(model, torch.rand(1, 1, 3, 3), "3", 0, (1, 1), plan=plan)
    assert [step.title for step in story.steps] == ["Convolution, 1 × 1 × 1", "ReLU6"]
    assert story.told == 2


def test_a_layer_that_runs_twice_has_a_name_for_each_run() -> None:
    model, batch, plan = known("resnet18")
    shapes = layer_shapes(plan)
    assert shapes["layer1.0.relu"] == (64, 16, 16)
    first = explain_cell(model, batch, "layer1.0.relu~1", 3, (5, 6), plan=plan)
    last = explain_cell(model, batch, "layer1.0.relu", 3, (5, 6), plan=plan)
    assert [step.layer for step in first.steps] == [
        *("layer1.0.conv1", "layer1.0.bn1", "layer1.0.relu~1"),
    ]
    assert [step.layer for step in last.steps] == ["layer1.0:add", "layer1.0.relu"]
    assert last.value == float(own_output(model, batch, "layer1.0")[0, 3, 5, 6])


# Links that are wrong -----------------------------------------------------------------------------


def test_what_does_not_exist_is_refused_in_one_sentence() -> None:
    model, batch, plan = known("resnet18")
    with pytest.raises(InputError, match=r"no layer 'layer2.0.conv3'; it has layer2.0.conv2 or"):
        explain_cell(model, batch, "layer2.0.conv3", 0, (0, 0), plan=plan)
    with pytest.raises(InputError, match=r"channel of layer2.0.conv1 must be at most 127, got 128"):
        explain_cell(model, batch, "layer2.0.conv1", 128, (0, 0), plan=plan)
    with pytest.raises(InputError, match=r"the row of a cell of layer2.0.conv1 must be at most 7"):
        explain_cell(model, batch, "layer2.0.conv1", 0, (8, 0), plan=plan)
    with pytest.raises(InputError, match=r"the column of a cell .* must be at least 0, got -1"):
        pixel_influence(model, batch, "layer2.0.conv1", 0, (0, -1), plan=plan)


# What counts among the pixels ---------------------------------------------------------------------


def test_the_influence_of_pixels_is_torchs_own_derivative() -> None:
    model, batch, plan = known("resnet18")
    stem = nn.Sequential(*list(model.children())[:5])  # up to layer1
    picture = batch.clone().requires_grad_()
    stem(picture)[0, 7, 9, 3].backward()
    want = picture.grad[0].abs().sum(0).numpy()
    found = pixel_influence(model, batch, "layer1", 7, (9, 3), plan=plan)
    assert found.shape == (64, 64)
    assert found == pytest.approx(want, rel=1e-4, abs=1e-6 * float(want.max()))
    assert found.max() > 0


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("resnet18", "layer2.0.conv1"),
        ("squeezenet1_0", "features.7.expand3x3"),
        ("mobilenet_v2", "features.4.conv.1.0"),
        ("shufflenet_v2_x0_5", "stage2.1.branch2.3"),
    ],
)
def test_no_pixel_beyond_the_theoretical_field_has_an_influence(name: str, layer: str) -> None:
    """And inside it many have: the two are found in quite different ways."""
    model, _, _ = known(name)
    batch = torch.randn(1, *input_shape(name), generator=torch.Generator().manual_seed(2))
    plan = outline(model, batch.shape)
    _, rows, columns = plan.maps(plan.layers[layer])
    for cell in ((0, 0), (rows // 2, columns // 3), (rows - 1, columns - 1)):
        top, left, bottom, right = box_of_cell(name, layer, cell)
        open_one = explain_cell(model, batch, layer, None, cell, plan=plan).channel
        field = pixel_influence(model, batch, layer, open_one, cell, plan=plan)
        seen = np.zeros(field.shape, dtype=bool)
        seen[max(top, 0) : bottom, max(left, 0) : right] = True
        assert not field[~seen].any()
        assert np.mean(field[seen] > 0) > 0.2


def test_a_closed_activation_has_no_influence() -> None:
    model = nn.Sequential(nn.Conv2d(1, 1, 1), nn.ReLU()).eval()
    nn.init.constant_(model[0].bias, -9.0)
    assert pixel_influence(model, torch.zeros(1, 1, 3, 3), "1", 0, (1, 1)).max() == 0


# The shared network stays as it is ----------------------------------------------------------------


def test_nothing_is_left_on_the_network_after_success_error_or_cancelling() -> None:
    model, batch, plan = known("resnet18")
    before = numbers_of(model)
    explain_cell(model, batch, "layer3.0.conv1", None, None, plan=plan)
    pixel_influence(model, batch, "layer3.0.conv1", 0, (1, 1), plan=plan)
    assert n_hooks(model) == 0
    with pytest.raises(RuntimeError):
        explain_cell(model, torch.zeros(1, 5, 64, 64), "layer3", 0, (0, 0), plan=plan)
    assert n_hooks(model) == 0
    with pytest.raises(RuntimeError):
        outline(model, (1, 5, 64, 64))
    assert n_hooks(model) == 0
    started = threading.Event()

    def job() -> None:
        started.set()
        for _ in range(10_000):
            run_calls(model, batch, plan, {len(plan.calls) - 1})

    queue = compute.WorkQueue(workers=1, capacity=1)
    with queue.submit("long", job) as ticket:
        started.wait(20)
    assert ticket.wait(20)
    with pytest.raises(compute.Cancelled):
        ticket.result()
    queue.shutdown()
    assert n_hooks(model) == 0
    assert numbers_of(model) == before
    assert all(parameter.grad is None for parameter in model.parameters())


def test_two_stories_of_one_network_at_once_do_not_mix() -> None:
    model, batch, plan = known("squeezenet1_0")
    pictures = [batch, batch.flip(3), 0.5 * batch, -batch]
    layers = ["features.3", "features.12.expand3x3", "features.3", "classifier.1"]
    jobs = list(zip(pictures, layers, strict=True))
    before = numbers_of(model)

    def once(picture: torch.Tensor, layer: str) -> tuple[float, ...]:
        story = explain_cell(model, picture, layer, None, None)
        field = pixel_influence(model, picture, layer, story.channel, story.cell, plan=plan)
        return story.value, *story.sum.contributions.tolist(), float(field.sum())

    expected, wrong = [once(*job) for job in jobs], []

    def work(job: tuple[torch.Tensor, str], answer: tuple[float, ...]) -> None:
        wrong.extend(once(*job) != answer for _ in range(5))

    threads = [
        threading.Thread(target=work, args=pair) for pair in zip(jobs, expected, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == [False] * 20
    assert len({answer[0] for answer in expected}) == 4
    assert n_hooks(model) == 0
    assert numbers_of(model) == before


# Real weights -------------------------------------------------------------------------------------


def test_the_digit_network_from_its_answer_to_a_pixel() -> None:
    """Its weights are always there."""
    batch = pretrained.preprocess(digits.sample_digit("digit-7-1"), catalogue.OWN)
    model = loading.load(catalogue.OWN)
    plan = outline(model, batch.shape)
    story = explain_cell(model, batch, "fc2", None, None, plan=plan)
    assert story.channel == 7
    hops = [story.layer]
    while story.strongest is not None and story.strongest.layer:
        story = explain_cell(model, batch, *story.strongest[:3], plan=plan)
        check(story, strict=False)
        own = own_output(model, batch, story.layer)
        at = (0, story.channel, *story.cell)[: own.ndim]
        assert story.value == float(own[at])
        hops.append(story.layer)
    assert hops == ["fc2", "relu3", "pool2", "relu2", "pool1", "relu1"]
    pixel = story.strongest
    assert pixel is not None
    assert float(batch[0, 0, *pixel.cell]) == pixel.value


@pytest.mark.skipif(not weights.is_cached("squeezenet1_0"), reason="no weights of squeezenet1_0")
def test_squeezenet_on_the_cat_from_its_class_to_a_pixel() -> None:
    name = "squeezenet1_0"
    batch = pretrained.preprocess(samples.sample("cat"), name)
    model = loading.load(name)
    best = pretrained.classify(samples.sample("cat"), name, k=1)[0]
    plan = outline(model, batch.shape)
    story = explain_cell(model, batch, list(plan.layers)[-1], None, None, plan=plan)
    assert story.channel == best.index
    hops = [story.layer]
    while story.strongest is not None and story.strongest.layer:
        source = story.strongest
        story = explain_cell(model, batch, *source[:3], plan=plan)
        assert story.value == source.value
        check(story, strict=False)
        if "." in story.layer and ":" not in story.layer and "~" not in story.layer:
            own = own_output(model, batch, story.layer)
            assert story.value == float(own[0, story.channel, *story.cell])
        hops.append(story.layer)
    assert hops[:2] == ["classifier", "classifier.2"]
    assert hops[-1] == "features.1"
    assert story.strongest.layer == ""


@pytest.mark.skipif(not weights.is_cached("squeezenet1_0"), reason="no weights of squeezenet1_0")
@pytest.mark.parametrize("layer", ["features.0", "features.3.squeeze", "features.9.expand3x3"])
def test_squeezenets_trained_convolutions_on_the_cat(layer: str) -> None:
    batch = pretrained.preprocess(samples.sample("cat"), "squeezenet1_0")
    model = loading.load("squeezenet1_0")
    own = own_output(model, batch, layer)[0].double().numpy()
    story = explain_cell(model, batch, layer, None, None)
    assert story.value == own.max()
    check(story)
    for channel, cell in some_cells(own.shape, seed=5):
        story = explain_cell(model, batch, layer, channel, cell)
        assert story.value == own[channel][cell]
        check(story, strict=False)
        check_player(story, story.sum.by_size()[:3].tolist())


def test_the_player_refuses_what_it_cannot_show() -> None:
    model = nn.Sequential(nn.Conv2d(6, 1, 3), nn.MaxPool2d(3))
    x = torch.rand(1, 6, 5, 5)
    with pytest.raises(InputError, match="only a convolution"):
        trace_neuron(explain_cell(model, x, "1", 0, (0, 0)), [0])
    story = explain_cell(model, x, "0", 0, (0, 0))
    with pytest.raises(InputError, match="choose 1 to 4 input channels, got 5"):
        trace_neuron(story, [0, 1, 2, 3, 4])
