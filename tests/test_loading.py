"""Loading: the same network as torchvision's own loader gives, once, and safely."""

import ast
import dataclasses
import pickle
import threading
import time
from pathlib import Path

import pytest
import torch
import torchvision
from torch import nn

from cnnlab import loading, weights
from cnnlab.catalogue import facts, names, weights_of
from cnnlab.checks import InputError
from cnnlab.features import default_layer
from cnnlab.loading import default_name, forget, load, using
from tests.random_weights import write_weights

ROOT = Path(__file__).resolve().parents[1]
FAST = ["densenet121", "googlenet", "mnasnet0_5", "mobilenet_v3_small", "squeezenet1_1"]
SLOW = [  # with the five above, every family, and every way in which torchvision builds one
    "alexnet",
    "convnext_tiny",
    "efficientnet_b0",
    "efficientnet_v2_s",
    "inception_v3",
    "mobilenet_v2",
    "regnet_x_400mf",
    "regnet_y_400mf",
    "resnet18",
    "resnet50",
    "resnext50_32x4d",
    "shufflenet_v2_x0_5",
    "vgg11",
    "vgg11_bn",
    "wide_resnet50_2",
]


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Give an empty cache of weights, and let nothing be downloaded."""

    def refuse(*_arguments, **_settings):
        raise AssertionError("nothing may be downloaded here")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", refuse)
    (tmp_path / "hub" / "checkpoints").mkdir(parents=True)
    forget()
    yield tmp_path
    forget()


def plain_settings(model: nn.Module) -> list:
    kinds = (int, float, str, tuple, list, type(None))
    return [
        (name, {key: value for key, value in vars(module).items() if isinstance(value, kinds)})
        for name, module in model.named_modules()
    ]


def assert_same_network(ours: nn.Module, theirs: nn.Module) -> None:
    assert repr(ours) == repr(theirs)
    assert plain_settings(ours) == plain_settings(theirs)
    mine, other = ours.state_dict(), theirs.state_dict()
    assert list(mine) == list(other)
    assert all(torch.equal(mine[key].cpu(), other[key]) for key in other)


def check_against_torchvision(name: str) -> None:
    write_weights(name)
    ours = load(name)
    theirs = torchvision.models.get_model(name, weights=weights_of(name)).eval()
    assert_same_network(ours, theirs)
    device = next(ours.parameters()).device
    picture = torch.rand(1, 3, 96, 96, generator=torch.Generator().manual_seed(1)).to(device)
    with torch.inference_mode():
        assert torch.equal(ours(picture), theirs.to(device)(picture))


@pytest.mark.parametrize("name", FAST)
def test_same_network_as_torchvision_loads(home, name):
    check_against_torchvision(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", SLOW)
def test_same_network_as_torchvision_loads_in_every_family(home, name):
    check_against_torchvision(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in names() if facts(name).n_params < 1e8])
def test_every_network_is_built_as_torchvision_builds_it(home, name, monkeypatch):
    stored = loading._build(name).state_dict()
    monkeypatch.setattr(weights_of(name).__class__, "get_state_dict", lambda *a, **k: stored)
    weights.cached_path(name).touch()
    ours = loading._load(name)
    theirs = torchvision.models.get_model(name, weights=weights_of(name)).eval()
    assert_same_network(ours, theirs)
    ours.get_submodule(default_layer(ours))


def test_ready_to_classify_and_frozen(home):
    write_weights("squeezenet1_1")
    model = load("squeezenet1_1")
    assert not any(module.training for module in model.modules())
    assert not any(parameter.requires_grad for parameter in model.parameters())
    assert {tensor.device.type for tensor in model.state_dict().values()} == {
        loading.best_device().type
    }


# Once for everybody


def test_the_second_call_gives_the_same_object(home):
    write_weights("squeezenet1_1")
    assert load("squeezenet1_1") is load("squeezenet1_1")
    first = load("squeezenet1_1")
    forget()
    assert load("squeezenet1_1") is not first


def test_threads_that_ask_at_once_load_once(home, monkeypatch):
    calls, got = [], []

    def slowly(name):
        calls.append(name)
        time.sleep(0.1)
        return nn.Identity()

    monkeypatch.setattr(loading, "_load", slowly)
    threads = [threading.Thread(target=lambda: got.append(load("resnet18"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert calls == ["resnet18"]
    assert len(got) == 8
    assert len(set(map(id, got))) == 1


def test_different_networks_load_side_by_side(home, monkeypatch):
    both_inside, got = threading.Barrier(2, timeout=20), []

    def meet(name):
        both_inside.wait()  # breaks if the other one has to wait outside
        return nn.Identity()

    monkeypatch.setattr(loading, "_load", meet)
    threads = [
        threading.Thread(target=lambda name=name: got.append(load(name)))
        for name in ("resnet18", "resnet34")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 2


def test_a_failure_is_not_remembered(home, monkeypatch):
    with pytest.raises(InputError):
        load("squeezenet1_1")
    write_weights("squeezenet1_1")
    assert isinstance(load("squeezenet1_1"), nn.Module)


class Ballast(nn.Module):
    """A network of exactly 10 MB."""

    def __init__(self):
        super().__init__()
        self.register_buffer("numbers", torch.zeros(2_500_000))


@pytest.fixture
def room(home, monkeypatch):
    """Let every network take 10 MB, and all together 25 MB."""
    small = dataclasses.replace(facts("squeezenet1_1"), n_params=2_500_000)
    monkeypatch.setattr(loading, "facts", lambda name: small)
    monkeypatch.setattr(loading, "_load", lambda name: Ballast())
    monkeypatch.setenv("CNNLAB_MODEL_MB", "25")


def test_the_network_not_asked_for_longest_makes_room(room):
    first, second = load("resnet18"), load("resnet34")
    assert load("resnet18") is first  # both fit; this makes it the youngest
    load("resnet50")
    assert loading.held_bytes() == 20_000_000
    assert load("resnet18") is first
    assert load("resnet34") is not second


def test_a_network_in_use_stays(room):
    with using("resnet18") as first, using("resnet34") as second:
        load("resnet50")  # there is no room for it beside the two
        with using("resnet18") as again, using("resnet34") as too:
            assert again is first
            assert too is second
    assert loading.held_bytes() <= 25_000_000


def test_a_network_stays_usable_after_an_error_in_the_block(room):
    with pytest.raises(ZeroDivisionError), using("resnet18") as model:
        raise ZeroDivisionError
    assert load("resnet18") is model
    load("resnet34")
    load("resnet50")
    assert load("resnet18") is not model  # nobody uses it any more: it may go


def test_a_network_larger_than_the_limit_is_refused(home, monkeypatch):
    monkeypatch.setenv("CNNLAB_MODEL_MB", "100")
    with pytest.raises(InputError, match="vgg16 takes 553 MB of memory, and networks may take 100"):
        load("vgg16", trained=False)
    monkeypatch.setenv("CNNLAB_MODEL_MB", "plenty")
    with pytest.raises(InputError, match="CNNLAB_MODEL_MB must be a whole number"):
        load("vgg16", trained=False)


# Random numbers


@pytest.mark.parametrize("name", ["squeezenet1_1", "resnet18", "efficientnet_b0", "googlenet"])
def test_random_numbers_are_the_same_every_time_and_do_not_die_out(home, name):
    torch.manual_seed(1)
    first = load(name, trained=False)
    after = torch.rand(1)
    forget()
    torch.manual_seed(1)
    second = load(name, trained=False)
    assert second is not first
    assert_same_network(second, first.cpu())
    assert torch.equal(torch.rand(1), after)  # nobody else's random numbers are touched
    assert not any(module.training for module in second.modules())
    assert not any(parameter.requires_grad for parameter in second.parameters())
    with torch.inference_mode():
        answer = second(torch.randn(1, 3, 224, 224).to(loading.best_device()))
    assert 1e-3 < answer.std() < 1e3


def test_trained_and_random_are_kept_apart(home):
    write_weights("squeezenet1_1")
    assert load("squeezenet1_1") is not load("squeezenet1_1", trained=False)
    assert load("squeezenet1_1", trained=False) is load("squeezenet1_1", trained=False)


# Nothing there, or nothing usable


def test_missing_weights_are_named_with_size_and_ways_out(home):
    write_weights("squeezenet1_1")
    with pytest.raises(InputError) as caught:
        load("resnet18")
    assert str(caught.value) == (
        "the weights of resnet18 (47 MB) are not on this computer; fetch them with "
        "`python -m cnnlab weights pull resnet18`, or choose a model that is here (squeezenet1_1)"
    )


def test_without_any_weights_the_message_says_none(home):
    with pytest.raises(InputError, match=r"a model that is here \(none yet\)"):
        load("resnet18")


class Bomb:
    """Would write a file if the loader ran what a file of weights tells it to run."""

    def __reduce__(self):  # noqa: D105
        return (Path.touch, (Path("exploded"),))


def truncated(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def missing_tensor(path):
    state = torch.load(path)
    del state["classifier.1.weight"]
    torch.save(state, path)


def wrong_shape(path):
    state = torch.load(path)
    state["classifier.1.weight"] = torch.zeros(10, 512, 1, 1)
    torch.save(state, path)


def another_network(path):
    other = write_weights("squeezenet1_0")
    other.replace(path)


def full_pickle(path):
    """Keep the right tensors, in an object that only Python's own pickle could read."""
    torch.save({"state": torch.load(path), "made by": Bomb()}, path)


DAMAGE = {
    "another network": another_network,
    "tensors with a program": full_pickle,
    "empty": lambda path: path.write_bytes(b""),
    "page": lambda path: path.write_text("<html>Please log in to the network</html>"),
    "truncated": truncated,
    "zeros": lambda path: path.write_bytes(bytes(100_000)),
    "number": lambda path: torch.save(3, path),
    "list": lambda path: torch.save([torch.zeros(3)], path),
    "odd keys": lambda path: torch.save({1: torch.zeros(3)}, path),
    "missing tensor": missing_tensor,
    "wrong shape": wrong_shape,
    "program": lambda path: path.write_bytes(pickle.dumps(Bomb())),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_removed_and_the_message_says_so(home, damage, monkeypatch):
    monkeypatch.chdir(home)
    path = write_weights("squeezenet1_1")
    DAMAGE[damage](path)
    with pytest.raises(InputError) as caught:
        load("squeezenet1_1")
    assert str(caught.value) == (
        f"the file {path} is damaged; it has been removed; fetch it again with "
        "`python -m cnnlab weights pull squeezenet1_1`"
    )
    assert not path.exists()
    assert not Path("exploded").exists()


def test_a_file_is_only_ever_read_as_tensors(home, monkeypatch):
    """Python's pickle can run programs; torch is told each time to read nothing but tensors."""
    asked, real = [], torch.load

    def watch(*arguments, **settings):
        asked.append(settings.get("weights_only"))
        return real(*arguments, **settings)

    monkeypatch.setattr(torch, "load", watch)
    write_weights("squeezenet1_1")
    load("squeezenet1_1")
    assert asked == [True]


def test_no_file_of_the_project_reads_weights_in_another_way():
    """Every call that could unpickle is found in the source, and may read nothing but numbers."""
    found = []
    for folder in ("cnnlab", "pages", "tools", "bench"):
        for file in (ROOT / folder).rglob("*.py"):
            tree = ast.parse(file.read_text(encoding="utf-8"))
            imported = {
                name
                for node in ast.walk(tree)
                if isinstance(node, ast.Import | ast.ImportFrom)
                for name in (getattr(node, "module", ""), *(alias.name for alias in node.names))
            }
            assert not {"pickle", "joblib", "dill", "shelve"} & imported, file
            for node in ast.walk(tree):
                if not isinstance(node, ast.Call):
                    continue
                name = ast.unparse(node.func)
                settings = {word.arg: ast.unparse(word.value) for word in node.keywords}
                assert settings.get("allow_pickle", "False") == "False", ast.unparse(node)
                if name == "torch.load" or name.endswith(
                    (".get_state_dict", ".load_state_dict_from_url", ".load_url")
                ):
                    found.append(file.name)
                    assert settings.get("weights_only") == "True", ast.unparse(node)
                    assert name == "torch.load" or settings.get("check_hash") == "True"
    assert found == ["loading.py"]


def test_a_download_is_always_checked_against_a_sum():
    """No call of `download` leaves the sum out."""
    calls = [
        node
        for file in (ROOT / "cnnlab").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "download"
    ]
    assert calls
    for call in calls:
        assert "sha256_prefix" in {word.arg for word in call.keywords}, ast.unparse(call)


def test_a_file_without_a_version_is_damaged_too(home):
    """MNASNet complains with another kind of error than the rest."""
    torch.save({"weight": torch.zeros(3)}, weights.cached_path("mnasnet0_5"))
    with pytest.raises(InputError, match="is damaged; it has been removed"):
        load("mnasnet0_5")


def test_a_damaged_file_that_cannot_be_removed_is_left_to_the_reader(home, monkeypatch):
    path = write_weights("squeezenet1_1")
    path.write_bytes(b"")

    def refuse(self, missing_ok=False):
        raise PermissionError("read-only")

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(InputError, match="is damaged; delete it; fetch it again"):
        load("squeezenet1_1")


@pytest.mark.parametrize(
    "error",
    [
        PermissionError(13, "Permission denied"),
        MemoryError(),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 4 bytes"),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_other_errors_come_out_as_they_are_and_leave_the_file(home, monkeypatch, error):
    path = write_weights("squeezenet1_1")

    def fail(*_arguments, **_settings):
        raise error

    monkeypatch.setattr(torch, "load", fail)
    with pytest.raises(type(error)) as caught:
        load("squeezenet1_1")
    assert caught.value is error
    assert path.exists()


# Where to begin


@pytest.mark.parametrize(
    ("here", "expected"),
    [
        ([], "lenet_digits"),
        (["vgg16", "squeezenet1_0", "resnet50"], "squeezenet1_0"),
        (["squeezenet1_0", "resnet18"], "resnet18"),
    ],
)
def test_default_name_is_one_that_is_here(home, here, expected):
    for name in here:
        weights.cached_path(name).touch()
    assert default_name() == expected


def test_default_name_is_the_smallest_of_those_here(home):
    for name in ("vgg16", "resnet50", "mobilenet_v2"):
        weights.cached_path(name).touch()
    assert default_name() == "mobilenet_v2"
