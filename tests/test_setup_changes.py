"""Changing a layer and its input: what is set, what is kept, and what is refused."""

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, seed, settings
from hypothesis import strategies as st

from cnnlab.checks import InputError
from cnnlab.examples import EXAMPLES
from cnnlab.fillings import filled_input, filled_weight
from cnnlab.links import setup_from_link
from cnnlab.setup_changes import CHOICES, FIELDS, LIMITS, change, checked_value, edit
from cnnlab.setups import Setup, trace_setup
from tests.setup_cases import (
    NUMBERS,
    ONE_FIELD,
    SWITCHES,
    VALUES,
    differences,
    fault,
    read,
    setups,
)

PADDINGS = ("padding_top", "padding_bottom", "padding_left", "padding_right")
START = setup_from_link({})

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")


def allowed_channels(setup: Setup, fields: dict[str, Any]) -> bool:
    """Return whether a photograph keeps 1 channel or 3."""
    is_photograph = fields.get("input", setup.input).startswith("photo") and "seed" not in fields
    return not is_photograph or fields.get("channels", setup.channels) in (1, 3)


# What a change does --------------------------------------------------------------------------


@seed(1)
@settings(max_examples=400)
@given(setup=setups(), field=ONE_FIELD)
def test_a_change_sets_its_field_and_leaves_the_others_alone(setup, field):
    name, value = field
    assume(allowed_channels(setup, {name: value}))
    before, new = read(setup), change(setup, **{name: value})
    after = read(new)
    if name == "seed":
        assert after["input"] == after["kernel"] == f"random.{value}"
        assert not differences(change(new, seed=value), new)
        changed = {"input", "kernel"}
    elif name == "filters" and new.is_transposed:
        # Its weight has one kernel more for every group, not for every filter.
        assert after["filters"] == max(1, value // new.groups) * new.groups
        changed = {name}
    else:
        assert after[name] == value
        changed = {name}
    if name == "padding":
        changed |= set(PADDINGS)
    if name in PADDINGS:
        changed |= {"padding", *(PADDINGS if setup.padding in CHOICES["padding"] else ())}
    if name in ("groups", "operation") and new.is_transposed:
        changed.add("filters")
    assert {n: v for n, v in after.items() if n not in changed} == {
        n: v for n, v in before.items() if n not in changed
    }


@seed(2)
@settings(max_examples=300)
@given(setup=setups(), fields=st.lists(ONE_FIELD, max_size=6).map(dict))
def test_parts_always_fit_together_in_shape_and_limits(setup, fields):
    assume(allowed_channels(setup, fields))
    new = change(setup, **fields)
    K, C, g = new.filters, new.channels, new.groups
    slices = (C, max(1, K // g)) if new.is_transposed else (K, max(1, C // g))
    assert new.weight.shape == (*slices, *new.kernel_size)
    assert new.bias is None or len(new.bias) == K
    assert new.x.dtype == new.weight.dtype == np.float64
    for name, value in read(new).items():
        if name in LIMITS and value is not None:
            low, high = LIMITS[name]
            assert low <= value <= high
            assert type(value) is int
    assert np.abs(new.x).max() <= 1e6
    assert np.abs(new.weight).max() <= 1e6


@seed(3)
@settings(max_examples=300)
@given(setup=setups(), fields=st.lists(ONE_FIELD, max_size=6).map(dict))
def test_a_change_keeps_numbers_as_far_as_they_fit_and_never_touches_the_old_setup(setup, fields):
    assume(allowed_channels(setup, fields))
    x, weight = setup.x.copy(), setup.weight.copy()
    new = change(setup, **fields)
    assert (setup.x == x).all()
    assert (setup.weight == weight).all()
    for name, array, old, fill in (
        ("input", new.x, x, filled_input),
        ("kernel", new.weight, weight, filled_weight),
    ):
        if not getattr(new, name).startswith("own"):
            expected = fill(getattr(new, name), array.shape)
        else:
            expected = fill("random.1", array.shape)
            for place in np.ndindex(
                *(min(n, m) for n, m in zip(array.shape, old.shape, strict=True))
            ):
                expected[place] = old[place]
        assert array.tobytes() == expected.tobytes()


@seed(4)
@settings(max_examples=200)
@given(setup=setups())
def test_no_change_changes_nothing(setup):
    assert differences(change(setup), setup) == []
    fields = {n: v for n, v in read(setup).items() if v is not None}
    assert differences(change(setup, **fields), setup) == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_can_be_taken_in_its_own_shape(name):
    channels, height, width = EXAMPLES[name].values.shape
    setup = change(START, input=name, channels=channels, height=height, width=width)
    assert setup.x.tolist() == EXAMPLES[name].values.tolist()


def test_an_edited_number_stays_while_the_input_grows_and_shrinks():
    setup = edit(START, "input", [(0, 7.5), (24, -3.0)])
    large = change(setup, channels=2, height=6, width=7)
    assert (large.x[0, 0, 0], large.x[0, 4, 4]) == (7.5, -3)
    assert large.x[1].tolist() == filled_input("random.1", (2, 6, 7))[1].tolist()
    assert change(large, channels=1, height=5, width=5).x.tolist() == setup.x.tolist()


def test_an_edited_kernel_stays_while_it_grows():
    setup = edit(START, "kernel", [(8, 5.5)])
    large = change(setup, kernel_height=4, kernel_width=5, filters=2)
    assert large.weight[0, 0, :3, :3].tolist() == setup.weight[0, 0].tolist()
    assert large.weight[1].tolist() == filled_weight("random.1", large.weight.shape)[1].tolist()


def test_padding_a_side_starts_from_what_the_named_padding_adds():
    same = change(START, padding="same", kernel_height=3, kernel_width=4)
    assert change(same, padding_top=5).padding == ((5, 1), (1, 2))
    causal = change(START, padding="causal", kernel_height=1, kernel_width=3)
    assert change(causal, padding_right=1).padding == ((0, 0), (2, 1))
    # Where the name does not fit, it adds nothing.
    assert change(START, padding="causal", padding_left=4).padding == ((0, 0), (4, 0))


def test_a_named_padding_beyond_the_limit_becomes_the_largest_number_allowed():
    full = change(START, padding="full", kernel_height=7, dilation_rows=4)
    assert full.sides() == ((24, 24), (2, 2))
    assert change(full, padding_left=3).padding == ((16, 16), (3, 2))


# Bias, filters, groups -----------------------------------------------------------------------


def test_a_new_bias_is_one_for_the_first_filter_and_zero_for_the_others():
    assert START.bias is None
    assert change(START, has_bias=True).bias == (1.0,)
    assert change(START, has_bias=True, filters=3).bias == (1.0, 0.0, 0.0)
    assert change(START, has_bias=False).bias is None


def test_the_bias_keeps_its_numbers_when_filters_come_and_go():
    setup = edit(change(START, filters=2), "bias", [(1, -2.5)])
    assert setup.bias == (0.0, -2.5)
    assert change(setup, filters=4).bias == (0.0, -2.5, 0.0, 0.0)
    assert change(setup, filters=1).bias == (0.0,)
    assert change(setup, has_bias=True).bias == setup.bias
    assert change(setup, has_bias=False).bias is None


def test_a_transposed_layer_has_as_many_biases_as_its_groups_leave_filters():
    setup = change(START, filters=3, channels=2, has_bias=True)
    grouped = change(setup, operation="transposed", groups=2)
    assert grouped.weight.shape == (2, 1, 3, 3)
    assert grouped.filters == 2
    assert grouped.bias == (1.0, 0.0)
    assert fault(grouped) == ""


@pytest.mark.parametrize("operation", CHOICES["operation"])
@pytest.mark.parametrize("groups", [1, 2, 4])
def test_groups_share_out_the_channels(operation, groups):
    setup = change(START, operation=operation, channels=4, filters=4, groups=groups)
    assert setup.weight.shape == (4, 4 // groups, 3, 3)
    assert trace_setup(setup).sums.shape[1] == 4 // groups


def test_groups_that_do_not_divide_are_kept_until_the_layer_runs():
    setup = change(START, groups=3)
    assert setup.weight.shape == (1, 1, 3, 3)
    with pytest.raises(InputError, match=r"^groups must divide both the 1 input channels and"):
        trace_setup(setup)


# Single numbers ------------------------------------------------------------------------------


@seed(5)
@settings(max_examples=200)
@given(setup=setups(), part=st.sampled_from(["input", "kernel", "bias"]), data=st.data())
def test_an_edit_changes_those_cells_and_nothing_else(setup, part, data):
    arrays = {"input": setup.x, "kernel": setup.weight}
    arrays["bias"] = np.array(setup.bias or (0.0,) * setup.filters)
    before = {name: array.copy() for name, array in arrays.items()}
    places = st.integers(0, before[part].size - 1)
    cells = data.draw(st.lists(st.tuples(places, NUMBERS), max_size=4, unique_by=lambda c: c[0]))
    new = edit(setup, part, cells)
    expected = before[part].ravel().copy()
    for place, value in cells:
        expected[place] = value
    now = {"input": new.x, "kernel": new.weight, "bias": np.array(new.bias)}
    assert now[part].ravel().tobytes() == expected.tobytes()
    field = {"input": "x", "kernel": "weight", "bias": "bias"}[part]
    assert set(differences(setup, new)) <= {field, part}
    if part != "bias":
        assert getattr(new, part) in ("own", "own.photo")
        assert (arrays[part] == before[part]).all()  # the old setup stays as it was


@pytest.mark.parametrize("part", ["input", "kernel", "bias"])
@pytest.mark.parametrize(
    "value",
    [np.nan, np.inf, -np.inf, 1_000_000.1, -1_000_001, 10**400, "1", None, True, 1j, [1]],
)
def test_what_is_not_a_number_within_a_million_is_refused(part, value):
    words = "a value is a number from −1000000 to 1000000, got "
    with pytest.raises(InputError, match=f"^{re.escape(words)}"):
        edit(START, part, [(0, 1.0), (0, value)])
    with pytest.raises(InputError, match=f"^{re.escape(words)}{re.escape(repr(value))}$"):
        checked_value(value)


@pytest.mark.parametrize("value", [1_000_000, -1e6, 0, 0.25, np.float64(2.5)])
def test_numbers_up_to_a_million_are_allowed(value):
    assert checked_value(value) == value
    assert type(checked_value(value)) in (float, np.float64)
    assert edit(START, "kernel", [(4, value)]).weight[0, 0, 1, 1] == value


@pytest.mark.parametrize(
    ("part", "cell", "words"),
    [
        ("input", 25, "cell must be at most 24, got 25"),
        ("kernel", -1, "cell must be at least 0, got -1"),
        ("bias", 1, "cell must be at most 0, got 1"),
        ("output", 0, "there is no part 'output'; known are input, kernel, bias"),
    ],
)
def test_cells_that_are_not_there_are_refused(part, cell, words):
    with pytest.raises(InputError, match=f"^{re.escape(words)}$"):
        edit(START, part, [(cell, 1.0)])


# Refusals ------------------------------------------------------------------------------------


def test_every_field_can_be_drawn_and_read():
    assert set(VALUES) == set(FIELDS)
    assert set(read(START)) | {"seed"} == set(FIELDS)


@pytest.mark.parametrize("name", LIMITS)
def test_limits_are_refused_by_name(name):
    low, high = LIMITS[name]
    for value in (low, high):
        change(START, **{name: value})
    with pytest.raises(InputError, match=f"^{name} must be at least {low}, got {low - 1}$"):
        change(START, **{name: low - 1})
    with pytest.raises(InputError, match=f"^{name} must be at most {high}, got {high + 1}$"):
        change(START, **{name: high + 1})
    for value in ("1", 1.0, None, True, [1]):
        words = re.escape(f"{name} must be a whole number, got {value!r}")
        with pytest.raises(InputError, match=f"^{words}$"):
            change(START, **{name: value})


@pytest.mark.parametrize("name", CHOICES)
@pytest.mark.parametrize("value", ["", "None", 0, None, ["zeros"]])
def test_choices_are_refused_with_those_that_are_known(name, value):
    words = re.escape(f"{name} must be one of {', '.join(CHOICES[name])}, got {value!r}")
    with pytest.raises(InputError, match=f"^{words}$"):
        change(START, **{name: value})


@pytest.mark.parametrize("name", SWITCHES)
@pytest.mark.parametrize("value", ["yes", 1, None])
def test_switches_are_true_or_false(name, value):
    with pytest.raises(InputError, match=f"^{name} must be true or false, got {value!r}$"):
        change(START, **{name: value})


@pytest.mark.parametrize(
    ("words", "fields"),
    [
        ("there is no setting 'colour'", {"colour": 1}),
        ("there is no setting 'x'", {"x": np.ones((1, 1, 1))}),
        ("there is no setting 'input'", {"input": 3}),
        ("there is no input 'dog'", {"input": "dog"}),
        ("there is no kernel 'dog'", {"kernel": "dog"}),
        ("a photograph has 1 channel (grey) or 3", {"input": "photo.cat", "channels": 2}),
    ],
)
def test_what_is_not_known_is_refused(words, fields):
    with pytest.raises(InputError, match=f"^{re.escape(words)}"):
        change(START, **fields)
