"""How many positions a sliding window can take: output sizes, along one axis at a time."""

from __future__ import annotations

from cnnlab.checks import InputError, as_pair, in_range

__all__ = [
    "conv_output_size",
    "conv_transpose_output_size",
    "kernel_span",
    "pool_output_size",
    "same_padding",
    "size_formula",
    "transpose_size_formula",
    "unread_at_end",
]

_KERNEL = {"pixels": "kernel of {}", "rows": "{}-high kernel", "columns": "{}-wide kernel"}


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


def same_padding(kernel_size: int, *, dilation: int = 1) -> tuple[int, int]:
    """Return the padding (before, after) that keeps the size at stride 1.

    Parameters
    ----------
    kernel_size, dilation : int
        Layer settings along the axis.

    Returns
    -------
    tuple of int
        Pixels before the first and after the last; an odd rest goes after, as in PyTorch.

    Examples
    --------
    >>> same_padding(5), same_padding(4)
    ((2, 2), (1, 2))
    """
    total = dilation * (kernel_size - 1)
    return total // 2, total - total // 2


def conv_output_size(
    n: int,
    *,
    kernel_size: int,
    stride: int = 1,
    padding: int | tuple[int, int] = 0,
    dilation: int = 1,
    axis: str = "pixels",
) -> int:
    """Return how many positions a kernel can take along one axis.

    Parameters
    ----------
    n : int
        Input length along the axis, in pixels.
    kernel_size, stride, dilation : int
        Layer settings along the axis.
    padding : int or (before, after)
        Pixels added; one number counts for both sides.
    axis : {"pixels", "rows", "columns"}
        What the pixels along the axis are called in a message.

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
    padded = in_range(n, name="n", low=1) + sum(_both_sides(padding))
    stride = in_range(stride, name="stride", low=1)
    span = kernel_span(kernel_size, dilation=dilation)
    if span > padded:
        raise InputError(
            f"a {_KERNEL[axis].format(kernel_size)} with dilation {dilation} covers {span} {axis}, "
            f"the padded input has {padded}: take a smaller kernel or dilation, or more padding"
        )
    return (padded - span) // stride + 1


def size_formula(
    n: int,
    *,
    kernel_size: int,
    stride: int = 1,
    padding: int | tuple[int, int] = 0,
    dilation: int = 1,
) -> str:
    """Return the calculation of `conv_output_size` with the numbers put in.

    Parameters
    ----------
    n, kernel_size, stride, padding, dilation
        As for `conv_output_size`.

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
    >>> size_formula(7, kernel_size=3, stride=3, padding=(1, 0))
    '(7 + 1 + 0 − 3) / 3 + 1 = 2.67, rounded down to 2'
    """
    positions = conv_output_size(
        n, kernel_size=kernel_size, stride=stride, padding=padding, dilation=dilation
    )
    before, after = _both_sides(padding)
    span = kernel_span(kernel_size, dilation=dilation)
    exact = (n + before + after - span) / stride + 1
    added = f"2 · {before}" if before == after else f"{before} + {after}"
    rounded = "" if exact == positions else f" = {exact:.2f}, rounded down to {positions}"
    return f"({n} + {added} − {span}) / {stride} + 1{rounded or f' = {positions}'}"


def unread_at_end(
    n: int,
    *,
    kernel_size: int,
    stride: int = 1,
    padding: int | tuple[int, int] = 0,
    dilation: int = 1,
) -> int:
    """Return how many pixels at the far end of the padded axis no window ever reaches.

    Where the stride does not divide the way that is left, libraries round the output size down
    and leave these pixels out.

    Parameters
    ----------
    n, kernel_size, stride, padding, dilation
        As for `conv_output_size`.

    Returns
    -------
    int
        Pixels beyond the last window, padding included.

    Raises
    ------
    InputError
        As for `conv_output_size`.

    Examples
    --------
    >>> unread_at_end(7, kernel_size=3, stride=3)
    1
    """
    positions = conv_output_size(
        n, kernel_size=kernel_size, stride=stride, padding=padding, dilation=dilation
    )
    last = (positions - 1) * stride + kernel_span(kernel_size, dilation=dilation)
    return n + sum(_both_sides(padding)) - last


def conv_transpose_output_size(
    n: int,
    *,
    kernel_size: int,
    stride: int = 1,
    padding: int = 0,
    output_padding: int = 0,
    dilation: int = 1,
    axis: str = "pixels",
) -> int:
    """Return how long the output of a transposed convolution is along one axis.

    Parameters
    ----------
    n : int
        Input length along the axis, in pixels.
    kernel_size, stride, padding, dilation : int
        Settings of the convolution that this one runs backwards; so `padding` takes pixels away
        from both ends of the output.
    output_padding : int
        Pixels added at the far end: which of the input sizes that the stride maps to the same
        output size is meant.
    axis : {"pixels", "rows", "columns"}
        What the pixels along the axis are called in a message.

    Returns
    -------
    int
        Output length, in pixels.

    Raises
    ------
    InputError
        If nothing is left of the output, or a setting is out of range; `output_padding` must be
        smaller than the stride or the dilation.

    References
    ----------
    .. [1] Dumoulin and Visin, 2016, arXiv:1603.07285, relationship 14.

    Examples
    --------
    >>> conv_transpose_output_size(3, kernel_size=3, stride=2, padding=1, output_padding=1)
    6
    """
    n = in_range(n, name="n", low=1)
    stride = in_range(stride, name="stride", low=1)
    padding = in_range(padding, name="padding", low=0)
    output_padding = in_range(output_padding, name="output_padding", low=0)
    span = kernel_span(kernel_size, dilation=dilation)
    if output_padding >= max(stride, dilation):
        raise InputError(
            f"output_padding must be smaller than the stride or the dilation: it is "
            f"{output_padding}, they are {stride} and {dilation}"
        )
    size = (n - 1) * stride + span - 2 * padding + output_padding
    if size < 1:
        whole = size + 2 * padding
        raise InputError(
            f"padding {padding} takes {2 * padding} {axis} away from an output of {whole}: "
            "take less padding, or a larger kernel"
        )
    return size


def transpose_size_formula(
    n: int,
    *,
    kernel_size: int,
    stride: int = 1,
    padding: int = 0,
    output_padding: int = 0,
    dilation: int = 1,
) -> str:
    """Return the calculation of `conv_transpose_output_size` with the numbers put in.

    Parameters
    ----------
    n, kernel_size, stride, padding, output_padding, dilation
        As for `conv_transpose_output_size`.

    Returns
    -------
    str
        For reading.

    Raises
    ------
    InputError
        As for `conv_transpose_output_size`.

    Examples
    --------
    >>> transpose_size_formula(3, kernel_size=3, stride=2, padding=1, output_padding=1)
    '(3 − 1) · 2 − 2 · 1 + 3 + 1 = 6'
    """
    size = conv_transpose_output_size(
        n,
        kernel_size=kernel_size,
        stride=stride,
        padding=padding,
        output_padding=output_padding,
        dilation=dilation,
    )
    span = kernel_span(kernel_size, dilation=dilation)
    extra = f" + {output_padding}" if output_padding else ""
    return f"({n} − 1) · {stride} − 2 · {padding} + {span}{extra} = {size}"


def pool_output_size(
    n: int,
    *,
    kernel_size: int,
    stride: int | None = None,
    padding: int = 0,
    dilation: int = 1,
    ceil_mode: bool = False,
    axis: str = "pixels",
) -> int:
    """Return how many positions a pooling window can take along one axis.

    Parameters
    ----------
    n : int
        Input length along the axis, in pixels.
    kernel_size, dilation : int
        Settings of the window along the axis.
    stride : int or None
        Pixels from one window to the next; None for windows that lie side by side.
    padding : int
        Pixels added on both sides, at most half a window.
    ceil_mode : bool
        Whether a last window may reach beyond the end, as long as it starts before it.
    axis : {"pixels", "rows", "columns"}
        What the pixels along the axis are called in a message.

    Returns
    -------
    int
        Output length, in pixels.

    Raises
    ------
    InputError
        If no window fits, or a setting is out of range.

    References
    ----------
    .. [1] PyTorch, ``torch.nn.MaxPool2d``, the formula under "Shape".

    Examples
    --------
    >>> pool_output_size(55, kernel_size=3, stride=2)
    27
    >>> pool_output_size(112, kernel_size=3, stride=2), pool_output_size(
    ...     112, kernel_size=3, stride=2, ceil_mode=True
    ... )
    (55, 56)
    """
    n = in_range(n, name="n", low=1)
    span = kernel_span(kernel_size, dilation=dilation)
    stride = in_range(kernel_size if stride is None else stride, name="stride", low=1)
    padding = in_range(padding, name="padding", low=0)
    if padding > kernel_size // 2:
        raise InputError(
            f"the padding of a pooling window is at most half its size: it is {padding}, the "
            f"window has {kernel_size}"
        )
    left_over = n + 2 * padding - span
    size = (left_over + (stride - 1 if ceil_mode else 0)) // stride + 1
    if ceil_mode and (size - 1) * stride >= n + padding:
        size -= 1  # that window would start beyond the input
    if size < 1:
        raise InputError(
            f"a window of {kernel_size} with dilation {dilation} covers {span} {axis}, the padded "
            f"input has {n + 2 * padding}: take a smaller window, or pool once less"
        )
    return size


def _both_sides(padding: int | tuple[int, int]) -> tuple[int, int]:
    """Return padding as (before, after)."""
    return as_pair(padding, name="padding", low=0)
