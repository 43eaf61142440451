"""The page that classifies: bars, all classes, steps, views, several networks and pictures."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image
from streamlit.testing.v1 import AppTest

from cnnlab import class_names, compute, digits, loading, samples, weights
from cnnlab.answers import ask, ask_views
from cnnlab.catalogue import OWN, facts
from cnnlab.ensembling import combine
from cnnlab.exercises.classify import questions
from cnnlab.percent import finely
from cnnlab.pretrained import categories
from tests.conftest import NAME
from tests.pages.components import components, sent_data
from tests.pages.test_every_page import run

PAGE = Path(__file__).resolve().parents[2] / "pages" / "classify.py"
SMALL = ["mobilenet_v3_small", "shufflenet_v2_x0_5"]


@pytest.fixture(autouse=True)
def _one_network(torch_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TORCH_HOME", str(torch_home))
    yield
    compute.shutdown()
    loading.forget()


@pytest.fixture
def _three_networks(torch_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put two more networks beside the one that is here, with random numbers as weights."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    folder = Path(torch.hub.get_dir()) / "checkpoints"
    folder.mkdir(parents=True)
    file = weights.cached_path(NAME).name
    shutil.copy(torch_home / "hub" / "checkpoints" / file, folder / file)
    for seed, name in enumerate(SMALL):
        torch.manual_seed(seed)
        model = torchvision.models.get_model(name)
        torch.save(model.state_dict(), folder / weights.cached_path(name).name)


def shown(at: AppTest) -> str:
    return " ".join(element.value for element in [*at.markdown, *at.get("html"), *at.caption])


def heading(at: AppTest) -> str:
    (found,) = [element.value for element in at.subheader]
    return found


def view(at: AppTest, *names: str) -> dict:
    return next(data for data in sent_data(at) if all(name in data for name in names))


def bars(html: str) -> list[tuple[str, str]]:
    """Return names and numbers of the bars in a piece of HTML."""
    rows = re.findall(r'<th scope="row"[^>]*>([^<]*)</th><td[^>]*><div[^>]*></div></td>'
                      r"<td[^>]*>([^<]*)</td>", html)  # fmt: skip
    return [(unescape(name), unescape(number)) for name, number in rows]


def first_bars(at: AppTest) -> list[tuple[str, str]]:
    return next(found for element in at.get("html") if (found := bars(element.value)))


def script(at: AppTest) -> str:
    at.session_state["classify_code"] = True
    (code,) = at.run().code
    return code.value


def expected_bars(name: str, picture: Image.Image, k: int) -> list[tuple[str, str]]:
    return [(guess.category, finely(guess.probability)) for guess in ask(picture, name).top(k)]


# One picture ---------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [1, 5, 20])
def test_the_best_guesses_are_bars(k: int) -> None:
    at = run(PAGE, classify_sample="coffee", classify_k=str(k))
    assert first_bars(at) == expected_bars(NAME, samples.sample("coffee"), k)
    best, share = first_bars(at)[0]
    assert heading(at) == f"{best}, {share}"
    assert f"topk({k})" in script(at)


def test_the_digit_network_has_ten_classes() -> None:
    at = run(PAGE, classify_network=OWN, classify_digit="digit-3-2", classify_k="20")
    assert first_bars(at) == expected_bars(OWN, digits.sample_digit("digit-3-2"), 10)
    assert "cnnlab import digits" in script(at)
    names = [message.json for message in components(at)]
    assert not any("made things" in name for name in names)  # ImageNet's kinds mean nothing here


@pytest.mark.parametrize("part", ["All classes", "Preprocessing", "Temperature", "Flips and crops"])
@pytest.mark.parametrize("network", [NAME, OWN])
def test_every_part_works_for_both_kinds_of_network(network: str, part: str) -> None:
    at = run(PAGE, classify_network=network, classify_part=part)
    assert not at.error
    assert components(at)  # the exercises at least


def test_a_class_is_found_by_its_name() -> None:
    answer = ask(samples.sample("cat"), NAME)
    index = categories(NAME).index("tiger cat")
    text = shown(run(PAGE, classify_class="tiger cat"))
    for fact in (
        f"{answer.ranks[index]} of 1000",
        finely(answer.probability(index)),
        f"{answer.logits[index]:.2f}".replace("-", "−"),
        "n02123159",
        "domestic cats",
    ):
        assert f">{fact}</td>" in text.replace("&lt;", "<")


def test_the_strip_holds_all_classes_in_order() -> None:
    answer = ask(samples.sample("cat"), NAME)
    data = view(run(PAGE, classify_class="tiger cat"), "groups", "shares")
    np.testing.assert_allclose(data["shares"], answer.probabilities, rtol=1e-3)
    assert data["names"] == categories(NAME)
    assert data["chosen"] == 282
    assert data["log"] is True
    dogs = next(group for group in data["groups"] if group["name"] == "dogs")
    assert dogs["spans"] == [[151, 268]]
    assert dogs["share"] == pytest.approx(float(answer.probabilities[151:269].sum()), abs=1e-6)
    assert view(run(PAGE, classify_axis="linear"), "groups")["log"] is False


def test_kinds_are_added_up() -> None:
    answer = ask(samples.sample("cat"), NAME)
    shares = class_names.group_shares(answer.probabilities)
    found = bars(shown(run(PAGE)))[5:]  # behind the five guesses
    shown_shares = [(group, share) for group, share in shares if share >= 5e-4][:7]
    assert found[:-1] == [(f"{g.name} ({len(g.indices)})", finely(s)) for g, s in shown_shares]
    rest = sum(share for _, share in shares[len(shown_shares) :])
    assert found[-1] == (f"the other {len(shares) - len(shown_shares)} kinds", finely(rest))


@pytest.mark.parametrize(
    ("query", "first", "rows"),
    [
        ({}, None, 1000),
        ({"classify_find": "tiger cat"}, "tiger cat", 1),
        ({"classify_find": "cat", "classify_order": "by index"}, None, None),
    ],
)
def test_the_list_is_searched(query: dict[str, str], first: str | None, rows: int | None) -> None:
    at = run(PAGE, classify_list="true", **query)
    (html,) = [element.value for element in at.get("html") if "long-list" in element.value]
    found = re.findall(r"<tr><td>(\d+)<td>([^<]+)<td>", html)
    answer, names = ask(samples.sample("cat"), NAME), categories(NAME)
    found = [(rank, unescape(name)) for rank, name in found]
    for rank, name in found:
        assert answer.ranks[names.index(name)] == int(rank)
    if rows is not None:
        assert len(found) == rows
    if first is not None:
        assert found[0][1] == first
    if query.get("classify_order"):
        wanted = class_names.search(names, "cat")
        assert [name for _, name in found] == [names[i] for i in wanted]
    else:
        ranks = [int(rank) for rank, _ in found]
        assert ranks == sorted(ranks)


def test_a_word_that_no_class_has_is_said_to_be_none() -> None:
    at = run(PAGE, classify_list="true", classify_find="unicorn")
    assert "No class of this network has such a name" in at.info[0].value


def test_the_steps_carry_their_numbers() -> None:
    text = shown(run(PAGE, classify_part="Preprocessing"))
    assert "451 × 300 pixels" in text
    assert "384 × 256 pixels" in text
    assert "224 × 224 pixels" in text
    assert f"Shaded: {finely(1 - 224 * 224 / (384 * 256))} of it is cut away." in text
    values = torchvision.models.get_model_weights(NAME).DEFAULT.transforms()(samples.sample("cat"))
    assert f"From {values[2].min():.2f}".replace("-", "−") in text
    at = run(PAGE, classify_part="Preprocessing", classify_row="3", classify_column="7")
    assert f">{values[0, 3, 7]:.3f}".rstrip("0").replace("-", "−") in shown(at)


def test_a_row_beyond_a_smaller_tensor_does_not_break_the_page() -> None:
    at = run(PAGE, classify_part="Preprocessing", classify_row="9999")
    assert at.number_input(key="classify_row").value <= 220


def test_the_browser_gets_scores_for_the_temperature() -> None:
    at = run(PAGE, classify_part="Temperature", classify_temperature="4.0", classify_k="7")
    data, answer = view(at, "logits", "at"), ask(samples.sample("cat"), NAME)
    assert data["at"] == 4
    assert data["names"] == [guess.category for guess in answer.top(7)]
    np.testing.assert_allclose(data["logits"], sorted(answer.logits, reverse=True), atol=6e-5)
    assert "(model(batch).squeeze(0) / 4).softmax(0)" in script(at)


@pytest.mark.parametrize("mean", ["probabilities", "logits"])
def test_views_and_their_mean(mean: str) -> None:
    at = run(PAGE, classify_part="Flips and crops", classify_crops="Five crops", classify_mean=mean)
    logits, _ = ask_views(samples.sample("cat"), NAME, crops="Five crops")
    together = combine(logits, mean=mean)
    order = np.argsort(-together, kind="stable")[:5]
    names = categories(NAME)
    expected = [(names[i], finely(float(together[i]))) for i in order]
    text = shown(at)
    plain = expected_bars(NAME, samples.sample("cat"), 5)
    assert bars(text)[-10:] == [*plain, *expected]
    agree = int((logits.argmax(axis=1) == order[0]).sum())
    assert f"{agree} of 5 views have “{names[order[0]]}” first." in text
    assert "F.five_crop" in script(at)
    assert "the mean of the " + mean in script(at)


# Several networks ----------------------------------------------------------------------------


@pytest.mark.usefixtures("_three_networks")
def test_networks_answer_side_by_side() -> None:
    at = run(PAGE, classify_mode="Networks", classify_others=SMALL[0])
    picture, main = samples.sample("cat"), at.selectbox(key="classify_network").value
    assert at.multiselect(key="classify_others").value == [SMALL[0]]
    names = [main, SMALL[0]] if main != SMALL[0] else [main]
    found = [bars(element.value) for element in at.get("html") if bars(element.value)]
    assert found[0] == [row for name in names for row in expected_bars(name, picture, 5)]
    text = shown(at)
    for name in names:
        assert f"{facts(name).n_params / 1e6:.1f} million parameters" in text
        first = ask(picture, name).best[0]
        assert f'<td class="">{finely(first.probability)} (no.\u00a01)</td>' in text
    assert "get_model_weights(name).DEFAULT" in script(at)


@pytest.mark.usefixtures("_three_networks")
def test_networks_that_are_ready_come_chosen() -> None:
    at = run(PAGE, classify_mode="Networks")
    main = at.selectbox(key="classify_network").value
    chosen = at.multiselect(key="classify_others").value
    assert sorted([main, *chosen]) == sorted([NAME, *SMALL])
    assert heading(at) in {"3 networks, 3 answers", *(
        f"2 of 3 say {name}" for name in categories(NAME)
    )}  # fmt: skip


def test_a_network_that_is_not_here_is_offered_with_its_size() -> None:
    at = run(PAGE, classify_mode="Networks", classify_others="alexnet")
    assert "alexnet" in at.info[0].value
    assert "244 MB" in at.info[0].value
    assert at.button(key="classify_alexnet_download").label == "Download alexnet"
    assert first_bars(at) == expected_bars(NAME, samples.sample("cat"), 5)


@pytest.mark.usefixtures("_three_networks")
def test_damaged_weights_are_a_sentence_and_the_others_answer() -> None:
    weights.cached_path(SMALL[1]).write_bytes(b"no weights")
    at = run(PAGE, classify_mode="Networks", classify_network=NAME, classify_others=SMALL[1])
    assert "is damaged" in at.error[0].value
    assert first_bars(at) == expected_bars(NAME, samples.sample("cat"), 5)


def test_classes_that_a_network_does_not_know_are_said_so() -> None:
    at = run(PAGE, classify_mode="Networks", classify_others=OWN)
    assert shown(at).count("does not know it") == 6
    assert heading(at) == "2 networks, 2 answers"


# Several pictures ----------------------------------------------------------------------------


def buttons(at: AppTest) -> dict[str, str]:
    return {
        button.key.removeprefix("classify_open_"): button.label
        for button in at.button
        if button.key.startswith("classify_open_")
    }


def test_all_samples_are_asked_about() -> None:
    at = run(PAGE, classify_mode="Pictures")
    found = buttons(at)
    assert list(found) == list(samples.SAMPLES)
    for name in ("cat", "coins"):
        best = ask(samples.sample(name), NAME).best[0]
        assert found[name] == f"{best.category}, {finely(best.probability)}"
    ordered = buttons(run(PAGE, classify_mode="Pictures", classify_pictures_order="surest first"))
    shares = [ask(samples.sample(name), NAME).best[0].probability for name in ordered]
    assert shares == sorted(shares, reverse=True)
    assert sorted(ordered) == sorted(found)


def test_a_picture_of_the_gallery_is_opened() -> None:
    at = run(PAGE, classify_mode="Pictures")
    at.button(key="classify_open_coffee").click().run()
    assert not at.exception
    assert at.selectbox(key="classify_sample").value == "coffee"
    assert first_bars(at) == expected_bars(NAME, samples.sample("coffee"), 5)


def test_digits_are_marked_right_or_wrong() -> None:
    at = run(PAGE, classify_mode="Pictures", classify_network=OWN)
    found = buttons(at)
    assert list(found) == list(digits.SAMPLES)
    right = 0
    for name, label in found.items():
        best = ask(digits.sample_digit(name), OWN).best[0]
        correct = best.index == digits.label_of(name)
        right += correct
        mark = "✓" if correct else "✗"
        assert label == f"{mark} {best.category}, {finely(best.probability)}"
    assert heading(at) == f"{OWN} reads {right} of 40 digits right"
    at.button(key="classify_open_digit-5-4").click().run()
    assert at.selectbox(key="classify_digit").value == "digit-5-4"


def png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def test_own_pictures_stay_until_they_are_forgotten() -> None:
    at = run(PAGE, classify_mode="Pictures", classify_set="My own")
    assert "nobody else can see them" in at.info[0].value
    pictures = [samples.sample("cat"), samples.sample("coffee"), Image.new("RGB", (1, 2000))]
    files = [(f"{i}.png", png(picture), "image/png") for i, picture in enumerate(pictures)]
    at.file_uploader[0].set_value([*files, ("no.png", b"nothing", "image/png")]).run()
    assert not at.exception
    assert [error.value.split(":")[0] for error in at.error] == ["Picture 4", "Picture 3"]
    assert len(buttons(at)) == 2
    opened = list(buttons(at))[1]
    best = buttons(at)[opened]
    at.button(key=f"classify_open_{opened}").click().run()
    assert heading(at) == best
    at.segmented_control(key="classify_mode").set_value("Pictures").run()
    at.segmented_control(key="classify_set").set_value("My own").run()
    assert list(buttons(at).values())[1] == best
    at.button(key="classify_forget_set").click().run()
    assert buttons(at) == {}
    assert "Choose pictures." in at.info[0].value


def test_more_than_eight_pictures_are_too_many() -> None:
    at = run(PAGE, classify_mode="Pictures", classify_set="My own", classify_network=OWN)
    files = [(f"{i}.png", png(digits.sample_digit(f"digit-{i}-1")), "image/png") for i in range(10)]
    at.file_uploader[0].set_value(files).run()
    assert len(buttons(at)) == 8
    assert "8 pictures at most" in at.warning[0].value


# Odd pictures, nothing here ------------------------------------------------------------------


@pytest.mark.parametrize(
    "picture",
    [
        Image.new("RGB", (1, 1), "red"),
        Image.new("RGB", (300, 200), "grey"),
        Image.new("I;16", (50, 40), 30_000),
        Image.new("RGB", (5000, 4000), "navy"),
    ],
    ids=["one pixel", "constant", "16 bits", "huge"],
)
@pytest.mark.parametrize("network", [NAME, OWN])
def test_odd_pictures_are_classified(picture: Image.Image, network: str) -> None:
    at = run(PAGE, classify_picture="Upload", classify_network=network)
    at.file_uploader[0].upload("odd.png", png(picture)).run()
    for part in ("All classes", "Preprocessing", "Temperature", "Flips and crops"):
        at.segmented_control(key="classify_part").set_value(part).run()
        assert not at.exception, (part, at.exception)
        assert not at.error
        assert first_bars(at)


def test_a_thread_of_a_picture_is_refused_in_one_sentence() -> None:
    at = run(PAGE, classify_picture="Upload")
    at.file_uploader[0].upload("thread.png", png(Image.new("RGB", (1, 10_000)))).run()
    assert not at.exception
    assert "cut out a part of it first" in at.error[0].value
    assert view(at, "questions")  # the exercises stay


@pytest.mark.parametrize("mode", ["Nothing", "Networks", "Pictures"])
def test_without_any_weights_the_digit_network_is_there(
    mode: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    at = run(PAGE, classify_mode=mode)
    assert at.selectbox(key="classify_network").value == OWN
    assert not at.error
    assert heading(at)


def test_the_exercises_stay_while_a_picture_is_chosen() -> None:
    assert view(run(PAGE, classify_picture="Upload"), "questions")


# Exercises -----------------------------------------------------------------------------------


def test_the_answers_are_right() -> None:
    answers = [question.answer for question in questions()]
    resized = torchvision.transforms.Resize(256)(Image.new("RGB", (640, 480)))
    assert answers[0] == pytest.approx(100 * (1 - 224**2 / (resized.width * resized.height)))
    assert answers[1] == pytest.approx(100 * torch.tensor([2.0, 1.0]).softmax(0)[0].item())
    assert answers[2] == "The same as before"
    assert answers[3] == pytest.approx(64)
    assert answers[4] == f"Dog, by {5 * 15} %"


def test_no_slip_is_the_answer() -> None:
    for question in questions():
        for slip, _ in question.slips:
            if isinstance(slip, str):
                assert slip in question.options
                assert slip != question.answer
            else:
                assert abs(slip - float(question.answer)) > question.within
