"""What the experiments on fooling a network share: the learner's choice, and work that waits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from PIL import Image

from cnnlab.pace import about
from cnnlab.ui import cache, controls, long_work, networks, work

if TYPE_CHECKING:
    from torch import Tensor

__all__ = [
    "PAGE",
    "Setting",
    "class_picker",
    "patience",
    "picture_of",
    "queued",
    "sample_levels",
    "worked_out",
]

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


def queued(
    setting: Setting,
    kind: str,
    depends: tuple[Any, ...],
    run: Callable[[], T],
    *,
    label: str,
    own: bool = True,
) -> T:
    """Return the result of some work, through the shared queue.

    Parameters
    ----------
    setting : Setting
        The network and the picture.
    kind : str
        A name for the work.
    depends : tuple
        What it depends on besides network and picture.
    run : callable
        The work.
    label : str
        What is being done.
    own : bool
        Whether it depends on the picture.
    """
    key = (PAGE, kind, *setting.chosen, setting.picture.digest if own else "", *depends)
    mine = own and setting.picture.own
    return work.in_queue(key, run, label=f"{label}: {setting.chosen.name}", own=mine)


@contextmanager
def patience(
    setting: Setting,
    kind: str,
    depends: tuple[Any, ...],
    *,
    passes: float,
    says: str,
    ask: bool = False,
) -> Iterator[bool]:
    """Yield whether to do some work now: it is short, or the learner has started it.

    Parameters
    ----------
    setting, kind, depends
        As for `queued`; `kind` is also part of the buttons' keys.
    passes : float
        As how many forward passes it takes.
    says : str
        What stands on the button.
    ask : bool
        Whether it waits for the learner even if it is short.
    """
    needs = passes * setting.seconds
    wanted = (*setting.chosen, setting.picture.digest, *depends)
    label = f"{says} (about {about(needs)})"
    must_ask = ask or needs > _PATIENCE
    with long_work.started(f"{PAGE}_{kind}", wanted, label, ask=must_ask) as going:
        yield going


def worked_out(
    setting: Setting,
    kind: str,
    depends: tuple[Any, ...],
    run: Callable[[], T],
    *,
    passes: float,
    label: str,
    says: str,
    own: bool = True,
    ask: bool = False,
) -> T | None:
    """Return what `queued` does; where it takes long, once the learner has started it, else None.

    Parameters
    ----------
    setting, kind, depends, run, label, own
        As for `queued`.
    passes, says, ask
        As for `patience`.
    """
    with patience(setting, kind, depends, passes=passes, says=says, ask=ask) as going:
        return queued(setting, kind, depends, run, label=label, own=own) if going else None


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
