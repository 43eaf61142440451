"""Batch normalisation and local response normalisation written out, with the numbers put in."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from cnnlab.checks import InputError
from cnnlab.derivations import Line
from cnnlab.normalisation import (
    RunningStatistics,
    batch_norm,
    local_response_norm,
    mean_and_std,
    standardise,
    update_running,
)

__all__ = [
    "column_lines",
    "evaluation_lines",
    "in_words",
    "parse_numbers",
    "parse_table",
    "response_lines",
    "running_lines",
    "training_lines",
]

Floats = NDArray[np.float64]
_LARGEST = 10_000.0
_INDEX = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def parse_numbers(text: str, *, name: str, most: int) -> list[float]:
    """Return the numbers in a text, separated by spaces, commas or semicolons.

    Parameters
    ----------
    text : str
        What was typed; the point or the comma is the decimal sign.
    name : str
        What the numbers are called in the message.
    most : int
        How many there may be.

    Returns
    -------
    list of float
        At least one.

    Raises
    ------
    InputError
        If a part is no number or too large, or there are too few or too many.

    Examples
    --------
    >>> parse_numbers("1, −2.5; 3", name="the batch", most=8)
    [1.0, -2.5, 3.0]
    """
    parts = re.findall(r"[^\s;,]+", text)
    if not 1 <= len(parts) <= most:
        raise InputError(f"{name} must have 1 to {most} numbers, got {len(parts)}")
    return [_number(part, name) for part in parts]


def _number(part: str, name: str) -> float:
    plain = part.replace("−", "-")
    short = part if len(part) <= 12 else f"{part[:12]}…"
    if not re.fullmatch(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[-+]?[0-9]+)?", plain, re.IGNORECASE):
        raise InputError(
            f"“{short}” in {name} is no number; write a point for decimals, "
            "and spaces or commas between numbers"
        )
    value = float(plain)
    if abs(value) > _LARGEST:
        raise InputError(f"“{short}” in {name} is too large; numbers may be from −10,000 to 10,000")
    return value


def parse_table(text: str, *, name: str, rows: int, columns: int) -> Floats:
    """Return the numbers in a text as a table; semicolons separate its rows.

    Parameters
    ----------
    text : str
        What was typed.
    name : str
        What the table is called in the message.
    rows, columns : int
        How many there may be.

    Returns
    -------
    (N, D) array
        At least one row.

    Raises
    ------
    InputError
        If the rows have different lengths, or something is no number.

    Examples
    --------
    >>> parse_table("0.2, 10; 0.4 340", name="the data", rows=8, columns=4).tolist()
    [[0.2, 10.0], [0.4, 340.0]]
    """
    lines = [line for line in text.split(";") if line.strip()]
    if not 1 <= len(lines) <= rows:
        raise InputError(f"{name} must have 1 to {rows} rows, got {len(lines)}")
    table = [
        parse_numbers(line, name=f"row {place} of {name}", most=columns)
        for place, line in enumerate(lines, 1)
    ]
    if len({len(row) for row in table}) > 1:
        raise InputError(
            f"all rows of {name} must have as many numbers as the first; write a point for "
            "decimals, and spaces or commas between numbers"
        )
    return np.array(table)


def column_lines(train: Floats, test: Floats) -> list[Line]:
    """Return how each column gets its mean and standard deviation, and what a test row becomes.

    Parameters
    ----------
    train : (N, D) array
        The data that give mean and standard deviation.
    test : (D,) array
        One example that was not among them.

    Returns
    -------
    list of Line
        Three for each column.

    Raises
    ------
    InputError
        If a column is constant, or the test row has another number of columns.

    Examples
    --------
    >>> lines = column_lines(np.array([[1.0], [2.0], [6.0]]), np.array([3.0]))
    >>> [line.result for line in lines]
    ['3', '2.1602', '0']
    """
    if test.shape != train.shape[1:]:
        raise InputError(
            f"the test example must have as many numbers as a row, {train.shape[1]}, "
            f"got {len(test)}"
        )
    mean, std = mean_and_std(train)
    out = standardise(test[None], mean=mean, std=std)[0]
    lines = []
    for place, (column, m, s) in enumerate(zip(train.T, mean, std, strict=True)):
        j = str(place + 1).translate(_INDEX)
        n = len(column)
        squares = " + ".join(f"({_signed(v)} − {_signed(m)})²" for v in column)
        lines += [
            Line(
                f"mean μ{j}",
                f"1/N · Σ x{j}",
                f"({' + '.join(map(_signed, column))}) / {n}",
                in_words(m),
            ),
            Line(
                f"deviation σ{j}",
                f"√(1/N · Σ (x{j} − μ{j})²)",
                f"√(({squares}) / {n})",
                in_words(s),
            ),
            Line(
                f"test x̂{j}",
                f"(x{j} − μ{j}) / σ{j}",
                f"({_signed(test[place])} − {_signed(m)}) / {in_words(s)}",
                in_words(out[place]),
            ),
        ]
    return lines


def in_words(number: float, *, digits: int = 5) -> str:
    """Return a number for reading: so many digits that matter, a true minus sign.

    Parameters
    ----------
    number : float
        Any finite number.
    digits : int
        Digits that matter; zeros at the end are left out.

    Returns
    -------
    str
        Never written with a power of ten.

    Examples
    --------
    >>> in_words(-1.3416394), in_words(0.00001), in_words(0.1 + 0.2), in_words(2338569.27)
    ('−1.3416', '0.00001', '0.3', '2,338,569')
    """
    value = float(number)
    if abs(value) < 1e-12:  # what is left of zero after rounding
        return "0"
    if abs(value) >= 10 ** (digits - 1):
        return f"{value:,.0f}".replace("-", "−")
    text = np.format_float_positional(
        value, precision=digits, unique=False, fractional=False, trim="-"
    )
    return text.replace("-", "−")


def training_lines(x: list[float], *, gamma: float, beta: float, eps: float) -> list[Line]:
    """Return batch normalisation of one channel in training, line by line.

    Parameters
    ----------
    x : list of float
        The values of one channel in the batch.
    gamma, beta : float
        The channel's scale and shift.
    eps : float
        Added to the variance.

    Returns
    -------
    list of Line
        Mean, variance, then each normalised value and each output.

    Raises
    ------
    InputError
        If there is one value only.

    Examples
    --------
    >>> [line.result for line in training_lines([1, 3, 5, 7], gamma=2, beta=1, eps=0)][:3]
    ['4', '5', '−1.3416']
    """
    n, values = len(x), np.asarray(x, np.float64)
    out = batch_norm(values[:, None], gamma=gamma, beta=beta, eps=eps).ravel()
    mean, var = values.mean(), values.var()
    total = " + ".join(map(_signed, x))
    squares = " + ".join(f"({_signed(v)} − {_signed(mean)})²" for v in x)
    lines = [
        Line("mean μ", "Σ x / N", f"({total}) / {n}", in_words(mean)),
        Line("variance σ²", "Σ (x − μ)² / N", f"({squares}) / {n}", in_words(var)),
    ]
    return lines + _each(x, out, mean=mean, var=var, gamma=gamma, beta=beta, eps=eps, of="σ²")


def evaluation_lines(
    x: list[float], *, mean: float, var: float, gamma: float, beta: float, eps: float
) -> list[Line]:
    """Return batch normalisation of one channel in evaluation, line by line.

    Parameters
    ----------
    x : list of float
        Values of one channel; there may be one only.
    mean, var : float
        The running mean and variance.
    gamma, beta, eps : float
        As in training.

    Returns
    -------
    list of Line
        Each normalised value and each output.

    Examples
    --------
    >>> lines = evaluation_lines([6], mean=4, var=4, gamma=1, beta=0, eps=0)
    >>> [line.numbers for line in lines]
    ['(6 − 4) / √(4 + 0)', '1 · 1 + 0']
    """
    values = np.asarray(x, np.float64)[:, None]
    running = RunningStatistics(mean, var)
    out = batch_norm(values, gamma=gamma, beta=beta, running=running, eps=eps).ravel()
    return _each(x, out, mean=mean, var=var, gamma=gamma, beta=beta, eps=eps, of="v")


def running_lines(
    before: RunningStatistics, x: list[float], *, momentum: float
) -> tuple[RunningStatistics, list[Line]]:
    """Return the running statistics of one channel after a batch, and how they come about.

    Parameters
    ----------
    before : RunningStatistics
        One mean and one variance.
    x : list of float
        The values of the channel in the batch.
    momentum : float
        The share of the new batch.

    Returns
    -------
    RunningStatistics
        After the batch.
    list of Line
        The variance divided by N − 1, then both statistics.

    Raises
    ------
    InputError
        If there is one value only.

    Examples
    --------
    >>> after, lines = running_lines(RunningStatistics(0, 1), [1, 3, 5, 7], momentum=0.1)
    >>> [line.result for line in lines]
    ['6.6667', '0.4', '1.5667']
    """
    n, values = len(x), np.asarray(x, np.float64)
    after = update_running(before, values[:, None], momentum=momentum)
    m, keep = in_words(momentum), in_words(1 - momentum)
    unbiased = values.var() * n / (n - 1)
    old_mean, old_var = (float(np.ravel(part)[0]) for part in (before.mean, before.var))
    new_mean, new_var = (float(np.ravel(part)[0]) for part in (after.mean, after.var))
    squares = in_words(values.var() * n)
    lines = [
        Line(
            "unbiased variance s²",
            "Σ (x − μ)² / (N − 1)",
            f"{squares} / {n - 1}",
            in_words(unbiased),
        ),
        Line(
            "running mean r",
            "(1 − m) · r + m · μ",
            f"{keep} · {_signed(old_mean)} + {m} · {_signed(values.mean())}",
            in_words(new_mean),
        ),
        Line(
            "running variance v",
            "(1 − m) · v + m · s²",
            f"{keep} · {_signed(old_var)} + {m} · {_signed(unbiased)}",
            in_words(new_var),
        ),
    ]
    return RunningStatistics(new_mean, new_var), lines


def response_lines(
    x: list[float], *, size: int, alpha: float, beta: float, k: float, divide_alpha: bool
) -> list[Line]:
    """Return local response normalisation at one place, channel by channel.

    Parameters
    ----------
    x : list of float
        The responses of the channels at this place.
    size, alpha, beta, k, divide_alpha
        As in ``local_response_norm``.

    Returns
    -------
    list of Line
        One for each channel.

    Examples
    --------
    >>> kinds = {"size": 3, "alpha": 1, "beta": 0.5, "k": 1, "divide_alpha": False}
    >>> response_lines([1, 2, 3], **kinds)[0].numbers
    '1 / (1 + 1 · (1² + 2²))^0.5'
    """
    out = local_response_norm(x, size=size, alpha=alpha, beta=beta, k=k, divide_alpha=divide_alpha)
    rate = f"{in_words(alpha)} / {size}" if divide_alpha else in_words(alpha)
    lines = []
    for channel, value in enumerate(x):
        first = max(channel - size // 2, 0)
        near = x[first : channel + (size - 1) // 2 + 1]
        squares = " + ".join(f"{_signed(other)}²" for other in near)
        lines.append(
            Line(
                f"channel {channel + 1}",
                in_words(value),
                f"{in_words(value)} / ({in_words(k)} + {rate} · ({squares}))^{in_words(beta)}",
                in_words(out[channel]),
            )
        )
    return lines


def _each(
    x: list[float],
    out: Floats,
    *,
    mean: float,
    var: float,
    gamma: float,
    beta: float,
    eps: float,
    of: str,
) -> list[Line]:
    """Return the normalised value and the output of each value; `of` names the variance."""
    centre = "μ" if of == "σ²" else "r"
    root = f"√({_signed(var)} + {in_words(eps)})"
    lines = []
    for place, (value, y) in enumerate(zip(x, out, strict=True), 1):
        index = str(place).translate(_INDEX)
        normalised = (value - mean) / np.sqrt(var + eps)
        lines += [
            Line(
                f"x̂{index}",
                f"(x{index} − {centre}) / √({of} + ε)",
                f"({_signed(value)} − {_signed(mean)}) / {root}",
                in_words(normalised),
            ),
            Line(
                f"y{index}",
                f"γ · x̂{index} + β",
                f"{_signed(gamma)} · {_signed(normalised)} + {_signed(beta)}",
                in_words(y),
            ),
        ]
    return lines


def _signed(number: float) -> str:
    """Return a number that stands inside a formula: a negative one in brackets."""
    text = in_words(number)
    return f"({text})" if text.startswith("−") else text
