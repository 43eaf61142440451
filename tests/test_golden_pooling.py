"""Facts of lectures and books about pooling, recomputed with the lab's own functions.

Each fact of `golden/facts_pooling.json` has an operation, and each operation an evaluator here.
Where a source printed another number, the fact says why: rounded, or wrong.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnnlab.cost import layer_row
from cnnlab.exercises.pooling import questions
from cnnlab.layers import Pool2d
from cnnlab.pool_gradients import avg_pool2d_gradient, max_pool2d_gradient, max_unpool2d
from cnnlab.pooling import avg_pool2d, global_avg_pool2d, global_max_pool2d, l2_pool2d, max_pool2d
from cnnlab.shifting import changed

FILE = Path(__file__).parent / "golden" / "facts_pooling.json"
FACTS = json.loads(FILE.read_text(encoding="utf-8"))

Given = dict[str, Any]


def pooled(g: Given) -> Any:
    layer = {"kernel_size": g["k"], "stride": g["s"]}
    more = {"padding": g["padding"], "ceil_mode": g["ceil_mode"]}
    match g["mode"]:
        case "max":
            found = max_pool2d([g["x"]], **layer, **more)[0]
            everything = global_max_pool2d([g["x"]])[0]
        case "avg":
            found = avg_pool2d([g["x"]], **layer, **more)
            everything = global_avg_pool2d([g["x"]])
        case "l2":
            assert g["padding"] == 0
            found = l2_pool2d([g["x"]], **layer, ceil_mode=g["ceil_mode"])
    if g["k"] == len(g["x"]):  # the window covers everything: global pooling
        assert everything.tolist() == found.tolist()
    return found[0]


def compared(g: Given) -> Any:
    assert g["mode"] == "max"
    before, after = (max_pool2d([g[x]], g["k"], stride=g["s"])[0] for x in ("x1", "x2"))
    inputs, outputs = changed(g["x1"], g["x2"]), changed(before, after)
    return {
        "inputs_changed": inputs.sum(),
        "inputs_total": inputs.size,
        "outputs_changed": outputs.sum(),
        "outputs_total": outputs.size,
    }


def over_neighbours(g: Given) -> Any:
    """Pool a row whose neighbours on both sides are known or not."""
    left, right = ([] if g[side] is None else [g[side]] for side in ("left", "right"))
    row = [*left, *g["detector"], *right]
    reach = g["width"] // 2
    found = max_pool2d([[row]], (1, g["width"]), stride=1, padding=(0, reach))[0][0, 0]
    return found[len(left) : len(left) + len(g["detector"])]


def counted(g: Given) -> Any:
    bottom = changed(g["bottom_before"], g["bottom_after"])
    top = changed(g["top_before"], g["top_after"])
    assert bottom.size == top.size
    return {"bottom_changed": bottom.sum(), "top_changed": top.sum(), "of": top.size}


def reported(g: Given) -> Any:
    """Return what the lesson's own exercise says of a claim."""
    assert g["key"] == "max pooling inductive bias"
    return next(q.answer for q in questions() if "inductive bias" in q.asks)


def winners(g: Given) -> Any:
    switches = max_pool2d([g["x"]], g["k"], stride=g["s"])[1][0]
    return np.stack(np.divmod(switches, len(g["x"][0])), axis=-1)


def gradient(g: Given) -> Any:
    size = np.shape(g["x"])
    if g["mode"] == "avg":
        return avg_pool2d_gradient([g["upstream"]], size, g["k"], stride=g["s"])[0]
    switches = max_pool2d([g["x"]], g["k"], stride=g["s"])[1]
    return max_pool2d_gradient([g["upstream"]], switches, size)[0]


def unpooled(g: Given) -> Any:
    values, switches = max_pool2d([g["x"]], g["k"], stride=g["s"])
    return max_unpool2d(values, switches, np.shape(g["x"]))[0]


def reduction(g: Given) -> Any:
    row = layer_row(Pool2d(g["k"], g["s"]), (1, g["N"], g["N"]))
    kept = row.n_activations / g["N"] ** 2
    return {
        "activations_kept": kept,
        "activations_removed": 1 - kept,
        "pool_parameters": row.n_params,
    }


def parameters(g: Given) -> Any:
    assert g["layer"] == "maxpool"
    return layer_row(Pool2d(g["k"], g["s"]), (3, 8, 8)).n_params


EVALUATORS: dict[str, Callable[[Given], Any]] = {
    "pool2d": pooled,
    "pool_compare": compared,
    "pool1d_window": over_neighbours,
    "count_changes": counted,
    "reported": reported,
    "pool_argmax": winners,
    "pool_grad": gradient,
    "unpool": unpooled,
    "pool_reduction": reduction,
    "layer_params": parameters,
}


@pytest.mark.parametrize("fact", FACTS, ids=[fact["id"] for fact in FACTS])
def test_fact(fact):
    found = EVALUATORS[fact["given"]["op"]](fact["given"])
    expect = fact["expect"]
    if isinstance(expect, str):
        assert found == expect
    elif isinstance(expect, dict):
        assert found == pytest.approx(expect, rel=1e-12)
    else:
        assert np.shape(found) == np.shape(expect)
        # The file has ten digits after the point.
        np.testing.assert_allclose(found, expect, rtol=0, atol=1e-10)


def test_a_printed_number_is_the_exact_one_rounded():
    (fact,) = [fact for fact in FACTS if fact["status"] == "rounded"]
    assert fact["source_rule"] == {"unit": 1, "decimals": 0, "mode": "nearest"}
    assert np.rint(fact["expect"]).tolist() == fact["source_value"]
    assert fact["expect"] != fact["source_value"]


def test_a_wrong_claim_has_a_note_and_differs():
    wrong = [fact for fact in FACTS if fact["status"] == "source-error"]
    assert len(wrong) == 2
    assert all(fact["note"] and fact["source_value"] != fact["expect"] for fact in wrong)


def test_no_fact_is_missing_and_none_is_there_twice():
    assert len({fact["id"] for fact in FACTS}) == len(FACTS) == 31
    assert {fact["given"]["op"] for fact in FACTS} == EVALUATORS.keys()
    keys = {"id", "topic", "given", "expect", "status", "note"}
    more = {"source_value", "source_rule", "tolerance"}
    assert all(keys <= fact.keys() <= keys | more for fact in FACTS)
    assert {fact["topic"] for fact in FACTS} == {"pooling"}
    assert {fact["status"] for fact in FACTS} == {"exact", "rounded", "source-error"}
