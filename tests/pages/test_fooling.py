"""The lesson on fooling a network, as a learner meets it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from cnnlab import catalogue, compute, fooling, loading
from cnnlab.digits import sample_digit
from cnnlab.ui import controls, fooling_setting
from tests.real_weights import needs_weights

PAGE = Path(__file__).resolve().parents[2] / "pages" / "fooling.py"
DIGITS = {"network": catalogue.OWN}
TOASTER = {"method": "PGD", "goal": "A chosen class", "epsilon": "2"}
needs_squeezenet = needs_weights("squeezenet1_0")


@pytest.fixture(autouse=True)
def _one_network(torch_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TORCH_HOME", str(torch_home))
    monkeypatch.setattr(fooling_setting, "_PATIENCE", 1e9)  # however slow the computer is
    yield
    compute.shutdown()


def opened(**query: str) -> AppTest:
    app = AppTest.from_file(PAGE, default_timeout=120)
    for name, value in query.items():
        app.query_params[f"fooling_{name}"] = value
    app.run()
    assert not app.exception
    return app


def text(app: AppTest) -> str:
    parts = (*app.markdown, *app.success, *app.warning, *app.info, *app.caption, *app.error)
    html = "".join(element.proto.body for element in app.get("html"))
    return "\n".join(element.value for element in parts) + re.sub(r"data:image/[^\"]*", "", html)


def attacked(**settings: object) -> fooling.Fooled:
    usual = {"method": "FGSM", "goal": fooling.GOALS[0], "epsilon": 30, "chosen": 3}
    with loading.using(catalogue.OWN) as model:
        image = sample_digit("digit-7-1").convert("RGB")
        return fooling.attack(model, image, catalogue.OWN, **{**usual, **settings})


def test_it_opens_with_digits_where_no_weights_are(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    app = opened()
    page = text(app)
    after = attacked().after
    assert f"became “{after.argmax()}” ({100 * after.max():.1f}\u202f%)" in page
    assert "at most 30 grey levels" in page
    assert "drawn <strong>4 times</strong> as strong" in page  # 127 // 30
    html = "".join(element.proto.body for element in app.get("html"))
    assert html.count("data:image/png") == 3
    assert "○ Fool lenet_digits with ε ≤ 24." in page


def test_the_page_says_what_does_not_work():
    assert "**Not fooled:** the answer is still “7”" in text(opened(**DIGITS, epsilon="1"))
    assert "With ε = 0 nothing changes" in text(opened(**DIGITS, epsilon="0"))
    same = text(opened(**DIGITS, goal="A chosen class", **{"class": "7"}))
    assert "says “7” already" in same
    one_step = {"goal": "A chosen class", "class": "0", "epsilon": "10"}
    assert "**Not reached:** “0” went from" in text(opened(**DIGITS, **one_step))


def test_the_exercises_check_the_picture_that_is_there():
    app = opened(**DIGITS, method="PGD")
    assert "✓ done" not in text(app)
    app.slider(key="fooling_epsilon").set_value(24).run()
    assert "✓ done: Fool lenet_digits with ε ≤ 24." in text(app)
    app.slider(key="fooling_epsilon").set_value(40).run()
    assert "✓ done: Fool" in text(app)  # it stays done
    assert "○ Make it see" in text(app)
    app.segmented_control(key="fooling_goal").set_value("A chosen class").run()
    assert attacked(method="PGD", goal=fooling.GOALS[1], epsilon=40).after[3] > 0.9
    assert "✓ done: Make it see" in text(app)


def test_the_smallest_epsilon_is_that_of_the_curve():
    page = opened(**DIGITS)
    with loading.using(catalogue.OWN) as model:
        image = sample_digit("digit-7-1").convert("RGB")
        found = fooling.curve(
            model, image, catalogue.OWN, method="FGSM", goal=fooling.GOALS[0], largest=64
        )
    assert f"**The smallest ε that is enough is {found.smallest}**" in text(page)
    figure = json.loads(page.get("plotly_chart")[0].proto.spec)
    assert [trace["name"] for trace in figure["data"]] == ["7", "the best other class"]
    assert len(figure["data"][0]["customdata"]) == 65


def test_the_linear_view_shows_ten_numbers_and_the_network():
    app = opened(**DIGITS, part="Why it works", toy="0.3")
    page = text(app)
    assert "= −3 + 0.3 · 10 = **0**" in page
    assert "has n = 784 numbers" in page
    assert len(app.get("plotly_chart")) == 1


def test_noise_shows_its_steps():
    page = text(opened(**DIGITS, part="From noise", noise_class="3"))
    assert "<strong>Noise</strong>" in page
    assert "steps the network is more than 99 % sure.**" in page


def test_a_patch_waits_for_a_press():
    app = opened(**DIGITS, part="A patch", patch_class="8")
    assert "it wins at" not in text(app)
    button = app.button(key="fooling_patch")
    assert re.fullmatch(r"Train a patch for “8” \(about \d+ seconds?\)", button.label)
    button.click().run()
    assert not app.exception
    page = text(app)
    assert "<strong>The patch</strong>, 11 × 11 pixels" in page
    assert "Trained on 39 sample pictures" in page  # 40 digits, but not the one it is tried on
    assert page.count("<td class=") == 25
    wins = page.count('<td class="won">')
    assert f"it wins at {wins} of 25" in page


def test_defences_are_tried_and_counted():
    page = text(opened(**DIGITS, part="Defences"))
    for row in (
        "JPEG, quality 60",
        "Blur, σ\u00a0=\u00a01\u00a0px",
        "Shift by 3\u00a0px",
        "Shrink to 70\u202f%, enl",
    ):
        assert f'<th scope="row">{row}' in page
    kept = [int(count) for count in re.findall(r">(\d+) of 40<", page)]
    assert kept[0] == 40  # without a defence
    assert len(kept) == 5
    low, high = (40 - count for count in (max(kept[1:]), min(kept[1:])))
    assert f"**Over 40 clean samples**, {low} to {high} of 40 answers change" in page
    assert "made anew by PGD" not in page
    assert "made anew by PGD with ε = 30" in text(
        opened(**DIGITS, part="Defences", attacker="knows it")
    )


def test_what_a_defence_costs_waits_for_a_press_without_an_empty_column(monkeypatch):
    app = opened(**DIGITS, part="Defences")
    monkeypatch.setattr(fooling_setting, "_PATIENCE", 0.0)
    app.slider(key="fooling_shift").set_value(5).run()
    for key in ("fooling_attack", "fooling_defences"):
        app.button(key=key).click().run()
    assert not app.exception
    page = text(app)
    assert "Samples kept" not in page
    assert "One picture does not show what a defence costs: count it over many." in page
    app.button(key="fooling_kept").click().run()
    assert '<th class="right">Samples kept</th>' in text(app)


def test_what_a_defence_costs_is_shown_also_where_nothing_was_attacked_yet(monkeypatch):
    app = opened(**DIGITS, part="Defences", attacker="knows it", shift="5")
    monkeypatch.setattr(fooling_setting, "_PATIENCE", 0.0)
    app.slider(key="fooling_shift").set_value(4).run()
    for key in ("fooling_attack", "fooling_kept"):
        app.button(key=key).click().run()
    assert not app.exception
    assert '<th class="right">Samples kept</th>' in text(app)
    assert re.search(r">\d+ of 40<", text(app))


@needs_squeezenet
def test_the_words_about_the_clean_cat_are_those_of_the_table():
    page = text(opened(network="squeezenet1_0", **TOASTER, part="Defences"))
    rows = re.findall(r'<th scope="row">[^<]*</th><td class="wide-only">(.*?): ([\d.]+)', page)
    (first, before), *behind = rows
    stays = [float(share) for answer, share in behind if answer == first]
    rises = sum(share > float(before) for share in stays)
    assert rises > 0
    words = re.search(r"\*\*This clean picture\*\* keeps .*", page)
    assert words
    assert "rise" in words[0]
    assert (f"behind {rises} of them" in words[0]) == (rises < len(stays))


@needs_squeezenet
def test_the_factors_that_are_shown_give_the_product_that_is_shown():
    page = text(opened(network="squeezenet1_0", **TOASTER, part="Why it works"))
    assert "has n = 150,528 numbers" in page
    (mean,) = re.findall(r"mean size ([\d.]+)\. So", page)
    (product,) = re.findall(r"n · mean = \*\*([\d.]+)\*\*", page)
    assert f"{150_528 * float(mean):.2f}" == product


@needs_squeezenet
def test_the_cat_becomes_a_toaster_and_both_exercises_are_done():
    page = text(opened(network="squeezenet1_0", **TOASTER, part="Defences"))
    assert "“Egyptian cat” (71.2\u202f%) became “toaster”" in page
    assert "✓ done: Fool squeezenet1_0 with ε ≤ 2." in page
    assert "✓ done: Make it see" in page
    row = re.search(r"JPEG, quality 60</th>(.*?)</tr>", page)
    assert row
    assert "Egyptian cat" in row[1]
    assert ">yes<" in row[1]


def test_what_takes_long_waits_for_a_press(monkeypatch):
    monkeypatch.setattr(fooling_setting, "_PATIENCE", 0.0)  # a very slow computer
    app = opened(**DIGITS)
    assert app.button(key="fooling_attack").label == "Fool lenet_digits (about 1 second)"
    assert "Largest change" not in text(app)
    app.button(key="fooling_attack").click().run()
    assert "Largest change" in text(app)
    assert app.button(key="fooling_curve").label.startswith("Try every ε from 0 to 64 (about ")


def test_random_numbers_are_called_so():
    page = text(opened(network="mobilenet_v3_small", epsilon="2"))
    assert "With random numbers the answers mean nothing" in page


def own(size: tuple[int, int], **query: str) -> AppTest:
    """Open the page with a picture of the learner's own."""
    app = AppTest.from_file(PAGE, default_timeout=120)
    image = Image.fromarray(
        np.random.default_rng(0).integers(0, 256, (*size[::-1], 3)).astype(np.uint8)
    )
    picture = controls.Picture(image, "Mine", "Noise.", "digest of mine", own=True)
    app.session_state["own_picture"] = ("digest of mine", picture)
    for name, value in {"picture": "Upload", **query}.items():
        app.query_params[f"fooling_{name}"] = value
    app.run()
    assert not app.exception
    return app


def test_an_own_picture_is_fooled_and_a_very_long_one_refused():
    assert "Largest change of a number" in text(own((1, 1), **DIGITS))
    squeeze = {"network": "squeezenet1_1", "epsilon": "2"}
    assert "Largest change of a number" in text(own((40, 30), **squeeze))
    errors = [error.value for error in own((1, 10_000), **squeeze).error]
    assert len(errors) == 1
    assert "cut out a part of it first" in errors[0]
