"""The nine patches of a channel against maps that are kept whole, and against the patch alone."""

from __future__ import annotations

import hashlib
import math
import threading
from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from cnnlab import compute, digits, patches
from cnnlab.checks import InputError
from cnnlab.features import record
from cnnlab.loading import using
from cnnlab.patches import (
    APART,
    COUNT,
    PER_PICTURE,
    Crop,
    Strongest,
    crops,
    patches_of,
    shown_samples,
    strongest,
    strongest_patches,
)
from cnnlab.pretrained import preprocess
from cnnlab.samples import SAMPLES, sample

OWN = "lenet_digits"


def fingerprint(model: nn.Module) -> str:
    """Return a hash of all numbers of a network, and of how many hooks it has."""
    found = hashlib.sha256()
    for name, value in [*model.named_parameters(), *model.named_buffers()]:
        found.update(name.encode() + value.numpy().tobytes())
    hooks = [
        len(value)
        for module in model.modules()
        for name, value in vars(module).items()
        if name.endswith("_hooks")
    ]
    found.update(repr(hooks).encode())
    return found.hexdigest()


# Which squares are shown ------------------------------------------------------------------------


def test_squares_lie_in_their_picture_and_cover_nearly_all_of_it() -> None:
    shown = crops("resnet18")
    assert {crop.sample for crop in shown} == set(SAMPLES) - {"horse"}  # which is drawn
    for name in set(SAMPLES) - {"horse"}:
        width, height = sample(name).size
        for share in (1.0, 0.6):
            side = round(share * min(width, height))
            covered = np.zeros((height, width), bool)
            for left, top, right, bottom in (c.box for c in shown if c.sample == name):
                assert 0 <= left < right <= width
                assert 0 <= top < bottom <= height
                assert right - left == bottom - top
                if right - left == side:
                    covered[top:bottom, left:right] = True
            # A tenth of a square may be left out along each side.
            assert covered.mean() > 0.9, name


def test_the_digit_network_is_shown_digits() -> None:
    assert [crop.sample for crop in crops(OWN)] == list(digits.SAMPLES)
    assert [one.name for one in shown_samples(OWN)] == list(digits.SAMPLES)
    assert len(shown_samples("resnet18")) == len(SAMPLES) - 1


# Which answers are the strongest ----------------------------------------------------------------


def whole_maps(model: nn.Module, layer: str, name: str) -> list[np.ndarray]:
    """Return all feature maps of all squares: what the search never keeps."""
    found = []
    for crop in crops(name):
        source = digits.sample_digit if name == OWN else sample
        with torch.inference_mode(), record(model, layer) as seen:
            seen.model(preprocess(source(crop.sample).crop(crop.box), name))
        found.append(seen.output[0].numpy())
    return found


def check_against(found: Strongest, maps: list[np.ndarray], shown: tuple[Crop, ...]) -> None:
    """Choose again, from maps that are kept whole and by going through all of their maxima."""
    for channel in range(len(found.values)):
        candidates = []
        for number, values in enumerate(maps):
            row, column = np.unravel_index(values[channel].argmax(), values[channel].shape)
            candidates.append((float(values[channel].max()), number, (int(row), int(column))))
        candidates.sort(key=lambda one: (-one[0], one[1]))
        want: list[tuple[float, int, tuple[int, int]]] = []
        for value, number, cell in candidates:
            spot = where(shown[number], cell, maps[number].shape[1:])
            same = [
                where(shown[other], place, maps[other].shape[1:])
                for _, other, place in want
                if shown[other].sample == shown[number].sample
            ]
            near = any(math.hypot(spot[0] - r, spot[1] - c) < APART for r, c in same)
            if value > 0 and len(want) < COUNT and len(same) < PER_PICTURE and not near:
                want.append((value, number, cell))
        for rank in range(COUNT):
            number = int(found.squares[channel, rank])
            if rank >= len(want):
                assert (found.values[channel, rank], number) == (0, -1)
                continue
            assert number == want[rank][1]
            assert tuple(found.cells[channel, rank].tolist()) == want[rank][2]
            assert found.values[channel, rank] == pytest.approx(want[rank][0], rel=1e-5)


def where(crop: Crop, cell: tuple[int, int], size: tuple[int, ...]) -> tuple[float, float]:
    """Return the middle of a cell in its sample, measured by the shorter side."""
    source = digits.sample_digit if crop.sample in digits.SAMPLES else sample
    side, unit = crop.box[2] - crop.box[0], min(source(crop.sample).size)
    return (
        (crop.box[1] + (cell[0] + 0.5) / size[0] * side) / unit,
        (crop.box[0] + (cell[1] + 0.5) / size[1] * side) / unit,
    )


@pytest.mark.parametrize("trained", [True, False])
def test_digits_against_whole_maps(trained: bool) -> None:
    with using(OWN, trained=trained) as model:
        found = strongest(model, OWN, ["relu1", "relu2"])
        for layer, channels in (("relu1", 20), ("relu2", 50)):
            assert found[layer].values.shape == (channels, 9)
            check_against(found[layer], whole_maps(model, layer, OWN), crops(OWN))


def colours() -> nn.Sequential:
    """Return a network of a few cells whose channels are easy to check: red, dark, nothing."""
    conv = nn.Conv2d(3, 3, 16, stride=16)
    with torch.no_grad():
        conv.weight.zero_()
        conv.bias.zero_()
        conv.weight[0, 0] = 1 / 256
        conv.weight[0, 1:] = -0.5 / 256
        conv.weight[1] = -1 / 768
    return nn.Sequential(conv, nn.Flatten()).requires_grad_(False)


def test_photographs_against_whole_maps_and_a_channel_that_nothing_excites() -> None:
    model = colours()
    found = strongest(model, "resnet18", ["0"])["0"]
    check_against(found, whole_maps(model, "0", "resnet18"), crops("resnet18"))
    assert (found.squares[2] == -1).all()
    assert not found.values[2].any()
    reddest = crops("resnet18")[found.squares[0, 0]].sample
    assert reddest in ("coffee", "astronaut", "retina")
    for row in found.squares[:2]:
        pictures = Counter(crops("resnet18")[square].sample for square in row)
        assert max(pictures.values()) <= PER_PICTURE
    assert (np.diff(found.values[:2]) <= 0).all()


def test_a_patch_alone_excites_the_channel_as_much() -> None:
    """What lies outside the receptive field makes no difference; without padding, none at all."""
    for layer, side in (("relu1", 5), ("relu2", 14)):
        for channel in (0, 7, 19):
            for patch in patches_of(OWN, layer, channel):
                top, left, bottom, right = patch.box
                assert (bottom - top, right - left) == (side, side)
                grey = np.asarray(patch.seen.convert("L"))[top:bottom, left:right]
                x = torch.from_numpy(grey.astype(np.float32) / 255)[None, None]
                with using(OWN) as model, torch.inference_mode():
                    for name, module in model.named_children():
                        x = module(x)
                        if name == layer:
                            break
                assert x.shape[2:] == (1, 1)
                assert float(x[0, channel, 0, 0]) == pytest.approx(patch.value, abs=0.01)


def test_patches_name_their_picture_and_come_in_order() -> None:
    found = patches_of(OWN, "relu2", 3)
    assert len(found) == 9
    assert [patch.value for patch in found] == sorted((p.value for p in found), reverse=True)
    assert len({patch.sample.name for patch in found}) == 9  # one from each digit
    assert all(patch.sample == digits.SAMPLES[patch.sample.name] for patch in found)
    assert all(patch.seen.size == (28, 28) for patch in found)


# Shared by everybody ----------------------------------------------------------------------------


def test_what_was_found_is_kept_and_the_network_is_as_before() -> None:
    patches._known.clear()
    with using(OWN) as model:
        before = fingerprint(model)
        first = strongest_patches(OWN, ["relu1"])
        assert patches.are_known(OWN, ["relu1"], True)
        assert not patches.are_known(OWN, ["relu1"], False)
        assert not patches.are_known(OWN, ["relu1", "relu2"], True)
        again = strongest_patches(OWN, ["relu1", "relu2"])
        assert again["relu1"] is first["relu1"]
        with pytest.raises(InputError):
            strongest_patches(OWN, ["conv1", "fc1"])
        assert fingerprint(model) == before


def test_two_searches_at_once_find_the_same() -> None:
    with using(OWN) as model:
        before = fingerprint(model)
        alone = {layer: strongest(model, OWN, [layer])[layer] for layer in ("relu1", "relu2")}
        found: list[dict[str, Strongest]] = []
        threads = [
            threading.Thread(
                target=lambda layer=layer: found.append(strongest(model, OWN, [layer]))
            )
            for layer in ("relu1", "relu2", "relu1", "relu2")
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert fingerprint(model) == before
    assert len(found) == 4
    for one in found:
        for layer, result in one.items():
            assert np.array_equal(result.values, alone[layer].values)
            assert np.array_equal(result.cells, alone[layer].cells)


def test_a_search_tells_its_progress_and_stops_when_nobody_waits() -> None:
    queue = compute.WorkQueue(workers=1, capacity=4)
    model = colours()
    before, reached, shown = fingerprint(model), threading.Event(), []

    class Slow(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            shown.append(len(x))
            reached.set()
            return x

    watched = nn.Sequential(model[0], Slow())
    ended: list[Any] = []

    def search() -> None:
        try:
            strongest(watched, "resnet18", ["0"])
        except BaseException as error:
            ended.append(error)
            raise

    with queue.submit("search", search) as ticket:
        assert reached.wait(60)
        while not ticket.fraction and not ticket.wait(0.01):
            pass
        assert 0 < ticket.fraction < 1
    while not ended:
        threading.Event().wait(0.01)
    assert isinstance(ended[0], compute.Cancelled)
    assert sum(shown) < len(crops("resnet18"))
    assert fingerprint(model) == before
    queue.shutdown()


def test_what_is_kept_of_a_layer_is_small() -> None:
    found = strongest_patches(OWN, ["relu1"])["relu1"]
    kept = found.values.nbytes + found.squares.nbytes + found.cells.nbytes
    assert kept == 20 * 9 * (4 + 2 + 4)  # whatever the size of the maps


@pytest.mark.parametrize(
    ("layer", "channel", "words"),
    [
        ("relu7", 0, "the network has no layer 'relu7'"),
        ("fc1", 0, "the layer 'fc1' has no feature maps"),
        ("relu1", 20, "channel must be at most 19, got 20"),
        ("relu1", -1, "channel must be at least 0, got -1"),
    ],
)
def test_refusals(layer: str, channel: int, words: str) -> None:
    with pytest.raises(InputError, match=words):
        patches_of(OWN, layer, channel)


def test_a_network_that_is_not_here_is_refused() -> None:
    with pytest.raises(InputError, match="no network called 'resnet20'"):
        patches_of("resnet20", "conv1", 0)
