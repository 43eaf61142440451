"""The lesson on images that excite: films, curves, the verdict, the comparison, its tasks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from cnnlab import compute, patches
from cnnlab.catalogue import facts, names
from cnnlab.images import to_png
from cnnlab.lessons import LESSONS
from cnnlab.ui import cache, exciting_lab
from tests.pages.components import sent_data
from tests.pages.test_every_page import run

PAGE = Path(__file__).resolve().parents[2] / "pages" / "images_that_excite.py"
OWN = {"network": "lenet_digits"}
QUICK = {**OWN, "steps": "10"}
OFF = {"decay": "0.0", "variation": "0.0", "blur": "0.0", "jitter": "0", "fourier": "false"}
KEY = "images_that_excite_"


@pytest.fixture(autouse=True)
def _one_network(torch_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TORCH_HOME", str(torch_home))
    yield
    compute.shutdown()


def opened(**query: str) -> AppTest:
    return run(PAGE, **{f"{KEY}{name}": value for name, value in query.items()})


def films(at: AppTest) -> list[dict[str, Any]]:
    """Return what the page sends to its films."""
    return [one for one in sent_data(at) if "films" in one]


def text(at: AppTest) -> str:
    return " ".join(one.value for one in [*at.markdown, *at.get("html"), *at.caption, *at.info])


def test_a_three_is_made_at_once_with_its_curves_and_believed() -> None:
    at = opened(**OWN)
    (film,) = films(at)
    assert film["start"] == "noise"
    assert film["pixelated"]
    assert film["steps"][0] == 0
    assert film["steps"][-1] == 100
    (one,) = film["films"]
    assert one["name"] == "3"
    assert len(one["frames"]) == len(one["words"]) == len(film["steps"])
    assert all(frame.startswith("data:image/png") for frame in one["frames"])
    score, size, variation = (curve["values"] for curve in film["curves"])
    assert len(score) == len(size) == len(variation) == 101
    assert score[-1] > 20 > score[0]
    assert "3: 100\u202f%" in text(at) or "3: > 99" in text(at)
    assert at.error == []


def test_the_same_link_gives_the_same_picture_and_another_seed_another() -> None:
    one, other, third = (films(opened(**QUICK, seed=seed))[0] for seed in ("5", "5", "6"))
    assert one["films"] == other["films"]
    assert one["films"][0]["frames"] != third["films"][0]["frames"]


def test_a_photograph_network_waits_for_the_button_and_says_how_long() -> None:
    at = opened(steps="10", side="96")
    assert films(at) == []
    label = at.button(key=f"{KEY}make").label
    assert label.startswith("Make the picture (about ")
    at.button(key=f"{KEY}make").click().run()
    (film,) = films(at)
    assert not film["pixelated"]
    assert len(film["films"][0]["frames"]) == 11
    assert sum(map(len, film["films"][0]["frames"])) < 3_000_000
    at.number_input(key=f"{KEY}seed").set_value(7).run()  # another picture: asked anew
    assert films(at) == []
    assert at.button(key=f"{KEY}make")
    assert not at.exception


def test_the_largest_film_stays_below_three_megabytes() -> None:
    at = opened(side="224", steps="20", **OFF)
    at.button(key=f"{KEY}make").click().run()
    sizes = [len(frame) for frame in films(at)[0]["films"][0]["frames"]]
    assert max(sizes) * 20 < 3_000_000  # never more than 20 frames, whatever the steps


def test_a_channel_stands_beside_its_real_patches_with_a_link_to_their_lesson() -> None:
    at = opened(**QUICK, goal="a channel", layer="relu2", channel="7")
    assert films(at)[0]["films"][0]["name"] == "channel 7 of relu2"
    best = patches.patches_of("lenet_digits", "relu2", 7)[0]
    assert f"**{best.value:.3g}** to the best patch" in text(at)
    assert text(at).count("<figure") == 9
    link = next(one.proto for one in at.get("page_link") if "From edges" in one.proto.label)
    query = link.query_string
    for part in ("network=lenet_digits", "layers=relu2", "at=relu2", "channel=7"):
        assert f"hierarchy_{part}" in query


def test_one_cell_is_its_own_goal() -> None:
    at = opened(**QUICK, goal="one cell of a channel", layer="relu1", channel="3")
    (film,) = films(at)
    assert film["films"][0]["name"] == "the middle cell of channel 3 of relu1"
    assert film["curves"][0]["name"] == "Answer of the cell"


def test_another_network_comes_with_its_own_class_layer_and_channel() -> None:
    at = opened(goal="a channel", layer="features.12", channel="511")
    at.selectbox(key=f"{KEY}network").set_value("lenet_digits").run()
    assert at.selectbox(key=f"{KEY}layer").value == "relu2"
    assert at.number_input(key=f"{KEY}channel").value == 49
    assert not at.exception
    at = opened(**{"class": "volcano"})
    at.selectbox(key=f"{KEY}network").set_value("lenet_digits").run()
    assert at.selectbox(key=f"{KEY}class").value == "3"
    at.selectbox(key=f"{KEY}network").set_value("squeezenet1_0").run()
    assert at.selectbox(key=f"{KEY}class").value == "flamingo"
    assert not at.exception


def test_the_comparison_has_seven_films_in_step() -> None:
    at = opened(**QUICK, jitter="2", blur="0.0")
    at.button(key=f"{KEY}compare").click().run()
    _, seven = films(at)
    assert [film["name"] for film in seven["films"]] == [
        "nothing holds it back",
        "L2 decay 0.02",
        "total variation 0.01",
        "blur 0.5 px",  # off above: its usual strength
        "jitter 2 px",
        "large shapes first",
        "all together",
    ]
    assert {len(film["frames"]) for film in seven["films"]} == {len(seven["steps"])}
    assert "curves" not in seven
    assert len({film["frames"][-1] for film in seven["films"]}) == 7
    assert len({film["frames"][0] for film in seven["films"]}) == 1
    assert seven["films"][0]["words"][-1].endswith("sure")


def reached(at: AppTest) -> list[bool]:
    (body,) = [one.value for one in at.get("html") if "Reach with" in one.value]
    return [body.split(task)[0].endswith("✓ reached: ") for task in exciting_lab.TASKS]


@pytest.mark.parametrize(
    ("task", "query"),
    [
        (0, OFF),
        (1, {"jitter": "8"}),
        (2, {"start": "a picture", "digit": "digit-8-1"}),
        (3, {"trained": "false"}),
    ],
)
def test_what_is_to_be_reached_is_marked_once_it_is(task: int, query: dict[str, str]) -> None:
    assert reached(opened(**OWN)) == [False] * 4
    at = opened(**OWN, **query)
    assert reached(at) == [place == task for place in range(4)]
    at.number_input(key=f"{KEY}seed").set_value(3).run()
    assert reached(at)[task]  # stays reached
    assert not at.exception


def test_a_dream_of_what_the_picture_shows_already_is_no_feat() -> None:
    assert not any(reached(opened(**OWN, start="a picture", digit="digit-3-1")))


def test_an_own_picture_is_remembered_in_the_session_alone() -> None:
    at = opened(**QUICK, start="a picture", picture="Upload")
    grey = Image.new("RGB", (40, 40), (10, 200, 30))
    for x in range(40):
        grey.putpixel((x, 20), (250, 250, 250))
    at.file_uploader[0].upload("mine.png", to_png(grey), "image/png").run()
    assert not at.exception
    (film,) = films(at)
    assert film["start"] == "Your picture"
    mine = cache.digest(grey)
    assert not [key for key in compute.shared_queue()._done._values if mine in repr(key)]
    assert [key for key in at.session_state["results_of_own_pictures"]._values if mine in repr(key)]


@pytest.mark.parametrize("size", [(1, 1), (1, 10_000), (30, 30)])
def test_strange_uploads_are_a_start_or_a_sentence(size: tuple[int, int]) -> None:
    at = opened(**QUICK, start="a picture", picture="Upload")
    at.file_uploader[0].upload("mine.png", to_png(Image.new("RGB", size)), "image/png").run()
    assert not at.exception
    assert films(at) or (len(at.error) == 1 and at.error[0].value)


def test_a_network_without_weights_is_said_to_mean_nothing() -> None:
    at = opened(network="shufflenet_v2_x0_5", steps="10", side="96")
    assert "random numbers" in at.info[0].value
    at.button(key=f"{KEY}make").click().run()
    assert len(films(at)) == 1
    assert "With random numbers the names of the classes mean nothing." in text(at)


def test_every_size_on_offer_is_large_enough_for_every_network() -> None:
    assert min(exciting_lab._SIDES) >= max(max(facts(name).min_size) for name in names())


def test_the_links_of_the_lesson_show_what_they_promise() -> None:
    (lesson,) = [one for one in LESSONS if one.file == PAGE.name]
    perfect, bare = (films(run(PAGE, **query))[0] for _, query in lesson.tries)
    assert perfect["films"][0]["name"] == bare["films"][0]["name"] == "3"
    ends = [film["curves"][2]["values"][-1] for film in (perfect, bare)]
    assert ends[0] < 0.5 * ends[1]  # far smoother
