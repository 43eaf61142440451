"""Exercises that check themselves, on the page of output sizes."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser


def test_a_number_is_checked(arriving: Visit) -> None:
    visit = arriving
    visit.open("/output-size")
    form = visit.page.locator(".quiz form").first
    field, verdict = form.locator("input"), form.locator(".verdict")
    show = form.get_by_role("button", name="Show the answer")
    expect(form).to_contain_text("Exercise 1. AlexNet's paper says")
    visit.settle()
    sent = len(visit.frames)
    for typed in ("", "  ", "%", "many", "0x10", "-", "1e999"):  # no number is no try
        field.fill(typed)
        field.press("Enter")
        expect(verdict).to_have_text("? Write a number, for example 12 or 0.5.")
        expect(show).to_be_hidden()
    for typed, says in (
        ("224", "is 54.25"),
        ("5", "Not yet"),
        ("2,270", "Not yet"),
    ):
        field.fill(typed)
        field.press("Enter")
        expect(verdict).to_contain_text(says)
        expect(verdict).to_have_class("verdict wrong")
        expect(show).to_be_visible()
    for typed in ("227", " 227.0 ", "227,0"):
        field.fill(typed)
        form.get_by_role("button", name="Check").click()
        expect(verdict).to_have_text(
            "✓ Right. (227 − 11) / 4 + 1 = 55. With 224 the formula gives 54.25, which cannot be."
        )
    assert len(visit.frames) == sent  # all of it in the browser
    assert visit.problems == []


@pytest.mark.parametrize(
    ("path", "place", "right", "wrong"),
    [
        (
            "/images-as-tensors",
            0,
            ("691200", "691,200", "691.200", "691 200", "691\u202f200", "691200 %"),
            ("691.2", "691.20", "0.691"),
        ),
        ("/images-as-tensors", 3, ("196.608.000", "196,608,000", "196608000,0"), ("196.608",)),
        ("/pooling", 3, ("25%", "25 %", "25\u202f%", "25,0 %", "50/2"), ("0,250", "25.000.000")),
        ("/occlusion", 3, ("0.25", "0,25", "25 %", "1/4"), ("25", "1/2")),
    ],
)
def test_a_number_is_read_as_people_write_it(
    arriving: Visit, path: str, place: int, right: tuple[str, ...], wrong: tuple[str, ...]
) -> None:
    visit = arriving
    visit.open(path)
    form = visit.page.locator(".quiz form").nth(place)
    field, verdict = form.locator("input"), form.locator(".verdict")
    for given, mark in [*((text, "right") for text in right), *((text, "wrong") for text in wrong)]:
        field.fill("")
        field.press("Enter")
        expect(verdict).to_contain_text("Write a number")
        field.fill(given)
        field.press("Enter")
        expect(verdict).to_have_class(f"verdict {mark}")
        expect(verdict).not_to_contain_text("Write a number")
    assert visit.problems == []


def test_answers_survive_a_reload_and_another_page(arriving: Visit) -> None:
    visit = arriving
    visit.open("/output-size")
    forms = visit.page.locator(".quiz form")
    forms.nth(0).locator("input").fill("227")
    forms.nth(0).locator("input").press("Enter")
    forms.nth(1).locator("input").first.check()
    forms.nth(1).get_by_role("button", name="Check").click()
    forms.nth(2).locator("input").fill("3")
    forms.nth(2).locator("input").press("Enter")

    def are_there() -> None:
        expect(forms.nth(0).locator("input")).to_have_value("227")
        expect(forms.nth(0).locator(".verdict")).to_contain_text("✓ Right.")
        expect(forms.nth(1).locator("input").first).to_be_checked()
        expect(forms.nth(1).locator(".verdict")).to_contain_text("✕")
        expect(forms.nth(2).locator("input")).to_have_value("3")

    visit.open("/output-size")
    are_there()
    expect(forms.nth(2).locator(".verdict")).to_contain_text("✕")
    forms.nth(2).get_by_role("button", name="Show the answer").click()
    visit.open("/pooling")
    expect(forms.first.locator(".verdict")).to_be_empty()
    visit.open("/output-size")
    are_there()
    expect(forms.nth(2).locator(".verdict")).to_contain_text("The answer: 11.5017.")
    expect(forms.nth(2).get_by_role("button", name="Show the answer")).to_be_hidden()
    assert visit.problems == []


def test_exercises_work_where_storage_is_blocked(arriving: Visit) -> None:
    visit = arriving
    visit.page.add_init_script(
        "for (const name of ['getItem', 'setItem'])"
        " { const own = Storage.prototype[name];"
        " Storage.prototype[name] = function (key, ...rest) {"
        " if (String(key).startsWith('cnnlab-quiz')) throw new DOMException('blocked');"
        " return own.call(this, key, ...rest); }; }"
    )
    visit.open("/output-size")
    form = visit.page.locator(".quiz form").first
    form.locator("input").fill("227")
    form.locator("input").press("Enter")
    expect(form.locator(".verdict")).to_contain_text("✓ Right.")
    assert visit.problems == []


def test_an_option_is_checked_by_keyboard(arriving: Visit) -> None:
    visit = arriving
    visit.open("/output-size")
    form = visit.page.locator(".quiz form").nth(1)
    verdict = form.locator(".verdict")
    form.get_by_role("button", name="Check").press("Enter")
    expect(verdict).to_contain_text("Choose one")
    form.locator("input").first.focus()
    visit.page.keyboard.press("Space")
    visit.page.keyboard.press("Enter")
    expect(verdict).to_contain_text("Not yet")
    visit.page.keyboard.press("ArrowDown")
    visit.page.keyboard.press("Enter")
    expect(verdict).to_contain_text("✓ Right.")
    expect(verdict).to_contain_text("462 million")


def test_the_answer_is_shown_after_a_try(arriving: Visit) -> None:
    visit = arriving
    visit.open("/output-size")
    form = visit.page.locator(".quiz form").nth(2)
    show = form.get_by_role("button", name="Show the answer")
    expect(show).to_be_hidden()
    form.locator("input").fill("11,1")
    form.locator("input").press("Enter")
    expect(form.locator(".verdict")).to_contain_text("That is 1/9 alone")
    show.click()
    expect(form.locator(".verdict")).to_contain_text("The answer: 11.5017.")
    expect(show).to_be_hidden()
    assert visit.problems == []
