"""Facts of lectures about normalisation, recomputed.

Each fact of `golden/facts_normalisation.json` has an operation, and each operation an evaluator
here, which asks `cnnlab`. Where a lecture printed something else, the fact says why it is wrong.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnnlab.least_squares import Problem, condition_number, gradient, hessian, loss
from cnnlab.normalisation import (
    RunningStatistics,
    batch_norm,
    local_response_norm,
    mean_and_std,
    standardise,
    update_running,
)

FILE = Path(__file__).parent / "golden" / "facts_normalisation.json"
FACTS = json.loads(FILE.read_text(encoding="utf-8"))

Given = dict[str, Any]


def uniform(ranges: list[list[float]]) -> np.ndarray:
    """Return examples with exactly the first and second moments of independent uniform features.

    Gauss's two places have equal weights and are exact for polynomials up to the third degree.
    """
    places = [
        [(low + high) / 2 + sign * (high - low) / (2 * 3**0.5) for sign in (-1, 1)]
        for low, high in ranges
    ]
    return np.array([[a, b] for a in places[0] for b in places[1]])


def curvature(x: np.ndarray) -> np.ndarray:
    """Return the Hessian of the squared loss, without its factor 2."""
    return hessian(Problem(x, np.zeros(len(x)))) / 2


def condition(g: Given) -> float:
    x = uniform(g["ranges"])
    return condition_number(curvature(standardise(x) if g["standardized"] else x))


def ridge(g: Given) -> dict[str, float]:
    assert g["w0"] == 0
    problem = Problem(np.array(g["X"]), np.array(g["y"], float))
    slope = gradient(problem, g["w"], decay=g["lam"])
    return {"dJ_dw1": slope[0], "dJ_dw2": slope[1], "J": loss(problem, g["w"], decay=g["lam"])}


def ridge_rule(g: Given) -> str:
    """Find out which of the two rules for the slope the numbers follow."""
    assert g["key"] == "dJ/dw_1"
    problem, w, decay = (
        Problem(np.array([[3.0, 5.0], [2.0, 1.0]]), np.array([1.0, 4.0])),
        [1, 2],
        0.5,
    )
    by_output = 2 * (problem.x @ w - problem.y)  # dL/dŷ
    by_weight = by_output * problem.x[:, 0]  # dL/dw₁
    rules = {
        "E[dL/dyhat * x_1] + 2*lambda*w_1": (by_output * problem.x[:, 0]).mean() + 2 * decay * w[0],
        "(dL/dw_1)*x_1 + 2*lambda*w_1": (by_weight * problem.x[:, 0]).mean() + 2 * decay * w[0],
    }
    found = gradient(problem, w, decay=decay)[0]
    (rule,) = [rule for rule, value in rules.items() if np.isclose(value, found)]
    return rule


def running(g: Given) -> dict[str, Any]:
    before = RunningStatistics(g["running_mean"], g["running_var"])
    after = update_running(before, g["x"], momentum=g["momentum"])
    return {"running_mean": after.mean, "running_var": after.var}


def scaled(g: Given) -> dict[str, Any]:
    return {name: g[name] for name in ("gamma", "beta", "eps")}


EVALUATORS: dict[str, Callable[[Given], Any]] = {
    "column_mean": lambda g: mean_and_std(g["X"])[0],
    "column_var": lambda g: mean_and_std(g["X"])[1] ** 2,
    "standardize": lambda g: standardise(g["X"]),
    "apply_standardize": lambda g: standardise(
        g["test"], mean=mean_and_std(g["train"])[0], std=mean_and_std(g["train"])[1]
    ),
    "uniform_second_moments": lambda g: np.diag(curvature(uniform(g["ranges"]))),
    "condition_uniform": condition,
    "ridge_grad": ridge,
    "reported": ridge_rule,
    "batchnorm_train": lambda g: batch_norm(g["x"], **scaled(g)),
    "bn_running": running,
    "batchnorm_test": lambda g: batch_norm(
        g["x"], running=RunningStatistics(g["mean"], g["var"]), **scaled(g)
    ),
    "lrn": lambda g: local_response_norm(
        g["x"],
        size=g["n"],
        alpha=g["alpha"],
        beta=g["beta"],
        k=g["k"],
        divide_alpha=g["alpha_divided_by_n"],
    ),
    "center": lambda g: np.array(g["x"]) - mean_and_std(np.reshape(g["x"], (-1, 1)))[0],
}


def agree(found: Any, expected: Any, tolerance: float) -> bool:
    if isinstance(expected, dict):
        return found.keys() == expected.keys() and all(
            agree(found[key], expected[key], tolerance) for key in expected
        )
    if isinstance(expected, str):
        return bool(found == expected)
    return np.shape(found) == np.shape(expected) and np.allclose(
        found, expected, rtol=1e-9, atol=tolerance
    )


@pytest.mark.parametrize("fact", FACTS, ids=[fact["id"] for fact in FACTS])
def test_fact(fact: dict[str, Any]) -> None:
    found = EVALUATORS[fact["given"]["op"]](fact["given"])
    assert agree(found, fact["expect"], fact.get("tolerance", 1e-12)), found


WRONG = [fact for fact in FACTS if fact["status"] == "source-error"]


@pytest.mark.parametrize("fact", WRONG, ids=[fact["id"] for fact in WRONG])
def test_a_wrong_statement_of_a_lecture_is_not_what_we_find(fact: dict[str, Any]) -> None:
    assert fact["source_value"] != fact["expect"]
    assert fact["note"]


def test_the_wrong_mean_is_the_sum_of_the_column() -> None:
    (fact,) = [fact for fact in FACTS if fact["id"] == "norm-column-mean"]
    assert np.sum(fact["given"]["X"], axis=0).tolist() == fact["source_value"]


def test_no_fact_is_missing_and_every_evaluator_has_one() -> None:
    assert len({fact["id"] for fact in FACTS}) == len(FACTS) == 16
    assert {fact["given"]["op"] for fact in FACTS} == EVALUATORS.keys()
    assert {fact["status"] for fact in FACTS} == {"exact", "source-error"}
    assert all(fact["topic"] == "normalization" for fact in FACTS)
    assert len(WRONG) == 3
