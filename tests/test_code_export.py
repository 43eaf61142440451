"""The scripts to take away: run as they are, they print the numbers of the lesson."""

import ast
import json
import os
import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cnnlab.checks import InputError
from cnnlab.code_export import keras_code, numpy_code, pytorch_code
from cnnlab.links import setup_from_link
from cnnlab.presets import PRESETS
from cnnlab.setups import Setup, trace_setup

WRITERS = {"numpy": numpy_code, "pytorch": pytorch_code, "keras": keras_code}
PLAIN = setup_from_link({})

# What Keras has no setting for, what is at the ends of a range, and what no random setup meets.
SPECIAL = {
    "stride and dilation": {"size": "1x9x9", "stride": "2x1", "dilation": "1x2"},
    "same, even kernel": {"kernel_size": "2x4", "padding": "same"},
    "same, even kernel, dilated": {"kernel_size": "4x2", "padding": "same", "dilation": "1x3"},
    "same, mirrored": {"padding": "same", "padding_mode": "reflect"},
    "padding 1 at stride 2": {"padding": "1", "stride": "2"},
    "full, dilated": {"padding": "full", "dilation": "2"},
    "causal, dilated": {
        "size": "2x1x9",
        "kernel_size": "1x3",
        "padding": "causal",
        "dilation": "2",
    },
    "padding at one side": {"padding": "0.0.3.0"},
    "mode without padding": {"padding_mode": "reflect"},
    "turned": {"flip": "yes", "kernel": "sobel-x", "stride": "2", "dilation": "2", "size": "1x8x8"},
    "sigmoid of a large negative number": {
        "input": "grey",
        "kernel": "-1000_-1000_-1000_-1000_-1000_-1000_-1000_-1000_-1000",
        "activation": "sigmoid",
    },
    "long numbers": {
        "size": "1x2x16",
        "input": "_".join(repr(n / 7) for n in range(-1, 31)),
        "kernel_size": "1",
        "bias": "0.1",
    },
    "one long row": {
        "size": "1x1x16",
        "input": "_".join(repr(n / 7) for n in range(-1, 15)),
        "kernel_size": "1",
    },
    "long biases": {
        "filters": "4",
        "kernel_size": "1",
        "bias": "_".join(repr(-1e5 / n) for n in (7, 11, 13, 17)),
    },
    "tiny and huge numbers": {
        "size": "1x1x4",
        "input": "1e-09_-1000000_0.5_-0",
        "kernel_size": "1",
    },
    "transposed, plain": {"operation": "transposed"},
    "transposed, flip means nothing": {"operation": "transposed", "flip": "yes"},
    "transposed, kernel below stride": {
        "operation": "transposed",
        "kernel_size": "1x3",
        "stride": "3x2",
        "bias": "1",
    },
    "transposed, output padding": {
        "operation": "transposed",
        "stride": "3x2",
        "output_padding": "2x1",
        "padding": "1x0",
        "bias": "2",
    },
    "transposed, output padding beyond the stride": {
        "operation": "transposed",
        "stride": "2x3",
        "dilation": "4x2",
        "output_padding": "3x1",
        "padding": "0x2",
        "bias": "2",
        "activation": "sigmoid",
    },
    "transposed, kernel below stride, output padding beyond it": {
        "operation": "transposed",
        "kernel_size": "3x1",
        "stride": "1x5",
        "dilation": "3x1",
        "output_padding": "2x0",
        "bias": "2",
    },
    "transposed, groups": {
        "operation": "transposed",
        "size": "4x3x3",
        "kernel": "random.2",
        "filters": "4",
        "groups": "2",
        "bias": "1_2_3_4",
        "activation": "leaky_relu",
    },
    "transposed, all cut away but one": {
        "operation": "transposed",
        "size": "1x1x1",
        "padding": "1",
    },
}


def random_setup(random: np.random.Generator) -> Setup:
    """Return a layer of any kind that works."""

    def pair(low: int, high: int) -> tuple[int, int]:
        return int(random.integers(low, high + 1)), int(random.integers(low, high + 1))

    while True:
        transposed = bool(random.integers(2))
        groups = int(random.choice([1, 1, 2, 3]))
        in_group, per_group = int(random.integers(1, 3)), int(random.integers(1, 3))
        channels, filters = groups * in_group, groups * per_group
        shape = (channels, per_group) if transposed else (filters, in_group)
        kernel_size = pair(1, 4)
        padding: Any = str(random.choice(["valid", "same", "full", "causal"]))
        if padding == "causal":
            kernel_size = (1, kernel_size[1])
        if random.integers(3) or (transposed and padding != "valid"):
            rows, columns = pair(0, 3), pair(0, 3)
            padding = ((rows[0],) * 2, (columns[0],) * 2) if transposed else (rows, columns)
        scale = random.choice([1.0, 3.0, 1000.0])
        whole = random.integers(2)
        x = random.normal(size=(channels, *pair(1, 8))) * scale
        setup = Setup(
            x.round() if whole else x,
            random.normal(size=(*shape, *kernel_size)).round(int(random.choice([0, 1, 16]))),
            "own",
            "own",
            bias=tuple(random.normal(size=filters).tolist()) if random.integers(2) else None,
            operation="transposed" if transposed else "convolution",
            stride=pair(1, 3),
            padding=padding,
            dilation=pair(1, 3) if random.integers(2) else (1, 1),
            output_padding=pair(0, 2) if random.integers(2) else (0, 0),
            groups=groups,
            padding_mode="zeros"
            if transposed
            else random.choice(["zeros", "reflect", "replicate", "circular"]).item(),
            flip=bool(random.integers(2)),
            activation=random.choice(["none", "relu", "leaky_relu", "tanh", "sigmoid"]).item(),
        )
        try:
            trace_setup(setup)
        except InputError:
            continue
        return setup


def many_setups() -> dict[str, Setup]:
    random = np.random.default_rng(7)
    setups = {name: preset.setup for name, preset in PRESETS.items()}
    setups |= {name: setup_from_link(link) for name, link in SPECIAL.items()}
    setups |= {f"random {number}": random_setup(random) for number in range(80)}
    return setups


SETUPS = many_setups()

# Runs scripts one after the other, each in a namespace of its own, and collects what they print.
RUNNER = """
import contextlib, io, json, sys, traceback
results = []
for script in json.load(sys.stdin):
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            exec(compile(script, "script", "exec"), {"__name__": "__main__"})
        results.append(printed.getvalue())
    except Exception:
        results.append(traceback.format_exc())
json.dump(results, sys.stdout)
"""


def printed_by(scripts: list[str]) -> list[str]:
    """Return what each script prints in a process that knows nothing of cnnlab."""
    done = subprocess.run(
        [sys.executable, "-P", *("-W", "error", "-W", "ignore::DeprecationWarning"), "-c", RUNNER],
        input=json.dumps(scripts),
        env=os.environ | {"KERAS_BACKEND": "torch"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def arrays_of(script: str) -> dict[str, np.ndarray]:
    """Return the numbers that stand in a script, by their names."""
    return {
        node.targets[0].id: np.array(ast.literal_eval(node.value.args[0]), dtype=np.float64)
        for node in ast.parse(script).body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and node.value.args
        and isinstance(node.value.args[0], ast.List)
    }


@pytest.mark.parametrize(
    "framework", ["numpy", "pytorch", pytest.param("keras", marks=pytest.mark.slow)]
)
def test_a_script_prints_the_numbers_of_the_lesson(framework):
    printed = printed_by([WRITERS[framework](setup) for setup in SETUPS.values()])
    wrong = {}
    for (name, setup), text in zip(SETUPS.items(), printed, strict=True):
        wanted = trace_setup(setup).result.values
        try:
            got = np.array(ast.literal_eval(text))
            # Sums of a few hundred products in float64, added up in another order.
            np.testing.assert_allclose(got, wanted, rtol=1e-9, atol=1e-9, strict=True)
        except (AssertionError, SyntaxError, ValueError) as error:
            wrong[name] = f"{error}\n{text[-2000:]}"
    assert not wrong, "\n\n".join(f"{name}: {error}" for name, error in wrong.items())


def test_the_setups_cover_every_setting():
    for field, values in {
        "operation": {"convolution", "transposed"},
        "padding_mode": {"zeros", "reflect", "replicate", "circular"},
        "activation": {"none", "relu", "leaky_relu", "tanh", "sigmoid"},
        "groups": {1, 2, 3},
        "flip": {False, True},
    }.items():
        assert {getattr(setup, field) for setup in SETUPS.values()} >= values
    named = {setup.padding for setup in SETUPS.values() if isinstance(setup.padding, str)}
    assert named >= {"valid", "same", "full", "causal"}
    assert {setup.bias is None for setup in SETUPS.values()} == {False, True}


@pytest.mark.parametrize("framework", WRITERS)
def test_numbers_are_written_exactly(framework):
    for setup in SETUPS.values():
        arrays = arrays_of(WRITERS[framework](setup))
        np.testing.assert_array_equal(arrays["x"], setup.x)
        np.testing.assert_array_equal(arrays["weight"], setup.weight)
        assert ("bias" in arrays) == (setup.bias is not None)
        if setup.bias is not None:
            np.testing.assert_array_equal(arrays["bias"], setup.bias)


@pytest.mark.parametrize("framework", WRITERS)
def test_lines_fit_on_a_screen(framework):
    for name, setup in SETUPS.items():
        script = WRITERS[framework](setup)
        assert [line for line in script.splitlines() if len(line) >= 100] == [], name
        assert [line for line in script.splitlines() if line != line.rstrip()] == [], name
        assert script.endswith(")\n")


@pytest.mark.parametrize("framework", WRITERS)
def test_plain_settings_are_not_mentioned(framework):
    script = WRITERS[framework](PLAIN)
    for word in ("stride", "pad", "dilation", "groups", "flip", "::-1", "activation", "relu"):
        assert word not in script
    assert "bias" not in script.replace("use_bias=False", "")
    assert len(script.splitlines()) <= 40


@pytest.mark.parametrize("framework", WRITERS)
def test_whole_numbers_have_no_point(framework):
    rows = "[[1, 1, 1, 0, 0],\n     [0, 1, 1, 1, 0],"
    assert rows in WRITERS[framework](PLAIN)
    assert "[[-0.25," in WRITERS[framework](replace(PLAIN, x=PLAIN.x - 1.25))


@pytest.mark.parametrize("framework", WRITERS)
def test_planes_are_named_where_there_are_several(framework):
    script = WRITERS[framework](PRESETS["volume"].setup)
    assert "[[0, 1, 2, 0, 1],  # channel 0\n" in script
    assert script.count("  # filter 1, channel 2\n") == 1
    assert "  # channel" not in WRITERS[framework](PLAIN)


def test_the_idiom_of_the_framework_is_used_where_it_fits():
    same = setup_from_link({"padding": "same", "bias": "1", "activation": "relu"})
    assert 'F.conv2d(x, weight, bias, padding="same")' in pytorch_code(same)
    assert 'kernel_size=3, padding="same", activation="relu")' in keras_code(same)
    assert "padding=(1, 0))" in pytorch_code(setup_from_link({"padding": "1x0"}))
    one_side = setup_from_link({"padding": "0.0.2.0"})
    assert "x = F.pad(x, (2, 0, 0, 0))" in pytorch_code(one_side)
    assert "ZeroPadding2D(((0, 0), (2, 0)))" in keras_code(one_side)
    strided = keras_code(setup_from_link({"padding": "1", "stride": "2"}))
    assert "same" not in strided  # at stride 2 Keras means something else by it


@pytest.mark.parametrize("framework", WRITERS)
@pytest.mark.parametrize(
    ("link", "message"),
    [
        ({"kernel_size": "7"}, "covers 7 rows"),
        ({"groups": "2"}, "groups must divide"),
        ({"padding": "5", "padding_mode": "reflect"}, "at most 4"),
        ({"padding": "same", "stride": "2"}, "stride 1 only"),
        ({"operation": "transposed", "padding": "1.0.0.0"}, "opposite sides"),
        ({"operation": "transposed", "output_padding": "1"}, "output_padding must be smaller"),
    ],
)
def test_what_cannot_be_computed_is_refused(framework, link, message):
    with pytest.raises(InputError, match=message):
        WRITERS[framework](setup_from_link(link))
