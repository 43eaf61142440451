"""What the experiments on fooling a network share: the learner's choice, and work that waits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from PIL import Image

from cnnlab.ui import cache, controls, long_work, networks, work

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["PAGE", "Setting", "class_picker", "picture_of", "sample_levels", "worked_out"]

PAGE = "fooling"
T = TypeVar("T")
_PATIENCE = 6.0  # seconds: what takes longer waits for a button


@dataclass(frozen=True)
class Setting:
    """What a learner has chosen."""

    chosen: networks.Chosen
    picture: controls.Picture
    method: str
    goal: str
    epsilon: int
    target: int
    digits: bool
    seconds: float  # for one forward pass

    @property
    def labels(self) -> list[str]:
        """The names of the classes."""
        return networks.class_labels(self.chosen.name)

    @property
    def attack(self) -> dict[str, Any]:
        """What an attack depends on, apart from epsilon."""
        return {"method": self.method, "goal": self.goal, "chosen": self.target}

    @property
    def passes(self) -> int:
        """How many forward passes one attack takes about as long as."""
        from cnnlab.fooling import STEPS

        return 3 * (1 if self.method == "FGSM" else STEPS) + 2


def class_picker(key: str, name: str, label: str) -> int:
    """Let a learner choose a class that the network shall see."""
    labels = networks.class_labels(name)
    first = labels.index("toaster") if "toaster" in labels else min(3, len(labels) - 1)
    return labels.index(controls.pick(label, labels, key=f"{PAGE}_{key}", first=first, width=300))


def worked_out(
    setting: Setting,
    kind: str,
    depends: tuple[Any, ...],
    run: Callable[[], T],
    *,
    passes: float,
    label: str,
    says: str,
    own: bool | None = None,
    ask: bool = False,
) -> T | None:
    """Return the result of some work; where it takes long, once the learner has started it.

    Parameters
    ----------
    setting : Setting
        The network and the picture.
    kind : str
        A name for the work, part of the buttons' keys.
    depends : tuple
        What it depends on besides network and picture.
    run : callable
        The work.
    passes : float
        As how many forward passes it takes.
    label, says : str
        What is being done; what stands on the button.
    own : bool, optional
        Whether it shows the learner's own picture; False if it does not depend on the picture.
    ask : bool
        Whether it waits for the learner even if it is short.
    """
    mine = setting.picture.own if own is None else own
    picture = "" if own is False else setting.picture.digest
    key = (PAGE, kind, *setting.chosen, picture, *depends)
    queued = partial(work.in_queue, key, run, label=f"{label}: {setting.chosen.name}", own=mine)
    needs = passes * setting.seconds
    if needs <= _PATIENCE and not ask:
        return queued()
    with long_work.started(f"{PAGE}_{kind}", key, f"{says} (about {_duration(needs)})") as going:
        return queued() if going else None


def _duration(seconds: float) -> str:
    if seconds >= 90:
        return f"{seconds / 60:.0f} minutes"
    return f"{max(5 * round(seconds / 5), 5)} seconds"


def picture_of(pixels: np.ndarray[Any, np.dtype[np.uint8]]) -> Image.Image:
    """Return (H, W, C) bytes as a picture."""
    return Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)


def sample_levels(name: str, without: str) -> Tensor:
    """Return all sample pictures but the one with the digest `without`, in grey levels."""
    import torch

    from cnnlab import catalogue, digits, fooling, samples

    if name == catalogue.OWN:
        pictures = [digits.sample_digit(key).convert("RGB") for key in digits.SAMPLES]
    else:
        pictures = [samples.sample(key) for key in samples.SAMPLES]
    kept = [picture for picture in pictures if cache.digest(picture) != without]
    return torch.cat([fooling.seen_levels(picture, name) for picture in kept])
