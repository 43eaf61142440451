"""Shape against texture: pictures that keep one cue and destroy the other.

Every function takes the pixels that a network sees and gives pixels of the same size. They are
NumPy and scikit-image alone; `cnnlab.cue_answers` asks the network.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cnnlab.checks import InputError, in_range

__all__ = [
    "CUES",
    "MASKS",
    "Cue",
    "Mask",
    "Verdict",
    "blur",
    "coarse_and_fine",
    "edges",
    "grey",
    "high_pass",
    "judge",
    "object_mask",
    "patch_shuffle",
    "phase_swap",
    "shape_bias",
    "silhouette",
    "texture_inside",
]

Pixels = NDArray[np.uint8]
Bits = NDArray[np.bool_]
Winner = Literal["shape", "texture", "neither"]

_LIGHT = (0.2125, 0.7154, 0.0721)  # what red, green and blue add to brightness, as scikit-image
_SPECK = 0.002  # parts of a mask smaller than this share of the picture are dropped


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

MASKS = MappingProxyType(
    {
        "brightness": "Otsu's threshold on the brightness; the side that meets the border less "
        "is the object (Otsu 1979).",
        "colour": "Otsu's threshold on how far a colour is from the usual colour of the border.",
        "two greys": "Chan and Vese: two regions, each near one grey, with a short line between "
        "them (Chan and Vese 2001).",
        "box": "All that lies in the object's box, which was drawn by hand.",
    }
)


@dataclass(frozen=True, eq=False)
class Mask:
    """Where the object is taken to be.

    Attributes
    ----------
    values : ndarray of shape (H, W)
        True on the object.
    how : str
        A key of `MASKS`.
    """

    values: Bits
    how: str

    @property
    def share(self) -> float:
        """Share of the picture that is object, 0 to 1."""
        return float(self.values.mean())


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


def object_mask(
    pixels: Pixels,
    *,
    how: str,
    box: tuple[float, float, float, float] | None = None,
    other_side: bool = False,
    fill_holes: bool = True,
) -> Mask:
    """Return where the object is taken to be. Nothing here knows what an object is.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, 3)
        0 to 255.
    how : str
        A key of `MASKS`, which say what is done.
    box : (left, top, right, bottom), optional
        For "box", in pixels.
    other_side : bool
        Take the other of the two sides for the object.
    fill_holes : bool
        Whether ground that is enclosed by the object belongs to it.

    Returns
    -------
    Mask
        Without specks smaller than 0.2 % of the picture.

    Raises
    ------
    InputError
        If the picture has one brightness or colour only, so that nothing can be told apart, or if
        no object is left.
    """
    if how not in MASKS:
        raise InputError(f"there is no mask {how!r}; choose one of {', '.join(MASKS)}")
    if how == "box":
        values = _box_mask(_as_picture(pixels).shape[:2], box)
    else:
        values = _two_sides(pixels, how)
        on_border = np.concatenate([values[0], values[-1], values[:, 0], values[:, -1]])
        if on_border.mean() > 0.5:
            values = ~values
    if other_side:
        values = ~values
    values = _without_specks(values)
    if fill_holes:
        values = ndimage.binary_fill_holes(values)
    if not values.any() or values.all():
        raise InputError(
            "no object can be told from its ground here; choose another mask or picture"
        )
    return Mask(values, how)


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


# Who wins --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Verdict:
    """What a network took for the class of a picture in which two cues disagree.

    Attributes
    ----------
    guess : int
        Number of the most probable class.
    shape, texture : float
        Probability of all classes of the shape together, and of all classes of the texture.
    winner : {"shape", "texture", "neither"}
        Which of them the first guess belongs to.
    """

    guess: int
    shape: float
    texture: float
    winner: Winner

    @property
    def ahead(self) -> Winner:
        """Which of the two has the larger probability, whatever the first guess is."""
        if self.shape == self.texture:
            return "neither"
        return "shape" if self.shape > self.texture else "texture"


def judge(
    probabilities: NDArray[np.floating[Any]],
    *,
    shape: Collection[int],
    texture: Collection[int] = (),
) -> Verdict:
    """Return which cue a network followed.

    Parameters
    ----------
    probabilities : ndarray of shape (n_classes,)
        What the network gives.
    shape, texture : collection of int
        The classes that name the shape, and those that name the texture.

    Returns
    -------
    Verdict
        Which one it followed.

    Raises
    ------
    InputError
        If a class stands for both: then nobody could tell which cue won.

    Examples
    --------
    >>> judge(np.array([0.2, 0.1, 0.7]), shape={0}, texture={2}).winner
    'texture'
    """
    if set(shape) & set(texture):
        raise InputError(
            "both pictures have the same class for this network, so neither cue could win; choose "
            "another picture for the texture"
        )
    if not np.isfinite(probabilities).all():
        raise InputError("the network gives values that are no numbers (NaN) for this picture")
    guess = int(np.argmax(probabilities))
    winner: Winner = "shape" if guess in shape else "texture" if guess in texture else "neither"
    one, other = (float(probabilities[sorted(group)].sum()) for group in (shape, texture))
    return Verdict(guess, one, other, winner)


def shape_bias(winners: Iterable[Winner]) -> float | None:
    """Return the share of decisions for the shape among those for shape or texture.

    Parameters
    ----------
    winners : iterable of {"shape", "texture", "neither"}
        One decision for each picture; "neither" does not count.

    Returns
    -------
    float or None
        0 for texture alone, 1 for shape alone; None where no decision counts.

    References
    ----------
    .. [1] Geirhos et al., 2019, "ImageNet-trained CNNs are biased towards texture", ICLR,
       arXiv:1811.12231. People have 0.96, ResNet-50 has 0.22.

    Examples
    --------
    >>> shape_bias(["shape", "texture", "texture", "neither", "texture"])
    0.25
    """
    decided = [winner for winner in winners if winner != "neither"]
    return decided.count("shape") / len(decided) if decided else None


# Helpers ---------------------------------------------------------------------------------------


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
    return np.round(np.clip(values, 0, 255)).astype(np.uint8)


def _brightness(pixels: Pixels) -> NDArray[np.float64]:
    return _as_picture(pixels) @ np.array(_LIGHT)


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


def _two_sides(pixels: Pixels, how: str) -> Bits:
    """Return the picture in two parts; which of them is the object is not yet known."""
    from skimage import color, filters, segmentation

    light = _brightness(pixels) / 255
    if how == "colour":
        lab = color.rgb2lab(pixels)  # type: ignore[no-untyped-call]
        border = np.concatenate([lab[0], lab[-1], lab[:, 0], lab[:, -1]])
        light = np.linalg.norm(lab - np.median(border, axis=0), axis=2)
        light = ndimage.gaussian_filter(light, 1.0)
    if np.ptp(light) < 1e-9:
        raise InputError(
            "the picture has one colour only: there is no object to tell from its ground"
        )
    if how == "two greys":
        return np.asarray(segmentation.chan_vese(light, mu=0.1, max_num_iter=100), dtype=np.bool_)  # type: ignore[no-untyped-call]
    return np.asarray(light > filters.threshold_otsu(light))  # type: ignore[no-untyped-call]


def _box_mask(size: tuple[int, int], box: tuple[float, float, float, float] | None) -> Bits:
    if box is None:
        raise InputError("no box is known for this picture; choose another mask")
    left, top, right, bottom = (round(edge) for edge in box)
    values = np.zeros(size, dtype=np.bool_)
    values[max(0, top) : max(0, bottom), max(0, left) : max(0, right)] = True
    return values


def _without_specks(values: Bits) -> Bits:
    labels, count = ndimage.label(values)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    large = sizes >= max(1, _SPECK * values.size)
    large[0] = False
    kept: Bits = large[labels]
    return kept
