"""The lab's own network: its shape, its file, its accuracy, and the pictures it gets."""

import hashlib
import json
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from cnnlab import digits
from cnnlab.checks import InputError
from cnnlab.cost import summarize
from cnnlab.digit_pixels import SIDE, centred, digit_pixels, light_on_dark
from tools import train_digits


@pytest.fixture(scope="module")
def network() -> nn.Module:
    return digits.load()


@pytest.fixture(scope="module")
def samples() -> torch.Tensor:
    """All sample digits, (40, 1, 28, 28)."""
    return torch.cat([digits.preprocess(digits.sample_digit(name)) for name in digits.SAMPLES])


# The network ---------------------------------------------------------------------------------


def test_it_is_the_network_of_the_lecture(network):
    assert [name for name, _ in network.named_children()] == [x.name for x in digits.LAYERS]
    shapes, x = [], torch.zeros(1, *digits.INPUT_SHAPE)
    for module in network:
        x = module(x)
        shapes.append(tuple(x.shape[1:]))
    assert shapes == [row.output_shape for row in summarize(digits.LAYERS, digits.INPUT_SHAPE)]
    assert shapes[2] == (20, 12, 12)
    assert shapes[5] == (50, 4, 4)
    assert not [m for m in network.modules() if getattr(m, "inplace", False)]


def test_its_facts_are_counted(network):
    assert sum(p.numel() for p in network.parameters()) == digits.FACTS.n_params == 431_080
    with FlopCounterMode(display=False) as counter:
        network(torch.zeros(1, *digits.INPUT_SHAPE))
    assert counter.get_total_flops() == 2 * digits.FACTS.macs == 2 * 2_293_000


def test_it_comes_frozen_and_ready(network):
    assert not network.training
    assert not any(p.requires_grad for p in network.parameters())
    assert not any(m._forward_hooks for m in network.modules())
    assert digits.load() is not network


# The files -----------------------------------------------------------------------------------


def test_the_record_belongs_to_the_file():
    data = digits.WEIGHTS.read_bytes()
    assert digits.FACTS.sha256 == hashlib.sha256(data).hexdigest()
    assert digits.FACTS.file_bytes == len(data) < 2_000_000
    record = json.loads(digits.RECORD.read_text(encoding="utf-8"))
    assert record["accuracy"] == record["n_right"] / record["n_test"]
    assert record["n_train"] + record["n_test"] == 10_000
    assert record["recipe"] == train_digits.recipe(record["epochs"])
    assert digits.FACTS.script.startswith("python -m tools.train_digits")


def test_it_reads_the_digits_it_never_saw(network, samples):
    labels = torch.tensor([digits.label_of(name) for name in digits.SAMPLES])
    probabilities = network(samples).softmax(dim=1)
    right = (probabilities.argmax(dim=1) == labels).sum().item()
    assert right >= 39, "of 40; the record says 99 of 100"
    assert digits.FACTS.accuracy > 0.985


def test_a_missing_or_damaged_file_is_one_sentence(tmp_path):
    with pytest.raises(InputError, match=r"are missing; restore lenet_digits\.npz from"):
        digits.load(tmp_path / "lenet_digits.npz")
    data = digits.WEIGHTS.read_bytes()
    spoilt = tmp_path / "lenet_digits.npz"
    for content in (b"", data[:-1], data[:5000] + b"\0" + data[5001:], data + b"\0"):
        spoilt.write_bytes(content)
        with pytest.raises(InputError, match=r"are damaged; .* or train it: python -m tools"):
            digits.load(spoilt)


def test_there_are_four_samples_of_each_digit():
    assert len(digits.SAMPLES) == 40
    pixels = {name: digits.sample_digit(name).tobytes() for name in digits.SAMPLES}
    assert len(set(pixels.values())) == 40
    for name, sample in digits.SAMPLES.items():
        assert sample.name == name
        assert sample.title.split()[1].rstrip(",") == str(digits.label_of(name))
    with pytest.raises(InputError, match="there is no sample digit 'digit-7-5'"):
        digits.sample_digit("digit-7-5")


# The pictures --------------------------------------------------------------------------------


def test_a_digit_of_mnist_stays_as_it_is():
    for name in digits.SAMPLES:
        image = digits.sample_digit(name)
        pixels = np.asarray(image) / 255
        np.testing.assert_allclose(digits.preprocess(image)[0, 0], pixels, atol=1e-7)
        np.testing.assert_array_equal(centred(pixels), pixels)


@pytest.mark.parametrize("scale", [2, 5, 10])
def test_size_place_and_colours_do_not_matter(network, scale):
    label = torch.tensor([digits.label_of(name) for name in digits.SAMPLES])
    answers = []
    for name in digits.SAMPLES:
        page = Image.new("RGB", (40 * scale, 50 * scale), (250, 245, 230))
        digit = digits.sample_digit(name).resize((SIDE * scale, SIDE * scale))
        page.paste((30, 30, 90), (3 * scale, 15 * scale), digit)
        batch = digits.preprocess(page)
        assert batch.shape == (1, 1, SIDE, SIDE)
        assert batch.dtype == torch.float32
        answers.append(network(batch).argmax())
    assert (torch.stack(answers) == label).sum() >= 38


def test_what_is_light_and_what_is_dark():
    ink = Image.new("L", (SIDE, SIDE), 0)
    ink.paste(200, (10, 10, 14, 20))
    paper = Image.eval(ink, lambda value: 255 - value)
    np.testing.assert_allclose(digit_pixels(ink), np.asarray(ink) / 255)
    np.testing.assert_allclose(digit_pixels(paper), np.asarray(ink) / 255)
    clear = Image.new("RGBA", (SIDE, SIDE))  # see-through: white paper
    clear.paste((55, 55, 55, 255), (10, 10, 14, 20))
    np.testing.assert_allclose(digit_pixels(clear), np.asarray(ink) / 255)


def test_nothing_drawn_is_nothing():
    assert digit_pixels(Image.new("RGB", (90, 40), (200, 190, 180))).max() == 0
    assert centred(np.zeros((SIDE, SIDE))).max() == 0


def test_a_bar_by_hand():
    bar = np.zeros((SIDE, SIDE))
    bar[2:12, 20:22] = 0.5  # 10 × 2, to become 20 × 4
    expected = np.zeros((SIDE, SIDE))
    expected[4:24, 12:16] = 0.5  # rows 4 to 23: mean 13.5; columns 12 to 15: mean 13.5
    np.testing.assert_allclose(centred(bar), expected, atol=1e-12)


@pytest.mark.parametrize(("height", "width"), [(100, 65), (20, 13), (9, 5), (33, 60)])
def test_it_scales_as_pillow_does(height, width):
    figure = np.random.default_rng(height).random((height, width), dtype=np.float32) + 0.01
    rows, columns = (int(np.floor(n * 20 / max(height, width) + 0.5)) for n in figure.shape)
    # Pillow's bilinear filter is the same triangle; its weights are float64, its results float32
    expected = Image.fromarray(figure).resize((columns, rows), Image.Resampling.BILINEAR)
    result = centred(figure.astype(float))
    there = result[result.any(axis=1)][:, result.any(axis=0)]
    np.testing.assert_allclose(there, np.asarray(expected), atol=1e-5)


def test_nothing_is_pushed_over_the_edge():
    mace = np.full((20, 4), 0.01)
    mace[17:] = 1  # nearly all of the mass is at the lower end: 18.4 of rows 0 to 19
    assert np.flatnonzero(centred(mace).sum(axis=1)).tolist() == list(range(20))
    assert np.flatnonzero(centred(mace[::-1]).sum(axis=1)).tolist() == list(range(8, 28))


grids = st.tuples(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1))


@settings(max_examples=60)
@given(grids)
def test_the_figure_fits_and_its_mass_is_in_the_middle(grid):
    height, width, seed = grid
    generator = np.random.default_rng(seed)
    pixels = generator.random((height, width)) * (generator.random((height, width)) < 0.3)
    result = centred(pixels)
    assert result.shape == (SIDE, SIDE)
    assert result.min() >= 0
    assert result.max() <= pixels.max(initial=0) + 1e-12
    if not pixels.any():
        return
    for axis in (0, 1):
        mass = result.sum(axis=1 - axis)
        there = np.flatnonzero(mass)
        assert there[-1] - there[0] + 1 <= 20
        centre = (mass * np.arange(SIDE)).sum() / mass.sum()
        at_the_edge = there[0] == 0 or there[-1] == SIDE - 1
        assert at_the_edge or 13.5 - 1e-5 <= centre < 14.5 + 1e-5
    np.testing.assert_allclose(centred(np.pad(pixels, ((3, 1), (0, 4)))), result, atol=1e-12)


@pytest.mark.parametrize("mode", ["I", "F", "I;16"])
def test_deep_pictures_are_refused(mode):
    with pytest.raises(InputError, match=f"more than 8 bits for each colour .mode {mode}"):
        digit_pixels(Image.new(mode, (30, 30)))


def test_empty_pictures_are_refused():
    with pytest.raises(InputError, match=r"the picture has no pixels \(0 × 5\)"):
        light_on_dark(Image.new("L", (0, 5)))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "HSV"])
def test_any_mode_of_eight_bits(mode):
    figure = Image.new("L", (60, 50))
    figure.paste(255, (20, 10, 30, 40))
    assert digit_pixels(figure.convert("RGB").convert(mode)).max() > 0.9


# The training --------------------------------------------------------------------------------


def test_training_learns_and_is_repeatable():
    generator = np.random.default_rng(1)
    labels = np.arange(200, dtype=np.uint8) % 10
    pictures = np.zeros((200, SIDE, SIDE), np.uint8)
    for picture, label in zip(pictures, labels, strict=True):  # a bar in one of ten rows
        picture[2 * label + 3 : 2 * label + 6, 8:20] = generator.integers(180, 256)
    states = []
    for _ in range(2):
        torch.manual_seed(0)
        network = digits.build()
        train_digits.train(network, pictures, labels, epochs=2, report=lambda _: None)
        states.append(network.state_dict())
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[0])
    assert not network.training
    assert 0 <= train_digits.count_right(network, pictures, labels) <= 200


def test_shaking_moves_a_digit_only_a_little():
    generator = torch.Generator().manual_seed(0)
    dot = torch.zeros(300, 1, SIDE, SIDE)
    dot[:, :, 13:15, 13:15] = 1  # in the middle, where turning and scaling do nothing
    mass = train_digits.jittered(dot, generator)[:, 0]
    rows = (mass.sum(dim=2) * torch.arange(SIDE)).sum(dim=1) / mass.sum(dim=(1, 2))
    furthest = train_digits.SHIFT * (math.cos(train_digits.TURN) + math.sin(train_digits.TURN))
    assert (rows - 13.5).abs().max() <= furthest / (1 - train_digits.ZOOM)
    assert (rows - 13.5).abs().max() > 1.5


def test_what_the_script_writes_is_what_the_lab_reads(tmp_path, network):
    content = train_digits.write_weights(network, tmp_path / "weights.npz")
    assert content == digits.WEIGHTS.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["weights.npz"]
