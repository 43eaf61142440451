"""How much classification and Grad-CAM cost on top of the libraries that compute them."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench.result import Result

__all__ = ["attribution", "bare_seconds", "classification", "extra_memory", "maps"]

NAME = "squeezenet1_0"
CAPTUM_BEST = 5  # pictures in one pass: 5 to 10 are its fastest here, 50 its default


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
    """Return Grad-CAM against one plain forward, and integrated gradients against Captum.

    The plain forward is the shared network's own, without gradients, on the same threads and the
    same picture. Captum's integrated gradients run as they come, all pictures at once, and with the
    best batch size, on a network whose parameters are frozen, as ours are.
    """
    import torch
    from captum.attr import IntegratedGradients

    from cnnlab import explaining, loading, pretrained, samples
    from cnnlab.attribution import grad_cam, grad_cam_steps, grad_cams

    results = []
    for name, layer, trained in ((NAME, "features", True), ("resnet18", "layer4", False)):
        batch = pretrained.preprocess(samples.sample("cat"), name)
        model = loading.load(name, trained=trained)

        def bare(model: torch.nn.Module = model, batch: torch.Tensor = batch) -> object:
            with torch.no_grad():
                return model(batch)

        def ours(
            model: torch.nn.Module = model, batch: torch.Tensor = batch, layer: str = layer
        ) -> object:
            return grad_cam(model, batch, target=285, layer=layer)

        def steps(
            model: torch.nn.Module = model, batch: torch.Tensor = batch, layer: str = layer
        ) -> object:
            return grad_cam_steps(model, batch, target=285, layer=layer)

        def five(
            model: torch.nn.Module = model, batch: torch.Tensor = batch, layer: str = layer
        ) -> object:
            return grad_cams(model, batch, targets=[281, 282, 283, 284, 285], layer=layer)

        for what, function in (
            ("Grad-CAM", ours),
            ("Grad-CAM with every step", steps),
            ("Grad-CAM of five classes", five),
        ):
            times = interleaved(function, bare, rounds=rounds)
            results.append(Result(f"{what}, {name}", "one plain forward", *times))

    batch, model = pretrained.preprocess(samples.sample("cat"), NAME), loading.load(NAME)
    captum = IntegratedGradients(model)

    def path() -> object:
        return explaining.integrated_gradients(model, batch, 0 * batch, target=285)

    for words, at_once in (("Captum as it comes", None), ("Captum's best batch", CAPTUM_BEST)):

        def theirs(at_once: int | None = at_once) -> object:
            return captum.attribute(
                batch.clone(),
                target=285,
                n_steps=explaining.PATH_STEPS,
                internal_batch_size=at_once,
            )

        times = interleaved(path, theirs, rounds=max(1, rounds // 7))
        results.append(Result(f"integrated gradients, {NAME}", words, *times))
    return results


def extra_memory() -> list[str]:
    """Return what Grad-CAM and integrated gradients take beyond the loaded network, in words.

    Each runs in a process of its own that has loaded the network and made one plain forward. The
    largest resident memory during the call, less that before it, is what the call took.
    """
    lines = []
    for what, limit in (("forward", None), ("grad_cam", 25), ("five", 25), ("integrated", 260)):
        done = subprocess.run(
            [sys.executable, "-m", "bench.networks", what],
            capture_output=True,
            text=True,
            check=True,
        )
        most = f" (at most {limit})" if limit else ""
        lines.append(f"extra memory, {NAME}, {what}: {float(done.stdout):.0f} MB{most}")
    return lines


def _extra_megabytes(what: str) -> float:
    """Return by how much the resident memory of this process grows at most during one call."""
    import ctypes
    import gc

    import torch

    from cnnlab import explaining, loading, pretrained, samples
    from cnnlab.attribution import grad_cams

    batch, model = pretrained.preprocess(samples.sample("cat"), NAME), loading.load(NAME)

    def forward() -> object:
        with torch.no_grad():
            return model(batch)

    calls: dict[str, Callable[[], object]] = {
        "forward": forward,
        "grad_cam": lambda: grad_cams(model, batch, targets=[285], layer="features"),
        "five": lambda: grad_cams(model, batch, targets=[1, 2, 3, 4, 285], layer="features"),
        "integrated": lambda: explaining.integrated_gradients(model, batch, 0 * batch, target=285),
    }
    forward()
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")  # forget the largest memory so far
    before = _memory("VmRSS")
    calls[what]()
    return _memory("VmHWM") - before


def _memory(field: str) -> float:
    """Return a line of ``/proc/self/status`` in MB of 10^6 bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) * 1024 / 1e6


if __name__ == "__main__":
    print(_extra_megabytes(sys.argv[1]))
