"""Filters against SciPy, scikit-image and torch; separable kernels; facts of lectures."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from skimage import filters as skimage_filters

from cnnlab import images, samples
from cnnlab.checks import InputError
from cnnlab.filtering import (
    BORDERS,
    direction,
    filter_picture,
    filter_twice,
    magnitude,
    products_per_pixel,
    separate,
)
from cnnlab.filters import binomial, box, classic, gabor
from cnnlab.kernels import KERNELS

FACTS = json.loads(
    (Path(__file__).parent / "golden" / "facts_filters.json").read_text(encoding="utf-8")
)
SCIPY = {"mirror": "mirror", "repeat the edge": "nearest", "zeros": "constant"}
SHAPES = [(1, 1), (1, 3), (1, 7), (3, 3), (5, 5), (7, 3), (7, 7)]


@pytest.fixture(scope="module")
def cat() -> np.ndarray:
    return images.to_array(samples.sample("cat"))


def weights(shape: tuple[int, int], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_filter_is_scipys_correlation(cat: np.ndarray, shape: Any, border: str) -> None:
    kernel = weights(shape)
    ours = filter_picture(cat, kernel, border=border)
    for channel, plane in zip(ours, cat, strict=True):
        theirs = ndimage.correlate(plane, kernel, mode=SCIPY[border])
        # 49 products of up to 255: rounding stays below 1e-11.
        np.testing.assert_allclose(channel, theirs, rtol=0, atol=1e-10)


@pytest.mark.parametrize("shape", SHAPES)
def test_with_zeros_beyond_the_border_it_is_torchs_convolution(cat: np.ndarray, shape: Any) -> None:
    kernel = weights(shape, 1)
    ours = filter_picture(cat, kernel, divisor=3, bias=-2, border="zeros")
    theirs = torch.nn.functional.conv2d(
        torch.from_numpy(cat)[:, None],
        torch.from_numpy(kernel)[None, None] / 3,
        bias=torch.tensor([-2.0], dtype=torch.float64),
        padding=(shape[0] // 2, shape[1] // 2),
    )
    np.testing.assert_allclose(ours, theirs[:, 0].numpy(), rtol=0, atol=1e-10)


@settings(max_examples=60)
@given(
    rows=st.integers(1, 40),
    columns=st.integers(1, 9),
    shape=st.sampled_from(SHAPES),
    border=st.sampled_from(list(BORDERS)),
    seed=st.integers(0, 99),
)
def test_any_size_of_picture(rows: int, columns: int, shape: Any, border: str, seed: int) -> None:
    plane = np.random.default_rng(seed).integers(0, 256, (1, rows, columns)).astype(float)
    kernel = weights(shape, seed)
    theirs = ndimage.correlate(plane[0], kernel, mode=SCIPY[border])
    np.testing.assert_allclose(
        filter_picture(plane, kernel, border=border)[0], theirs, rtol=0, atol=1e-10
    )


@pytest.mark.parametrize("border", BORDERS)
def test_named_filters_are_those_of_scipy_and_scikit_image(cat: np.ndarray, border: str) -> None:
    plane, mode = cat[:1], SCIPY[border]
    same = {
        "box blur": ndimage.uniform_filter(plane[0], 3, mode=mode),
        "Laplacian": ndimage.laplace(plane[0], mode=mode),
        "sharpen": plane[0] - ndimage.laplace(plane[0], mode=mode),
        "Sobel x": ndimage.sobel(plane[0], axis=1, mode=mode),
        "Sobel y": ndimage.sobel(plane[0], axis=0, mode=mode),
        "Prewitt x": ndimage.prewitt(plane[0], axis=1, mode=mode),
        "Prewitt y": ndimage.prewitt(plane[0], axis=0, mode=mode),
        "Scharr x": 16 * skimage_filters.scharr(plane[0], axis=1, mode=mode),
        "Scharr y": 16 * skimage_filters.scharr(plane[0], axis=0, mode=mode),
    }
    for name, theirs in same.items():
        kind = classic(name)
        ours = filter_picture(plane, kind.kernel, divisor=kind.divisor, border=border)[0]
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9, err_msg=name)


@pytest.mark.parametrize("size", [3, 5, 7])
def test_larger_blurs(cat: np.ndarray, size: int) -> None:
    mean, soft = box(size), binomial(size)
    theirs = ndimage.uniform_filter(cat[0], size, mode="mirror")
    ours = filter_picture(cat[:1], mean.kernel, divisor=mean.divisor)[0]
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-10)
    # A binomial blur is the mean of two neighbours, repeated size - 1 times each way.
    line = np.ones(1)
    for _ in range(size - 1):
        line = np.convolve(line, [1, 1])
    assert (soft.kernel == np.outer(line, line)).all()
    assert soft.total == mean.total == 1
    reach = np.arange(size) - size // 2
    assert (line * reach**2).sum() / line.sum() == pytest.approx((size - 1) / 4)


def test_magnitude_is_scikit_images_and_the_angle_points_to_what_is_brighter(
    cat: np.ndarray,
) -> None:
    gx, gy = (filter_picture(cat[:1], classic(f"Sobel {axis}").kernel)[0] for axis in "xy")
    # Theirs divides each kernel by 4 and the length by the square root of 2.
    theirs = skimage_filters.sobel(cat[0], mode="mirror") * 4 * np.sqrt(2)
    np.testing.assert_allclose(magnitude(gx, gy), theirs, rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(
        direction(gx, gy), np.degrees(np.angle(gx + 1j * gy)), rtol=0, atol=1e-12
    )
    for angle in (-135.0, -90.0, 0.0, 30.0, 90.0, 180.0):
        down, right = np.mgrid[0:9, 0:9]
        ramp = right * np.cos(np.radians(angle)) + down * np.sin(np.radians(angle))
        for name in ("Sobel", "Prewitt", "Scharr"):
            gx, gy = (filter_picture(ramp[None], classic(f"{name} {a}").kernel)[0] for a in "xy")
            assert direction(gx, gy)[4, 4] == pytest.approx(angle)


def test_no_gradient_has_the_angle_zero() -> None:
    zeros = np.array([0.0, -0.0])
    assert direction(zeros, zeros).tolist() == [0, 0]
    assert direction(-zeros, zeros).tolist() == [0, 0]


@pytest.mark.parametrize("angle", [0, 22.5, 90, 157.5])
@pytest.mark.parametrize("wavelength", [3.0, 4.0, 6.0])
def test_a_gabor_filter_is_scikit_images_without_its_mean(angle: float, wavelength: float) -> None:
    sigma = wavelength / 2
    theirs = skimage_filters.gabor_kernel(
        1 / wavelength, theta=np.radians(angle), sigma_x=sigma, sigma_y=sigma, n_stds=20 / sigma
    ).real
    middle = [side // 2 for side in theirs.shape]
    theirs = theirs[middle[0] - 3 : middle[0] + 4, middle[1] - 3 : middle[1] + 4]
    y, x = np.mgrid[-3:4, -3:4]
    bell = np.exp(-(x**2 + y**2) / (2 * sigma**2))
    theirs = theirs - theirs.sum() * bell / bell.sum()
    ours = gabor(angle, wavelength).kernel
    np.testing.assert_allclose(ours, theirs / theirs[theirs > 0].sum(), rtol=0, atol=1e-12)
    assert ours.sum() == pytest.approx(0, abs=1e-14)


def test_upright_and_level_waves_are_separable_and_slanted_ones_are_not() -> None:
    ranks = {angle: separate(gabor(angle, 4).kernel).rank for angle in (0, 22.5, 45, 90)}
    assert ranks[0] == ranks[90] == 1
    assert ranks[22.5] > 1
    assert ranks[45] > 1


def test_a_gabor_filter_prefers_its_own_stripes() -> None:
    stripes = 127.5 * (1 + np.cos(2 * np.pi * np.arange(32) / 4)) * np.ones((32, 1))
    best = {
        angle: np.abs(filter_picture(stripes[None], gabor(angle, 4).kernel)).max()
        for angle in (0, 45, 90)
    }
    assert best[0] > 5 * best[45]
    assert best[0] > 5 * best[90]


SEPARABLE = {name for name in KERNELS if name.startswith(("Sobel", "Prewitt", "Scharr"))} | {
    "identity",
    "box blur",
    "Gaussian blur",
    "ones",
    "causal mean",
}


@pytest.mark.parametrize("name", KERNELS)
def test_rank_says_whether_two_passes_will_do(cat: np.ndarray, name: str) -> None:
    kind = classic(name)
    found = separate(kind.kernel)
    assert found.rank == np.linalg.matrix_rank(kind.kernel)
    assert (found.rank == 1) == (name in SEPARABLE)
    if found.column is None or found.row is None:
        return
    np.testing.assert_allclose(np.outer(found.column, found.row), kind.kernel, atol=1e-15)
    once = filter_picture(cat, kind.kernel, divisor=kind.divisor)
    twice = filter_twice(cat, found.column, found.row, divisor=kind.divisor)
    # Whole weights and whole pixels: not even the last bit differs.
    assert np.abs(once - twice).max() <= (1e-12 if name == "causal mean" else 0)


def test_whole_kernels_have_whole_factors() -> None:
    found = separate(np.outer([2.0, -4, 6], [3.0, 0, -9]))
    assert found.column is not None
    assert found.row is not None
    assert np.outer(found.column, found.row).tolist() == [[6, 0, -18], [-12, 0, 36], [18, 0, -54]]
    assert (found.column == np.rint(found.column)).all()
    assert (found.row == np.rint(found.row)).all()


@settings(max_examples=40)
@given(seed=st.integers(0, 10_000), rows=st.sampled_from([1, 3, 7]))
def test_any_product_of_a_column_and_a_row_is_found(seed: int, rows: int) -> None:
    random = np.random.default_rng(seed)
    kernel = np.outer(random.normal(size=rows), random.normal(size=5))
    found = separate(kernel)
    assert found.rank == 1
    assert found.column is not None
    assert found.row is not None
    np.testing.assert_allclose(np.outer(found.column, found.row), kernel, rtol=0, atol=1e-12)


def test_products_of_a_kernel_that_is_not_square() -> None:
    assert products_per_pixel(np.ones((3, 7))) == (21, 10)


def test_a_kernel_of_zeros_has_rank_zero() -> None:
    assert separate(np.zeros((3, 3))).rank == 0


@pytest.mark.parametrize("shape", [(2, 2), (3, 4), (1, 2)])
def test_a_kernel_without_a_middle_is_refused(shape: tuple[int, int]) -> None:
    with pytest.raises(InputError, match=r"has no middle: both sides must be odd$"):
        filter_picture(np.zeros((1, 9, 9)), np.ones(shape))


def test_dividing_by_zero_is_refused() -> None:
    with pytest.raises(InputError, match="divisor must not be 0"):
        filter_picture(np.zeros((1, 9, 9)), np.ones((3, 3)), divisor=0)


# Facts of lectures ---------------------------------------------------------------------------


def inner(image: Any, kernel: np.ndarray) -> np.ndarray:
    """Return the answers of the windows that lie inside the picture."""
    found = filter_picture(np.array([image], dtype=float), kernel)[0]
    rows, columns = (side // 2 for side in kernel.shape)
    return found[rows : len(found) - rows, columns : found.shape[1] - columns]


@pytest.mark.parametrize("fact", FACTS, ids=[fact["id"] for fact in FACTS])
def test_fact(fact: dict[str, Any]) -> None:
    said, expect = fact["given"], fact["expect"]
    kernel = np.array(said.get("kernel", [[1]]), dtype=float)
    scale = float(Fraction(said.get("scale", "1")))
    match said["op"]:
        case "kernel_props":
            assert kernel.sum() * scale == pytest.approx(expect["sum"], abs=1e-9)
            assert (kernel.sum() == 0) == expect["zero_sum"]
            assert (kernel == kernel[::-1, ::-1]).all() == expect["symmetric_180"]
            rank = separate(kernel).rank
            assert (rank, rank == 1) == (expect["rank"], expect["separable"])
        case "outer":
            assert np.outer(said["col"], said["row"]).tolist() == expect
            found = separate(np.array(expect, dtype=float))
            assert found.column is not None
            assert found.row is not None
            assert (found.column.tolist(), found.row.tolist()) == (said["col"], said["row"])
        case "kernel_combo":
            total = sum(factor * np.array(part, dtype=float) for factor, part in said["terms"])
            assert total.tolist() == expect
            picture = np.random.default_rng(0).integers(0, 256, (9, 9))
            parts = [f * inner(picture, np.array(k, dtype=float)) for f, k in said["terms"]]
            assert (sum(parts) == inner(picture, np.array(expect, dtype=float))).all()
        case "flip180":
            assert kernel[::-1, ::-1].tolist() == expect
            # One bright pixel: correlation writes the kernel turned by half a turn.
            if kernel.shape[0] % 2:
                spot = np.zeros((5, 5))
                spot[2, 2] = 1
                assert inner(spot, kernel).tolist() == expect
        case "kernel_on_constant":
            flat = filter_picture(np.full((1, 4, 4), float(said["value"])), kernel * scale)
            np.testing.assert_allclose(flat, expect, rtol=0, atol=1e-9)
        case "separable_equals":
            picture = np.array([said["image"]], dtype=float)
            column, row = (np.array(said[part], dtype=float) for part in ("col", "row"))
            once, twice = filter_picture(picture, kernel), filter_twice(picture, column, row)
            assert np.abs(once - twice).max() == expect["max_abs_difference"]
            assert inner(said["image"], kernel).tolist() == expect["map"]
        case "separable_cost":
            size = (said["F"], said["F"])
            assert products_per_pixel(np.ones(size)) == (expect["full"], expect["separable"])
        case "two_convs_equal_one":
            first, second = (np.array(said[part], dtype=float) for part in ("a", "b"))
            two = inner(inner(said["image"], first), second)
            both = ndimage.convolve(np.pad(first, 1), second, mode="constant")
            assert np.abs(inner(said["image"], both) - two).max() == expect["max_abs_difference"]
            assert list(two.shape) == expect["output_size"]
        case other:
            pytest.fail(f"no test for {other}")


def test_all_facts_on_filters_are_here() -> None:
    assert len(FACTS) == 24
