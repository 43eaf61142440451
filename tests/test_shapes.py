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
from cnnlab.shapes import conv_output_size, kernel_span, size_formula, unread_at_end

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
@settings(max_examples=500, deadline=None)
@given(n=st.integers(1, 40), layer=ANY_SETTING)
@example(n=3, layer={"kernel_size": 3, "stride": 5, "padding": 0, "dilation": 1})
@example(n=2, layer={"kernel_size": 3, "stride": 1, "padding": 0, "dilation": 1})
@example(n=4, layer={"kernel_size": 3, "stride": 1, "padding": 0, "dilation": 2})
@example(n=5, layer={"kernel_size": 1, "stride": 1, "padding": 0, "dilation": 0})
def test_size_is_torchs_and_refused_exactly_where_torch_refuses(n, layer):
    assert our_length(n, **layer) == torch_length(n, **layer)


@seed(2)
@settings(max_examples=150, deadline=None)
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


def windows(n: int, *, kernel_size: int, stride: int, padding: int, dilation: int):
    """Return what each window reads, found by sliding pixel by pixel until one sticks out."""
    found, start = [], 0
    while True:
        pixels = [start + weight * dilation for weight in range(kernel_size)]
        if pixels[-1] >= n + 2 * padding:
            return found
        found.append(pixels)
        start += stride


@seed(3)
@settings(max_examples=500, deadline=None)
@given(n=st.integers(1, 30), layer=GOOD_SETTING)
def test_brute_force_finds_as_many_windows_and_as_many_unread_pixels(n, layer):
    found = windows(n, **layer)
    if not found:
        with pytest.raises(InputError, match=r"a kernel of \d+ with dilation \d+ covers"):
            unread_at_end(n, **layer)
        return
    assert conv_output_size(n, **layer) == len(found)
    beyond = n + 2 * layer["padding"] - 1 - found[-1][-1]
    assert unread_at_end(n, **layer) == beyond < layer["stride"]


@settings(deadline=None)
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
            "a kernel of 4 with dilation 2 covers 7 pixels, the input with its padding has 6: "
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


@given(n=st.integers(1, 30), k=st.integers(1, 7), s=st.integers(1, 4), p=st.integers(0, 4))
def test_the_formula_ends_in_the_output_size(n, k, s, p):
    layer = {"kernel_size": k, "stride": s, "padding": p}
    try:
        size = conv_output_size(n, **layer)
    except InputError:
        with pytest.raises(InputError):
            size_formula(n, **layer)
        return
    text = size_formula(n, **layer)
    assert int(text.split()[-1]) == size
    assert ("rounded down" in text) == ((n + 2 * p - k) % s != 0)
    value = eval(text.split(" = ")[0].replace("·", "*").replace("−", "-"))
    assert int(value) == size
