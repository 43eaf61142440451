"""Exercises on Grad-CAM: arithmetic, and two that look at what the learner has set up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnlab.percent import percent
from cnnlab.questions import Question
from cnnlab.two_pictures import Corners, Place, Pointing, pointing

__all__ = ["FILLED", "Check", "Scene", "lost_layer", "misleads", "questions"]

FILLED = 0.9  # of the picture: a box so large can hardly be missed


@dataclass(frozen=True)
class Check:
    """What an exercise says of the present state.

    Parameters
    ----------
    solved : bool
        Whether it is solved.
    says : str
        One or two sentences: what is right, or what is not yet.
    """

    solved: bool
    says: str


@dataclass(frozen=True)
class Scene:
    """What the learner has chosen.

    Parameters
    ----------
    places : tuple of Place
        The objects whose place is known; none in an own picture.
    crop : (left, top, right, bottom)
        What the network sees, in pixels of the picture.
    target : int
        The class that is explained.
    category : str
        Its name.
    first_guess : int
        The class that the network finds most probable.
    layer, recommended : str
        The layer that is chosen, and the one that one usually takes.
    """

    places: tuple[Place, ...]
    crop: Corners
    target: int
    category: str
    first_guess: int
    layer: str
    recommended: str

    def place(self) -> Place | None:
        """Return the object that the explained class names; None if there is none."""
        return next((place for place in self.places if self.target in place.classes), None)

    def points(self, overlay_map: NDArray[np.floating[Any]]) -> Pointing | None:
        """Return how a map lies to the object; None without one in sight."""
        place = self.place()
        return None if place is None else pointing(overlay_map, place.corners, crop=self.crop)


def lost_layer(
    scene: Scene, maps: Iterable[tuple[str, NDArray[np.floating[Any]]]], *, offered: int
) -> Check:
    """Say whether the chosen layer is the one at which the object is lost.

    Going from the last layer back to the picture, it is the first layer at which the largest
    value of the map is not in the object's box, or the map is empty.

    Parameters
    ----------
    scene : Scene
        What is chosen.
    maps : iterable of (layer, map (H, W))
        From the last layer back to the chosen one; it is read only as far as needed.
    offered : int
        How many layers there are.

    Returns
    -------
    Check
        Solved, or what is not right yet.
    """
    trouble = _trouble(scene)
    if trouble:
        return Check(False, f"Not yet, because {trouble}")
    place = scene.place()
    assert place is not None
    what = f"the {place.label}"
    for seen, (layer, values) in enumerate(maps, start=1):
        found = scene.points(values)
        if found is None:
            return Check(False, f"Not yet, because the network does not see {what}.")
        if layer == scene.layer and not found.hit:
            return Check(
                True,
                f"Yes. At {layer} {_where(found, what)}. At {_count(seen - 1)} between "
                "it and the end the largest value is on it.",
            )
        if layer == scene.layer and seen == offered:
            return Check(
                True,
                f"Yes, for there is no such layer here: even at {layer}, the first of all, the "
                f"largest value is on {what}. Try another picture below it.",
            )
        if layer == scene.layer:
            return Check(
                False,
                f"Not yet, because at {layer} the largest value is still on {what}; "
                f"{percent(found.share)} of the map lies there. Go further back to the picture.",
            )
        if not found.hit:
            return Check(
                False,
                f"Not yet, because a layer nearer to the end loses {what} already. Go forward "
                f"from {scene.layer}.",
            )
    return Check(False, f"Not yet, because {scene.layer} is none of the layers that are offered.")


def misleads(scene: Scene, overlay_map: NDArray[np.floating[Any]]) -> Check:
    """Say whether Grad-CAM misleads here: the answer is right, but the map points elsewhere.

    Parameters
    ----------
    scene : Scene
        What is chosen.
    overlay_map : ndarray of shape (H, W)
        The map of the class that is explained.

    Returns
    -------
    Check
        Solved, or what is not right yet.
    """
    trouble = _trouble(scene)
    if not trouble and scene.target != scene.first_guess:
        trouble = (
            f"“{scene.category}” is not the network's answer. Explain its first guess, and find a "
            "picture where that is right."
        )
    if not trouble and scene.layer != scene.recommended:
        trouble = f"the map must be that of the recommended layer, {scene.recommended}."
    found = None if trouble else scene.points(overlay_map)
    if found is None:
        return Check(False, f"Not yet, because {trouble or 'the network does not see it.'}")
    place = scene.place()
    assert place is not None
    what = f"the {place.label}"
    if found.hit:
        return Check(
            False,
            f"Not yet, because the map is right: its largest value is on {what}, and "
            f"{percent(found.share)} of it lies there ({percent(found.area)} of the picture).",
        )
    return Check(
        True,
        f"Yes. The network says “{scene.category}”, which is right, but {_where(found, what)}. "
        f"Only {percent(found.share)} of the map lies on {what}. Who saw only the map would look "
        "at the wrong place.",
    )


def _trouble(scene: Scene) -> str:
    """Return why no exercise can be checked, as the end of a sentence; empty if one can."""
    if not scene.places:
        return (
            "the lab does not know where something lies in this picture. Take a sample that shows "
            "an object with a name: the cat, the coffee cup, the rocket, the photographer."
        )
    place = scene.place()
    if place is None:
        names = " and ".join(f"the {place.label}" for place in scene.places)
        return (
            f"“{scene.category}” does not name {names}. Choose a class that does, or another "
            "picture."
        )
    whole = np.ones((8, 8))
    found = pointing(whole, place.corners, crop=scene.crop)
    if found is None:
        return f"the network does not see the {place.label}: it lies outside of what is cut out."
    if found.area > FILLED:
        return (
            f"the {place.label} fills all that the network sees: no map can miss it. Put another "
            "picture below it."
        )
    return ""


def _where(found: Pointing, what: str) -> str:
    if not np.isfinite(found.outside):
        return f"the map is empty, so it shows nothing of {what}"
    return f"the largest value lies {found.outside:.0f} pixels outside the box of {what}"


def _count(number: int) -> str:
    return f"{number} layer" if number == 1 else f"all {number} layers"


_MAPS = (((1.0, 0.0), (2.0, 1.0)), ((0.0, 3.0), (1.0, 0.0)))
_SLOPES = (((1.0, 1.0), (1.0, 1.0)), ((-1.0, 0.0), (0.0, -1.0)))


def questions() -> list[Question]:
    """Return the exercises with numbers: two channels of 2 × 2, worked by hand."""
    import torch

    from cnnlab.attribution import weigh

    maps, slopes = torch.tensor(_MAPS), torch.tensor(_SLOPES)
    weights, signed, heat = weigh(maps, slopes)
    each = torch.relu(weights[:, None, None] * maps).sum(0)  # the ReLU at the wrong place
    given = (
        "A layer has two channels of 2 × 2. Feature maps: A¹ = [1 0; 2 1], A² = [0 3; 1 0]. "
        "Gradients of the class score: [1 1; 1 1] for the first, [−1 0; 0 −1] for the second. "
    )
    return [
        Question(
            f"{given}What is the weight of the second channel?",
            answer=float(weights[1]),
            why="The mean of its gradient: (−1 + 0 + 0 − 1) / 4 = −0.5. It speaks against the "
            "class.",
            slips=(
                (float(slopes[1].sum()), "That is the sum. The weight is the mean."),
                (0.5, "The sign counts: the channel speaks against the class."),
                (-1.0, "Four cells, two of them 0: divide by four."),
            ),
        ),
        Question(
            "The same layer. What is the value of the map at the lower left?",
            answer=float(heat[1, 0]),
            why="1 · 2 + (−0.5) · 1 = 1.5, and the ReLU leaves it.",
            slips=(
                (float(each[1, 0]), "That sets −0.5 to 0 before adding. The ReLU comes last."),
                (2.5, "The second weight is negative."),
                (3.0, "The feature maps must be weighed before they are added."),
            ),
        ),
        Question(
            "The same layer. What is the value of the map at the upper right, in the end?",
            answer=float(heat[0, 1]),
            why=f"1 · 0 + (−0.5) · 3 = {float(signed[0, 1]):g}: the place speaks against the "
            "class, and the ReLU sets it to 0.".replace("-", "−"),
            slips=(
                (float(signed[0, 1]), "That is the sum before the ReLU."),
                (3.0, "That is the feature map. It is weighed first."),
            ),
        ),
        Question(
            "A map of 7 × 7 is enlarged to 224 × 224 pixels. For how many pixels in a row does "
            "one cell stand?",
            answer=224 / 7,
            why="224 / 7 = 32. Two things closer than that cannot be told apart, however smooth "
            "the enlarged map looks.",
            slips=((224 / 7**2, "One side, not the area: 7 cells in a row."),),
        ),
        Question(
            "Which number does Grad-CAM differentiate?",
            options=(
                "The score before the softmax",
                "The probability after it",
                "The loss",
            ),
            answer="The score before the softmax",
            why="The score of one class alone. The gradient of a probability near 100 % is almost "
            "0, and it mixes in what speaks against the other classes.",
            slips=(
                (
                    "The probability after it",
                    "It depends on all classes at once, and hardly moves near 0 and 100 %.",
                ),
                ("The loss", "There is no right answer to compare with: one class is asked for."),
            ),
        ),
    ]
