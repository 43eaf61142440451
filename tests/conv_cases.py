"""Random convolutions of every kind, and what torch makes of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, get_args

import numpy as np
import torch
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from torch.nn import functional

from cnnlab.checks import InputError
from cnnlab.convolution import conv2d, conv_transpose2d
from cnnlab.padding import NamedPadding, PaddingMode

MODES = get_args(PaddingMode)
NAMES = get_args(NamedPadding)
OWN_NAMES = ("full", "causal")  # torch does not know these

# At most 4 * 25 products of numbers near 1: a different order of additions moves the last digits.
CLOSE = {"rtol": 1e-12, "atol": 1e-12}


@dataclass(frozen=True)
class Case:
    """One convolution: arrays and settings."""

    x: np.ndarray
    weight: np.ndarray
    bias: np.ndarray | None
    layer: dict[str, Any]

    def ours(self) -> np.ndarray | None:
        """Return our feature maps, None where we refuse; any other error is a bug."""
        try:
            return self.computed()
        except InputError:
            return None

    def torchs(self) -> np.ndarray | None:
        """Return torch's feature maps, None where it refuses."""
        arrays = (self.x, self.weight, self.bias)
        x, weight, bias = (None if a is None else torch.tensor(a) for a in arrays)
        try:
            return self.oracle(x, weight, bias).numpy()
        except (RuntimeError, ValueError):
            return None

    def computed(self) -> np.ndarray:
        return conv2d(self.x, self.weight, self.bias, **self.layer)

    def oracle(self, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None):
        """Return what torch computes; paddings that its layers lack are laid on beforehand."""
        layer = dict(self.layer)
        weight = weight.flip(2, 3) if layer.pop("flip", False) else weight
        if (sides := self.sides()) is None:
            # On the device "meta" a layer has no weights of its own, which would cost time.
            size, maps = weight.shape[2:], len(weight)
            conv = torch.nn.Conv2d(len(x), maps, size, bias=False, device="meta", **layer)
            return conv._conv_forward(x[None], weight, bias)[0]
        return functional.conv2d(self.padded(x, sides), weight, bias, **self.plain())

    def sides(self) -> tuple[int, int, int, int] | None:
        """Return (top, bottom, left, right), None where torch's own layer pads."""
        padding = self.layer.get("padding", 0)
        reach = np.multiply(self.layer.get("dilation", 1), np.subtract(self.weight.shape[2:], 1))
        rows, columns = (int(number) for number in reach)
        if padding == "full":
            return rows, rows, columns, columns
        if padding == "causal":
            if self.weight.shape[2] != 1:
                raise ValueError("only sequences are causal")
            return 0, 0, columns, 0
        if isinstance(padding, tuple) and any(isinstance(side, tuple) for side in padding):
            (top, bottom), (left, right) = (np.broadcast_to(side, 2).tolist() for side in padding)
            return top, bottom, left, right
        return None

    def padded(self, x: torch.Tensor, sides: tuple[int, int, int, int]) -> torch.Tensor:
        top, bottom, left, right = sides
        if min(sides) < 0:
            raise ValueError("torch.nn.functional.pad would cut off")
        mode = self.layer.get("padding_mode", "zeros")
        mode = "constant" if mode == "zeros" else mode
        return functional.pad(x, (left, right, top, bottom), mode=mode)

    def plain(self) -> dict[str, Any]:
        """Return the settings of a layer that pads nothing."""
        return {k: v for k, v in self.layer.items() if k in ("stride", "dilation", "groups")}


@dataclass(frozen=True)
class Sequence(Case):
    """A convolution along one row: torch takes it as one-dimensional."""

    def oracle(self, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None):
        layer = {k: v[1] if isinstance(v, tuple) else v for k, v in self.plain().items()}
        weight = weight.flip(3) if self.layer.get("flip") else weight
        padding = self.layer["padding"]
        sides = self.sides()
        if sides is None:
            layer |= {
                "padding": padding[1] if isinstance(padding, tuple) else padding,
                "padding_mode": self.layer["padding_mode"],
            }
            size, maps = weight.shape[3], len(weight)
            conv = torch.nn.Conv1d(len(x), maps, size, bias=False, device="meta", **layer)
            return conv._conv_forward(x[None, :, 0], weight[:, :, 0], bias)[0][:, None]
        x = self.padded(x, sides)[:, 0]
        return functional.conv1d(x, weight[:, :, 0], bias, **layer)[:, None]


@dataclass(frozen=True)
class Transposed(Case):
    """A transposed convolution."""

    def computed(self) -> np.ndarray:
        return conv_transpose2d(self.x, self.weight, self.bias, **self.layer)

    def oracle(self, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None):
        return functional.conv_transpose2d(x, weight, bias, **self.layer)


def pairs(low: int, high: int) -> st.SearchStrategy:
    """Return one number for both axes, or one for each."""
    number = st.integers(low, high)
    return st.one_of(number, st.tuples(number, number))


def sided(low: int, high: int) -> st.SearchStrategy:
    """Return paddings of which at least one axis has a number a side."""
    number = st.integers(low, high)
    two = st.tuples(number, number)
    return st.one_of(st.tuples(two, two), st.tuples(two, number), st.tuples(number, two))


@st.composite
def arrays(draw, *, largest: int, height: int | None = None, kernel_height: int | None = None):
    """Return input, weight, bias and groups of a convolution that fit together."""
    groups, each, filters = draw(st.tuples(*[st.integers(1, 4)] * 3))
    rows, columns = draw(st.tuples(st.integers(1, largest), st.integers(1, largest)))
    k_rows, k_columns = draw(st.tuples(st.integers(1, 5), st.integers(1, 5)))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return (
        random.normal(size=(groups * each, height or rows, columns)),
        random.normal(size=(groups * filters, each, kernel_height or k_rows, k_columns)),
        random.normal(size=groups * filters) if draw(st.booleans()) else None,
        groups,
    )


@st.composite
def cases(draw, *, low: int = 1, largest: int = 9, modes=MODES, padding=None) -> Case:
    """Return a convolution; most fit, some do not. With `low` 0, settings may be out of range."""
    x, weight, bias, groups = draw(arrays(largest=largest))
    layer = {
        "stride": draw(pairs(low, 4)),
        "padding": draw(pairs(low - 1, 5) if padding is None else padding),
        "dilation": draw(pairs(low, 3)),
        "groups": groups,
        "padding_mode": draw(st.sampled_from(modes)),
        "flip": draw(st.booleans()),
    }
    return Case(x, weight, bias, layer)


@st.composite
def named_cases(draw, *, largest: int = 9) -> Case:
    """Return a convolution whose padding has a name, or a number a side."""
    padding = st.one_of(st.sampled_from(NAMES), sided(0, 5))
    case = draw(cases(largest=largest, padding=padding))
    layer, weight = case.layer, case.weight
    if layer["padding"] == "same" and draw(st.integers(0, 3)):  # else mostly refused
        layer["stride"] = draw(st.sampled_from([1, (1, 1)]))
    if layer["padding"] == "causal" and draw(st.integers(0, 3)):
        weight = weight[:, :, :1]
    return replace(case, weight=weight)


@st.composite
def sequences(draw, *, largest: int = 9) -> Sequence:
    """Return a convolution of height 1."""
    x, weight, bias, groups = draw(arrays(largest=largest, height=1, kernel_height=1))
    side = st.integers(0, 5)
    padding = st.one_of(
        st.sampled_from(NAMES),
        st.tuples(st.just(0), side),
        st.tuples(st.just((0, 0)), st.tuples(side, side)),
    )
    number = st.integers(1, 3)
    layer = {
        "stride": draw(st.one_of(st.just(1), number, st.tuples(st.just(1), number))),
        "padding": draw(padding),
        "dilation": draw(st.one_of(number, st.tuples(number, number))),
        "groups": groups,
        "padding_mode": draw(st.sampled_from(MODES)),
        "flip": draw(st.booleans()),
    }
    return Sequence(x, weight, bias, layer)


@st.composite
def transposed(draw, *, low: int = 1, largest: int = 9) -> Transposed:
    """Return a transposed convolution; most fit, some do not."""
    x, weight, bias, groups = draw(arrays(largest=largest))
    # (K, C / groups, kH, kW) read as (C, K / groups, kH, kW): the input gets the channels for it.
    x = np.resize(x, (len(weight), *x.shape[1:]))
    filters = weight.shape[1] * groups
    bias = None if bias is None else np.resize(bias, filters)
    layer = {
        "stride": draw(pairs(low, 4)),
        "padding": draw(pairs(low - 1, 3)),
        "output_padding": draw(st.one_of(st.just(0), pairs(low - 1, 3))),
        "dilation": draw(pairs(low, 3)),
        "groups": groups,
    }
    return Transposed(x, weight, bias, layer)


KINDS: dict[str, Callable[..., st.SearchStrategy[Case]]] = {
    "padding by numbers": cases,
    "padding by name or side": named_cases,
    "sequence": sequences,
    "transposed": transposed,
}


def fitting(**limits: Any) -> st.SearchStrategy[Case]:
    """Return convolutions that nobody refuses."""
    return cases(**limits).filter(lambda case: case.ours() is not None)


def agree(case: Case) -> bool:
    """Check a case against torch; return whether it was computed rather than refused."""
    ours, torchs = case.ours(), case.torchs()
    if ours is None or torchs is None:
        assert ours is torchs
        return False
    assert ours.shape == torchs.shape
    np.testing.assert_allclose(ours, torchs, **CLOSE)
    return True


def compare(strategy: st.SearchStrategy[Case], *, examples: int, start: int) -> tuple[int, int]:
    """Check so many cases against torch; return how many were computed and how many refused."""
    counts = [0, 0]

    @seed(start)
    @settings(max_examples=examples, database=None)
    @given(case=strategy)
    def run(case: Case) -> None:
        counts[0 if agree(case) else 1] += 1

    run()
    return counts[0], counts[1]
