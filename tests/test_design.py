"""Rows of a design: what is known of them, and how they are changed."""

from __future__ import annotations

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from cnnlab import design
from cnnlab.checks import InputError
from cnnlab.cost import LayerError, summarize, totals
from cnnlab.network_presets import NETWORK_PRESETS
from cnnlab.network_text import Network, network_from_text, network_to_text
from cnnlab.receptive import receptive_field
from tests.test_network_text import NETWORKS

BLOCK = "3x8x8_relu_res_c3k1_bn_skip_c3k1_add_tanh"
# What the papers, or torchvision, say of these networks.
PARAMETERS = {"LeNet-5": 61706, "AlexNet": 60965224, "VGG-16": 138357544}


def read(text: str) -> Network:
    return network_from_text(text)


def rows(made: tuple[Network, int]) -> tuple[str, int]:
    return "_".join(design.parts_of(made[0])), made[1]


@pytest.mark.parametrize("name", NETWORK_PRESETS)
def test_the_sums_are_those_of_the_cost_table(name: str) -> None:
    network = read(NETWORK_PRESETS[name].text)
    facts = design.survey(network)
    found = design.add_up(facts)
    assert len(facts) == len(design.parts_of(network))
    if name.startswith("Broken"):
        with pytest.raises(LayerError) as error:
            summarize(network.layers, network.input_shape)
        assert found.error == error.value.reason
        assert (found.error_row,) == error.value.path
        assert found.n_params == 156 + 2416  # the two convolutions before it
        assert all(row.output_shape is None for row in facts[6:])
        return
    table = summarize(network.layers, network.input_shape)
    total = totals(table)
    assert (found.n_params, found.macs) == (total.n_params, total.macs)
    assert found.n_params == PARAMETERS.get(name, found.n_params)
    assert found.activation_bytes == sum(row.activation_bytes for row in table)
    assert found.output_shape == total.output_shape
    field = receptive_field(network.layers)
    assert facts[-1].field == (field.size, field.size)


@seed(3)
@settings(max_examples=200)
@given(NETWORKS)
def test_any_network_has_a_fact_for_each_row_and_at_most_one_error(network: Network) -> None:
    facts = design.survey(network)
    assert [row.part for row in facts] == design.parts_of(network)
    wrong = [place for place, row in enumerate(facts) if row.error]
    if not wrong:
        summarize(network.layers, network.input_shape)
        return
    assert len(wrong) == 1
    assert all(row.output_shape is None for row in facts[wrong[0] :])
    with pytest.raises(LayerError) as error:
        summarize(network.layers, network.input_shape)
    assert error.value.reason == facts[wrong[0]].error


def test_receptive_fields_row_by_row() -> None:
    facts = design.survey(read("1x32x32_c6k5_p2_res_c6k3p1_add_c8k3x1_flat_fc2"))
    assert [row.field for row in facts] == [
        (5, 5),
        (6, 6),
        None,
        (10, 10),
        (10, 10),
        (14, 10),
        (14, 10),
        (None, None),
    ]


def test_the_two_ways_of_a_block_must_meet() -> None:
    facts = design.survey(read("3x8x8_res_c5k1_add_relu"))
    assert "must end in the same shape" in facts[2].error
    assert facts[1].n_params == 20
    assert facts[3].output_shape is None


def test_adding() -> None:
    assert rows(design.insert(read(BLOCK), -1, "bn")) == ("bn" + BLOCK[5:], 0)
    made = design.insert(read("3x8x8_relu"), 0, "res_add")
    assert rows(made) == ("relu_res_add", 1)
    assert rows(design.insert(made[0], 1, "bn")) == ("relu_res_bn_add", 2)
    with pytest.raises(InputError, match="cannot stand in another one"):
        design.insert(read(BLOCK), 2, "res_add")
    assert rows(design.insert(read(BLOCK), 6, "res_add"))[1] == 7
    with pytest.raises(InputError, match="at most 200 layers"):
        design.insert(read("3x8x8" + "_relu" * 200), 0, "relu")


def test_deleting() -> None:
    assert rows(design.remove(read(BLOCK), 0)) == (BLOCK[11:], 0)
    for place in (1, 6):
        assert rows(design.remove(read(BLOCK), place)) == ("relu_tanh", 1)
    assert rows(design.remove(read(BLOCK), 4)) == ("relu_res_c3k1_bn_add_tanh", 4)
    assert rows(design.remove(read(BLOCK), 5)) == ("relu_res_c3k1_bn_add_tanh", 5)
    assert rows(design.remove(read("3x8x8_relu"), 0)) == ("", -1)


def test_duplicating() -> None:
    assert rows(design.duplicate(read("3x8x8_relu_bn"), 0)) == ("relu_relu_bn", 1)
    text, row = rows(design.duplicate(read("3x8x8_res_bn_add_tanh"), 2))
    assert (text, row) == ("res_bn_add_res_bn_add_tanh", 5)
    with pytest.raises(InputError, match="at most 200 layers"):
        design.duplicate(read("3x8x8_res_bn_add" + "_relu" * 198), 0)


@pytest.mark.parametrize(
    ("text", "place", "step", "made", "row"),
    [
        ("relu_bn_tanh", 1, -1, "bn_relu_tanh", 0),
        ("relu_bn_tanh", 1, 1, "relu_tanh_bn", 2),
        ("relu_bn", 0, -1, "relu_bn", 0),
        ("relu_bn", 1, 1, "relu_bn", 1),
        ("relu_res_bn_add", 0, 1, "res_relu_bn_add", 1),
        ("res_bn_add", 1, 1, "res_add_bn", 2),
        ("res_bn_add", 1, -1, "bn_res_add", 0),
        ("relu_res_bn_add_tanh", 1, -1, "res_bn_add_relu_tanh", 0),
        ("relu_res_bn_add_tanh", 3, 1, "relu_tanh_res_bn_add", 4),
        ("res_bn_add_res_relu_add", 0, 1, "res_relu_add_res_bn_add", 3),
        ("res_bn_add_res_relu_add", 5, -1, "res_relu_add_res_bn_add", 2),
        ("res_bn_skip_relu_add", 1, 1, "res_skip_bn_relu_add", 2),
    ],
)
def test_moving(text: str, place: int, step: int, made: str, row: int) -> None:
    found, now = rows(design.move(read(f"3x8x8_{text}"), place, step))
    assert found.replace("skip_add", "add") == made
    assert now == row


@pytest.mark.parametrize(
    ("text", "place", "before", "made", "row"),
    [
        ("relu_bn_tanh", 0, 3, "bn_tanh_relu", 2),
        ("relu_bn_tanh", 2, 0, "tanh_relu_bn", 0),
        ("relu_bn_tanh", 1, 1, "relu_bn_tanh", 1),
        ("relu_bn_tanh", 1, 2, "relu_bn_tanh", 1),
        ("relu_res_bn_add", 0, 2, "res_relu_bn_add", 1),
        ("relu_res_bn_add", 2, 4, "relu_res_add_bn", 3),
        ("relu_tanh_res_bn_add_gap", 2, 0, "res_bn_add_relu_tanh_gap", 0),
        ("relu_tanh_res_bn_add_gap", 4, 0, "res_bn_add_relu_tanh_gap", 2),
        ("relu_tanh_res_bn_add_gap", 3, 6, "relu_tanh_res_add_gap_bn", 5),
        ("relu_tanh_res_bn_add_gap", 2, 6, "relu_tanh_gap_res_bn_add", 3),
        ("relu_tanh_res_bn_add_gap", 2, 4, "relu_tanh_res_bn_add_gap", 2),
        ("res_bn_skip_relu_add_tanh", 2, 6, "tanh_res_bn_skip_relu_add", 3),
        ("res_bn_skip_relu_add_tanh", 3, 6, "res_bn_add_tanh_relu", 4),
        ("res_bn_skip_relu_add_tanh", 3, 1, "res_relu_bn_add_tanh", 1),
        ("res_bn_add_res_relu_add", 0, 6, "res_relu_add_res_bn_add", 3),
    ],
)
def test_moving_to_a_place(text: str, place: int, before: int, made: str, row: int) -> None:
    assert rows(design.move_to(read(f"3x8x8_{text}"), place, before)) == (made, row)


def test_a_block_does_not_go_into_another_one() -> None:
    with pytest.raises(InputError, match="cannot stand in another one; put it before or after"):
        design.move_to(read("3x8x8_res_bn_add_res_relu_add"), 0, 4)


@seed(5)
@settings(max_examples=200)
@given(NETWORKS, st.data())
def test_a_row_that_is_moved_is_the_one_to_look_at(network: Network, data: st.DataObject) -> None:
    parts = design.parts_of(network)
    if not parts:
        return
    place = data.draw(st.integers(0, len(parts) - 1))
    before = data.draw(st.integers(0, len(parts)))
    first, last = design.block_of(parts, place)
    if last - first > 1 and not first <= before <= last and design.is_in_block(parts, before - 1):
        return
    made, row = design.move_to(network, place, before)
    now = design.parts_of(made)
    assert now[row] == parts[place]
    assert sorted(p for p in now if p != "skip") == sorted(p for p in parts if p != "skip")


@seed(4)
@settings(max_examples=200)
@given(NETWORKS, st.data())
def test_no_change_breaks_a_design(network: Network, data: st.DataObject) -> None:
    parts = design.parts_of(network)
    if not parts:
        return
    place = data.draw(st.integers(0, len(parts) - 1))
    makes = (
        lambda: design.move(network, place, -1),
        lambda: design.move(network, place, 1),
        lambda: design.duplicate(network, place),
        lambda: design.remove(network, place),
        lambda: design.insert(network, place, "relu"),
    )
    for make in makes:
        made, row = make()
        count = len(design.parts_of(made))
        assert network_from_text(network_to_text(made)) == made
        assert -1 <= row < count


def test_a_shortcut_that_fits() -> None:
    made, row = design.with_shortcut(read("3x9x8_res_c8k3s2p1_bn_add"), 0)
    assert row == 0
    assert design.with_shortcut(read("3x9x8_res_c8k3s2p1_bn_add"), 3) == (made, 6)
    assert network_to_text(made) == "3x9x8_res_c8k3s2p1_bn_skip_c8k1s2nb_bn_add"
    assert not design.add_up(design.survey(made)).error
    with pytest.raises(InputError, match="has a shortcut already"):
        design.with_shortcut(made, 0)


def test_settings_and_input() -> None:
    network = design.replace_part(read("3x8x8_c4k3"), 0, "c4k5")
    assert network_to_text(design.with_input(network, (1, 9, 9))) == "1x9x9_c4k5"
    with pytest.raises(InputError, match="part 2, 'c4', is no layer"):
        design.replace_part(network, 0, "c4")
