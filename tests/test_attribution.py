"""Grad-CAM against its definition, on hand-made networks and on torchvision's families."""

import dataclasses
import threading

import numpy as np
import pytest
import skimage.data
import torch
import torchvision
from captum.attr import LayerAttribution, LayerGradCam
from PIL import Image
from torch import nn
from torch.nn import functional

from cnnlab.attribution import grad_cam, grad_cam_steps, grad_cams, weigh
from cnnlab.catalogue import OWN
from cnnlab.checks import InputError
from cnnlab.features import default_layer, input_channels, private_copy
from cnnlab.loading import load
from cnnlab.pretrained import categories, classify, preprocess
from cnnlab.samples import SAMPLES, sample
from cnnlab.target_layers import TARGETS
from tests.real_weights import needs_weights

FAMILIES = ["densenet121", "resnet18", "squeezenet1_0"]
# Layers whose output the next line of torchvision's code overwrites.
OVERWRITTEN = [
    ("vgg11", "features.18"),
    ("alexnet", "features.10"),
    ("resnet18", "layer4.1.bn2"),
    ("resnet18", "layer4.1.conv1"),
    ("densenet121", "features.norm5"),
    ("mobilenet_v2", "features.18.1"),
    ("squeezenet1_0", "features.12.expand3x3"),
]


def network(name: str, seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    quick = {"init_weights": False} if name.startswith(("vgg", "google", "incep")) else {}
    return torchvision.models.get_model(name, weights=None, **quick).eval().requires_grad_(False)


def picture(seed: int = 0, size: int = 96) -> torch.Tensor:
    return torch.randn(1, 3, size, size, generator=torch.Generator().manual_seed(seed))


def state_of(model: nn.Module) -> list:
    """Return everything about a network that an attribution could change."""
    return [
        (
            name,
            module.training,
            getattr(module, "inplace", None),
            [(key, len(value)) for key, value in vars(module).items() if key.endswith("_hooks")],
            [
                (key, id(tensor), tensor._version, tensor.requires_grad, tensor.grad is None)
                for key, tensor in module.state_dict(keep_vars=True).items()
            ],
        )
        for name, module in model.named_modules()
    ]


class Probe(nn.Module):
    """Adds zeros to a layer's output: their gradient is the layer's, and no hook is needed."""

    def __init__(self, layer: nn.Module):
        super().__init__()
        self.layer = layer

    def forward(self, *inputs):
        out = self.layer(*inputs)
        self.zeros = torch.zeros_like(out, requires_grad=True)
        self.seen = out.detach().clone()
        return out + self.zeros


def by_definition(model, batch, *, target, layer):
    """Return (feature maps, weights, signed map, score): equations 1 and 2, without hooks."""
    model = private_copy(model)
    parent, _, child = layer.rpartition(".")
    probe = Probe(model.get_submodule(layer))
    setattr(model.get_submodule(parent), child, probe)
    score = model(batch)[0, target]
    (gradient,) = torch.autograd.grad(score, probe.zeros)
    maps, gradient = probe.seen[0].double(), gradient[0].double()
    weights = gradient.sum((1, 2)) / gradient[0].numel()  # equation 1
    signed = torch.einsum("k,khw->hw", weights, maps)  # equation 2, before the ReLU
    return maps.cpu().numpy(), weights.cpu().numpy(), signed.cpu().numpy(), score.item()


def assert_close(actual, expected):
    """Compare after scaling to the largest value: float32 sums over 10³ maps, in other orders."""
    scale = np.abs(expected).max()
    assert scale > 0
    np.testing.assert_allclose(actual / scale, expected / scale, atol=1e-4, rtol=0)


def check(name, layer):
    model, batch = network(name), picture()
    for target in model(batch)[0].topk(2).indices.tolist():  # SqueezeNet scores many classes 0
        maps, weights, signed, score = by_definition(model, batch, target=target, layer=layer)
        steps = grad_cam_steps(model, batch, target=target, layer=layer)
        assert_close(steps.activations, maps)
        assert_close(steps.weights, weights)
        assert_close(steps.signed_map, signed)
        np.testing.assert_array_equal(steps.heat_map, np.maximum(steps.signed_map, 0))
        enlarged = functional.interpolate(
            torch.from_numpy(steps.heat_map)[None, None],
            (96, 96),
            mode="bilinear",
            align_corners=False,
        )
        np.testing.assert_array_equal(steps.overlay_map, enlarged[0, 0].numpy())
        assert steps.score == pytest.approx(score, rel=1e-4, abs=1e-5)
        whole = grad_cam(model, batch, target=target, layer=layer)
        np.testing.assert_array_equal(whole, steps.overlay_map)


@pytest.mark.parametrize("name", FAMILIES)
def test_grad_cam_follows_its_definition(name):
    check(name, default_layer(network(name)))


def by_captum(model, batch, *, target, layer):
    """Return Captum's map, enlarged, from a copy in which nothing works in place."""
    model = private_copy(model)
    explainer = LayerGradCam(model, model.get_submodule(layer))
    small = explainer.attribute(batch.clone(), target=target, relu_attributions=True)
    size = (batch.shape[2], batch.shape[3])
    return LayerAttribution.interpolate(small, size, "bilinear").detach()[0, 0].numpy()


@pytest.mark.parametrize("name", [target.network for target in TARGETS])
def test_every_family_agrees_with_captum_and_with_first_principles(name):
    model, layer = load(name, trained=name == OWN).cpu(), default_layer(load(name, trained=False))
    size = {"inception_v3": 128, OWN: 28}.get(name, 64)
    generator = torch.Generator().manual_seed(1)
    batch = torch.randn(1, input_channels(model), size, size, generator=generator)
    before = state_of(model)
    with torch.no_grad():
        targets = model(batch)[0].topk(2).indices.tolist()
    several = grad_cams(model, batch, targets=targets, layer=layer)
    for target, steps in zip(targets, several, strict=True):
        maps, weights, signed, score = by_definition(model, batch, target=target, layer=layer)
        assert_close(steps.activations, maps)
        assert_close(steps.weights, weights)
        assert_close(steps.signed_map, signed)
        assert steps.score == pytest.approx(score, rel=1e-4, abs=1e-5)
        heat = by_captum(model, batch, target=target, layer=layer)
        scale = np.abs(signed).max()
        np.testing.assert_allclose(steps.overlay_map / scale, heat / scale, atol=1e-4, rtol=0)
    assert state_of(model) == before


@pytest.mark.parametrize(("name", "layer"), OVERWRITTEN)
def test_layers_that_are_overwritten_right_afterwards(name, layer):
    check(name, layer)


# By hand


class Tiny(nn.Module):
    """Two scores from the three colour channels x: y = V times the sum of x over all positions."""

    def __init__(self, votes):
        super().__init__()
        self.maps = nn.Identity()
        self.votes = nn.Parameter(torch.tensor(votes))

    def forward(self, x):
        return self.maps(x).sum((2, 3)) @ self.votes.T


def small_picture():
    red = [[1.0, 0.0], [0.0, 2.0]]
    green = [[0.0, 3.0], [0.0, 0.0]]
    blue = [[0.0, 0.0], [1.0, 1.0]]
    return torch.tensor([[red, green, blue]])


def test_worked_example():
    """The gradient of score 0 is 2 in red, -1 in green, 0 in blue: so are the weights."""
    steps = grad_cam_steps(
        Tiny([[2.0, -1.0, 0.0], [0.0, 0.0, 1.0]]), small_picture(), target=0, layer="maps"
    )
    assert steps.activations.tolist() == small_picture()[0].tolist()
    assert steps.weights.tolist() == [2, -1, 0]
    assert steps.signed_map.tolist() == [[2, -3], [0, 4]]
    assert steps.heat_map.tolist() == [[2, 0], [0, 4]]
    assert steps.overlay_map.tolist() == [[2, 0], [0, 4]]
    assert steps.score == 2 * 3 - 1 * 3


def test_the_worked_example_of_the_books():
    """Golden: weights 1 and -0.5, the map [[1, 0], [1.5, 1]]."""
    maps = torch.tensor([[[1.0, 0.0], [2.0, 1.0]], [[0.0, 3.0], [1.0, 0.0]]])
    slopes = torch.tensor([[[1.0, 1.0], [1.0, 1.0]], [[-1.0, 0.0], [0.0, -1.0]]])
    weights, signed, heat = weigh(maps, slopes)
    assert weights.tolist() == [1, -0.5]
    assert signed.tolist() == [[1, -1.5], [1.5, 1]]
    assert heat.tolist() == [[1, 0], [1.5, 1]]


def test_with_a_mean_and_a_dense_layer_it_is_the_older_cam():
    """Golden: class weights 2 and 1 give [[2, 3], [5, 2]], whose mean is the score 3."""
    model = nn.Sequential(
        nn.Identity(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 1, bias=False)
    )
    model[3].weight.data = torch.tensor([[2.0, 1.0]])
    maps = torch.tensor([[[[1.0, 0.0], [2.0, 1.0]], [[0.0, 3.0], [1.0, 0.0]]]])

    class TwoChannels(nn.Module):
        def __init__(self):
            super().__init__()
            self.look, self.rest = nn.Conv2d(3, 2, 1, bias=False), model

        def forward(self, x):
            return self.rest(self.look(x))

    network = TwoChannels()
    network.look.weight.data = torch.eye(3)[:2, :, None, None]
    picture = torch.cat([maps, torch.zeros(1, 1, 2, 2)], dim=1)
    steps = grad_cam_steps(network, picture, target=0, layer="look")
    assert (4 * steps.signed_map).tolist() == [[2, 3], [5, 2]]  # the mean divides by 4 cells
    assert steps.score == 3
    assert 4 * steps.signed_map.mean() == steps.score


def test_one_forward_pass_serves_all_classes():
    calls = []

    class Counting(Tiny):
        def forward(self, x):
            calls.append(1)
            return super().forward(x)

    model = Counting([[2.0, -1.0, 0.0], [0.0, 0.0, 1.0]])
    first, second = grad_cams(model, small_picture(), targets=[0, 1], layer="maps")
    assert len(calls) == 1
    assert first.weights.tolist() == [2, -1, 0]
    assert second.weights.tolist() == [0, 0, 1]
    assert second.signed_map.tolist() == [[0, 0], [1, 1]]


def test_what_each_channel_adds():
    model = Tiny([[2.0, -1.0, 0.5]])
    steps = grad_cam_steps(model, small_picture(), target=0, layer="maps")
    assert steps.contributions().tolist() == [6, -3, 1]
    assert steps.contributions().sum() == steps.signed_map.sum()
    assert steps.weighted(1).tolist() == [[0, -3], [0, 0]]
    assert sum(steps.weighted(k) for k in range(3)).tolist() == steps.signed_map.tolist()
    assert steps.strongest_channels(9).tolist() == [0, 1, 2]
    assert steps.strongest_channels(9, sign=1).tolist() == [0, 2]
    assert steps.strongest_channels(9, sign=-1).tolist() == [1]
    assert steps.gradients.shape == steps.activations.shape
    assert steps.gradients.mean(axis=(1, 2)).tolist() == steps.weights.tolist()


def test_numbers_that_are_none_are_refused():
    with pytest.raises(InputError, match="picture holds values that are no numbers"):
        grad_cam(Tiny([[1.0, 0.0, 0.0]]), small_picture() * np.nan, target=0, layer="maps")
    with pytest.raises(InputError, match="network computes values that are no numbers"):
        grad_cam(Tiny([[np.nan, 0.0, 0.0]]), small_picture(), target=0, layer="maps")


def test_the_map_is_not_rescaled():
    model = Tiny([[200.0, 0.0, 0.0]])
    assert grad_cam(model, small_picture(), target=0, layer="maps").max() == 400


def test_a_map_that_is_negative_everywhere_becomes_zero():
    model = Tiny([[-1.0, -1.0, -1.0]])
    heat = grad_cam(model, small_picture(), target=0, layer="maps")
    np.testing.assert_array_equal(heat, np.zeros((2, 2)))


def test_a_picture_that_is_not_square_keeps_its_shape():
    model = network("resnet18")
    batch = torch.randn(1, 3, 64, 128, generator=torch.Generator().manual_seed(0))
    steps = grad_cam_steps(model, batch, target=0, layer="layer4")
    assert steps.heat_map.shape == (2, 4)
    assert steps.overlay_map.shape == (64, 128)


def test_layer_may_be_the_module_itself():
    model = network("resnet18")
    by_name = grad_cam(model, picture(), target=1, layer="layer4.0")
    np.testing.assert_array_equal(
        grad_cam(model, picture(), target=1, layer=model.layer4[0]), by_name
    )


# Nothing is left behind


@pytest.mark.parametrize("method", [grad_cam, grad_cam_steps])
@pytest.mark.parametrize("frozen", [True, False])
def test_model_and_batch_are_left_as_they_were(method, frozen):
    model, batch = network("densenet121").requires_grad_(not frozen), picture()
    copy_of_batch, before = batch.clone(), state_of(model)
    method(model, batch, target=5, layer="features")
    assert state_of(model) == before
    assert torch.equal(batch, copy_of_batch)
    assert not batch.requires_grad
    assert batch.grad is None
    wants = picture().requires_grad_()
    method(model, wants, target=5, layer="features")
    assert wants.requires_grad
    assert wants.grad is None


def test_a_model_in_training_is_explained_as_it_would_classify():
    model = network("mobilenet_v2").train()
    before = state_of(model)
    heat = grad_cam(model, picture(), target=5, layer="features")
    assert state_of(model) == before
    np.testing.assert_array_equal(
        heat, grad_cam(model.eval(), picture(), target=5, layer="features")
    )


@pytest.mark.parametrize("method", [grad_cam, grad_cam_steps])
def test_an_error_inside_leaves_no_hook(method, monkeypatch):
    class Broken(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3)

        def forward(self, x):
            self.conv(x)
            raise ZeroDivisionError

    twins = []
    monkeypatch.setattr(
        "cnnlab.features.private_copy",
        lambda model: twins.append(private_copy(model)) or twins[-1],
    )
    model = Broken()
    before = state_of(model)
    with pytest.raises(ZeroDivisionError):
        method(model, picture(), target=0, layer="conv")
    assert state_of(model) == before
    assert len(twins) == 1
    assert not any(
        value for m in twins[0].modules() for key, value in vars(m).items() if "_hooks" in key
    )


@pytest.mark.parametrize("frozen", [True, False])
@pytest.mark.parametrize("around", [torch.no_grad, torch.inference_mode])
def test_it_works_where_gradients_are_switched_off(around, frozen):
    model = network("squeezenet1_0").requires_grad_(not frozen)
    expected = grad_cam(model, picture(), target=5, layer="features")
    with around():
        batch = picture()
        np.testing.assert_array_equal(grad_cam(model, batch, target=5, layer="features"), expected)


def test_threads_on_one_network_get_the_serial_results():
    """Plain forwards and two kinds of Grad-CAM at once; hooks on a shared model would mix them."""
    model = network("squeezenet1_0")
    batches = [picture(seed, size=64) for seed in range(4)]

    def forward(batch):
        with torch.inference_mode():
            return model(batch).numpy()

    def whole(batch):
        return grad_cam(model, batch, target=7, layer="features")

    def steps(batch):
        found = grad_cam_steps(model, batch, target=8, layer="features.7")
        return np.concatenate([found.overlay_map.ravel(), found.weights])

    jobs = list(zip([forward, whole, steps, whole], batches, strict=True))
    expected = [job(batch) for job, batch in jobs]
    wrong, before = [], state_of(model)

    def work(number):
        for i in range(20):
            job, batch = jobs[(number + i) % 4]
            try:
                wrong.append(not np.array_equal(job(batch), expected[(number + i) % 4]))
            except Exception as error:
                wrong.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == [False] * 80
    assert state_of(model) == before


# Refusals


@pytest.mark.parametrize("method", [grad_cam, grad_cam_steps])
@pytest.mark.parametrize(
    "batch", [torch.zeros(3, 8, 8), torch.zeros(2, 3, 8, 8), torch.zeros(1, 1, 8, 8), None]
)
def test_one_colour_picture_at_a_time(method, batch):
    with pytest.raises(InputError, match="batch must be one picture, shape"):
        method(network("squeezenet1_0"), batch, target=0, layer="features")


@pytest.mark.parametrize("target", [-1, 1000])
def test_the_class_must_exist(target):
    with pytest.raises(InputError, match="target must be at"):
        grad_cam(network("squeezenet1_0"), picture(), target=target, layer="features")


@pytest.mark.parametrize("target", [1.0, "cat", None, True])
def test_the_class_is_a_number(target):
    with pytest.raises(TypeError, match="target must be a whole number"):
        grad_cam(network("squeezenet1_0"), picture(), target=target, layer="features")


@pytest.mark.parametrize(
    ("name", "layer", "words"),
    [
        ("squeezenet1_0", "featrues", "no layer 'featrues'.*'features'"),
        ("resnet18", "avgpool", "'avgpool' gives out no maps with positions; choose another"),
        ("resnet18", "fc", "'fc' gives out no maps with positions"),
        ("inception_v3", "AuxLogits.conv0", "'AuxLogits.conv0' is not used for this picture"),
    ],
)
def test_a_layer_that_cannot_be_explained(name, layer, words):
    with pytest.raises(InputError, match=words):
        grad_cam(network(name), picture(), target=0, layer=layer)


@pytest.mark.parametrize("frozen", [True, False])
def test_a_layer_that_the_score_does_not_depend_on(frozen):
    class SideBranch(Tiny):
        def forward(self, x):
            self.maps(x)
            return x.sum((2, 3)) @ self.votes.T

    model = SideBranch([[1.0, 1.0, 1.0]]).requires_grad_(not frozen)
    with pytest.raises(InputError, match="class score does not depend on layer 'maps'"):
        grad_cam(model, small_picture(), target=0, layer="maps")


def test_a_network_without_class_scores():
    with pytest.raises(InputError, match="one row of class scores"):
        grad_cam(nn.Sequential(nn.Conv2d(3, 4, 3)), picture(), target=0, layer="0")


def test_the_result_cannot_be_replaced():
    steps = grad_cam_steps(Tiny([[1.0, 0.0, 0.0]]), small_picture(), target=0, layer="maps")
    with pytest.raises(dataclasses.FrozenInstanceError):
        steps.score = 0


# Real weights


@needs_weights("squeezenet1_0")
@pytest.mark.parametrize("photo", list(SAMPLES)[:10])
def test_ten_photographs_agree_with_captum_and_with_first_principles(photo):
    model, name = load("squeezenet1_0").cpu(), "squeezenet1_0"
    batch = preprocess(sample(photo), name)
    target = classify(sample(photo), name, k=1)[0].index
    for layer in ("features", "features.7"):
        steps = grad_cam_steps(model, batch, target=target, layer=layer)
        signed = by_definition(model, batch, target=target, layer=layer)[2]
        assert_close(steps.signed_map, signed)
        assert_close(steps.overlay_map, by_captum(model, batch, target=target, layer=layer))


@needs_weights("squeezenet1_0")
def test_grad_cam_of_a_trained_network_looks_at_the_cat():
    batch = preprocess(Image.fromarray(skimage.data.cat()), "squeezenet1_0")
    target = categories("squeezenet1_0").index("Egyptian cat")
    steps = grad_cam_steps(load("squeezenet1_0"), batch, target=target, layer="features")
    assert steps.overlay_map.shape == (224, 224)
    assert steps.overlay_map.max() > 0
