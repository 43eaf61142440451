"""Versions of a picture: the same as torchvision's transforms give for the numbers drawn."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as F

from cnnlab import augmenting
from cnnlab.augmentation import CHANGES, FLIPS, Change
from cnnlab.augmenting import FUNCTIONS, prepare, source_code, steps, to_picture, version, warp
from cnnlab.label_checks import KINDS, drawn
from cnnlab.samples import sample

SMOOTH = v2.InterpolationMode.BILINEAR
CAT, CUP = prepare(sample("cat")), prepare(sample("coffee"))
PICTURE = F.center_crop(CAT, 224)
SEEDS = range(12)
OTHERS = [name for name in CHANGES if not name.endswith("crop")]
EVERYTHING = [Change("random_resized_crop"), *(Change(name) for name in OTHERS)]


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def as_class(transform: v2.Transform, picture: torch.Tensor, **params) -> torch.Tensor:
    """Return what torchvision's class makes of a picture when these are its draws."""
    return transform.transform(picture, params)


# Against torchvision's own classes


def test_prepared_as_by_torchvision():
    for size in ((451, 300), (300, 451), (20, 30), (1000, 7)):
        image = sample("cat").resize(size)
        chain = v2.Compose([v2.CenterCrop(min(size)), v2.Resize((256, 256))])
        want = chain(F.pil_to_tensor(image))
        assert torch.equal(prepare(image), want)
    assert torch.equal(
        prepare(sample("cat").convert("L"))[0], prepare(sample("cat").convert("L"))[2]
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_crops(seed):
    got, said = augmenting.random_crop(CAT, rng(seed))
    want = CAT[:, said["top"] : said["top"] + 224, said["left"] : said["left"] + 224]
    assert torch.equal(got, want)
    got, said = augmenting.random_resized_crop(CAT, rng(seed), smallest=0.08)
    assert torch.equal(got, as_class(v2.RandomResizedCrop(224), CAT, **said))


@pytest.mark.parametrize("seed", SEEDS)
def test_turning_and_scaling(seed):
    got, said = augmenting.rotate(PICTURE, rng(seed), degrees=180)
    assert torch.equal(got, as_class(v2.RandomRotation(180, SMOOTH), PICTURE, **said))
    got, said = augmenting.scale(PICTURE, rng(seed), spread=0.5)
    affine = v2.RandomAffine(0, scale=(0.5, 1.5), interpolation=SMOOTH)
    params = {"angle": 0.0, "translate": (0, 0), "scale": said["factor"], "shear": (0.0, 0.0)}
    assert torch.equal(got, as_class(affine, PICTURE, **params))


@pytest.mark.parametrize("seed", SEEDS)
def test_colours(seed):
    strengths = {"brightness": 0.4, "contrast": 0.4, "saturation": 0.4, "hue": 0.5}
    got, said = augmenting.colour(PICTURE, rng(seed), **strengths)
    again = rng(seed)
    again.uniform(size=4)  # the four factors; then comes the order
    params = {"fn_idx": torch.tensor(again.permutation(4)), "hue_factor": said["hue"]}
    params |= {f"{name}_factor": said[name] for name in ("brightness", "contrast", "saturation")}
    assert torch.equal(got, as_class(v2.ColorJitter(**strengths), PICTURE, **params))


@pytest.mark.parametrize("seed", SEEDS[:3])
@pytest.mark.parametrize("sigma", [2.0, 3.0])
def test_the_elastic_field(seed, sigma):
    got, said = augmenting.elastic(PICTURE, rng(seed), alpha=300.0, sigma=sigma)
    elastic = v2.ElasticTransform(alpha=300.0, sigma=sigma)
    assert torch.equal(got, as_class(elastic, PICTURE, displacement=said["field"]))
    noise = torch.tensor(rng(seed).uniform(-1, 1, size=(1, 2, 224, 224))).float()
    side = int(8 * sigma + 1) + (int(8 * sigma + 1) + 1) % 2
    blurred = F.gaussian_blur(noise, [side, side], [sigma, sigma])  # both directions at once
    want = (blurred * 300 / 224).permute(0, 2, 3, 1)
    assert torch.allclose(said["field"], want, atol=1e-5)  # sums of float32 in another order


def test_a_constant_field_by_hand():
    image = torch.zeros(1, 4, 4)
    image[0, 1, 1:3] = torch.tensor([8.0, 4.0])
    field = torch.zeros(1, 4, 4, 2)
    field[..., 0] = 0.5 * 2 / 4  # half a pixel to the right is read
    want = [[0, 0, 0, 0], [4, 6, 2, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert warp(image, field)[0].tolist() == want


def test_moves_lead_from_the_old_place_to_the_new():
    image = torch.zeros(1, 20, 30)
    image[0, 7, 11] = 1.0
    field = torch.zeros(1, 20, 30, 2)
    field[..., 0], field[..., 1] = 3 * 2 / 30, -2 * 2 / 20
    row, column = (int(place) for place in warp(image, field)[0].round().nonzero()[0])
    x, y = augmenting.moves(field)[row, column]
    assert (column - x, row - y) == pytest.approx((11, 7), abs=1e-5)
    assert (x, y) == pytest.approx((-3, 2), abs=1e-5)


@pytest.mark.parametrize("seed", SEEDS)
def test_erasing(seed):
    got, said = augmenting.erase(PICTURE, rng(seed), largest=0.33)
    mean = torch.tensor([124, 116, 104], dtype=torch.uint8)[:, None, None]
    params = dict(zip("ijhw", (said[x] for x in ("top", "left", "height", "width")), strict=True))
    assert torch.equal(got, as_class(v2.RandomErasing(p=1), PICTURE, v=mean, **params))
    assert 0.0199 <= said["height"] * said["width"] / 224**2 <= 0.335  # rounded to whole pixels
    got, said = augmenting.cut_out(PICTURE, rng(seed), side=96)
    grey = (got == mean).all(0)
    assert grey.sum() >= said["height"] * said["width"] >= 48 * 48
    assert torch.equal(got[:, ~grey], PICTURE[:, ~grey])


@pytest.mark.parametrize("seed", SEEDS)
def test_mixing_two_pictures(seed):
    other = F.center_crop(CUP, 224)
    got, said = augmenting.mix_up(PICTURE, rng(seed), other=other, alpha=1.0)
    batch = torch.stack([PICTURE, other]).float()
    labels = torch.tensor([0, 1])
    params = {"labels": labels, "batch_size": 2, "lam": said["lam"]}
    mixed = as_class(v2.MixUp(num_classes=2), batch, **params)
    assert (got.float() - mixed[0]).abs().max() <= 0.5001  # ours is rounded to whole numbers
    label = as_class(v2.MixUp(num_classes=2), labels, **params)[0]
    assert label.tolist() == pytest.approx([said["lam"], 1 - said["lam"]])


# What chance gives


@settings(max_examples=60)
@given(st.integers(0, 2**32), st.floats(0.05, 1))
def test_a_crop_of_any_size_stays_in_its_bounds(seed, smallest):
    got, said = augmenting.random_resized_crop(CAT, rng(seed), smallest=smallest)
    assert got.shape == (3, 224, 224)
    assert 0 <= said["top"] <= 256 - said["height"]
    assert 0 <= said["left"] <= 256 - said["width"]
    assert said["height"] * said["width"] >= smallest * 256**2 - 512  # rounded to whole pixels
    assert 0.74 < said["width"] / said["height"] < 1.35


def test_every_place_of_a_crop_is_drawn():
    tiny = torch.zeros(3, 226, 225, dtype=torch.uint8)
    found = {tuple(augmenting.random_crop(tiny, rng(seed))[1].values())[:2] for seed in range(99)}
    assert found == {(top, left) for top in range(3) for left in range(2)}


@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
def test_flips_come_as_often_as_asked(p):
    done = [augmenting.flip(PICTURE, rng(seed), direction="both", p=p) for seed in range(400)]
    for way, flipped in (("sideways", PICTURE.flip(2)), ("upright", PICTURE.flip(1))):
        share = sum(said[way] for _, said in done) / 400
        assert share == pytest.approx(p, abs=0.08)  # more than three standard deviations
        only = [got for got, said in done if said[way] and sum(said.values()) == 1]
        assert all(torch.equal(got, flipped) for got in only)


@pytest.mark.parametrize("direction", FLIPS[:2])
def test_a_flip_in_one_direction_leaves_the_other(direction):
    _, said = augmenting.flip(PICTURE, rng(0), direction=direction, p=1.0)
    assert said == {"sideways": direction == FLIPS[0], "upright": direction == FLIPS[1]}


def test_a_change_draws_the_same_whatever_else_is_on():
    alone = steps(CAT, [Change("random_crop"), Change("rotate")], seed=5, epoch=2)
    more = [Change("random_crop"), Change("flip"), Change("rotate")]
    together = steps(CAT, more, seed=5, epoch=2)
    assert alone[0].drawn == together[0].drawn
    assert alone[1].drawn == together[2].drawn


def test_seed_epoch_and_picture_all_count():
    recipe = [Change("random_crop"), Change("rotate")]
    found = {
        steps(CAT, recipe, seed=seed, epoch=epoch, number=number)[1].drawn["angle"]
        for seed in range(3)
        for epoch in range(3)
        for number in range(2)
    }
    assert len(found) == 18


def test_visitors_do_not_disturb_each_other_nor_torch():
    def made(seed: int) -> list[torch.Tensor]:
        return [version(CAT, EVERYTHING, seed=seed, epoch=e, other=CUP) for e in range(2)]

    want = [made(seed) for seed in range(4)]
    before = torch.get_rng_state()
    made(0)
    assert torch.equal(torch.get_rng_state(), before)
    with ThreadPoolExecutor(4) as visitors:
        noise = visitors.submit(lambda: [torch.manual_seed(k) for k in range(2000)])
        got = list(visitors.map(made, range(4)))
        noise.result()
    torch.set_rng_state(before)
    for one, other in zip(want, got, strict=True):
        assert all(map(torch.equal, one, other))


def test_a_mixture_takes_a_second_picture_with_changes_of_its_own():
    recipe = [Change("random_crop"), Change("mix_up")]
    with pytest.raises(TypeError, match="second picture"):
        steps(CAT, recipe, seed=0, epoch=0)
    mixture = steps(CAT, recipe, seed=0, epoch=0, other=CUP)[-1].drawn
    own = steps(CUP, recipe[:1], seed=0, epoch=0, number=1)[0].picture
    assert torch.equal(mixture["other"], own)


def test_every_change_has_a_function_and_every_kind_of_label_check_works():
    assert FUNCTIONS.keys() == CHANGES.keys()
    image = drawn("Digit 6", side=64)
    for kind in KINDS:
        assert augmenting.relabelled(image, kind).size == (64, 64)


# The script


RECIPES = {
    **{name: [Change("centre_crop"), Change(name)] for name in OTHERS},
    "centre crop": [Change("centre_crop")],
    "random crop": [Change("random_crop")],
    "both flips": [Change("centre_crop"), Change("flip", (("p", 0.7),), "both")],
    "everything": EVERYTHING,
}


@pytest.mark.parametrize("name", RECIPES)
def test_the_script_makes_the_same_pictures(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    sample("cat").save("photo.png")
    sample("coffee").save("other.png")
    script = source_code(RECIPES[name], seed=7, epochs=3, labels=("Cat", "Coffee cup"))
    assert "cnnlab" not in script
    exec(compile(script, "script", "exec"), {})  # what a learner would run
    for epoch in range(3):
        want = to_picture(version(CAT, RECIPES[name], seed=7, epoch=epoch, other=CUP))
        with Image.open(f"version{epoch + 1}.png") as got:
            assert np.array_equal(np.asarray(got), np.asarray(want))
    assert ("Coffee cup" in capsys.readouterr().out) == any(
        change.name == "mix_up" for change in RECIPES[name]
    )
