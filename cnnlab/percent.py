"""Shares as percentages, written the same way everywhere."""

from __future__ import annotations

__all__ = ["finely", "percent"]


def percent(share: float) -> str:
    r"""Return a share as text: at most one decimal, and a narrow no-break space before the sign.

    Parameters
    ----------
    share : float
        1 is the whole.

    Returns
    -------
    str
        What rounds to nothing or to all, but is not, keeps its difference: "< 0.1 %".

    Examples
    --------
    >>> percent(8 / 64)
    '12.5\u202f%'
    >>> percent(0.25), percent(1.0)
    ('25\u202f%', '100\u202f%')
    >>> percent(0.0004), percent(0.9999)
    ('< 0.1\u202f%', '> 99.9\u202f%')
    """
    if 0 < share < 0.0005:
        text = "< 0.1"
    elif 0.9995 <= share < 1:
        text = "> 99.9"
    else:
        text = f"{100 * share:.1f}".removesuffix(".0")
    return f"{text}\u202f%"


def finely(probability: float) -> str:
    r"""Return a probability as text: two digits that matter, never a false 0 or 100.

    Examples
    --------
    >>> finely(0.0042), finely(0.123), finely(1e-9)
    ('0.42\u202f%', '12.3\u202f%', '< 0.01\u202f%')
    """
    share = 100 * probability
    if share < 0.01:
        return "< 0.01\u202f%"
    if share >= 99.95:
        return "100\u202f%" if share == 100 else "> 99.9\u202f%"
    return f"{share:.2f}\u202f%" if share < 1 else f"{share:.1f}\u202f%"
