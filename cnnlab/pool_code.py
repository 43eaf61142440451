"""A pooling as code to take away."""

from __future__ import annotations

from cnnlab.pool_setups import PoolSetup

__all__ = ["pytorch_pooling"]


def pytorch_pooling(setup: PoolSetup) -> str:
    """Return a PyTorch script that prints the output of a pooling and the gradient of its input.

    Parameters
    ----------
    setup : PoolSetup
        A pooling that works.

    Returns
    -------
    str
        Python code; the gradient is that of the sum of all outputs.

    Examples
    --------
    >>> from cnnlab.pool_links import from_link
    >>> pytorch_pooling(from_link({})).splitlines()[9]
    'output = functional.max_pool2d(x, kernel_size=2, stride=2)'
    """
    numbers = ",\n        ".join(
        "[" + ", ".join(str([float(f"{n:.9g}") for n in row]) for row in plane) + "]"
        for plane in setup.x.tolist()
    )
    return (
        "import torch\n"
        "from torch.nn import functional\n\n"
        f"x = torch.tensor(\n    [\n        {numbers},\n    ],\n    requires_grad=True,\n)\n"
        f"output = functional.{_call(setup)}\n"
        "print(output)\n"
        "output.sum().backward()\n"
        "print(x.grad)\n"
    )


def _call(setup: PoolSetup) -> str:
    if not setup.slides:
        size = _written(setup.output if setup.windows == "adaptive" else (1, 1))
        if setup.kind == "L2":
            return f"lp_pool2d(x, 2.0, kernel_size={_written(setup.size)})"
        return f"adaptive_{'max' if setup.kind == 'max' else 'avg'}_pool2d(x, {size})"
    name, first = {
        "max": ("max_pool2d", ""),
        "average": ("avg_pool2d", ""),
        "L2": ("lp_pool2d", "2.0, "),
    }[setup.kind]
    parts = [f"kernel_size={_written(setup.kernel_size)}", f"stride={_written(setup.stride)}"]
    parts += [f"padding={_written(setup.padding)}"] if max(setup.padding) else []
    parts += ["ceil_mode=True"] if setup.ceil_mode else []
    if setup.kind == "average" and not setup.count_include_pad:
        parts.append("count_include_pad=False")
    return f"{name}(x, {first}{', '.join(parts)})"


def _written(pair: tuple[int, int]) -> str:
    return str(pair[0]) if pair[0] == pair[1] else str(pair)
