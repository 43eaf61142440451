"""Output sizes against torch, against brute force, and against examples worked out by hand."""

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from hypothesis import example, given, seed, settings
from hypothesis import strategies as st

from cnnlab.checks import InputError
from cnnlab.shapes import (
    conv_output_size,
    conv_transpose_output_size,
    kernel_span,
    pool_output_size,
    size_formula,
    transpose_size_formula,
    unread_at_end,
)

GOLDEN = json.loads(
    (Path(__file__).parent / "golden" / "output_sizes.json").read_text(encoding="utf-8")
)

# Every setting that fits, and many that do not; 0 and -1 are out of range on purpose.
ANY_SETTING = st.fixed_dictionaries(
    {
        "kernel_size": st.integers(0, 9),
        "stride": st.integers(0, 6),
        "padding": st.integers(-1, 6),
        "dilation": st.integers(0, 5),
    }
)
GOOD_SETTING = st.fixed_dictionaries(
    {
        "kernel_size": st.integers(1, 9),
        "stride": st.integers(1, 6),
        "padding": st.integers(0, 6),
        "dilation": st.integers(1, 5),
    }
)


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    """Keep torch to one thread: to start a second takes far longer than these small arrays."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def torch_length(n: int, *, kernel_size: int, **layer: int) -> int | None:
    """Return the length that torch's 1-D convolution gives, None where it refuses."""
    try:
        weight = torch.ones(1, 1, kernel_size)
        return torch.nn.functional.conv1d(torch.ones(1, 1, n), weight, **layer).shape[2]
    except RuntimeError:
        return None


def our_length(n: int, **layer: int) -> int | None:
    try:
        return conv_output_size(n, **layer)
    except InputError:
        return None


@seed(1)
@settings(max_examples=500)
@given(n=st.integers(1, 40), layer=ANY_SETTING)
@example(n=3, layer={"kernel_size": 3, "stride": 5, "padding": 0, "dilation": 1})
@example(n=2, layer={"kernel_size": 3, "stride": 1, "padding": 0, "dilation": 1})
@example(n=4, layer={"kernel_size": 3, "stride": 1, "padding": 0, "dilation": 2})
@example(n=5, layer={"kernel_size": 1, "stride": 1, "padding": 0, "dilation": 0})
def test_size_is_torchs_and_refused_exactly_where_torch_refuses(n, layer):
    assert our_length(n, **layer) == torch_length(n, **layer)


@seed(2)
@settings(max_examples=150)
@given(height=st.integers(1, 20), width=st.integers(1, 20), rows=GOOD_SETTING, columns=GOOD_SETTING)
def test_each_axis_of_torchs_2d_convolution_follows_its_own_settings(height, width, rows, columns):
    ours = (our_length(height, **rows), our_length(width, **columns))
    layer = {name: (rows[name], columns[name]) for name in ("stride", "padding", "dilation")}
    weight = torch.ones(1, 1, rows["kernel_size"], columns["kernel_size"])
    try:
        out = torch.nn.functional.conv2d(torch.ones(1, 1, height, width), weight, **layer)
    except RuntimeError:
        assert None in ours
    else:
        assert tuple(out.shape[2:]) == ours


def windows(n: int, *, kernel_size: int, stride: int, padding: tuple[int, int], dilation: int):
    """Return what each window reads, found by sliding pixel by pixel until one sticks out."""
    found, start = [], 0
    while True:
        pixels = [start + weight * dilation for weight in range(kernel_size)]
        if pixels[-1] >= n + sum(padding):
            return found
        found.append(pixels)
        start += stride


@seed(3)
@settings(max_examples=500)
@given(n=st.integers(1, 30), layer=GOOD_SETTING, more=st.integers(0, 3))
def test_brute_force_finds_as_many_windows_and_as_many_unread_pixels(n, layer, more):
    sides = (layer["padding"], layer["padding"] + more)
    if more:
        layer = layer | {"padding": sides}
    found = windows(n, **layer | {"padding": sides})
    if not found:
        with pytest.raises(InputError, match=r"a kernel of \d+ with dilation \d+ covers"):
            unread_at_end(n, **layer)
        return
    assert conv_output_size(n, **layer) == len(found)
    beyond = n + sum(sides) - 1 - found[-1][-1]
    assert unread_at_end(n, **layer) == beyond < layer["stride"]


@pytest.mark.parametrize(
    ("axis", "words"),
    [
        ("pixels", "a kernel of 4 with dilation 2 covers 7 pixels, the padded input has 6: "),
        ("rows", "a 4-high kernel with dilation 2 covers 7 rows, the padded input has 6: "),
        ("columns", "a 4-wide kernel with dilation 2 covers 7 columns, the padded input has 6: "),
    ],
)
def test_a_refusal_names_the_axis(axis, words):
    words += "take a smaller kernel or dilation, or more padding"
    with pytest.raises(InputError, match=f"^{re.escape(words)}$"):
        conv_output_size(4, kernel_size=4, dilation=2, padding=(2, 0), axis=axis)


@given(kernel_size=st.integers(1, 50), dilation=st.integers(1, 20))
def test_span_counts_the_pixels_from_the_first_weight_to_the_last(kernel_size, dilation):
    pixels = range(0, kernel_size * dilation, dilation)
    assert kernel_span(kernel_size, dilation=dilation) == len(range(pixels[0], pixels[-1] + 1))


@pytest.mark.parametrize(
    ("words", "n", "layer"),
    [
        ("n must be at least 1, got 0", 0, {"kernel_size": 1}),
        ("kernel_size must be at least 1, got 0", 5, {"kernel_size": 0}),
        ("stride must be at least 1, got 0", 5, {"kernel_size": 3, "stride": 0}),
        ("padding must be at least 0, got -1", 5, {"kernel_size": 3, "padding": -1}),
        ("dilation must be at least 1, got 0", 5, {"kernel_size": 3, "dilation": 0}),
        (
            "a kernel of 4 with dilation 2 covers 7 pixels, the padded input has 6: "
            "take a smaller kernel or dilation, or more padding",
            4,
            {"kernel_size": 4, "padding": 1, "dilation": 2},
        ),
    ],
)
def test_refusals_name_the_rule_the_value_and_the_way_out(words, n, layer):
    with pytest.raises(InputError, match=f"^{re.escape(words)}$"):
        conv_output_size(n, **layer)
    with pytest.raises(InputError, match=f"^{re.escape(words)}$"):
        unread_at_end(n, **layer)


@pytest.mark.parametrize("name", ["n", "kernel_size", "stride", "padding", "dilation"])
@pytest.mark.parametrize("value", [1.0, "1", None, True])
def test_the_wrong_kind_is_a_type_error(name, value):
    sizes = {"n": 5, "kernel_size": 1} | {name: value}
    with pytest.raises(TypeError, match=f"^{name} must be a whole number"):
        conv_output_size(sizes.pop("n"), **sizes)


# Transposed ----------------------------------------------------------------------------------

ANY_TRANSPOSED = st.fixed_dictionaries(
    {
        "kernel_size": st.integers(0, 7),
        "stride": st.integers(0, 5),
        "padding": st.integers(-1, 6),
        "output_padding": st.integers(-1, 5),
        "dilation": st.integers(0, 4),
    }
)


@seed(4)
@settings(max_examples=600)
@given(n=st.integers(1, 12), layer=ANY_TRANSPOSED)
@example(n=1, layer={"kernel_size": 2, "stride": 1, "padding": 1})  # nothing is left
@example(n=1, layer={"kernel_size": 3, "stride": 1, "padding": 1})
@example(n=3, layer={"kernel_size": 3, "stride": 2, "output_padding": 2})
@example(n=3, layer={"kernel_size": 3, "dilation": 3, "output_padding": 2})
def test_transposed_size_is_torchs_and_refused_exactly_where_torch_refuses(n, layer):
    try:
        ours = conv_transpose_output_size(n, **layer)
    except InputError:
        ours = None
    others = {k: v for k, v in layer.items() if k != "kernel_size"}
    try:
        weight = torch.ones(1, 1, layer["kernel_size"])
        torchs = torch.nn.functional.conv_transpose1d(torch.ones(1, 1, n), weight, **others)
        torchs = torchs.shape[2]
    except RuntimeError:
        torchs = None
    assert ours == torchs


@seed(5)
@settings(max_examples=300)
@given(n=st.integers(1, 30), layer=GOOD_SETTING)
def test_the_transposed_layer_undoes_the_size_of_the_convolution(n, layer):
    """With the unread pixels as output padding, the size before comes back."""
    try:
        size = conv_output_size(n, **layer)
    except InputError:
        return
    rest = unread_at_end(n, **layer)
    assert conv_transpose_output_size(size, output_padding=rest, **layer) == n


@pytest.mark.parametrize(
    ("words", "layer"),
    [
        ("n must be at least 1, got 0", {"n": 0}),
        ("kernel_size must be at least 1, got 0", {"kernel_size": 0}),
        ("stride must be at least 1, got 0", {"stride": 0}),
        ("padding must be at least 0, got -1", {"padding": -1}),
        ("output_padding must be at least 0, got -1", {"output_padding": -1}),
        ("dilation must be at least 1, got 0", {"dilation": 0}),
        (
            "output_padding must be smaller than the stride or the dilation: it is 3, they are "
            "2 and 3",
            {"stride": 2, "dilation": 3, "output_padding": 3},
        ),
        (
            "padding 3 takes 6 pixels away from an output of 6: take less padding, or a larger "
            "kernel",
            {"padding": 3, "n": 4},
        ),
        (
            "padding 4 takes 8 rows away from an output of 8: take less padding, or a larger "
            "kernel",
            {"padding": 4, "stride": 2, "output_padding": 1, "axis": "rows"},
        ),
    ],
)
def test_refusals_of_the_transposed_name_the_rule_too(words, layer):
    layer = {"n": 3, "kernel_size": 3} | layer
    with pytest.raises(InputError, match=f"^{re.escape(words)}$"):
        conv_transpose_output_size(layer.pop("n"), **layer)


@pytest.mark.parametrize(
    "name", ["n", "kernel_size", "stride", "padding", "output_padding", "dilation"]
)
@pytest.mark.parametrize("value", [1.0, "1", None, True])
def test_the_wrong_kind_is_a_type_error_for_the_transposed_too(name, value):
    sizes = {"n": 5, "kernel_size": 1, "stride": 3} | {name: value}
    with pytest.raises(TypeError, match=f"^{name} must be a whole number"):
        conv_transpose_output_size(sizes.pop("n"), **sizes)


@seed(6)
@given(
    n=st.integers(1, 30),
    k=st.integers(1, 7),
    s=st.integers(1, 4),
    p=st.integers(0, 4),
    o=st.integers(0, 2),
    d=st.integers(1, 3),
)
def test_the_formula_of_the_transposed_ends_in_the_output_size(n, k, s, p, o, d):
    layer = {"kernel_size": k, "stride": s, "padding": p, "output_padding": o, "dilation": d}
    try:
        size = conv_transpose_output_size(n, **layer)
    except InputError:
        with pytest.raises(InputError):
            transpose_size_formula(n, **layer)
        return
    calculation, result = transpose_size_formula(n, **layer).split(" = ")
    assert int(result) == size
    assert eval(calculation.replace("·", "*").replace("−", "-")) == size
    assert calculation.endswith(f" + {o}") or o == 0


# Pooling -------------------------------------------------------------------------------------

ANY_POOLING = st.fixed_dictionaries(
    {
        "kernel_size": st.integers(0, 7),
        "stride": st.none() | st.integers(0, 8),
        "padding": st.integers(-1, 4),
        "dilation": st.just(1) | st.integers(0, 4),
        "ceil_mode": st.booleans(),
    }
)


def torch_pool_length(n: int, *, kernel_size: int, stride: int | None, **layer: int) -> int | None:
    """Return the length that torch's 2-D max pooling gives, None where it refuses.

    Its 1-D pooling allows more padding where the window is dilated; pictures have two axes.
    """
    window = {name: (value, 0 if name == "padding" else 1) for name, value in layer.items()}
    window["ceil_mode"] = layer["ceil_mode"]
    stride = None if stride is None else (stride, 1)
    x = torch.ones(1, 1, n, 1)
    try:
        out = torch.nn.functional.max_pool2d(x, (kernel_size, 1), stride, **window)
    except RuntimeError:
        return None
    return out.shape[2]


@seed(8)
@settings(max_examples=800)
@given(n=st.integers(1, 24), layer=ANY_POOLING)
@example(n=2, layer={"kernel_size": 2, "stride": 3, "padding": 1, "ceil_mode": True})
@example(n=5, layer={"kernel_size": 2, "stride": 4, "padding": 1, "ceil_mode": True})
@example(n=9, layer={"kernel_size": 3, "stride": 1, "padding": 2, "dilation": 2})
@example(n=2, layer={"kernel_size": 3, "stride": 2, "padding": 0, "ceil_mode": True})
@example(n=1, layer={"kernel_size": 3, "stride": 2, "padding": 0, "ceil_mode": True})
def test_pooled_size_is_torchs_and_refused_exactly_where_torch_refuses(n, layer):
    layer = {"dilation": 1, "ceil_mode": False} | layer
    try:
        ours = pool_output_size(n, **layer)
    except InputError:
        ours = None
    assert ours == torch_pool_length(n, **layer)


@seed(9)
@settings(max_examples=300)
@given(n=st.integers(1, 30), layer=GOOD_SETTING, ceil_mode=st.booleans())
def test_brute_force_finds_as_many_windows_of_pooling(n, layer, ceil_mode):
    """Rounding up, a window may reach less than a stride beyond, if it starts in the input."""
    layer = layer | {"padding": min(layer["padding"], layer["kernel_size"] // 2)}
    span = kernel_span(layer["kernel_size"], dilation=layer["dilation"])
    end = n + layer["padding"] + (layer["stride"] - 1 if ceil_mode else 0)
    possible = range(-layer["padding"], end - span + 1, layer["stride"])
    starts = [start for start in possible if start < n or not ceil_mode]
    if not starts:
        with pytest.raises(InputError, match=r"a window of \d+ with dilation \d+ covers"):
            pool_output_size(n, ceil_mode=ceil_mode, **layer)
        return
    assert pool_output_size(n, ceil_mode=ceil_mode, **layer) == len(starts)


@pytest.mark.parametrize(
    ("words", "layer"),
    [
        ("n must be at least 1, got 0", {"n": 0}),
        ("kernel_size must be at least 1, got 0", {"kernel_size": 0}),
        ("stride must be at least 1, got 0", {"stride": 0}),
        ("padding must be at least 0, got -1", {"padding": -1}),
        ("dilation must be at least 1, got 0", {"dilation": 0}),
        (
            "the padding of a pooling window is at most half its size: it is 2, the window has 3",
            {"padding": 2, "dilation": 2},
        ),
        (
            "a window of 3 with dilation 2 covers 5 pixels, the padded input has 4: take a "
            "smaller window, or pool once less",
            {"dilation": 2, "n": 2, "padding": 1},
        ),
        (
            "a window of 3 with dilation 1 covers 3 columns, the padded input has 2: take a "
            "smaller window, or pool once less",
            {"n": 2, "axis": "columns"},
        ),
    ],
)
def test_refusals_of_pooling_name_the_rule_too(words, layer):
    layer = {"n": 3, "kernel_size": 3} | layer
    with pytest.raises(InputError, match=f"^{re.escape(words)}$"):
        pool_output_size(layer.pop("n"), **layer)


@pytest.mark.parametrize("name", ["n", "kernel_size", "stride", "padding", "dilation"])
@pytest.mark.parametrize("value", [1.0, "1", True])
def test_the_wrong_kind_is_a_type_error_for_pooling_too(name, value):
    sizes = {"n": 5, "kernel_size": 1, "stride": 3} | {name: value}
    with pytest.raises(TypeError, match=f"^{name} must be a whole number"):
        pool_output_size(sizes.pop("n"), **sizes)


# Worked examples -----------------------------------------------------------------------------


def layer_of(fact: dict[str, int]) -> dict[str, int]:
    """Return the settings that a worked example names by the letters of the lectures."""
    letters = {"F": "kernel_size", "S": "stride", "P": "padding", "dilation": "dilation"}
    return {name: fact[letter] for letter, name in letters.items() if letter in fact}


def size_of(n: int, step: dict) -> int:
    """Return the size after one step, rounded as the worked example says."""
    size, unread = conv_output_size(n, **layer_of(step)), unread_at_end(n, **layer_of(step))
    assert step["rounding"] != "exact" or unread == 0
    return size + (step["rounding"] == "ceil" and unread > 0)


@pytest.mark.parametrize("fact", GOLDEN, ids=[fact["id"] for fact in GOLDEN])
def test_worked_example(fact):
    given, expect = fact["given"], fact["expect"]
    match given["op"]:
        case "out_size":
            assert size_of(given["N"], given) == expect
        case "size_chain":
            sizes = [given["start"]]
            for step in given["steps"]:
                sizes.append(size_of(sizes[-1], step))
            assert sizes == expect
        case "out_volume" | "pool_volume":
            *extent, channels = given["input"]
            sizes = [conv_output_size(n, **layer_of(given)) for n in extent]
            assert [*sizes, given.get("K", channels)] == expect
        case "positions":
            assert conv_output_size(given["N"], **layer_of(given)) ** 2 == expect
        case "padded_size":  # a kernel of one pixel stands on every pixel
            assert conv_output_size(given["N"], kernel_size=1, padding=given["P"]) == expect
        case "effective_kernel":
            assert kernel_span(given["F"], dilation=given["dilation"]) == expect
        case "same_padding":
            size = conv_output_size(28, kernel_size=given["F"], padding=expect)
            assert size == 28
        case "same_padding_check":
            assert not expect["integer"]
            sizes = [conv_output_size(28, kernel_size=given["F"], padding=p) for p in range(10)]
            assert 28 not in sizes
        case "conv_modes":
            paddings = {"valid": 0, "same": (given["k"] - 1) // 2, "full": given["k"] - 1}
            for mode, padding in paddings.items():
                size = conv_output_size(given["m"], kernel_size=given["k"], padding=padding)
                assert size == expect[mode]
        case "find_padding":
            paddings = range(given["max_P"] + 1)
            layer = {"kernel_size": given["F"], "stride": given["S"]}
            fit = [p for p in paddings if unread_at_end(given["N"], padding=p, **layer) == 0]
            assert fit == expect["paddings"]
        case "find_strides":
            layer = {"kernel_size": given["F"], "padding": given["P"]}
            strides = range(1, given["max_S"] + 1)
            fit = [s for s in strides if unread_at_end(given["N"], stride=s, **layer) == 0]
            assert fit == expect["strides"]
        case "fit" if expect["size"] < 1:
            with pytest.raises(InputError, match=r"a kernel of \d+ with dilation \d+ covers"):
                conv_output_size(given["N"], **layer_of(given))
        case "fit":
            size = conv_output_size(given["N"], **layer_of(given))
            unread = unread_at_end(given["N"], **layer_of(given))
            assert size == expect["floor"]
            assert unread == expect["unused_pixels"]
            assert (unread == 0) == expect["fits"]
            assert math.isclose(size + unread / given["S"], expect["size"])
        case other:
            pytest.fail(f"no test for {other}")


@seed(7)
@given(
    n=st.integers(1, 30),
    k=st.integers(1, 7),
    s=st.integers(1, 4),
    p=st.integers(0, 4),
    more=st.integers(0, 2),
    d=st.integers(1, 3),
)
def test_the_formula_ends_in_the_output_size(n, k, s, p, more, d):
    padding = (p, p + more) if more else p
    layer = {"kernel_size": k, "stride": s, "padding": padding, "dilation": d}
    try:
        size = conv_output_size(n, **layer)
    except InputError:
        with pytest.raises(InputError):
            size_formula(n, **layer)
        return
    text = size_formula(n, **layer)
    assert int(text.split()[-1]) == size
    assert ("rounded down" in text) == ((n + 2 * p + more - d * (k - 1) - 1) % s != 0)
    value = eval(text.split(" = ")[0].replace("·", "*").replace("−", "-"))
    assert int(value) == size
    assert (f"2 · {p}" in text) == (more == 0)
