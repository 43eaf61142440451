"""What happens when the pixels of a picture move: shuffled, or shifted by a few places.

A fully connected layer gets a picture as one long vector and does not know which numbers are
neighbours; a convolution lives on neighbours. `shuffle_test` and `shift_test` measure the
difference. All of it is done with whole numbers, so "the same" means equal, not nearly equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cnnlab.checks import InputError, in_range
from cnnlab.convolution import conv2d

__all__ = [
    "Change",
    "Fill",
    "Peak",
    "ShiftTest",
    "ShuffleTest",
    "changes",
    "correlation",
    "feature_map",
    "peak",
    "pixel_order",
    "rearranged",
    "shift_test",
    "shifted",
    "shuffle_test",
]

Pixels = NDArray[np.uint8]
Whole = NDArray[np.int64]
Fill = Literal["wrap", "constant", "edge"]
_STRONGEST_WEIGHT = 9


# Shuffled -------------------------------------------------------------------------------------


def pixel_order(height: int, width: int, *, seed: int, block: int = 1) -> NDArray[np.intp]:
    """Return a random order of the pixels of a picture.

    Parameters
    ----------
    height, width : int
        The picture, in pixels.
    seed : int
        The same seed gives the same order.
    block : int
        Blocks of so many pixels a side are moved as a whole; rows and columns at the end that
        fill no block stay where they are.

    Returns
    -------
    ndarray of shape (H · W,)
        At place k the number of the pixel that comes there; pixels are counted row by row.

    Raises
    ------
    InputError
        If a number is too small.

    Examples
    --------
    >>> pixel_order(2, 3, seed=1).tolist()
    [4, 0, 2, 1, 5, 3]
    """
    height, width = (in_range(n, name="a side", low=1) for n in (height, width))
    block = in_range(block, name="block", low=1)
    rng = np.random.default_rng(in_range(seed, name="seed", low=0))
    order = np.arange(height * width).reshape(height, width)
    rows, columns = height // block, width // block
    whole = order[: rows * block, : columns * block]
    blocks = whole.reshape(rows, block, columns, block).swapaxes(1, 2).reshape(-1, block, block)
    mixed = blocks[rng.permutation(len(blocks))].reshape(rows, columns, block, block)
    order[: rows * block, : columns * block] = mixed.swapaxes(1, 2).reshape(whole.shape)
    return order.ravel()


def rearranged(x: NDArray[Any], order: NDArray[np.intp]) -> NDArray[Any]:
    """Return a picture with its pixels in another order; the channels of a pixel stay together.

    Parameters
    ----------
    x : ndarray of shape (H, W, C)
        The picture.
    order : ndarray of shape (H · W,)
        As `pixel_order` makes it.

    Returns
    -------
    ndarray of shape (H, W, C)
        A copy.

    Examples
    --------
    >>> rearranged(np.array([[[10], [20]], [[30], [40]]]), np.array([3, 0, 1, 2])).ravel().tolist()
    [40, 10, 20, 30]
    """
    moved: NDArray[Any] = x.reshape(len(order), -1)[order].reshape(x.shape)
    return moved


@dataclass(frozen=True)
class ShuffleTest:
    """What two layers make of a picture whose pixels are shuffled.

    Parameters
    ----------
    picture : ndarray of shape (H, W, C)
        The shuffled picture.
    before : ndarray of shape (units,)
        What a fully connected layer makes of the picture as it is.
    with_weights : ndarray of shape (units,)
        The same of the shuffled picture, its weights shuffled in the same way.
    alone : ndarray of shape (units,)
        The same of the shuffled picture with the weights as they were.
    map_before, map_after : ndarray of shape (H, W)
        What a convolution makes of the picture and of the shuffled picture.
    put_back : ndarray of shape (H, W)
        `map_after` with every cell put back to where its pixel came from.
    """

    picture: NDArray[Any]
    before: Whole
    with_weights: Whole
    alone: Whole
    map_before: Whole
    map_after: Whole
    put_back: Whole


def shuffle_test(
    x: Pixels, kernel: NDArray[Any], *, seed: int, block: int = 1, units: int = 4
) -> ShuffleTest:
    """Return what a fully connected layer and a convolution make of a shuffled picture.

    The weights of the fully connected layer are random whole numbers from −9 to 9.

    Parameters
    ----------
    x : ndarray of shape (H, W, C)
        The picture, whole numbers.
    kernel : ndarray of shape (kH, kW)
        Whole numbers, as for `feature_map`; both sides odd.
    seed, block : int
        As for `pixel_order`.
    units : int
        Units of the fully connected layer.

    Returns
    -------
    ShuffleTest
        The outputs of both layers.
    """
    height, width, channels = x.shape
    weight = _dense_weights(units, x.size, seed)
    order = pixel_order(height, width, seed=seed, block=block)
    picture = rearranged(x, order)
    # The weights of a pixel move together with the pixel.
    moved = weight.reshape(units, height * width, channels)[:, order].reshape(units, -1)
    map_after = feature_map(picture, kernel)
    put_back = np.empty_like(map_after)
    put_back.ravel()[order] = map_after.ravel()
    return ShuffleTest(
        picture=picture,
        before=_dense(weight, x),
        with_weights=_dense(moved, picture),
        alone=_dense(weight, picture),
        map_before=feature_map(x, kernel),
        map_after=map_after,
        put_back=put_back,
    )


# Shifted --------------------------------------------------------------------------------------


def shifted(x: NDArray[Any], *, rows: int, columns: int, fill: Fill = "wrap") -> NDArray[Any]:
    """Return a picture moved by some pixels.

    Parameters
    ----------
    x : ndarray of shape (H, W, C)
        The picture.
    rows, columns : int
        How far it moves down and to the right; negative: up and to the left.
    fill : {"wrap", "constant", "edge"}
        What moves in: what has left on the other side, zeros, or the last row or column again.

    Returns
    -------
    ndarray of shape (H, W, C)
        A copy.

    Raises
    ------
    InputError
        If `fill` is none of the three.

    Examples
    --------
    >>> x = np.array([[[1], [2], [3]]])
    >>> [shifted(x, rows=0, columns=1, fill=f).ravel().tolist() for f in ("wrap", "constant")]
    [[3, 1, 2], [0, 1, 2]]
    """
    if fill not in ("wrap", "constant", "edge"):
        raise InputError(f"fill must be 'wrap', 'constant' or 'edge', got {fill!r}")
    margins = [(max(by, 0), max(-by, 0)) for by in (rows, columns)]
    wide = np.pad(x, [*margins, (0, 0)], mode=fill)
    (_, below), (_, right) = margins
    return wide[below : below + x.shape[0], right : right + x.shape[1]]


@dataclass(frozen=True)
class Change:
    """How far two pictures are apart, number by number.

    Parameters
    ----------
    changed, total : int
        Numbers that differ, and all of them.
    correlation : float or None
        Pearson's, of the two vectors; None where one of them is constant.
    distance : float
        Euclidean, of the two vectors.
    plain : float
        Distance of the first vector from a picture of its mean value only, for comparison.
    """

    changed: int
    total: int
    correlation: float | None
    distance: float
    plain: float


def changes(before: NDArray[Any], after: NDArray[Any]) -> Change:
    """Return how far two arrays of the same shape are apart, number by number.

    Parameters
    ----------
    before, after : ndarray
        The same shape.

    Returns
    -------
    Change
        Counts, correlation and distances.

    Raises
    ------
    InputError
        If the shapes differ.

    Examples
    --------
    >>> found = changes(np.array([1, 2, 3, 4]), np.array([2, 2, 3, 4]))
    >>> found.changed, found.total, found.distance
    (1, 4, 1.0)
    """
    if before.shape != after.shape:
        raise InputError(f"the shapes must be equal, got {before.shape} and {after.shape}")
    a, b = (values.ravel().astype(np.float64) for values in (before, after))
    return Change(
        changed=int((a != b).sum()),
        total=a.size,
        correlation=correlation(a, b),
        distance=float(np.linalg.norm(a - b)),
        plain=float(np.linalg.norm(a - a.mean())),
    )


def correlation(a: NDArray[Any], b: NDArray[Any]) -> float | None:
    """Return Pearson's correlation of two arrays; None where one of them is constant.

    Examples
    --------
    >>> round(correlation(np.array([1, 2, 3]), np.array([2, 4, 7])), 3)
    0.993
    """
    a, b = (values.ravel().astype(np.float64) for values in (a, b))
    if a.min() == a.max() or b.min() == b.max():
        return None
    a, b = a - a.mean(), b - b.mean()
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


@dataclass(frozen=True)
class Peak:
    """The strongest response of a feature map: its size, the sign left out, and its place."""

    value: int
    row: int
    column: int


def peak(
    values: Whole, *, among: NDArray[np.bool_] | None = None, near: tuple[int, int] = (0, 0)
) -> Peak:
    """Return the strongest response of a feature map.

    Parameters
    ----------
    values : ndarray of shape (H, W)
        The map.
    among : ndarray of shape (H, W), optional
        Where it is looked for; everywhere if left out.
    near : (row, column)
        Of several that are equally strong, the one nearest to this place is meant.

    Returns
    -------
    Peak
        Its size and its place.

    Examples
    --------
    >>> peak(np.array([[0, -7], [7, 1]]), near=(1, 0))
    Peak(value=7, row=1, column=0)
    """
    size = np.abs(values) if among is None else np.where(among, np.abs(values), -1)
    places = np.argwhere(size == size.max())
    row, column = places[np.abs(places - near).sum(axis=1).argmin()]
    return Peak(int(size.max()), int(row), int(column))


@dataclass(frozen=True)
class ShiftTest:
    """What two layers make of a picture that has moved.

    Parameters
    ----------
    picture : ndarray of shape (H, W, C)
        The picture, moved.
    input : Change
        How far its numbers have changed, place by place.
    dense_before, dense_after : int
        What one unit of a fully connected layer makes of both.
    map_before, map_after : ndarray of shape (H, W)
        What a convolution makes of both.
    peak_before, peak_after : Peak
        Its strongest response, among the windows that both pictures hold.
    followed, comparable : int
        Cells of the second map that equal the first map's cell from where the picture came, and
        all those whose window holds nothing that has moved in.
    """

    picture: NDArray[Any]
    input: Change
    dense_before: int
    dense_after: int
    map_before: Whole
    map_after: Whole
    peak_before: Peak
    peak_after: Peak
    followed: int
    comparable: int


def shift_test(
    x: Pixels, kernel: NDArray[Any], *, rows: int, columns: int, fill: Fill = "wrap", seed: int = 0
) -> ShiftTest:
    """Return what a fully connected unit and a convolution make of a picture that has moved.

    Parameters
    ----------
    x : ndarray of shape (H, W, C)
        The picture, whole numbers.
    kernel : ndarray of shape (kH, kW)
        As for `feature_map`.
    rows, columns, fill
        As for `shifted`.
    seed : int
        Of the weights of the fully connected unit.

    Returns
    -------
    ShiftTest
        The outputs of both layers.

    Raises
    ------
    InputError
        If the picture moves so far that no window of the kernel is left.
    """
    picture = shifted(x, rows=rows, columns=columns, fill=fill)
    weight = _dense_weights(1, x.size, seed)
    before, after = feature_map(x, kernel), feature_map(picture, kernel)
    (height, width), (k_rows, k_columns) = before.shape, kernel.shape
    held = np.zeros(before.shape, dtype=bool)  # windows of the moved picture that hold old pixels
    held[
        k_rows // 2 + max(rows, 0) : max(height - k_rows // 2 + min(rows, 0), 0),
        k_columns // 2 + max(columns, 0) : max(width - k_columns // 2 + min(columns, 0), 0),
    ] = True
    if not held.any():
        raise InputError(
            f"nothing of a picture of {height} × {width} pixels is left after this shift"
        )
    old = (np.argwhere(held) - (rows, columns)).T  # where those windows were before
    first = peak(before, among=_mask(before.shape, old))
    return ShiftTest(
        picture=picture,
        input=changes(x, picture),
        dense_before=int(_dense(weight, x)[0]),
        dense_after=int(_dense(weight, picture)[0]),
        map_before=before,
        map_after=after,
        peak_before=first,
        peak_after=peak(after, among=held, near=(first.row + rows, first.column + columns)),
        followed=int((after[held] == before[tuple(old)]).sum()),
        comparable=int(held.sum()),
    )


def _mask(shape: tuple[int, ...], places: NDArray[np.intp]) -> NDArray[np.bool_]:
    mask = np.zeros(shape, dtype=bool)
    mask[tuple(places)] = True
    return mask


def feature_map(x: Pixels, kernel: NDArray[Any]) -> Whole:
    """Return the feature map of a kernel of whole numbers, as large as the picture.

    Every channel gets the same kernel, and the channels' results are added. The border is padded
    with copies of the outermost pixels, so that it is no edge of its own.

    Parameters
    ----------
    x : ndarray of shape (H, W, C)
        The picture, whole numbers.
    kernel : ndarray of shape (kH, kW)
        Whole numbers; both sides odd.

    Returns
    -------
    ndarray of shape (H, W)
        Whole numbers.

    Raises
    ------
    InputError
        If a side of the kernel is even, or a weight is no whole number.

    Examples
    --------
    >>> x = np.array([[[0], [0], [255], [255]]], dtype=np.uint8)
    >>> feature_map(x, np.array([[-1, 0, 1]])).tolist()
    [[0, 255, 255, 0]]
    """
    if kernel.shape[0] % 2 == 0 or kernel.shape[1] % 2 == 0:
        raise InputError(f"both sides of the kernel must be odd, got {kernel.shape}")
    if not np.array_equal(kernel, np.rint(kernel)):
        raise InputError("the kernel must hold whole numbers")
    channels = x.transpose(2, 0, 1)
    weight = np.broadcast_to(kernel, (1, len(channels), *kernel.shape))
    padding = (kernel.shape[0] // 2, kernel.shape[1] // 2)
    maps = conv2d(channels, weight, padding=padding, padding_mode="replicate")
    whole: Whole = np.rint(maps[0]).astype(np.int64)
    return whole


def _dense_weights(units: int, inputs: int, seed: int) -> NDArray[np.int8]:
    """Return the random whole weights of a fully connected layer, (units, inputs)."""
    rng = np.random.default_rng(seed)
    most = _STRONGEST_WEIGHT
    size = (units, inputs)
    weight: NDArray[np.int8] = rng.integers(-most, most, size, dtype=np.int8, endpoint=True)
    return weight


def _dense(weight: NDArray[np.int8], x: NDArray[Any]) -> Whole:
    """Return what each unit makes of the flattened picture: weights times numbers, added up.

    Floating point is exact here and faster: all sums are whole and far below 2 to the power of 53.
    """
    products = weight.astype(np.float64) @ x.ravel().astype(np.float64)
    return np.rint(products).astype(np.int64)
