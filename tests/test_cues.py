"""Pictures that keep one cue and lose the other, against scikit-image, SciPy and definitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage
from skimage import color, feature, filters

from cnnlab.checks import InputError
from cnnlab.cues import (
    CUES,
    PATTERNS,
    Recipe,
    alone,
    blur,
    coarse_and_fine,
    conflict,
    edges,
    grey,
    high_pass,
    patch_shuffle,
    pattern,
    phase_swap,
    silhouette,
    texture_inside,
)
from cnnlab.object_masks import MASKS, Mask, object_mask


def noise(height=24, width=24, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def disc(side=40, *, light=200, ground=40):
    rows, columns = np.indices((side, side))
    inside = (rows - side / 2) ** 2 + (columns - side / 2) ** 2 < (side / 4) ** 2
    return np.where(inside[..., None], light, ground).astype(np.uint8).repeat(3, axis=2), inside


# One picture -----------------------------------------------------------------------------------


def test_grey_is_scikit_images_brightness():
    x = noise()
    expected = np.round(255 * color.rgb2gray(x))
    for channel in range(3):
        np.testing.assert_allclose(grey(x)[..., channel], expected, atol=1)


def test_blur_is_scipys_for_each_colour_and_the_high_pass_is_the_rest():
    x = noise()
    coarse = np.stack([ndimage.gaussian_filter(x[..., c].astype(float), 2.5) for c in range(3)], -1)
    np.testing.assert_array_equal(blur(x, sigma=2.5), np.round(coarse))
    np.testing.assert_array_equal(
        high_pass(x, sigma=2.5), np.round(np.clip(x - coarse + 128, 0, 255))
    )


@pytest.mark.parametrize("dark", [False, True])
def test_edges_are_cannys_in_the_colours_that_are_wanted(dark):
    x, _ = disc()
    lines = feature.canny(color.rgb2gray(x), sigma=1.5)
    assert lines.any()
    drawn = edges(x, sigma=1.5, dark_ground=dark)
    np.testing.assert_array_equal(drawn[..., 0], 255 * (lines if dark else ~lines))


def test_sobel_lines_are_strongest_where_the_gradient_is():
    x, _ = disc()
    light = ndimage.gaussian_filter(color.rgb2gray(x), 1.0)
    length = filters.sobel(light)
    drawn = edges(x, sigma=1.0, how="sobel", dark_ground=True)[..., 0]
    np.testing.assert_allclose(drawn, 255 * length / length.max(), atol=0.6)


@given(
    n=st.integers(1, 9),
    height=st.integers(9, 23),
    width=st.integers(9, 23),
    seed=st.integers(0, 99),
)
def test_a_shuffle_is_a_permutation_of_whole_patches(n, height, width, seed):
    x = noise(height, width)
    shuffled = patch_shuffle(x, n=n, seed=seed)
    assert sorted(map(tuple, shuffled.reshape(-1, 3))) == sorted(map(tuple, x.reshape(-1, 3)))
    rows, columns = height // n, width // n

    def patches(picture):
        return sorted(
            picture[i * rows : (i + 1) * rows, j * columns : (j + 1) * columns].tobytes()
            for i in range(n)
            for j in range(n)
        )

    assert patches(shuffled) == patches(x)
    np.testing.assert_array_equal(shuffled[n * rows :], x[n * rows :])
    np.testing.assert_array_equal(shuffled[:, n * columns :], x[:, n * columns :])
    np.testing.assert_array_equal(shuffled, patch_shuffle(x, n=n, seed=seed))


def test_one_patch_changes_nothing_and_another_seed_gives_another_order():
    x = noise()
    np.testing.assert_array_equal(patch_shuffle(x, n=1, seed=3), x)
    assert (patch_shuffle(x, n=4, seed=0) != patch_shuffle(x, n=4, seed=1)).any()


@pytest.mark.parametrize("n", [0, 25])
def test_there_are_not_more_patches_than_pixels(n):
    with pytest.raises(InputError, match="n must be at"):
        patch_shuffle(noise(), n=n, seed=0)


# Two pictures ----------------------------------------------------------------------------------


def test_a_picture_with_itself_is_itself():
    x = noise(17, 20)
    np.testing.assert_array_equal(phase_swap(x, x), x)
    np.testing.assert_array_equal(coarse_and_fine(x, x, sigma=3), x)


def test_the_swap_has_the_phase_of_one_and_the_amplitude_of_the_other():
    columns = np.indices((16, 16))[1]
    wave = 128 + 40 * np.cos(2 * np.pi * 3 * columns / 16)
    moved = 128 + 10 * np.cos(2 * np.pi * 3 * (columns - 2) / 16)
    one, other = (np.round(v)[..., None].repeat(3, axis=2).astype(np.uint8) for v in (moved, wave))
    found = phase_swap(one, other)[..., 0]
    # the strong wave of `other`, where `one` has its crests
    np.testing.assert_allclose(found, 128 + 40 * np.cos(2 * np.pi * 3 * (columns - 2) / 16), atol=3)


def test_a_hybrid_has_the_coarse_part_of_one_and_the_fine_part_of_the_other():
    shape = np.full((32, 32, 3), 60, dtype=np.uint8)
    shape[:, 16:] = 180
    texture = pattern("checks", side=32) // 4 + 64
    made = coarse_and_fine(shape, texture, sigma=4)
    assert made[:, 24:].mean() - made[:, :8].mean() == pytest.approx(120, abs=12)
    fine = made[:, 24:].astype(float).std()
    assert fine == pytest.approx(texture[:, 24:].astype(float).std(), rel=0.15)


@given(strength=st.floats(0, 1))
def test_the_texture_covers_the_object_alone_and_as_strongly_as_asked(strength):
    x, inside = disc()
    texture = noise(40, 40)
    made = texture_inside(x, texture, Mask(inside, "box"), tiles=1, strength=strength)
    np.testing.assert_array_equal(made[~inside], x[~inside])
    expected = np.round((1 - strength) * x[inside] + strength * texture[inside])
    np.testing.assert_allclose(made[inside], expected, atol=1)


def test_tiles_are_mirrored_so_that_they_meet_without_a_seam():
    texture = noise(8, 8)
    everywhere = Mask(np.ones((8, 8), dtype=bool), "box")
    made = texture_inside(texture, texture, everywhere, tiles=2)
    tile = texture[2:6, 2:6]
    np.testing.assert_array_equal(made[:4, :4], tile)
    np.testing.assert_array_equal(made[:4, 4:], tile[:, ::-1])
    np.testing.assert_array_equal(made[4:, :4], tile[::-1])


def test_the_ground_is_what_was_asked_for():
    x, inside = disc()
    for ground, shade in (("white", 255), ("black", 0), ("as it was", 40)):
        made = conflict("inside", x, noise(40, 40), Recipe(ground=ground))
        assert (made[~inside] == shade).all()


def test_the_texture_can_be_cut_into_patches_first():
    x, texture = noise(16, 16, 1), noise(16, 16, 2)
    made = conflict("phase", x, texture, Recipe(patches=4, seed=5))
    expected = phase_swap(x, patch_shuffle(texture, n=4, seed=5))
    np.testing.assert_array_equal(made, expected)


def test_every_way_gives_a_picture_of_the_same_size_and_says_what_it_keeps():
    x, _ = disc()
    for cue, about in CUES.items():
        made = (
            conflict(cue, x, noise(40, 40), Recipe())
            if about.conflict
            else alone(cue, x, Recipe(patches=2))
        )
        assert (made.shape, made.dtype) == (x.shape, np.uint8)
        assert about.keeps.endswith(".")
        assert about.loses.endswith(".")


def test_what_does_not_fit_is_refused():
    x = noise()
    with pytest.raises(InputError, match="both pictures must have one size"):
        phase_swap(x, noise(8, 8))
    with pytest.raises(InputError, match="does not take two pictures"):
        conflict("grey", x, x, Recipe())
    with pytest.raises(InputError, match="not made from one picture"):
        alone("phase", x, Recipe())
    with pytest.raises(InputError, match="must have the shape"):
        grey(x[..., :1])
    with pytest.raises(InputError, match="no numbers"):
        blur(np.full((4, 4, 3), np.nan), sigma=1)
    with pytest.raises(InputError, match="strength must be from 0 to 1"):
        texture_inside(x, x, Mask(np.ones((24, 24), dtype=bool), "box"), strength=1.5)


def test_patterns_have_both_shades_and_no_shape():
    for name in PATTERNS:
        x = pattern(name, side=28)
        assert set(np.unique(x)) == {0, 255}
        quarters = [x[i : i + 12, j : j + 12].mean() for i in (0, 12) for j in (0, 12)]
        assert np.ptp(quarters) < 1e-9
    with pytest.raises(InputError, match="no pattern"):
        pattern("plaid", side=28)


# Masks -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [how for how in MASKS if how != "box"])
@pytest.mark.parametrize(("light", "ground"), [(200, 40), (40, 200)])
def test_a_disc_is_found_whichever_side_is_lighter(how, light, ground):
    x, inside = disc(light=light, ground=ground)
    mask = object_mask(x, how=how)
    assert (mask.values != inside).mean() < 0.03
    assert mask.share == pytest.approx(inside.mean(), abs=0.03)
    other = object_mask(x, how=how, other_side=True, fill_holes=False)
    assert (other.values != ~inside).mean() < 0.03


def test_brightness_is_split_by_otsus_threshold():
    x, _ = disc()
    x = np.clip(x + np.random.default_rng(0).normal(0, 8, x.shape), 0, 255).astype(np.uint8)
    light = color.rgb2gray(x)
    expected = light > filters.threshold_otsu(light)
    mask = object_mask(x, how="brightness", fill_holes=False)
    assert (mask.values != expected).sum() < 5  # specks are dropped


def test_a_colour_is_found_where_brightness_does_not_help():
    grey_ground = np.random.default_rng(0).integers(90, 151, (40, 40, 1), dtype=np.uint8)
    x = grey_ground.repeat(3, axis=2)
    x[10:30, 10:30] = (220, 95, 40)  # in the middle of these greys
    expected = np.zeros((40, 40), dtype=bool)
    expected[10:30, 10:30] = True
    assert (object_mask(x, how="colour").values != expected).mean() < 0.06  # smoothed by a pixel
    by_light = object_mask(x, how="brightness", fill_holes=False)
    assert (by_light.values != expected).mean() > 0.3


def test_holes_are_filled_and_specks_dropped():
    x = np.zeros((60, 60, 3), dtype=np.uint8)
    x[10:50, 10:50] = 255
    x[20:40, 20:40] = 0
    x[2, 2] = 255
    plain = object_mask(x, how="brightness", fill_holes=False).values
    assert plain.sum() == 40 * 40 - 20 * 20
    assert object_mask(x, how="brightness").values.sum() == 40 * 40


def test_a_box_is_a_mask_too_and_is_cut_off_at_the_border():
    x, _ = disc()
    mask = object_mask(x, how="box", box=(-5, 10, 20, 30))
    assert mask.values.sum() == 20 * 20
    shown = silhouette(mask)
    assert (shown[mask.values] == 0).all()
    assert (shown[~mask.values] == 255).all()


def test_masks_that_cannot_be_are_refused():
    flat = np.full((9, 9, 3), 77, dtype=np.uint8)
    for how in ("brightness", "colour", "two greys"):
        with pytest.raises(InputError, match="one colour only"):
            object_mask(flat, how=how)
    with pytest.raises(InputError, match="no box is known"):
        object_mask(flat, how="box")
    with pytest.raises(InputError, match="no object can be told"):
        object_mask(flat, how="box", box=(0, 0, 9, 9))
    with pytest.raises(InputError, match="there is no mask"):
        object_mask(flat, how="magic")
