"""Softmax against torch: values, shift, temperature, derivative, overflow; logits as a text."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from cnnlab.checks import InputError
from cnnlab.softmax import entropy, naive_softmax, parse_logits, softmax, softmax_jacobian

LOGITS = st.lists(st.floats(-50, 50, allow_subnormal=False), min_size=2, max_size=10)


@seed(4)
@settings(max_examples=200)
@given(logits=LOGITS, temperature=st.floats(0.1, 10), shift=st.floats(-1e5, 1e5))
def test_values_and_derivative_are_torchs(
    logits: list[float], temperature: float, shift: float
) -> None:
    z = torch.tensor(logits, dtype=torch.float64)

    def theirs(z: torch.Tensor) -> torch.Tensor:
        return torch.softmax(z / temperature, dim=0)

    p = softmax(np.array(logits), temperature=temperature)
    np.testing.assert_allclose(p, theirs(z).numpy(), rtol=1e-11, atol=1e-300)
    jacobian = torch.autograd.functional.jacobian(theirs, z).numpy()
    ours = softmax_jacobian(np.array(logits), temperature=temperature)
    np.testing.assert_allclose(ours, jacobian, atol=1e-12)
    np.testing.assert_allclose(ours.sum(axis=0), 0, atol=1e-12)
    assert p.sum() == pytest.approx(1, rel=1e-12)
    # a sum with 100,000 keeps 11 digits of the logits
    shifted = softmax(np.array(logits) + shift, temperature=temperature)
    np.testing.assert_allclose(shifted, p, atol=1e-8)
    with np.errstate(under="ignore"):
        np.testing.assert_allclose(
            naive_softmax(np.array(logits), temperature=1), softmax(z.numpy())
        )


def test_the_scores_of_the_lecture() -> None:
    expected = [0.6590011389, 0.2424329707, 0.0985658904]
    assert softmax(np.array([2, 1, 0.1])).tolist() == pytest.approx(expected, abs=1e-9)
    assert softmax(np.array([1002, 1001, 1000.1])).tolist() == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("shift", [1000.0, -1000.0])
def test_only_the_naive_form_breaks(shift: float) -> None:
    logits = np.array([2, 1, 0.1]) + shift
    assert np.isnan(naive_softmax(logits)).all()
    assert softmax(logits)[0] == pytest.approx(0.659, abs=1e-4)


def test_temperature_sharpens_and_levels() -> None:
    logits = np.array([2, 1, 0.1])
    assert softmax(logits, temperature=0.05)[0] > 0.999
    assert softmax(logits, temperature=100) == pytest.approx(np.full(3, 1 / 3), abs=0.01)
    with pytest.raises(InputError, match="temperature must be above 0, got 0"):
        softmax(logits, temperature=0)


def test_a_text_becomes_logits() -> None:
    assert parse_logits(" 2,1 , −0.1").tolist() == [2.0, 1.0, -0.1]
    assert parse_logits("1e3 -4").tolist() == [1000.0, -4.0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "2 to 10 logits with spaces or commas between them, got 0"),
        ("1", "got 1"),
        ("abc", "“abc” is no number"),
        ("1 " * 11, "got 11"),
        ("1, two", "“two” is no number"),
        ("1, nan", "each logit must be from"),
        ("1, inf", "each logit must be from"),
        ("1, 1e7", "each logit must be from"),
    ],
)
def test_what_is_no_list_of_logits_is_refused(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        parse_logits(text)


@seed(4)
@settings(max_examples=100)
@given(logits=LOGITS)
def test_the_entropy_is_torchs(logits: list[float]) -> None:
    p = softmax(np.array(logits))
    nats = torch.distributions.Categorical(probs=torch.from_numpy(p)).entropy()
    assert entropy(p) == pytest.approx(float(nats) / np.log(2), abs=1e-6)
    assert 0 <= entropy(p) <= np.log2(len(p)) + 1e-9


@pytest.mark.parametrize(
    ("shares", "bits"), [([1.0, 0.0], 0.0), ([0.25] * 4, 2.0), ([0.5, 0.25, 0.25], 1.5)]
)
def test_known_entropies(shares: list[float], bits: float) -> None:
    assert entropy(np.array(shares)) == bits
