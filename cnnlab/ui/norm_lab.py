"""The parts of the lesson on normalisation: two bowls, a table, a batch, a tensor, a place."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from cnnlab.checks import InputError
from cnnlab.derivations import Line
from cnnlab.descent_scene import MOST_STEPS, Run, scene
from cnnlab.figures.number_grid import number_grid
from cnnlab.figures.response_bars import response_bars
from cnnlab.least_squares import (
    TREATMENTS,
    Problem,
    best_rate,
    generate,
    hessian,
    largest_rate,
    minimum,
    treat,
)
from cnnlab.norm_steps import (
    column_lines,
    evaluation_lines,
    in_words,
    parse_numbers,
    parse_table,
    response_lines,
    running_lines,
    training_lines,
)
from cnnlab.norm_tensor import (
    Normalised,
    cell_words,
    normalise_all,
    parse_cell,
    set_words,
    small_tensor,
)
from cnnlab.normalisation import (
    RunningStatistics,
    batch_norm,
    local_response_norm,
    standardise,
)
from cnnlab.ui import layout, panels
from cnnlab.ui.controls import choice, pick, whole_number
from cnnlab.ui.descent_view import descent_view
from cnnlab.ui.sharing_view import sharing_view

__all__ = ["batch", "data_table", "descents", "responses", "sharing"]

PAGE = "normalisation"
_RATIOS = [1, 2, 4, 10, 30, 100, 1000]
_RULES = ["best for each", "share of the largest stable", "one number for both"]
_EPS = ["0.00001", "0.001", "0.1"]
_MOST = 8  # numbers in a batch, channels at a place
_HEAD = ["", "formula", "with the numbers", ""]


# Two bowls -----------------------------------------------------------------------------------


def descents() -> None:
    """Play gradient descent on the data as they are and on the normalised data."""
    with st.container(horizontal=True, gap="medium"):
        ratio = choice("x₂ is so many times wider than x₁", _RATIOS, key=_key("ratio"), default=4)
        treatment = choice("Normalise", list(TREATMENTS), key=_key("treatment"))
    with st.container(horizontal=True, gap="medium"):
        rule = pick("Learning rate η", _RULES, key=_key("rule"), width=260)
        offset = _slide("Offset of both features", -2.0, 2.0, 0.5, 0.1, "offset")
        share = rate = 0.0
        if rule == _RULES[1]:
            share = _slide("Share of the largest stable η", 0.05, 1.1, 0.9, 0.05, "share")
        elif rule == _RULES[2]:
            rate = _number("η", 0.0001, 10.0, 0.05, "rate", step=0.01, form="%.4f")
        seed = whole_number("Seed of the data", 0, 9999, 0, key=_key("seed"))
    raw = generate(ratio=float(ratio), offset=offset, seed=seed)
    titles = ("As they are", "Normalised")
    runs = []
    for title, problem in zip(titles, (raw, treat(raw, treatment)), strict=True):
        curvature = hessian(problem)
        eta = {
            _RULES[0]: best_rate(curvature),
            _RULES[1]: share * largest_rate(curvature),
            _RULES[2]: rate,
        }[rule]
        runs.append(Run(title, problem, eta))
    before, after = runs
    st.markdown(
        f"### Steps to the goal: :blue[{_steps(before)}] as they are, "
        f":green[{_steps(after)}] normalised"
    )
    descent_view(scene(runs), key=_key("descent"))
    st.caption(
        "Seen from above: each grey line is one height of the loss, and from line to line the "
        "loss above its minimum (the cross) doubles. Across is w₁, up is w₂, at the same scale; "
        "the small squares show the data. The goal: 1 % of the first distance to the minimum is "
        f"left. At most {MOST_STEPS} steps are drawn; more are counted."
    )
    panels.table(
        ["", "as they are", "normalised"],
        [
            ["largest eigenvalue λmax", *(in_words(run.curvature[1]) for run in runs)],
            ["smallest eigenvalue λmin", *(in_words(run.curvature[0]) for run in runs)],
            ["condition number κ = λmax / λmin", *(in_words(run.condition) for run in runs)],
            ["largest stable η = 2 / λmax", *(in_words(2 / run.curvature[1]) for run in runs)],
            ["η used here", *(in_words(run.rate) for run in runs)],
            ["steps to the goal", *map(_steps, runs)],
            ["minimum (w₁, w₂)", *(_pair(run.problem) for run in runs)],
        ],
        align="lrr",
    )


def _steps(run: Run) -> str:
    return "never there" if run.steps is None else f"{run.steps:,}"


def _pair(problem: Problem) -> str:
    return "({}, {})".format(*(in_words(w, digits=4) for w in minimum(problem)))


# A table of data -----------------------------------------------------------------------------


def data_table() -> None:
    """Standardise a small table, and one more example with the same numbers."""
    with st.container(horizontal=True, gap="medium"):
        rows = _text("Training data, a semicolon after each row", "table", _TABLE, width=420)
        test = _text("One test example", "test", "0.5 1200", width=200)
    try:
        train = parse_table(rows, name="the training data", rows=_MOST, columns=4)
        example = np.array(parse_numbers(test, name="the test example", most=4))
        lines = column_lines(train, example)
    except InputError as error:
        _no(error)
        return
    grids = (("as they are", train, "input"), ("standardised", standardise(train), "output"))
    with st.container(horizontal=True, gap="large"):
        for title, values, role in grids:
            grid = number_grid(values, title=title, role=role, tinted=role == "output")
            st.html(grid, width="content")
    _table(lines)


_TABLE = "0.2 10; 0.4 340; 0.6 670; 0.8 1000"


# A batch -------------------------------------------------------------------------------------


def batch() -> None:
    """Write out batch normalisation of one channel, in training and in evaluation."""
    with st.container(horizontal=True, gap="medium"):
        text = _text("Values of one channel in a batch", "batch", "1 3 5 7", width=260)
        gamma = _number("Scale γ", -10.0, 10.0, 2.0, "gamma", step=0.5)
        beta = _number("Shift β", -10.0, 10.0, 1.0, "beta", step=0.5)
        eps = float(choice("ε", _EPS, key=_key("eps")))
    with st.container(horizontal=True, gap="medium"):
        mode = choice("Mode", ["training", "evaluation"], key=_key("mode"))
        seen = whole_number("Batches seen so far", 0, 200, 1, key=_key("seen"))
        momentum = _slide("Momentum m", 0.0, 1.0, 0.1, 0.05, "momentum")
    try:
        x = parse_numbers(text, name="the batch", most=_MOST)
    except InputError as error:
        _no(error)
        return
    running, update = RunningStatistics(0.0, 1.0), list[Line]()
    seen = seen if len(x) > 1 else 0  # one value alone gives no variance to keep
    for _ in range(seen):
        running, update = running_lines(running, x, momentum=momentum)
    values = np.array(x)[:, None]
    scale: dict[str, Any] = {"gamma": gamma, "beta": beta, "eps": eps}
    test = batch_norm(values, running=running, **scale).ravel()
    mean, var = float(np.ravel(running.mean)[0]), float(np.ravel(running.var)[0])
    train_words = ["refused"]
    if len(x) > 1:
        train_words = [in_words(y) for y in batch_norm(values, **scale).ravel()]
    panels.table(
        ["", *(f"x{str(place).translate(_INDEX)}" for place in range(1, len(x) + 1))],
        [
            ["input", *map(in_words, x)],
            ["output in training", *train_words],
            ["output in evaluation", *map(in_words, test)],
        ],
        align="l" * (len(x) + 1),
    )
    if len(x) == 1:
        st.warning(
            "A batch of one value: it is its own mean and σ² = 0, so x̂ = 0 and every input would "
            "give β. PyTorch refuses to train with one value for each channel (*Expected more "
            "than 1 value per channel when training*). One picture is enough where a channel has "
            "many places; evaluation works always.",
            icon=":material/block:",
        )
    words = "batch" if seen == 1 else "batches"
    if mode == "training" and len(x) > 1:
        _table(training_lines(x, **scale))
        if update:
            st.markdown(f"**Kept for evaluation**, after {seen} {words} like this one:")
            _table(update)
    else:
        st.markdown(
            f"Running mean r = **{in_words(mean)}**, running variance v = **{in_words(var)}**, "
            f"after {seen} {words} like this one (before the first: 0 and 1)."
        )
        _table(evaluation_lines(x, mean=mean, var=var, **scale))


_INDEX = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


# A tensor ------------------------------------------------------------------------------------


def sharing() -> None:
    """Show on one tensor which cells share a mean under each kind of normalisation."""
    sizes = {"Pictures N": (1, 4, 3), "Channels C": (1, 6, 4), "Rows H": (1, 3, 2)}
    sizes |= {"Columns W": (1, 3, 2), "Groups": (1, 6, 2)}
    with st.container(horizontal=True, gap="small"):
        n, c, h, w, groups = (
            whole_number(label, low, high, first, key=_key(label.split()[0].lower()))
            for label, (low, high, first) in sizes.items()
        )
    with st.container(horizontal=True, gap="medium"):
        what = choice("Cells show", ["input", "output"], key=_key("cells"))
        brighter = whole_number("Add to picture 1", 0, 100, 0, key=_key("brighter"))
        seed = whole_number("Seed", 0, 9999, 0, key=_key("tensor_seed"))
        text = _text("Chosen cell: n, c, row, column", "cell", _CELL, width=220)
    shape = (n, c, h, w)
    x = small_tensor(shape, seed=seed, brighter=brighter)
    plain = small_tensor(shape, seed=seed)
    try:
        cell = parse_cell(text, shape)
        found = normalise_all(x, groups=groups)
        other = normalise_all(plain if brighter else plain + _first_only(plain), groups=groups)
    except InputError as error:
        _no(error)
        return
    boards = [_board(one, x, groups=groups, output=what == "output") for one in found]
    st.session_state[_key("shape")] = shape
    data = {"shape": list(shape), "boards": boards, "cell": cell}
    sharing_view(data, key=_key("view"), on_cell=_take_cell)
    panels.table(
        ["", "means", "numbers a mean", "γ and β", "depends on the batch", "training, evaluation"],
        [
            [
                _TITLES[one.kind],
                str(one.n_sets),
                str(one.set_size),
                str(one.n_params),
                "yes" if one.kind == "batch" else "no",
                "differ" if one.kind == "batch" else "the same",
            ]
            for one in found
        ],
        align="lrrrll",
        wide_only=[5],
    )
    st.markdown(_who_feels(found, other, brighter or _STEP, n))


_CELL = "2 3 1 1"
_STEP = 10
_TITLES = {
    "batch": "Batch norm",
    "layer": "Layer norm",
    "instance": "Instance norm",
    "group": "Group norm",
}
_OVER = {
    "batch": "over N, H, W",
    "layer": "over C, H, W",
    "instance": "over H, W",
    "group": "over H, W and the channels of a group",
}


def _board(found: Normalised, x: np.ndarray, *, groups: int, output: bool) -> dict[str, Any]:
    """Return one drawing of the tensor as the browser gets it."""
    shown = [in_words(value) for value in x.flat]
    if output and found.out is not None:
        shown = [
            f"{value:.1f}".replace("-0.0", "0.0").replace("-", "−") for value in found.out.flat
        ]
    return {
        "title": _TITLES[found.kind],
        "over": _OVER[found.kind],
        "sets": found.sets.ravel().tolist(),
        "shown": shown,
        "set_words": set_words(found, x, groups=groups),
        "cell_words": cell_words(found, x),
        "problem": found.problem and f"Not possible: {found.problem}.",
    }


def _first_only(x: np.ndarray) -> np.ndarray:
    """Return what makes the first picture brighter and leaves the others."""
    more = np.zeros_like(x)
    more[0] = _STEP
    return more


def _who_feels(found: list[Normalised], other: list[Normalised], step: int, pictures: int) -> str:
    """Say which outputs change when only the first picture becomes brighter."""
    if pictures == 1:
        return "With one picture, batch norm and instance norm are the same."
    felt, own = [], []
    for one, two in zip(found, other, strict=True):
        if one.out is not None and two.out is not None:
            changed = ~np.isclose(one.out, two.out, rtol=0, atol=1e-4)
            felt += [_TITLES[one.kind]] * bool(changed[1:].any())
            own += [_TITLES[one.kind]] * bool(changed[0].any())
    return (
        f"**Make picture 1 brighter by {step}.** The outputs of the *other* pictures change in: "
        f"{', '.join(felt) or 'none'}. The output of picture 1 itself changes in: "
        f"{', '.join(own) or 'none'}; all others subtract the brightness again."
    )


def _take_cell() -> None:
    """Take over the cell at which the learner came to rest."""
    sent: Any = st.session_state[_key("view")].get("cell")
    shape = st.session_state.get(_key("shape"))
    if shape is None or not isinstance(sent, int) or not 0 <= sent < np.prod(shape):
        return
    places = np.unravel_index(sent, shape)
    st.session_state[_key("cell")] = " ".join(str(int(place) + 1) for place in places)


# One place -----------------------------------------------------------------------------------

_OWN = "Own numbers"
_CONSTANTS: dict[str, tuple[int, float, float, float, str]] = {
    # n, alpha, beta, k, rule
    "Strong, to be seen": (3, 1.0, 0.5, 1.0, "paper: α"),
    "AlexNet's": (5, 0.0001, 0.75, 2.0, "paper: α"),
    "PyTorch's": (5, 0.0001, 0.75, 1.0, "PyTorch: α / n"),
}


def responses() -> None:
    """Write out local response normalisation of the channels at one place."""
    above = st.container(horizontal=True, gap="medium")
    first = next(iter(_CONSTANTS.values()))
    with st.container(horizontal=True, gap="small"):
        size = choice("n, channels summed", [1, 3, 5, 7], key=_key("lrn_n"), default=first[0])
        alpha = _number("α", 0.0, 10.0, first[1], "lrn_alpha", step=0.1, form="%.4f")
        beta = _number("β", 0.0, 2.0, first[2], "lrn_beta", step=0.25)
        k = _number("k", 0.1, 10.0, first[3], "lrn_k", step=0.5)
        rules = ["paper: α", "PyTorch: α / n"]
        rule = choice("Times", rules, key=_key("lrn_rule"))
    with above:
        text = _text("Responses of the channels at one place", "lrn", "1 2 9 2 1", width=300)
        now = (size, alpha, beta, k, rule)
        key = _key("lrn_example")
        st.session_state[key] = next((t for t in _CONSTANTS if _CONSTANTS[t] == now), _OWN)
        titles = [_OWN, *_CONSTANTS]
        st.selectbox("Constants", titles, key=key, on_change=_take_constants, width=240)
    constants: dict[str, Any] = {
        "size": size,
        "alpha": alpha,
        "beta": beta,
        "k": k,
        "divide_alpha": rule == rules[1],
    }
    try:
        x = parse_numbers(text, name="the list of responses", most=_MOST)
    except InputError as error:
        _no(error)
        return
    lines = response_lines(x, **constants)
    after = local_response_norm(x, **constants).tolist()
    st.html(response_bars(x, after, [line.result for line in lines]))
    panels.table(
        ["", "before", "with the numbers", "after"],
        [[line.quantity, line.formula, line.numbers, line.result] for line in lines],
        align="lrlr",
    )


def _take_constants() -> None:
    chosen = _CONSTANTS.get(st.session_state[_key("lrn_example")])
    names = ("lrn_n", "lrn_alpha", "lrn_beta", "lrn_k", "lrn_rule")
    for name, value in zip(names, chosen or (), strict=False):
        st.session_state[_key(name)] = value


# What they share -----------------------------------------------------------------------------


def _key(name: str) -> str:
    return f"{PAGE}_{name}"


def _no(error: InputError) -> None:
    st.error(f"This cannot be: {error}.", icon=":material/block:")


def _table(lines: list[Line]) -> None:
    rows = [[line.quantity, line.formula, line.numbers, line.result] for line in lines]
    panels.table(_HEAD, rows, align="lllr", wide_only=[1])


def _text(label: str, name: str, first: str, *, width: int) -> str:
    """Return a text that is part of the link."""
    if layout.is_lecture():
        width = round(width * 1.4)  # room for the larger type
    return st.text_input(
        label, first, max_chars=200, key=_key(name), bind="query-params", width=width
    )


def _slide(label: str, low: float, high: float, first: float, step: float, name: str) -> float:
    """Return a number from a slider; it is part of the link."""
    return st.slider(label, low, high, first, step, key=_key(name), bind="query-params", width=260)


def _number(
    label: str, low: float, high: float, first: float, name: str, *, step: float, form: str = "%g"
) -> float:
    """Return a number with a decimal point; it is part of the link."""
    return st.number_input(
        label, low, high, first, step, format=form, key=_key(name), bind="query-params", width=132
    )
