"""Where the objects lie in the sample photographs, for measures that need to know.

The boxes were drawn by hand. A class counts for a box if a careful person would accept it as the
name of what is in the box; pictures that show nothing ImageNet has a word for have no box.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from cnnlab.samples import sample

__all__ = ["SampleBox", "boxes_of", "samples_with_boxes"]


@dataclass(frozen=True)
class SampleBox:
    """An object in a sample picture, and a box around it.

    Parameters
    ----------
    label : str
        What it is, in plain words.
    classes : tuple of int
        Numbers of the ImageNet classes that name it rightly.
    left, top, right, bottom : int
        The box in pixels of the sample picture as it is stored; `right` and `bottom` lie just
        outside, as in Pillow.
    """

    label: str
    classes: tuple[int, ...]
    left: int
    top: int
    right: int
    bottom: int

    @property
    def corners(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom."""
        return self.left, self.top, self.right, self.bottom


def boxes_of(name: str) -> tuple[SampleBox, ...]:
    """Return the boxes of a sample picture; none where nothing has a class of its own.

    Parameters
    ----------
    name : str
        A key of `cnnlab.samples.SAMPLES`.

    Returns
    -------
    tuple of SampleBox
        The main object first.

    Raises
    ------
    InputError
        If there is no sample of that name.

    Examples
    --------
    >>> boxes_of("rocket")[0].corners
    (305, 126, 343, 407)
    >>> boxes_of("gravel")
    ()
    """
    if name not in _BOXES:
        sample(name)  # says so if there is none
    return _BOXES.get(name, ())


def samples_with_boxes() -> tuple[str, ...]:
    """Return the names of the samples that have at least one box.

    Returns
    -------
    tuple of str
        In the order of the menu.

    Examples
    --------
    >>> samples_with_boxes()
    ('cat', 'astronaut', 'coffee', 'rocket', 'camera', 'horse', 'clock')
    """
    return tuple(_BOXES)


_BOXES: Mapping[str, tuple[SampleBox, ...]] = MappingProxyType(
    {
        "cat": (SampleBox("cat", (281, 282, 283, 284, 285), 0, 0, 362, 300),),
        "astronaut": (SampleBox("model of a space shuttle", (812,), 354, 0, 464, 252),),
        "coffee": (SampleBox("cup of espresso", (504, 967, 968), 170, 14, 406, 312),),
        "rocket": (SampleBox("rocket", (657, 744), 305, 126, 343, 407),),
        "camera": (
            SampleBox("tripod", (872,), 235, 218, 408, 512),
            SampleBox("camera", (732, 759), 248, 128, 338, 222),
        ),
        "horse": (SampleBox("horse", (339,), 17, 8, 390, 312),),
        "clock": (SampleBox("clock", (409, 892), 136, 90, 290, 215),),
    }
)
