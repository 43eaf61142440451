"""What a data augmentation may change, by how much, and what that does to the label.

No pixel is touched here: `cnnlab.augmenting` does that, with torchvision.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from cnnlab.checks import InputError
from cnnlab.shapes import conv_output_size

__all__ = [
    "CHANGES",
    "FLIPS",
    "Change",
    "Setting",
    "crop_count",
    "describe",
    "mixed_label",
    "mixed_loss",
]

_FACTORS = ("brightness", "contrast", "saturation")
FLIPS = ("left-right", "up-down", "both")


@dataclass(frozen=True)
class Setting:
    """One number that a change takes.

    Parameters
    ----------
    says : str
        What it is, for the learner, with its unit.
    low, high, default, step : float
        The range worth trying, both ends allowed.
    """

    says: str
    low: float
    high: float
    default: float
    step: float


CHANGES: Mapping[str, Mapping[str, Setting]] = MappingProxyType(
    {
        "centre_crop": {},
        "random_crop": {},
        "random_resized_crop": {"smallest": Setting("Smallest area", 0.05, 1.0, 0.08, 0.01)},
        "flip": {"p": Setting("Probability", 0.0, 1.0, 0.5, 0.05)},
        "rotate": {"degrees": Setting("Degrees, ±", 0.0, 180.0, 15.0, 1.0)},
        "scale": {"spread": Setting("Size, ±", 0.0, 0.9, 0.25, 0.05)},
        "colour": {
            "brightness": Setting("Brightness, ±", 0.0, 1.0, 0.4, 0.05),
            "contrast": Setting("Contrast, ±", 0.0, 1.0, 0.4, 0.05),
            "saturation": Setting("Saturation, ±", 0.0, 1.0, 0.4, 0.05),
            "hue": Setting("Hue, ± turns", 0.0, 0.5, 0.1, 0.01),
        },
        "elastic": {
            "alpha": Setting("Strength alpha", 0.0, 1000.0, 300.0, 10.0),
            "sigma": Setting("Smoothness sigma", 2.0, 20.0, 8.0, 1.0),
        },
        "erase": {"largest": Setting("Largest area", 0.02, 0.6, 0.33, 0.01)},
        "cut_out": {"side": Setting("Side, pixels", 8.0, 168.0, 96.0, 1.0)},
        "mix_up": {"alpha": Setting("Alpha of Beta", 0.1, 2.0, 1.0, 0.1)},
    }
)
"""Every change in the order in which it is made, with its settings."""


@dataclass(frozen=True)
class Change:
    """One change of a recipe and its settings.

    Parameters
    ----------
    name : str
        A key of `CHANGES`.
    settings : tuple of (str, float)
        The numbers it takes; those left out have their defaults.
    direction : str
        For a flip, one of `FLIPS`.

    Raises
    ------
    InputError
        If there is no such change or setting, or a number lies outside its range.

    Examples
    --------
    >>> Change("rotate", (("degrees", 30.0),)).keywords
    {'degrees': 30.0}
    >>> Change("rotate", (("degrees", 300.0),))
    Traceback (most recent call last):
        ...
    cnnlab.checks.InputError: degrees of rotate must be from 0 to 180, got 300
    """

    name: str
    settings: tuple[tuple[str, float], ...] = ()
    direction: str = FLIPS[0]

    def __post_init__(self) -> None:
        """Refuse what torchvision would not understand."""
        if self.name not in CHANGES:
            raise InputError(
                f"there is no change {self.name!r}, choose one of {', '.join(CHANGES)}"
            )
        if self.direction not in FLIPS:
            raise InputError(f"direction must be one of {', '.join(FLIPS)}, got {self.direction!r}")
        known = CHANGES[self.name]
        for setting, value in self.settings:
            if setting not in known:
                raise InputError(f"{self.name} has no setting {setting!r}")
            low, high = known[setting].low, known[setting].high
            if not low <= value <= high:  # also refuses what is no number
                raise InputError(
                    f"{setting} of {self.name} must be from {low:g} to {high:g}, got {value:g}"
                )

    @property
    def keywords(self) -> dict[str, float | str]:
        """What the function of this name in `cnnlab.augmenting` is called with."""
        given = dict(self.settings)
        keywords: dict[str, float | str] = {
            setting: given.get(setting, about.default)
            for setting, about in CHANGES[self.name].items()
        }
        return {"direction": self.direction, **keywords} if self.name == "flip" else keywords


def describe(name: str, drawn: Mapping[str, Any]) -> str:
    """Return in words what chance gave for a change.

    Parameters
    ----------
    name : str
        A key of `CHANGES`.
    drawn : mapping
        What its function in `cnnlab.augmenting` drew.

    Returns
    -------
    str
        A few words.

    Examples
    --------
    >>> describe("rotate", {"angle": -12.34})
    '12.3° clockwise'
    >>> describe("random_crop", {"top": 3, "left": 30, "height": 224, "width": 224})
    'from row 3, column 30'
    """
    match name:
        case "centre_crop":
            return "the middle 224 × 224 pixels, nothing drawn"
        case "random_crop":
            return f"from row {drawn['top']}, column {drawn['left']}"
        case "random_resized_crop":
            part = f"{drawn['height']} rows × {drawn['width']} columns"
            return f"{part} from row {drawn['top']}, column {drawn['left']}, resized to 224 × 224"
        case "flip":
            ways = [("left-right", drawn["sideways"]), ("up-down", drawn["upright"])]
            return " and ".join(way for way, done in ways if done) or "left as it is"
        case "rotate":
            side = "clockwise" if drawn["angle"] < 0 else "anticlockwise"
            return f"{abs(drawn['angle']):.1f}° {side}"
        case "scale":
            return f"× {drawn['factor']:.2f}"
        case "colour":
            factors = ", ".join(f"{part} × {drawn[part]:.2f}" for part in _FACTORS)
            turn = f"{drawn['hue']:+.2f}".replace("-", "−")
            return f"{factors}, hue {turn} turns"
        case "elastic":
            size = drawn["field"].shape[1]
            most = float(drawn["field"].norm(dim=-1).max()) * size / 2
            return f"moved by up to {most:.1f} pixels"
        case "mix_up":
            return f"lambda = {drawn['lam']:.2f}"
        case _:
            return f"{drawn['height']} × {drawn['width']} pixels (rows × columns) erased"


def crop_count(size: int, crop: int, *, flips: int = 2) -> int:
    """Return how many different squares can be cut out of a square picture.

    Parameters
    ----------
    size, crop : int
        Sides of the picture and of the part, in pixels.
    flips : int
        In how many ways each part is shown: 2 with its mirror image.

    Returns
    -------
    int
        Positions along one side, squared, times `flips`.

    Raises
    ------
    InputError
        If the part is larger than the picture.

    Examples
    --------
    A part that is one pixel smaller has two places along each side.

    >>> crop_count(4, 3, flips=1)
    4
    >>> crop_count(256, 224)
    2178
    """
    return conv_output_size(size, kernel_size=crop) ** 2 * flips


def mixed_label(first: str, second: str, lam: float) -> dict[str, float]:
    """Return the label of a mixture of two pictures: how much of each class it is.

    Parameters
    ----------
    first, second : str
        The classes of the two pictures.
    lam : float
        Lambda, the share of the first picture, 0 to 1.

    Returns
    -------
    dict
        The share of each class; the shares add up to 1.

    Raises
    ------
    InputError
        If `lam` is not between 0 and 1.

    References
    ----------
    .. [1] Zhang et al., mixup: Beyond Empirical Risk Minimization, 2018, arXiv:1710.09412.

    Examples
    --------
    >>> mixed_label("cat", "cup", 0.75)
    {'cat': 0.75, 'cup': 0.25}
    >>> mixed_label("cat", "cat", 0.75)
    {'cat': 1.0}
    """
    if not 0 <= lam <= 1:
        raise InputError(f"lambda must be from 0 to 1, got {lam:g}")
    return {first: 1.0} if first == second else {first: lam, second: 1 - lam}


def mixed_loss(label: Mapping[str, float], answer: Mapping[str, float]) -> float:
    """Return the cross-entropy of an answer with a label that is spread over classes.

    Parameters
    ----------
    label : mapping of str to float
        The share of each class; what is left out is 0.
    answer : mapping of str to float
        The probability that the network gives to each class of the label, above 0.

    Returns
    -------
    float
        The sum of −share · ln(probability), in nats.

    Examples
    --------
    >>> round(mixed_loss({"cat": 1.0}, {"cat": 0.5}), 3)
    0.693
    """
    return -sum(share * math.log(answer[name]) for name, share in label.items() if share)
