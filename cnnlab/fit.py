"""Whether a kernel's steps end exactly at the end of the input, and what to do where not."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from cnnlab.checks import in_range
from cnnlab.shapes import kernel_span

__all__ = ["Fit", "fit", "sizes_that_fit", "ways_to_fit"]


@dataclass(frozen=True)
class Fit:
    """What the size formula gives along one axis, before it is made a whole number.

    Parameters
    ----------
    exact : Fraction
        (n + 2 · padding − covered pixels) / stride + 1.
    unused : int
        Pixels at the far end that no window reads, padding included.
    """

    exact: Fraction
    unused: int

    @property
    def fits(self) -> bool:
        """Whether there is a place for the kernel and its last place ends with the input."""
        return self.exact.denominator == 1 and self.exact >= 1

    @property
    def floor(self) -> int:
        """The size that libraries take; below 1 there is no place for the kernel."""
        return self.exact.__floor__()

    @property
    def ceil(self) -> int:
        """The size with ``ceil_mode``, where a last window may reach beyond the end."""
        return self.exact.__ceil__()


def fit(n: int, *, kernel_size: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> Fit:
    """Return how a kernel fits along one axis; unlike the shape functions also where it does not.

    Parameters
    ----------
    n : int
        Input length, in pixels.
    kernel_size, stride, padding, dilation : int
        Layer settings; `padding` is added on both sides.

    Returns
    -------
    Fit
        The fraction and what is left over.

    Raises
    ------
    InputError
        If a setting is out of range.

    References
    ----------
    .. [1] Stanford CS231n notes, "Convolutional networks", spatial arrangement.

    Examples
    --------
    >>> found = fit(10, kernel_size=3, stride=2)
    >>> found.exact, found.fits, found.floor, found.unused
    (Fraction(9, 2), False, 4, 1)
    """
    n = in_range(n, name="n", low=1)
    stride = in_range(stride, name="stride", low=1)
    padding = in_range(padding, name="padding", low=0)
    way = n + 2 * padding - kernel_span(kernel_size, dilation=dilation)
    return Fit(Fraction(way, stride) + 1, way % stride if way >= 0 else 0)


def ways_to_fit(
    n: int, *, kernel_size: int, stride: int = 1, padding: int = 0, dilation: int = 1
) -> dict[str, int]:
    """Return single changes after which the kernel fits: the nearest of each setting.

    Parameters
    ----------
    n, kernel_size, stride, padding, dilation : int
        As for `fit`.

    Returns
    -------
    dict
        Names of parameters and their new values; of two equally near ones the larger. Settings
        that help at no value up to twice the present one and 3 more are left out.

    Examples
    --------
    >>> ways_to_fit(224, kernel_size=11, stride=4)
    {'n': 223, 'kernel_size': 12, 'stride': 3}
    """
    now = {
        "n": n,
        "kernel_size": kernel_size,
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
    }
    if fit(**now).fits:
        return {}
    found = {}
    for name, value in now.items():
        lowest = 0 if name == "padding" else 1
        for away in range(1, value + 4):
            near = [v for v in (value + away, value - away) if v >= lowest]
            better = next((v for v in near if fit(**{**now, name: v}).fits), None)
            if better is not None:
                found[name] = better
                break
    return found


def sizes_that_fit(
    n: int, *, kernel_size: int, stride: int = 1, padding: int = 0, dilation: int = 1
) -> list[int]:
    """Return the input lengths next to `n`, below and above, at which the kernel fits.

    Parameters
    ----------
    n, kernel_size, stride, padding, dilation : int
        As for `fit`; `n` itself does not fit.

    Returns
    -------
    list of int
        One or two lengths; below, there may be none.

    Examples
    --------
    >>> sizes_that_fit(224, kernel_size=11, stride=4)
    [223, 227]
    """
    settings = {
        "kernel_size": kernel_size,
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
    }
    below = next((m for m in range(n - 1, 0, -1) if fit(m, **settings).fits), None)
    furthest = n + kernel_span(kernel_size, dilation=dilation) + stride
    above = next(m for m in range(n + 1, furthest + 1) if fit(m, **settings).fits)
    return [above] if below is None else [below, above]
