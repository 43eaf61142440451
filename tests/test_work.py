"""Work that a page hands to the queue: whose result it is, and how long it stays."""

import gc
import weakref
from collections.abc import Callable, Iterator

import pytest
from streamlit.testing.v1 import AppTest

from cnnlab import compute
from cnnlab.memory import Recent


class Result:
    """Something large that a network said of a picture."""


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Give queues that remember nothing yet."""
    compute.shutdown()
    yield
    compute.shutdown()


def page(work, own):
    import streamlit as st

    from cnnlab.ui import work as ui

    if st.button("Forget"):
        ui.forget_own_results()
        st.stop()
    result = ui.in_queue("key", work, label="Working", line="downloads", own=own)
    st.text(type(result).__name__)


class Learner:
    """A session of the page."""

    def __init__(self, work: Callable[[], object], *, own: bool) -> None:
        self.app = AppTest.from_function(page, kwargs={"work": work, "own": own}).run()
        assert not self.app.exception

    def run(self) -> None:
        self.app.run()
        assert not self.app.exception
        assert self.app.text[0].value == "Result"

    def forget(self) -> None:
        self.app.button[0].click().run()
        assert not self.app.exception


def counting(runs: list[weakref.ref[Result]]) -> Callable[[], Result]:
    def work() -> Result:
        result = Result()
        runs.append(weakref.ref(result))
        return result

    return work


@pytest.fixture
def remembering(monkeypatch: pytest.MonkeyPatch) -> compute.WorkQueue:
    """Make the queue used here remember results, as that of the networks does."""
    queue = compute.shared_queue("downloads")
    monkeypatch.setattr(queue, "remember", 64)
    monkeypatch.setattr(queue, "_done", Recent(count=64, n_bytes=2**20))
    return queue


def test_what_comes_from_a_sample_is_computed_once_for_everybody(remembering):
    runs: list[weakref.ref[Result]] = []
    for _ in range(3):
        Learner(counting(runs), own=False).run()
    assert len(runs) == 1
    assert remembering._done.get("key") is not None


def test_what_comes_from_an_own_picture_is_computed_once_for_its_learner(remembering):
    runs: list[weakref.ref[Result]] = []
    learners = [Learner(counting(runs), own=True) for _ in range(3)]
    for learner in learners:
        learner.run()
        learner.run()
    assert len(runs) == 3
    assert len(remembering._done) == 0


def test_an_own_result_goes_when_it_is_forgotten():
    runs: list[weakref.ref[Result]] = []
    learner, other = (Learner(counting(runs), own=True) for _ in range(2))
    gc.collect()
    assert all(result() is not None for result in runs)  # each session keeps its own
    learner.forget()
    gc.collect()
    assert runs[0]() is None
    assert runs[1]() is not None  # the other's stays
    learner.run()
    other.run()
    assert len(runs) == 3


def test_an_own_result_goes_with_its_session():
    runs: list[weakref.ref[Result]] = []
    learner = Learner(counting(runs), own=True)
    gc.collect()
    assert runs[0]() is not None
    del learner
    gc.collect()
    assert runs[0]() is None


def test_a_shared_result_is_not_taken_for_an_own_picture(remembering):
    """A learner may upload the very pixels of a sample: the session is told nothing of others."""
    runs: list[weakref.ref[Result]] = []
    Learner(counting(runs), own=False)
    Learner(counting(runs), own=True)
    assert len(runs) == 2


def test_a_session_keeps_a_bounded_number_of_own_results():
    def many(n: int) -> None:
        import streamlit as st

        from cnnlab.ui import work

        for number in range(n):
            work.in_queue(number, lambda: bytes(10**6), label="", line="downloads", own=True)
        kept = st.session_state[work._MINE]
        st.text(f"{len(kept)} {kept.used_bytes <= kept.n_bytes} {kept.n_bytes}")

    app = AppTest.from_function(many, kwargs={"n": 60}).run()
    assert not app.exception
    count, within, most = app.text[0].value.split()
    assert int(count) <= 24
    assert within == "True"
    assert int(most) <= 32 * 2**20  # forty learners: 1.3 GB at the very most
