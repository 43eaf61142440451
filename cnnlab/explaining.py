"""The family of explanations: for one picture and one class, a number for every pixel.

Every method answers its own question; `METHODS` says which, what it costs and where it comes
from. Captum computes what it has; the networks stay untouched.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from captum.attr import InputXGradient, NoiseTunnel, Saliency
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from cnnlab.checks import InputError, in_range
from cnnlab.compute import progress
from cnnlab.features import default_layer, input_channels, record
from cnnlab.occlusion import occlude, usual_window
from cnnlab.rectifiers import ReluRule, Rule

__all__ = [
    "METHODS",
    "Explanation",
    "Method",
    "explain",
    "gradient_of",
    "integrated_gradients",
    "layer_gradients",
]

Array = NDArray[np.floating[Any]]
SEED = 0
NOISE_PICTURES = 25
NOISE_SHARE = 0.15  # standard deviation of the noise, as a share of the picture's range
PATH_STEPS = 50
AT_ONCE = 5  # pictures in one pass: larger ones are slower on a CPU, and take more memory
ABLATED_AT_ONCE = 16


@dataclass(frozen=True)
class Method:
    """What one method is for.

    Parameters
    ----------
    title : str
        Its usual name.
    asks : str
        The question that it answers, in one line.
    cost : str
        About how much work it is, in forward and backward passes.
    source : str
        The paper.
    caveat : str
        What the map does not show, or how it misleads, in one sentence.
    signed : bool
        Whether its numbers can be negative: "against the class".
    at_layer : bool
        Whether it looks at feature maps of one layer, and is as coarse as they are.
    needs_relu : bool
        Whether it changes what a ReLU passes back: without ReLU it is the plain gradient.
    """

    title: str
    asks: str
    cost: str
    source: str
    caveat: str
    signed: bool = False
    at_layer: bool = False
    needs_relu: bool = False


_CAM = "1 forward pass, a backward pass down to the layer"
METHODS = MappingProxyType(
    {
        "grad_cam": Method(
            "Grad-CAM",
            "Which positions of the feature maps speak for the class, if each map has one weight?",
            _CAM,
            "Selvaraju et al. 2017, arXiv:1610.02391",
            caveat="It is as coarse as the layer’s maps, and the largest cell can lie beside the "
            "object.",
            at_layer=True,
        ),
        "grad_cam_pp": Method(
            "Grad-CAM++",
            "The same, with weights that favour positions with a positive gradient: better for "
            "several objects of the class.",
            _CAM,
            "Chattopadhay et al. 2018, arXiv:1710.11063, equations 10 and 19",
            caveat="It shows only what speaks for the class, and mostly looks like Grad-CAM.",
            at_layer=True,
        ),
        "layer_cam": Method(
            "Layer-CAM",
            "The same, with a weight of its own for each position: usable at early layers.",
            _CAM,
            "Jiang et al. 2021, doi:10.1109/TIP.2021.3089943",
            caveat="At an early layer it shows edges of everything, of other classes too.",
            at_layer=True,
        ),
        "ablation_cam": Method(
            "Ablation-CAM",
            "How much does the score fall when one feature map is switched off? No gradient.",
            "1 forward pass for each feature map",
            "Desai and Ramaswamy 2020, doi:10.1109/WACV45572.2020.9093360",
            caveat="A network without one of its maps is one that nobody has trained.",
            at_layer=True,
        ),
        "saliency": Method(
            "Saliency (gradient)",
            "Which pixels would change the score most if they changed a little?",
            "1 forward, 1 backward pass",
            "Simonyan et al. 2014, arXiv:1312.6034, section 3",
            caveat="It says where a small change would act, not what the network used; speckle is "
            "usual.",
        ),
        "smooth_grad": Method(
            "SmoothGrad",
            f"The same, as the mean over {NOISE_PICTURES} noisy copies: less speckle.",
            f"{NOISE_PICTURES} forward and backward passes",
            "Smilkov et al. 2017, arXiv:1706.03825",
            caveat="It depends on how much noise is added; smooth is not the same as true.",
        ),
        "input_x_gradient": Method(
            "Input × gradient",
            "How much does each pixel add to the score, if the network were linear here?",
            "1 forward, 1 backward pass",
            "Shrikumar et al. 2016, arXiv:1605.01713",
            caveat="A pixel of the mean colour gets 0, however much it matters.",
            signed=True,
        ),
        "integrated_gradients": Method(
            "Integrated gradients",
            "How much does each pixel add on the way from a grey picture to this one? The numbers "
            "add up to the change of the score.",
            f"{PATH_STEPS} forward and backward passes",
            "Sundararajan et al. 2017, arXiv:1703.01365, equation 1",
            caveat="It depends on the picture at the start: grey parts of the photograph get "
            "little.",
            signed=True,
        ),
        "guided_backprop": Method(
            "Guided backpropagation",
            "Which fine structures feed active neurons that raise the score? Sharp, but it hardly "
            "depends on the class.",
            "1 forward, 1 backward pass",
            "Springenberg et al. 2015, arXiv:1412.6806",
            caveat="It may look the same for another class, and even for a network with random "
            "weights.",
            signed=True,
            needs_relu=True,
        ),
        "deconvnet": Method(
            "Deconvnet",
            "Which structures could have caused the score, if the network ran backwards?",
            "1 forward, 1 backward pass",
            "Zeiler and Fergus 2014, arXiv:1311.2901",
            caveat="It shows structures of the picture more than reasons for the class.",
            signed=True,
            needs_relu=True,
        ),
        "guided_grad_cam": Method(
            "Guided Grad-CAM",
            "Which fine structures lie where Grad-CAM sees the class? The product of both.",
            "2 forward, 2 backward passes",
            "Selvaraju et al. 2017, arXiv:1610.02391, section 3.2",
            caveat="Its fine lines come from guided backpropagation, with all doubts about that.",
            signed=True,
            at_layer=True,
            needs_relu=True,
        ),
        "occlusion": Method(
            "Occlusion",
            "How much does the score fall when this part of the picture is hidden? No gradient.",
            "1 forward pass for each position of the window, about 170, of which only what the "
            "window changes is computed",
            "Zeiler and Fergus 2014, arXiv:1311.2901, section 4.2",
            caveat="The hard edge of a grey window is itself new to the network; another window, "
            "another map.",
            signed=True,
        ),
    }
)


@dataclass(frozen=True, eq=False)
class Explanation:
    """A number for every pixel.

    Attributes
    ----------
    method : str
        A key of `METHODS`.
    values : ndarray of shape (H, W)
        In the method's own units; colour channels are added up, or for the saliencies the
        largest absolute value is taken, as the papers do.
    score : float
        What the network gives for the class, before the softmax.
    n_relus : int or None
        How many ReLUs followed another rule; None where the method does not need any.
    n_others : int or None
        How many other activations (SiLU, GELU, hard swish) have no such switch, and passed back
        the plain gradient; None where the method does not need a ReLU.
    missing : float or None
        For integrated gradients: the change of the score less the sum of all numbers. It shows
        how well the path was followed.
    """

    method: str
    values: Array
    score: float
    n_relus: int | None = None
    n_others: int | None = None
    missing: float | None = None

    @property
    def low(self) -> float:
        """The smallest value."""
        return float(self.values.min())

    @property
    def high(self) -> float:
        """The largest value."""
        return float(self.values.max())


def explain(
    method: str,
    model: nn.Module,
    batch: Tensor,
    *,
    target: int,
    layer: str | None = None,
) -> Explanation:
    """Return what one method says of a picture and a class.

    Parameters
    ----------
    method : str
        A key of `METHODS`.
    model : torch.nn.Module
        Shared by others: it is neither changed nor hooked.
    batch : Tensor of shape (1, C, H, W)
        One picture, as the network wants it.
    target : int
        Number of the class.
    layer : str, optional
        For methods with ``at_layer``: where to look; `cnnlab.features.default_layer` if left out.

    Returns
    -------
    Explanation
        The map, at the size of the picture.

    Raises
    ------
    InputError
        If there is no such method, picture, class or layer do not suit the network, or its
        answer holds NaN.

    Examples
    --------
    >>> tiny = nn.Sequential(nn.Conv2d(3, 1, 1, bias=False), nn.Flatten()).requires_grad_(False)
    >>> _ = tiny[0].weight.copy_(torch.tensor([1.0, -2.0, 0.0])[None, :, None, None])
    >>> explain("input_x_gradient", tiny, torch.ones(1, 3, 1, 2), target=1).values
    array([[ 0., -1.]], dtype=float32)
    """
    if method not in METHODS:
        raise InputError(f"there is no method {method!r}; choose one of {', '.join(METHODS)}")
    image = _one_picture(model, batch)
    place = (layer or default_layer(model)) if METHODS[method].at_layer else ""
    try:
        with torch.inference_mode(False), torch.enable_grad():
            found = _HOW[method](model, image, target, place)
    except RuntimeError as error:
        if "allocate" not in str(error):  # that is how torch says that the memory is full
            _refuse_size(model, image)
        raise
    if not np.isfinite(found.values).all():
        raise InputError("the network answers with values that are no numbers (NaN or infinity)")
    return found


def gradient_of(
    model: nn.Module, image: Tensor, *, target: int, rule: Rule | ReluRule = "gradient"
) -> tuple[Tensor, float, int]:
    """Return the derivative of a class score by every pixel, or its variant by another ReLU rule.

    Parameters
    ----------
    model : torch.nn.Module
        Neither changed nor hooked.
    image : Tensor of shape (1, C, H, W)
        One picture, as the network wants it.
    target : int
        Number of the class.
    rule : {"gradient", "guided", "deconvnet"} or ReluRule
        What a ReLU passes back: see `cnnlab.rectifiers.ReluRule`.

    Returns
    -------
    gradient : Tensor of shape (1, C, H, W)
        In score per unit of the prepared picture.
    score : float
        The class score, before the softmax.
    n_relus : int
        How many ReLUs the rule was applied to; for "gradient" it makes no difference.
    """
    scores: list[float] = []
    counted = rule if isinstance(rule, ReluRule) else ReluRule(rule)

    def logits(inputs: Tensor) -> Tensor:
        with counted:
            outputs = _class_scores(model(inputs), target)
        scores.append(outputs[0, target].item())
        return outputs

    pixels = image.clone().requires_grad_()
    found: Tensor = Saliency(logits).attribute(pixels, target=target, abs=False)
    return found.detach(), scores[0], counted.count


def integrated_gradients(
    model: nn.Module, image: Tensor, baseline: Tensor, *, target: int, n_steps: int = PATH_STEPS
) -> tuple[Tensor, float, float]:
    """Return integrated gradients: what each number of the picture adds to the class score.

    (x - x') times the mean gradient on the straight path from the baseline x' to the picture x
    (equation 1), the integral taken by Gauss and Legendre's rule as Captum does, in small batches.

    Parameters
    ----------
    model : torch.nn.Module
        Neither changed nor hooked.
    image, baseline : Tensor of shape (1, C, H, W)
        The picture, and where the path begins.
    target : int
        Number of the class.
    n_steps : int
        Pictures on the path.

    Returns
    -------
    added : Tensor of shape (1, C, H, W)
        In units of the score.
    score : float
        The class score of the picture.
    missing : float
        Score of the picture, less that of the baseline, less the sum of `added`: 0 if the integral
        were exact ("completeness").

    References
    ----------
    .. [1] Sundararajan et al., 2017, "Axiomatic Attribution for Deep Networks", ICML,
       arXiv:1703.01365.

    Examples
    --------
    >>> tiny = nn.Sequential(nn.Conv2d(3, 1, 1), nn.ReLU(), nn.Flatten()).requires_grad_(False)
    >>> x = torch.ones(1, 3, 1, 1)
    >>> added, score, missing = integrated_gradients(tiny, x, 0 * x, target=0)
    >>> abs(missing) < 0.05
    True
    """
    n_steps = in_range(n_steps, name="n_steps", low=1, high=1000)
    points, weights = np.polynomial.legendre.leggauss(n_steps)
    total = torch.zeros_like(image)
    for start in range(0, n_steps, AT_ONCE):
        share = torch.tensor(0.5 * (1 + points[start : start + AT_ONCE]), dtype=image.dtype)
        weight = torch.tensor(0.5 * weights[start : start + AT_ONCE], dtype=image.dtype)
        share, weight = (t.to(image.device)[:, None, None, None] for t in (share, weight))
        path = (baseline + share * (image - baseline)).contiguous(memory_format=torch.channels_last)
        path.requires_grad_()
        scores = _class_scores(model(path), target)[:, target]
        (gradient,) = torch.autograd.grad(scores.sum(), path)
        total += (weight * gradient).sum(0, keepdim=True)
        progress((start + len(share)) / n_steps)
    added = (image - baseline) * total
    with torch.no_grad():
        ends = _class_scores(model(torch.cat([image, baseline])), target)[:, target]
    score, first = ends.tolist()
    return added, score, score - first - float(added.double().sum())


def layer_gradients(
    model: nn.Module, image: Tensor, *, targets: list[int], layer: str
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the feature maps of a layer and how several class scores depend on them.

    One forward pass serves all classes; each way back ends at the layer.

    Parameters
    ----------
    model : torch.nn.Module
        Neither changed nor hooked: a private copy that shares its numbers is watched.
    image : Tensor of shape (1, C, H, W)
        One picture.
    targets : list of int
        Numbers of the classes.
    layer : str
        Name of a layer that gives out feature maps.

    Returns
    -------
    maps : Tensor of shape (K, h, w)
        The feature maps.
    gradients : Tensor of shape (N, K, h, w)
        The derivative of each class score.
    scores : Tensor of shape (N,)
        The class scores, before the softmax.

    Raises
    ------
    InputError
        If the layer has no feature maps or the scores do not depend on it.
    """
    for target in targets:
        in_range(target, name="target", low=0)
    watched = record(model, layer, in_place=True)
    with ExitStack() as behind, torch.inference_mode(False), torch.enable_grad(), watched as seen:

        def begin(*_: Any) -> None:  # what lies before the layer has no way back
            behind.enter_context(_ShortWayBack())

        behind.callback(seen.layer.register_forward_hook(begin).remove)
        # Most CPU kernels are faster where the channels of a pixel lie side by side.
        fast = image.contiguous(memory_format=torch.channels_last)
        outputs = _class_scores(seen.model(fast), max(targets))
        maps = seen.output
        if maps is None:
            raise InputError(f"layer {layer!r} is not used for this picture; choose another")
        if not isinstance(maps, Tensor) or maps.ndim != 4 or maps[0, 0].numel() < 2:
            raise InputError(f"layer {layer!r} gives out no maps with positions; choose another")
        if not outputs.requires_grad or seen.source is None:
            raise InputError(f"the class score does not depend on layer {layer!r}; choose another")
        gradients = []
        for place, target in enumerate(targets, start=1):
            (found,) = torch.autograd.grad(
                outputs[0, target],
                seen.source,
                retain_graph=place < len(targets),
                allow_unused=True,
            )
            if found is None:
                raise InputError(
                    f"the class score does not depend on layer {layer!r}; choose another"
                )
            gradients.append(found[0])
    return maps[0], torch.stack(gradients), outputs[0, targets].detach()


class _ShortWayBack(TorchFunctionMode):
    """Lets 1 x 1 convolutions behind the layer pass back only the channels that have a gradient.

    A network that ends in one, as SqueezeNet does, has a channel for every class, and all of them
    but one have none.
    """

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        if func is torch.conv2d and not kwargs and len(args) == 7:  # as nn.Conv2d calls it
            x, weight, bias, stride, padding, _, groups = args
            frozen = x.requires_grad and not weight.requires_grad
            plain = (*weight.shape[2:], groups) == (1, 1, 1) and tuple(stride) == (1, 1)
            if frozen and plain and padding in ((0, 0), "valid"):
                return _Pointwise.apply(x, weight, bias)
        return func(*args, **(kwargs or {}))


class _Pointwise(torch.autograd.Function):
    """A 1 x 1 convolution with frozen weights."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(weight)
        return functional.conv2d(x, weight, bias)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (gradient,), (weight,) = gradients, ctx.saved_tensors  # (N, K, h, w), (K, C, 1, 1)
        used = gradient.ne(0).flatten(2).any(2).any(0).nonzero()[:, 0]
        some, rows = gradient.index_select(1, used), weight.index_select(0, used)[:, :, 0, 0]
        return torch.einsum("nkhw,kc->nchw", some, rows), None, None


def _grad_cam(model: nn.Module, image: Tensor, target: int, layer: str) -> Explanation:
    maps, (gradient,), (score,) = layer_gradients(model, image, targets=[target], layer=layer)
    weights = gradient.mean(dim=(1, 2))
    return _cam("grad_cam", torch.einsum("k,khw->hw", weights, maps), image, score)


def _grad_cam_pp(model: nn.Module, image: Tensor, target: int, layer: str) -> Explanation:
    maps, (gradient,), (score,) = layer_gradients(model, image, targets=[target], layer=layer)
    square, cube = gradient**2, gradient**3
    below = 2 * square + (maps.sum(dim=(1, 2), keepdim=True) * cube)  # equation 19
    alpha = torch.where(below != 0, square / torch.where(below != 0, below, 1.0), 0.0)
    weights = (alpha * gradient.clamp(min=0)).sum(dim=(1, 2))  # equation 10, exp(score) left out
    return _cam("grad_cam_pp", torch.einsum("k,khw->hw", weights, maps), image, score)


def _layer_cam(model: nn.Module, image: Tensor, target: int, layer: str) -> Explanation:
    maps, (gradient,), (score,) = layer_gradients(model, image, targets=[target], layer=layer)
    return _cam("layer_cam", (gradient.clamp(min=0) * maps).sum(0), image, score)


def _ablation_cam(model: nn.Module, image: Tensor, target: int, layer: str) -> Explanation:
    with torch.no_grad(), record(model, layer) as seen:
        score = _class_scores(seen.model(image), target)[0, target].item()
        maps = seen.output
    if not isinstance(maps, Tensor) or maps.ndim != 4 or maps[0, 0].numel() < 2:
        raise InputError(f"layer {layer!r} gives out no maps with positions; choose another")
    falls = score - _scores_without(model, image, target, layer, maps.shape[1])
    # The paper divides by the score; where that is negative, this would turn the map around.
    weights = falls / abs(score) if score else falls
    return _cam("ablation_cam", torch.einsum("k,khw->hw", weights, maps[0]), image, score)


def _scores_without(
    model: nn.Module, image: Tensor, target: int, layer: str, n_maps: int
) -> Tensor:
    """Return the class score with each feature map of the layer set to 0 in turn, (K,)."""
    scores = []
    with torch.no_grad(), record(model, layer) as seen:
        start = 0

        def without(_module: nn.Module, _inputs: Any, output: Tensor) -> Tensor:
            output = output.clone()
            places = torch.arange(len(output))
            output[places, start + places] = 0
            return output

        handle = seen.layer.register_forward_hook(without)  # on the private copy
        try:
            for start in range(0, n_maps, ABLATED_AT_ONCE):
                copies = image.expand(min(ABLATED_AT_ONCE, n_maps - start), -1, -1, -1)
                scores.append(_class_scores(seen.model(copies), target)[:, target])
                progress((start + len(copies)) / n_maps)
        finally:
            handle.remove()
    return torch.cat(scores)


def _saliency(model: nn.Module, image: Tensor, target: int, _layer: str) -> Explanation:
    gradient, score, _ = gradient_of(model, image, target=target)
    return Explanation("saliency", _array(gradient[0].abs().amax(0)), score)


def _smooth_grad(model: nn.Module, image: Tensor, target: int, _layer: str) -> Explanation:
    scores: list[float] = []

    def logits(inputs: Tensor) -> Tensor:
        return _class_scores(model(inputs), target)

    with torch.no_grad():
        scores.append(logits(image)[0, target].item())
    tunnel = NoiseTunnel(Saliency(logits))
    spread = NOISE_SHARE * float(image.max() - image.min())
    total = torch.zeros_like(image)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        for done in range(0, NOISE_PICTURES, AT_ONCE):
            total += tunnel.attribute(
                image.clone().requires_grad_(),
                target=target,
                abs=False,
                nt_samples=AT_ONCE,
                stdevs=spread,
            ).detach()
            progress((done + AT_ONCE) / NOISE_PICTURES)
    mean = total[0] * AT_ONCE / NOISE_PICTURES
    return Explanation("smooth_grad", _array(mean.abs().amax(0)), scores[0])


def _input_x_gradient(model: nn.Module, image: Tensor, target: int, _layer: str) -> Explanation:
    scores: list[float] = []

    def logits(inputs: Tensor) -> Tensor:
        outputs = _class_scores(model(inputs), target)
        scores.append(outputs[0, target].item())
        return outputs

    found = InputXGradient(logits).attribute(image.clone().requires_grad_(), target=target)
    return Explanation("input_x_gradient", _array(found[0].sum(0)), scores[0])


def _integrated(model: nn.Module, image: Tensor, target: int, _layer: str) -> Explanation:
    baseline = torch.zeros_like(image)  # the mean colour of the training pictures, a grey
    added, score, missing = integrated_gradients(model, image, baseline, target=target)
    return Explanation("integrated_gradients", _array(added[0].sum(0)), score, missing=missing)


def _by_rule(method: str, rule: Rule) -> Callable[[nn.Module, Tensor, int, str], Explanation]:
    def run(model: nn.Module, image: Tensor, target: int, _layer: str) -> Explanation:
        relus = ReluRule(rule)
        gradient, score, count = gradient_of(model, image, target=target, rule=relus)
        values = _array(gradient[0].sum(0))
        return Explanation(method, values, score, n_relus=count, n_others=relus.others)

    return run


def _guided_grad_cam(model: nn.Module, image: Tensor, target: int, layer: str) -> Explanation:
    guided = _by_rule("guided_grad_cam", "guided")(model, image, target, layer)
    return replace(guided, values=guided.values * _grad_cam(model, image, target, layer).values)


def _occlusion(model: nn.Module, image: Tensor, target: int, _layer: str) -> Explanation:
    _refuse_size(model, image)  # before the windows are counted
    window, stride = usual_window((image.shape[2], image.shape[3]))
    grey = torch.zeros_like(image)  # the mean colour of the training pictures
    found = occlude(model, image, grey, target=target, window=window, stride=stride)
    return Explanation("occlusion", found.attribution(), found.clean_score)


_HOW: dict[str, Callable[[nn.Module, Tensor, int, str], Explanation]] = {
    "grad_cam": _grad_cam,
    "grad_cam_pp": _grad_cam_pp,
    "layer_cam": _layer_cam,
    "ablation_cam": _ablation_cam,
    "saliency": _saliency,
    "smooth_grad": _smooth_grad,
    "input_x_gradient": _input_x_gradient,
    "integrated_gradients": _integrated,
    "guided_backprop": _by_rule("guided_backprop", "guided"),
    "deconvnet": _by_rule("deconvnet", "deconvnet"),
    "guided_grad_cam": _guided_grad_cam,
    "occlusion": _occlusion,
}


def _cam(method: str, signed: Tensor, image: Tensor, score: Tensor | float) -> Explanation:
    """Return a class activation map: positive values only, enlarged to the size of the picture."""
    size = (image.shape[2], image.shape[3])
    heat = functional.interpolate(
        signed.clamp(min=0)[None, None], size, mode="bilinear", align_corners=False
    )
    return Explanation(method, _array(heat[0, 0]), float(score))


def _one_picture(model: nn.Module, batch: Tensor) -> Tensor:
    """Return the picture where the network is, or refuse what is not one picture."""
    channels = input_channels(model)
    if not isinstance(batch, Tensor) or batch.ndim != 4 or batch.shape[:2] != (1, channels):
        what = tuple(batch.shape) if isinstance(batch, Tensor) else type(batch).__name__
        raise InputError(f"batch must be one picture, shape (1, {channels}, H, W), got {what}")
    if not torch.isfinite(batch).all():
        raise InputError("the picture holds values that are no numbers (NaN or infinity)")
    weight = next(model.parameters(), batch)
    with torch.inference_mode(False):
        return batch.detach().to(weight.device).clone()


def _refuse_size(model: nn.Module, image: Tensor) -> None:
    """Say in a sentence if the network cannot take a picture of this size at all."""
    try:
        with torch.inference_mode():
            model(image)
    except RuntimeError as error:
        height, width = image.shape[2:]
        raise InputError(
            f"the network cannot take a picture of {height} × {width} pixels; give it one of the "
            "size that it was made for"
        ) from error


def _class_scores(outputs: Any, target: int) -> Tensor:
    """Return the class scores (N, classes), or refuse a class that there is not."""
    if not isinstance(outputs, Tensor) or outputs.ndim != 2:
        raise InputError("the network must give one row of class scores for each picture")
    in_range(target, name="target", low=0, high=outputs.shape[1] - 1)
    return outputs


def _array(tensor: Tensor) -> Array:
    array: Array = tensor.detach().cpu().numpy()
    return array
