"""The parts of the lesson on drawing a digit."""

from __future__ import annotations

from dataclasses import asdict
from functools import cache
from typing import Any

import numpy as np

from cnnlab import digits
from cnnlab.digit_link import drawing_to_text
from cnnlab.digit_stages import stages
from cnnlab.percent import percent
from cnnlab.ui import layout
from cnnlab.ui.digit_pad import digit_pad
from cnnlab.ui.server import ASSETS

__all__ = ["START", "about", "pad", "pad_data"]

START = "digit-3-1"
_NAMES = {
    part: f"draw_a_digit_{part}" for part in ("drawing", "from", "centre", "cell")
}  # in the link


def pad() -> None:
    """Draw the pad with every tensor of the network.

    Raises
    ------
    InputError
        If the file of weights is missing or damaged.
    """
    digit_pad(pad_data() | {"lecture": layout.is_lecture()}, key="draw_a_digit_pad")


@cache
def pad_data() -> dict[str, Any]:
    """Return what the browser must know: where each tensor lies, the stages, the sample digits.

    Raises
    ------
    InputError
        If the file of weights is missing or damaged.
    """
    arrays = digits.read_weights(digits.WEIGHTS)
    file = digits.WEIGHTS.read_bytes()  # in which the arrays lie as they are
    places = {name: [file.find(array.tobytes()), array.size] for name, array in arrays.items()}
    address = f"/assets/{digits.WEIGHTS.relative_to(ASSETS).as_posix()}"
    return {
        "weights": {
            "address": f"{address}?{digits.FACTS.sha256[:16]}",  # other weights, other address
            "bytes": len(file),
            "tensors": places,
        },
        "stages": [asdict(stage) for stage in stages()],
        "samples": {
            name: drawing_to_text(np.asarray(digits.sample_digit(name))) for name in digits.SAMPLES
        },
        "start": START,
        "names": _NAMES,
    }


def about() -> None:
    """Say where the network comes from and how well it reads."""
    facts = digits.FACTS
    layout.prose(
        f"The network is LeNet-5 in its modern form: {facts.n_params:,} parameters, "
        f"{facts.macs / 1e6:.2f} million multiplications for one digit. It was trained on "
        f"{facts.n_train:,} digits of [MNIST](https://doi.org/10.1109/5.726791) and reads "
        f"{percent(facts.accuracy)} of {facts.n_test:,} others right, that it never saw. The forty "
        "digits above the pad are among those."
    )
