"""What a Grad-CAM map cannot show: empty, flat or faint maps, why they are so, what to try."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cnnlab.attribution import ClassMap, GradCam

__all__ = ["Verdict", "verdict"]

FLAT = 0.05  # of the largest size: a smaller spread is called flat
WARM = 0.7  # share of the positions above half of the largest value: nearly everything


@dataclass(frozen=True)
class Verdict:
    """How far a map can be read.

    Parameters
    ----------
    kind : {"silent", "negative", "zero", "flat", "everywhere", "clear"}
        What is the matter; "clear" where nothing is.
    says, why : str
        One sentence each: what is seen, and where it comes from.
    tries : tuple of str
        What to try; empty for a clear map.
    """

    kind: str
    says: str = ""
    why: str = ""
    tries: tuple[str, ...] = ()


def verdict(cam: GradCam, *, category: str) -> Verdict:
    """Return what is the matter with a map, if anything.

    Parameters
    ----------
    cam : GradCam
        All steps for one class.
    category : str
        The name of the class.

    Returns
    -------
    Verdict
        Of the kind "clear" for a map with some places above the others.

    Examples
    --------
    >>> import torch
    >>> from cnnlab.attribution import grad_cam_steps
    >>> against = torch.nn.Sequential(torch.nn.Identity(), torch.nn.Conv2d(3, 1, 2),
    ...     torch.nn.Flatten()).requires_grad_(False)
    >>> _ = against[1].weight.fill_(-1.0)
    >>> cam = grad_cam_steps(against, torch.ones(1, 3, 2, 2), target=0, layer="0")
    >>> verdict(cam, category="cat").kind
    'negative'
    """
    signed = cam.signed_map
    if not cam.gradients.any():
        return Verdict(
            "silent",
            f"The map is empty, and so is the gradient: the score of “{category}” does not react "
            "to this layer at all.",
            "Every gradient is exactly 0. A ReLU between this layer and the score is closed for "
            f"this class (the score is {cam.score:.3g}), so nothing comes back through it.",
            ("another class", "a class that the network considers at all: one of its guesses"),
        )
    if not signed.any():
        return Verdict(
            "zero",
            "The map is empty: the weighted sum is 0 at every position.",
            "The channels with a weight are switched off for this picture, or they cancel.",
            ("another layer", "another class"),
        )
    if signed.max() <= 0:
        return Verdict(
            "negative",
            f"The map is empty: at this layer every position speaks against “{category}”.",
            f"The sum of all α·A is negative or 0 everywhere, from {signed.min():.3g} to "
            f"{signed.max():.3g}, and the ReLU sets all of it to 0.",
            (
                "the sum before the ReLU, in step 5: where is it least negative?",
                "another class",
                "another layer",
            ),
        )
    spread = float(signed.max() - signed.min())
    if spread < FLAT * float(np.abs(signed).max()):
        return Verdict(
            "flat",
            f"The map is flat: from {signed.min():.4g} to {signed.max():.4g}, nearly the same "
            "everywhere.",
            "The layer answers alike at all positions, as for a picture of one colour. The "
            "colours enlarge differences that mean nothing.",
            ("a picture in which something is to be seen", "another layer"),
        )
    if _warm(cam) > WARM:
        return Verdict(
            "everywhere",
            "The map is nearly all one colour: most positions reach more than half of the largest "
            "value.",
            "Either the object fills the picture, or this layer answers everywhere. A map alone "
            "cannot tell these two apart.",
            (
                "a second class: is its map the same?",
                "another picture below this one",
                "a layer nearer to the end",
            ),
        )
    return Verdict("clear")


def _warm(cam: ClassMap) -> float:
    """Return the share of the positions above half of the largest value."""
    return float((cam.heat_map > 0.5 * cam.heat_map.max()).mean())
