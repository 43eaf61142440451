"""Normalisation of data and of activations: subtract a mean, divide by a standard deviation.

Batch, layer, instance and group normalisation are one formula. They differ only in which numbers
share a mean.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnlab.checks import InputError, in_range

__all__ = [
    "KINDS",
    "RunningStatistics",
    "batch_norm",
    "group_norm",
    "instance_norm",
    "layer_norm",
    "local_response_norm",
    "mean_and_std",
    "standardise",
    "statistics_sets",
    "update_running",
]

Floats = NDArray[np.float64]
EPS = 1e-5  # keeps the division safe; PyTorch's number
KINDS = ("batch", "layer", "instance", "group")


# Data ----------------------------------------------------------------------------------------


def mean_and_std(x: ArrayLike) -> tuple[Floats, Floats]:
    """Return mean and standard deviation of each column.

    Parameters
    ----------
    x : (N, D) array
        N examples, D features.

    Returns
    -------
    mean, std : (D,) array
        The variance under the root is the mean of the squared distances: divided by N.

    Raises
    ------
    InputError
        If there is no example, or `x` is no table.

    Examples
    --------
    >>> mean, std = mean_and_std([[1], [2], [6]])
    >>> float(mean[0]), round(float(std[0]) ** 2, 4)  # 14 / 3
    (3.0, 4.6667)
    """
    x = _table(x)
    mean = x.mean(axis=0)  # one for each column: the sum over its rows, divided by N
    std = np.sqrt(((x - mean) ** 2).mean(axis=0))
    return mean, std


def standardise(
    x: ArrayLike, *, mean: ArrayLike | None = None, std: ArrayLike | None = None
) -> Floats:
    """Return each column with its mean subtracted, divided by its standard deviation.

    Parameters
    ----------
    x : (N, D) array
        N examples, D features.
    mean, std : (D,) array, optional
        Those of the training data, to treat test data alike; by default those of `x`.

    Returns
    -------
    (N, D) array
        Columns of mean 0 and standard deviation 1, where `mean` and `std` are their own.

    Raises
    ------
    InputError
        If a column is constant, so that its standard deviation is 0.

    Examples
    --------
    >>> standardise([[0.0], [4.0]]).ravel().tolist()
    [-1.0, 1.0]
    >>> standardise([[10.0]], mean=[2.0], std=[4.0]).tolist()
    [[2.0]]
    """
    x = _table(x)
    own_mean, own_std = mean_and_std(x)
    mean = own_mean if mean is None else np.asarray(mean, np.float64)
    std = own_std if std is None else np.asarray(std, np.float64)
    if (std == 0).any():
        column = int(np.argmin(std)) + 1
        raise InputError(
            f"column {column} is constant: its standard deviation is 0, and nothing can be "
            "divided by it"
        )
    return (x - mean) / std


# Activations ---------------------------------------------------------------------------------


def batch_norm(
    x: ArrayLike,
    *,
    gamma: ArrayLike = 1.0,
    beta: ArrayLike = 0.0,
    running: RunningStatistics | None = None,
    eps: float = EPS,
) -> Floats:
    """Return `x` normalised for each channel over the batch and over all places.

    Parameters
    ----------
    x : (N, C) or (N, C, H, W) array
        A batch.
    gamma, beta : (C,) array or float
        The learned scale and shift of each channel; PyTorch calls them weight and bias.
    running : RunningStatistics, optional
        Given in evaluation mode: its mean and variance are used, and the batch has no say. Left
        out in training mode: the batch's own mean and variance are used.
    eps : float
        Added to the variance.

    Returns
    -------
    array of the shape of `x`
        gamma · (x − mean) / √(variance + eps) + beta.

    Raises
    ------
    InputError
        If in training mode each channel has one value only.

    References
    ----------
    .. [1] Ioffe and Szegedy, 2015, arXiv:1502.03167, algorithm 1.

    Examples
    --------
    >>> batch_norm([[1.0], [3.0], [5.0], [7.0]]).round(2).ravel().tolist()
    [-1.34, -0.45, 0.45, 1.34]
    """
    x = _batch(x)
    if running is None:
        mean, var = _batch_statistics(x)
    else:
        mean, var = _per_channel(running.mean, x), _per_channel(running.var, x)
    normalised = (x - mean) / _root(var, eps)
    return _per_channel(gamma, x) * normalised + _per_channel(beta, x)


@dataclass(frozen=True)
class RunningStatistics:
    """What batch normalisation keeps for evaluation: a mean and a variance for each channel."""

    mean: ArrayLike = 0.0
    var: ArrayLike = 1.0


def update_running(
    running: RunningStatistics, x: ArrayLike, *, momentum: float = 0.1
) -> RunningStatistics:
    """Return the running statistics after one more batch of training.

    Parameters
    ----------
    running : RunningStatistics
        Those before.
    x : (N, C) or (N, C, H, W) array
        The batch.
    momentum : float
        The share of the new batch, from 0 to 1.

    Returns
    -------
    RunningStatistics
        (1 − momentum) · old + momentum · new. The new variance is divided by n − 1, although
        the batch itself is normalised with the variance divided by n. PyTorch does so; the paper
        also takes this unbiased variance (algorithm 2, line 10).

    Raises
    ------
    InputError
        If each channel has one value only, or the momentum is no share.

    Examples
    --------
    >>> after = update_running(RunningStatistics(), [[1.0], [3.0], [5.0], [7.0]])
    >>> after.mean.round(4).tolist(), after.var.round(4).tolist()
    ([0.4], [1.5667])
    """
    if not 0 <= momentum <= 1:
        raise InputError(f"momentum must be from 0 to 1, got {momentum:g}")
    x = _batch(x)
    mean, var = (part.ravel() for part in _batch_statistics(x))
    n = x.size // x.shape[1]  # values of one channel
    unbiased = var * n / (n - 1)
    return RunningStatistics(
        (1 - momentum) * np.asarray(running.mean, np.float64) + momentum * mean,
        (1 - momentum) * np.asarray(running.var, np.float64) + momentum * unbiased,
    )


def layer_norm(
    x: ArrayLike, *, gamma: ArrayLike = 1.0, beta: ArrayLike = 0.0, eps: float = EPS
) -> Floats:
    """Return `x` normalised for each example over all its channels and places.

    Parameters
    ----------
    x : (N, C, H, W) array
        A batch.
    gamma, beta : (C, H, W) array or float
        The learned scale and shift.
    eps : float
        Added to the variance.

    Returns
    -------
    array of the shape of `x`
        As ``torch.nn.LayerNorm([C, H, W])``.

    References
    ----------
    .. [1] Ba, Kiros and Hinton, 2016, arXiv:1607.06450.

    Examples
    --------
    >>> layer_norm([[[[1.0]], [[3.0]]]]).round(2).ravel().tolist()
    [-1.0, 1.0]
    """
    x = _batch(x)
    normalised = _normalise(x, axes=tuple(range(1, x.ndim)), eps=eps)
    return np.asarray(gamma, np.float64) * normalised + np.asarray(beta, np.float64)


def instance_norm(
    x: ArrayLike, *, gamma: ArrayLike = 1.0, beta: ArrayLike = 0.0, eps: float = EPS
) -> Floats:
    """Return `x` normalised for each example and each channel over all places.

    Parameters
    ----------
    x : (N, C, H, W) array
        A batch.
    gamma, beta : (C,) array or float
        The scale and shift of each channel.
    eps : float
        Added to the variance.

    Returns
    -------
    array of the shape of `x`
        As ``torch.nn.InstanceNorm2d(C)``.

    Raises
    ------
    InputError
        If a channel has one place only.

    References
    ----------
    .. [1] Ulyanov, Vedaldi and Lempitsky, 2016, arXiv:1607.08022.

    Examples
    --------
    >>> instance_norm([[[[1.0, 3.0]], [[10.0, 30.0]]]]).round(2).ravel().tolist()
    [-1.0, 1.0, -1.0, 1.0]
    """
    x = _batch(x)
    if math.prod(x.shape[2:]) == 1:
        raise InputError("instance normalisation needs more than one place in each channel")
    normalised = _normalise(x, axes=tuple(range(2, x.ndim)), eps=eps)
    return _per_channel(gamma, x) * normalised + _per_channel(beta, x)


def group_norm(
    x: ArrayLike,
    *,
    groups: int,
    gamma: ArrayLike = 1.0,
    beta: ArrayLike = 0.0,
    eps: float = EPS,
) -> Floats:
    """Return `x` normalised for each example over the places of a group of channels.

    Parameters
    ----------
    x : (N, C, H, W) array
        A batch.
    groups : int
        How many groups the channels are split into. One is layer normalisation, C are instance
        normalisation, but for gamma and beta.
    gamma, beta : (C,) array or float
        The learned scale and shift of each channel.
    eps : float
        Added to the variance.

    Returns
    -------
    array of the shape of `x`
        As ``torch.nn.GroupNorm(groups, C)``.

    Raises
    ------
    InputError
        If the groups cannot share the channels equally.

    References
    ----------
    .. [1] Wu and He, 2018, arXiv:1803.08494.

    Examples
    --------
    >>> group_norm([[[[1.0]], [[3.0]], [[10.0]], [[30.0]]]], groups=2).round(2).ravel().tolist()
    [-1.0, 1.0, -1.0, 1.0]
    """
    x = _batch(x)
    batch, channels = x.shape[:2]
    _check_groups(groups, channels)
    split = x.reshape(batch, groups, channels // groups, *x.shape[2:])
    normalised = _normalise(split, axes=tuple(range(2, split.ndim)), eps=eps).reshape(x.shape)
    return _per_channel(gamma, x) * normalised + _per_channel(beta, x)


def statistics_sets(kind: str, shape: tuple[int, ...], *, groups: int = 1) -> NDArray[np.int64]:
    """Return for each number of a tensor which set of numbers it shares its mean with.

    Parameters
    ----------
    kind : str
        One of ``KINDS``.
    shape : (N, C, H, W)
        The tensor's.
    groups : int
        For group normalisation.

    Returns
    -------
    (N, C, H, W) array of int
        Numbers of sets, from 0. Equal numbers: one mean and one variance.

    Raises
    ------
    InputError
        If the groups cannot share the channels equally.
    ValueError
        If there is no such kind.

    Examples
    --------
    >>> statistics_sets("batch", (2, 3, 1, 1)).reshape(2, 3).tolist()
    [[0, 1, 2], [0, 1, 2]]
    >>> statistics_sets("layer", (2, 3, 1, 1)).reshape(2, 3).tolist()
    [[0, 0, 0], [1, 1, 1]]
    """
    n, c = np.indices(shape, dtype=np.int64)[:2]
    channels = shape[1]
    sets: NDArray[np.int64]
    match kind:
        case "batch":
            sets = c
        case "layer":
            sets = n
        case "instance":
            sets = n * channels + c
        case "group":
            _check_groups(groups, channels)
            sets = n * groups + c // (channels // groups)
        case _:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}, got {kind!r}")
    return sets


def local_response_norm(
    x: ArrayLike,
    *,
    size: int = 5,
    alpha: float = 1e-4,
    beta: float = 0.75,
    k: float = 2.0,
    divide_alpha: bool = True,
) -> Floats:
    """Return each response divided by a sum over its neighbouring channels at the same place.

    Parameters
    ----------
    x : (C,) or (N, C, ...) array
        Responses of C channels.
    size : int
        How many channels are summed, the paper's n: half of them before, half after. At the
        ends there are fewer.
    alpha, beta, k : float
        The constants of the paper.
    divide_alpha : bool
        Whether alpha is divided by `size`, as PyTorch does. The paper does not.

    Returns
    -------
    array of the shape of `x`
        x / (k + alpha · Σ x²)^beta, or with alpha / size.

    Raises
    ------
    InputError
        If a constant would make the result no number.

    References
    ----------
    .. [1] Krizhevsky, Sutskever and Hinton, 2012, section 3.3.

    Examples
    --------
    >>> local_response_norm([1, 2, 3], size=3, alpha=1, beta=0.5, k=1, divide_alpha=False).round(3)
    array([0.408, 0.516, 0.802])
    """
    x = np.asarray(x, np.float64)
    in_range(size, name="size", low=1)
    if k <= 0 or alpha < 0:
        raise InputError(f"k must be above 0 and alpha not below 0, got {k:g} and {alpha:g}")
    channel_axis = 0 if x.ndim == 1 else 1
    squares = np.moveaxis(x, channel_axis, 0) ** 2
    channels = len(squares)
    sums = np.zeros_like(squares)
    for channel in range(channels):
        first = max(channel - size // 2, 0)
        last = min(channel + (size - 1) // 2, channels - 1)
        sums[channel] = squares[first : last + 1].sum(axis=0)
    strength = alpha / size if divide_alpha else alpha
    return x / np.moveaxis((k + strength * sums) ** beta, 0, channel_axis)


# What they share -----------------------------------------------------------------------------


def _normalise(x: Floats, *, axes: tuple[int, ...], eps: float) -> Floats:
    """Return (x − mean) / √(variance + eps), with mean and variance over some axes."""
    mean = x.mean(axis=axes, keepdims=True)
    var = x.var(axis=axes, keepdims=True)  # divided by the count, not by the count − 1
    normalised: Floats = (x - mean) / _root(var, eps)
    return normalised


def _root(var: Floats, eps: float) -> Floats:
    """Return √(variance + eps), if something can be divided by it."""
    if not (var + eps > 0).all():
        raise InputError(f"a variance of 0 needs an eps above 0, got {eps:g}")
    return np.sqrt(var + eps)


def _batch_statistics(x: Floats) -> tuple[Floats, Floats]:
    """Return mean and variance of each channel, over the batch and all places."""
    if x.size == x.shape[1]:
        raise InputError(
            "training needs more than one value for each channel: a single value is its own "
            "mean, and its variance is 0"
        )
    axes = (0, *range(2, x.ndim))
    return x.mean(axis=axes, keepdims=True), x.var(axis=axes, keepdims=True)


def _per_channel(values: ArrayLike, x: Floats) -> Floats:
    """Return one number for each channel, shaped so that it meets its channel in `x`."""
    each = np.broadcast_to(np.asarray(values, np.float64), x.shape[1])
    return each.reshape(1, -1, *(1,) * (x.ndim - 2))


def _check_groups(groups: int, channels: int) -> None:
    in_range(groups, name="groups", low=1)
    if channels % groups:
        fitting = ", ".join(str(n) for n in range(1, channels + 1) if channels % n == 0)
        raise InputError(
            f"{groups} groups cannot share {channels} channels equally; these can: {fitting}"
        )


def _table(x: ArrayLike) -> Floats:
    table = np.asarray(x, np.float64)
    if table.ndim != 2 or not table.size:
        raise InputError(f"the data must be a table of (N, D) numbers, got shape {table.shape}")
    return table


def _batch(x: ArrayLike) -> Floats:
    batch = np.asarray(x, np.float64)
    if batch.ndim < 2 or not batch.size:
        raise InputError(f"a batch has the shape (N, C, ...), got {batch.shape}")
    return batch
