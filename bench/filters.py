"""How long a filter takes on a photograph of 1024 × 768, beside SciPy's and beside the budget."""

from __future__ import annotations

from bench.networks import interleaved
from bench.result import Result

__all__ = ["filtering"]

BUDGET = 0.3  # seconds from a change to the answer


def filtering(*, rounds: int) -> list[Result]:
    """Return the time of one 7 × 7 kernel against SciPy's, and with drawing against the budget."""
    import numpy as np
    from scipy import ndimage

    from cnnlab import images, samples
    from cnnlab.figures.filtered import Shading, shaded
    from cnnlab.figures.pictures import data_link
    from cnnlab.filtering import filter_picture

    picture = samples.sample("astronaut").resize((1024, 768))
    kernel = np.random.default_rng(0).normal(size=(7, 7))
    results = []
    for channels, planes in (
        ("grey", np.asarray(picture.convert("L"), dtype=np.float64)[None]),
        ("colour", images.to_array(picture)),
    ):

        def ours(planes: np.ndarray = planes) -> np.ndarray:
            return filter_picture(planes, kernel)

        def theirs(planes: np.ndarray = planes) -> object:
            return [ndimage.correlate(plane, kernel, mode="mirror") for plane in planes]

        def drawn(planes: np.ndarray = planes) -> str:
            values = filter_picture(planes, kernel)
            most = float(np.abs(values).max())
            return data_link(shaded(values, Shading("grey", -most, most)))

        times = interleaved(ours, theirs, rounds=rounds)
        results.append(Result(f"7 × 7 filter, 1024 × 768, {channels}", "scipy.ndimage", *times))
        seconds, _ = interleaved(drawn, lambda: None, rounds=rounds)
        what = f"7 × 7 filter and its picture, 1024 × 768, {channels}"
        results.append(Result(what, "budget", seconds, BUDGET))
    return results
