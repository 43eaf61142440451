"""The examples of the convolution lesson: each works, is short to link to, and says the truth."""

import numpy as np
import pytest

from cnnlab.links import setup_to_link
from cnnlab.presets import PRESETS
from cnnlab.repairs import repairs
from cnnlab.setups import output_size, trace_setup


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_works_and_has_a_short_link(name):
    preset = PRESETS[name]
    assert len(trace_setup(preset.setup)) > 0
    assert setup_to_link(preset.setup) == preset.link
    assert repairs(preset.setup) == []


def test_worked_examples():
    def result(name: str) -> list:
        return trace_setup(PRESETS[name].setup).result.values.tolist()

    assert result("binary") == [[[4, 3, 4], [2, 4, 3], [2, 3, 4]]]
    assert result("forty")[0][1][1] == pytest.approx(40, abs=1e-12)
    # The demonstration of CS231n with other numbers, as verified independently.
    assert result("volume") == [
        [[3, 1, 0], [1, 1, 1], [0, 1, 3]],
        [[-1, 0, -1], [0, 0, 0], [2, 0, -1]],
    ]
    assert result("transposed")[0][2] == [4, 4, 10, 6, 6]
    assert np.max(result("curve")) == result("curve")[0][0][5] == 9000
    assert output_size(PRESETS["floor"].setup) == (2, 2)
