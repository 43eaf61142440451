"""The catalogue: filters, order, comparison and links, all of it in the address."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from torchvision import models

from cnnlab.choosing import OWN, Wanted, entries, frontier, select
from cnnlab.exercises.catalogue import questions
from cnnlab.families import FAMILIES, TOPICS
from cnnlab.ui import catalogue_lab
from cnnlab.weight_table import recommended
from tests.pages.components import sent_data
from tests.pages.test_every_page import ROOT, run

PAGE = ROOT / "pages" / "catalogue.py"


def shown(at: AppTest) -> str:
    parts = [*at.markdown, *at.get("html"), *at.caption, *at.code, *at.warning]
    return " ".join(element.value for element in parts)


def data(at: AppTest) -> dict:
    """Return what the page sends to its table."""
    return next(one for one in sent_data(at) if "rows" in one)


def names(at: AppTest) -> list[str]:
    return [row["name"] for row in data(at)["rows"]]


def wish(at: AppTest, *wished: dict[str, Any]) -> AppTest:
    """Ask as the table does: by a list of numbered wishes."""
    made = [{"number": number, **one} for number, one in enumerate(wished, start=1)]
    at.session_state["catalogue_table"] = {"wishes": {"token": "t", "list": made}}
    at.run()
    assert not at.exception, at.exception
    return at


def sort(column: str) -> dict[str, Any]:
    return {"action": "sort", "what": column}


def compare(*names: str) -> dict[str, Any]:
    return {"action": "compare", "names": list(names)}


def chart(at: AppTest) -> dict:
    return json.loads(at.get("plotly_chart")[0].proto.spec)


# The table


def test_all_networks_are_there_with_their_numbers() -> None:
    at = run(PAGE)
    assert len(names(at)) == 81
    fifty = next(row for row in data(at)["rows"] if row["name"] == "resnet50")
    meta = models.ResNet50_Weights.DEFAULT.meta
    assert fifty["cells"][:2] == ["ResNet", "2015"]
    assert fifty["cells"][2] == f"{meta['_metrics']['ImageNet-1K']['acc@1']:.1f}\u202f%"
    assert fifty["cells"][3:5] == ["25.56 M", "4.089 G"]
    assert fifty["cells"][5] == f"{meta['_file_size'] * 2**20 / 1e6:.1f} MB"
    heads = [head["label"] for head in data(at)["head"]]
    assert len(heads) == 1 + len(fifty["cells"])
    assert [head["sorted"] for head in data(at)["head"]].count("ascending") == 1


@pytest.mark.parametrize("family", [FAMILIES[5], FAMILIES[17]], ids=lambda family: family.title)
def test_a_family_by_link(family) -> None:
    at = run(PAGE, catalogue_family=family.title)
    assert names(at) == list(family.members)
    papers = next(e.value for e in at.get("html") if "What was new" in e.value)
    assert family.paper in papers
    assert papers.count('<th scope="row">') == 1


def test_a_topic_is_explained() -> None:
    at = run(PAGE, catalogue_topic="attention")
    assert names(at) == [entry.name for entry in select(entries(), Wanted(topic="attention"))]
    assert TOPICS["attention"] in shown(at)
    assert TOPICS["attention"] not in shown(run(PAGE))


def test_all_filters_together_by_link() -> None:
    query = {
        "catalogue_search": "net",
        "catalogue_topic": "efficiency",
        "catalogue_since": "2018",
        "catalogue_until": "2019",
        "catalogue_largest": "25 MB",
        "catalogue_order": "accuracy",
        "catalogue_turn": "falling",
    }
    at = run(PAGE, **query)
    wanted = Wanted("", "efficiency", 2018, 2019, 25 * 10**6, words="net")
    found = select(entries(), wanted)
    assert 3 < len(found) < 20
    ranked = sorted(found, key=lambda entry: -entry.weights.acc1)
    assert names(at) == [entry.name for entry in ranked]
    assert f"{len(found)} of 81 networks" in shown(at)


def test_only_what_is_here(tmp_path, monkeypatch) -> None:
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    for name, share in (("resnet18", 1.0), ("vgg11", 0.5)):
        with (folder / recommended(name).file_name).open("wb") as file:
            file.truncate(int(share * recommended(name).file_bytes))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    at = run(PAGE, catalogue_here="true")
    assert names(at) == [OWN, "resnet18"]
    assert all(row["cells"][-1] == "✓ here" for row in data(at)["rows"])
    states = {row["name"]: row["cells"][-1] for row in data(run(PAGE))["rows"]}
    assert states["vgg11"] == "✕ damaged"
    assert states["resnet34"] == "no, 14 s"  # 87 MB


def test_no_network_fits() -> None:
    at = run(PAGE, catalogue_search="zzz")
    assert names(at) == []
    assert data(at)["nothing"].startswith("No network fits")
    assert "0 of 81 networks" in shown(at)
    assert run(PAGE, catalogue_since="2020", catalogue_until="2015").error == []


def test_first_weights_change_table_chart_and_comparison() -> None:
    at = run(PAGE, catalogue_weights="first")
    fifty = next(row for row in data(at)["rows"] if row["name"] == "resnet50")
    assert fifty["cells"][2] == "76.1\u202f%"
    assert "efficientnet_b0 gets 16 more right" in shown(at)
    assert "resnet50 gets 32 more right" in shown(run(PAGE))


# What the table asks for


def test_a_click_on_a_column_sorts_and_a_second_one_turns() -> None:
    at = wish(run(PAGE), sort("MACs"))
    assert at.selectbox(key="catalogue_order").value == "MACs"
    assert names(at)[0] == OWN
    at = wish(at, sort("MACs"), sort("MACs"))  # the first was granted already
    assert names(at)[0] == "vit_h_14"
    (head,) = [head for head in data(at)["head"] if head["sorted"] != "none"]
    assert (head["key"], head["sorted"]) == ("MACs", "descending")


def test_ticks_choose_and_leave_out() -> None:
    first = compare("resnet50", "efficientnet_b0", "vgg16")
    at = wish(run(PAGE), first, compare("efficientnet_b0", "vgg16"))
    assert at.multiselect(key="catalogue_compare").value == ["efficientnet_b0", "vgg16"]
    assert data(at)["chosen"] == ["efficientnet_b0", "vgg16"]


def test_a_list_that_lags_behind_takes_no_tick_back() -> None:
    at = run(PAGE)
    at.session_state["catalogue_compare"] = []  # as the browser still has it, a tick ago
    at = wish(at, compare("vgg11", "vgg13"))
    assert data(at)["chosen"] == ["vgg11", "vgg13"]


def test_no_more_than_four_are_compared() -> None:
    want = ["resnet50", "efficientnet_b0", "vgg11", "vgg13"]
    at = wish(run(PAGE), compare(*want, "vgg16"))
    assert at.multiselect(key="catalogue_compare").value == want
    assert data(at)["most"] == 4


@pytest.mark.parametrize(
    "odd",
    [
        sort("taste"),
        compare("resnet20", *catalogue_lab.FIRST),
        {"action": "compare", "names": "vgg16"},
        {"action": "compare", "names": [16]},
        {"action": "open", "what": "resnet20"},
        {"action": "open", "what": ["vgg16"]},
        {"action": "delete", "what": "vgg16"},
    ],
)
def test_what_cannot_be_wished_is_passed_over(odd: dict[str, Any]) -> None:
    at = wish(run(PAGE), odd)
    assert at.multiselect(key="catalogue_compare").value == list(catalogue_lab.FIRST)


def test_wishes_that_are_none_are_passed_over() -> None:
    at = run(PAGE)
    at.session_state["catalogue_table"] = {"wishes": {"token": 3, "list": [{"number": "x"}]}}
    at.run()
    assert not at.exception


# Side by side


def test_four_side_by_side_by_link() -> None:
    picked = ["vgg16", "vit_b_16", OWN, "regnet_y_16gf"]
    at = AppTest.from_file(str(ROOT / "cnnlab" / "ui" / "shell.py"), default_timeout=60).run()
    at.switch_page(str(PAGE))
    at.query_params["catalogue_compare"] = picked
    at.run()
    assert not at.exception
    assert at.multiselect(key="catalogue_compare").value == picked
    table = next(e.value for e in at.get("html") if "Facts side by side" in e.value)
    assert re.findall(r'<th scope="col">([^<]+)<', table) == ["Fact", *picked]
    assert table.count("★ highest") == 2
    versions = shown(at)
    for version in ("IMAGENET1K_SWAG_E2E_V1", "IMAGENET1K_FEATURES", "names no classes"):
        assert version in versions
    assert "python -m cnnlab weights pull vgg16 vit_b_16 regnet_y_16gf" in versions
    assert {trace.get("name") for trace in chart(at)["data"]} >= {"chosen"}


def test_nothing_to_compare() -> None:
    at = run(PAGE)
    at.multiselect(key="catalogue_compare").set_value([]).run()
    assert not at.exception
    assert "Choose two to four networks" in shown(at)
    assert "weights pull" not in shown(at)


def test_one_network_has_no_best() -> None:
    at = run(PAGE, catalogue_compare="resnet18")
    assert at.multiselect(key="catalogue_compare").value == ["resnet18"]
    assert "★" not in shown(at)


def test_the_digit_network_needs_no_download() -> None:
    at = run(PAGE, catalogue_compare=OWN)
    assert "weights pull" not in shown(at)
    assert "comes with the lab" in shown(at)


# The chart


@pytest.mark.parametrize("cost", ["MACs", "parameters", "file size"])
def test_the_chart_says_in_words_who_is_not_beaten(cost: str) -> None:
    at = run(PAGE, catalogue_cost=cost)
    alt = at.get("plotly_chart")[0].proto.alt
    for entry in frontier(entries(), cost):
        assert f"{entry.name} {entry.accuracy:.1f}\u202f%" in alt
    assert "Chosen: resnet50 80.9\u202f%, efficientnet_b0 77.7\u202f%." in alt


# Links to the lessons


def opened(name: str) -> list[tuple[str, AppTest]]:
    """Open every lesson that a row offers, as a click in the table does."""
    row = next(row for row in data(run(PAGE))["rows"] if row["name"] == name)
    return [
        (link["label"], wish(run(PAGE), {"action": "open", "what": name, "page": link["page"]}))
        for link in row["links"]
    ]


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("squeezenet1_0", ["Classify", "Every layer", "Architectures"]),
        ("alexnet", ["Classify", "Every layer", "Architectures"]),
        ("vit_b_16", ["Classify", "Every layer"]),
        ("regnet_y_400mf", ["Classify", "Every layer"]),
        (OWN, ["Classify", "Walk", "Draw a digit"]),
    ],
)
def test_every_link_opens_its_lesson_with_this_network(name: str, labels: list[str]) -> None:
    found = opened(name)
    assert [label for label, _ in found] == labels
    titles = {
        "Classify": "Classify a photograph",
        "Every layer": "Every layer of a network",
        "Architectures": "Architectures",
        "Draw a digit": "Draw a digit",
        "Walk": "Walk through a network",
    }
    for label, at in found:
        assert [title.value for title in at.title] == [titles[label]]
        assert at.warning == []
        picked = [box.value for box in at.selectbox if box.key.endswith("_network")]
        want = "alexnet_one_column" if (name, label) == ("alexnet", "Architectures") else name
        assert picked == ([] if label == "Draw a digit" else [want])


@pytest.mark.parametrize("name", ["resnet18", "swin_t", OWN])
def test_every_link_of_the_comparison_opens_its_lesson(name: str) -> None:
    entry = next(entry for entry in entries() if entry.name == name)
    links = catalogue_lab._links(entry, every=True)
    assert {link["label"] for link in links} >= {"Classify", "Walk"}
    for link in links:
        at = run(ROOT / "pages" / link["file"], **link["query"])
        assert at.warning == []
        picked = {box.key: box.value for box in at.selectbox}
        for key, value in link["query"].items():
            assert picked[key] == value


def test_every_network_named_by_the_lesson_on_architectures_is_the_same() -> None:
    from cnnlab.architectures import NETWORKS

    by_paper = {"googlenet", "inception_v3"}  # there with the papers' numbers
    for entry in entries():
        for link in catalogue_lab._links(entry):
            key = link["query"].get("architectures_network")
            if key and entry.name not in by_paper:
                assert NETWORKS[key].total.n_params == entry.weights.n_params


# A link that asks for what does not exist


@pytest.mark.parametrize(
    ("query", "says"),
    [
        (
            {"catalogue_compare": "resnet20"},
            "asks for a network called `resnet20` that does not exist here; the page goes on "
            "without it. Did you mean resnet50",
        ),
        ({"catalogue_family": "Resnet"}, "a family called `Resnet` that .* mean ResNet"),
        ({"catalogue_topic": "speed"}, "a topic called `speed` that does not exist here"),
        ({"catalogue_compare": "![x](https://a.example/b.png)"}, "for a network that does not"),
        ({"catalogue_compare": "é" * 500}, "for a network that does not exist here; the page"),
    ],
)
def test_what_does_not_exist_is_said_in_one_sentence(query: dict, says: str) -> None:
    at = run(PAGE, **query)
    (warning,) = at.warning
    assert re.search(says, warning.value)
    assert "example" not in warning.value
    assert len(names(at)) == 81


def test_what_exists_stays_beside_what_does_not() -> None:
    at = AppTest.from_file(str(ROOT / "cnnlab" / "ui" / "shell.py"), default_timeout=60).run()
    at.switch_page(str(PAGE))
    at.query_params["catalogue_compare"] = ["vgg16", "nonsense", "vgg19"]
    at.run()
    assert not at.exception
    assert len(at.warning) == 1
    assert at.multiselect(key="catalogue_compare").value == ["vgg16", "vgg19"]


@pytest.mark.parametrize("name", ["", "catalogue_order=x", "catalogue_weights=all"])
def test_other_odd_values_are_as_usual(name: str) -> None:
    key, _, value = name.partition("=")
    at = run(PAGE, **({key: value} if key else {"catalogue_compare": ""}))
    assert at.warning == []
    assert len(names(at)) == 81


# Exercises


def test_the_answers_by_torchvisions_own_numbers() -> None:
    seconds, light, gain = questions()
    new, old = (models.get_weight(f"ResNet50_Weights.IMAGENET1K_V{v}").meta for v in (2, 1))
    megabytes = int(re.search(r"has (\d+) MB", seconds.asks).group(1))
    assert megabytes == round(new["_file_size"] * 2**20 / 10**6)
    assert seconds.answer == megabytes * 8 / 10

    def meta(name: str) -> dict:
        return models.get_model_weights(name).DEFAULT.meta

    fitting = [name for name in light.options if meta(name)["_ops"] <= 1]
    assert 2 <= len(fitting) < len(light.options)
    assert light.answer == max(
        fitting, key=lambda name: meta(name)["_metrics"]["ImageNet-1K"]["acc@1"]
    )
    accuracies = [one["_metrics"]["ImageNet-1K"]["acc@1"] for one in (new, old)]
    assert gain.answer == pytest.approx(accuracies[0] - accuracies[1])
    assert (new["num_params"], new["_ops"]) == (old["num_params"], old["_ops"])


def test_no_slip_is_a_right_answer() -> None:
    for question in questions():
        for slip, _ in question.slips:
            if isinstance(slip, str):
                assert slip != question.answer
                assert slip in question.options
            else:
                assert abs(slip - question.answer) > question.within


def test_the_lecture_view_keeps_table_chart_and_comparison() -> None:
    at = run(PAGE, lecture="true")
    assert len(names(at)) == 81
    assert len(at.get("plotly_chart")) == 1
    assert "Facts side by side" in shown(at)


def test_the_tries_of_the_map_show_what_they_promise() -> None:
    small = run(PAGE, catalogue_largest="10 MB", catalogue_order="file size")
    assert names(small)[:2] == [OWN, "squeezenet1_1"]
    assert all(float(row["cells"][5].split()[0]) <= 10 for row in data(small)["rows"])
    assert Path(PAGE).exists()
