"""Costs of torchvision's networks: against torch's counts, published ones, and by hand."""

import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError, dataclass
from functools import cache
from pathlib import Path

import pytest
import torch
import torchvision.models
from torch.nn.modules import module as torch_module
from torch.utils._python_dispatch import is_in_torch_dispatch_mode
from torch.utils.flop_counter import FlopCounterMode

from cnnlab import catalogue, cost, features, model_cost, module_counter
from cnnlab.checks import InputError
from cnnlab.layers import BatchNorm2d, Conv2d, Dropout, Linear, Pool2d
from cnnlab.model_cost import ModelRow, input_shape, model_names, model_totals, summarize_model

ROOT = Path(__file__).resolve().parents[1]
NAMES = model_names()
SUMS = ("n_weights", "n_biases", "n_params", "macs", "flops", "n_activations")
HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks")


@cache
def by_name(name: str) -> dict[str, ModelRow]:
    return {row.name: row for row in summarize_model(name)}


# Every network ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Network:
    name: str
    model: torch.nn.Module  # without numbers
    rows: list[ModelRow]


@pytest.fixture(scope="module", params=NAMES)  # pytest runs all tests of a network together
def network(request) -> Network:
    name = request.param
    return Network(name, model_cost._build(name), summarize_model(name))


def test_the_names_are_all_of_torchvisions_classification_networks():
    assert len(NAMES) >= 80
    assert set(catalogue.names()) < set(NAMES)
    assert {"vit_h_14", "swin_v2_b", "maxvit_t", "regnet_y_128gf", "inception_v3"} < set(NAMES)


def test_parameters_and_macs_agree_with_torch(network):
    total = model_totals(network.rows)
    assert total.n_params == sum(parameter.numel() for parameter in network.model.parameters())
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        output = network.model(torch.empty(1, *input_shape(network.name), device="meta"))
    assert 2 * total.macs == total.flops == counter.get_total_flops()
    assert total.output_shape == output.shape[1:] == (1000,)
    assert total.input_shape == input_shape(network.name)


def test_parameters_and_macs_agree_with_what_torchvision_publishes(network):
    meta = torchvision.models.get_model_weights(network.name).DEFAULT.meta
    total = model_totals(network.rows)
    assert total.n_params == meta["num_params"]
    assert round(total.macs / 1e9, 3) == meta["_ops"]  # GMACs with three digits


def test_rows_form_a_tree_that_adds_up(network):
    rows = network.rows
    parts: dict[tuple[int, ...], list[ModelRow]] = {row.path: [] for row in rows}
    for row in rows[1:]:
        parts[row.path[:-1]].append(row)
    assert (rows[0].path, rows[0].name) == ((), network.name)
    assert [row.path for row in rows] == sorted(parts)  # each row stands before what lies below it
    for row in rows:
        below = parts[row.path]
        assert row.is_leaf == (not below)
        assert row.n_parts == len(below)
        assert row.depth == len(row.path)
        assert [part.path[-1] for part in below] == list(range(len(below)))
        for key in SUMS if below else ():
            assert getattr(row, key) == sum(getattr(part, key) for part in below), (row.name, key)
    total = model_totals(rows)
    for key in SUMS:
        assert getattr(total, key) == getattr(rows[0], key)


def test_every_module_and_parameter_has_its_row(network):
    table = {row.name: row for row in network.rows}
    assert len(table) == len(network.rows)
    modules = {title or network.name: module for title, module in network.model.named_modules()}
    assert set(modules) <= set(table)
    for title in table.keys() - modules.keys():
        assert table[title].kind == "Matrix products" or table[title].n_params > 0, title
    for title, module in modules.items():
        own = sum(parameter.numel() for parameter in module.parameters())
        assert table[title].n_params == own, title


def test_what_runs_has_shapes(network):
    for row in network.rows:
        if row.calls:
            assert min(row.input_shape + row.output_shape) > 0
        if row.macs:
            assert row.n_activations > 0
            assert row.output_shape
    asleep = [row.name for row in network.rows if row.depth == 1 and not row.output_shape]
    expected = {"inception_v3": ["AuxLogits"], "vit": ["class_token"]}
    assert asleep == expected.get(network.name, expected.get(network.name.split("_")[0], []))


# Chosen rows --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "layer", "shape"),
    [
        ("resnet50", "layer1", (256, 56, 56)),
        ("resnet50", "layer4.2.conv3", (2048, 7, 7)),
        ("vgg16", "features", (512, 7, 7)),
        ("vgg16", "classifier.0", (4096,)),
        ("alexnet", "features.0", (64, 55, 55)),
        ("inception_v3", "Mixed_7c", (2048, 8, 8)),
        ("densenet121", "features.denseblock1", (256, 56, 56)),
        ("vit_b_16", "encoder", (197, 768)),
        ("vit_b_16", "encoder.layers.encoder_layer_0.self_attention.in_proj", (197, 2304)),
        ("swin_t", "features.1", (56, 56, 96)),
        ("maxvit_t", "blocks", (512, 7, 7)),
    ],
)
def test_output_shape(name, layer, shape):
    assert by_name(name)[layer].output_shape == shape


def test_input_shape_of_a_layer():
    assert by_name("resnet50")["layer2"].input_shape == (256, 56, 56)
    assert by_name("densenet121")["features.denseblock1.denselayer2"].input_shape == (96, 56, 56)
    assert by_name("vgg16")["classifier"].input_shape == (512 * 7 * 7,)


def test_shapes_are_those_of_a_real_run():
    seen = features.spatial_layers(torchvision.models.squeezenet1_1())
    assert seen == {name: by_name("squeezenet1_1")[name].output_shape for name in seen}


def test_first_layer_of_alexnet_by_hand():
    row = by_name("alexnet")["features.0"]
    assert row.kind == "Conv 11×11, 64, stride 4, padding 2"
    assert (row.n_weights, row.n_biases) == (64 * 3 * 11 * 11, 64)
    assert row.macs == 55 * 55 * 64 * 3 * 11 * 11
    assert row.flops == 2 * row.macs
    assert row.activation_bytes == 4 * 64 * 55 * 55
    assert row.weight_bytes == 4 * (64 * 3 * 11 * 11 + 64)


def test_attention_by_hand():
    table = by_name("vit_b_16")
    tokens, width, heads = 14 * 14 + 1, 768, 12
    attention = "encoder.layers.encoder_layer_0.self_attention"
    parts = [row for row in table.values() if row.name.startswith(f"{attention}.")]
    assert [row.name.removeprefix(attention) for row in parts] == [
        ".in_proj",
        ".matmul",
        ".out_proj",
    ]
    into, products, out = parts
    assert (into.n_weights, into.n_biases) == (3 * width * width, 3 * width)
    assert into.macs == tokens * width * 3 * width
    assert into.kind == "Fully connected 2304"
    assert products.macs == 2 * heads * tokens * tokens * (width // heads)
    assert products.n_activations == heads * tokens * tokens + tokens * width
    assert products.calls == 2
    assert out.macs == tokens * width * width
    assert table[attention].macs == sum(row.macs for row in parts)


@pytest.mark.parametrize(
    ("name", "row", "n_params"),
    [
        ("vit_b_16", "class_token", 768),
        ("vit_b_16", "encoder.pos_embedding", 197 * 768),
        ("convnext_tiny", "features.1.0.layer_scale", 96),
        ("swin_t", "features.1.0.attn.relative_position_bias_table", 13 * 13 * 3),
        ("swin_v2_t", "features.1.0.attn.logit_scale", 3),
    ],
)
def test_parameters_of_a_module_with_parts_have_a_row(name, row, n_params):
    found = by_name(name)[row]
    assert (found.kind, found.n_params, found.macs, found.is_leaf) == (
        "Parameter",
        n_params,
        0,
        True,
    )


def test_weights_used_without_calling_their_module_are_credited_to_it():
    row = by_name("swin_t")["features.1.0.attn.qkv"]  # 64 windows of 7 × 7
    assert row.macs == 56 * 56 * 96 * 288
    assert (row.input_shape, row.output_shape, row.calls) == ((64, 49, 96), (64, 49, 288), 1)


def test_a_module_that_runs_three_times_writes_three_times():
    row = by_name("resnet50")["layer1.0.relu"]
    assert row.calls == 3
    assert row.n_activations == (64 + 64 + 256) * 56 * 56
    assert row.output_shape == (256, 56, 56)


def test_helpers_of_training_have_parameters_and_no_macs():
    rows = [row for row in summarize_model("inception_v3") if row.name.startswith("AuxLogits")]
    assert {(row.calls, row.macs, row.output_shape) for row in rows} == {(0, 0, ())}
    assert rows[0].n_params == 3326696


def test_parts_stand_in_the_order_in_which_they_run():
    names = [row.name for row in summarize_model("resnet50") if row.path[:2] == (4, 0)]
    assert [name.removeprefix("layer1.0.") for name in names[1:5]] == [
        "conv1",
        "bn1",
        "relu",
        "conv2",
    ]
    top = [row.name for row in summarize_model("vit_b_16") if row.depth == 1]
    assert top == ["conv_proj", "class_token", "encoder", "heads"]  # made in another order


def test_kinds_use_the_words_of_the_other_table():
    kinds = Counter(row.kind for row in summarize_model("vgg16"))
    assert kinds["ReLU"] == 15
    assert kinds["Max pool 2×2, stride 2"] == 5
    assert kinds["Fully connected 4096"] == 2
    assert kinds["Dropout 0.5"] == 2
    assert kinds["Conv 3×3, 64, padding 1"] == 2
    assert by_name("vgg16")["avgpool"].kind == "Average pool to 7×7"
    assert by_name("resnet50")["avgpool"].kind == "Global average pool"
    assert by_name("densenet121")["features.transition1.pool"].kind == "Average pool 2×2, stride 2"
    assert by_name("resnet50")["bn1"].kind == "Batch norm"
    assert (
        by_name("resnext50_32x4d")["layer1.0.conv2"].kind == "Conv 3×3, 128, padding 1, groups 32"
    )
    assert by_name("vit_b_16")["encoder.ln"].kind == "Layer norm"


@pytest.mark.parametrize(
    ("name", "layer", "same"),
    [
        ("resnet50", "conv1", Conv2d(64, 7, stride=2, padding=3, bias=False)),
        ("resnet50", "bn1", BatchNorm2d()),
        ("resnet50", "maxpool", Pool2d(3, stride=2, padding=1)),
        ("resnet50", "fc", Linear(1000)),
        ("mobilenet_v2", "features.2.conv.1.0", Conv2d(96, 3, 2, 1, groups=96, bias=False)),
        ("vgg16", "classifier.2", Dropout(0.5)),
    ],
)
def test_a_layer_costs_what_the_table_of_described_layers_says(name, layer, same):
    ours = by_name(name)[layer]
    theirs = cost.layer_row(same, ours.input_shape)
    for key in (*SUMS, "kind", "output_shape", "activation_bytes", "weight_bytes"):
        assert getattr(ours, key) == getattr(theirs, key), key


# Sizes of pictures, names, totals -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "size"),
    [("resnet50", 224), ("inception_v3", 299), ("vit_h_14", 518), ("efficientnet_b7", 600)],
)
def test_pictures_have_the_size_of_the_recommended_weights(name, size):
    assert input_shape(name) == (3, size, size)


@pytest.mark.parametrize("function", [summarize_model, input_shape])
def test_unknown_names_are_refused(function):
    with pytest.raises(InputError, match=r"no classification network called 'resnet-50'; did you"):
        function("resnet-50")
    with pytest.raises(InputError, match="called 'ResNet50'; did you mean resnet50"):
        function("ResNet50")
    for wrong in ("", "zzzz", "fcn_resnet50_", None, 5, ["resnet50"]):
        with pytest.raises(InputError, match="torchvision has no classification network"):
            function(wrong)


def test_nothing_has_no_totals():
    with pytest.raises(InputError, match="without layers has no totals"):
        model_totals([])


def test_totals_of_a_part():
    rows = [row for row in summarize_model("resnet50") if row.path[:1] == (4,)]
    total = model_totals(rows)
    assert (total.name, total.kind, total.path) == ("Total", "", ())
    assert total.macs == by_name("resnet50")["layer1"].macs > 0
    assert total.output_shape == (256, 56, 56)


def test_a_kept_table_cannot_be_spoilt():
    rows = summarize_model("alexnet")
    with pytest.raises(FrozenInstanceError):
        rows[0].macs = 0
    rows.clear()
    assert len(summarize_model("alexnet")) == 24


# Nothing stays behind -----------------------------------------------------------------------------


def global_hooks() -> dict[str, int]:
    names = [name for name in vars(torch_module) if name.startswith("_global") and "hooks" in name]
    assert len(names) >= 4
    return {name: len(getattr(torch_module, name) or ()) for name in names}


def hooks_on(model: torch.nn.Module) -> int:
    return sum(len(getattr(module, name)) for module in model.modules() for name in HOOKS)


@pytest.fixture
def built(monkeypatch):
    """Give the networks that are built while a test runs, and no kept tables."""
    models = []
    build = model_cost._build
    model_cost._table.cache_clear()
    monkeypatch.setattr(model_cost, "_build", lambda name: models.append(build(name)) or models[-1])
    return models


def test_no_hook_is_left(built):
    before = global_hooks()
    summarize_model("resnet18")
    assert global_hooks() == before
    assert [hooks_on(model) for model in built] == [0]


def test_no_hook_and_no_mode_is_left_after_an_error(built, monkeypatch):
    before = global_hooks()
    monkeypatch.setattr(model_cost, "input_shape", lambda name: (3, 8, 8))  # too small to pool
    with pytest.raises(RuntimeError, match="too small"):
        summarize_model("alexnet")
    assert global_hooks() == before
    assert [hooks_on(model) for model in built] == [0]
    assert torch.empty(1).device.type == "cpu"
    assert torch.overrides._get_current_function_mode() is None


def test_random_numbers_go_on_as_if_nothing_had_happened(built):
    before = torch.get_rng_state()
    summarize_model("resnet18")
    summarize_model("vit_b_16")
    assert len(built) == 2
    assert torch.equal(torch.get_rng_state(), before)


def test_threads_do_not_disturb_each_other(built):
    names = ("resnet18", "vit_b_32", "swin_t", "resnet18", "regnet_x_400mf", "swin_t")
    alone = [summarize_model(name) for name in names]
    built.clear()
    model_cost._table.cache_clear()
    start = threading.Barrier(len(names))

    def work(name: str) -> list[ModelRow]:
        start.wait(timeout=60)
        return summarize_model(name)

    with ThreadPoolExecutor(len(names)) as pool:
        together = list(pool.map(work, names))
    assert together == alone
    assert len(built) >= 4


def state() -> list[object]:
    return [
        torch.empty(1).device.type,
        torch.get_default_device(),
        torch.get_default_dtype(),
        torch.is_grad_enabled(),
        torch.overrides._get_current_function_mode(),
        is_in_torch_dispatch_mode(),
        global_hooks(),
    ]


def test_other_threads_see_neither_mode():
    before = state()
    model = model_cost._build("alexnet")
    inside, done = threading.Event(), threading.Event()

    def hold() -> None:
        with model_cost._EmptyOnMeta(), module_counter._Counter(model):
            inside.set()
            done.wait(timeout=60)

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        assert inside.wait(timeout=60)
        assert state() == before
    finally:
        done.set()
        thread.join()


def test_the_thread_itself_is_as_before(built):
    before = state()
    summarize_model("resnet18")
    assert len(built) == 1
    assert state() == before
    assert before[:4] == ["cpu", torch.device("cpu"), torch.float32, True]  # by earlier tests too


PEAK = """
import resource, sys
import torch, torchvision.models
from cnnlab.model_cost import model_totals, summarize_model

def peak():
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit

before = peak()
print(*(model_totals(summarize_model(name)).weight_bytes for name in sys.argv[1:]))
print(peak() - before)
"""


def test_no_weights_are_made():
    pytest.importorskip("resource", reason="tells the most memory that a process ever had")
    done = subprocess.run(
        [sys.executable, "-c", PEAK, "vgg16", "resnet152", "regnet_y_128gf"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    *weights, peak = (int(word) for word in done.stdout.split())
    assert sum(weights) > 3e9
    assert peak < 60e6  # about 20 MB measured
