"""One network for all: nobody's results mix with another's, and nobody changes the network."""

import dataclasses
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torch import nn
from torch.overrides import TorchFunctionMode

from cnnlab import compute, loading
from cnnlab.attribution import grad_cam, grad_cam_steps
from cnnlab.checks import InputError
from cnnlab.compute import Cancelled, WorkQueue
from cnnlab.features import default_layer, private_copy, record, spatial_layers
from cnnlab.first_layer import first_layer
from cnnlab.pretrained import classify, preprocess
from tests.random_weights import write_weights
from tests.shared_model import fingerprint, hooks_of, untouched

# One overwrites its layers' outputs in place, one has running statistics that could be updated.
NAMES = ("squeezenet1_1", "shufflenet_v2_x0_5")
SOON = 60.0  # seconds; only a test that fails waits that long


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Give a cache of weights with both networks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TORCH_HOME", str(tmp_path_factory.mktemp("torch-home")))
        loading.forget()
        for name in NAMES:  # numbers that leave something of the picture, through all layers
            path = write_weights(name)
            torch.save(loading.load(name, trained=False).state_dict(), path)
        yield
        loading.forget()


# What learners do. Each takes a network and the number of a learner, and that learner alone gets
# this result: picture, layer and class differ from one to the next. New work on a shared network
# gets a line here.


def picture(learner: int) -> Image.Image:
    pixels = np.random.default_rng(learner).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    return Image.fromarray(pixels).resize((250, 240))


def layer(model: nn.Module, learner: int) -> str:
    usual = default_layer(model)
    return (usual, f"{usual}.0", usual)[learner % 3]


def asks(name: str, learner: int) -> object:
    return classify(picture(learner), name, k=1000)


def explains(name: str, learner: int) -> object:
    with loading.using(name) as model:
        batch = preprocess(picture(learner), name)
        return grad_cam_steps(model, batch, target=learner, layer=layer(model, learner))


def explains_briefly(name: str, learner: int) -> object:
    with loading.using(name) as model:
        batch = preprocess(picture(learner), name)
        return grad_cam(model, batch, target=learner, layer=layer(model, learner))


def records(name: str, learner: int) -> object:
    with (
        loading.using(name) as model,
        torch.inference_mode(),
        record(model, layer(model, learner)) as seen,
    ):
        return seen.model(preprocess(picture(learner), name)), seen.output


def records_a_gradient(name: str, learner: int) -> object:
    with loading.using(name) as model, record(model, layer(model, learner)) as seen:
        seen.model(preprocess(picture(learner), name))[0, learner].backward()
        return seen.output, seen.gradient


def looks_at_the_layers(name: str, learner: int) -> object:
    with loading.using(name) as model:
        return spatial_layers(model, size=(64 + 32 * learner, 96))


def looks_at_the_filters(name: str, learner: int) -> object:
    return first_layer(picture(learner), name)


def asks_for_a_wrong_layer(name: str, learner: int) -> object:
    batch = preprocess(picture(learner), name)
    with loading.using(name) as model, pytest.raises(InputError, match="has no layer"):
        grad_cam_steps(model, batch, target=0, layer="nowhere")


def asks_for_a_wrong_class(name: str, learner: int) -> object:
    batch = preprocess(picture(learner), name)
    with loading.using(name) as model, pytest.raises(InputError, match="target"):
        grad_cam_steps(model, batch, target=1000 + learner, layer=default_layer(model))


def asks_for_a_layer_without_maps(name: str, learner: int) -> object:
    batch = preprocess(picture(learner), name)
    with loading.using(name) as model:
        last = list(dict(model.named_modules()))[-1]
        with pytest.raises(InputError, match="gives out no maps"):
            grad_cam(model, batch, target=0, layer=last)


def gives_a_picture_that_is_none(name: str, learner: int) -> object:
    with loading.using(name) as model, record(model, layer(model, learner)) as seen:
        with pytest.raises(RuntimeError, match="channels"):
            seen.model(torch.zeros(1, 5, 64, 64))
        return seen.output


ACTIONS: dict[str, Callable[[str, int], object]] = {
    action.__name__: action
    for action in (
        asks,
        explains,
        explains_briefly,
        records,
        records_a_gradient,
        looks_at_the_layers,
        looks_at_the_filters,
    )
}
MISTAKES: dict[str, Callable[[str, int], object]] = {
    action.__name__: action
    for action in (
        asks_for_a_wrong_layer,
        asks_for_a_wrong_class,
        asks_for_a_layer_without_maps,
        gives_a_picture_that_is_none,
    )
}


def same(a: Any, b: Any) -> bool:
    """Return whether two results are equal to the last bit."""
    if isinstance(a, torch.Tensor):
        return a.dtype == b.dtype and torch.equal(a, b)
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b)
    if isinstance(a, (tuple, list)):
        return len(a) == len(b) and all(map(same, a, b))
    if dataclasses.is_dataclass(a):
        return all(same(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(a))
    return bool(a == b)


# At the same moment ----------------------------------------------------------------------------


def all_at_once(work: list[Callable[[], object]], *, rounds: int) -> list[list[object]]:
    """Return what each piece of work gives, each in a thread of its own, several times over."""
    start = threading.Barrier(len(work))

    def learner(function: Callable[[], object]) -> list[object]:
        results = []
        for _ in range(rounds):
            start.wait(SOON)
            results.append(function())
        return results

    with ThreadPoolExecutor(len(work)) as threads:
        return list(threads.map(learner, work))


@pytest.mark.parametrize("learners", [2, 8])
@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("name", NAMES)
def test_learners_on_one_network_get_what_each_would_get_alone(name, action, learners):
    work = [lambda n=n: ACTIONS[action](name, n) for n in range(learners)]
    alone = [function() for function in work]
    assert not any(same(alone[0], other) for other in alone[1:])  # a mixture would be seen
    with loading.using(name) as model, untouched(model):
        together = all_at_once(work, rounds=2)
    for expected, results in zip(alone, together, strict=True):
        assert all(same(expected, result) for result in results)


@pytest.mark.parametrize("name", NAMES)
def test_learners_who_do_different_things_with_one_network_do_not_meet(name):
    jobs = [*ACTIONS.values(), *MISTAKES.values()]
    work = [lambda job=job, n=n: job(name, n) for n, job in enumerate(jobs)]
    alone = [function() for function in work]
    with loading.using(name) as model, untouched(model):
        together = all_at_once(work, rounds=3)
    for expected, results in zip(alone, together, strict=True):
        assert all(same(expected, result) for result in results)


def test_learners_in_the_queue_get_what_each_would_get_alone():
    jobs = [(name, job, n) for name in NAMES for job in ACTIONS.values() for n in range(3)]
    alone = [job(name, n) for name, job, n in jobs]
    queue = WorkQueue(workers=4, capacity=len(jobs))
    try:
        tickets = [queue.submit(key, lambda k=key: k[1](k[0], k[2])) for key in jobs]
        assert all(
            same(expected, ticket.result()) for expected, ticket in zip(alone, tickets, strict=True)
        )
    finally:
        queue.shutdown()


# After any sequence of actions -----------------------------------------------------------------


class Stops(TorchFunctionMode):
    """Stop a computation at its n-th call of torch, wherever that is."""

    def __init__(self, error: type[BaseException], calls: int) -> None:
        super().__init__()
        self.error, self.calls = error, calls

    def __torch_function__(self, function, types, args=(), kwargs=None):  # noqa: D105
        self.calls -= 1
        if self.calls < 0:
            raise self.error
        return function(*args, **(kwargs or {}))


steps = st.lists(
    st.tuples(
        st.sampled_from([*ACTIONS.values(), *MISTAKES.values()]),
        st.integers(0, 7),
        st.sampled_from([None, MemoryError, Cancelled]),
        st.integers(0, 400),
    ),
    min_size=1,
    max_size=5,
)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25, derandomize=True)
@given(steps=steps)
def test_no_sequence_of_actions_errors_and_cancellations_touches_the_network(name, steps):
    for action, learner, error, calls in steps:
        with loading.using(name) as model, untouched(model):
            if error is None:
                action(name, learner)
                continue
            with suppress(error), Stops(error, calls):  # it may end before
                action(name, learner)
    with loading.using(name) as model:
        answer = asks(name, 0)
        loading.forget()
        assert same(answer, asks(name, 0))  # as a network just read from its file answers
        with loading.using(name) as fresh:
            assert fingerprint(fresh) == fingerprint(model)


@pytest.mark.parametrize("name", NAMES)
def test_learners_who_come_and_go_leave_the_network_as_it_was(name):
    """Half of them leave while their job waits or runs."""
    queue, wrong = WorkQueue(workers=3, capacity=100), []
    jobs = list(ACTIONS.values())
    alone = {(job, n): job(name, n) for job in jobs for n in range(2)}

    def job_of(key: tuple[Callable[[str, int], object], int]) -> Callable[[], object]:
        def run() -> object:
            compute.progress(0.0)
            result = key[0](name, key[1])
            compute.progress(0.5)
            return result

        return run

    def person(number: int) -> None:
        for turn in range(6):
            key = jobs[(number + turn) % len(jobs)], turn % 2
            with queue.submit(key, job_of(key)) as ticket:
                if (number + turn) % 2:
                    ticket.wait(0.01 * (number % 5))  # and gone
                elif not same(ticket.result(), alone[key]):
                    wrong.append(key)

    try:
        with loading.using(name) as model, untouched(model):
            with ThreadPoolExecutor(8) as people:
                list(people.map(person, range(8)))
            queue.submit("last", lambda: None).result()
    finally:
        queue.shutdown()
    assert wrong == []


# The helpers themselves ------------------------------------------------------------------------


@pytest.fixture
def small() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 2, 3), nn.BatchNorm2d(2)).eval().requires_grad_(False)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda m: m[1].register_forward_hook(print), "1: _forward_hooks"),
        (lambda m: m.register_forward_pre_hook(print), "the network: _forward_pre_hooks"),
        (lambda m: m[0].register_full_backward_hook(print), "0: _backward_hooks"),
        (
            lambda m: m.register_state_dict_post_hook(lambda *_: None),
            "the network: _state_dict_hooks",
        ),
        (lambda m: setattr(m[0], "forward", print), "0: another forward()"),
        (lambda m: setattr(m[0].weight, "grad", m[0].weight + 1), "0.weight: a gradient"),
        (
            lambda m: m[0].weight.requires_grad_().register_hook(print),
            "0.weight: a hook on the tensor",
        ),
    ],
)
def test_everything_that_hangs_on_a_network_is_found(small, change, where):
    assert hooks_of(small) == []
    change(small)
    assert where in hooks_of(small)
    with pytest.raises(AssertionError), untouched(small):
        pass


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m[0].weight[0, 0, 0].add_(1e-7),
        lambda m: m[1].running_mean.add_(1),
        lambda m: m[1].num_batches_tracked.add_(1),
        lambda m: m[0].double(),
        lambda m: m.train(),
        lambda m: m.requires_grad_(),
    ],
)
def test_every_change_of_a_network_is_found(small, change):
    with pytest.raises(AssertionError), untouched(small):
        change(small)


def test_equal_networks_have_equal_fingerprints_and_copies_too(small):
    assert fingerprint(small) == fingerprint(private_copy(small))
    other = nn.Sequential(nn.Conv2d(3, 2, 3), nn.BatchNorm2d(2))
    assert fingerprint(small) != fingerprint(other)
