"""What a ReLU passes back, changed for as long as a block runs: no hook, no change of the network.

Guided backpropagation and the deconvnet differ from the gradient in one thing only: what a ReLU
does with the signal on its way back. Here every ReLU that runs inside a ``with`` block follows
another rule, however the network calls it: as a module, as a module used twice, as a function, or
in place. Libraries that hook ``nn.ReLU`` modules miss the functions, and give the plain gradient
for GoogLeNet and Inception without a word.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from cnnlab.checks import InputError

__all__ = ["RULES", "ReluRule", "Rule"]

Rule = Literal["gradient", "guided", "deconvnet", "redirected"]
RULES: tuple[Rule, ...] = ("gradient", "guided", "deconvnet", "redirected")

_RELU = {functional.relu, torch.relu, Tensor.relu}
_RELU_IN_PLACE = {functional.relu_, torch.relu_, Tensor.relu_}
_RELU6 = {functional.relu6}
_HARDTANH = {functional.hardtanh}


class ReluRule(TorchFunctionMode):
    """Let every ReLU, and ReLU6, that runs in this block and thread pass back by another rule.

    =========== ==================================================
    rule        what reaches the input x, when g comes from above
    =========== ==================================================
    gradient    g where x > 0
    guided      g where x > 0 and g > 0
    deconvnet   g where g > 0
    redirected  g where x > 0; if that is 0 everywhere, g where g > 0
    =========== ==================================================

    A ReLU6 counts as open where 0 < x < 6. Other activations (SiLU, GELU, hard swish) have no such
    switch and are left alone.

    Parameters
    ----------
    rule : {"gradient", "guided", "deconvnet", "redirected"}
        What to pass back. "Redirected" is for climbing away from a place where a ReLU is closed in
        all cells, so that there is no gradient [3]_.

    Attributes
    ----------
    count : int
        How many ReLUs have run so far. If it stays 0, the rule has changed nothing.

    Raises
    ------
    InputError
        If there is no such rule.

    References
    ----------
    .. [1] Springenberg et al., 2015, "Striving for Simplicity: The All Convolutional Net", ICLR
       workshop, arXiv:1412.6806, section 3.4 and figure 1.
    .. [2] Zeiler and Fergus, 2014, "Visualizing and Understanding Convolutional Networks", ECCV,
       arXiv:1311.2901, section 2.1.
    .. [3] Olah et al., 2017, "Feature visualization", Distill; in their code, ``redirected_relu``.

    Examples
    --------
    >>> x = torch.tensor([-1.0, 2.0, 3.0], requires_grad=True)
    >>> with ReluRule("deconvnet"):
    ...     y = functional.relu(x) * torch.tensor([1.0, 1.0, -1.0])
    >>> y.sum().backward()
    >>> x.grad  # the gradient would be 0, 1, -1
    tensor([1., 1., 0.])
    """

    def __init__(self, rule: Rule) -> None:
        super().__init__()
        if rule not in RULES:
            raise InputError(f"rule must be one of {', '.join(RULES)}, got {rule!r}")
        self.rule, self.count = rule, 0

    def __torch_function__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Stand in for a ReLU; let everything else run as it is."""
        kwargs = kwargs or {}
        high = _upper_end(func, args, kwargs)
        if high is None:
            return func(*args, **kwargs)
        self.count += 1
        x: Tensor = args[0] if args else kwargs["input"]
        if func in _RELU_IN_PLACE:
            return x.copy_(_Rectified.apply(x.clone(), high, self.rule))
        return _Rectified.apply(x, high, self.rule)


def _upper_end(func: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> float | None:
    """Return where a rectifier saturates, infinity for a ReLU, None if it is none."""
    if func in _RELU or func in _RELU_IN_PLACE:
        return math.inf
    if func in _RELU6:
        return 6.0
    if func in _HARDTANH:
        named = dict(zip(("input", "min_val", "max_val"), args, strict=False)) | kwargs
        if named.get("min_val", -1.0) == 0:
            return float(named.get("max_val", 1.0))
    return None


class _Rectified(torch.autograd.Function):
    """min(max(x, 0), high), passing back by a rule."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, high: float, rule: Rule) -> Tensor:
        ctx.rule = rule
        ctx.save_for_backward((x > 0) & (x < high))
        return x.clamp(0, high)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        (gradient,) = grads
        (is_open,) = ctx.saved_tensors
        passed = gradient * is_open
        if ctx.rule == "redirected":
            return passed if passed.any() else gradient.clamp(min=0), None, None
        if ctx.rule != "deconvnet":
            gradient = passed
        if ctx.rule != "gradient":
            gradient = gradient.clamp(min=0)
        return gradient, None, None
