"""One answer made of several: means of probabilities and of logits."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cnnlab.checks import InputError
from cnnlab.ensembling import CROPS, combine, view_names


@given(st.integers(1, 10), st.integers(2, 1000), st.integers(0, 2**32 - 1))
def test_both_means_are_torchs(n_views, n_classes, seed):
    logits = 8 * np.random.default_rng(seed).normal(size=(n_views, n_classes)).astype(np.float32)
    z = torch.from_numpy(logits).double()
    torch.testing.assert_close(torch.from_numpy(combine(logits)), z.softmax(1).mean(0))
    by_logits = torch.from_numpy(combine(logits, mean="logits"))
    torch.testing.assert_close(by_logits, z.mean(0).softmax(0))
    for mean in ("probabilities", "logits"):
        assert combine(logits, mean=mean).sum() == pytest.approx(1)


@given(st.integers(2, 20), st.integers(0, 2**32 - 1))
def test_one_view_is_itself(n_classes, seed):
    logits = np.random.default_rng(seed).normal(size=(1, n_classes))
    np.testing.assert_allclose(combine(logits), combine(logits, mean="logits"), rtol=1e-12)


def test_the_mean_of_logits_is_the_geometric_mean():
    p = np.array([[0.7, 0.2, 0.1], [0.1, 0.6, 0.3], [0.25, 0.25, 0.5]])
    geometric = p.prod(axis=0) ** (1 / 3)
    np.testing.assert_allclose(combine(np.log(p), mean="logits"), geometric / geometric.sum())
    np.testing.assert_allclose(combine(np.log(p)), p.mean(axis=0))


def test_one_view_can_rule_a_class_out_of_the_mean_of_logits_alone():
    logits = np.array([[20.0, 0.0], [-20.0, 0.0], [20.0, 0.0]])
    assert combine(logits)[1] == pytest.approx(1 / 3, abs=1e-6)
    assert combine(logits, mean="logits")[1] < 0.01


def test_large_logits_do_not_overflow():
    assert combine(np.array([[1e4, 0.0], [1e4, 0.0]]), mean="logits").tolist() == [1, 0]


@pytest.mark.parametrize("logits", [[], [1.0, 2.0], np.zeros((0, 4))])
def test_no_views_no_answer(logits):
    with pytest.raises(InputError, match="logits must have the shape"):
        combine(logits)


def test_other_names_are_refused():
    with pytest.raises(InputError, match="mean must be one of probabilities, logits"):
        combine(np.zeros((1, 2)), mean="median")
    with pytest.raises(InputError, match="crops must be one of"):
        view_names("all")


def test_ten_crops_are_the_five_and_their_mirror_images():
    five, ten = CROPS["Five crops"], CROPS["Ten crops"]
    assert ten == (*five, *(f"{place}, mirrored" for place in five))
