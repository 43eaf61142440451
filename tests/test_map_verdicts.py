"""What is said of maps that show nothing."""

import pytest
import torch
from torch import nn

from cnnlab.attribution import grad_cam_steps
from cnnlab.map_verdicts import verdict


class Weighed(nn.Module):
    """One score: a weighted sum of all numbers of the picture, then perhaps a ReLU."""

    def __init__(self, weight, *, relu=False):
        super().__init__()
        self.maps = nn.Identity()
        self.weight = nn.Parameter(torch.as_tensor(weight, dtype=torch.float32))
        self.relu = relu

    def forward(self, x):
        score = (self.maps(x) * self.weight).sum((1, 2, 3))[:, None]
        return score.relu() if self.relu else score


def spot(value=1.0, ground=0.0):
    picture = torch.full((1, 3, 6, 6), ground)
    picture[0, :, 2, 3] = value
    return picture


CASES = {
    "clear": (Weighed(1.0), spot()),
    "negative": (Weighed(-1.0), spot()),
    "silent": (Weighed(-1.0, relu=True), spot()),
    "zero": (Weighed(1.0), torch.zeros(1, 3, 6, 6)),
    "flat": (Weighed(1.0), spot(1.01, 1.0)),
    "everywhere": (Weighed(1.0), spot(1.5, 1.0)),
}


@pytest.mark.parametrize("kind", CASES)
def test_every_kind_of_map_is_told(kind):
    model, picture = CASES[kind]
    cam = grad_cam_steps(model, picture, target=0, layer="maps")
    found = verdict(cam, category="cat")
    assert found.kind == kind
    assert bool(found.says and found.why and found.tries) == (kind != "clear")
    if kind in ("negative", "silent", "zero"):
        assert not cam.heat_map.any()


def test_a_negative_map_says_its_range():
    model, picture = CASES["negative"]
    cam = grad_cam_steps(model, picture, target=0, layer="maps")
    found = verdict(cam, category="cat")
    assert "against “cat”" in found.says
    assert "from -3 to" in found.why.replace("−", "-")
