"""Where weights lie, and how they are fetched."""

import dataclasses
import hashlib
import re
import socket

import pytest
import torch

from cnnlab import weights
from cnnlab.catalogue import facts, names
from cnnlab.checks import InputError
from tests.local_server import BODY, local_server

SHA = hashlib.sha256(BODY).hexdigest()


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.delenv("http_proxy", raising=False)
    return tmp_path / "hub" / "checkpoints"


def use_address(monkeypatch, url):
    """Let the weights of resnet18 come from `url`."""
    moved = {"resnet18": dataclasses.replace(facts("resnet18"), url=url)}
    monkeypatch.setattr(weights, "facts", lambda name: moved.get(name) or facts(name))


def put(folder, *some_names):
    folder.mkdir(parents=True, exist_ok=True)
    for name in some_names:
        weights.cached_path(name).touch()


def test_the_place_is_torchs_own(home):
    assert weights.cached_path("squeezenet1_0") == home / "squeezenet1_0-b66bff10.pth"
    assert not weights.is_cached("squeezenet1_0")
    put(home, "squeezenet1_0")
    assert weights.is_cached("squeezenet1_0")


def test_a_folder_with_the_files_name_is_no_file(home):
    (home / "squeezenet1_0-b66bff10.pth").mkdir(parents=True)
    assert not weights.is_cached("squeezenet1_0")


def test_names_that_are_here_come_smallest_first(home):
    assert weights.cached_names() == []
    put(home, "vgg16", "resnet18", "squeezenet1_1")
    assert weights.cached_names() == ["squeezenet1_1", "resnet18", "vgg16"]


def test_every_network_has_a_file_of_its_own_with_a_hash():
    files = [weights.cached_path(name).name for name in names()]
    assert len(set(files)) == len(files)
    for file in files:
        assert re.fullmatch(r"[0-9a-f]{8,}", torch.hub.HASH_REGEX.search(file).group(1)), file


def test_pull_fetches_checks_and_reports(home, monkeypatch):
    seen = []
    with local_server() as server:
        use_address(monkeypatch, f"{server.url}/good-{SHA[:8]}.pth")
        path = weights.pull("resnet18", report=lambda *now: seen.append(now))
        assert path == home / f"good-{SHA[:8]}.pth"
        assert path.read_bytes() == BODY
        assert seen[-1] == (len(BODY), len(BODY))
        assert weights.pull("resnet18") == path
        assert len(server.paths) == 1  # the second time nobody was asked


def test_pull_refuses_a_file_that_is_not_the_one_in_the_name(home, monkeypatch):
    with local_server() as server:
        use_address(monkeypatch, f"{server.url}/good-00c0ffee.pth")
        with pytest.raises(InputError, match=r"not the expected file .*not 00c0ffee"):
            weights.pull("resnet18")
    assert list(home.iterdir()) == []


def test_without_a_network_the_message_names_the_ways_out(home, monkeypatch):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    put(home, "squeezenet1_0")
    use_address(monkeypatch, f"http://127.0.0.1:{port}/resnet18-f37072fd.pth")
    with pytest.raises(InputError) as caught:
        weights.pull("resnet18")
    message = str(caught.value)
    assert message.startswith("This computer cannot reach 127.0.0.1 (")
    assert "Choose a model that is already here (squeezenet1_0), or run " in message
    assert "`python -m cnnlab weights pull resnet18` where there is a network" in message
    assert message.endswith(f"copy the file to {home / 'resnet18-f37072fd.pth'}.")


def test_an_unknown_network_is_refused_before_anything_else(home):
    with pytest.raises(InputError, match="did you mean resnet18"):
        weights.pull("ResNet18")
    assert not home.exists()
