"""Links: a setup comes back to the last bit, and whatever else a link holds is refused in words."""

import base64
import re
import tracemalloc
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, seed, settings
from hypothesis import strategies as st

from cnnlab.checks import InputError
from cnnlab.links import PARAMETERS, setup_from_link, setup_to_link
from cnnlab.setup_changes import change, edit
from cnnlab.setups import Setup
from tests.setup_cases import INPUTS, KERNELS, differences, fault, setups

START = setup_from_link({})
LARGEST = change(
    START,
    channels=4,
    height=16,
    width=16,
    filters=4,
    kernel_height=7,
    kernel_width=7,
    has_bias=True,
)


def edited(setup: Setup, part: str, numbers: np.ndarray) -> Setup:
    """Return a setup in which every number of a part is edited."""
    return edit(setup, part, list(enumerate(numbers.ravel().tolist())))


def length(setup: Setup) -> int:
    return len("&".join(f"{name}={text}" for name, text in setup_to_link(setup).items()))


# There and back ------------------------------------------------------------------------------


@seed(1)
@settings(max_examples=500)
@given(setup=setups())
def test_every_setup_comes_back_to_the_last_bit(setup):
    link = setup_to_link(setup)
    assert set(link) <= set(PARAMETERS)
    assert differences(setup_from_link(link), setup) == []


@pytest.mark.slow
@seed(2)
@settings(max_examples=4_000)
@given(setup=setups(changes=5, edits=4))
def test_every_setup_comes_back_at_length(setup):
    link = setup_to_link(setup)
    assert differences(setup_from_link(link), setup) == []
    assert setup_to_link(setup_from_link(link)) == link


@seed(3)
@settings(max_examples=200)
@given(setup=setups())
def test_a_link_needs_no_character_that_an_address_would_escape(setup):
    for text in setup_to_link(setup).values():
        assert re.fullmatch(r"[A-Za-z0-9._-]+", text.replace("e+", "e"))


def test_an_edited_photograph_stays_one():
    grey = change(START, input="photo.cat", height=3, width=3)
    setup = edit(grey, "input", [(0, 255.0)])
    link = setup_to_link(setup)
    assert link["input"].startswith("p.255_")
    assert differences(setup_from_link(link), setup) == []
    beyond = setup_from_link({"input": "p.1_2_3_256", "size": "1x2x2"})
    assert not beyond.is_photograph


def test_the_usual_is_left_out():
    assert setup_to_link(START) == {}
    assert differences(setup_from_link({}), START) == []
    assert START.x.shape == (1, 5, 5)
    assert START.weight.tolist() == [[[[1, 0, 1], [0, 1, 0], [1, 0, 1]]]]
    usual = {
        "operation": "convolution",
        "input": "binary",
        "size": "1x5x5",
        "kernel": "cross",
        "kernel_size": "3",
        "filters": "1",
        "bias": "none",
        "stride": "1",
        "padding": "0",
        "dilation": "1x1",
        "output_padding": "0",
        "groups": "1",
        "padding_mode": "zeros",
        "activation": "none",
        "flip": "no",
    }
    assert set(usual) == set(PARAMETERS)
    assert setup_to_link(setup_from_link(usual)) == {}


@pytest.mark.parametrize("name", INPUTS)
def test_an_input_in_its_own_shape_needs_its_name_only(name):
    link = {} if name == "binary" else {"input": name}
    assert setup_to_link(setup_from_link(link)) == link


@pytest.mark.parametrize("name", KERNELS)
def test_a_kernel_in_its_own_shape_needs_its_name_only(name):
    link = {} if name == "cross" else {"kernel": name}
    assert setup_to_link(setup_from_link(link)) == link


@pytest.mark.parametrize(
    ("fields", "link"),
    [
        ({"stride_rows": 2, "stride_columns": 2}, {"stride": "2"}),
        ({"dilation_columns": 3}, {"dilation": "1x3"}),
        ({"output_padding_rows": 1}, {"output_padding": "1x0"}),
        ({"padding": "same"}, {"padding": "same"}),
        ({"padding": "valid"}, {"padding": "valid"}),
        ({"padding_left": 2, "padding_right": 2}, {"padding": "0x2"}),
        ({"padding_left": 2}, {"padding": "0.0.2.0"}),
        ({"padding_top": 1, "padding_left": 16}, {"padding": "1.0.16.0"}),
        ({"flip": True}, {"flip": "yes"}),
        ({"has_bias": True, "filters": 2}, {"filters": "2", "bias": "1_0"}),
        ({"kernel_height": 2}, {"kernel_size": "2x3"}),
        ({"channels": 2}, {"size": "2x5x5"}),
        ({"operation": "transposed", "groups": 2}, {"operation": "transposed", "groups": "2"}),
        ({"seed": 7}, {"input": "random.7", "kernel": "random.7"}),
    ],
)
def test_links_by_hand(fields, link):
    setup = change(START, **fields)
    if setup.is_transposed:
        link = link | {"filters": "2"}  # a group has one filter at least
    assert setup_to_link(setup) == link
    assert differences(setup_from_link(link), setup) == []


def test_a_few_edited_numbers_stay_readable():
    setup = edit(START, "kernel", [(0, -1.5), (4, 1e-7)])
    link = {"kernel": "-1.5_0_1_0_1e-07_0_1_0_1"}
    assert setup_to_link(setup) == link
    assert differences(setup_from_link(link), setup) == []


def test_the_link_is_read_whatever_the_order_and_whatever_else_it_holds():
    link = {"utm_source": "mail", "step": "3", "stride": "2", "input": "", "x": "NaN"}
    assert setup_to_link(setup_from_link(link)) == {"stride": "2"}


# Length --------------------------------------------------------------------------------------

ROUNDED = {  # what a learner types or paints
    "digits": lambda random, size: random.integers(0, 10, size).astype(float),
    "grey values": lambda random, size: random.integers(0, 256, size).astype(float),
    "two decimals": lambda random, size: random.integers(-999, 1000, size) / 100,
    "four decimals": lambda random, size: random.normal(size=size).round(4),
}


@pytest.mark.parametrize("kind", ROUNDED)
def test_the_longest_link_of_rounded_numbers_has_less_than_8000_characters(kind):
    random = np.random.default_rng(4)
    numbers = ROUNDED[kind]
    setup = edited(LARGEST, "input", numbers(random, LARGEST.x.size))
    setup = edited(setup, "kernel", numbers(random, LARGEST.weight.size))
    setup = edited(setup, "bias", numbers(random, 4))
    assert length(setup) < 8_000
    assert differences(setup_from_link(setup_to_link(setup)), setup) == []


def test_an_input_of_large_whole_numbers_has_less_than_8000_characters():
    random = np.random.default_rng(4)
    numbers = random.integers(-1_000_000, 1_000_001, LARGEST.x.size).astype(float)
    assert length(edited(LARGEST, "input", numbers)) < 8_000


def test_numbers_with_every_digit_still_open():
    """Of these, 17 digits each, nothing can be left out: the link is long, and still a link."""
    random = np.random.default_rng(5)
    for numbers in (random.normal(size=1024), random.normal(size=1024) * -1e-200):
        setup = edited(LARGEST, "input", numbers)
        setup = edited(setup, "kernel", numbers[: LARGEST.weight.size])
        assert differences(setup_from_link(setup_to_link(setup)), setup) == []
        assert length(setup) < 26_000


@pytest.mark.parametrize("kind", ROUNDED)
def test_an_edited_input_of_5_by_5_has_less_than_200_characters(kind):
    setup = edited(START, "input", ROUNDED[kind](np.random.default_rng(6), 25))
    assert length(setup) < 200


# Hostile links -------------------------------------------------------------------------------


def packed(plain: bytes) -> str:
    return "z." + base64.urlsafe_b64encode(zlib.compress(plain, 9)).decode().rstrip("=")


NINE = "_".join("123456789")
BAD_NUMBERS = ("nan", "inf", "-inf", "1e7", "-1000001", "1e999", "", "x", "0x10", "1,5", "--1")
ODD_TEXTS = (
    "0", "-1", "1.5", "99999999", "1e3", "١", "½", "²", "1x", "x1", "1x1x1x1", "1 x 1", "\x00", "'",
    "None", "own", "random", "random.", "random.-1", "random.1e3", "random.١", "photo",
    "photo.cat.", "photo.cat.1", "photo.cat.-1.0", "photo.cat.9999999999999999999.0",
    "photo.cat.a.b", "photo../../etc/passwd", "<script>alert(1)</script>", "\ud800", "z.",
    "z.AAAA", "z.é", "z.=", "p.", "p.z.", "p.300", ".",
    "-", "_", "__", "yes", "no", "same", "full", "causal", "sames", "....", "1.2.3", "1.2.3.99",
    "1.2.3.4.5", "volume", "curve", "sequence", "9" * 5000, "a" * 5000, "1x" * 5000,
)  # fmt: skip
TABLES = st.builds(
    "_".join,
    st.lists(
        st.one_of(st.sampled_from(BAD_NUMBERS), st.integers(-9, 9).map(str), st.floats().map(repr)),
        min_size=1,
        max_size=30,
    ),
)
HOSTILE = st.one_of(
    st.sampled_from(ODD_TEXTS),
    st.text(max_size=40),
    st.text(alphabet="0123456789x._-zeE+ ", max_size=40),
    TABLES,
    TABLES.map(lambda text: packed(text.encode())),
    st.binary(max_size=40).map(packed),
    st.binary(max_size=40).map(lambda data: "z." + base64.urlsafe_b64encode(data).decode()),
)


def assert_refused_or_opened(link: dict[str, str]) -> Setup | None:
    """Check that a link gives a setup or one sentence; return the setup."""
    try:
        setup = setup_from_link(link)
    except InputError as error:
        words = str(error)
    else:
        assert differences(setup_from_link(setup_to_link(setup)), setup) == []
        words = fault(setup)
        if not words:
            return setup
    assert words.isprintable()  # no new line either
    assert 10 < len(words) < 300
    return None


@seed(7)
@settings(max_examples=1_000)
@given(name=st.sampled_from(PARAMETERS), text=HOSTILE)
@example(name="input", text="photo.cat.0." + "9" * 4400)
@example(name="activation", text="1" * 100_000)
@example(name="kernel", text="sobel" * 20_000)
def test_one_hostile_parameter_is_refused_in_a_sentence_or_means_something(name, text):
    assert_refused_or_opened({name: text})


@seed(8)
@settings(max_examples=700)
@given(link=st.dictionaries(st.sampled_from((*PARAMETERS, "other")), HOSTILE, max_size=6))
def test_several_hostile_parameters_too(link):
    assert_refused_or_opened(link)


ORDINARY = {
    "operation": ["transposed"],
    "input": ["random.5", "photo.cat", "grey", "volume", "sequence", "1_2_3_4"],
    "size": ["1x1x4", "2x2x1", "3x8x9", "4x16x16", "1x17x1", "0x1x1"],
    "kernel": ["sobel-x", "volume", "random.2", NINE],
    "kernel_size": ["1", "3", "1x9", "7", "8"],
    "filters": ["1", "2", "4", "5"],
    "bias": ["none", "1", "1_0", "1_2_3_4"],
    "stride": ["1", "2x1", "8", "9", "0"],
    "padding": ["same", "full", "causal", "1", "0x2", "1.2.3.4", "17"],
    "dilation": ["1", "2", "4x1", "5"],
    "output_padding": ["0", "1", "7x0", "8"],
    "groups": ["1", "2", "3", "4"],
    "padding_mode": ["reflect", "circular"],
    "activation": ["relu", "sigmoid"],
    "flip": ["yes", "no"],
}


@seed(9)
@settings(max_examples=700)
@given(
    link=st.fixed_dictionaries(
        {},
        optional={name: st.one_of(st.sampled_from(t), HOSTILE) for name, t in ORDINARY.items()},
    )
)
def test_ordinary_parameters_in_every_combination_with_hostile_ones(link):
    assert_refused_or_opened(link)


@seed(10)
@settings(max_examples=300)
@given(
    link=st.fixed_dictionaries(
        {}, optional={name: st.sampled_from(texts) for name, texts in ORDINARY.items()}
    )
)
def test_ordinary_parameters_in_every_combination(link):
    assert_refused_or_opened(link)


@pytest.mark.parametrize(
    ("words", "link"),
    [
        ("flip must be yes or no, got 'maybe'", {"flip": "maybe"}),
        ("operation must be one of convolution, transposed, got 'pool'", {"operation": "pool"}),
        ("padding_mode must be one of zeros, ", {"padding_mode": "constant"}),
        ("activation must be one of none, ", {"activation": "gelu"}),
        ("padding must be one of valid, same, full, causal, got 'half'", {"padding": "half"}),
        ("stride must have the form numberxnumber, got '2x2x2'", {"stride": "2x2x2"}),
        ("stride must have the form numberxnumber, got '½x½'", {"stride": "½"}),
        ("stride must have the form numberxnumber, got '١x١'", {"stride": "١"}),
        ("stride must have the form numberxnumber, got '1x-1'", {"stride": "1x-1"}),
        ("stride_rows must be at most 8, got 999999", {"stride": "999999"}),
        ("stride must have the form numberxnumber, got '1000000x1000000'", {"stride": "1000000"}),
        ("dilation_columns must be at least 1, got 0", {"dilation": "1x0"}),
        ("padding_right must be at most 16, got 17", {"padding": "0.0.0.17"}),
        ("padding must have the form numberxnumberxnumberxnumber, got ", {"padding": "1.2.3"}),
        ("size must have the form numberxnumberxnumber, got '5x5'", {"size": "5x5"}),
        ("size must have the form numberxnumberxnumber, got '" + "9" * 30 + "…'",
         {"size": "9" * 60}),
        ("size is too long: '" + "9" * 30 + "…'", {"size": "9" * 61}),
        ("height must be at most 16, got 17", {"size": "1x17x5"}),
        ("channels must be at least 1, got 0", {"size": "0x5x5"}),
        ("kernel_width must be at most 7, got 8", {"kernel_size": "1x8"}),
        ("filters must have the form number, got '1x1'", {"filters": "1x1"}),
        ("filters must be at most 4, got 5", {"filters": "5"}),
        ("groups must be at least 1, got 0", {"groups": "0"}),
        ("there is no input 'own'; known are binary, ", {"input": "own"}),
        ("there is no input 'own.photo'; known are binary, ", {"input": "own.photo"}),
        ("there is no kernel 'own'; known are cross, ", {"kernel": "own"}),
        ("a photograph has 1 channel (grey) or 3", {"input": "photo.cat", "size": "2x4x4"}),
        ("input is too long: '" + "q" * 30 + "…'", {"input": "q" * 61}),
        ("activation is too long: '" + "1" * 30 + "…'", {"activation": "1" * 61}),
        # Tables
        ("input needs 1 × 5 × 5 numbers, the link has 49", {"input": "_".join("1" * 49)}),
        ("kernel needs 1 × 1 × 3 × 3 numbers, the link has 8", {"kernel": NINE[:-2]}),
        ("kernel needs 1 × 1 × 3 × 3 numbers, the link has 10", {"kernel": NINE + "_1"}),
        ("bias needs 1 numbers, the link has 2", {"bias": "1_0"}),
        ("bias needs 2 numbers, the link has 1", {"bias": "1", "filters": "2"}),
        ("bias holds something that is not a number", {"bias": "yes"}),
        ("kernel holds something that is not a number", {"kernel": NINE[:-1] + "x"}),
        ("kernel holds something that is not a number", {"kernel": NINE[:-1]}),
        ("a value is a number from −1000000 to 1000000, got nan", {"kernel": NINE[:-1] + "nan"}),
        ("a value is a number from −1000000 to 1000000, got inf", {"bias": "inf"}),
        ("a value is a number from −1000000 to 1000000, got inf", {"bias": "1e999"}),
        ("a value is a number from −1000000 to 1000000, got 10000000.0", {"bias": "1e7"}),
        ("a value is a number from −1000000 to 1000000, got -1000001.0", {"bias": "-1000001"}),
        # Packed tables
        ("kernel is cut off or too long", {"kernel": "z."}),
        ("kernel is damaged", {"kernel": "z.AAAA"}),
        ("kernel is damaged", {"kernel": "z.A"}),
        ("kernel is damaged", {"kernel": "z.é"}),
        ("kernel is damaged", {"kernel": packed("é".encode())}),
        ("kernel is cut off or too long", {"kernel": packed(NINE.encode())[:-4]}),
        ("kernel is cut off or too long", {"kernel": packed(b"1" * 40_001)}),
        ("kernel needs 1 × 1 × 3 × 3 numbers, the link has 1", {"kernel": packed(b"1")}),
        ("a value is a number from −1000000 to 1000000, got nan",
         {"kernel": packed(NINE[:-1].encode() + b"nan")}),
    ],
    ids=lambda value: str(value)[:50] if isinstance(value, str) else "",
)  # fmt: skip
def test_refusals_are_one_sentence_that_names_the_parameter(words, link):
    with pytest.raises(InputError, match=f"^{re.escape(words)}"):
        setup_from_link(link)


def test_a_packed_table_opens_like_a_plain_one():
    plain, small = (setup_from_link({"kernel": text}) for text in (NINE, packed(NINE.encode())))
    assert plain.weight.ravel().tolist() == list(range(1, 10))
    assert differences(plain, small) == []
    # Up to the limit, whatever it holds.
    long = packed(NINE[:-1].encode() + b"9" + b"." + b"0" * (40_000 - len(NINE) - 1))
    assert setup_from_link({"kernel": long}).weight.ravel().tolist() == list(range(1, 10))


def test_digits_of_other_scripts_are_numbers_in_a_table():
    assert setup_from_link({"bias": "-١"}).bias == (-1.0,)


@pytest.mark.parametrize("plain", [b"0" * 200_000_000, b"1_" * 20_000_000])
def test_a_bomb_is_refused_before_it_grows(plain):
    bomb = {"input": packed(plain)}
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match=r"^input is cut off or too long$"):
            setup_from_link(bomb)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2_000_000 + 3 * len(bomb["input"])


@pytest.mark.parametrize("name", PARAMETERS)
@pytest.mark.parametrize("text", ["", None])
def test_a_parameter_without_a_text_is_as_usual(name: str, text: Any):
    assert setup_to_link(setup_from_link({name: text})) == {}
