"""Fooling a network: change each number of a picture by at most a few grey levels.

Everything happens in the grey levels, 0 to 255, of the picture as the network sees it, before the
normalisation. What comes out has whole grey levels: it is a real picture that can be saved.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from cnnlab.catalogue import OWN, weights_of
from cnnlab.checks import InputError, in_range
from cnnlab.compute import progress
from cnnlab.pretrained import as_seen, check_aspect, preprocess

__all__ = [
    "GOALS",
    "LARGEST",
    "METHODS",
    "STEPS",
    "Curve",
    "Fooled",
    "Scores",
    "aim",
    "as_file",
    "attack",
    "curve",
    "fgsm",
    "gradient",
    "in_levels",
    "log_odds",
    "pgd",
    "probabilities",
    "seen_levels",
    "whole",
]

Scores = Callable[[Tensor], Tensor]  # pictures in grey levels (N, C, H, W) to class scores (N, K)
Bytes = NDArray[np.uint8]

LARGEST = 80  # grey levels; beyond it anybody sees the change
STEPS = 10
AT_ONCE = 5  # pictures in one pass: larger ones are slower on a CPU, and take more memory
METHODS = {
    "FGSM": "one step along the sign of the gradient",
    "PGD": f"{STEPS} small steps, each along the sign of the gradient at the place reached",
}
GOALS = ("any other answer", "a class of your choice", "the least likely class")


# The network in grey levels ---------------------------------------------------------------------


def seen_levels(image: Image.Image, name: str) -> Tensor:
    """Return the picture as the network sees it, in grey levels.

    Parameters
    ----------
    image : PIL.Image.Image
        Any picture.
    name : str
        The network that it is prepared for.

    Returns
    -------
    Tensor of shape (1, C, H, W)
        Whole numbers from 0 to 255, float32; C is 3 for colours, 1 for the digit network.

    Raises
    ------
    InputError
        If the picture cannot be prepared.

    Examples
    --------
    >>> levels = seen_levels(Image.new("RGB", (300, 200), (9, 99, 250)), "resnet18")
    >>> levels.shape, levels[0, :, 0, 0].tolist()
    (torch.Size([1, 3, 224, 224]), [9.0, 99.0, 250.0])
    """
    batch = preprocess(image, name)
    pixels = np.array(as_seen(batch, name))[..., : batch.shape[1]]  # (H, W, C)
    return torch.from_numpy(pixels).permute(2, 0, 1)[None].float()


def in_levels(model: nn.Module, name: str) -> Scores:
    """Return the network as a function of grey levels: it divides by 255 and normalises first.

    Parameters
    ----------
    model : torch.nn.Module
        The network; neither changed nor hooked.
    name : str
        Its name, which says how it normalises.

    Returns
    -------
    callable
        From pictures (N, C, H, W), 0 to 255, to class scores (N, K).

    Raises
    ------
    InputError
        From the function, if the scores are no numbers (NaN or infinity).
    """
    transforms = weights_of(name).transforms()
    weight = next(model.parameters())
    mean, std = (
        torch.tensor(numbers, device=weight.device)[:, None, None]
        for numbers in (transforms.mean, transforms.std)
    )

    def scores(levels: Tensor) -> Tensor:
        found: Tensor = model((levels.to(weight.device) / 255 - mean) / std)
        if not torch.isfinite(found).all():
            raise InputError("the network's scores for this picture are no numbers (NaN)")
        return found

    return scores


def probabilities(scores: Scores, levels: Tensor) -> Tensor:
    """Return the class probabilities (N, K) of pictures in grey levels, a few at a time."""
    parts = []
    with torch.inference_mode():
        for start in range(0, len(levels), AT_ONCE):
            parts.append(scores(levels[start : start + AT_ONCE]).softmax(1).cpu())
    return torch.cat(parts)


def whole(levels: Tensor) -> Tensor:
    """Return the nearest picture that a file can hold: whole grey levels from 0 to 255."""
    return levels.round().clamp(0, 255)


def as_file(image: Image.Image, pixels: Bytes, name: str) -> Image.Image:
    """Return a picture to save, which the usual preparation turns into exactly these `pixels`.

    torchvision's networks shrink a picture and cut off its border. So the border of the original
    is put around the pixels again: of a picture as small as this, nothing is shrunk, and what is
    cut off is this border.

    Parameters
    ----------
    image : PIL.Image.Image
        The original, any size.
    pixels : ndarray of uint8, shape (H, W, C)
        What the network shall see.
    name : str
        The network.

    Returns
    -------
    PIL.Image.Image
        Mode RGB, or L for the digit network.

    Examples
    --------
    >>> green = np.full((224, 224, 3), (0, 200, 0), dtype=np.uint8)
    >>> file = as_file(Image.new("RGB", (600, 400)), green, "resnet18")
    >>> file.size, bool((seen_levels(file, "resnet18")[0, 1] == 200).all())
    ((256, 256), True)
    """
    if name == OWN:
        return Image.fromarray(pixels[..., 0])
    check_aspect(image)
    transforms = weights_of(name).transforms()
    (short,), (crop,) = transforms.resize_size, transforms.crop_size
    start = round((short - crop) / 2)
    width, height = (int(short * side / min(image.size)) for side in image.size)
    small = image.convert("RGB").resize((width, height), Image.Resampling.BILINEAR)
    left, top = round((width - crop) / 2) - start, round((height - crop) / 2) - start
    file = small.crop((left, top, left + short, top + short))
    file.paste(Image.fromarray(pixels), (start, start))
    return file


# Attacks ----------------------------------------------------------------------------------------


def log_odds(scores: Tensor, target: int) -> Tensor:
    """Return log(p / (1 - p)) of one class for each picture, p being its probability.

    It rises whenever p does, so its gradient has the sign of that of p. But it never gets lost:
    p rounds to 0 or 1 where the network is sure, and its gradient to zero.

    Parameters
    ----------
    scores : Tensor of shape (N, K)
        Class scores before the softmax.
    target : int
        The class.

    Returns
    -------
    Tensor of shape (N,)
        Any numbers.

    Raises
    ------
    InputError
        If there is no such class, or only this one.

    Examples
    --------
    >>> log_odds(torch.tensor([[3.0, 1.0], [0.0, 900.0]]), 0).tolist()
    [2.0, -900.0]
    """
    if scores.ndim != 2 or scores.shape[1] < 2:
        raise InputError("the network must give a score to each of two or more classes")
    target = in_range(target, name="target", low=0, high=scores.shape[1] - 1)
    others = torch.cat([scores[:, :target], scores[:, target + 1 :]], dim=1)
    return scores[:, target] - others.logsumexp(1)


def gradient(scores: Scores, levels: Tensor, *, target: int) -> Tensor:
    """Return how the log-odds of a class change with every number of the pictures.

    Parameters
    ----------
    scores : callable
        The network in grey levels.
    levels : Tensor of shape (N, C, H, W)
        The pictures.
    target : int
        The class.

    Returns
    -------
    Tensor of shape (N, C, H, W)
        Change per grey level.

    Raises
    ------
    InputError
        If it is zero everywhere, or no number.
    """
    with torch.inference_mode(False), torch.enable_grad():
        given = levels.detach().clone().requires_grad_()
        (found,) = torch.autograd.grad(log_odds(scores(given), target).sum(), given)
    if not torch.isfinite(found).all():
        raise InputError("the gradient of the score is no number (NaN) for this picture")
    if not found.any():
        raise InputError(
            "the gradient is zero at every pixel: no small change of a single pixel changes the "
            "score. Choose another class or another picture; a network of constant answers cannot "
            "be fooled"
        )
    return found


def fgsm(scores: Scores, levels: Tensor, *, epsilon: Tensor, target: int, towards: bool) -> Tensor:
    """Return pictures one step further: the fast gradient sign method.

    Every number goes up or down by epsilon, x + epsilon · sign(gradient), whichever brings the
    target nearer, or takes it away [1]_.

    Parameters
    ----------
    scores : callable
        The network in grey levels.
    levels : Tensor of shape (1, C, H, W)
        The picture.
    epsilon : Tensor of shape (N,)
        Largest changes allowed, in grey levels; one picture comes back for each.
    target : int
        A class.
    towards : bool
        Whether the class shall become more probable; else less.

    Returns
    -------
    Tensor of shape (N, C, H, W)
        Whole grey levels, 0 to 255.

    References
    ----------
    .. [1] Goodfellow, Shlens, Szegedy, 2015, "Explaining and harnessing adversarial examples",
       arXiv:1412.6572, section 4.
    """
    step = gradient(scores, levels, target=target).sign() * (1 if towards else -1)
    return whole(levels + epsilon[:, None, None, None].to(levels) * step)


def pgd(
    scores: Scores,
    levels: Tensor,
    *,
    epsilon: Tensor,
    target: int,
    towards: bool,
    steps: int = STEPS,
) -> Tensor:
    """Return pictures after several small steps, each followed by a step back into the limits.

    This is the basic iterative method [1]_, known as projected gradient descent [2]_. It starts
    at the picture itself; each step is 2.5 · epsilon / steps long.

    Parameters
    ----------
    scores, levels, epsilon, target, towards
        As for `fgsm`.
    steps : int
        How many steps: one forward and one backward pass each.

    Returns
    -------
    Tensor of shape (N, C, H, W)
        Whole grey levels, 0 to 255; no number is further than epsilon from where it was.

    References
    ----------
    .. [1] Kurakin, Goodfellow, Bengio, 2017, "Adversarial examples in the physical world",
       arXiv:1607.02533.
    .. [2] Madry et al., 2018, "Towards deep learning models resistant to adversarial attacks",
       arXiv:1706.06083.
    """
    steps = in_range(steps, name="steps", low=1, high=1000)
    done = []
    for start in range(0, len(epsilon), AT_ONCE):
        reach = epsilon[start : start + AT_ONCE, None, None, None].to(levels)
        low, high = levels - reach, levels + reach
        x = levels.repeat(len(reach), 1, 1, 1)
        for step in range(steps):
            progress((start + len(reach) * step / steps) / len(epsilon))
            uphill = gradient(scores, x, target=target).sign() * (1 if towards else -1)
            x = (x + 2.5 * reach / steps * uphill).clamp(0, 255)
            x = torch.maximum(torch.minimum(x, high), low)
        done.append(whole(x))
    return torch.cat(done)


_HOW: dict[str, Callable[..., Tensor]] = {"FGSM": fgsm, "PGD": pgd}


@dataclass(frozen=True, eq=False)
class Fooled:
    """What an attack has made of a picture.

    Parameters
    ----------
    original, result : ndarray of uint8, shape (H, W, C)
        The pictures that the network sees, before and after.
    before, after : ndarray of shape (K,)
        The probabilities of all classes.
    target : int
        The class that the attack went towards, or away from.
    towards : bool
        Which of both.
    epsilon : int
        The largest change that was allowed, in grey levels.
    """

    original: Bytes
    result: Bytes
    before: NDArray[np.float32]
    after: NDArray[np.float32]
    target: int
    towards: bool
    epsilon: int

    @property
    def answers(self) -> tuple[int, int]:
        """The most probable class before and after."""
        return int(self.before.argmax()), int(self.after.argmax())

    @property
    def worked(self) -> bool:
        """Whether the answer is now the target, or no longer the first one."""
        first, last = self.answers
        return last == self.target if self.towards else last != first

    @property
    def perturbation(self) -> NDArray[np.int16]:
        """The change of every number, in grey levels, (H, W, C)."""
        return self.result.astype(np.int16) - self.original

    @property
    def largest(self) -> int:
        """The largest change of any number, in grey levels: the L-infinity norm."""
        return int(np.abs(self.perturbation).max())

    @property
    def changed(self) -> float:
        """The share of the pixels that changed in at least one colour, 0 to 1."""
        return float(self.perturbation.any(axis=2).mean())


def aim(before: NDArray[np.floating[Any]], goal: str, chosen: int) -> tuple[int, bool]:
    """Return the class that matters for a goal, and whether to go towards it.

    Parameters
    ----------
    before : ndarray of shape (K,)
        The probabilities, or scores, of the classes for the original picture.
    goal : str
        One of `GOALS`.
    chosen : int
        The class of the learner's choice.

    Returns
    -------
    target : int
        A class.
    towards : bool
        True: make it more probable; False: less.

    Examples
    --------
    >>> scores = np.array([0.2, 0.7, 0.1])
    >>> aim(scores, "any other answer", 0), aim(scores, "the least likely class", 0)
    ((1, False), (2, True))
    """
    if goal == GOALS[0]:
        return int(before.argmax()), False
    if goal == GOALS[1]:
        return in_range(chosen, name="class", low=0, high=len(before) - 1), True
    if goal == GOALS[2]:
        return int(before.argmin()), True
    raise InputError(f"goal must be one of {', '.join(GOALS)}, got {goal!r}")


def attack(
    model: nn.Module,
    image: Image.Image,
    name: str,
    *,
    method: str,
    goal: str,
    epsilon: int,
    chosen: int = 0,
) -> Fooled:
    """Change a picture by at most epsilon grey levels so that the network answers otherwise.

    Parameters
    ----------
    model : torch.nn.Module
        The network; neither changed nor hooked, only the picture gets a gradient.
    image : PIL.Image.Image
        Any picture.
    name : str
        The network's name.
    method : str
        A key of `METHODS`.
    goal : str
        One of `GOALS`.
    epsilon : int
        The largest change of any number, 0 to `LARGEST` grey levels.
    chosen : int
        The class of the learner's choice, where the goal is that.

    Returns
    -------
    Fooled
        Pictures and probabilities, before and after.

    Raises
    ------
    InputError
        If something cannot be used, or the gradient is zero.
    """
    epsilon = in_range(epsilon, name="epsilon", low=0, high=LARGEST)
    if method not in _HOW:
        raise InputError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
    scores, levels = in_levels(model, name), seen_levels(image, name)
    with torch.inference_mode():
        start = scores(levels)
        before = start[0].softmax(0).cpu().numpy()
    target, towards = aim(start[0].cpu().numpy(), goal, chosen)
    limits = torch.tensor([epsilon])
    result = _HOW[method](scores, levels, epsilon=limits, target=target, towards=towards)
    after = probabilities(scores, result)[0].numpy()
    return Fooled(_pixels(levels), _pixels(result), before, after, target, towards, epsilon)


@dataclass(frozen=True, eq=False)
class Curve:
    """What becomes of the answer as epsilon grows.

    Parameters
    ----------
    epsilons : ndarray of int, shape (N,)
        Grey levels, from 0.
    first : ndarray of shape (N,)
        Probability of the first answer.
    other : ndarray of shape (N,)
        Probability of the target where there is one, else of the strongest other class.
    answers : ndarray of int, shape (N,)
        The most probable class.
    smallest : int or None
        The smallest epsilon at which the goal was reached; None if none of them did.
    start : ndarray of shape (K,)
        The probabilities of all classes for the original picture.
    """

    epsilons: NDArray[np.int64]
    first: NDArray[np.float32]
    other: NDArray[np.float32]
    answers: NDArray[np.int64]
    smallest: int | None
    start: NDArray[np.float32]


def curve(
    model: nn.Module,
    image: Image.Image,
    name: str,
    *,
    method: str,
    goal: str,
    chosen: int = 0,
    largest: int = 16,
) -> Curve:
    """Return the answer for every whole epsilon from 0 to `largest`, all in one go.

    Parameters
    ----------
    model, image, name, method, goal, chosen
        As for `attack`.
    largest : int
        The last epsilon, in grey levels.

    Returns
    -------
    Curve
        Probabilities and answers.

    Raises
    ------
    InputError
        As `attack`.
    """
    largest = in_range(largest, name="largest", low=1, high=LARGEST)
    scores, levels = in_levels(model, name), seen_levels(image, name)
    with torch.inference_mode():
        start = scores(levels)[0].cpu().numpy()
    target, towards = aim(start, goal, chosen)
    epsilons = np.arange(largest + 1)
    results = torch.cat(
        [
            levels,
            _HOW[method](
                scores,
                levels,
                epsilon=torch.from_numpy(epsilons[1:]),
                target=target,
                towards=towards,
            ),
        ]
    )
    shares = probabilities(scores, results).numpy()
    answers = shares.argmax(1)
    first = int(start.argmax())
    rest = np.delete(shares, first, axis=1).max(1)
    reached = answers == target if towards else answers != first
    smallest = int(epsilons[reached][0]) if reached.any() else None
    other = shares[:, target] if towards else rest
    return Curve(epsilons, shares[:, first], other, answers, smallest, shares[0])


def _pixels(levels: Tensor) -> Bytes:
    """Return (1, C, H, W) whole grey levels as (H, W, C) bytes."""
    return levels[0].permute(1, 2, 0).to(torch.uint8).cpu().numpy()
