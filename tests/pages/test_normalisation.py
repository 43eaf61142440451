"""The lesson on normalisation: links, numbers, refusals, what the browser gets and tells."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from cnnlab.least_squares import (
    TREATMENTS,
    best_rate,
    generate,
    hessian,
    largest_rate,
    steps_needed,
    treat,
)
from cnnlab.lessons import LESSONS
from cnnlab.ui import norm_lab
from tests.pages.components import components, sent_data
from tests.pages.test_every_page import run
from tests.test_layering import HEAVY, PACKAGE, loaded_by

PAGE = Path(__file__).resolve().parents[2] / "pages" / "normalisation.py"


def opened(**query: str) -> AppTest:
    return run(PAGE, **{f"normalisation_{name}": value for name, value in query.items()})


def sent(at: AppTest, what: str) -> dict[str, Any]:
    """Return what the page sends to one of its components."""
    (data,) = [data for data in sent_data(at) if what in data]
    return data


def shown(at: AppTest) -> str:
    return " ".join(element.value for element in [*at.markdown, *at.get("html"), *at.warning])


def test_it_opens_with_two_bowls() -> None:
    at = opened()
    assert ":blue[55] as they are, :green[2] normalised" in shown(at)
    data = sent(at, "sides")
    assert [side["title"] for side in data["sides"]] == ["As they are", "Normalised"]
    assert [side["reached"] for side in data["sides"]] == [55, 2]
    assert at.error == []


@pytest.mark.parametrize(
    ("query", "texts"),
    [
        ({"ratio": "1000"}, ["3,341,152", "1,451,044"]),
        ({"rule": "share of the largest stable", "share": "1.05"}, [":blue[never there]"]),
        ({"rule": "one number for both", "rate": "0.5"}, [":blue[never there]", ":green[2]"]),
    ],
)
def test_a_link_sets_the_bowls(query: dict[str, str], texts: list[str]) -> None:
    at = opened(**query)
    for text in texts:
        assert text in shown(at), text


@pytest.mark.parametrize("treatment", TREATMENTS)
def test_each_treatment_has_its_own_number_of_steps(treatment: str) -> None:
    problem = treat(generate(ratio=10, offset=1, seed=7), treatment)
    steps = steps_needed(problem, rate=best_rate(hessian(problem)))
    at = opened(treatment=treatment, ratio="10", offset="1", seed="7")
    assert f":green[{steps:,}] normalised" in shown(at)


def test_the_learning_rate_is_a_share_of_the_largest_or_a_number() -> None:
    raw = generate(ratio=4, offset=0.5)
    rates = {"0.35": 0.35 * largest_rate(hessian(raw)), "0.0321": 0.0321}
    links = (
        {"rule": "share of the largest stable", "share": "0.35"},
        {"rule": "one number for both", "rate": "0.0321"},
    )
    for rate, query in zip(rates.values(), links, strict=True):
        steps = steps_needed(raw, rate=rate)
        assert f":blue[{steps:,}] as they are" in shown(opened(**query))


def test_the_table_of_the_lectures() -> None:
    at = opened()
    for text in ("0.22361", "368.95", "(1200 − 505) / 368.95", "1.8837", "−1.34"):
        assert text in shown(at), text
    at = opened(table="1; 2; 6", test="10")
    assert "2.1602" in shown(at)
    assert "(10 − 3) / 2.1602" in shown(at)


def test_a_batch_in_training_and_in_evaluation() -> None:
    train, test = opened(), opened(mode="evaluation")
    for text in ("(1 + 3 + 5 + 7) / 4", "(1 − 4) / √(5 + 0.00001)", "2 · (−1.3416) + 1", "−1.6833"):
        assert text in shown(train), text
    for text in ("20 / 3", "0.9 · 1 + 0.1 · 6.6667", "1.5667"):
        assert text in shown(train), text
    assert "(1 − 0.4) / √(1.5667 + 0.00001)" in shown(test)
    assert "11.546" in shown(test)
    assert "11.546" in shown(train)  # both outputs always stand beside each other


def test_after_many_batches_both_outputs_are_near() -> None:
    at = opened(mode="evaluation", seen="200")
    assert "Running mean r = **4**, running variance v = **6.6667**, after 200 batches" in shown(at)
    none = opened(mode="evaluation", seen="0")
    assert "Running mean r = **0**, running variance v = **1**, after 0 batches" in shown(none)


def test_a_batch_of_one_is_refused_in_training_only() -> None:
    at = opened(batch="3")
    (warning,) = at.warning
    assert "PyTorch refuses to train with one value for each channel" in warning.value
    assert "(3 − 0) / √(1 + 0.00001)" in shown(at)
    assert at.error == []


def test_equal_values_give_beta() -> None:
    assert "(5 − 5) / √(0 + 0.00001)" in shown(opened(batch="5 5 5"))


def test_the_four_boards() -> None:
    data = sent(opened(), "boards")
    assert data["shape"] == [3, 4, 2, 2]
    assert data["cell"] == 24
    words = [board["set_words"][board["sets"][24]].split(" cells")[0] for board in data["boards"]]
    assert words == ["3 · 2 · 2 = 12", "4 · 2 · 2 = 16", "2 · 2 = 4", "2 · 2 · 2 = 8"]
    assert all(len(board["shown"]) == 48 for board in data["boards"])
    out = sent(opened(cells="output"), "boards")
    assert out["boards"][0]["shown"] != data["boards"][0]["shown"]
    assert out["boards"][0]["shown"][24] == "−0.2"


def test_who_feels_a_brighter_picture_is_said() -> None:
    for query in ({}, {"brighter": "50"}):
        text = shown(opened(**query))
        assert "brighter by " + query.get("brighter", "10") in text
        assert "pictures change in: Batch norm. The output" in text
    assert "With one picture" in shown(opened(pictures="1"))


def test_where_a_channel_has_one_place() -> None:
    boards = sent(opened(rows="1", columns="1"), "boards")["boards"]
    assert [bool(board["problem"]) for board in boards] == [False, False, True, False]
    one = sent(opened(rows="1", columns="1", pictures="1"), "boards")["boards"]
    assert [bool(board["problem"]) for board in one] == [True, False, True, False]


def tell(at: AppTest, cell: Any) -> AppTest:
    """Let the page hear what the browser would send."""
    told = {"normalisation_view": {"cell": cell}}

    class State:
        def __getitem__(self, key: str) -> Any:
            return told[key] if key in told else at.session_state[key]

        def __setitem__(self, key: str, value: Any) -> None:
            at.session_state[key] = value

        def get(self, key: str) -> Any:
            return self[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(norm_lab.st, "session_state", State())
        norm_lab._take_cell()
    at.run()
    assert not at.exception
    return at


def test_a_cell_chosen_in_the_browser_is_taken_over() -> None:
    at = tell(opened(), 47)
    assert at.text_input(key="normalisation_cell").value == "3 4 2 2"
    assert sent(at, "boards")["cell"] == 47


@pytest.mark.parametrize("cell", [-1, 48, "3", None, 1.5, [1]])
def test_what_is_no_cell_changes_nothing(cell: Any) -> None:
    assert tell(opened(), cell).text_input(key="normalisation_cell").value == "2 3 1 1"


def test_local_responses_and_their_constants() -> None:
    at = opened(lrn="1 2 3 4 5")
    for text in ("1 / (1 + 1 · (1² + 2²))^0.5", "0.40825", "0.77152"):
        assert text in shown(at), text
    example = at.selectbox(key="normalisation_lrn_example")
    assert example.value == "Strong, to be seen"
    example.set_value("AlexNet's").run()
    assert at.number_input(key="normalisation_lrn_k").value == 2
    assert "1 / (2 + 0.0001 · (1² + 2² + 3²))^0.75" in shown(at)
    at.selectbox(key="normalisation_lrn_example").set_value("PyTorch's").run()
    assert "1 / (1 + 0.0001 / 5 · (1² + 2² + 3²))^0.75" in shown(at)
    at.number_input(key="normalisation_lrn_k").set_value(3.0).run()
    assert at.selectbox(key="normalisation_lrn_example").value == "Own numbers"
    assert not at.exception


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"batch": "1 x"}, "“x” in the batch is no number"),
        ({"batch": "1 2 3 4 5 6 7 8 9"}, "the batch must have 1 to 8 numbers, got 9"),
        ({"batch": "1e308 1"}, "“1e308” in the batch is too large"),
        ({"table": "1,2; 3,4", "test": "x"}, "“x” in the test example is no number"),
        ({"table": "1,2; 3", "test": "1 2"}, "write a point for decimals"),
        ({"table": "1 1; 1 2"}, "column 1 is constant"),
        ({"test": "1"}, "as many numbers as a row, 2, got 1"),
        ({"groups": "3"}, "3 groups cannot share 4 channels equally; these can: 1, 2, 4"),
        ({"cell": "1 1"}, "a cell has four whole numbers"),
        ({"lrn": ""}, ""),
        ({"lrn": "<script>"}, "in the list of responses is no number"),
    ],
)
def test_what_cannot_be_is_said_and_the_rest_of_the_page_stays(
    query: dict[str, str], words: str
) -> None:
    at = opened(**query)
    if words:
        (error,) = at.error
        assert words in error.value
    assert len(components(at)) >= 2


@pytest.mark.parametrize(
    "name", ["ratio", "rule", "offset", "seed", "gamma", "eps", "pictures", "lrn_alpha", "lrn_rule"]
)
@pytest.mark.parametrize("junk", ["", "x", "-99999", "nan"])
def test_a_setting_that_does_not_exist_is_as_usual(name: str, junk: str) -> None:
    at = opened(**{name: junk})
    assert ":blue[55] as they are, :green[2] normalised" in shown(at)
    assert at.error == []


def test_every_try_link_is_taken() -> None:
    (lesson,) = [lesson for lesson in LESSONS if lesson.file == PAGE.name]
    for _, query in lesson.tries:
        at = run(PAGE, **query)
        assert at.error == []
        for key, value in query.items():
            assert str(at.session_state[key]) == value


def test_it_loads_no_torch() -> None:
    code = f"""
from streamlit.testing.v1 import AppTest
at = AppTest.from_file({str(PACKAGE / "ui" / "shell.py")!r}, default_timeout=60).run()
at.switch_page({str(PAGE)!r})
at.run()
assert not at.exception, at.exception
assert at.title[0].value == "Normalisation"
"""
    assert loaded_by(code, *HEAVY, "cnnlab.lessons") == ["cnnlab.lessons"]
