"""The one bounded queue through which anything heavy runs.

A class of 40 on one laptop must not start 40 networks at once. So every forward or backward pass
is a job in one process-wide queue: a few workers (by cores), a bounded line, a place in the line
that can be told, progress, and a way to leave. Equal jobs run once: forty people who open the
same link share one result.

The queue is also why results stay right: a worker's thread count is set when it starts, so that
workers share the cores instead of fighting for them.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections import deque
from collections.abc import Callable, Hashable, Iterator
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Generic, TypeVar

from cnnlab.checks import InputError
from cnnlab.memory import Recent, size_of

__all__ = [
    "BusyError",
    "Cancelled",
    "Ticket",
    "WorkQueue",
    "part",
    "progress",
    "shared_queue",
    "shutdown",
]

T = TypeVar("T")


class BusyError(InputError):
    """The line is full; the message says so and what to do."""


class Cancelled(Exception):
    """Everyone who waited for this job has left, or the queue was shut down."""


class _Job:
    """One piece of work and the people who wait for it."""

    def __init__(self, key: Hashable, function: Callable[[], Any], *, keep: bool) -> None:
        self.key, self.function, self.keep = key, function, keep
        self.waiting = 0  # how many tickets are out
        self.fraction: float | None = None
        self.cancelled = False
        self.finished = threading.Event()
        self.value: Any = None
        self.error: BaseException | None = None
        self.traceback: TracebackType | None = None


_running: ContextVar[_Job | None] = ContextVar("_running", default=None)
_part: ContextVar[tuple[float, float]] = ContextVar("_part", default=(0.0, 1.0))


def progress(fraction: float) -> None:
    """Say from inside a job how much of it is done; stop the job if nobody waits any more.

    Outside a job this does nothing, so a function that calls it also works in a notebook.

    Parameters
    ----------
    fraction : float
        Between 0 and 1.

    Raises
    ------
    Cancelled
        If everyone who waited for the job has left.
    """
    job = _running.get()
    if job is None:
        return
    if job.cancelled:
        raise Cancelled
    low, high = _part.get()
    job.fraction = low + (high - low) * min(max(fraction, 0.0), 1.0)


@contextlib.contextmanager
def part(low: float, high: float) -> Iterator[None]:
    """Let what `progress` tells in this block count for a part of the job only.

    Parameters
    ----------
    low, high : float
        Where the part begins and ends, between 0 and 1; parts within parts are parts of them.

    Raises
    ------
    Cancelled
        If everyone who waited for the job has left.

    Examples
    --------
    >>> with part(0.5, 1.0):
    ...     progress(0.5)  # three quarters of the job are done
    """
    progress(low)
    start, end = _part.get()
    token = _part.set((start + (end - start) * low, start + (end - start) * high))
    try:
        yield
    finally:
        _part.reset(token)


class Ticket(Generic[T]):
    """One person's place in the line; leaving the ``with`` block gives it back.

    Several tickets may stand for the same job.
    """

    def __init__(self, queue: WorkQueue, job: _Job) -> None:
        self._queue, self._job = queue, job
        self._left = False

    def __enter__(self) -> Ticket[T]:
        """Return the ticket itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave the line."""
        self.leave()

    def wait(self, seconds: float) -> bool:
        """Wait up to `seconds` for the result; return whether it is there."""
        return self._job.finished.wait(seconds)

    def ahead(self) -> int:
        """Return how many jobs come first, running ones included; 0 once this one runs."""
        return self._queue._ahead(self._job)

    @property
    def started(self) -> bool:
        """Whether a worker has taken the job."""
        return self._queue._has_started(self._job)

    @property
    def fraction(self) -> float | None:
        """How much is done, between 0 and 1; None if the job does not say."""
        return self._job.fraction

    def result(self) -> T:
        """Return what the job computed, or raise what it raised; waits if need be.

        Raises
        ------
        Cancelled
            If the job was given up before it was done.
        """
        self._job.finished.wait()
        if self._job.error is not None:
            # Several threads may raise the same error, and each raise would lengthen its
            # traceback: every reader starts at the place in the job where it happened.
            raise self._job.error.with_traceback(self._job.traceback)
        value: T = self._job.value
        return value

    def leave(self) -> None:
        """Give the place back; a job that nobody waits for is given up."""
        with self._queue._lock:
            if not self._left:
                self._left = True
                self._queue._leave(self._job)


class WorkQueue:
    """A few workers and one bounded line.

    Parameters
    ----------
    workers : int
        How many jobs run at once.
    capacity : int
        How many may wait; one more is refused with `BusyError`.
    remember : int
        How many finished results are kept, so that an equal job need not run again.
    remember_bytes : int
        How much memory they may take together.
    on_start : callable, optional
        Called once in each worker's thread before its first job.
    """

    def __init__(
        self,
        *,
        workers: int,
        capacity: int,
        remember: int = 0,
        remember_bytes: int = 2**28,
        on_start: Callable[[], None] | None = None,
    ) -> None:
        self.workers, self.capacity, self.remember = workers, capacity, remember
        self._on_start = on_start
        self._lock = threading.Condition()
        self._line: deque[_Job] = deque()
        self._open: dict[Hashable, _Job] = {}  # waiting or running, by key
        self._done = Recent(count=remember, n_bytes=remember_bytes)
        self._threads: list[threading.Thread] = []
        self._running: set[_Job] = set()
        self._closed = False

    def submit(self, key: Hashable, function: Callable[[], T], *, keep: bool = True) -> Ticket[T]:
        """Put a job into the line and return a ticket for it.

        Parameters
        ----------
        key : Hashable
            What the result depends on, all of it: jobs with equal keys share one result.
        function : callable
            The work; called without arguments in a worker's thread.
        keep : bool
            Whether the result may be remembered for whoever asks next. What comes from a
            learner's own picture may not.

        Returns
        -------
        Ticket
            The place in the line.

        Raises
        ------
        BusyError
            If the line is full.
        """
        with self._lock:
            if self._closed:
                raise BusyError("The server is stopping. Start it again, then reload the page.")
            job = self._done.get(key) or self._open.get(key)
            if job is None:
                # A job that a free worker is about to take does not wait, though it is in line.
                if len(self._line) + len(self._running) >= self.workers + self.capacity:
                    raise BusyError(
                        f"All workers are busy and the line of {self.capacity} is full. "
                        "Try again in a minute."
                    )
                self._start_worker_if_needed()  # first: if it fails, nothing has been promised
                job = _Job(key, function, keep=keep)
                self._open[key] = job
                self._line.append(job)
                self._lock.notify()
            job.waiting += 1
            return Ticket(self, job)

    def remembered(self, key: Hashable) -> Any | None:
        """Return a finished result that is still kept; None if there is none. Starts nothing."""
        with self._lock:
            job: _Job | None = self._done.get(key)
            return None if job is None else job.value

    def shutdown(self) -> None:
        """Give up what waits or runs, wake everyone, and take nothing more."""
        with self._lock:
            self._closed = True
            self._line.clear()
            for job in list(self._open.values()):
                job.cancelled = True
                self._finish(job, error=Cancelled())  # whoever waits need not wait for progress()
            self._done.clear()
            self._lock.notify_all()

    def _start_worker_if_needed(self) -> None:
        if len(self._threads) < self.workers:
            name = f"cnnlab-worker-{len(self._threads)}"
            thread = threading.Thread(target=self._work, name=name, daemon=True)
            thread.start()
            self._threads.append(thread)

    def _work(self) -> None:
        ready = self._on_start is None
        while (job := self._take()) is not None:
            token = _running.set(job)
            try:
                if not ready and self._on_start is not None:
                    self._on_start()
                    ready = True
                if job.cancelled:  # everyone left while the worker got ready
                    raise Cancelled
                self._finish(job, value=job.function())
            except BaseException as error:  # a job must never end its worker
                self._finish(job, error=error)
            finally:
                _running.reset(token)
                del job  # an idle worker holds nobody's picture

    def _take(self) -> _Job | None:
        """Wait for the next job; None once the queue is closed."""
        with self._lock:
            while not self._line and not self._closed:
                self._lock.wait()
            if self._closed:
                return None
            job = self._line.popleft()
            self._running.add(job)
            return job

    def _finish(self, job: _Job, *, value: Any = None, error: BaseException | None = None) -> None:
        with self._lock:
            self._running.discard(job)
            if job.finished.is_set():  # given up by `shutdown` while it ran
                return
            job.value, job.error = value, error
            job.traceback = error.__traceback__ if error is not None else None
            job.function = _nothing  # lets go of the pictures it may hold
            if self._open.get(job.key) is job:
                del self._open[job.key]
            if error is None and self.remember and job.keep:
                self._done.put(job.key, job, size=size_of(value))
            job.finished.set()

    def _leave(self, job: _Job) -> None:
        with self._lock:
            job.waiting -= 1
            if job.waiting or job.finished.is_set():
                return
            job.cancelled = True
            if self._open.get(job.key) is job:
                del self._open[job.key]  # who asks again gets a new job
            with contextlib.suppress(ValueError):  # not in the line: it runs, and may look up
                self._line.remove(job)
                self._finish(job, error=Cancelled())

    def _ahead(self, job: _Job) -> int:
        with self._lock:
            if job not in self._line:
                return 0
            return self._line.index(job) + len(self._running)

    def _has_started(self, job: _Job) -> bool:
        with self._lock:
            return job not in self._line


def _nothing() -> None:
    """Stand in for the work of a job that is over."""


_shared: dict[str, WorkQueue] = {}
_shared_lock = threading.Lock()


def shared_queue(name: str = "networks") -> WorkQueue:
    """Return the process-wide queue.

    Parameters
    ----------
    name : {"networks", "downloads"}
        Networks run on as many workers as half the cores; downloads one after the other, so that
        they never keep a network waiting.

    Returns
    -------
    WorkQueue
        The same object for everyone.
    """
    with _shared_lock:
        if name not in _shared:
            _shared[name] = _make(name)
        return _shared[name]


def shutdown() -> None:
    """Close the process-wide queues; they open anew at the next call."""
    with _shared_lock:
        for queue in _shared.values():
            queue.shutdown()
        _shared.clear()


def _make(name: str) -> WorkQueue:
    if name == "downloads":
        return WorkQueue(workers=1, capacity=16)
    cores = _cores()
    workers = max(1, min(4, cores // 2))

    def share_cores() -> None:
        import torch

        # One core stays free for the server and a browser on the same computer: PyTorch's threads
        # wait for each other, and one that shares its core slows all of them down many times over.
        torch.set_num_threads(max(1, (cores - 1) // workers))

    return WorkQueue(workers=workers, capacity=64, remember=64, on_start=share_cores)


def _cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
