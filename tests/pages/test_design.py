"""The lesson on designing a network: add, set, move, undo, links, presets, what is wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cnnlab.network_presets import NETWORK_PRESETS
from tests.pages.components import sent_data
from tests.pages.test_every_page import run

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "pages" / "design.py"
SMALL = "3x8x8_c4k3_relu"


def opened(text: str = SMALL, **query: str) -> AppTest:
    return run(PAGE, design_network=text, **query)


def text(at: AppTest) -> str:
    """Return the network that the page shows; its text field and its link say the same."""
    assert not at.exception, at.exception
    shown = at.session_state["design_memory"]["text"]
    assert field(at, "text_input", "text").value == shown
    assert listed(at)["link"] == {"design_network": shown}
    return shown


def listed(at: AppTest) -> dict:
    """Return what the list of layers is given."""
    (data,) = sent_data(at)
    return data


def rows(at: AppTest) -> list[dict]:
    """Return what the list of layers shows."""
    return listed(at)["rows"]


def wish(at: AppTest, *actions: tuple[str, int] | tuple[str, int, int]) -> AppTest:
    """Ask as the list does: an action, a row, and for a move the row before which it is put."""
    done = max(at.session_state["design_memory"]["done"].values(), default=0)
    names = ("action", "row", "before")
    wishes = [
        {"number": done + i, **dict(zip(names, action, strict=False))}
        for i, action in enumerate(actions, 1)
    ]
    at.session_state["design_list"] = {"wishes": {"token": "t", "list": wishes}}
    return at.run()


def field(at: AppTest, kind: str, name: str):
    """Return a setting of the form; its key ends with the form's number."""
    (found,) = [w for w in at.get(kind) if re.fullmatch(rf"design_edit_{name}_\d+", w.key or "")]
    return found


def press(at: AppTest, name: str) -> AppTest:
    return at.button(key=f"design_edit_{name}").click().run()


def html(at: AppTest) -> str:
    return " ".join(element.value for element in at.get("html"))


def test_it_begins_with_the_first_preset() -> None:
    at = run(PAGE)
    assert text(at) == next(iter(NETWORK_PRESETS.values())).text
    assert rows(at)[1]["cells"] == ["6 × 28 × 28", "156", "117.6 k", "18.82 kB", "5"]
    assert "61,706" in html(at)
    assert "416,520" in html(at)


@pytest.mark.parametrize("name", NETWORK_PRESETS)
def test_every_preset(name: str) -> None:
    at = opened()
    at.selectbox(key="design_example").set_value(name).run()
    assert text(at) == NETWORK_PRESETS[name].text
    assert len(at.error) == name.startswith("Broken")
    assert len(rows(at)) == len(text(at).split("_"))
    assert text(press(at, "undo")) == SMALL


def test_every_layer_of_the_palette() -> None:
    at = opened()
    keys = [b.key for b in at.button if b.key.startswith("design_edit_add_")]
    assert len(keys) == 11
    for key in keys:
        at = wish(opened(), ("select", 1))
        at.button(key=key).click().run()
        added = text(at).removeprefix(SMALL + "_")
        assert key.endswith(added.partition("_")[0])
        assert at.session_state["design_memory"]["selected"] == 2
        press(at, "delete")
        assert text(at) == SMALL


def test_settings_of_a_convolution() -> None:
    at = wish(opened(), ("select", 0))
    settings = {
        "out_channels": 6,
        "kernel_size": 5,
        "stride": 2,
        "padding": 2,
        "dilation": 1,
        "groups": 3,
    }
    for name, value in settings.items():
        field(at, "number_input", name).set_value(value).run()
    assert text(at) == "3x8x8_c6k5s2p2g3_relu"
    field(at, "toggle", "bias").set_value(False).run()
    assert text(at) == "3x8x8_c6k5s2p2g3nb_relu"
    assert rows(at)[1]["cells"][:2] == ["6 × 4 × 4", "150"]
    for _ in range(6):
        press(at, "undo")
    assert text(at) == SMALL
    assert at.button(key="design_edit_undo").disabled
    press(at, "redo")
    assert text(at) == "3x8x8_c6k3_relu"
    field(at, "number_input", "groups").set_value(3).run()
    assert at.button(key="design_edit_redo").disabled  # what came after is no more


@pytest.mark.parametrize(
    ("part", "kind", "name", "value", "made"),
    [
        ("p2", "number_input", "kernel_size", 3, "p3"),
        ("p2", "number_input", "stride", 1, "p2s1"),
        ("a3", "number_input", "padding", 1, "a3p1"),
        ("fc5", "number_input", "out_features", 7, "fc7"),
        ("lrn5", "number_input", "size", 3, "lrn3"),
        ("drop0.5", "slider", "p", 0.25, "drop0.25"),
        ("relu", "selectbox", "kind", "Tanh", "tanh"),
        ("c4k3x5", "number_input", "kernel_size_rows", 5, "c4k5"),
        ("c4k3psame", "number_input", "kernel_size", 5, "c4k5psame"),
    ],
)
def test_settings_of_other_layers(part: str, kind: str, name: str, value: object, made: str):
    at = wish(opened(f"3x8x8_{part}"), ("select", 0))
    field(at, kind, name).set_value(value).run()
    assert text(at) == f"3x8x8_{made}"


def test_a_setting_that_comes_late_for_its_layer_changes_nothing() -> None:
    at = wish(opened(), ("select", 0))
    at.session_state["design_memory"]["selected"] = 1  # another row was chosen meanwhile
    field(at, "number_input", "kernel_size").set_value(5).run()
    assert text(at) == SMALL


def test_settings_of_the_input() -> None:
    at = opened()
    for name, value in (("channels", 1), ("rows", 20), ("columns", 30)):
        field(at, "number_input", f"input_{name}").set_value(value).run()
    assert text(at) == "1x20x30_c4k3_relu"
    assert rows(at)[1]["cells"][0] == "4 × 18 × 28"


def test_move_duplicate_delete_by_buttons_and_by_the_list() -> None:
    at = wish(opened("3x8x8_relu_bn_tanh"), ("select", 0))
    assert text(press(at, "down")) == "3x8x8_bn_relu_tanh"
    assert text(press(at, "up")) == "3x8x8_relu_bn_tanh"
    assert text(press(at, "duplicate")) == "3x8x8_relu_relu_bn_tanh"
    assert text(press(at, "delete")) == "3x8x8_relu_bn_tanh"
    wish(at, ("select", 2), ("up", 2), ("up", 1), ("duplicate", 0))
    assert text(at) == "3x8x8_tanh_tanh_relu_bn"
    wish(at, ("undo", 0), ("undo", 0), ("redo", 0), ("select", 0), ("delete", 0))
    assert text(at) == "3x8x8_relu_bn"
    wish(at, ("select", -1), ("delete", -1), ("select", 99), ("down", 99))
    assert text(at) == "3x8x8_relu_bn"


def test_rows_are_dragged() -> None:
    at = wish(opened("3x8x8_relu_bn_res_tanh_add"), ("move", 0, 5))
    assert text(at) == "3x8x8_bn_res_tanh_add_relu"
    assert at.session_state["design_memory"]["selected"] == 4
    wish(at, ("move", 3, 0))
    assert text(at) == "3x8x8_res_tanh_add_bn_relu"
    assert at.session_state["design_memory"]["selected"] == 2
    wish(at, ("move", 9, 0), ("move", 0, 9), ("move", -1, 2), ("move", 0, -1), ("move", 0))
    assert text(at) == "3x8x8_res_tanh_add_bn_relu"
    assert len(at.warning) == 0
    assert text(press(at, "undo")) == "3x8x8_bn_res_tanh_add_relu"


def test_the_list_knows_what_is_dragged_together() -> None:
    shown = rows(opened("3x8x8_relu_res_tanh_add_bn"))[1:]
    assert [row["block"] for row in shown] == [[0, 1], [1, 4], [2, 3], [1, 4], [4, 5]]
    assert [row["inside"] for row in shown] == [False, False, True, True, False]


def test_a_residual_block_with_a_shortcut() -> None:
    at = wish(opened("3x8x8_res_c6k3s2p1_add"), ("select", 2))
    assert "must end in the same shape" in at.error[0].value
    press(at, "shortcut")
    assert text(at) == "3x8x8_res_c6k3s2p1_skip_c6k1s2nb_bn_add"
    assert len(at.error) == 0
    assert "design_edit_shortcut" not in [button.key for button in at.button]
    at.button(key="design_edit_add_res").click().run()
    assert text(at).endswith("_add_res_add")
    wish(at, ("select", 1))
    at.button(key="design_edit_add_res").click().run()
    assert "cannot stand in another one" in at.warning[0].value


def test_what_is_wrong_is_said_at_its_layer_and_the_rest_is_counted() -> None:
    at = opened(NETWORK_PRESETS["Broken: LeNet-5 on 28 × 28"].text)
    (error,) = at.error
    assert error.value.startswith("Row 7, Conv 5×5, 120: a 5-high kernel")
    shown = rows(at)
    assert [place for place, row in enumerate(shown) if row["error"]] == [7]
    assert shown[4]["cells"][1] == "2,416"
    assert shown[8]["cells"] == [""] * 5
    assert "2,572" in html(at)
    assert at.session_state["design_memory"]["selected"] == 6
    field(at, "number_input", "kernel_size").set_value(4).run()
    assert len(at.error) == 0


@pytest.mark.parametrize(
    "junk", ["junk", "3x8x8_c3", "<script>", "é" * 500, "9x9x9" + "_relu" * 201, "3x8x8_res"]
)
def test_a_damaged_link_gives_the_first_preset_and_a_sentence(junk: str) -> None:
    at = opened(junk)
    assert text(at) == next(iter(NETWORK_PRESETS.values())).text
    (warning,) = at.warning
    assert warning.value.startswith("This link is damaged")
    assert len(press(at, "add_bn").warning) == 0


def test_a_text_that_is_typed() -> None:
    at = opened()
    field(at, "text_input", "text").set_value(" 1x9x9_c3k3s1_bn ").run()
    assert text(at) == "1x9x9_c3k3_bn"
    field(at, "text_input", "text").set_value("1x9x9_c3").run()
    assert field(at, "text_input", "text").value == "1x9x9_c3"  # it stays, to be mended
    assert at.session_state["design_memory"]["text"] == "1x9x9_c3k3_bn"
    assert at.error[0].value.startswith("Part 2, 'c3', is no layer")
    assert len(press(at, "undo").error) == 0
    assert text(press(at, "redo")) == "1x9x9_c3k3_bn"
    field(at, "text_input", "text").set_value(SMALL).run()  # one that was there before
    assert text(at) == SMALL
    for before in ("1x9x9_c3k3_bn", SMALL):
        assert text(press(at, "undo")) == before


def test_an_address_that_lags_behind_takes_nothing_back() -> None:
    at = opened()
    press(at, "add_bn")
    assert at.query_params["design_network"] == SMALL  # no browser here to write it
    assert text(press(at, "add_relu")) == "3x8x8_bn_relu_c4k3_relu"
    at.query_params["design_network"] = "1x9x9_bn"
    assert text(at.run()) == "1x9x9_bn"
    at.query_params["design_network"] = SMALL
    at.run()  # one of those before: the browser has not written the new one yet
    assert text(at) == "1x9x9_bn"


def test_a_link_that_is_followed_a_second_time() -> None:
    at = opened()
    press(at, "add_bn")
    at.switch_page(str(ROOT / "pages" / "home.py")).run()
    at.switch_page(str(PAGE))
    at.query_params["design_network"] = SMALL
    assert text(at.run()) == SMALL


def test_a_button_acts_on_the_row_that_was_chosen_just_before() -> None:
    at = opened("3x8x8_relu_bn_tanh")
    at = wish(at, ("select", 0))
    wishes = {"token": "t", "list": [{"number": 2, "action": "select", "row": 2}]}
    at.session_state["design_list"] = {"wishes": wishes}
    assert text(press(at, "delete")) == "3x8x8_relu_bn"


def test_a_design_survives_a_visit_to_another_page() -> None:
    at = opened()
    at.switch_page(str(ROOT / "pages" / "home.py")).run()
    at.query_params.clear()
    at.switch_page(str(PAGE)).run()
    assert text(at) == SMALL


def test_operations_are_counted_in_flops() -> None:
    at = opened(NETWORK_PRESETS["LeNet-5"].text, design_unit="FLOPs")
    assert "833,040" in html(at)
    assert rows(at)[1]["cells"][2] == "235.2 k"


def test_the_code_is_shown_where_the_network_works() -> None:
    at = opened(design_export="true")
    assert "nn.Conv2d(3, 4, kernel_size=3)" in at.code[0].value
    at = opened(design_export="true", design_framework="Keras")
    assert "keras.layers.Conv2D(4, kernel_size=3)" in at.code[0].value
    at = opened("3x8x8_c4k9", design_export="true")
    assert len(at.code) == 0


def test_the_drawing_says_what_it_shows() -> None:
    at = opened("3x32x16_res_c3k3p1_skip_bn_add_p2_flat_fc10_fc2")
    assert (
        'aria-label="The network from input to output. input 3 × 32 × 16; Conv 3×3, 3, padding 1: '
        "3 × 32 × 16; Add: 3 × 32 × 16; Max pool 2×2, stride 2: 3 × 16 × 8; Flatten: 384; Fully "
        'connected 10: 10; Fully connected 2: 2."'
    ) in html(at)
    assert "does not fit" in html(opened("3x8x8_c4k9"))


def test_an_empty_network_and_a_full_one() -> None:
    at = opened("3x8x8")
    assert len(rows(at)) == 1
    assert text(at.button(key="design_edit_add_bn").click().run()) == "3x8x8_bn"
    at = opened("3x8x8" + "_bn" * 200)
    assert len(rows(at)) == 201
    at.button(key="design_edit_add_bn").click().run()
    assert "at most 200 layers" in at.warning[0].value
