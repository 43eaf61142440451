"""A class at work: every answer is right, and everybody's own."""

from pathlib import Path

import pytest

from bench.classroom import Classroom, attend, home_of_a_class
from tests.browser.conftest import start, stop
from tests.real_weights import needs_weights

LEARNERS, CHANGES = 10, 4

pytestmark = pytest.mark.slow


@needs_weights("squeezenet1_0")
def test_a_class_gets_right_answers_and_everybody_their_own(
    tmp_path: Path, torch_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(torch_home))  # put back at the end
    home = home_of_a_class(tmp_path, torch_home)
    room = Classroom(LEARNERS)
    own = {room.right["squeezenet1_0", learner] for learner in range(LEARNERS)}
    assert len(own) == LEARNERS  # a mix-up would be seen
    running = start(tmp_path, home)
    try:
        seen = attend(running.url, room, learners=LEARNERS, changes=CHANGES)
    finally:
        stop(running)
    assert len(seen) == LEARNERS * CHANGES
    assert [one for one in seen if not one.is_right] == []
