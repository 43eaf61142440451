"""Moved pictures against torchvision, their way through a network, shifts of feature maps."""

from __future__ import annotations

import hashlib
import threading

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import functional as V

from cnnlab import compute, loading
from cnnlab.checks import InputError
from cnnlab.features import private_copy, spatial_layers
from cnnlab.moves import Move, series
from cnnlab.moving import Followed, follow, last_layer, moved, three_layers
from cnnlab.pretrained import preprocess
from cnnlab.samples import sample
from tests.real_weights import needs_weights
from tests.test_features import n_hooks

FAMILIES = [
    "alexnet",
    "convnext_tiny",
    "densenet121",
    "efficientnet_b0",
    "googlenet",
    "inception_v3",
    "mnasnet0_5",
    "mobilenet_v2",
    "mobilenet_v3_small",
    "regnet_y_400mf",
    "resnet18",
    "shufflenet_v2_x0_5",
    "squeezenet1_1",
    "vgg11",
]
FILL = torch.tensor([0.1, -0.4, 0.7])


@pytest.fixture(autouse=True)
def _forget_networks():
    yield
    loading.forget()


@pytest.fixture(scope="module")
def picture() -> Tensor:
    return torch.rand(1, 3, 20, 28, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def small() -> nn.Module:
    """Three convolutions, one pooling, ten classes."""
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 8, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, 10),
    ).eval()


def numbers_of(model: nn.Module) -> str:
    state = model.state_dict()
    return hashlib.sha256(b"".join(state[key].numpy().tobytes() for key in state)).hexdigest()


def affine(picture: Tensor, move: Move, fill: Tensor) -> Tensor:
    """Move as torchvision does; its own way to fill squares the shares of a mixed pixel."""
    colour = fill[:, None, None]
    return colour + V.affine(
        picture - colour,
        angle=move.angle,
        translate=[move.right, move.down],
        scale=move.scale,
        shear=[0, 0],
        interpolation=InterpolationMode.BILINEAR,
    )


# Moved pictures --------------------------------------------------------------------------------

moves = st.builds(
    Move,
    right=st.integers(-15, 15) | st.floats(-15, 15),
    down=st.integers(-15, 15) | st.floats(-15, 15),
    scale=st.floats(0.4, 2.5),
    angle=st.floats(-360, 360) | st.sampled_from([0, 90, 180, 270]),
)


@settings(max_examples=100)
@given(moves)
def test_pictures_move_as_in_torchvision(picture: Tensor, move: Move) -> None:
    expected = affine(picture, move, FILL)
    torch.testing.assert_close(moved(picture, [move], fill=FILL), expected, atol=1e-4, rtol=0)


def test_torchvision_fills_alike_but_for_mixed_pixels(picture: Tensor) -> None:
    move = Move(right=4, down=-3, scale=0.8, angle=20)
    share = moved(torch.ones_like(picture), [move], fill=torch.zeros(3))  # of the picture
    settings = {"angle": 20, "translate": [4, -3], "scale": 0.8, "shear": [0, 0]}
    theirs = V.affine(
        picture, **settings, interpolation=InterpolationMode.BILINEAR, fill=FILL.tolist()
    )
    pure = (share < 1e-4) | (share > 1 - 1e-4)
    assert 0.5 < pure.float().mean() < 1
    ours = moved(picture, [move], fill=FILL)
    torch.testing.assert_close(ours[pure], theirs[pure], atol=1e-3, rtol=0)


@settings(max_examples=40)
@given(moves)
def test_the_edge_is_repeated_as_if_the_picture_were_padded(picture: Tensor, move: Move) -> None:
    around = 90  # more than any of these moves can bring into sight
    wide = V.pad(picture, around, padding_mode="edge")
    expected = affine(wide, move, 9 * torch.ones(3))[..., around:-around, around:-around]
    torch.testing.assert_close(moved(picture, [move], fill=None), expected, atol=1e-4, rtol=0)


def test_a_move_that_changes_nothing_gives_the_picture_bit_for_bit(picture: Tensor) -> None:
    for fill in (FILL, None):
        for move in (Move(), Move(angle=360), Move(angle=-720)):
            assert torch.equal(moved(picture, [Move(right=3), move], fill=fill)[1:], picture)


def test_whole_pixels_and_quarter_turns_by_hand(picture: Tensor) -> None:
    square = picture[..., :20]
    right, down, quarter, half = moved(
        square,
        [Move(right=3), Move(down=-2), Move(angle=90), Move(angle=180)],
        fill=torch.zeros(3),
    )
    assert right[..., :3].abs().max() < 1e-5
    torch.testing.assert_close(right[..., 3:], square[0, ..., :-3], atol=1e-5, rtol=0)
    torch.testing.assert_close(down[:, :-2], square[0, :, 2:], atol=1e-5, rtol=0)
    clockwise = square[0].rot90(-1, (1, 2))
    torch.testing.assert_close(quarter[:, 1:-1, 1:-1], clockwise[:, 1:-1, 1:-1], atol=1e-4, rtol=0)
    torch.testing.assert_close(
        half[:, 1:-1, 1:-1], square[0].flip(1, 2)[:, 1:-1, 1:-1], atol=1e-4, rtol=0
    )


def test_normalised_before_or_after_is_the_same(picture: Tensor) -> None:
    mean, std = torch.tensor([0.4, 0.5, 0.6]), torch.tensor([0.2, 0.3, 0.25])
    move = [Move(right=2.5, down=-4, scale=1.2, angle=33)]
    after = V.normalize(moved(picture, move, fill=torch.zeros(3)), mean.tolist(), std.tolist())
    before = V.normalize(picture, mean.tolist(), std.tolist())
    torch.testing.assert_close(moved(before, move, fill=-mean / std), after, atol=1e-4, rtol=0)


def test_what_cannot_be_moved(picture: Tensor) -> None:
    with pytest.raises(InputError, match=r"one picture of shape \(1, C, H, W\) is moved"):
        moved(picture[0], [Move()], fill=None)
    with pytest.raises(InputError, match="at least one move"):
        moved(picture, [], fill=None)


# Through a network -----------------------------------------------------------------------------


def one_by_one(model: nn.Module, picture: Tensor, chosen: list[Move], layers: list[str]):
    """Return probabilities and distances without batches, with torchvision's moves."""
    twin, seen = private_copy(model), {}
    for layer in layers:
        name = layer.removeprefix("input of ")

        def note(_module, inputs, output, layer=layer, before=name != layer) -> None:
            seen[layer] = (inputs[0] if before else output).clone().double()

        twin.get_submodule(name).register_forward_hook(note)
    shares, far = [], []
    with torch.inference_mode():
        twin(picture)
        usual = dict(seen)
        for move in chosen:
            shares.append(twin(affine(picture, move, FILL)).softmax(1)[0])
            far.append([float((seen[x] - usual[x]).square().sum().sqrt()) for x in layers])
    return torch.stack(shares).numpy(), np.array(far)


@pytest.mark.parametrize("batch_size", [1, 4, 8, 100])
def test_batches_give_what_a_loop_gives(small, picture, batch_size) -> None:
    chosen = [
        Move(right=3),
        Move(down=-4, scale=1.3),
        Move(),
        Move(scale=0.7),
        *series("rotation", 20)[1:7],
    ]
    layers = ["1", "4", "input of 7"]
    found = follow(small, picture, chosen, layers=layers, fill=FILL, batch_size=batch_size)
    shares, far = one_by_one(small, picture, chosen, layers)
    np.testing.assert_allclose(found.probabilities, shares, atol=1e-5)
    np.testing.assert_allclose(found.distances, far, rtol=1e-3, atol=1e-4)
    assert found.guesses.tolist() == shares.argmax(axis=1).tolist()
    assert found.probabilities.dtype == found.distances.dtype == np.float32


def test_what_changes_nothing_has_exactly_the_plain_answer_and_no_distance(small, picture) -> None:
    with torch.inference_mode():
        plain = small(picture).softmax(1)[0].numpy()
    found = follow(small, picture, series("rotation", 20), layers=["0", "4"], fill=FILL)
    for place in (0, -1):
        assert (found.probabilities[place] == plain).all()
        assert (found.distances[place] == 0).all()
    assert (found.original == plain).all()
    assert (found.distances[1:-1] > 0).all()


def test_distances_are_shares_of_the_length_of_the_features(small, picture) -> None:
    black = follow(small, picture, [Move(right=1000)], layers=["0"], fill=torch.zeros(3))
    twin = private_copy(small)
    with torch.inference_mode():
        here, gone = twin[0](picture), twin[0](torch.zeros_like(picture))
    assert black.norms[0] == pytest.approx(float(here.norm()), rel=1e-5)
    expected = float((here - gone).norm() / here.norm())
    assert black.relative[0, 0] == pytest.approx(expected, rel=1e-4)


def test_features_that_are_all_zero_have_distance_zero(picture) -> None:
    dead = nn.Sequential(nn.Conv2d(3, 2, 1), nn.Flatten(), nn.Linear(2 * 20 * 28, 2)).eval()
    for parameter in dead.parameters():
        nn.init.zeros_(parameter)
    found = follow(dead, picture, [Move(right=2)], layers=["0"], fill=FILL)
    assert found.relative.tolist() == [[0.0]]


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_can_be_followed(name: str) -> None:
    model = loading.load(name, trained=False)
    side = 299 if name == "inception_v3" else 224
    before = numbers_of(model)
    layers = three_layers(model, spatial_layers(model, size=side))
    assert len(set(layers)) == 3
    batch = torch.randn(1, 3, side, side, generator=torch.Generator().manual_seed(1))
    found = follow(model, batch, [Move(), Move(angle=90)], layers=layers, fill=torch.zeros(3))
    with torch.inference_mode():
        plain = model(batch).softmax(1)[0].numpy()
    assert (found.probabilities[0] == plain).all()
    assert found.probabilities.shape == (2, 1000)
    assert (found.distances[0] == 0).all()
    assert (found.relative[1] > 0.01).all()
    last = model.get_submodule(last_layer(model))
    assert getattr(last, "out_features", None) or last.out_channels == 1000
    assert (n_hooks(model), numbers_of(model)) == (0, before)


@needs_weights("squeezenet1_0")
def test_the_cat_upside_down() -> None:
    model, batch = loading.load("squeezenet1_0"), preprocess(sample("cat"), "squeezenet1_0")
    before = numbers_of(model)
    found = follow(model, batch, series("rotation", 224), layers=["features"], fill=torch.zeros(3))
    assert found.guesses[0] == found.guesses[-1] == 285  # Egyptian cat
    assert found.guesses[12] == 287  # at 180°: lynx
    assert numbers_of(model) == before


# Nothing is left behind ------------------------------------------------------------------------


def test_no_hook_is_left_after_success_error_or_cancelling(small, picture, monkeypatch) -> None:
    before = numbers_of(small)
    twins = []

    def watched(model: nn.Module) -> nn.Module:
        twins.append(private_copy(model))
        return twins[-1]

    monkeypatch.setattr("cnnlab.moving.private_copy", watched)
    follow(small, picture, [Move(right=1)], layers=["0", "input of 7"])
    with pytest.raises(InputError, match="has no layer 'nothing'"):
        follow(small, picture, [Move(right=1)], layers=["0", "nothing"])
    with pytest.raises(RuntimeError):  # one channel too few
        follow(small, picture[:, :2], [Move(right=1)], layers=["0"])
    queue, going, gone = compute.WorkQueue(workers=1, capacity=4), threading.Event(), []

    def long() -> None:
        going.set()
        try:
            for _ in range(1000):
                follow(small, picture, series("scale", 20), layers=["0"], batch_size=1)
        except compute.Cancelled:
            gone.append(True)
            raise

    with queue.submit("long", long) as ticket:
        assert going.wait(20)
    with pytest.raises(compute.Cancelled):
        ticket.result()
    queue.submit("after", lambda: None).result()  # the worker is free again
    assert gone == [True]
    queue.shutdown()
    assert len(twins) > 3
    assert [n_hooks(model) for model in (small, *twins)] == [0] * (1 + len(twins))
    assert numbers_of(small) == before


def test_two_who_follow_one_network_at_once_get_their_own_results(small) -> None:
    pictures = [
        torch.rand(1, 3, 20, 28, generator=torch.Generator().manual_seed(i)) for i in (1, 2)
    ]
    turns, layers = series("rotation", 20), ["1", "4", "input of 7"]
    alone = [follow(small, picture, turns, layers=layers, fill=FILL) for picture in pictures]
    together: dict[int, list[Followed]] = {0: [], 1: []}
    start = threading.Barrier(2)

    def work(who: int) -> None:
        start.wait()
        for _ in range(10):
            together[who].append(
                follow(small, pictures[who], turns, layers=layers, fill=FILL, batch_size=3)
            )

    threads = [threading.Thread(target=work, args=(who,)) for who in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for who in (0, 1):
        assert len(together[who]) == 10
        for found in together[who]:
            np.testing.assert_allclose(found.relative, alone[who].relative, rtol=1e-4, atol=1e-5)
            np.testing.assert_allclose(found.probabilities, alone[who].probabilities, atol=1e-5)
    assert n_hooks(small) == 0


def test_progress_goes_from_batch_to_batch(small, picture, monkeypatch) -> None:
    said: list[float] = []
    monkeypatch.setattr("cnnlab.moving.progress", said.append)
    follow(small, picture, series("shift right", 20), layers=["0"], batch_size=8)
    assert said == [0, 8 / 24, 16 / 24]


class Pair(nn.Module):
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return x, x


class First(nn.Module):
    def forward(self, pair: tuple[Tensor, Tensor]) -> Tensor:
        return pair[0]


def test_layers_that_cannot_be_followed(picture) -> None:
    model = nn.Sequential(Pair(), First(), nn.Flatten(), nn.Linear(3 * 20 * 28, 2)).eval()
    with pytest.raises(InputError, match="the layer '0' has no single tensor"):
        follow(model, picture, [Move(right=1)], layers=["0"])
    with pytest.raises(InputError, match="no linear layer and no convolution"):
        last_layer(nn.Sequential(nn.ReLU()))
    idle = nn.Module()
    idle.add_module("unused", nn.Conv2d(3, 3, 1))
    idle.forward = lambda x: x.flatten(1)
    with pytest.raises(InputError, match="never reaches the layer 'unused'"):
        follow(idle, picture, [Move(right=1)], layers=["unused"])
