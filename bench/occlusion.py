"""How long occlusion takes beside Captum's, at the setting at which Captum is fastest."""

from __future__ import annotations

import time

from bench.networks import NAME, interleaved
from bench.result import Result

__all__ = ["occlusion"]


def occlusion(*, rounds: int) -> list[Result]:
    """Return the time of both for a window of 32 pixels and a step of 16, with the same numbers."""
    import torch
    from captum.attr import Occlusion as CaptumOcclusion

    from cnnlab import loading, pretrained, samples
    from cnnlab.occlusion import occlude

    model, batch = loading.load(NAME), pretrained.preprocess(samples.sample("cat"), NAME)
    with torch.inference_mode():
        target = int(model(batch).argmax())

    def theirs(at_once: int) -> torch.Tensor:
        with torch.inference_mode():
            return CaptumOcclusion(model).attribute(
                batch,
                sliding_window_shapes=(3, 32, 32),
                strides=(3, 16, 16),
                baselines=0,
                target=target,
                perturbations_per_eval=at_once,
            )[0, 0]

    def ours(short: bool) -> torch.Tensor:
        found = occlude(model, batch, 0 * batch, target=target, window=32, stride=16, short=short)
        return torch.from_numpy(found.attribution())

    seconds = {}
    for at_once in (1, 2, 4, 8, 16):
        start = time.perf_counter()
        expected = theirs(at_once)
        seconds[at_once] = time.perf_counter() - start
    best = min(seconds, key=lambda at_once: seconds[at_once])
    results = []
    for what, short in (("only what changes", True), ("plain small batches", False)):
        off = float((ours(short) - expected).abs().max() / expected.abs().max())
        if off > 1e-5:
            raise RuntimeError(f"the maps differ by {off}")
        times = interleaved(lambda short=short: ours(short), lambda: theirs(best), rounds=rounds)
        baseline = f"Captum, perturbations_per_eval={best}"
        results.append(Result(f"occlusion, {NAME}, {what}", baseline, *times))
    return results
