"""Can an explanation be believed? Three measures, each of which can say no, and none of which yes.

Randomised weights ask whether a map depends on what the network has learnt; deletion and insertion
ask whether the pixels that it names decide the answer; the pointing game asks whether it points at
the object. All of them take a map, whatever made it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from cnnlab.checks import InputError, in_range
from cnnlab.compute import part, progress
from cnnlab.explaining import explain
from cnnlab.features import input_channels, private_copy

__all__ = [
    "BLUR",
    "STAGES",
    "STEPS",
    "TOLERANCE",
    "Cascade",
    "Curve",
    "Pointed",
    "blurred",
    "cascade",
    "deletion",
    "insertion",
    "mixed",
    "pixel_order",
    "point",
    "random_areas",
    "randomised",
    "similarity",
    "spearman",
]

Array = NDArray[np.floating[Any]]
Order = NDArray[np.integer[Any]]
Box = tuple[float, float, float, float]
How = str | Callable[[nn.Module], Array]

SEED = 0
DRAWS = 20
STAGES = 5  # how often the map is computed anew on the way to a network of random numbers
STEPS = 20  # pictures of a curve, less one
AT_ONCE = 7  # pictures in one pass
BLUR = 5.0  # standard deviation of the Gaussian with which insertion begins, in pixels (RISE)
TOLERANCE = 15.0  # pixels beside a box that still count as a hit (Zhang et al., section 5)


# Randomised weights ------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Cascade:
    """What becomes of a map while the network forgets, from its last layer down to its first.

    Attributes
    ----------
    layers : tuple of str
        For each stage, the lowest layer that has random numbers by then.
    counts : tuple of int
        How many layers have them; the last is all that there are.
    original : ndarray of shape (H, W)
        The map of the trained network.
    maps : ndarray of shape (S, H, W)
        The map at each stage.
    ranks, ssims : ndarray of shape (S,)
        Spearman's rank correlation (-1 to 1) and the structural similarity (up to 1) of the
        absolute values with those of `original`.
    """

    layers: tuple[str, ...]
    counts: tuple[int, ...]
    original: Array
    maps: Array
    ranks: Array
    ssims: Array


def cascade(
    model: nn.Module,
    batch: Tensor,
    how: How,
    *,
    target: int | None = None,
    layer: str | None = None,
    n_stages: int = STAGES,
    seed: int = SEED,
) -> Cascade:
    """Return how a map changes when layer after layer, from the top down, gets random numbers.

    A map that stays the same does not show what the network has learnt [1]_.

    Parameters
    ----------
    model : torch.nn.Module
        Shared by others: neither changed nor hooked; a private network gets the random numbers.
    batch : Tensor of shape (1, C, H, W)
        One picture, as the network wants it.
    how : str or callable
        A key of `cnnlab.explaining.METHODS`, or a function from a network to a map (H, W).
    target, layer
        For a method by name, as `cnnlab.explaining.explain` takes them.
    n_stages : int
        How often to look. The first time, only the last layer is random; at the end all are.
    seed : int
        Of the random numbers.

    Returns
    -------
    Cascade
        The maps and their similarity to the first one.

    Raises
    ------
    InputError
        If there is no map to begin with: it is empty, or the method does not suit the network.

    References
    ----------
    .. [1] Adebayo et al., 2018, "Sanity Checks for Saliency Maps", NeurIPS, arXiv:1810.03292,
       section 3.1 and figure 2.
    """
    n_stages = in_range(n_stages, name="n_stages", low=1, high=100)
    look = _explainer(how, batch, target, layer)
    with part(0, 1 / (n_stages + 1)):
        original = look(model)
    if not original.any():
        raise InputError("the map is empty, so there is nothing to compare with")
    layers, maps, counts = [], [], []
    networks = randomised(model, batch, n_stages, target=target, seed=seed)
    for stage, (names, twin) in enumerate(networks, 1):
        with part(stage / (n_stages + 1), (stage + 1) / (n_stages + 1)):
            maps.append(look(twin))
        layers.append(names[-1])
        counts.append(len(names))
    found = [similarity(original, new) for new in maps]
    ranks, ssims = (np.array(column) for column in zip(*found, strict=True))
    return Cascade(tuple(layers), tuple(counts), original, np.stack(maps), ranks, ssims)


def randomised(
    model: nn.Module,
    batch: Tensor,
    n_stages: int = STAGES,
    *,
    target: int | None = None,
    seed: int = SEED,
) -> Iterator[tuple[tuple[str, ...], nn.Module]]:
    """Yield a network that forgets in stages: first its last layer, at the end all layers.

    Weights get the numbers with which training begins: normal, of variance 2 / fan-in (He et al.
    2015); biases 0; a normalisation begins anew with mean 0, variance 1.

    Parameters
    ----------
    model : torch.nn.Module
        Neither changed nor hooked. The network that is yielded has tensors of its own wherever they
        differ.
    batch : Tensor of shape (1, C, H, W)
        A picture: it shows in which order the layers run.
    n_stages : int
        In how many stages; fewer where the network has fewer layers with weights.
    target : int, optional
        Number of a class. Where its score is exactly 0, because its neurons never fire, other
        numbers are drawn (up to 20 times): every map of a dead class is empty.
    seed : int
        Of the random numbers.

    Yields
    ------
    names : tuple of str
        The layers that are random by now, the last one of the network first.
    network : torch.nn.Module
        The same object each time, changed further.
    """
    twin = private_copy(model)
    order = _run_order(twin, batch)[::-1]  # from the top down
    if not order:
        raise InputError("the network has no weights that could be made random")
    heavy = [place for place, name in enumerate(order) if _has_weights(twin.get_submodule(name))]
    ends = [*heavy[1:], len(order)]  # a normalisation goes with the weights below it
    stages = np.unique(np.round(np.linspace(1, len(ends), min(n_stages, len(ends)))).astype(int))
    generator = torch.Generator().manual_seed(seed)
    for stage in stages:
        names = order[: ends[stage - 1]]
        for _ in range(DRAWS):
            for name in names:
                _forget(twin.get_submodule(name), generator)
            if target is None or _score(twin, batch, target) != 0:
                break
        yield tuple(names), twin


def similarity(one: Array, other: Array) -> tuple[float, float]:
    """Return how alike two maps are, signs and scale aside: rank correlation and SSIM.

    Parameters
    ----------
    one, other : ndarray of shape (H, W)
        The maps; their absolute values are compared.

    Returns
    -------
    rank : float
        Spearman's rank correlation: 1 for the same order of the pixels, about 0 for unrelated maps.
    ssim : float
        Structural similarity of both maps, each scaled to 0 to 1: 1 for equal maps. In maps of
        fewer than 7 × 7 pixels the window shrinks to them.

    References
    ----------
    .. [1] Wang et al., 2004, "Image quality assessment", doi:10.1109/TIP.2003.819861.

    Examples
    --------
    >>> values = np.arange(64.0).reshape(8, 8)
    >>> similarity(values, -2 * values)
    (1.0, 1.0)
    """
    from skimage.metrics import structural_similarity

    first, second = (_scaled(np.abs(values)) for values in (one, other))
    rank = spearman(first, second)
    window = min(7, *first.shape)
    window -= 1 - window % 2  # odd
    found: Any = structural_similarity(  # type: ignore[no-untyped-call]
        first, second, data_range=1.0, win_size=window, use_sample_covariance=window > 1
    )
    return rank, round(float(found), 6)


def spearman(one: Array, other: Array) -> float:
    """Return Spearman's rank correlation: Pearson's correlation of the ranks.

    Parameters
    ----------
    one, other : ndarray of the same shape
        Any finite numbers; equal ones share the mean of their ranks.

    Returns
    -------
    float
        -1 to 1; 0 where all numbers of one are equal, which have no order.

    Examples
    --------
    >>> spearman(np.array([1.0, 2.0, 3.0]), np.array([10.0, 1000.0, 100000.0]))
    1.0
    """
    a, b = (_ranks(values.ravel()) - (values.size - 1) / 2 for values in (one, other))
    size = float(np.sqrt((a @ a) * (b @ b)))
    return round(float(a @ b) / size, 6) if size else 0.0


def _ranks(values: Array) -> Array:
    """Return the rank of each number, from 0; equal numbers share the mean of their ranks."""
    _, place, times = np.unique(values, return_inverse=True, return_counts=True)
    after = np.cumsum(times)
    mean: Array = (after - (times + 1) / 2)[place]
    return mean


def _scaled(values: Array) -> Array:
    high = float(values.max(initial=0.0))
    return values.astype(np.float64) / high if high else values.astype(np.float64)


def _explainer(
    how: How, batch: Tensor, target: int | None, layer: str | None
) -> Callable[[nn.Module], Array]:
    """Return a function from a network to a map whose numbers are finite."""

    def look(network: nn.Module) -> Array:
        if callable(how):
            values = how(network)
        elif target is None:
            raise InputError("a method needs a target: the number of the class")
        else:
            values = explain(how, network, batch, target=target, layer=layer).values
        if values.ndim != 2 or not np.isfinite(values).all():
            raise InputError("the method gave no map of finite numbers")
        return values

    return look


def _score(network: nn.Module, batch: Tensor, target: int) -> float:
    with torch.inference_mode():
        outputs: Tensor = network(batch.to(next(network.parameters(), batch).device))
    in_range(target, name="target", low=0, high=outputs.shape[1] - 1)
    return float(outputs[0, target])


def _run_order(twin: nn.Module, batch: Tensor) -> list[str]:
    """Return the modules that hold numbers of their own, in the order in which they finish."""
    order: list[str] = []

    def note(name: str) -> Callable[..., None]:
        def hook(*_: Any) -> None:
            if name in order:
                order.remove(name)  # used twice: the last time counts
            order.append(name)

        return hook

    handles = [
        module.register_forward_hook(note(name))  # on the private copy
        for name, module in twin.named_modules()
        if any(True for _ in module.parameters(recurse=False))
    ]
    try:
        with torch.inference_mode():
            twin(batch.to(next(twin.parameters(), batch).device))
    finally:
        for handle in handles:
            handle.remove()
    return order


def _has_weights(module: nn.Module) -> bool:
    return any(p.ndim >= 2 for p in module.parameters(recurse=False)) and not hasattr(
        module, "layer_scale"
    )


def _forget(module: nn.Module, generator: torch.Generator) -> None:
    """Give a module of a private network new numbers; the old tensors stay as they are."""
    is_norm = isinstance(module, (nn.modules.batchnorm._BatchNorm, nn.LayerNorm, nn.GroupNorm))
    for name, old in list(module.named_parameters(recurse=False)):
        if old.ndim >= 2 and not is_norm and name != "layer_scale":
            spread = (2 / max(old[0].numel(), 1)) ** 0.5  # He et al. 2015, equation 10
            new = spread * torch.randn(old.shape, generator=generator)
        else:
            new = torch.full(old.shape, 1.0 if name in ("weight", "layer_scale") else 0.0)
        setattr(module, name, nn.Parameter(new.to(old), requires_grad=False))
    for name, buffer in list(module.named_buffers(recurse=False)):
        if name in ("running_mean", "running_var"):
            setattr(module, name, torch.full_like(buffer, float(name == "running_var")))


# Deletion and insertion --------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Curve:
    """The probability of a class while pixels go or come.

    Attributes
    ----------
    shares : ndarray of shape (S + 1,)
        Which share of the pixels has changed, 0 to 1.
    probabilities : ndarray of shape (S + 1,)
        What the network gives for the class then, 0 to 1.
    """

    shares: Array
    probabilities: Array

    @property
    def area(self) -> float:
        """The area under the curve by the trapezium rule, 0 to 1: its mean height.

        Examples
        --------
        >>> Curve(np.array([0, 0.5, 1]), np.array([1, 0.5, 0])).area
        0.5
        """
        return float(np.trapezoid(self.probabilities, self.shares))


def deletion(
    model: nn.Module,
    batch: Tensor,
    values: Array,
    *,
    target: int,
    n_steps: int = STEPS,
    tile: int = 1,
    seed: int = SEED,
) -> Curve:
    """Return how the class's probability falls while pixels turn grey, those of the map first.

    A small area is good: the pixels that the map names decide the answer [1]_.

    Parameters
    ----------
    model : torch.nn.Module
        Neither changed nor hooked.
    batch : Tensor of shape (1, C, H, W)
        One picture, as the network wants it. Deleted pixels become 0: the mean colour of the
        training pictures, a grey; black for the digit network.
    values : ndarray of shape (H, W)
        The map; the largest values go first.
    target : int
        Number of the class.
    n_steps : int
        In how many steps, equal up to one tile.
    tile : int
        Side of the squares that go together, in pixels, by the mean of the map in them; 1 for
        single pixels, as in the paper.
    seed : int
        Decides between equal values.

    Returns
    -------
    Curve
        From the whole picture to none of it.

    Raises
    ------
    InputError
        If the map is empty or does not suit the picture, or there is no such class.

    References
    ----------
    .. [1] Petsiuk et al., 2018, "RISE: Randomized Input Sampling for Explanation of Black-box
       Models", BMVC, arXiv:1806.07421, section 4.2 and algorithm 1.
    """
    image = _picture(model, batch)
    order = pixel_order(_suits(values, image), tile=tile, seed=seed)
    return _curve(model, image, torch.zeros_like(image), order, target, n_steps)


def insertion(
    model: nn.Module,
    batch: Tensor,
    values: Array,
    *,
    target: int,
    n_steps: int = STEPS,
    tile: int = 1,
    seed: int = SEED,
) -> Curve:
    """Return how the class's probability rises while pixels become sharp, those of the map first.

    It begins with the blurred picture. A large area is good. Parameters and errors are those of
    `deletion`.
    """
    image = _picture(model, batch)
    order = pixel_order(_suits(values, image), tile=tile, seed=seed)
    return _curve(model, blurred(image), image, order, target, n_steps)


def random_areas(
    model: nn.Module,
    batch: Tensor,
    *,
    target: int,
    n_orders: int = 3,
    n_steps: int = STEPS,
    tile: int = 1,
    seed: int = SEED,
) -> Array:
    """Return the areas of deletion and of insertion in some random orders.

    What a map is worth is its distance from them. Parameters are those of `deletion`.

    Returns
    -------
    ndarray of shape (n_orders, 2)
        Deletion, insertion.
    """
    image = _picture(model, batch)
    soft, grey = blurred(image), torch.zeros_like(image)
    areas: list[float] = []
    for number in range(n_orders):
        equal = np.zeros(image.shape[2:])  # all the same: chance decides
        order = pixel_order(equal, tile=tile, seed=seed + number)
        for first, last in ((image, grey), (soft, image)):
            done = len(areas) / (2 * n_orders)
            with part(done, done + 1 / (2 * n_orders)):
                areas.append(_curve(model, first, last, order, target, n_steps).area)
    return np.array(areas).reshape(n_orders, 2)


def pixel_order(values: Array, *, tile: int = 1, seed: int = SEED) -> Order:
    """Return in which order the pixels go: the place of each one in the line, from 0.

    Parameters
    ----------
    values : ndarray of shape (H, W)
        The largest goes first; chance decides between equal ones.
    tile : int
        Side of the squares that go together.
    seed : int
        Of chance.

    Returns
    -------
    ndarray of int, shape (H, W)
        Pixels of one tile follow each other.

    Examples
    --------
    >>> pixel_order(np.array([[0.1, 0.7], [0.9, 0.3]]))
    array([[3, 1],
           [0, 2]])
    """
    tile = in_range(tile, name="tile", low=1)
    rows, columns = (np.arange(side) // tile for side in values.shape)
    tiles = rows[:, None] * (columns[-1] + 1) + columns  # the number of each pixel's tile
    sums = np.bincount(tiles.ravel(), weights=values.ravel().astype(np.float64))
    means = sums / np.bincount(tiles.ravel())
    chance = np.random.default_rng(seed).permutation(len(means))
    line = np.empty(len(means), int)  # each tile's place in the line
    line[np.lexsort((chance, -means))] = np.arange(len(means))
    places = np.empty(values.size, int)
    places[np.argsort(line[tiles].ravel(), kind="stable")] = np.arange(values.size)
    return places.reshape(values.shape)


def mixed(first: Tensor, last: Tensor, order: Order, n_done: Sequence[int]) -> Tensor:
    """Return pictures in which the first pixels of the line have gone over from one to the other.

    Parameters
    ----------
    first, last : Tensor of shape (1, C, H, W)
        The pictures between which the pixels change.
    order : ndarray of int, shape (H, W)
        As `pixel_order` gives it.
    n_done : sequence of int, length N
        How many pixels have changed.

    Returns
    -------
    Tensor of shape (N, C, H, W)
        In channels-last memory order, which is faster.
    """
    places = torch.from_numpy(order).to(first.device)[None, None]
    done = torch.tensor(n_done, device=first.device)[:, None, None, None]
    return torch.where(places < done, last, first).contiguous(memory_format=torch.channels_last)


def blurred(image: Tensor, sigma: float = BLUR) -> Tensor:
    """Return a picture blurred by a Gaussian; beyond its border, its last pixels go on.

    Parameters
    ----------
    image : Tensor of shape (N, C, H, W)
        Any size, down to one pixel.
    sigma : float
        Standard deviation of the Gaussian, in pixels.

    Returns
    -------
    Tensor of shape (N, C, H, W)
        The mean colour of an even picture stays.
    """
    reach = round(3 * sigma)
    distance = torch.arange(-reach, reach + 1, dtype=image.dtype, device=image.device)
    weights = (-0.5 * (distance / sigma) ** 2).exp()
    weights = (weights / weights.sum()).expand(image.shape[1], 1, 1, -1)
    across = functional.conv2d(
        functional.pad(image, (reach, reach, 0, 0), mode="replicate"),
        weights,
        groups=image.shape[1],
    )
    return functional.conv2d(
        functional.pad(across, (0, 0, reach, reach), mode="replicate"),
        weights.transpose(2, 3),
        groups=image.shape[1],
    )


def _curve(
    model: nn.Module, first: Tensor, last: Tensor, order: Order, target: int, n_steps: int
) -> Curve:
    n_steps = in_range(n_steps, name="n_steps", low=1, high=1000)
    counts = _counts(order.size, n_steps)
    probabilities: list[float] = []
    for start in range(0, len(counts), AT_ONCE):
        some = mixed(first, last, order, counts[start : start + AT_ONCE])
        with torch.inference_mode():
            outputs = model(some)
        in_range(target, name="target", low=0, high=outputs.shape[1] - 1)
        probabilities += outputs.double().softmax(1)[:, target].tolist()
        progress((start + len(some)) / len(counts))
    if not np.isfinite(probabilities).all():
        raise InputError("the network answers with values that are no numbers (NaN or infinity)")
    return Curve(np.array(counts) / order.size, np.array(probabilities))


def _counts(n_pixels: int, n_steps: int) -> list[int]:
    """Return how many pixels have changed after each step."""
    counts: list[int] = np.round(np.linspace(0, n_pixels, n_steps + 1)).astype(int).tolist()
    return counts


def _picture(model: nn.Module, batch: Tensor) -> Tensor:
    """Return the one picture where the network is, or refuse it."""
    channels = input_channels(model)
    if batch.ndim != 4 or batch.shape[:2] != (1, channels):
        raise InputError(
            f"batch must be one picture, shape (1, {channels}, H, W), got {tuple(batch.shape)}"
        )
    if not torch.isfinite(batch).all():
        raise InputError("the picture holds values that are no numbers (NaN or infinity)")
    return batch.detach().to(next(model.parameters(), batch).device)


def _suits(values: Array, image: Tensor) -> Array:
    """Return the map, or refuse one that says nothing about this picture."""
    if values.shape != tuple(image.shape[2:]):
        raise InputError(
            f"the map has the shape {values.shape}, the picture {tuple(image.shape[2:])}"
        )
    if not np.isfinite(values).all():
        raise InputError("the map holds values that are no numbers (NaN or infinity)")
    if values.max() == values.min():
        raise InputError("the map has the same value everywhere, so no pixel comes first")
    return values


# Pointing game -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pointed:
    """Where a map is largest, and how far that is from the object.

    Attributes
    ----------
    x, y : float
        The place of the maximum, in pixels of the whole picture from its upper left corner.
    distance : float
        From there to the nearest box, in pixels; 0 inside.
    hit : bool
        Whether that is within the tolerance.
    by_chance : float
        For which share of the places in the map it would be: 1 if no map can miss.
    """

    x: float
    y: float
    distance: float
    hit: bool
    by_chance: float


def point(
    values: Array, boxes: Sequence[Box], *, view: Box, tolerance: float = TOLERANCE
) -> Pointed:
    """Return whether a map is largest on the object: the pointing game.

    Parameters
    ----------
    values : ndarray of shape (H, W)
        The map.
    boxes : sequence of (left, top, right, bottom)
        Where objects of the class lie, in pixels of the whole picture.
    view : (left, top, right, bottom)
        Which part of the picture the map covers: `cnnlab.pretrained.crop_box`.
    tolerance : float
        How many pixels beside a box still count; 15 in the paper.

    Returns
    -------
    Pointed
        The place and the verdict.

    Raises
    ------
    InputError
        If there is no box, or the map has no maximum.

    References
    ----------
    .. [1] Zhang et al., 2016, "Top-down Neural Attention by Excitation Backprop", ECCV,
       arXiv:1608.00507, section 5.

    Examples
    --------
    >>> values = np.array([[0.0, 1.0], [0.0, 0.0]])
    >>> point(values, [(60, 0, 100, 40)], view=(0, 0, 100, 100))
    Pointed(x=75.0, y=25.0, distance=0.0, hit=True, by_chance=0.25)
    """
    if not boxes:
        raise InputError("the pointing game needs a box around the object")
    if not np.isfinite(values).all() or values.max() == values.min():
        raise InputError("the map has the same value everywhere, so it points nowhere")
    left, top, right, bottom = view
    height, width = values.shape
    x = left + (np.arange(width) + 0.5) / width * (right - left)  # of each column
    y = top + (np.arange(height) + 0.5) / height * (bottom - top)
    away = [
        np.hypot(
            np.maximum(np.maximum(box[0] - x, x - box[2]), 0)[None, :],
            np.maximum(np.maximum(box[1] - y, y - box[3]), 0)[:, None],
        )
        for box in boxes
    ]
    distances = np.minimum.reduce(away)  # (H, W), from each place to the nearest box
    row, column = np.unravel_index(int(values.argmax()), values.shape)
    distance = float(distances[row, column])
    return Pointed(
        float(x[column]),
        float(y[row]),
        distance,
        distance <= tolerance,
        float((distances <= tolerance).mean()),
    )
