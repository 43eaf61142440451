"""Run heavy work in the shared queue and keep the learner informed while it lasts."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from types import ModuleType
from typing import Any, TypeVar

import streamlit as st
from streamlit.runtime import get_instance
from streamlit.runtime.scriptrunner import get_script_run_ctx

from cnnlab import compute
from cnnlab.memory import Recent
from cnnlab.percent import percent
from cnnlab.ui import cache, sessions

__all__ = ["download", "forget_own_results", "in_queue", "networks", "remembered"]

T = TypeVar("T")
_MINE = "results_of_own_pictures"
_PATIENCE = 25  # looks, 0.2 s apart, before a silent browser counts as gone


def networks() -> ModuleType:
    """Return ``cnnlab.pretrained``; the first call in a process loads PyTorch, which takes a while.

    Returns
    -------
    module
        The module.
    """
    with st.spinner("Starting PyTorch. This happens once after the server has started."):
        from cnnlab import pretrained
    return pretrained


def in_queue(
    key: Hashable,
    function: Callable[[], T],
    *,
    label: str,
    line: str = "networks",
    own: bool = False,
) -> T:
    """Return ``function()``, computed in the shared queue; show the place in line and progress.

    Parameters
    ----------
    key : Hashable
        What the result depends on, all of it.
    function : callable
        The work.
    label : str
        What is being done, for the learner: "Classifying".
    line : {"networks", "downloads"}
        Which queue.
    own : bool
        Whether the result comes from a learner's own picture. Then it is remembered in the
        learner's session alone, and goes when the session ends; others are shared by everybody.

    Returns
    -------
    object
        The result.

    Raises
    ------
    InputError
        What the work raises for the learner, or that the line is full.
    """
    mine = _mine() if own else None
    if mine is not None:
        if key in mine:
            kept: T = mine.get(key)
            return kept
        result = _wait_for(("own", sessions.session_id(), key), function, label, line, keep=False)
        mine.put(key, result)
        return result
    return _wait_for(key, function, label, line, keep=True)


def remembered(key: Hashable, *, line: str = "networks", own: bool = False) -> Any | None:
    """Return what `in_queue` has computed for a key before and still keeps; starts nothing.

    Parameters
    ----------
    key, line, own
        As `in_queue` got them.

    Returns
    -------
    object or None
        The result; None where there is none any more, or not yet.
    """
    return _mine().get(key) if own else compute.shared_queue(line).remembered(key)


def _wait_for(key: Hashable, function: Callable[[], T], label: str, line: str, *, keep: bool) -> T:
    """Wait for a job's result, and say meanwhile how it stands."""
    with compute.shared_queue(line).submit(key, function, keep=keep) as ticket:
        if not ticket.wait(0.15):  # most work is done before anyone could read a message
            box, absent = st.empty(), 0
            while not ticket.wait(0.2):
                _tell(box, ticket, label)
                absent = 0 if _browser_is_there() else absent + 1
                if absent > _PATIENCE:
                    box.warning("Stopped, since the connection was lost. Reload the page.")
                    st.stop()
            box.empty()
        return ticket.result()


def download(name: str) -> None:
    """Fetch the weights of a network, with a progress bar.

    Parameters
    ----------
    name : str
        The network.

    Raises
    ------
    InputError
        If that fails; the message says why and what to do.
    """
    from cnnlab import weights

    def fetch() -> None:
        weights.pull(
            name, report=lambda done, total: compute.progress(done / total if total else 0)
        )

    in_queue(
        ("download", name), fetch, label=f"Downloading the weights of {name}", line="downloads"
    )


def _tell(box: st.delta_generator.DeltaGenerator, ticket: compute.Ticket[T], label: str) -> None:
    ahead = ticket.ahead()
    if ahead:
        who = "1 job is" if ahead == 1 else f"{ahead} jobs are"
        box.info(f"{label}: {who} ahead of you.", icon=":material/hourglass_top:")
    elif ticket.fraction is None:
        box.info(f"{label} …", icon=":material/hourglass_top:")
    else:
        box.progress(ticket.fraction, text=f"{label}: {percent(round(ticket.fraction, 2))}")


def forget_own_results() -> None:
    """Let go of this learner's uploads and of everything that was computed from them."""
    st.session_state.pop(_MINE, None)
    cache.forget_own_results()
    sessions.drop_uploads()
    sessions.free_memory_soon()


def _mine() -> Recent:
    """Return what this learner's session remembers of its own pictures."""
    if _MINE not in st.session_state:
        st.session_state[_MINE] = Recent(count=24, n_bytes=2**25)
    recent: Recent = st.session_state[_MINE]
    return recent


def _browser_is_there() -> bool:
    """Return whether the browser that asked is still connected."""
    context = get_script_run_ctx()
    return context is None or get_instance().is_active_session(context.session_id)
