"""Shape against texture: pictures that keep one cue and destroy the other.

Every function takes the pixels that a network sees and gives pixels of the same size. They are
NumPy and scikit-image alone; `cnnlab.cue_answers` asks the network.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cnnlab.checks import InputError, in_range
from cnnlab.object_masks import Mask, object_mask

__all__ = [
    "CUES",
    "GROUNDS",
    "PATTERNS",
    "Cue",
    "Recipe",
    "alone",
    "blur",
    "coarse_and_fine",
    "conflict",
    "edges",
    "grey",
    "high_pass",
    "patch_shuffle",
    "pattern",
    "phase_swap",
    "silhouette",
    "texture_inside",
]

Pixels = NDArray[np.uint8]

_LIGHT = (0.2125, 0.7154, 0.0721)  # what red, green and blue add to brightness, as scikit-image


@dataclass(frozen=True)
class Cue:
    """One way to make a picture.

    Parameters
    ----------
    title : str
        What it is called.
    keeps, loses : str
        What is left of the pictures, and what is not.
    conflict : bool
        Whether it takes the texture from a second picture.
    """

    title: str
    keeps: str
    loses: str
    conflict: bool = False


CUES = MappingProxyType(
    {
        "inside": Cue(
            "Texture inside the shape",
            "The outline of the first picture; tiles of the second fill it.",
            "What lies inside the outline of the first, and the shape of the second.",
            conflict=True,
        ),
        "fine": Cue(
            "Coarse and fine",
            "The coarse form and the colours of the first picture, the fine detail of the second.",
            "The fine detail of the first, the coarse form of the second. Fine outlines of the "
            "second stay: cut it into patches to be rid of them.",
            conflict=True,
        ),
        "phase": Cue(
            "Phase and amplitude",
            "Where the first picture has its edges (phase of its Fourier transform); how strong "
            "each frequency and direction is in the second (amplitude).",
            "Where the second picture has its edges; the contrasts and colours of the first.",
            conflict=True,
        ),
        "shuffle": Cue(
            "Shuffled patches",
            "Every pixel, and the texture inside each patch.",
            "The shape: patches lie in a random order. New edges arise where they meet.",
        ),
        "silhouette": Cue(
            "Silhouette",
            "The outline of the object.",
            "Colour, texture, and all edges inside the object.",
        ),
        "edges": Cue(
            "Edges", "Where brightness changes: outlines and inner lines.", "Colour and texture."
        ),
        "grey": Cue("Grey", "Shape and texture.", "Colour."),
        "blur": Cue("Blurred", "The coarse form and the colours.", "Texture and fine edges."),
        "high": Cue(
            "Fine detail only", "Texture and fine edges.", "The coarse form and the colours."
        ),
    }
)

GROUNDS = ("as it was", "white", "black")
PATTERNS = ("stripes", "checks", "dots")


@dataclass(frozen=True)
class Recipe:
    """All that a learner sets for a picture.

    Parameters
    ----------
    sigma : float
        Where coarse ends and fine begins, in pixels.
    tiles : int
        Tiles in a row, see `texture_inside`.
    strength : float
        Of the texture, 0 to 1.
    ground : str
        One of `GROUNDS`: what is around the object.
    mask : str
        A key of `cnnlab.object_masks.MASKS`.
    other_side, fill_holes : bool
        See `cnnlab.object_masks.object_mask`.
    patches : int
        Into how many patches in a row a picture is cut and shuffled; 1 leaves it as it is.
    seed : int
        The order of the patches.
    lines : {"canny", "sobel"}
        How edges are found.
    line_sigma : float
        How much the picture is smoothed before, in pixels.
    dark_ground : bool
        Whether the network wants light on dark, as the digit network does.
    """

    sigma: float = 6.0
    tiles: int = 2
    strength: float = 1.0
    ground: str = "as it was"
    mask: str = "brightness"
    other_side: bool = False
    fill_holes: bool = True
    patches: int = 1
    seed: int = 0
    lines: Literal["canny", "sobel"] = "canny"
    line_sigma: float = 2.0
    dark_ground: bool = False


# One picture -----------------------------------------------------------------------------------


def grey(pixels: Pixels) -> Pixels:
    """Return a picture without its colours.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, 3)
        0 to 255.

    Returns
    -------
    ndarray of shape (H, W, 3)
        Its brightness in all three channels.
    """
    return np.repeat(_rounded(_brightness(pixels))[..., None], 3, axis=2)


def blur(pixels: Pixels, *, sigma: float) -> Pixels:
    """Return a picture under a Gaussian blur.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, 3)
        0 to 255.
    sigma : float
        Standard deviation of the Gaussian, in pixels.

    Returns
    -------
    ndarray of shape (H, W, 3)
        Its coarse part. Beyond the border the picture is mirrored.
    """
    return _rounded(_coarse(pixels, sigma))


def high_pass(pixels: Pixels, *, sigma: float) -> Pixels:
    """Return the fine part of a picture: what a blur takes away, around a middle grey.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, 3)
        0 to 255.
    sigma : float
        Standard deviation of the Gaussian, in pixels.

    Returns
    -------
    ndarray of shape (H, W, 3)
        128 stands for no difference.
    """
    return _rounded(_as_picture(pixels) - _coarse(pixels, sigma) + 128)


def edges(
    pixels: Pixels,
    *,
    sigma: float,
    how: Literal["canny", "sobel"] = "canny",
    dark_ground: bool = False,
) -> Pixels:
    """Return the edges of a picture as lines.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, 3)
        0 to 255.
    sigma : float
        Standard deviation of the Gaussian that smooths the picture first, in pixels.
    how : {"canny", "sobel"}
        Canny's thin lines, all equally strong [1]_; or the length of the gradient by Sobel's
        kernels, the strongest drawn at full contrast.
    dark_ground : bool
        White lines on black, as digits are; otherwise black lines on white.

    Returns
    -------
    ndarray of shape (H, W, 3)
        The lines.

    References
    ----------
    .. [1] Canny, 1986, "A Computational Approach to Edge Detection", IEEE PAMI 8(6).
    """
    from skimage import feature, filters

    light = _brightness(pixels) / 255
    if how == "canny":
        lines = feature.canny(light, sigma=sigma).astype(float)  # type: ignore[no-untyped-call]
    else:
        lines = filters.sobel(ndimage.gaussian_filter(light, sigma))  # type: ignore[no-untyped-call]
        lines = lines / (lines.max() or 1.0)
    return _lines(lines, dark_ground=dark_ground)


def patch_shuffle(pixels: Pixels, *, n: int, seed: int) -> Pixels:
    """Return a picture cut into n × n equal squares that lie in a random order.

    Each patch keeps its texture; the shape is lost. What is left over where the side is no
    multiple of `n` stays in its place, at the right and at the bottom.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, 3)
        0 to 255.
    n : int
        Patches in a row, 1 to the shorter side.
    seed : int
        The order follows from it.

    Returns
    -------
    ndarray of shape (H, W, 3)
        The same pixels in another order.

    Raises
    ------
    InputError
        If there are not so many pixels in a row.

    Examples
    --------
    >>> x = np.arange(4, dtype=np.uint8).reshape(2, 2, 1).repeat(3, axis=2)
    >>> patch_shuffle(x, n=2, seed=0)[..., 0]
    array([[2, 0],
           [1, 3]], dtype=uint8)
    """
    _as_picture(pixels)
    n = in_range(n, name="n", low=1, high=min(pixels.shape[:2]))
    rows, columns = pixels.shape[0] // n, pixels.shape[1] // n  # of one patch
    patches = (
        pixels[: n * rows, : n * columns]
        .reshape(n, rows, n, columns, 3)
        .swapaxes(1, 2)
        .reshape(n * n, rows, columns, 3)
    )
    patches = patches[np.random.default_rng(seed).permutation(n * n)]
    shuffled = pixels.copy()
    shuffled[: n * rows, : n * columns] = (
        patches.reshape(n, n, rows, columns, 3).swapaxes(1, 2).reshape(n * rows, n * columns, 3)
    )
    return shuffled


def silhouette(mask: Mask, *, dark_ground: bool = False) -> Pixels:
    """Return the object in black on white; in white on black for digits (`dark_ground`)."""
    return _lines(mask.values.astype(float), dark_ground=dark_ground)


# Two pictures ----------------------------------------------------------------------------------


def texture_inside(
    shape: Pixels,
    texture: Pixels,
    mask: Mask,
    *,
    tiles: int = 2,
    strength: float = 1.0,
    ground: Pixels | None = None,
) -> Pixels:
    """Return the object of one picture, covered with tiles of another.

    Parameters
    ----------
    shape, texture : ndarray of shape (H, W, 3)
        Where the outline comes from, and where the tiles come from. A tile is the middle of
        `texture`; every second one is mirrored, so that they meet without a seam.
    mask : Mask
        The object in `shape`.
    tiles : int
        How many stand in a row.
    strength : float
        0 leaves the object as it is, 1 covers it.
    ground : ndarray of shape (H, W, 3), optional
        What is around the object; that of `shape` if left out.

    Returns
    -------
    ndarray of shape (H, W, 3)
        The new picture.
    """
    _same_size(shape, texture)
    if not 0 <= strength <= 1:
        raise InputError(f"strength must be from 0 to 1, got {strength}")
    covered = (1 - strength) * _as_picture(shape) + strength * _tiled(texture, tiles)
    around = shape if ground is None else ground
    return _rounded(np.where(mask.values[..., None], covered, around))


def coarse_and_fine(shape: Pixels, texture: Pixels, *, sigma: float) -> Pixels:
    """Return a picture whose coarse part is one picture's and whose fine part another's.

    A hybrid image [1]_: blur(shape) + texture - blur(texture).

    Parameters
    ----------
    shape, texture : ndarray of shape (H, W, 3)
        Both pictures.
    sigma : float
        Where coarse ends and fine begins: the standard deviation of the Gaussian, in pixels.

    Returns
    -------
    ndarray of shape (H, W, 3)
        Cut off at black and white. Twice the same picture gives that picture.

    References
    ----------
    .. [1] Oliva, Torralba and Schyns, 2006, "Hybrid Images", ACM SIGGRAPH.
    """
    _same_size(shape, texture)
    return _rounded(_coarse(shape, sigma) + _as_picture(texture) - _coarse(texture, sigma))


def phase_swap(shape: Pixels, texture: Pixels) -> Pixels:
    """Return the Fourier phase of one picture with the amplitude of another, for each colour.

    The phase says where edges lie; the amplitude, how strong each frequency and direction is [1]_.

    Parameters
    ----------
    shape, texture : ndarray of shape (H, W, 3)
        Where the phase comes from, and where the amplitude comes from.

    Returns
    -------
    ndarray of shape (H, W, 3)
        Cut off at black and white. Twice the same picture gives that picture.

    References
    ----------
    .. [1] Oppenheim and Lim, 1981, "The Importance of Phase in Signals", Proc. IEEE 69(5).
    """
    _same_size(shape, texture)
    phase = np.angle(np.fft.fft2(_as_picture(shape), axes=(0, 1)))
    amplitude = np.abs(np.fft.fft2(_as_picture(texture), axes=(0, 1)))
    return _rounded(np.fft.ifft2(amplitude * np.exp(1j * phase), axes=(0, 1)).real)


def conflict(
    cue: str,
    shape: Pixels,
    texture: Pixels,
    recipe: Recipe,
    *,
    box: tuple[float, float, float, float] | None = None,
) -> Pixels:
    """Return a picture with the shape of one and the texture of another.

    Parameters
    ----------
    cue : str
        A key of `CUES` with ``conflict``.
    shape, texture : ndarray of shape (H, W, 3)
        Both pictures. The one for the texture is cut into patches first, if `recipe` says so.
    recipe : Recipe
        How it is done.
    box : (left, top, right, bottom), optional
        Around the object in `shape`, for the mask "box".

    Returns
    -------
    ndarray of shape (H, W, 3)
        The new picture.

    Raises
    ------
    InputError
        If the settings do not suit the pictures.
    """
    texture = patch_shuffle(texture, n=recipe.patches, seed=recipe.seed)
    if cue == "fine":
        return coarse_and_fine(shape, texture, sigma=recipe.sigma)
    if cue == "phase":
        return phase_swap(shape, texture)
    if cue != "inside":
        raise InputError(f"{cue!r} does not take two pictures")
    mask = _mask_of(shape, recipe, box)
    shade = {"white": 255, "black": 0}.get(recipe.ground)
    ground = None if shade is None else np.full_like(shape, shade)
    return texture_inside(
        shape, texture, mask, tiles=recipe.tiles, strength=recipe.strength, ground=ground
    )


def alone(
    cue: str,
    pixels: Pixels,
    recipe: Recipe,
    *,
    box: tuple[float, float, float, float] | None = None,
) -> Pixels:
    """Return a picture with one cue left.

    Parameters
    ----------
    cue : str
        A key of `CUES` without ``conflict``.
    pixels : ndarray of shape (H, W, 3)
        The picture.
    recipe : Recipe
        How it is done.
    box : (left, top, right, bottom), optional
        Around the object, for the mask "box".

    Returns
    -------
    ndarray of shape (H, W, 3)
        The new picture.

    Raises
    ------
    InputError
        If the settings do not suit the picture.
    """
    if cue == "shuffle":
        return patch_shuffle(pixels, n=recipe.patches, seed=recipe.seed)
    if cue == "silhouette":
        return silhouette(_mask_of(pixels, recipe, box), dark_ground=recipe.dark_ground)
    if cue == "edges":
        return edges(
            pixels, sigma=recipe.line_sigma, how=recipe.lines, dark_ground=recipe.dark_ground
        )
    if cue == "grey":
        return grey(pixels)
    if cue == "blur":
        return blur(pixels, sigma=recipe.sigma)
    if cue == "high":
        return high_pass(pixels, sigma=recipe.sigma)
    raise InputError(f"{cue!r} is not made from one picture")


def pattern(name: str, *, side: int) -> Pixels:
    """Return a texture without any shape, white on black.

    Parameters
    ----------
    name : str
        One of `PATTERNS`.
    side : int
        Rows and columns, in pixels.

    Returns
    -------
    ndarray of shape (side, side, 3)
        0 and 255.

    Examples
    --------
    >>> pattern("stripes", side=4)[..., 0].tolist()[0]
    [0, 255, 0, 255]
    """
    rows, columns = np.indices((side, side))
    if name not in PATTERNS:
        raise InputError(f"there is no pattern {name!r}; choose one of {', '.join(PATTERNS)}")
    light = {
        "stripes": (rows + columns) % 2 == 1,
        "checks": (rows // 2 + columns // 2) % 2 == 1,
        "dots": (rows % 3 == 1) & (columns % 3 == 1),
    }[name]
    return _lines(light.astype(float), dark_ground=True)


# Helpers ---------------------------------------------------------------------------------------


def _mask_of(pixels: Pixels, recipe: Recipe, box: tuple[float, float, float, float] | None) -> Mask:
    return object_mask(
        pixels,
        how=recipe.mask,
        box=box,
        other_side=recipe.other_side,
        fill_holes=recipe.fill_holes,
    )


def _as_picture(pixels: Pixels) -> NDArray[np.float64]:
    """Return the pixels as float64, or refuse what is no picture."""
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.size == 0:
        raise InputError(f"pixels must have the shape (H, W, 3), got {pixels.shape}")
    values = pixels.astype(np.float64)
    if not np.isfinite(values).all():
        raise InputError("the picture holds values that are no numbers (NaN or infinity)")
    return values


def _same_size(shape: Pixels, texture: Pixels) -> None:
    if shape.shape != texture.shape:
        raise InputError(f"both pictures must have one size, got {shape.shape}, {texture.shape}")


def _rounded(values: NDArray[np.floating[Any]]) -> Pixels:
    whole: Pixels = np.round(np.clip(values, 0, 255)).astype(np.uint8)
    return whole


def _brightness(pixels: Pixels) -> NDArray[np.float64]:
    light: NDArray[np.float64] = _as_picture(pixels) @ np.array(_LIGHT)
    return light


def _coarse(pixels: Pixels, sigma: float) -> NDArray[np.float64]:
    coarse: NDArray[np.float64] = ndimage.gaussian_filter(
        _as_picture(pixels), (sigma, sigma, 0), mode="reflect"
    )
    return coarse


def _lines(values: NDArray[np.float64], *, dark_ground: bool) -> Pixels:
    """Return 0 as the ground and 1 as the lines, (H, W, 3)."""
    shade = _rounded(255 * (values if dark_ground else 1 - values))
    return np.repeat(shade[..., None], 3, axis=2)


def _tiled(texture: Pixels, tiles: int) -> NDArray[np.float64]:
    """Return tiles of the middle of a picture, mirrored in turn, as large as the picture."""
    height, width = texture.shape[:2]
    tiles = in_range(tiles, name="tiles", low=1, high=min(height, width))
    rows, columns = -(-height // tiles), -(-width // tiles)
    top, left = (height - rows) // 2, (width - columns) // 2
    tile = _as_picture(texture)[top : top + rows, left : left + columns]
    return np.pad(tile, ((0, height - rows), (0, width - columns), (0, 0)), mode="symmetric")
