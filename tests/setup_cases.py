"""Random setups of the convolution lesson, reached as a learner reaches them: change by change."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from cnnlab.checks import InputError
from cnnlab.examples import EXAMPLES
from cnnlab.fillings import KERNEL_NAMES
from cnnlab.links import setup_from_link
from cnnlab.setup_changes import CHOICES, LIMITS, change, edit
from cnnlab.setups import Setup, trace_setup

INPUTS = (*EXAMPLES, "random.7", "photo.cat", "photo.cat.30.50")
KERNELS = (*KERNEL_NAMES, "random.9")
SWITCHES = ("flip", "has_bias")
VALUES: dict[str, st.SearchStrategy[Any]] = {
    **{name: st.integers(low, high) for name, (low, high) in LIMITS.items()},
    **{name: st.sampled_from(values) for name, values in CHOICES.items()},
    **{name: st.booleans() for name in SWITCHES},
    "input": st.sampled_from(INPUTS),
    "kernel": st.sampled_from(KERNELS),
}
ONE_FIELD = st.one_of(*(st.tuples(st.just(name), values) for name, values in VALUES.items()))
NUMBERS = st.one_of(
    st.integers(-9, 9).map(float),
    st.floats(-1e6, 1e6),
    st.sampled_from([0.0, -0.0, 1e6, -1e6, 0.1, 5e-324, 1 / 3]),
)


@st.composite
def setups(draw, *, changes: int = 3, most_fields: int = 6, edits: int = 2) -> Setup:
    """Return a setup; its settings need not go together."""
    setup = setup_from_link({})
    for fields in draw(st.lists(st.lists(ONE_FIELD, max_size=most_fields), max_size=changes)):
        try:
            setup = change(setup, **dict(fields))
        except InputError:  # a photograph has 1 channel or 3
            continue
    for part in draw(st.lists(st.sampled_from(["input", "kernel", "bias"]), max_size=edits)):
        size = {"input": setup.x.size, "kernel": setup.weight.size, "bias": setup.filters}[part]
        if draw(st.booleans()):
            random = np.random.default_rng(draw(st.integers(0, 99)))
            cells = list(enumerate(random.normal(size=size).tolist()))
        else:
            cells = draw(st.lists(st.tuples(st.integers(0, size - 1), NUMBERS), max_size=5))
        setup = edit(setup, part, cells)
    return setup


def works(setup: Setup) -> bool:
    return fault(setup) == ""


def fault(setup: Setup) -> str:
    """Return why a setup cannot be shown, "" where it can."""
    try:
        trace_setup(setup)
    except InputError as error:
        return str(error)
    return ""


def differences(one: Setup, other: Setup) -> list[str]:
    """Return the fields in which two setups differ, to the last bit and the sign of zero."""
    found = []
    for name, value in vars(one).items():
        same = vars(other)[name]
        if isinstance(value, np.ndarray):
            equal = value.shape == same.shape and value.tobytes() == same.tobytes()
        elif name == "bias" and value is not None and same is not None:
            equal = np.array(value).tobytes() == np.array(same).tobytes()
        else:
            equal = value == same and type(value) is type(same)
        if not equal:
            found.append(name)
    return found


def read(setup: Setup) -> dict[str, Any]:
    """Return every field of a setup but the seed, as `change` names them."""
    named = isinstance(setup.padding, str)
    (top, bottom), (left, right) = ((None,) * 2,) * 2 if named else setup.padding
    return {
        "channels": setup.channels,
        "height": setup.size[0],
        "width": setup.size[1],
        "kernel_height": setup.kernel_size[0],
        "kernel_width": setup.kernel_size[1],
        "filters": setup.filters,
        "groups": setup.groups,
        "stride_rows": setup.stride[0],
        "stride_columns": setup.stride[1],
        "dilation_rows": setup.dilation[0],
        "dilation_columns": setup.dilation[1],
        "output_padding_rows": setup.output_padding[0],
        "output_padding_columns": setup.output_padding[1],
        "padding": setup.padding if named else None,
        "padding_top": top,
        "padding_bottom": bottom,
        "padding_left": left,
        "padding_right": right,
        "operation": setup.operation,
        "padding_mode": setup.padding_mode,
        "activation": setup.activation,
        "flip": setup.flip,
        "has_bias": setup.bias is not None,
        "input": setup.input,
        "kernel": setup.kernel,
    }
