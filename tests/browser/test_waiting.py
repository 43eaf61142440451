"""What people in the queue see, and that those who leave free their place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Server, Visit, start, stop

pytestmark = pytest.mark.browser


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[Server]:
    running = start(tmp_path, script="tests/browser/waiting_app.py", PYTHONPATH=".")
    yield running
    stop(running)


def test_place_in_line_progress_and_leaving(
    visitor: Callable[..., Visit], waiting: Server, tmp_path: Path
) -> None:
    def arrive(name: str) -> Visit:
        visit = visitor(at=waiting)
        visit.page.goto(f"{waiting.url}/?folder={tmp_path}&name={name}")
        return visit

    first = arrive("first")  # this queue has one worker
    expect(first.page.get_by_text("Working: 25\u202f%")).to_be_visible()
    second = arrive("second")
    expect(second.page.get_by_text("Working: 1 job is ahead of you.")).to_be_visible()
    third = arrive("third")
    expect(third.page.get_by_text("Working: 2 jobs are ahead of you.")).to_be_visible()
    with_third = arrive("third")  # the same work again takes no further place
    expect(with_third.page.get_by_text("Working: 2 jobs are ahead of you.")).to_be_visible()

    second.page.context.close()  # leaves while waiting
    expect(third.page.get_by_text("Working: 1 job is ahead of you.")).to_be_visible()
    first.page.context.close()  # leaves while its work is running: the worker is free again
    expect(third.page.get_by_text("Working: 25\u202f%")).to_be_visible()
    (tmp_path / "third").touch()
    expect(third.page.get_by_text("third is done")).to_be_visible()
    expect(with_third.page.get_by_text("third is done")).to_be_visible()
