"""Feature maps against torch's own forward: bit for bit, no further than needed, nothing left."""

import copy
import hashlib
import threading
from collections import Counter
from functools import cache

import numpy as np
import pytest
import torch
import torchvision
from torch import nn

from cnnlab import compute
from cnnlab.catalogue import every_name
from cnnlab.checks import InputError
from cnnlab.feature_maps import Place, feature_maps, several_feature_maps

# One or two networks of every family, with a small picture that it takes.
FAMILIES = {
    "alexnet": 96,
    "convnext_tiny": 64,
    "densenet121": 64,
    "efficientnet_b0": 64,
    "efficientnet_v2_s": 64,
    "googlenet": 64,
    "inception_v3": 96,
    "maxvit_t": 224,
    "mnasnet0_5": 64,
    "mobilenet_v2": 64,
    "mobilenet_v3_small": 64,
    "regnet_x_400mf": 64,
    "regnet_y_400mf": 64,
    "resnet18": 64,
    "resnext50_32x4d": 64,
    "shufflenet_v2_x0_5": 64,
    "squeezenet1_0": 64,
    "swin_t": 64,
    "swin_v2_t": 64,
    "vgg11_bn": 64,
    "vit_b_32": 224,
}


@cache
def network(name: str) -> nn.Module:
    torch.manual_seed(0)
    quick = {"init_weights": False} if name.startswith(("vgg", "google", "incep")) else {}
    model = torchvision.models.get_model(name, weights=None, **quick)
    return model.eval().requires_grad_(False)


def picture(side: int, seed: int = 1) -> torch.Tensor:
    return torch.randn(1, 3, side, side, generator=torch.Generator().manual_seed(seed))


def torchs_own(model: nn.Module, batch: torch.Tensor) -> dict[Place, np.ndarray]:
    """Run torch's own forward on a copy of a network and note what each run of a module gave out.

    The copy is torch's (deepcopy), with in-place layers as they are.
    """
    found: dict[Place, np.ndarray] = {}
    runs: Counter[str] = Counter()
    model = copy.deepcopy(model)

    def note(name):
        def hook(_module, _inputs, output):
            runs[name] += 1
            output = output[0] if isinstance(output, tuple) else output
            found[name, runs[name]] = output.clone().numpy()

        return hook

    for name, module in model.named_modules():
        module.register_forward_hook(note(name))
    with torch.inference_mode():
        model(batch)
    return found


def hooks_of(model: nn.Module) -> int:
    return sum(
        len(value)
        for module in model.modules()
        for name, value in vars(module).items()
        if "_hooks" in name and isinstance(value, dict)
    )


def digest_of(model: nn.Module) -> str:
    """Return a hash of every parameter, buffer and setting of a network."""
    digest = hashlib.sha256()
    for name, tensor in model.state_dict().items():
        digest.update(name.encode() + tensor.numpy().tobytes())
    for name, module in model.named_modules():
        plain = {k: v for k, v in vars(module).items() if isinstance(v, (int, float, str, tuple))}
        digest.update(repr((name, type(module), sorted(plain.items()))).encode())
    return digest.hexdigest()


def same(one: np.ndarray, other: np.ndarray) -> bool:
    return (
        one.shape == other.shape and one.dtype == other.dtype and one.tobytes() == other.tobytes()
    )


# Exactly torch's numbers --------------------------------------------------------------------------


def test_no_family_is_forgotten():
    builders = [torchvision.models.get_model_builder(name).__module__ for name in every_name()]
    tried = {torchvision.models.get_model_builder(name).__module__ for name in FAMILIES}
    assert set(builders) == tried


@pytest.mark.parametrize("name", FAMILIES)
def test_every_run_of_every_module_is_torchs_bit_for_bit(name):
    model, batch = network(name), picture(FAMILIES[name])
    before = digest_of(model)
    want = torchs_own(model, batch)
    assert len(want) > 20
    found = several_feature_maps(model, batch, list(want))
    assert all(same(maps, want[place]) for maps, place in zip(found, want, strict=True))
    places = list(want)
    for name_, run in (places[0], places[len(places) // 2], places[-2], places[-1]):
        assert same(feature_maps(model, batch, name_, run=run), want[name_, run])
    assert digest_of(model) == before
    assert hooks_of(model) == 0


def test_a_module_may_stand_for_its_name():
    model, batch = network("resnet18"), picture(64)
    by_name = feature_maps(model, batch, "layer2.0.conv1")
    assert same(by_name, feature_maps(model, batch, model.layer2[0].conv1))


def test_a_layer_that_runs_twice_is_heard_both_times():
    model, batch = network("resnet18"), picture(64)
    want = torchs_own(model, batch)
    first, second = (feature_maps(model, batch, "layer1.0.relu", run=run) for run in (1, 2))
    assert not np.array_equal(first, second)
    assert same(first, want["layer1.0.relu", 1])
    assert same(second, want["layer1.0.relu", 2])


def test_what_is_given_out_belongs_to_the_caller():
    model, batch = nn.Sequential(nn.Identity(), nn.ReLU(inplace=True)).eval(), picture(8)
    kept = batch.clone()
    out = feature_maps(model, batch, "0")
    out += 1
    assert torch.equal(batch, kept)


# No further than needed, nothing left -------------------------------------------------------------


class Refuses(nn.Module):
    def forward(self, _x):
        raise RuntimeError("this must not run")


def test_the_forward_ends_at_the_layer():
    model = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), Refuses()).eval()
    assert feature_maps(model, picture(8), "1").shape == (1, 2, 6, 6)
    with pytest.raises(RuntimeError, match="must not run"):
        feature_maps(model, picture(8), "2")
    assert hooks_of(model) == 0


@pytest.mark.parametrize("way", ["success", "error", "unknown", "cancelled"])
def test_nothing_is_left_on_the_network(way, monkeypatch):
    model = network("resnet18")
    before = digest_of(model)
    if way == "success":
        feature_maps(model, picture(64), "layer3")
    elif way == "error":
        with pytest.raises(RuntimeError):
            feature_maps(model, torch.zeros(1, 5, 64, 64), "layer3")
    elif way == "unknown":
        with pytest.raises(InputError, match="no layer 'layer9'"):
            feature_maps(model, picture(64), "layer9")
    else:
        queue = compute.WorkQueue(workers=1, capacity=4)
        go_on, caught = threading.Event(), []

        def work():
            go_on.wait(10)
            try:
                feature_maps(model, picture(64), "layer3")
            except BaseException as error:
                caught.append(error)
                raise

        ticket = queue.submit("walk", work)
        while not ticket.started:
            pass
        ticket.leave()  # nobody waits for it any more
        go_on.set()
        ticket._job.finished.wait(10)
        queue.shutdown()
        assert isinstance(caught[0], compute.Cancelled)
    assert hooks_of(model) == 0
    assert digest_of(model) == before


def test_hooks_of_somebody_else_are_not_called_on_the_way():
    model, calls = nn.Sequential(nn.Sequential(nn.Conv2d(3, 2, 1)), nn.ReLU()).eval(), []
    model[0].register_forward_hook(lambda *_: calls.append("other"))
    feature_maps(model, picture(8), "0.0")
    feature_maps(model, picture(8), "0")
    assert calls == []
    assert hooks_of(model) == 1


def test_a_network_in_training_is_evaluated_on_a_copy():
    model = nn.Sequential(nn.BatchNorm2d(3), nn.Dropout()).train()
    before = digest_of(model)
    out = feature_maps(model, picture(8), "1")
    assert np.allclose(out, picture(8).numpy() / np.sqrt(1 + 1e-5))
    assert digest_of(model) == before
    assert model.training
    assert model[0].training


def test_progress_grows_towards_the_layer():
    seen = []
    queue = compute.WorkQueue(workers=1, capacity=4)
    model = network("resnet18")

    class Watch(nn.Module):
        def forward(self, x):
            seen.append(ticket.fraction)
            return x

    class Watched(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.watch = model.layer1, Watch()
            self.then, self.again = nn.Sequential(model.layer2), Watch()

        def forward(self, x):
            return self.again(self.then(self.watch(self.first(x))))

    watched, batch, made = Watched().eval(), torch.zeros(1, 64, 16, 16), threading.Event()

    def work():
        made.wait(10)
        return feature_maps(watched, batch, "again")

    ticket = queue.submit("walk", work)
    made.set()
    ticket.result()
    queue.shutdown()
    assert len(seen) == 2
    assert 0 <= seen[0] < seen[1] < 1


# Two learners at once -----------------------------------------------------------------------------


def test_two_learners_on_one_network_never_mix():
    model = network("squeezenet1_0")
    jobs = [
        (picture(64, seed), layer)
        for seed, layer in enumerate(["features.3", "features.3.squeeze", "features.3", "features"])
    ]
    want = [feature_maps(model, *job) for job in jobs]
    assert not np.array_equal(want[0], want[2])  # the same layer, another picture
    wrong: list[bool] = []

    def learner(job, right):
        for _ in range(15):
            wrong.append(not same(feature_maps(model, *job), right))

    threads = [threading.Thread(target=learner, args=pair) for pair in zip(jobs, want, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(wrong) == 60
    assert not any(wrong)
    assert hooks_of(model) == 0


# Refusals -----------------------------------------------------------------------------------------


def test_refusals_say_what_is_wrong():
    model, batch = network("resnet18"), picture(64)
    with pytest.raises(
        InputError, match=r"'layer1\.0\.relu' runs 2 times, so it has no run number 3"
    ):
        feature_maps(model, batch, "layer1.0.relu", run=3)
    with pytest.raises(InputError, match="'conv1' runs once, so it has no run number 2"):
        feature_maps(model, batch, "conv1", run=2)
    with pytest.raises(InputError, match="run must be at least 1, got 0"):
        feature_maps(model, batch, "conv1", run=0)


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("inception_v3", "AuxLogits"),
        ("vit_b_32", "encoder.layers.encoder_layer_0.self_attention.out_proj"),
        ("swin_t", "features.1.0.attn.qkv"),
    ],
)
def test_a_layer_that_is_never_called_is_refused(name, layer):
    with pytest.raises(InputError, match=f"the layer '{layer}' gives nothing out"):
        feature_maps(network(name), picture(FAMILIES[name]), layer)


def test_no_tensor_is_refused():
    class Says(nn.Module):
        def forward(self, _x):
            return {"a": 1}

    with pytest.raises(InputError, match="gives out no tensor"):
        feature_maps(nn.Sequential(Says()).eval(), picture(8), "0")
