"""The figures of the walk through a network: colours, bars, blocks to scale."""

import re

import numpy as np
import pytest

from cnnlab.figures.map_colours import colour_bar, palette, say_colours
from cnnlab.figures.stage_blocks import LONGEST, ROOM, short_title, stage_blocks
from cnnlab.figures.value_bars import value_bars
from cnnlab.map_statistics import STEPS, ColourRange, encode, histogram
from cnnlab.network_outline import outline

# Colours ------------------------------------------------------------------------------------------


def test_zero_is_white_and_the_signs_differ_where_there_are_signs():
    colours = palette(signed=True).astype(int)
    codes = encode(np.array([-3, 0, 3], np.float32), ColourRange(-3, 3))
    negative, zero, positive = colours[codes]
    assert zero.tolist() == [255, 255, 255]
    assert negative[2] > negative[0]  # more blue than red
    assert positive[0] > positive[2]


def test_brightness_grows_with_the_value():
    grey = palette(signed=False).astype(int)
    assert grey.shape == (STEPS + 1, 3)
    assert (np.diff(grey.sum(axis=1)) >= 0).all()
    darkness = 765 - palette(signed=True).astype(int).sum(axis=1)
    assert (np.diff(darkness[127:]) >= 0).all()
    assert (np.diff(darkness[:128]) <= 0).all()


@pytest.mark.parametrize("span", [ColourRange(0, 2.5), ColourRange(-0.125, 0.125)])
def test_the_bar_prints_its_range_and_says_it(span):
    html = colour_bar(span, unit="activation")
    texts = re.findall(r"<span>([^<]*)</span>", html)
    assert texts == (["−0.125", "0", "0.125"] if span.signed else ["0", "2.5"])
    assert "activation, no unit" in html
    assert say_colours(span, unit="activation") in html


# Bars ---------------------------------------------------------------------------------------------


def test_bars_are_the_counts():
    values = np.array([[[-2, -1.5, -0.1, 0, 0, 1, 3, 3.5, 3.9, 4]]], np.float32)
    found = histogram(values, bins=6)
    html = value_bars(found, title="layer")
    heights = [float(text) for text in re.findall(r"flex:1;height:([\d.]+)%", html)]
    assert np.allclose(heights, 100 * found.counts / found.counts.max(), atol=0.01)
    colours = re.findall(r"background:(#\w+)", html)
    assert len(set(colours[: (found.edges[:-1] < 0).sum()])) == 1
    assert len(set(colours)) == 2
    assert "20\u202f% exactly 0, 30\u202f% below 0" in html
    assert f"−2 to 4, mean {values.mean():.4g}, std {values.std():.4g}; 20" in html


def test_a_name_cannot_break_the_page():
    found = histogram(np.ones((1, 1, 1), np.float32))
    assert "<script>" not in value_bars(found, title='<script>"')


# Blocks -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["resnet18", "vgg16", "vit_b_16", "swin_t", "lenet_digits"])
def test_blocks_are_to_scale(name):
    found = outline(name)
    picture, *blocks = stage_blocks((3, 224, 224), found.stages, "")
    assert (picture["layer"], picture["height"]) == ("", ROOM)
    assert len(blocks) == len(found.stages)
    for block, stage in zip(blocks, found.stages, strict=True):
        channels, height, _ = stage.shape
        assert block["height"] == pytest.approx(max(0.2, ROOM * height / 224), abs=1e-3)
        assert block["width"] == pytest.approx(max(0.2, 0.075 * channels**0.5), abs=1e-3)
        assert block["layer"] == stage.maker
        assert block["holds"] == list(stage.names)
        assert not block["chosen"]
        assert len(block["title"]) <= LONGEST + 16


@pytest.mark.parametrize(
    ("layer", "title"),
    [("layer2.0.conv1", "layer2"), ("bn1", "conv1 to relu"), ("fc", "fc"), ("layer2", "layer2")],
)
def test_the_block_that_holds_the_chosen_layer_is_marked(layer, title):
    blocks = stage_blocks((3, 224, 224), outline("resnet18").stages, layer)
    assert [block["title"] for block in blocks if block["chosen"]] == [title]


@pytest.mark.parametrize("name", ["squeezenet1_0", "vgg16", "resnet18", "lenet_digits", "vit_b_16"])
def test_a_block_opens_a_layer_that_computes_something(name):
    found = outline(name)
    _, *blocks = stage_blocks((3, 224, 224), found.stages, "")
    idle = ("Dropout", "StochasticDepth", "Flatten", "Identity")
    for block in blocks:
        makes = [part for part in block["holds"] if not found.row(part).kind.startswith(idle)]
        assert block["layer"] in (makes or block["holds"])
    if name == "squeezenet1_0":
        layers = {block["title"]: block["layer"] for block in blocks}
        assert layers["features.12 to classifier.0"] == "features.12"
    if name == "resnet18":
        assert blocks[0]["layer"] == "relu"  # the activation belongs to what the block shows


def test_all_blocks_that_lie_in_the_chosen_part_are_marked():
    blocks = stage_blocks((3, 224, 224), outline("vgg16").stages, "classifier")
    assert [block["shape"] for block in blocks if block["chosen"]] == ["4,096", "1,000"]


def test_titles_are_short():
    assert short_title(["features.16"]) == "features.16"
    assert (
        short_title(["encoder.layers.encoder_layer_11", "encoder.ln"]) == "encoder_layer_11 to ln"
    )
    assert short_title(["features.denseblock4", "features.norm5"]) == "denseblock4 to norm5"
    assert short_title(["features.12", "classifier.0"]) == "features.12 to classifier.0"
