"""Images that excite: a picture is changed, step by step, until a class or a channel answers most.

Nothing is trained. The network stays as it is, and the pixels climb along the gradient of the
score (activation maximisation). Left alone they end as a fine pattern that looks like noise;
regularisers hold them back, and only then one sees what the network looks for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional
from torchvision.transforms import functional as pictures

from cnnlab import compute
from cnnlab.catalogue import facts
from cnnlab.checks import InputError, in_range
from cnnlab.features import private_copy
from cnnlab.inversion import as_pixels, black_and_white, reduced, up_to
from cnnlab.pace import shortest
from cnnlab.pretrained import preprocess
from cnnlab.rectifiers import ReluRule, Rule

__all__ = [
    "SIDE",
    "STEPS",
    "USUAL",
    "Excited",
    "Goal",
    "Regularisers",
    "coarse",
    "each_alone",
    "excite",
    "one_step",
    "seconds_a_step",
    "total_variation",
]

SIDE = 128  # pixels a side: quick, and enough to recognise
STEPS = 100
RATE = 0.1  # length of a step: the root mean square of what it adds to the pixels
NOISE = 0.3  # standard deviation of the start
BLUR_EVERY = 4  # steps
FRAMES = 20  # pictures of the way that are kept


@dataclass(frozen=True)
class Goal:
    """What the picture is to excite.

    Attributes
    ----------
    index : int
        Number of the class, or of the channel in `layer`.
    layer : str, optional
        Name of a layer with feature maps; None for a class score, before the softmax.
    one_cell : bool
        Only the cell in the middle of the channel's map, instead of the mean of all cells.
    """

    index: int
    layer: str | None = None
    one_cell: bool = False


@dataclass(frozen=True)
class Regularisers:
    """What holds the picture back; 0 switches a part off.

    Attributes
    ----------
    decay : float
        L2: the share of every number of the picture that is taken away at each step. Ascent on
        the score less λ times the sum of all squares [1]_ takes 2 · λ · the step's rate.
    variation : float
        Length of a step against the total variation, which flattens ripples and keeps edges.
    blur : float
        Standard deviation in pixels of a Gaussian blur, every fourth step [2]_.
    jitter : int
        The picture is shifted at random by up to so many pixels before the network sees it [3]_.
    fourier : bool
        Weigh each frequency of the gradient by 1 / frequency, so that large shapes come first [4]_.

    References
    ----------
    .. [1] Simonyan et al., 2014, "Deep inside convolutional networks", arXiv:1312.6034, section 2.
    .. [2] Yosinski et al., 2015, "Understanding neural networks through deep visualization",
       arXiv:1506.06579.
    .. [3] Mordvintsev et al., 2015, "Inceptionism: going deeper into neural networks".
    .. [4] Olah et al., 2017, "Feature visualization", Distill, section "Preconditioning".
    """

    decay: float = 0.0
    variation: float = 0.0
    blur: float = 0.0
    jitter: int = 0
    fourier: bool = False

    def __post_init__(self) -> None:
        """Refuse strengths that are none."""
        for name, most in (("decay", 1.0), ("variation", 1.0), ("blur", 5.0), ("jitter", 32)):
            if not 0 <= getattr(self, name) <= most:
                raise InputError(f"{name} must be from 0 to {most:g}, got {getattr(self, name)}")

    @property
    def all_on(self) -> bool:
        """Whether no part is switched off."""
        return all(getattr(self, part.name) for part in fields(self))


Answer = Callable[[Tensor], tuple[Tensor, Tensor]]  # from a picture to score and map

USUAL = Regularisers(decay=0.02, variation=0.01, blur=0.5, jitter=3, fourier=True)


@dataclass(frozen=True, eq=False)
class Excited:
    """The way from the start to a picture that excites.

    Attributes
    ----------
    steps : list of int
        After which steps the frames were taken; 0 is the start.
    frames : ndarray of uint8, shape (F, H, W, 3)
        The pictures.
    scores : ndarray of shape (S + 1,)
        The score before the first and after each step, of the picture as the network saw it:
        shifted where there is jitter, but for the last.
    sizes : ndarray of shape (S + 1,)
        Mean square of the picture's numbers, the L2 term: 0 for even grey (digits: black).
    variations : ndarray of shape (S + 1,)
        Total variation for each pixel.
    silent : int
        Steps at which the gradient was 0 everywhere, since a ReLU was closed in all cells. They
        followed the "redirected" signal, which such a ReLU lets through though it is closed.
    peak : float
        The strongest cell of the channel in the last picture; the score itself for a class.
    best : list of (int, float)
        The five most probable classes of the last picture, with their probabilities.
    probability : float
        Of the class that was wanted; NaN for a channel.
    """

    steps: list[int]
    frames: NDArray[np.uint8]
    scores: NDArray[np.float32]
    sizes: NDArray[np.float32]
    variations: NDArray[np.float32]
    silent: int
    peak: float
    best: list[tuple[int, float]]
    probability: float


def excite(
    model: nn.Module,
    name: str,
    goal: Goal,
    *,
    regularisers: Regularisers = USUAL,
    start: str | Image.Image = "noise",
    side: int = SIDE,
    steps: int = STEPS,
    seed: int = 0,
) -> Excited:
    """Return a picture to which a class or a channel answers much, and the way to it.

    Each step goes up along the gradient of the score [1]_, always equally far; then the
    regularisers take their part back, and the pixels are cut off at black and white. Where a
    closed ReLU leaves no gradient at all, the signal is let through as if it were open [2]_.

    Parameters
    ----------
    model : torch.nn.Module
        The network; it is not changed, and its weights get no gradient.
    name : str
        The network's name, which says how pictures are prepared.
    goal : Goal
        What is to answer.
    regularisers : Regularisers
        What holds the picture back.
    start : "noise", "grey" or PIL.Image.Image
        Where to begin; from a photograph it becomes a "deep dream".
    side : int
        Longest side of the picture, in pixels; less where the network's own input is smaller.
    steps : int
        How many steps.
    seed : int
        Of the noise and of the random shifts.

    Returns
    -------
    Excited
        Frames, score and terms, and what the network says of the last frame.

    Raises
    ------
    InputError
        If there is no such layer, class or channel, if nothing has a gradient at the start, or
        if a value is no number.

    References
    ----------
    .. [1] Erhan et al., 2009, "Visualizing higher-layer features of a deep network", Technical
       Report 1341, Université de Montréal.
    .. [2] `cnnlab.rectifiers.ReluRule`, "redirected".
    """
    steps = in_range(steps, name="steps", low=1, high=2000)
    device = next(model.parameters()).device
    generator = torch.Generator().manual_seed(seed)
    x = _start(name, start, side, generator).to(device)  # (1, C, H, W), normalised
    black, white = (colour.to(device) for colour in black_and_white(name))
    with torch.inference_mode(False), torch.enable_grad():
        x, answer = x.clone(), _answer_to(model, goal)
        kept_steps, silent = _spread(steps), 0
        frames: list[NDArray[np.uint8]] = []
        terms: list[tuple[float, float, float]] = []
        for step in range(steps + 1):
            compute.progress(step / (steps + 1))
            if step in kept_steps:
                frames.append(as_pixels((x - black) / (white - black)))
            most = regularisers.jitter if step < steps else 0  # the last one is judged as it is
            shift = torch.randint(-most, most + 1, (2,), generator=generator).tolist()
            score, gradient = _gradient(x, shift, answer)
            if not (math.isfinite(score) and torch.isfinite(gradient).all()):
                raise InputError(
                    f"after {step} steps the score or its gradient is no number (NaN or "
                    "infinity); try another start, or check the network's weights"
                )
            terms.append((score, *_terms(x)))
            if step == steps:
                break
            if not gradient.any():
                silent += 1
                _, gradient = _gradient(x, shift, answer, rule="redirected")
                if step == 0 and not gradient.any():
                    raise InputError(_no_way_up(goal))
            x = one_step(x, gradient, step, regularisers)
            x = torch.maximum(torch.minimum(x, white), black)
        last = torch.from_numpy(frames[-1]).to(device).permute(2, 0, 1)[None, : x.shape[1]] / 255
        best, wanted, peak = _verdict(model, black + (white - black) * last, goal, answer)
    scores, sizes, variations = np.array(terms, np.float32).T
    return Excited(
        kept_steps, np.stack(frames), scores, sizes, variations, silent, peak, best, wanted
    )


def _gradient(
    x: Tensor, shift: Sequence[int], answer: Answer, *, rule: Rule = "gradient"
) -> tuple[float, Tensor]:
    """Return the score of the shifted picture, and its derivative by every pixel of `x`."""
    x = x.detach().requires_grad_()
    with ReluRule(rule) if rule != "gradient" else nullcontext():
        score, _ = answer(torch.roll(x, list(shift), dims=(2, 3)))
    (gradient,) = torch.autograd.grad(score, x)
    return float(score.detach()), gradient


def one_step(x: Tensor, gradient: Tensor, step: int, regularisers: Regularisers) -> Tensor:
    """Return the picture after one step up, and after what the regularisers take back.

    Parameters
    ----------
    x : Tensor of shape (1, C, H, W)
        The picture, normalised.
    gradient : Tensor of shape (1, C, H, W)
        Of the score by every pixel.
    step : int
        The number of the step, from 0: the blur comes every fourth time.
    regularisers : Regularisers
        What holds the picture back.

    Returns
    -------
    Tensor of shape (1, C, H, W)
        The next picture.

    Examples
    --------
    >>> x = torch.tensor([[[[1.0, 1.0]]]])
    >>> one_step(x, torch.tensor([[[[3.0, -3.0]]]]), 0, Regularisers(decay=0.5)).tolist()
    [[[[0.6000000238418579, 0.4000000059604645]]]]
    """
    if regularisers.fourier:
        gradient = coarse(gradient)
    length = gradient.square().mean().sqrt()
    up = RATE * gradient / length if length > 0 else gradient
    x = (1 - regularisers.decay) * x + up
    if regularisers.variation:
        x = x.detach().requires_grad_()
        (ripples,) = torch.autograd.grad(total_variation(x) * x.shape[2] * x.shape[3], x)
        x = x.detach() - regularisers.variation * ripples
    if regularisers.blur and step % BLUR_EVERY == BLUR_EVERY - 1:
        around = max(1, math.ceil(3 * regularisers.blur))  # pixels on each side
        x = pictures.gaussian_blur(x, [2 * around + 1] * 2, [regularisers.blur] * 2)
    return x


def coarse(gradient: Tensor) -> Tensor:
    """Return a gradient whose frequencies are weighed by 1 / frequency: large shapes first.

    Parameters
    ----------
    gradient : Tensor of shape (N, C, H, W)
        Any picture.

    Returns
    -------
    Tensor of shape (N, C, H, W)
        The weighed picture. Frequencies count in waves for each pixel; the constant part counts
        as the lowest wave that fits.

    Examples
    --------
    >>> ripples = torch.tensor([1.0, -1.0]).repeat(4).expand(1, 1, 8, 8)
    >>> float(coarse(ripples).max())  # half a wave for each pixel: 1 / 0.5
    2.0
    """
    height, width = gradient.shape[2:]
    down, across = torch.fft.fftfreq(height)[:, None], torch.fft.rfftfreq(width)[None]
    frequency = (down.square() + across.square()).sqrt().clamp(min=1 / max(height, width))
    waves = torch.fft.rfft2(gradient) / frequency.to(gradient.device)
    back: Tensor = torch.fft.irfft2(waves, s=(height, width))
    return back


def total_variation(x: Tensor) -> Tensor:
    """Return how much a picture changes from pixel to pixel: the mean length of the steps.

    A step is (difference to the right, difference down) in one channel. Its length counts, not
    its square as in feature inversion: a sharp edge then costs no more than a soft one.

    Parameters
    ----------
    x : Tensor of shape (N, C, H, W)
        The picture.

    Returns
    -------
    Tensor
        One number: nearly 0 for an even colour.

    References
    ----------
    .. [1] Rudin, Osher and Fatemi, 1992, "Nonlinear total variation based noise removal
       algorithms", Physica D 60.

    Examples
    --------
    >>> round(float(total_variation(torch.tensor([[[[0.0, 3.0], [4.0, 4.0]]]]))), 2)  # 5, 1, 0, 0
    1.5
    """
    right = functional.pad(x[..., 1:] - x[..., :-1], (0, 1))
    down = functional.pad(x[:, :, 1:] - x[:, :, :-1], (0, 0, 0, 1))
    lengths = (right.square() + down.square() + 1e-6).sqrt()  # smooth at 0
    return lengths.sum(1).mean()


def seconds_a_step(model: nn.Module, name: str, *, layer: str | None = None, side: int) -> float:
    """Return how long one step takes on this computer, for an estimate.

    Parameters
    ----------
    model, name
        The network, as for `excite`.
    layer : str, optional
        Where the channel is; None for a class.
    side : int
        Longest side of the picture, in pixels.

    Returns
    -------
    float
        In seconds.

    Raises
    ------
    InputError
        If the layer cannot be used.
    """
    x = _start(name, "noise", side, torch.Generator().manual_seed(0))
    x = x.to(next(model.parameters()).device)
    with torch.inference_mode(False), torch.enable_grad():
        answer = _answer_to(model, Goal(0, layer))

        def step() -> None:
            _, gradient = _gradient(x.clone(), (0, 0), answer)
            one_step(x, gradient, BLUR_EVERY - 1, USUAL)

        return shortest(step, times=3)


def each_alone(chosen: Regularisers) -> dict[str, Regularisers]:
    """Return what is to be compared: no regulariser, each one alone, and all together.

    Parameters
    ----------
    chosen : Regularisers
        How strong they are; a part that is off takes its usual strength.

    Returns
    -------
    dict of str to Regularisers
        By the name of what is switched on.

    Examples
    --------
    >>> list(each_alone(Regularisers()))
    ['none', 'decay', 'variation', 'blur', 'jitter', 'fourier', 'all']
    """
    strengths = {
        part.name: getattr(chosen, part.name) or getattr(USUAL, part.name)
        for part in fields(Regularisers)
    }
    alone = {part: Regularisers(**{part: value}) for part, value in strengths.items()}
    return {"none": Regularisers(), **alone, "all": Regularisers(**strengths)}


def _answer_to(model: nn.Module, goal: Goal) -> Answer:
    """Return a function from a picture to the score and all that it is taken from."""
    if goal.layer is None:
        twin = private_copy(model)

        def of_class(x: Tensor) -> tuple[Tensor, Tensor]:
            scores = twin(x)
            in_range(goal.index, name="class", low=0, high=scores.shape[1] - 1)
            return scores[0, goal.index], scores[0, goal.index]

        return of_class
    reach = up_to(model, goal.layer)

    def of_channel(x: Tensor) -> tuple[Tensor, Tensor]:
        output = reach(x)
        if output.ndim != 4:
            raise InputError(f"the layer {goal.layer!r} has no feature maps; choose another one")
        in_range(goal.index, name="channel", low=0, high=output.shape[1] - 1)
        cells = output[0, goal.index]
        middle = cells[cells.shape[0] // 2, cells.shape[1] // 2]
        return (middle if goal.one_cell else cells.mean()), cells

    return of_channel


def _start(name: str, start: str | Image.Image, side: int, generator: torch.Generator) -> Tensor:
    """Return the first picture as the network wants it, (1, C, H, W)."""
    side = in_range(side, name="side", low=max(facts(name).min_size), high=1024)
    photograph = start if isinstance(start, Image.Image) else Image.new("RGB", (256, 256))
    x = reduced(preprocess(photograph, name), side)
    if isinstance(start, Image.Image):
        return x
    if start not in ("noise", "grey"):
        raise InputError(f"start must be 'noise', 'grey' or a picture, got {start!r}")
    black, white = black_and_white(name)
    amount = NOISE if start == "noise" else 0.0
    noise = amount * torch.randn(x.shape, generator=generator)
    return torch.maximum(torch.minimum(noise, white), black)


def _no_way_up(goal: Goal) -> str:
    """Say that nothing can be climbed, and what to try."""
    what = "this class score" if goal.layer is None else f"channel {goal.index} of {goal.layer}"
    return (
        f"no pixel changes {what}: its gradient is 0 everywhere, so there is no way up; try "
        f"another seed, start from a photograph, or choose another "
        f"{'class' if goal.layer is None else 'channel'}"
    )


def _terms(x: Tensor) -> tuple[float, float]:
    """Return the mean square of a picture's numbers, and its total variation."""
    return float(x.square().mean()), float(total_variation(x))


def _verdict(
    model: nn.Module, x: Tensor, goal: Goal, answer: Answer
) -> tuple[list[tuple[int, float]], float, float]:
    """Return the five best classes, the probability of the wanted one, and the strongest cell."""
    with torch.no_grad():
        probabilities = model(x)[0].softmax(0)
        shares, places = probabilities.topk(min(5, len(probabilities)))
        peak = float(answer(x)[1].max())
    best = list(zip(places.tolist(), shares.tolist(), strict=True))
    return best, math.nan if goal.layer else float(probabilities[goal.index]), peak


def _spread(steps: int) -> list[int]:
    """Return after which steps to keep a frame: denser at the start, where most happens."""
    places = np.linspace(0, 1, FRAMES) ** 1.5 * steps
    return sorted({round(place) for place in places.tolist()})
