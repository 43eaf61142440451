"""Ways out of settings that do not go together: every one of them works."""

import pytest
from hypothesis import given, seed, settings

from cnnlab.checks import InputError
from cnnlab.links import setup_from_link
from cnnlab.repairs import repairs
from cnnlab.setup_changes import change
from cnnlab.setups import trace_setup
from tests.setup_cases import setups


@seed(3)
@settings(max_examples=400)
@given(setup=setups())
def test_every_way_out_works(setup):
    try:
        trace_setup(setup)
    except InputError:
        for _, fields in repairs(setup):
            assert len(trace_setup(change(setup, **fields))) > 0
    else:
        assert repairs(setup) == []


def test_too_many_steps_are_refused_with_a_way_out():
    setup = change(
        setup_from_link({"operation": "transposed"}),
        height=16,
        width=16,
        filters=4,
        stride_rows=8,
        stride_columns=8,
    )
    with pytest.raises(InputError, match="the player shows at most"):
        trace_setup(setup)
    assert repairs(setup)
