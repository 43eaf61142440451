"""The state of the pooling lesson: changes, links, worked examples, words, ways out."""

import numpy as np
import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from cnnlab.checks import InputError
from cnnlab.pool_inputs import POOL_INPUTS, feature_map, pool_input
from cnnlab.pool_links import PARAMETERS, PRESETS, from_link, to_link
from cnnlab.pool_savings import savings
from cnnlab.pool_setups import (
    CHOICES,
    LIMITS,
    PoolSetup,
    change,
    edit,
    switches_of,
    trace_pooling,
    windows_of,
)
from cnnlab.pool_words import (
    pool_formula,
    pool_repairs,
    pool_size_mistakes,
    pool_sizes,
    pool_value_mistakes,
)
from cnnlab.samples import SAMPLES

FIELDS = st.fixed_dictionaries(
    {},
    optional={name: st.integers(low, high) for name, (low, high) in LIMITS.items()}
    | {name: st.sampled_from(options) for name, options in CHOICES.items()}
    | {"ceil_mode": st.booleans(), "count_include_pad": st.booleans()}
    | {"input": st.sampled_from([*POOL_INPUTS, "random.7", "edges.cat"])},
)


def same(one: PoolSetup, other: PoolSetup) -> bool:
    first, second = dict(vars(one)), dict(vars(other))
    return np.array_equal(first.pop("x"), second.pop("x")) and first == second


@seed(1)
@settings(max_examples=150)
@given(fields=FIELDS, cells=st.lists(st.floats(-1e6, 1e6), max_size=3))
def test_a_link_opens_the_same_pooling(fields, cells):
    setup = change(from_link({}), **fields)
    places = [(i % setup.x.size, value) for i, value in enumerate(cells)]
    setup = edit(setup, "input", places) if places else setup
    link = to_link(setup)
    assert set(link) <= set(PARAMETERS)
    assert same(from_link(link), setup)


@seed(2)
@settings(max_examples=200)
@given(fields=FIELDS)
def test_every_way_out_works_and_none_is_offered_where_all_is_well(fields):
    setup = change(from_link({}), **fields)
    ways = pool_repairs(setup)
    try:
        windows_of(setup)
    except InputError:
        assert ways
    else:
        assert ways == []
    for way in ways:
        windows_of(change(setup, **way.fields))


@pytest.mark.parametrize("name", PRESETS)
def test_an_example_is_its_link(name):
    preset = PRESETS[name]
    assert to_link(preset.setup) == preset.link
    assert len(trace_pooling(preset.setup)) > 0
    assert preset.says
    assert preset.source


def test_examples_show_the_numbers_of_the_lectures():
    def result(name: str) -> list:
        return trace_pooling(PRESETS[name].setup).result.values.tolist()

    assert result("max") == [[[6, 8], [3, 4]]]
    assert result("average") == [[[3.25, 5.25], [2, 2]]]
    assert result("robust") == result("shifted") == [[[8, 7], [6, 7]]]
    assert result("googlenet") == [[[8, 7, 4], [6, 4, 3], [6, 7, 7]]]
    assert result("alexnet") == [[[8, 7], [6, 4]]]
    assert result("overlap") == [[[6, 7, 8], [6, 7, 8], [3, 3, 4]]]
    assert result("answers") == [[[4, 4], [4, 4]]]
    setup = PRESETS["overlap"].setup
    wins = np.bincount(switches_of(setup, trace_pooling(setup)).ravel(), minlength=16)
    assert wins.reshape(4, 4)[1].tolist() == [0, 2, 2, 2]


@pytest.mark.parametrize("junk", ["99x", "nan", "<script>", "é" * 500, "z.AAAA", "1x1x1x1x1"])
@pytest.mark.parametrize("name", PARAMETERS)
def test_a_hostile_link_is_refused(name, junk):
    with pytest.raises(InputError):
        from_link({name: junk})


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ({"padding": "2"}, "at most half its size: it is 2, the window has 2"),
        ({"kernel": "5"}, "a window of 5 .* covers 5 rows, the padded input has 4"),
        ({"kind": "L2", "padding": "1"}, "L2 pooling takes no padding.* it is 1, it must be 0"),
        ({"kind": "L2", "windows": "adaptive"}, "L2 pooling has no adaptive windows"),
    ],
)
def test_a_broken_rule_is_named_in_numbers(link, words):
    with pytest.raises(InputError, match=words):
        trace_pooling(from_link({f"pooling_{name}": text for name, text in link.items()}))


def test_an_input_keeps_its_numbers_when_its_size_changes():
    setup = edit(from_link({}), "input", [(0, 9.0)])
    larger = change(setup, height=5)
    assert larger.x[:, :4].tolist() == setup.x.tolist()
    assert change(setup, input="maps").x.shape == (3, 4, 4)
    assert change(setup, seed=3).input == "random.3"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda s: change(s, kernel_rows=9), "kernel_rows must be at most 8, got 9"),
        (lambda s: change(s, kernel_rows=2.5), "must be a whole number, got 2.5"),
        (lambda s: change(s, kind="min"), "kind must be one of max, average, L2, got 'min'"),
        (lambda s: change(s, ceil_mode=1), "ceil_mode must be true or false"),
        (lambda s: change(s, dilation=2), "there is no setting 'dilation'"),
        (lambda s: change(s, input="nothing"), "there is no input 'nothing'"),
        (lambda s: edit(s, "kernel", [(0, 1.0)]), "there is no part 'kernel'"),
        (lambda s: edit(s, "input", [(16, 1.0)]), "cell must be at most 15, got 16"),
        (lambda s: edit(s, "input", [(0, float("nan"))]), "a value is a number"),
    ],
)
def test_what_a_field_may_not_be_is_refused(call, words):
    with pytest.raises(InputError, match=words):
        call(from_link({}))


@pytest.mark.parametrize("photo", SAMPLES)
def test_a_feature_map_of_every_sample(photo):
    strengths = feature_map(photo, (12, 16))
    assert strengths.shape == (1, 12, 16)
    assert 0 <= strengths.min() < strengths.max() <= 255
    assert pool_input(f"edges.{photo}", (2, 3, 3)).shape == (2, 3, 3)


# Words ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ({"kernel": "3", "input": "robust"}, "= 2.5, rounded down to 2. Channels"),
        ({"kernel": "3", "input": "robust", "ceil": "yes"}, "= 2.5, rounded up to 3. Channels"),
        (
            {"kernel": "3", "padding": "1", "ceil": "yes", "size": "1x6x6"},
            "= 3.5, rounded up to 4.",
        ),
        (
            {"kernel": "2", "stride": "4", "padding": "1", "ceil": "yes", "size": "1x3x3"},
            "= 1.75; rounded up, the last window would start behind the input, so 1.",
        ),
        ({"kernel": "1x2"}, "rows (4 + 2 · 0 − 1) / 2 + 1 = 2.5, rounded down to 2; columns (4"),
        ({"windows": "global", "input": "maps"}, "over all 16 cells of a map. Channels stay 3"),
        ({"windows": "adaptive", "output": "3x2"}, "you give the output size, 3 × 2"),
        ({"stride": "3", "kernel": "2"}, "No window reads 12 of the cells"),
    ],
)
def test_the_size_is_said_in_words(link, words):
    setup = from_link({f"pooling_{name}": text for name, text in link.items()})
    assert words in pool_sizes(setup, trace_pooling(setup))


def test_the_formula_names_what_the_settings_are():
    assert pool_formula(from_link({"pooling_kind": "L2", "pooling_input": "maps"})) == (
        "output[{k}, {r}, {c}] = root of Σ input[{k}, {r}·2 + i, {c}·2 + j]², i = 0 … 1, j = 0 … 1"
    )
    adaptive = from_link({"pooling_windows": "adaptive", "pooling_output": "3"})
    assert "y = ⌊{r}·4/3⌋ … ⌈({r} + 1)·4/3⌉ − 1" in pool_formula(adaptive)


@pytest.mark.parametrize(
    ("link", "step", "answer", "says"),
    [
        ({}, 0, 3.25, "average pooling"),
        ({}, 0, 13, "sum"),
        ({}, 0, 1, "smallest"),
        ({"kind": "average"}, 0, 6, "max pooling"),
        ({"kind": "average", "padding": "1"}, 0, 1, "left the zeros of the padding out"),
        (
            {"kind": "average", "padding": "1", "count_pad": "no"},
            0,
            0.25,
            "counted the zeros of the padding",
        ),
        ({"kind": "L2"}, 0, 63, "forgot the root"),
    ],
)
def test_usual_mistakes_are_known(link, step, answer, says):
    setup = from_link({f"pooling_{name}": text for name, text in link.items()})
    found = [m.says for m in pool_value_mistakes(setup, trace_pooling(setup))
             if m.values[step] == pytest.approx(answer)]  # fmt: skip
    assert any(says in text for text in found), found


def test_usual_sizes_are_known():
    sizes = {
        m.says: m.size
        for m in pool_size_mistakes(
            from_link({"pooling_input": "robust", "pooling_kernel": "3", "pooling_ceil": "yes"})
        )
    }
    assert sizes["That is the size of the input."] == (6, 6)
    assert sizes["You rounded down; ceil mode rounds up."] == (2, 2)
    assert sizes["You forgot the stride."] == (4, 4)


# Savings -------------------------------------------------------------------------------------


def test_what_pooling_saves_by_hand():
    found = {
        s.quantity: (s.without, s.pooled)
        for s in savings((3, 8, 8), kernel_size=2, stride=2, filters=4, units=10)
    }
    assert found == {
        "numbers passed on": (192, 48),
        "convolution, parameters": (4 * 27 + 4,) * 2,
        "convolution, MACs": (64 * 4 * 27, 16 * 4 * 27),
        "fully connected, parameters": (1930, 490),
        "fully connected, MACs": (1920, 480),
        "fully connected after global average pooling, parameters": (1930, 40),
    }


def test_a_window_that_does_not_fit_saves_nothing():
    with pytest.raises(InputError, match="covers 9 rows, the padded input has 8"):
        savings((1, 8, 8), kernel_size=9, stride=1, filters=1, units=1)
