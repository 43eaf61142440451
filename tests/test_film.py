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


LAYERS = {
    "dilated": {"dilation": "2", "padding": "1", "size": "1x6x6", "input": "random.1"},
    "grouped": {
        "input": "random.1",
        "size": "4x4x4",
        "kernel": "random.2",
        "kernel_size": "2",
        "filters": "4",
        "groups": "2",
        "bias": "1_0_2_3",
    },
    "activated": {"input": "random.1", "size": "3x4x4", "kernel": "random.2", "activation": "relu"},
    "transposed": {"operation": "transposed", "input": "random.1", "size": "2x3x3", "stride": "2"},
    "turned": {"flip": "yes", "kernel": "random.4", "stride": "2x1", "padding": "1.0.2.1"},
    "photograph": {"input": "photo.cat", "size": "3x6x6", "kernel": "sobel-x"},
}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", LAYERS)
def test_each_frame_is_the_still_picture_of_its_step(name, dark):
    trace = trace_setup(setup_from_link(LAYERS[name]))
    film = frames(animated_gif(trace, height=360, dark=dark))
    assert len(film) == len(trace)
    for step, (frame, _) in enumerate(film):
        still = Image.open(io.BytesIO(still_png(trace, step, height=360, dark=dark)))
        difference = ImageChops.difference(frame, still.convert("RGB")).convert("L")
        assert difference.getextrema()[1] < 50, step  # the palette of a GIF is smaller


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
