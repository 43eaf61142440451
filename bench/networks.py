"""How much classification and Grad-CAM cost on top of the libraries that compute them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from bench.result import Result

__all__ = ["attribution", "bare_seconds", "classification", "maps"]

NAME = "squeezenet1_0"


def interleaved(ours: Callable[[], object], base: Callable[[], object], *, rounds: int) -> tuple:
    """Return the median seconds of both, measured in turns."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds + 3):
        for function, kept in zip((ours, base), times, strict=True):
            start = time.perf_counter()
            function()
            kept.append(time.perf_counter() - start)
    return tuple(statistics.median(kept[3:]) for kept in times)


def classification(*, rounds: int) -> list[Result]:
    """Return our classification against torchvision's own recipe."""
    import torch

    from cnnlab import answers, catalogue, loading, samples

    picture = samples.sample("cat")
    model, transforms = loading.load(NAME), catalogue.weights_of(NAME).transforms()

    def bare() -> object:
        with torch.inference_mode():
            return model(transforms(picture).unsqueeze(0)).softmax(dim=1).topk(5)

    times = interleaved(lambda: answers.ask(picture, NAME).top(5), bare, rounds=rounds)
    return [Result(f"classify, {NAME}", "torchvision's recipe", *times)]


def bare_seconds() -> float:
    """Return the median time of one plain forward pass of a small network."""
    import torch

    from cnnlab import loading

    model, batch = loading.load(NAME), torch.zeros(1, 3, 224, 224)

    def forward() -> None:
        with torch.inference_mode():
            model(batch)

    return float(interleaved(forward, forward, rounds=15)[0])


def maps(*, rounds: int) -> list[Result]:
    """Return the feature maps of one layer against a forward pass of the whole network.

    The layer is the last but one, so almost all of the network runs; MobileNetV3 has many modules
    and little work, which makes the way to a layer dear.
    """
    import torch

    from cnnlab import loading, pretrained, samples
    from cnnlab.feature_maps import feature_maps

    results = []
    for name, layer, trained in (
        (NAME, "classifier.2", True),
        ("mobilenet_v3_small", "classifier.2", False),
    ):
        batch = pretrained.preprocess(samples.sample("cat"), name)
        model = loading.load(name, trained=trained)

        def bare(model: torch.nn.Module = model, batch: torch.Tensor = batch) -> object:
            with torch.inference_mode():
                return model(batch)

        def ours(
            model: torch.nn.Module = model, batch: torch.Tensor = batch, layer: str = layer
        ) -> object:
            return feature_maps(model, batch, layer)

        times = interleaved(ours, bare, rounds=rounds)
        results.append(Result(f"feature maps of {layer}, {name}", "the bare forward", *times))
    return results


def attribution(*, rounds: int) -> list[Result]:
    """Return our Grad-CAM against Captum called directly."""
    from captum.attr import LayerAttribution, LayerGradCam

    from cnnlab import loading, pretrained, samples
    from cnnlab.attribution import grad_cam, grad_cam_steps
    from cnnlab.features import private_copy

    picture = samples.sample("cat")
    batch, model = pretrained.preprocess(picture, NAME), loading.load(NAME)
    settings = {"target": 285, "layer": "features"}
    bare_model = private_copy(model)
    explainer = LayerGradCam(bare_model, bare_model.features)

    def bare() -> object:
        heat = explainer.attribute(batch.requires_grad_(), target=285, relu_attributions=True)
        return LayerAttribution.interpolate(heat, (224, 224), "bilinear").detach().numpy()

    def ours() -> object:
        return grad_cam(model, batch, **settings)

    def steps() -> object:
        return grad_cam_steps(model, batch, **settings)

    return [
        Result(f"Grad-CAM, {NAME}", "Captum", *interleaved(ours, bare, rounds=rounds)),
        Result(
            f"Grad-CAM with every step, {NAME}",
            "Captum",
            *interleaved(steps, bare, rounds=rounds),
        ),
    ]
