"""Numbers written for readers, the same way everywhere."""

from __future__ import annotations

import math

__all__ = ["factor", "signed", "written"]

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def written(value: float, digits: int = 3) -> str:
    """Return a number with so many digits that count, and a true minus sign.

    Parameters
    ----------
    value : float
        Any number.
    digits : int
        How many digits count. A number of many digits before the point keeps them all.

    Returns
    -------
    str
        As people write it; a power of ten only below a ten-thousandth and from ten millions on.

    Examples
    --------
    >>> written(-0.00912), written(8304.6), written(2.0), written(4.2e-7)
    ('−0.00912', '8,305', '2', '4.2 · 10⁻⁷')
    """
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else "∞" if value > 0 else "−∞"
    mantissa, power = f"{value:.{digits - 1}e}".split("e")
    exponent = int(power)
    if value and not -4 <= exponent < 7:
        mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
        return f"{mantissa} · 10{str(exponent).translate(_RAISED)}".replace("-", "−")
    text = f"{value:,.{max(digits - 1 - exponent, 0)}f}" if value else "0"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace("-", "−")


def factor(value: float, times: int, *, decimals: int = 2) -> str:
    """Return a factor with as many digits as its product needs, so that readers can check it.

    Parameters
    ----------
    value : float
        The factor.
    times : int
        The other factor, which is shown whole.
    decimals : int
        How many the product is shown with.

    Returns
    -------
    str
        At least three digits: `times` times what is shown, rounded, is the product, rounded.

    Examples
    --------
    >>> factor(0.00011559, 150_528), f"{150_528 * 0.00011559:.2f}"
    ('0.0001156', '17.40')
    """
    product = f"{times * value:.{decimals}f}"
    for digits in range(3, 17):
        if f"{times * float(f'{value:.{digits - 1}e}'):.{decimals}f}" == product:
            return written(value, digits)
    return written(value, 17)


def signed(value: float, digits: int = 3) -> str:
    """Return a number as `written` does, with its sign, plus or minus; 0 has none.

    Examples
    --------
    >>> signed(0.5), signed(-2.25), signed(1085.59), signed(0.0)
    ('+0.5', '−2.25', '+1,086', '0')
    """
    return f"{'+' if value > 0 else ''}{written(value, digits)}"
