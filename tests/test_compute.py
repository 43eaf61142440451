"""The work queue: how much runs at once, who waits, who leaves, and what is remembered.

Nothing here sleeps to let something happen: each test holds its jobs with events and so decides
itself what runs when.
"""

import gc
import subprocess
import sys
import threading
import traceback
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from cnnlab import compute
from cnnlab.checks import InputError
from cnnlab.compute import BusyError, Cancelled, Ticket, WorkQueue

SOON = 10.0  # seconds; only a test that fails waits that long


class Gate:
    """A job that says when it runs and ends when it is told to."""

    def __init__(self, value: object = None) -> None:
        self.value = value
        self.entered, self.open = threading.Event(), threading.Event()
        self.runs = 0

    def __call__(self) -> object:
        self.runs += 1
        self.entered.set()
        assert self.open.wait(SOON)
        if isinstance(self.value, BaseException):
            raise self.value
        return self.value


def end_with_progress(gate: Gate) -> Callable[[], object]:
    """Return a job that, once the gate opens, asks whether anyone still waits."""

    def work() -> object:
        value = gate()
        compute.progress(0.5)
        return value

    return work


@pytest.fixture
def make() -> Iterator[Callable[..., WorkQueue]]:
    """Make queues that are closed after the test; no worker may be left over."""
    queues: list[WorkQueue] = []

    def make(workers: int = 1, capacity: int = 100, **settings: object) -> WorkQueue:
        queues.append(WorkQueue(workers=workers, capacity=capacity, **settings))
        return queues[-1]

    yield make
    for queue in queues:
        queue.shutdown()
        for thread in queue._threads:
            thread.join(SOON)
            assert not thread.is_alive()


def idle(queue: WorkQueue) -> None:
    """Wait until the workers have put everything down, by a job that runs after it."""
    queue.submit(object(), lambda: None).result()


def done(ticket: Ticket) -> object:
    """Return the result; fail instead of hanging."""
    assert ticket.wait(SOON)
    return ticket.result()


# Results -------------------------------------------------------------------------------------


def test_the_result_comes_back(make):
    with make().submit("sum", lambda: 1 + 1) as ticket:
        assert done(ticket) == 2
        assert ticket.started
        assert ticket.ahead() == 0


def test_a_result_of_none_is_a_result(make):
    assert done(make(remember=1).submit("none", lambda: None)) is None


def test_wait_says_whether_the_result_is_there(make):
    gate = Gate()
    ticket = make().submit("gate", gate)
    assert gate.entered.wait(SOON)
    assert not ticket.wait(0)
    gate.open.set()
    assert ticket.wait(SOON)


def test_workers_start_only_when_there_is_work(make):
    queue = make(workers=3)
    assert queue._threads == []
    done(queue.submit("one", lambda: None))
    assert len(queue._threads) == 1


# How much runs at once, and in which order ---------------------------------------------------


def test_no_more_jobs_run_at_once_than_there_are_workers(make):
    queue = make(workers=3)
    lock, together = threading.Lock(), threading.Barrier(3)
    running, most = 0, 0

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        together.wait(SOON)  # passes only while three run at once
        with lock:
            running -= 1

    def person(number: int) -> None:
        with queue.submit(number, work) as ticket:
            done(ticket)

    with ThreadPoolExecutor(48) as people:  # 48 = 16 × 3: the last barrier is full too
        list(people.map(person, range(48)))
    assert most == 3
    assert len(queue._threads) == 3


def test_fifty_people_at_once_each_get_their_own_answer(make):
    queue = make(workers=2)
    start = threading.Barrier(50)

    def person(number: int) -> object:
        start.wait(SOON)
        with queue.submit(number % 10, lambda: number % 10) as ticket:
            return done(ticket)

    with ThreadPoolExecutor(50) as people:
        assert list(people.map(person, range(50))) == [number % 10 for number in range(50)]
    assert not queue._open
    assert not queue._line


def test_jobs_run_in_the_order_in_which_they_came(make):
    queue, order, first = make(), [], Gate()
    queue.submit("first", first)
    tickets = [queue.submit(n, lambda n=n: order.append(n)) for n in range(20)]
    assert order == []
    first.open.set()
    for ticket in tickets:
        done(ticket)
    assert order == list(range(20))


def test_the_place_in_line_counts_down_to_zero(make):
    queue = make(workers=2)
    gates = [Gate() for _ in range(5)]
    tickets = [queue.submit(n, gate) for n, gate in enumerate(gates)]
    for gate in gates[:2]:
        assert gate.entered.wait(SOON)
    assert [ticket.ahead() for ticket in tickets] == [0, 0, 2, 3, 4]
    assert [ticket.started for ticket in tickets] == [True, True, False, False, False]
    for n in range(3):
        gates[n].open.set()
        done(tickets[n])
        assert gates[n + 2].entered.wait(SOON)
        assert [ticket.ahead() for ticket in tickets[n + 2 :]] == [0, 2, 3, 4][: 3 - n]
    for gate in gates:
        gate.open.set()


def test_a_finished_job_is_no_longer_ahead_of_anyone(make):
    # From the moment the result is there, and not only once the worker has moved on.
    queue, gate = make(), Gate()
    first = queue.submit("first", gate)
    assert gate.entered.wait(SOON)
    second = queue.submit("second", lambda: None)
    assert second.ahead() == 1
    seen = []
    really = first._job.finished.set
    first._job.finished.set = lambda: seen.append(second.ahead()) or really()
    gate.open.set()
    done(second)
    assert seen == [0]


# A full line ---------------------------------------------------------------------------------


def test_a_full_line_refuses_with_words_that_a_page_may_show(make):
    queue, gate = make(workers=1, capacity=2), Gate()
    queue.submit("runs", gate)
    assert gate.entered.wait(SOON)
    waiting = [queue.submit(n, lambda: None) for n in range(2)]
    words = r"^All workers are busy and the line of 2 is full\. Try again in a minute\.$"
    with pytest.raises(BusyError, match=words) as caught:
        queue.submit("one too many", lambda: None)
    assert isinstance(caught.value, InputError)
    joined = queue.submit(1, lambda: None)  # whoever joins a job takes no place
    gate.open.set()
    for ticket in [*waiting, joined]:
        done(ticket)


def test_a_free_worker_is_never_refused_however_fast_jobs_come(make):
    # Right after `submit` the job still stands in line, though a worker is about to take it.
    for _ in range(20):
        gates = [Gate() for _ in range(4)]
        queue = make(workers=3, capacity=1)
        tickets = [queue.submit(n, gate) for n, gate in enumerate(gates)]
        with pytest.raises(BusyError, match="the line of 1 is full"):
            queue.submit("one too many", lambda: None)
        for gate in gates:
            gate.open.set()
        for ticket in tickets:
            done(ticket)


def test_a_line_of_none_still_uses_the_workers(make):
    queue, gate = make(workers=1, capacity=0), Gate("done")
    ticket = queue.submit("runs", gate)
    with pytest.raises(BusyError, match="the line of 0 is full"):
        queue.submit("waits", lambda: None)
    gate.open.set()
    assert done(ticket) == "done"
    assert done(queue.submit("next", lambda: "next")) == "next"


# Equal jobs ----------------------------------------------------------------------------------


def test_equal_jobs_run_once_and_share_the_result(make):
    queue, gate = make(workers=2), Gate(object())
    start = threading.Barrier(40)

    def person(number: int) -> object:
        start.wait(SOON)
        with queue.submit(("classify", "cat"), gate) as ticket:
            joined.release()
            return done(ticket)

    joined = threading.Semaphore(0)
    with ThreadPoolExecutor(40) as people:
        answers = people.map(person, range(40))
        for _ in range(40):
            assert joined.acquire(timeout=SOON)
        gate.open.set()
        assert {id(answer) for answer in answers} == {id(gate.value)}
    assert gate.runs == 1


def test_equal_jobs_share_the_exception(make):
    queue, gate = make(), Gate(InputError("no such class"))
    tickets = [queue.submit("key", gate) for _ in range(3)]
    gate.open.set()
    for ticket in tickets:
        with pytest.raises(InputError, match=r"^no such class$"):
            done(ticket)
    assert gate.runs == 1


def test_each_reader_sees_where_the_job_failed_and_no_other_reader(make):
    def deep() -> None:
        raise ZeroDivisionError("a bug")

    with make().submit("key", lambda: deep()) as ticket:
        for _ in range(3):
            with pytest.raises(ZeroDivisionError, match="a bug") as caught:
                done(ticket)
            names = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
            assert names.count("result") == 1
            assert names[-1] == "deep"


# Leaving -------------------------------------------------------------------------------------


def test_leaving_the_line_frees_the_place_and_the_job_never_runs(make):
    queue, first, left = make(workers=1, capacity=1), Gate(), Gate()
    queue.submit("first", first)
    assert first.entered.wait(SOON)
    with queue.submit("left", left) as ticket:
        assert ticket.ahead() == 1
    after = queue.submit("after", lambda: "after")  # would be refused if the place were taken
    first.open.set()
    assert done(after) == "after"
    assert left.runs == 0
    with pytest.raises(Cancelled):
        done(ticket)


def test_those_behind_move_up_when_someone_leaves(make):
    queue, first = make(), Gate()
    queue.submit("first", first)
    assert first.entered.wait(SOON)
    second, third = (queue.submit(n, lambda: None) for n in (2, 3))
    assert third.ahead() == 2
    second.leave()
    assert third.ahead() == 1
    first.open.set()
    done(third)


def test_a_running_job_that_nobody_waits_for_is_stopped_by_its_next_progress(make):
    queue, gate, reached = make(), Gate(), []

    def work() -> None:
        gate()
        compute.progress(0.5)
        reached.append("the end")

    with queue.submit("key", work) as ticket:
        assert gate.entered.wait(SOON)
    gate.open.set()
    with pytest.raises(Cancelled):
        done(ticket)
    assert reached == []


def test_a_job_goes_on_while_one_of_many_still_waits(make):
    queue, gate = make(), Gate("kept")
    stays, leaves = (queue.submit("key", end_with_progress(gate)) for _ in range(2))
    assert gate.entered.wait(SOON)
    leaves.leave()
    gate.open.set()
    assert done(stays) == "kept"


def test_a_waiting_job_stays_in_line_while_one_of_many_still_waits(make):
    queue, first = make(), Gate()
    queue.submit("first", first)
    stays, leaves = (queue.submit("key", lambda: "kept") for _ in range(2))
    leaves.leave()
    first.open.set()
    assert done(stays) == "kept"


def test_leaving_twice_counts_once(make):
    queue, gate = make(), Gate("kept")
    stays, leaves = (queue.submit("key", end_with_progress(gate)) for _ in range(2))
    assert gate.entered.wait(SOON)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: leaves.leave(), range(8)))
    gate.open.set()
    assert done(stays) == "kept"


def test_leaving_after_the_end_keeps_the_result(make):
    ticket = make().submit("key", lambda: "kept")
    assert done(ticket) == "kept"
    ticket.leave()
    assert done(ticket) == "kept"


def test_who_asks_after_everyone_left_gets_a_new_job(make):
    queue, old, new = make(workers=2, remember=2), Gate("old"), Gate("new")
    with queue.submit("key", end_with_progress(old)):
        assert old.entered.wait(SOON)
    ticket = queue.submit("key", end_with_progress(new))
    assert new.entered.wait(SOON)
    old.open.set()  # the old job ends while the new one runs, and must not take its place
    idle(queue)
    joined = queue.submit("key", lambda: "a third")
    new.open.set()
    assert (done(ticket), done(joined)) == ("new", "new")


def test_a_job_left_while_the_worker_gets_ready_never_runs(make):
    entered, ready = threading.Event(), threading.Event()

    def on_start() -> None:
        entered.set()
        assert ready.wait(SOON)

    queue, ran = make(on_start=on_start), []
    with queue.submit("key", lambda: ran.append("run")) as ticket:
        assert entered.wait(SOON)
        assert ticket.started
    ready.set()
    idle(queue)
    assert ran == []


def test_people_who_come_and_go_at_random_leave_nothing_behind(make):
    queue = make(workers=2, capacity=3, remember=2)
    wrong: list[object] = []

    def person(number: int) -> None:
        for turn in range(30):
            key = (number + turn) % 5

            def work(key: int = key) -> int:
                compute.progress(0.1)
                compute.progress(0.9)
                return key

            try:
                with queue.submit(key, work) as ticket:
                    if (number + turn) % 3 and done(ticket) != key:
                        wrong.append(key)
            except BusyError:
                pass

    with ThreadPoolExecutor(20) as people:
        list(people.map(person, range(20)))
    idle(queue)
    assert wrong == []
    assert not queue._line
    assert not queue._open
    assert len(queue._done) == 2


# Memory --------------------------------------------------------------------------------------


def test_a_remembered_result_is_not_computed_again(make):
    queue, gate = make(remember=1), Gate("kept")
    gate.open.set()
    with queue.submit("key", gate) as ticket:
        done(ticket)
    with queue.submit("key", gate) as again:
        assert again.wait(0)
        assert again.result() == "kept"
        assert again.ahead() == 0
    assert gate.runs == 1


def test_without_memory_every_job_runs_again(make):
    queue, gate = make(remember=0), Gate()
    gate.open.set()
    for _ in range(2):
        done(queue.submit("key", gate))
    assert gate.runs == 2


def test_the_result_that_was_asked_for_longest_ago_is_forgotten_first(make):
    queue, runs = make(remember=2), []

    def ask(key: str) -> None:
        with queue.submit(key, lambda: runs.append(key)) as ticket:
            done(ticket)

    for key in ("a", "b", "a", "c", "a", "b"):  # when "c" comes, "b" goes: "a" was asked again
        ask(key)
    assert runs == ["a", "b", "c", "b"]
    assert len(queue._done) == 2


def test_failed_jobs_are_not_remembered(make):
    queue, gate = make(remember=5), Gate(InputError("no network"))
    gate.open.set()
    with pytest.raises(InputError, match="no network"):
        done(queue.submit("key", gate))
    gate.value = "it is back"
    assert done(queue.submit("key", gate)) == "it is back"


class Photograph:
    """Something large that somebody uploaded."""


def job_with(photograph: Photograph, end: Callable[[Photograph], object]) -> Callable[[], object]:
    return lambda: end(photograph)


def refuse(photograph: Photograph) -> None:
    raise InputError("not a cat")


def test_a_remembered_result_lets_go_of_the_pictures_of_its_job(make):
    queue, photograph = make(remember=1), Photograph()
    gone = weakref.ref(photograph)
    ticket = queue.submit("key", job_with(photograph, lambda _: "cat"))
    assert done(ticket) == "cat"
    del photograph
    idle(queue)  # the worker has moved on
    assert gone() is None


@pytest.mark.parametrize("end", [lambda photograph: photograph, refuse], ids=["result", "error"])
def test_an_idle_worker_holds_nothing_that_was_forgotten(make, end):
    queue, photograph = make(remember=0), Photograph()
    gone = weakref.ref(photograph)
    ticket = queue.submit("key", job_with(photograph, end))
    assert ticket.wait(SOON)
    # No other job comes: the worker must let go by itself. It needs the lock once more for that,
    # to look at the line; whoever has seen it wait there knows that it has put all down.
    waits = threading.Event()
    with queue._lock:
        really = queue._lock.wait
        queue._lock.wait = lambda: waits.set() or really()
        queue._lock.notify_all()
    assert waits.wait(SOON)
    del ticket, photograph
    gc.collect()
    assert gone() is None


# Progress ------------------------------------------------------------------------------------


def test_progress_is_seen_by_everyone_who_waits(make):
    queue, steps, seen = make(), [Gate(), Gate()], []

    def work() -> None:
        for fraction, step in zip((0.25, 7.0), steps, strict=True):
            compute.progress(fraction)
            step()

    tickets = [queue.submit("key", work) for _ in range(2)]
    for step in steps:
        assert step.entered.wait(SOON)
        seen.append([ticket.fraction for ticket in tickets])
        step.open.set()
    for ticket in tickets:
        done(ticket)
    assert seen == [[0.25, 0.25], [1.0, 1.0]]


def test_progress_in_a_part_counts_for_that_part(make):
    queue, steps, seen = make(), [Gate(), Gate(), Gate()], []

    def work() -> None:
        with compute.part(0.5, 1.0):
            steps[0]()
            with compute.part(0.5, 1.0):
                compute.progress(0.5)
                steps[1]()
        compute.progress(0.25)
        steps[2]()

    ticket = queue.submit("key", work)
    for step in steps:
        assert step.entered.wait(SOON)
        seen.append(ticket.fraction)
        step.open.set()
    done(ticket)
    assert seen == [0.5, 0.875, 0.25]


def test_a_job_that_says_nothing_has_no_fraction(make):
    ticket = make().submit("key", lambda: None)
    done(ticket)
    assert ticket.fraction is None


def test_outside_a_job_progress_does_nothing():
    compute.progress(0.5)


def test_each_worker_tells_the_progress_of_its_own_job(make):
    queue, gates = make(workers=2), [Gate(), Gate()]

    def work(number: int) -> Callable[[], None]:
        def run() -> None:
            compute.progress(number / 10)
            gates[number]()

        return run

    tickets = [queue.submit(n, work(n)) for n in range(2)]
    for gate in gates:
        assert gate.entered.wait(SOON)
    assert [ticket.fraction for ticket in tickets] == [0.0, 0.1]
    for gate in gates:
        gate.open.set()


# What goes wrong -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error", [ValueError("a bug"), SystemExit(3), KeyboardInterrupt(), Cancelled(), MemoryError()]
)
def test_a_worker_survives_whatever_a_job_raises(make, error):
    queue, gate = make(workers=1), Gate(error)
    gate.open.set()
    with pytest.raises(type(error)) as caught:
        done(queue.submit("fails", gate))
    assert caught.value is error
    assert done(queue.submit("next", lambda: "next")) == "next"
    assert len(queue._threads) == 1


def test_a_start_that_fails_reaches_the_waiter_and_is_tried_again(make):
    calls = []

    def on_start() -> None:
        calls.append(threading.current_thread())
        if len(calls) == 1:
            raise OSError("libtorch.so is broken")

    queue, ran = make(on_start=on_start), []
    with pytest.raises(OSError, match=r"libtorch\.so is broken"):
        done(queue.submit("first", lambda: ran.append("first")))
    assert done(queue.submit("second", lambda: "second")) == "second"
    assert done(queue.submit("third", lambda: "third")) == "third"
    assert ran == []
    assert len(calls) == 2


def test_every_worker_starts_once_in_its_own_thread(make):
    starts, gates = [], [Gate(), Gate()]
    queue = make(workers=2, on_start=lambda: starts.append(threading.current_thread().name))
    for turn in range(2):
        tickets = [queue.submit((turn, n), gate) for n, gate in enumerate(gates)]
        for gate in gates:
            assert gate.entered.wait(SOON)
        for gate in gates:
            gate.open.set()
        for ticket in tickets:
            done(ticket)
    assert sorted(starts) == ["cnnlab-worker-0", "cnnlab-worker-1"]


def test_a_thread_that_cannot_start_promises_nothing(make, monkeypatch):
    queue = make(capacity=1)

    def no_thread(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as broken:
        broken.setattr(threading.Thread, "start", no_thread)
        for _ in range(5):
            with pytest.raises(RuntimeError, match="can't start new thread"):
                queue.submit("key", lambda: None)
    assert done(queue.submit("key", lambda: "later")) == "later"


def test_a_key_that_cannot_be_one_is_a_bug_and_takes_no_place(make):
    queue = make(capacity=1)
    for _ in range(5):
        with pytest.raises(TypeError, match="unhashable"):
            queue.submit(["list"], lambda: None)  # type: ignore[arg-type]
    assert done(queue.submit("key", lambda: "fine")) == "fine"


# The end -------------------------------------------------------------------------------------


def test_shutdown_wakes_everyone_who_waits(make):
    queue, gate = make(), Gate("too late")
    tickets = [queue.submit("runs", gate), queue.submit("waits", lambda: None)]
    assert gate.entered.wait(SOON)
    with ThreadPoolExecutor(2) as people:
        answers = [people.submit(ticket.result) for ticket in tickets]
        queue.shutdown()
        for answer in answers:  # the job still runs: nobody has to wait for it
            assert isinstance(answer.exception(SOON), Cancelled)
    gate.open.set()
    queue._threads[0].join(SOON)
    for ticket in tickets:
        with pytest.raises(Cancelled):
            ticket.result()


def test_shutdown_stops_a_running_job_at_its_next_progress(make):
    queue, gate, reached = make(), Gate(), []

    def work() -> None:
        gate()
        compute.progress(0.5)
        reached.append("the end")

    queue.submit("key", work)
    assert gate.entered.wait(SOON)
    queue.shutdown()
    gate.open.set()
    queue._threads[0].join(SOON)
    assert reached == []


def test_a_closed_queue_takes_nothing_more(make):
    queue = make(remember=1)
    done(queue.submit("known", lambda: None))
    queue.shutdown()
    queue.shutdown()
    for key in ("known", "new"):
        with pytest.raises(BusyError, match=r"^The server is stopping\. Start it again"):
            queue.submit(key, lambda: None)


# The queues of the process -------------------------------------------------------------------


@pytest.fixture
def fresh() -> Iterator[None]:
    compute.shutdown()
    yield
    compute.shutdown()


@pytest.mark.usefixtures("fresh")
def test_everyone_gets_the_same_queue_until_it_is_closed():
    with ThreadPoolExecutor(20) as people:
        queues = set(people.map(lambda _: compute.shared_queue(), range(20)))
    (queue,) = queues
    assert compute.shared_queue("downloads") is not queue
    compute.shutdown()
    assert compute.shared_queue() is not queue
    with pytest.raises(BusyError, match="The server is stopping"):
        queue.submit("key", lambda: None)


@pytest.mark.usefixtures("fresh")
def test_downloads_come_one_after_the_other_and_are_not_remembered():
    queue = compute.shared_queue("downloads")
    assert (queue.workers, queue.remember) == (1, 0)
    assert queue._on_start is None


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize("cores", [1, 2, 3, 4, 5, 7, 8, 16, 64])
def test_workers_share_the_cores(monkeypatch, cores):
    import torch

    before = torch.get_num_threads()
    monkeypatch.setattr(compute, "_cores", lambda: cores)
    queue = compute.shared_queue()
    threads, together = [], threading.Barrier(queue.workers)

    def work() -> None:
        threads.append(torch.get_num_threads())
        together.wait(SOON)  # so that each worker has one of the jobs

    try:
        for ticket in [queue.submit(n, work) for n in range(queue.workers)]:
            done(ticket)
    finally:
        torch.set_num_threads(before)
    assert 1 <= queue.workers <= 4
    assert min(threads) >= 1
    assert sum(threads) <= max(1, cores - 1)  # one core stays free for server and browser
    assert sum(threads) >= cores - 1 - (queue.workers - 1)  # and no more than that lies idle


def test_the_number_of_cores_is_what_this_process_may_use():
    assert compute._cores() >= 1


def test_importing_the_queue_loads_no_torch():
    code = "import sys, cnnlab.compute; print('torch' in sys.modules, 'numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
