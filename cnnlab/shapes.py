"""How many positions a sliding window can take: output sizes, along one axis at a time."""

from __future__ import annotations

from cnnlab.checks import InputError, in_range

__all__ = ["conv_output_size", "kernel_span", "size_formula", "unread_at_end"]


def kernel_span(kernel_size: int, *, dilation: int = 1) -> int:
    """Return how many input pixels a dilated kernel covers from its first weight to its last.

    Parameters
    ----------
    kernel_size : int
        Weights along the axis.
    dilation : int
        Input pixels from one weight to the next.

    Returns
    -------
    int
        Covered length, in pixels.

    Raises
    ------
    InputError
        If a number is below 1.

    References
    ----------
    .. [1] Dumoulin and Visin, 2016, arXiv:1603.07285, section 5.1.

    Examples
    --------
    >>> kernel_span(3, dilation=2)
    5
    """
    kernel_size = in_range(kernel_size, name="kernel_size", low=1)
    dilation = in_range(dilation, name="dilation", low=1)
    return dilation * (kernel_size - 1) + 1


def conv_output_size(
    n: int, *, kernel_size: int, stride: int = 1, padding: int = 0, dilation: int = 1
) -> int:
    """Return how many positions a kernel can take along one axis.

    Parameters
    ----------
    n : int
        Input length along the axis, in pixels.
    kernel_size, stride, padding, dilation : int
        Layer settings along the axis; `padding` is added on both sides.

    Returns
    -------
    int
        Output length, in pixels.

    Raises
    ------
    InputError
        If the dilated kernel is longer than the padded input, or a setting is out of range.

    References
    ----------
    .. [1] Dumoulin and Visin, 2016, arXiv:1603.07285, relationship 15.

    Examples
    --------
    >>> conv_output_size(224, kernel_size=7, stride=2, padding=3)
    112
    """
    padded = in_range(n, name="n", low=1) + 2 * in_range(padding, name="padding", low=0)
    stride = in_range(stride, name="stride", low=1)
    span = kernel_span(kernel_size, dilation=dilation)
    if span > padded:
        raise InputError(
            f"a kernel of {kernel_size} with dilation {dilation} covers {span} pixels, the input "
            f"with its padding has {padded}: take a smaller kernel or dilation, or more padding"
        )
    return (padded - span) // stride + 1


def size_formula(
    n: int, *, kernel_size: int, stride: int = 1, padding: int = 0, dilation: int = 1
) -> str:
    """Return the calculation of `conv_output_size` with the numbers put in.

    Parameters
    ----------
    n : int
        Input length along the axis, in pixels.
    kernel_size, stride, padding, dilation : int
        Layer settings along the axis; `padding` is added on both sides.

    Returns
    -------
    str
        For reading; where the stride does not divide, with the fraction that is rounded down.

    Raises
    ------
    InputError
        As for `conv_output_size`.

    Examples
    --------
    >>> size_formula(5, kernel_size=3)
    '(5 + 2 · 0 − 3) / 1 + 1 = 3'
    >>> size_formula(7, kernel_size=3, stride=3)
    '(7 + 2 · 0 − 3) / 3 + 1 = 2.33, rounded down to 2'
    """
    positions = conv_output_size(
        n, kernel_size=kernel_size, stride=stride, padding=padding, dilation=dilation
    )
    span = kernel_span(kernel_size, dilation=dilation)
    exact = (n + 2 * padding - span) / stride + 1
    rounded = "" if exact == positions else f" = {exact:.2f}, rounded down to {positions}"
    return f"({n} + 2 · {padding} − {span}) / {stride} + 1{rounded or f' = {positions}'}"


def unread_at_end(
    n: int, *, kernel_size: int, stride: int = 1, padding: int = 0, dilation: int = 1
) -> int:
    """Return how many pixels at the far end of the padded axis no window ever reaches.

    Where the stride does not divide the way that is left, libraries round the output size down
    and leave these pixels out.

    Parameters
    ----------
    n : int
        Input length along the axis, in pixels.
    kernel_size, stride, padding, dilation : int
        Layer settings along the axis; `padding` is added on both sides.

    Returns
    -------
    int
        Pixels beyond the last window, padding included.

    Raises
    ------
    InputError
        If the kernel does not fit, or a setting is out of range.

    Examples
    --------
    >>> unread_at_end(7, kernel_size=3, stride=3)
    1
    """
    positions = conv_output_size(
        n, kernel_size=kernel_size, stride=stride, padding=padding, dilation=dilation
    )
    last = (positions - 1) * stride + kernel_span(kernel_size, dilation=dilation)
    return n + 2 * padding - last
