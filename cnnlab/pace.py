"""How long work takes on this computer, so that a page can say it before it begins."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["about", "shortest"]

_LONG = 2.0  # seconds: what takes longer is not run again to time it


def shortest(
    run: Callable[[], object],
    *,
    times: int = 7,
    within: float = 0.3,
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """Return the shortest time that a run takes: the one that nothing else disturbed.

    The first run prepares memory and is not counted, unless it takes so long that no other follows.

    Parameters
    ----------
    run : callable
        The work, without arguments.
    times : int
        How often it runs at most, after the first.
    within : float
        In seconds: from the third on, no run begins later than this after the beginning. A second
        run follows any first one of less than two seconds.
    clock : callable
        Tells the time in seconds.

    Returns
    -------
    float
        In seconds.

    Examples
    --------
    >>> hours = iter([0.0, 0.2, 0.2, 0.25, 0.25, 0.4])  # runs of 0.2, 0.05 and 0.15 seconds
    >>> round(shortest(lambda: None, clock=lambda: next(hours)), 3)
    0.05
    """
    began = clock()
    run()
    ended = clock()
    taken = [ended - began]
    for number in range(times):
        if ended - began >= (within if number else _LONG):
            break
        start = clock()
        run()
        ended = clock()
        taken.append(ended - start)
    return min(taken[1:] or taken)


def about(seconds: float) -> str:
    """Return an estimate of a time in words: no more digits than an estimate has.

    Examples
    --------
    >>> about(0.2), about(7.4), about(33.0), about(200.0)
    ('1 second', '7 seconds', '35 seconds', '3 minutes')
    """
    if seconds < 1.5:
        return "1 second"
    if seconds < 19.5:
        return f"{round(seconds)} seconds"
    if seconds < 87.5:
        return f"{5 * round(seconds / 5)} seconds"
    return f"{max(round(seconds / 60), 2)} minutes"
