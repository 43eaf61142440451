"""Every method against its definition, on small networks and on torchvision's families."""

import numpy as np
import pytest
import torch
from captum.attr import Deconvolution, GuidedBackprop, IntegratedGradients
from torch import fx, nn
from torch.nn import functional

from cnnlab import digits, explaining, loading
from cnnlab.attribution import grad_cam
from cnnlab.checks import InputError
from cnnlab.explaining import (
    METHODS,
    NOISE_PICTURES,
    NOISE_SHARE,
    SEED,
    explain,
    gradient_of,
    integrated_gradients,
    layer_gradients,
)
from cnnlab.features import default_layer, private_copy
from cnnlab.pretrained import classify, preprocess
from cnnlab.samples import sample
from tests.real_weights import needs_weights

FAMILIES = [
    "alexnet",
    "convnext_tiny",
    "densenet121",
    "efficientnet_b0",
    "googlenet",
    "inception_v3",
    "mnasnet0_5",
    "mobilenet_v2",
    "mobilenet_v3_small",
    "regnet_y_400mf",
    "resnet18",
    "shufflenet_v2_x0_5",
    "squeezenet1_0",
    "vgg11",
]
SIZES = {"inception_v3": 128}
CAPTUM_HOOKS = pytest.mark.filterwarnings("ignore:Setting backward hooks on ReLU:UserWarning")
NO_RELU = {"convnext_tiny", "efficientnet_b0"}


def network(name):
    return loading.load(name, trained=False).cpu()


def picture(name="", seed=0):
    size = SIZES.get(name, 64)
    return torch.randn(1, 3, size, size, generator=torch.Generator().manual_seed(seed))


def small(seed=0):
    torch.manual_seed(seed)
    layers = [
        nn.Conv2d(3, 6, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 8, 3),
        nn.ReLU(inplace=True),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, 4),
    ]
    return nn.Sequential(*layers).eval().requires_grad_(False)


def best_class(model, image):
    with torch.no_grad():
        return int(model(image)[0].argmax())


def close(actual, expected, tolerance=1e-4):
    scale = float(np.abs(expected).max())
    assert scale > 0
    np.testing.assert_allclose(actual / scale, expected / scale, atol=tolerance, rtol=0)


class Rule(torch.autograd.Function):
    """Another writing of both rules, for the oracle: on the gradient's sign first."""

    @staticmethod
    def forward(ctx, x, guided, high):
        ctx.guided, ctx.high = guided, high
        ctx.save_for_backward(x)
        return torch.minimum(functional.relu(x), torch.tensor(high))

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        kept = torch.where(g > 0, g, torch.zeros_like(g))
        if ctx.guided:
            kept = torch.where((x > 0) & (x < ctx.high), kept, torch.zeros_like(g))
        return kept, None, None


def ruled(x, guided, high):
    """Apply the other writing; a plain function, as traced graphs want it."""
    return Rule.apply(x, guided, high)


def rewritten(model, guided):
    """Return the network with every call of a ReLU replaced in its traced graph."""
    traced = fx.symbolic_trace(private_copy(model))
    modules = dict(traced.named_modules())
    for node in list(traced.graph.nodes):
        module = modules.get(node.target) if node.op == "call_module" else None
        is_relu = isinstance(module, nn.ReLU) or (
            node.op == "call_function" and node.target in (functional.relu, torch.relu)
        )
        if is_relu or isinstance(module, nn.ReLU6):
            high = 6.0 if isinstance(module, nn.ReLU6) else torch.inf
            with traced.graph.inserting_after(node):
                new = traced.graph.call_function(ruled, (node.args[0], guided, high))
            node.replace_all_uses_with(new)
            traced.graph.erase_node(node)
    traced.recompile()
    return traced


# The rules, on every family ------------------------------------------------------------------


@pytest.mark.parametrize("rule", ["guided", "deconvnet"])
@pytest.mark.parametrize("name", FAMILIES)
def test_the_relu_rules_reach_every_relu_of_every_family(name, rule):
    model, image = network(name), picture(name)
    target = best_class(model, image)
    found, score, count = gradient_of(model, image, target=target, rule=rule)
    x = image.clone().requires_grad_()
    scores = rewritten(model, guided=rule == "guided")(x)
    scores[0, target].backward()
    close(found.numpy(), x.grad.numpy())
    assert score == pytest.approx(scores[0, target].item(), rel=1e-4, abs=1e-6)
    assert (count == 0) == (name in NO_RELU)


@pytest.mark.parametrize("name", sorted(NO_RELU))
def test_without_relu_the_rules_change_nothing_and_say_so(name):
    model, image = network(name), picture(name)
    plain = gradient_of(model, image, target=1)[0]
    assert torch.allclose(gradient_of(model, image, target=1, rule="guided")[0], plain)
    assert explain("guided_backprop", model, image, target=1).n_relus == 0


@CAPTUM_HOOKS
def test_guided_backpropagation_is_captums_where_captums_is_right():
    model, image = small(), picture()
    theirs = GuidedBackprop(private_copy(model)).attribute(image.clone().requires_grad_(), target=2)
    ours, _, count = gradient_of(model, image, target=2, rule="guided")
    close(ours.numpy(), theirs.detach().numpy())
    assert count == 2


# Gradients -----------------------------------------------------------------------------------


def plain_gradient(model, image, target):
    x = image.clone().requires_grad_()
    model(x)[0, target].backward()
    return x.grad[0]


def test_saliency_is_the_largest_absolute_derivative():
    model, image = small(), picture()
    values = explain("saliency", model, image, target=1).values
    close(values, plain_gradient(model, image, 1).abs().amax(0).numpy())


def test_input_times_gradient_is_exact_for_a_linear_network():
    linear = nn.Sequential(nn.Flatten(), nn.Linear(3 * 4 * 4, 2, bias=False)).requires_grad_(False)
    image = torch.randn(1, 3, 4, 4)
    result = explain("input_x_gradient", linear, image, target=1)
    assert result.values.sum() == pytest.approx(linear(image)[0, 1].item(), rel=1e-4)
    by_hand = (linear[1].weight[1].reshape(3, 4, 4) * image[0]).sum(0)
    close(result.values, by_hand.numpy())


def test_smooth_grad_is_the_mean_over_noisy_copies():
    model, image = small(), picture()
    values = explain("smooth_grad", model, image, target=1).values
    spread = NOISE_SHARE * float(image.max() - image.min())
    state = torch.get_rng_state()
    torch.manual_seed(SEED)
    noisy = [image + spread * torch.randn(image.shape) for _ in range(NOISE_PICTURES)]
    torch.set_rng_state(state)
    mean = torch.stack([plain_gradient(model, x, 1) for x in noisy]).mean(0)
    # Captum draws the same noise, in the order of its batches: equal up to the sampling only
    correlation = np.corrcoef(values.ravel(), mean.abs().amax(0).numpy().ravel())[0, 1]
    assert correlation > 0.95
    again = explain("smooth_grad", model, image, target=1).values
    np.testing.assert_array_equal(values, again)
    assert torch.equal(torch.get_rng_state(), state)


# Integrated gradients ------------------------------------------------------------------------


def test_integrated_gradients_are_captums():
    model, image = small(), picture()
    ours, score, missing = integrated_gradients(model, image, 0 * image, target=3)
    start = image.clone().requires_grad_()
    theirs, delta = IntegratedGradients(model).attribute(
        start,
        0 * image,
        target=3,
        n_steps=50,
        return_convergence_delta=True,
    )
    close(ours.numpy(), theirs.detach().numpy())
    assert missing == pytest.approx(-delta.item(), abs=1e-4)
    assert score == pytest.approx(model(image)[0, 3].item(), rel=1e-5)


@pytest.mark.parametrize("name", ["squeezenet1_0", "resnet18", "googlenet"])
def test_integrated_gradients_add_up_to_the_change_of_the_score(name):
    model, image = network(name), 0.2 * picture(name)  # a short path: 50 steps follow it well
    result = explain("integrated_gradients", model, image, target=5)
    change = (model(image) - model(0 * image))[0, 5].item()
    assert result.values.sum() + result.missing == pytest.approx(change, rel=1e-3, abs=1e-4)
    assert abs(result.missing) < 0.05 * abs(change) + 0.01


# Class activation maps -----------------------------------------------------------------------


def maps_and_gradient(model, image, target, layer):
    """Return feature maps and their gradient by adding zeros behind the layer."""
    twin = private_copy(model)
    zeros, maps = [], []

    def add_zeros(_module, _inputs, output):
        zeros.append(torch.zeros_like(output, requires_grad=True))
        maps.append(output.detach().clone())
        return output + zeros[0]

    twin.get_submodule(layer).register_forward_hook(add_zeros)
    (gradient,) = torch.autograd.grad(twin(image)[0, target], zeros[0])
    return maps[0][0].double(), gradient[0].double()


def enlarged(heat, image):
    big = functional.interpolate(heat[None, None], image.shape[2:], mode="bilinear")
    return big[0, 0].numpy()


@pytest.mark.parametrize("name", FAMILIES)
def test_grad_cam_is_that_of_the_step_by_step_lesson(name):
    model, image = network(name), picture(name)
    target, layer = best_class(model, image), default_layer(model)
    heat = grad_cam(model, image, target=target, layer=layer)
    np.testing.assert_allclose(
        explain("grad_cam", model, image, target=target).values, heat, rtol=1e-4, atol=1e-7
    )


@pytest.mark.parametrize("name", ["resnet18", "googlenet", "densenet121", "mobilenet_v2"])
def test_the_other_maps_follow_their_equations(name):
    model, image = network(name), picture(name)
    target, layer = best_class(model, image), default_layer(model)
    a, g = maps_and_gradient(model, image, target, layer)
    layer_cam = (g.clamp(min=0) * a).sum(0).clamp(min=0)
    close(explain("layer_cam", model, image, target=target).values, enlarged(layer_cam, image))
    below = 2 * g**2 + (a.sum((1, 2)))[:, None, None] * g**3
    alpha = torch.where(below == 0, 0, g**2 / below)
    weights = (alpha * g.clamp(min=0)).sum((1, 2))
    plus = (weights[:, None, None] * a).sum(0).clamp(min=0)
    if plus.max() > 0:
        close(
            explain("grad_cam_pp", model, image, target=target).values,
            enlarged(plus, image),
            tolerance=1e-3,
        )


@pytest.mark.parametrize("name", ["small", "resnet18"])
def test_ablation_cam_switches_off_one_map_after_the_other(name):
    model = small() if name == "small" else network(name)
    image, layer = picture(), "1" if name == "small" else "layer1"
    target = best_class(model, image)
    values = explain("ablation_cam", model, image, target=target, layer=layer).values
    twin, maps, off = private_copy(model), [], []

    def hook(_module, _inputs, output):
        maps.append(output.clone())
        output = output.clone()
        output[:, off] = 0
        return output

    twin.get_submodule(layer).register_forward_hook(hook)
    with torch.no_grad():
        score = twin(image)[0, target]
        weights = []
        for k in range(maps[0].shape[1]):
            off[:] = [k]
            weights.append((score - twin(image)[0, target]) / score)
        signed = torch.einsum("k,khw->hw", torch.stack(weights), maps[0][0])
    close(values, enlarged(signed.clamp(min=0), image), tolerance=1e-3)


def test_guided_grad_cam_is_the_product():
    model, image = small(), picture()
    product = explain("guided_grad_cam", model, image, target=0, layer="1").values
    guided = explain("guided_backprop", model, image, target=0).values
    heat = explain("grad_cam", model, image, target=0, layer="1").values
    np.testing.assert_allclose(product, guided * heat, rtol=1e-5, atol=1e-8)


def test_several_classes_from_one_forward_pass():
    model, image = network("resnet18"), picture()
    maps, gradients, scores = layer_gradients(model, image, targets=[3, 1, 4], layer="layer4")
    for place, target in enumerate([3, 1, 4]):
        a, g = maps_and_gradient(model, image, target, "layer4")
        close(gradients[place].numpy(), g.numpy())
        close(maps.numpy(), a.numpy())
        assert scores[place] == pytest.approx(model(image)[0, target].item(), rel=1e-4)


# All together --------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_every_method_works_for_the_digit_network(method):
    batch = digits.preprocess(digits.sample_digit("digit-7-1"))
    result = explain(method, digits.load(), batch, target=7)
    assert result.values.shape == (28, 28)
    assert np.isfinite(result.values).all()
    assert result.high > 0
    assert METHODS[method].signed or result.low >= 0
    assert (result.n_relus == 3) if METHODS[method].needs_relu else (result.n_relus is None)


@CAPTUM_HOOKS
@needs_weights("squeezenet1_0")
@pytest.mark.parametrize("method", METHODS)
def test_every_method_explains_the_cat(method):
    best = classify(sample("cat"), "squeezenet1_0", k=1)[0]
    batch = preprocess(sample("cat"), "squeezenet1_0")
    model = loading.load("squeezenet1_0")
    before = [(id(p), p._version) for p in model.parameters()]
    result = explain(method, model, batch, target=best.index)
    assert result.values.shape == (224, 224)
    if method == "deconvnet":  # empty for this class: Captum's is too
        theirs = Deconvolution(private_copy(model)).attribute(
            batch.clone().requires_grad_(), target=best.index
        )
        assert result.high == result.low == float(theirs.abs().max()) == 0
    else:
        assert result.high > 0
    assert [(id(p), p._version) for p in model.parameters()] == before
    assert not any(m._forward_hooks or m._backward_hooks for m in model.modules())
    with torch.inference_mode():
        assert result.score == pytest.approx(model(batch)[0, best.index].item(), rel=1e-4)


# What cannot be explained --------------------------------------------------------------------


def test_bad_input_is_one_sentence():
    model, image = small(), picture()
    with pytest.raises(InputError, match="there is no method 'lime'"):
        explain("lime", model, image, target=0)
    with pytest.raises(
        InputError, match=r"one picture, shape \(1, 3, H, W\), got \(2, 3, 64, 64\)"
    ):
        explain("saliency", model, image.repeat(2, 1, 1, 1), target=0)
    with pytest.raises(InputError, match="target"):
        explain("saliency", model, image, target=4)
    with pytest.raises(InputError, match="no maps with positions"):
        explain("grad_cam", model, image, target=0, layer="5")
    with pytest.raises(InputError, match="no numbers"):
        explain("saliency", model, image * float("nan"), target=0)


@pytest.mark.parametrize("method", METHODS)
def test_what_is_no_number_is_one_sentence(method):
    batch = torch.rand(1, 1, 28, 28)
    with pytest.raises(InputError, match="the picture holds values that are no numbers"):
        explain(method, digits.load(), batch * torch.nan, target=1)
    broken = digits.load()
    broken.fc2.weight[:] = torch.nan
    with pytest.raises(InputError, match="the network answers with values that are no numbers"):
        explain(method, broken, batch, target=1)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shape", [(1, 1), (1, 10000), (64, 64)])
def test_a_size_that_the_network_cannot_take_is_one_sentence(method, shape):
    with pytest.raises(InputError, match=f"of {shape[0]} × {shape[1]} pixels"):
        explain(method, digits.load(), torch.rand(1, 1, *shape), target=1)


@pytest.mark.parametrize("method", METHODS)
def test_a_layer_with_single_cells_is_one_sentence(method):
    model, image = small(), picture()
    if METHODS[method].at_layer:
        with pytest.raises(InputError, match="no maps with positions"):
            explain(method, model, image, target=0, layer="5")
    else:
        assert explain(method, model, image, target=0, layer="5").values.any()


@pytest.mark.parametrize("grey", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("method", METHODS)
def test_an_even_picture_has_a_map_of_numbers(method, grey):
    found = explain(method, digits.load(), torch.full((1, 1, 28, 28), grey), target=1)
    assert np.isfinite(found.values).all()
    if method == "integrated_gradients" and grey == 0:
        assert not found.values.any()  # the path has no length; the page says so
    if method == "smooth_grad":  # without a range there is no noise
        plain = explain("saliency", digits.load(), torch.full((1, 1, 28, 28), grey), target=1)
        np.testing.assert_allclose(found.values, plain.values, atol=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_a_class_of_probability_zero_is_explained_by_its_score(method):
    model, batch = digits.load(), digits.preprocess(digits.sample_digit("digit-7-1"))
    before = explain(method, model, batch, target=3).values
    model.fc2.bias[3] -= 1e4
    assert model(batch).softmax(1)[0, 3] == 0
    found = explain(method, model, batch, target=3)
    assert found.score < -9e3
    close(found.values / np.abs(found.values).max(), before / np.abs(before).max(), 0.05)


def test_ablation_cam_keeps_its_direction_where_the_score_is_negative():
    model, batch = digits.load(), digits.preprocess(digits.sample_digit("digit-7-1"))
    before = explain("ablation_cam", model, batch, target=7)
    model.fc2.bias[7] -= 2 * before.score
    after = explain("ablation_cam", model, batch, target=7)
    assert after.score == pytest.approx(-before.score, rel=1e-4)
    close(after.values, before.values, tolerance=1e-3)


def test_other_activations_are_counted_beside_the_relus():
    model = network("mobilenet_v3_small")
    found = explain("guided_backprop", model, picture(), target=1)
    switches = sum(isinstance(m, nn.ReLU) for m in model.modules())
    smooth = sum(isinstance(m, nn.Hardswish) for m in model.modules())
    assert (found.n_relus, found.n_others) == (switches, smooth)
    assert smooth > 0
    assert explain("saliency", model, picture(), target=1).n_others is None


def test_a_layer_on_which_the_score_does_not_depend():
    class Split(nn.Module):
        """Two branches; one is thrown away."""

        def __init__(self):
            super().__init__()
            self.used, self.unused = nn.Conv2d(3, 2, 1), nn.Conv2d(3, 2, 1)

        def forward(self, x):
            self.unused(x)
            return self.used(x).mean((2, 3))

    with pytest.raises(InputError, match="does not depend on layer 'unused'"):
        explain("grad_cam", Split().requires_grad_(False), picture(), target=0, layer="unused")


class _ByFunction(nn.Module):
    """A network that calls a 1 x 1 convolution as a function, with as few arguments as it can."""

    def __init__(self) -> None:
        super().__init__()
        self.maps = nn.Conv2d(3, 4, 3)
        self.weight = nn.Parameter(torch.randn(5, 4, 1, 1), requires_grad=False)

    def forward(self, x):
        return functional.conv2d(self.maps(x), self.weight).mean((2, 3))


def test_a_convolution_that_is_called_as_a_function_goes_its_own_way():
    torch.manual_seed(0)
    model = _ByFunction().requires_grad_(False)
    _, gradients, _ = explaining.layer_gradients(
        model, torch.randn(1, 3, 6, 6), targets=[2], layer="maps"
    )
    expected = model.weight[2, :, 0, 0, None, None].expand(4, 4, 4) / 16
    assert torch.allclose(gradients[0], expected)


@pytest.mark.parametrize("bias", [True, False])
def test_the_short_way_back_through_a_pointwise_convolution_is_exact(bias, monkeypatch):
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(3, 6, 3),
        nn.ReLU(),
        nn.Conv2d(6, 9, 1, bias=bias),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
    ).requires_grad_(False)
    x = torch.randn(1, 3, 8, 7)
    seen = []
    backward = explaining._Pointwise.backward
    monkeypatch.setattr(
        explaining._Pointwise,
        "backward",
        staticmethod(lambda *args: seen.append(1) or backward(*args)),
    )
    maps, gradients, scores = explaining.layer_gradients(model, x, targets=[4, 0], layer="1")
    assert len(seen) == 2
    leaf = maps[None].clone().requires_grad_()
    outputs = model[2:](leaf)
    assert torch.allclose(outputs[0, [4, 0]].detach(), scores)
    for target, found in zip((4, 0), gradients, strict=True):
        (expected,) = torch.autograd.grad(outputs[0, target], leaf, retain_graph=True)
        assert torch.allclose(found, expected[0], rtol=1e-6, atol=0)
