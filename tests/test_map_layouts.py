"""One map for each channel: the same numbers in other places."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlab.checks import InputError
from cnnlab.map_layouts import as_maps, index_text, map_shape, say_layout

SIDES = st.integers(1, 6)
AXES = {  # layout: the axes of an output for C, H, W
    "maps": lambda c, h, w: (1, c, h, w),
    "channels last": lambda c, h, w: (1, h, w, c),
    "groups": lambda c, h, w: (1, h, w, c),
    "tokens": lambda c, h, w: (1, 1 + h * h, c),
    "vector": lambda c, h, w: (1, c),
}


def numbered(shape: tuple[int, ...]) -> np.ndarray:
    return np.arange(np.prod(shape), dtype=np.float32).reshape(shape)


@given(st.sampled_from(list(AXES)), SIDES, SIDES, SIDES)
def test_every_number_stands_where_its_index_says(layout, channels, height, width):
    output = numbered(AXES[layout](channels, height, width))
    maps = as_maps(output, layout)
    assert maps.values.shape == map_shape(output.shape[1:], layout)
    for channel, row, column in np.ndindex(maps.values.shape):
        index = index_text(layout, channel, row, column, width=maps.values.shape[2])
        assert eval(f"output{index}") == maps.values[channel, row, column]
    rest = [] if maps.class_token is None else maps.class_token.tolist()
    assert sorted([*maps.values.ravel().tolist(), *rest]) == sorted(output.ravel().tolist())


def test_the_class_token_is_the_first():
    maps = as_maps(numbered((1, 10, 2)), "tokens")
    assert maps.class_token.tolist() == [0, 1]
    assert maps.values[0].tolist() == [[2, 4, 6], [8, 10, 12], [14, 16, 18]]


def test_only_tokens_have_a_class_token():
    assert as_maps(numbered((1, 2, 3, 3)), "maps").class_token is None


@pytest.mark.parametrize(
    ("shape", "layout"),
    [((1, 11, 2), "tokens"), ((1, 2, 3), "maps"), ((1, 2, 3, 4), "vector"), ((1, 5), "tokens")],
)
def test_a_shape_that_cannot_be_is_refused(shape, layout):
    with pytest.raises(InputError, match="cannot be laid out as"):
        as_maps(numbered(shape), layout)


def test_two_pictures_at_once_are_refused():
    with pytest.raises(InputError, match=r"output must be that of one picture.*\(2, 3, 4, 4\)"):
        as_maps(numbered((2, 3, 4, 4)), "maps")


def test_what_are_no_maps_is_said():
    assert say_layout("maps", (64, 56, 56)) == "64 feature maps of 56 × 56, one for each channel."
    assert "one number for each channel" in say_layout("maps", (512, 1, 1))
    assert say_layout("tokens", (197, 768)).startswith("These are no feature maps: 197 tokens")
    assert "196 of them" in say_layout("tokens", (197, 768))
    assert "the channels last" in say_layout("channels last", (56, 56, 96))
    assert "64 groups of 49" in say_layout("groups", (64, 49, 64))
