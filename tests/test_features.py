"""Private copies, recording one layer, and which layers there are."""

import copy
import threading

import pytest
import torch
import torchvision
from torch import nn
from torch.nn import functional

from cnnlab.catalogue import names
from cnnlab.checks import InputError
from cnnlab.features import default_layer, layer_name, private_copy, record, spatial_layers

# One or two networks of every family, the usual layer, and its (C, H, W) at 224 × 224.
USUAL = {
    "alexnet": ("features.11", (256, 13, 13)),
    "convnext_tiny": ("features", (768, 7, 7)),
    "densenet121": ("features", (1024, 7, 7)),
    "efficientnet_b0": ("features", (1280, 7, 7)),
    "efficientnet_v2_s": ("features", (1280, 7, 7)),
    "googlenet": ("inception5b", (1024, 7, 7)),
    "inception_v3": ("Mixed_7c", (2048, 5, 5)),
    "mnasnet0_5": ("layers", (1280, 7, 7)),
    "mobilenet_v2": ("features", (1280, 7, 7)),
    "mobilenet_v3_small": ("features", (576, 7, 7)),
    "regnet_x_400mf": ("trunk_output", (400, 7, 7)),
    "regnet_y_400mf": ("trunk_output", (440, 7, 7)),
    "resnet18": ("layer4", (512, 7, 7)),
    "resnet50": ("layer4", (2048, 7, 7)),
    "resnext50_32x4d": ("layer4", (2048, 7, 7)),
    "shufflenet_v2_x0_5": ("conv5", (1024, 7, 7)),
    "squeezenet1_0": ("features", (512, 13, 13)),
    "vgg11": ("features.19", (512, 14, 14)),
    "vgg11_bn": ("features.27", (512, 14, 14)),
    "wide_resnet50_2": ("layer4", (2048, 7, 7)),
}


def network(name: str) -> nn.Module:
    torch.manual_seed(0)
    quick = {"init_weights": False} if name.startswith(("vgg", "google", "incep")) else {}
    return torchvision.models.get_model(name, weights=None, **quick).eval()


def n_hooks(model: nn.Module) -> int:
    return sum(
        len(value)
        for module in model.modules()
        for name, value in vars(module).items()
        if name.endswith("_hooks")
    )


class Adds(nn.Module):
    """Changes what its layer gave out in the next line, as ResNet and DenseNet do."""

    def __init__(self, change):
        super().__init__()
        self.layer = nn.Conv2d(3, 4, 3, bias=False)
        self.change = change

    def forward(self, x):
        y = self.layer(x)
        if self.change == "add":
            y += 1
        elif self.change == "relu":
            functional.relu(y, inplace=True)
        return (y * y).sum((2, 3))


# private_copy


@pytest.mark.parametrize("name", ["densenet121", "mobilenet_v3_small", "resnet18", "googlenet"])
def test_a_private_copy_shares_every_number_and_gives_the_same_answer(name):
    model = network(name).requires_grad_(False)
    twin = private_copy(model)
    pairs = zip(model.named_modules(), twin.named_modules(), strict=True)
    assert all(mine is not yours and a == b for (a, mine), (b, yours) in pairs)
    mine, yours = model.state_dict(keep_vars=True), twin.state_dict(keep_vars=True)
    assert all(mine[key] is yours[key] for key in mine | yours)
    picture = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        assert torch.equal(model(picture), twin(picture))


def test_a_private_copy_overwrites_nothing():
    model = network("vgg11")
    before = [getattr(module, "inplace", None) for module in model.modules()]
    assert True in before
    assert not any(getattr(module, "inplace", False) for module in private_copy(model).modules())
    assert [getattr(module, "inplace", None) for module in model.modules()] == before


def test_a_private_copy_evaluates_and_leaves_the_original_in_training():
    model = nn.Sequential(nn.Dropout(), nn.BatchNorm2d(3)).train()
    assert not any(module.training for module in private_copy(model).modules())
    assert all(module.training for module in model.modules())


def test_hooks_stay_behind():
    model, calls = nn.Sequential(nn.Conv2d(3, 2, 1), nn.ReLU()), []
    model[0].register_forward_hook(lambda *_: calls.append("forward"))
    model[0].register_forward_pre_hook(lambda *_: calls.append("before"))
    model[1].register_full_backward_hook(lambda *_: calls.append("backward"))
    model.register_forward_hook(lambda *_, **__: calls.append("keywords"), with_kwargs=True)
    model.register_state_dict_post_hook(lambda *_: calls.append("state"))
    kept = n_hooks(model)
    twin = private_copy(model)
    assert n_hooks(twin) == 0
    twin(torch.ones(1, 3, 4, 4)).sum().backward()
    twin.state_dict()
    assert calls == []
    twin[0].register_forward_hook(lambda *_: None)
    assert n_hooks(model) == kept


def test_tied_modules_stay_tied():
    shared = nn.ReLU()
    twin = private_copy(nn.Sequential(shared, nn.Identity(), shared))
    assert twin[0] is twin[2]
    assert twin[0] is not shared


# layer_name


def test_layers_are_found_by_name_and_by_module():
    model = network("resnet18")
    assert layer_name(model, "layer4.1.bn2") == "layer4.1.bn2"
    assert layer_name(model, model.layer4[1].bn2) == "layer4.1.bn2"


def test_a_wrong_name_gets_a_hint():
    with pytest.raises(InputError, match=r"no layer 'layer5'.*'layer4'"):
        layer_name(network("resnet18"), "layer5")
    with pytest.raises(InputError, match="no layer ''"):
        layer_name(network("resnet18"), "")


def test_a_module_of_another_network_is_refused():
    with pytest.raises(InputError, match="not one inside this network"):
        layer_name(network("resnet18"), network("resnet18").layer4)


# record


@pytest.mark.parametrize("change", ["none", "add", "relu"])
@pytest.mark.parametrize("frozen", [True, False])
def test_the_record_is_the_layers_own_output_and_gradient(change, frozen):
    """Checked against the derivative written by hand: d/dy of (y + 1)², y² or ReLU(y)²."""
    model = Adds(change).requires_grad_(not frozen)
    picture = torch.rand(1, 3, 6, 6) - 0.5
    with record(model, "layer") as seen:
        seen.model(picture).sum().backward()
    y = functional.conv2d(picture, model.layer.weight).detach()
    after = {"none": y, "add": y + 1, "relu": y.clamp(min=0)}[change]
    assert torch.equal(seen.output, y)
    assert torch.allclose(seen.gradient, 2 * after, atol=1e-6)


def test_the_record_survives_a_change_of_the_layers_input():
    class Later(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Identity()  # gives out the very tensor that it took

        def forward(self, x):
            x = x * 1
            y = self.layer(x)
            x += 1
            return y.sum()

    picture = torch.rand(1, 3, 4, 4)
    with record(Later(), "layer") as seen:
        seen.model(picture).backward()
    assert torch.equal(seen.output, picture)
    assert torch.equal(seen.gradient, torch.ones(1, 3, 4, 4))


def test_nothing_happens_to_the_model_while_it_is_recorded():
    model = network("resnet18")
    before = copy.deepcopy(model.state_dict())
    with record(model, "layer4") as seen:
        assert n_hooks(model) == 0
        assert n_hooks(seen.model) == 1
        with torch.inference_mode():
            seen.model(torch.zeros(1, 3, 64, 64))
    assert n_hooks(seen.model) == 0
    assert seen.output.shape == (1, 512, 2, 2)
    assert seen.gradient is None
    assert all(torch.equal(before[key], value) for key, value in model.state_dict().items())


def test_hooks_go_after_an_error_too():
    model = network("resnet18")
    with pytest.raises(RuntimeError), record(model, "layer4") as seen:
        seen.model(torch.zeros(1, 5, 64, 64))  # five channels: no such picture
    assert n_hooks(model) == n_hooks(seen.model) == 0


def test_two_recordings_of_one_network_do_not_meet():
    model, wrong = network("squeezenet1_0").requires_grad_(False), []
    pictures = [torch.rand(1, 3, 64, 64) for _ in range(4)]

    def once(picture, layer):
        with record(model, layer) as seen:
            seen.model(picture).sum().backward()
        return seen.output, seen.gradient

    layers = ["features.3", "features", "features.3", "features.12"]
    jobs = list(zip(pictures, layers, strict=True))
    expected = [once(*job) for job in jobs]

    def work(job, answer):
        for _ in range(10):
            wrong.extend(not torch.equal(*pair) for pair in zip(once(*job), answer, strict=True))

    threads = [
        threading.Thread(target=work, args=pair) for pair in zip(jobs, expected, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(wrong) == 80
    assert not any(wrong)


# spatial_layers, default_layer


def test_spatial_layers_of_a_known_network():
    layers = spatial_layers(network("resnet18"))
    assert list(layers.items())[:4] == [
        ("conv1", (64, 112, 112)),
        ("bn1", (64, 112, 112)),
        ("relu", (64, 112, 112)),
        ("maxpool", (64, 56, 56)),
    ]
    assert list(layers)[-3:] == ["layer4.0", "layer4.1", "layer4"]
    assert layers["layer4"] == (512, 7, 7)
    assert "layer4.1.conv1" not in layers  # three levels deep
    assert "avgpool" not in layers  # one position
    assert "fc" not in layers


def test_spatial_layers_depend_on_the_size_and_change_nothing():
    model = network("resnet18")
    assert spatial_layers(model, size=(64, 96))["layer4"] == (512, 2, 3)
    assert "layer4" not in spatial_layers(model, size=32)
    assert n_hooks(model) == 0
    with pytest.raises(InputError, match="size must be at least 1"):
        spatial_layers(model, size=0)


def test_a_layer_that_runs_twice_counts_with_its_last_run():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.act, self.pool = nn.ReLU(), nn.MaxPool2d(2)

        def forward(self, x):
            return self.act(self.pool(self.act(x)))

    model = Twice()
    assert list(spatial_layers(model, size=8).items()) == [("pool", (3, 4, 4)), ("act", (3, 4, 4))]
    with record(model, "act") as seen, torch.inference_mode():
        seen.model(torch.zeros(1, 3, 8, 8))
    assert seen.output.shape == (1, 3, 4, 4)


@pytest.mark.parametrize("name", USUAL)
def test_default_layer_has_positions_in_every_family(name):
    layer, shape = USUAL[name]
    model = network(name)
    assert default_layer(model) == layer
    assert spatial_layers(model)[layer] == shape


def test_no_family_is_forgotten():
    modules = {torchvision.models.get_model_builder(name).__module__ for name in names()}
    tried = {torchvision.models.get_model_builder(name).__module__ for name in USUAL}
    assert modules == tried


def test_an_unknown_network_asks_for_a_name():
    with pytest.raises(InputError, match="no usual layer is known for a Sequential; name one"):
        default_layer(nn.Sequential(nn.Conv2d(3, 3, 3)))
