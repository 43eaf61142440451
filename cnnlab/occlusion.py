"""Occlusion sensitivity: cover a part of the picture, and see what the network then says.

A window slides over the picture. At each position the network sees the picture with that window
filled, and its answer is kept. Where the answer suffers, it needed what the window hid.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torchvision.transforms import functional as images

from cnnlab.catalogue import weights_of
from cnnlab.checks import InputError, in_range
from cnnlab.compute import progress
from cnnlab.features import input_channels, layer_name, private_copy
from cnnlab.replay_calls import CannotReplay
from cnnlab.window_replay import WindowReplay

__all__ = [
    "FILLS",
    "MAX_WINDOWS",
    "WINDOW_COST",
    "Occlusion",
    "filling",
    "grid_shape",
    "occlude",
    "spread",
    "usual_window",
    "window_boxes",
]

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
_Said = tuple[Tensor, NDArray[np.float64] | None]  # class scores, and how strong a map is
MAX_WINDOWS = 2500
AT_ONCE = 8  # pictures in one pass: larger batches are slower on a CPU
# About what a window costs on the short way, in passes of the whole network: 0.2 with SqueezeNet
# and VGG-11, 0.5 with ResNet-18, 0.8 with DenseNet-121.
WINDOW_COST = 0.4
SAME = 3e-5  # of the largest score: rounding in float32 over 100 layers; a mistake is far larger
FILLS = MappingProxyType(
    {
        "mean": "the mean colour of the training pictures",
        "black": "black",
        "white": "white",
        "blur": "the picture itself, blurred",
        "noise": "random colours",
    }
)


@dataclass(frozen=True, eq=False)
class Occlusion:
    """What a network says at each position of the window.

    Attributes
    ----------
    size : (int, int)
        Height and width of the picture, in pixels.
    boxes : ndarray of shape (rows * columns, 4)
        Top, left, bottom, right of each window in pixels, row by row.
    probability, score : ndarray of shape (rows, columns)
        Of the class that is looked at, after and before the softmax.
    best : ndarray of shape (rows, columns)
        The most likely class.
    strength : ndarray of shape (rows, columns) or None
        Sum of the layer's strongest map, if a layer was named.
    channel : int or None
        Which map that is: the one with the largest sum for the whole picture.
    clean_probability, clean_score, clean_best, clean_strength
        The same for the picture without a window.
    short : bool
        Whether only what each window can change was computed.
    """

    size: tuple[int, int]
    boxes: Ints
    probability: Floats
    score: Floats
    best: Ints
    clean_probability: float
    clean_score: float
    clean_best: int
    strength: Floats | None = None
    channel: int | None = None
    clean_strength: float | None = None
    short: bool = False

    def attribution(self) -> Floats:
        """Return for each pixel, (H, W), by how much the score falls where it is hidden.

        It is the mean over all windows that hide the pixel.
        """
        return spread(self.clean_score - self.score, self.boxes, self.size)


def occlude(
    model: nn.Module,
    batch: Tensor,
    baseline: Tensor,
    *,
    target: int,
    window: int,
    stride: int,
    layer: str | None = None,
    short: bool = True,
) -> Occlusion:
    """Return what a network says of a picture while a window slides over it.

    Parameters
    ----------
    model : torch.nn.Module
        In evaluation mode; neither changed nor hooked.
    batch, baseline : Tensor of shape (1, C, H, W)
        The picture, and what the window shows in its place, both prepared for the network.
    target : int
        Number of the class that is looked at.
    window, stride : int
        Side of the window and its step, in pixels; the step is at most the side, so that every
        pixel is hidden at least once.
    layer : str, optional
        A layer with feature maps, whose strongest map is followed too.
    short : bool
        Whether to compute only what each window can change, layer by layer. The numbers are
        those of the whole network: two windows are computed both ways, and where the two
        differ the short way is not taken.

    Returns
    -------
    Occlusion
        One answer for each position.

    Raises
    ------
    InputError
        If the settings, the picture, the class or the layer do not suit.

    References
    ----------
    .. [1] Zeiler and Fergus, 2014, "Visualizing and Understanding Convolutional Networks", ECCV,
       arXiv:1311.2901, section 4.2 and figure 6.

    Examples
    --------
    >>> tiny = nn.Sequential(nn.Flatten(), nn.Linear(4, 1, bias=False)).requires_grad_(False)
    >>> _ = tiny[1].weight.copy_(torch.tensor([[1.0, 2.0, 3.0, 4.0]]))
    >>> x = torch.ones(1, 1, 2, 2)
    >>> occlude(tiny, x, 0 * x, target=0, window=1, stride=1).score
    array([[9., 8.],
           [7., 6.]], dtype=float32)
    """
    image, fill = _checked(model, batch), _checked(model, baseline)
    if fill.shape != image.shape:
        raise InputError(f"the filling has the shape {tuple(fill.shape)}, the picture another")
    size = (image.shape[2], image.shape[3])
    boxes = window_boxes(size, window=window, stride=stride)
    with torch.inference_mode(False), torch.no_grad():
        plain = _Plain(model, image, fill, boxes, layer)
        run: Callable[[slice], _Said] = plain.run
        per_batch, quick = AT_ONCE, None
        if short and image.device.type == "cpu":
            quick = _short_way(plain)
        if quick is not None:
            clean, run, per_batch = quick
        else:
            clean = plain.clean()
        in_range(target, name="target", low=0, high=clean.scores.shape[1] - 1)
        scores, strengths = [], []
        for start in range(0, len(boxes), per_batch):
            progress(start / len(boxes))
            found, strength = run(slice(start, start + per_batch))
            scores.append(_probabilities(found, target))
            if strength is not None:
                strengths.append(strength)
    probability, score, best = (np.concatenate(part) for part in zip(*scores, strict=True))
    (p,), (s,), (b,) = _probabilities(clean.scores, target)
    shape = grid_shape(size, window=window, stride=stride)
    return Occlusion(
        size,
        boxes,
        probability.reshape(shape),
        score.reshape(shape),
        best.reshape(shape),
        float(p),
        float(s),
        int(b),
        np.concatenate(strengths).astype(np.float32).reshape(shape) if strengths else None,
        clean.channel,
        clean.strength,
        quick is not None,
    )


def window_boxes(size: tuple[int, int], *, window: int, stride: int) -> Ints:
    """Return where the window stands, row by row.

    The last window of a row or column is cut off where the picture ends.

    Parameters
    ----------
    size : (int, int)
        Height and width of the picture, in pixels.
    window, stride : int
        Side of the window and its step, in pixels.

    Returns
    -------
    ndarray of shape (N, 4)
        Top, left, bottom, right; rows and columns from ``top`` to ``bottom - 1`` are hidden.

    Raises
    ------
    InputError
        If the window does not fit, its step leaves gaps, or there are too many positions.

    Examples
    --------
    >>> window_boxes((2, 5), window=2, stride=2).tolist()
    [[0, 0, 2, 2], [0, 2, 2, 4], [0, 4, 2, 5]]
    """
    rows, columns = grid_shape(size, window=window, stride=stride)
    top, left = (index.ravel() * stride for index in np.indices((rows, columns)))
    bottom, right = np.minimum(top + window, size[0]), np.minimum(left + window, size[1])
    return np.stack([top, left, bottom, right], axis=1).astype(np.int64)


def grid_shape(size: tuple[int, int], *, window: int, stride: int) -> tuple[int, int]:
    """Return how many positions the window has: rows, columns.

    One more than the steps that lead from one border to the other, a part of a step counted as a
    whole one.

    Parameters
    ----------
    size : (int, int)
        Height and width of the picture, in pixels.
    window, stride : int
        Side of the window and its step, in pixels.

    Returns
    -------
    (int, int)
        Rows and columns.

    Raises
    ------
    InputError
        If the window does not fit, its step leaves gaps, or there are too many positions.

    Examples
    --------
    >>> grid_shape((224, 224), window=32, stride=16), grid_shape((224, 224), window=50, stride=20)
    ((13, 13), (10, 10))
    """
    window = in_range(window, name="window", low=1)
    stride = in_range(stride, name="stride", low=1)
    if window > min(size):
        raise InputError(
            f"the window of {window} pixels is larger than the picture, {size[0]} × {size[1]}"
        )
    if stride > window:
        raise InputError(
            f"a step of {stride} pixels is longer than the window of {window}: it would leave gaps"
        )
    rows, columns = (-(-(side - window) // stride) + 1 for side in size)
    if rows * columns > MAX_WINDOWS:
        raise InputError(
            f"the window would stand at {rows} × {columns} = {rows * columns} positions, and "
            f"{MAX_WINDOWS} are the most; take a longer step"
        )
    return rows, columns


def usual_window(size: tuple[int, int]) -> tuple[int, int]:
    """Return a window and a step that suit a picture: a seventh of its side, and half of that.

    Examples
    --------
    >>> usual_window((224, 224)), usual_window((28, 28)), usual_window((1, 1))
    ((32, 16), (4, 2), (1, 1))
    """
    window = max(min(size) // 7, 1)
    return window, max(window // 2, 1)


def spread(drops: NDArray[Any], boxes: Ints, size: tuple[int, int]) -> Floats:
    """Return for each pixel the mean over all windows that hide it.

    Parameters
    ----------
    drops : ndarray of N numbers
        One for each window.
    boxes : ndarray of shape (N, 4)
        Top, left, bottom, right of each.
    size : (int, int)
        Height and width of the picture.

    Returns
    -------
    ndarray of shape (H, W)
        0 where no window stands.

    Examples
    --------
    >>> spread(np.array([4.0, 2.0]), np.array([[0, 0, 1, 2], [0, 1, 1, 3]]), (1, 3))
    array([[4., 3., 2.]], dtype=float32)
    """
    total, times = np.zeros(size), np.zeros(size)
    for drop, (top, left, bottom, right) in zip(np.ravel(drops), boxes, strict=True):
        total[top:bottom, left:right] += drop
        times[top:bottom, left:right] += 1
    return (total / np.maximum(times, 1)).astype(np.float32)


def filling(batch: Tensor, name: str, fill: str, *, seed: int = 0) -> Tensor:
    """Return what the window shows in place of a prepared picture.

    Parameters
    ----------
    batch : Tensor of shape (1, C, H, W)
        The picture, as `cnnlab.pretrained.preprocess` gives it.
    name : str
        The network it was prepared for.
    fill : str
        A key of `FILLS`.
    seed : int
        For "noise".

    Returns
    -------
    Tensor of shape (1, C, H, W)
        Prepared too; a window shows the part at its place.

    Raises
    ------
    InputError
        If there is no such filling.

    Examples
    --------
    >>> x = torch.zeros(1, 3, 4, 4)
    >>> float(filling(x, "resnet18", "mean").abs().max())
    0.0
    """
    if fill not in FILLS:
        raise InputError(f"there is no filling {fill!r}; choose one of {', '.join(FILLS)}")
    if fill == "blur":
        sigma = max(min(batch.shape[2:]) / 20, 0.5)
        reach = min(round(3 * sigma), min(batch.shape[2:]) - 1)
        blurred: Tensor = images.gaussian_blur(batch, [2 * reach + 1] * 2, [sigma] * 2)
        return blurred
    transforms = weights_of(name).transforms()
    mean, std = (torch.tensor(t)[None, :, None, None] for t in (transforms.mean, transforms.std))
    if fill == "mean":  # the network's preparation subtracts it
        return _mean_colour(batch, mean)
    if fill == "noise":
        random = torch.Generator().manual_seed(seed)
        return (torch.rand(batch.shape, generator=random) - mean) / std
    level = 0.0 if fill == "black" else 1.0
    return ((level - mean) / std).expand(batch.shape).clone()


def _mean_colour(batch: Tensor, mean: Tensor) -> Tensor:
    """Return zeros, the mean of the training pictures; the digit network subtracts none."""
    if bool((mean == 0).all()):
        return batch.mean().expand(batch.shape).clone()
    return torch.zeros_like(batch)


# How it is computed -----------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Clean:
    """What the network says of the picture without a window."""

    scores: Tensor
    channel: int | None = None  # the layer's map with the largest sum
    strength: float | None = None

    @staticmethod
    def of(scores: Tensor, maps: Tensor | None) -> _Clean:
        if maps is None:
            return _Clean(scores)
        sums = maps[0].double().sum((1, 2))
        channel = int(sums.argmax())
        return _Clean(scores, channel, float(sums[channel]))


class _Plain:
    """The whole network for small batches of pictures with a window each."""

    def __init__(
        self, model: nn.Module, image: Tensor, fill: Tensor, boxes: Ints, layer: str | None
    ) -> None:
        self.shared, self.layer = model, layer
        self.image, self.fill, self.boxes = image, fill, boxes
        self.model = model
        self.maps: Tensor | None = None
        self.channel: int | None = None
        if layer is not None:  # only a copy may be watched
            self.model = private_copy(model)
            part = self.model.get_submodule(layer_name(self.model, layer))
            part.register_forward_hook(self._keep)

    def clean(self) -> _Clean:
        """Return what the network says without a window; `run` follows the map found here."""
        found = _Clean.of(self._forward(self.image), self.maps)
        self.channel = found.channel
        return found

    def _keep(self, _module: nn.Module, _inputs: Any, output: Any) -> None:
        if not isinstance(output, Tensor) or output.ndim != 4:
            raise InputError(f"layer {self.layer!r} gives out no feature maps; choose another")
        self.maps = output.clone()

    def _forward(self, batch: Tensor) -> Tensor:
        scores = self.model(batch.contiguous(memory_format=torch.channels_last))
        if not isinstance(scores, Tensor) or scores.ndim != 2:
            raise InputError("the network must give one row of class scores for each picture")
        return scores

    def run(self, at: slice | Ints) -> _Said:
        """Return the class scores for some windows, and the strength of the layer's map."""
        scores = self._forward(self.hidden(at))
        if self.maps is None or self.channel is None:
            return scores, None
        return scores, self.maps[:, self.channel].double().sum((1, 2)).cpu().numpy()

    def hidden(self, at: slice | Ints) -> Tensor:
        """Return the picture with one window filled, for some windows."""
        boxes = self.boxes[at]
        batch = self.image.repeat(len(boxes), 1, 1, 1)
        for picture, (top, left, bottom, right) in zip(batch, boxes, strict=True):
            picture[:, top:bottom, left:right] = self.fill[0, :, top:bottom, left:right]
        return batch


def _short_way(
    plain: _Plain,
) -> tuple[_Clean, Callable[[slice], _Said], int] | None:
    """Return how to compute only what changes; None where the network forbids it.

    Returns
    -------
    (clean, run, per_batch) or None
        What the network says without a window, what asks it about some windows, and how many.
    """
    try:
        replay = WindowReplay(plain.shared, plain.image, plain.boxes, plain.fill, plain.layer)
        per_batch = replay.batch_size()
        clean = _Clean.of(replay.scores, replay.maps)
        plain.channel = clean.channel
        done: dict[int, _Said] = {}  # what the comparison has computed, by its first window

        def run(at: slice) -> _Said:
            if at.start in done:
                return done.pop(at.start)
            scores, maps = replay.run(at)
            if maps is None or clean.channel is None:
                return scores, None
            return scores, replay.strengths(maps, clean.channel)

        windows = np.unique([len(plain.boxes) // 2, len(plain.boxes) - 1])  # computed both ways
        theirs, their_sums = plain.run(windows)
        for place, window in enumerate(windows.tolist()):
            first = window - window % per_batch
            ours, our_sums = done[first] = run(slice(first, first + per_batch))
            if not _close(ours[window - first], theirs[place]):
                return None
            if (
                our_sums is not None
                and their_sums is not None
                and not _near(our_sums[window - first], their_sums[place])
            ):
                return None
    except (CannotReplay, RuntimeError, TypeError, ValueError, LookupError):
        return None  # another kind of network: the plain way is always right
    return clean, run, per_batch


def _near(one: float, other: float) -> bool:
    return abs(one - other) <= 10 * SAME * max(abs(other), 1.0)


def _close(one: Tensor, other: Tensor) -> bool:
    return one.shape == other.shape and bool((one - other).abs().max() <= SAME * other.abs().max())


def _probabilities(scores: Tensor, target: int) -> tuple[Floats, Floats, Ints]:
    """Return probability and score of the class, and the most likely class, of each row."""
    if not torch.isfinite(scores).all():
        raise InputError("the network answers with values that are no numbers (NaN or infinity)")
    shares = scores.double().softmax(1)[:, target].float()
    found = (shares, scores[:, target].float(), scores.argmax(1))
    probability, score, best = (part.cpu().numpy() for part in found)
    return probability, score, best


def _checked(model: nn.Module, batch: Tensor) -> Tensor:
    """Return one picture where the network is, or refuse what is none."""
    channels = input_channels(model)
    first = next(model.parameters(), None)
    convolves = first is not None and first.ndim == 4
    if (
        not isinstance(batch, Tensor)
        or batch.ndim != 4
        or batch.shape[0] != 1
        or (convolves and batch.shape[1] != channels)
    ):
        what = tuple(batch.shape) if isinstance(batch, Tensor) else type(batch).__name__
        raise InputError(f"batch must be one picture, shape (1, {channels}, H, W), got {what}")
    if not torch.isfinite(batch).all():
        raise InputError("the picture holds values that are no numbers (NaN or infinity)")
    weight = next(model.parameters(), batch)
    with torch.inference_mode(False):
        return batch.detach().to(weight.device).clone()
