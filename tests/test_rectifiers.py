"""Guided backpropagation and the deconvnet by hand, however the network calls its ReLU."""

import threading

import pytest
import torch
from torch import nn
from torch.nn import functional

from cnnlab.checks import InputError
from cnnlab.rectifiers import RULES, ReluRule

# x through a ReLU, then times `above`: that is the signal which comes back.
X = torch.tensor([-2.0, -1.0, 1.0, 2.0])
ABOVE = torch.tensor([1.0, -1.0, 1.0, -1.0])
PASSED = {
    "gradient": [0.0, 0.0, 1.0, -1.0],
    "guided": [0.0, 0.0, 1.0, 0.0],
    "deconvnet": [1.0, 0.0, 1.0, 0.0],
    "redirected": [0.0, 0.0, 1.0, -1.0],
}
SHARED = nn.ReLU()
CALLS = {
    "module": lambda x: nn.ReLU()(x),
    "module in place": lambda x: nn.ReLU(inplace=True)(x.clone()),
    "module used before": lambda x: SHARED(x),
    "functional": functional.relu,
    "functional in place": lambda x: functional.relu(x.clone(), inplace=True),
    "torch.relu": torch.relu,
    "method": lambda x: x.relu(),
    "method in place": lambda x: x.clone().relu_(),
    "by keyword": lambda x: functional.relu(input=x),
    "statement in place": lambda x: (y := x.clone(), y.relu_())[0],
    "relu6 module": lambda x: nn.ReLU6()(x),
    "relu6": functional.relu6,
    "hardtanh": lambda x: functional.hardtanh(x, 0.0, 6.0),
    "hardtanh by keyword": lambda x: functional.hardtanh(x, min_val=0.0, max_val=6.0),
}


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("call", CALLS)
def test_what_a_relu_passes_back(call, rule):
    x = X.clone().requires_grad_()
    with ReluRule(rule) as mode:
        y = CALLS[call](x)
    (y * ABOVE).sum().backward()
    assert torch.equal(y, X.clamp(min=0))
    assert x.grad.tolist() == PASSED[rule]
    assert mode.count == 1


def test_a_redirected_relu_lets_through_only_where_nothing_else_would_pass():
    x = torch.tensor([-2.0, -1.0, -3.0], requires_grad=True)
    with ReluRule("redirected"):
        y = functional.relu(x)
    (y * torch.tensor([1.0, -1.0, 3.0])).sum().backward()
    assert x.grad.tolist() == [1.0, 0.0, 3.0]  # as far as it opens the ReLU


def test_a_relu6_is_closed_above_six():
    x = torch.tensor([-1.0, 3.0, 7.0], requires_grad=True)
    with ReluRule("guided"):
        y = functional.relu6(x)
    assert y.tolist() == [0, 3, 6]
    y.sum().backward()
    assert x.grad.tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    "other", [functional.silu, functional.gelu, functional.hardswish, torch.tanh, nn.Hardtanh()]
)
def test_other_activations_are_left_alone(other):
    x, plain = X.clone().requires_grad_(), X.clone().requires_grad_()
    with ReluRule("deconvnet") as mode:
        y = other(x)
    (y * ABOVE).sum().backward()
    (other(plain) * ABOVE).sum().backward()
    assert torch.equal(x.grad, plain.grad)
    assert mode.count == 0


def test_the_rule_ends_with_the_block_and_holds_in_this_thread_only():
    outside = []

    def elsewhere():
        x = X.clone().requires_grad_()
        (functional.relu(x) * ABOVE).sum().backward()
        outside.append(x.grad.tolist())

    with ReluRule("guided"):
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
    elsewhere()
    assert outside == [PASSED["gradient"]] * 2


def test_an_unknown_rule_is_refused():
    with pytest.raises(InputError, match="rule must be one of gradient, guided, deconvnet"):
        ReluRule("backwards")


def test_two_layers_by_hand():
    """Two ReLUs with weights between them: on the way back each ReLU decides anew."""
    network = nn.Sequential(nn.ReLU(), nn.Linear(2, 2, bias=False), nn.ReLU())
    with torch.no_grad():
        network[1].weight.copy_(torch.tensor([[1.0, -1.0], [2.0, 1.0]]))
    x = torch.tensor([[1.0, 3.0]], requires_grad=True)  # hidden: (1 - 3, 2 + 3) = (-2, 5)
    with ReluRule("deconvnet"):
        y = network(x)
    (y * torch.tensor([[1.0, 1.0]])).sum().backward()
    # both scores pass 1 back, closed or not: (1 + 2, -1 + 1) = (3, 0), and both are not negative
    assert x.grad.tolist() == [[3.0, 0.0]]
    x.grad = None
    with ReluRule("guided"):
        network(x).sum().backward()
    assert x.grad.tolist() == [[2.0, 1.0]]  # the first hidden unit is closed
