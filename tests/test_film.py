"""The film of a layer: one frame a step, the last one long, colours as in the lab."""

from __future__ import annotations

import io
import itertools

import pytest
from PIL import Image, ImageChops

from cnnlab.animation import MOST_FRAMES, animated_gif, still_png
from cnnlab.animation.look import DARK, LIGHT
from cnnlab.checks import InputError
from cnnlab.figures.theme import BACKGROUND, ROLES
from cnnlab.links import setup_from_link
from cnnlab.presets import PRESETS
from cnnlab.setups import trace_setup

NAMES = ("binary", "volume", "sobel", "transposed", "causal")


def frames(data: bytes) -> list[tuple[Image.Image, int]]:
    with Image.open(io.BytesIO(data)) as film:
        assert film.format == "GIF"
        assert film.info["loop"] == 0
        shown = []
        for number in range(film.n_frames):
            film.seek(number)
            shown.append((film.convert("RGB"), film.info["duration"]))
        return shown


@pytest.mark.parametrize("name", NAMES)
def test_one_frame_a_step_and_each_differs_from_the_one_before(name):
    trace = trace_setup(PRESETS[name].setup)
    film = frames(animated_gif(trace, height=360, steps_per_second=4))
    assert len(film) == len(trace)
    assert {duration for _, duration in film[:-1]} == {250}
    assert film[-1][1] == 2000
    for (before, _), (after, _) in itertools.pairwise(film):
        assert before.height == 360
        assert ImageChops.difference(before, after).getbbox() is not None


@pytest.mark.parametrize("role", ROLES)
def test_colours_are_those_of_the_theme(role):
    assert getattr(LIGHT, role) == ROLES[role].light
    assert getattr(DARK, role) == ROLES[role].dark
    assert (LIGHT.ground, DARK.ground) == (BACKGROUND["light"], BACKGROUND["dark"])


def test_light_and_dark():
    trace = trace_setup(PRESETS["binary"].setup)
    for dark in (False, True):
        with Image.open(io.BytesIO(still_png(trace, 0, height=360, dark=dark))) as picture:
            assert (sum(picture.convert("RGB").getpixel((2, 2))) < 150) is dark


def test_a_long_film_is_thinned_and_ends_with_the_last_step():
    trace = trace_setup(setup_from_link({"input": "random.1", "size": "1x16x16", "filters": "3"}))
    assert len(trace) == 588
    film = frames(animated_gif(trace, height=240))
    assert len(film) <= MOST_FRAMES
    still = Image.open(io.BytesIO(still_png(trace, 587, height=240))).convert("RGB")
    difference = ImageChops.difference(film[-1][0], still).convert("L")
    assert difference.getextrema()[1] < 40  # the palette of a GIF is smaller


@pytest.mark.parametrize("wrong", [{"height": 5}, {"steps_per_second": 0}, {"first": 9}])
def test_what_makes_no_film_is_refused(wrong):
    with pytest.raises(InputError):
        animated_gif(trace_setup(PRESETS["binary"].setup), **wrong)
