"""Feature maps and heat maps: data, ranges, axes; the pixels are Plotly's business."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from cnnlab.figures.tensors import heat_map, map_gallery, overlay

VALUES = np.array([[0.0, 0.5, 1.0], [2.0, 0.25, 0.0]])


def drawn(kind: str, values: np.ndarray = VALUES):
    if kind == "heat map":
        return heat_map(values, unit="heat")
    picture = Image.new("RGB", values.shape[::-1], "red")
    return overlay(picture, values, opacity=0.5, unit="heat")


BOTH = pytest.mark.parametrize("kind", ["heat map", "overlay"])


@BOTH
def test_the_data_are_the_values_and_the_colours_start_at_zero(kind):
    (trace,) = drawn(kind).data
    assert np.asarray(trace.z).tolist() == VALUES.tolist()
    assert (trace.zmin, trace.zmax) == (0, 2)
    assert trace.colorbar.title.text == "heat"


@BOTH
def test_row_zero_is_on_top_and_pixels_are_square(kind):
    layout = drawn(kind).layout
    assert tuple(layout.xaxis.range) == (-0.5, 2.5)
    assert tuple(layout.yaxis.range) == (1.5, -0.5)
    assert layout.yaxis.scaleanchor == "x"
    assert layout.xaxis.constrain == layout.yaxis.constrain == "domain"
    assert "row %{y}, column %{x}" in drawn(kind).data[0].hovertemplate


@BOTH
def test_an_empty_map_is_drawn_at_the_bottom_of_the_range(kind):
    (trace,) = drawn(kind, np.zeros((2, 2))).data
    assert (trace.zmin, trace.zmax) == (0, 1)


@BOTH
def test_the_values_stay_as_they_were(kind):
    values = VALUES.copy()
    drawn(kind, values)
    assert (values == VALUES).all()


@pytest.mark.parametrize(("columns", "numbers"), [(1, True), (7, True), (8, True), (9, False)])
def test_small_maps_print_their_numbers(columns, numbers):
    (trace,) = heat_map(np.ones((3, columns)), unit="heat").data
    assert (trace.texttemplate == "%{z:.2g}") == numbers


def test_the_overlay_lies_exactly_on_its_picture():
    # A larger picture than map: it is stretched to the map's cells, of which each is one unit.
    picture = Image.effect_noise((30, 20), 80).convert("RGB")
    figure = overlay(picture, VALUES, opacity=0.3, unit="heat")
    (image,) = figure.layout.images
    assert (image.x, image.y, image.sizex, image.sizey) == (-0.5, -0.5, 3, 2)
    assert (image.xref, image.yref) == ("x", "y")
    assert (image.sizing, image.layer) == ("stretch", "below")
    assert figure.data[0].opacity == 0.3
    kind, data = image.source.split(",")
    assert kind == "data:image/png;base64"
    sent = Image.open(io.BytesIO(base64.b64decode(data)))
    assert sent.tobytes() == picture.tobytes()


@pytest.mark.parametrize("opacity", [0.0, 1.0])
def test_the_overlay_takes_both_ends_of_its_slider(opacity):
    figure = overlay(Image.new("RGB", (3, 2)), VALUES, opacity=opacity, unit="heat")
    assert figure.data[0].opacity == opacity


def test_maps_of_a_gallery_share_one_range():
    maps = np.zeros((2, 84, 84))
    maps[0, 0, 0], maps[1, 0, 0] = 3, -1  # 0 lies at a quarter of the way in both
    sheet = np.asarray(map_gallery(maps, columns=2))
    assert sheet.shape == (84, 84 + 4 + 84)
    left, right = sheet[:, :84], sheet[:, 88:]
    assert (left[0, 0], right[0, 0]) == (255, 0)
    assert left[1, 1] == right[1, 1] == 64
    assert (sheet[:, 84:88] == 128).all()


def test_maps_stand_row_by_row_and_the_rest_of_the_last_row_is_empty():
    maps = np.arange(5.0)[:, None, None] * np.ones((5, 84, 100))
    picture = map_gallery(maps, columns=3)
    assert picture.mode == "L"
    sheet = np.asarray(picture)
    assert sheet.shape == (84 + 4 + 84, 100 + 4 + 100 + 4 + 100)
    tops = [sheet[0, 0], sheet[0, 104], sheet[0, 208]]
    bottoms = [sheet[-1, 0], sheet[-1, 104]]
    assert [*tops, *bottoms] == [0, 64, 128, 191, 255]
    assert (sheet[88:, 204:] == 128).all()


def test_small_maps_are_enlarged_by_whole_pixels():
    maps = np.array([[[0.0, 1.0]]])
    sheet = np.asarray(map_gallery(maps, columns=1))
    assert sheet.shape == (80, 160)
    assert (sheet[:, :80] == 0).all()
    assert (sheet[:, 80:] == 255).all()


def test_labels_stand_in_the_corner_of_each_map():
    maps = np.zeros((2, 4, 4)) + 0.5
    plain, labelled = (
        np.asarray(map_gallery(maps, columns=2, labels=labels)) for labels in ((), ("7", "12"))
    )
    changed = np.argwhere(plain != labelled)
    assert plain.shape == labelled.shape == (160, 324)
    assert changed[:, 0].max() < 30
    assert {column // 164 for column in changed[:, 1].tolist()} == {0, 1}


def test_flat_maps_are_a_middle_grey():
    sheet = np.asarray(map_gallery(np.full((2, 7, 7), -3.0)))
    assert set(sheet.ravel().tolist()) == {128}
