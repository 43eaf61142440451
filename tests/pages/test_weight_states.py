"""Weights that are missing, damaged or cannot come: one sentence, and the page goes on."""

from __future__ import annotations

import dataclasses
import pickle
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from streamlit.testing.v1 import AppTest
from torchvision import models

from cnnlab import catalogue, compute, loading, weights
from tests.local_server import local_server
from tests.pages.test_every_page import ROOT, run

CLASSIFY = ROOT / "pages" / "classify.py"
CATALOGUE = ROOT / "pages" / "catalogue.py"
NAME = "squeezenet1_1"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, _one_network: None) -> Iterator[Path]:
    """Give an empty cache of weights on a computer without a network."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{unused.getsockname()[1]}"
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, nobody)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    (tmp_path / "hub" / "checkpoints").mkdir(parents=True)
    loading.forget()
    yield tmp_path
    loading.forget()
    compute.shutdown()


@pytest.fixture
def _one_network() -> None:
    """Take the place of the fixture that gives every page one network."""


def state_dict(name: str) -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    state: dict[str, torch.Tensor] = models.get_model(name, weights=None).state_dict()
    return state


def sentences(at: AppTest) -> list[str]:
    return [element.value for element in [*at.error, *at.warning]]


def goes_on(at: AppTest) -> None:
    """Choose what is there, and see the page at work."""
    at.selectbox(key="classify_network").set_value(catalogue.OWN).run()
    assert not at.exception, at.exception
    assert sentences(at) == []
    assert answers(at)


def answers(at: AppTest) -> bool:
    """Return whether the page shows the guesses of a network."""
    return any('class="class-bars"' in element.value for element in at.get("html"))


def half_written(path: Path) -> None:
    torch.save(state_dict(NAME), path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


class Program:
    def __reduce__(self) -> tuple[Callable[..., object], tuple[Path]]:  # noqa: D105
        return (Path.touch, (Path("exploded"),))


DAMAGE: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "half written": half_written,
    "a page of a network's gate": lambda path: path.write_text("<html>Please log in</html>"),
    "bits turned": lambda path: path.write_bytes(b"PK\x03\x04" + bytes(5_000_000)),
    "another network": lambda path: torch.save(state_dict("squeezenet1_0"), path),
    "a program": lambda path: path.write_bytes(pickle.dumps(Program())),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_one_sentence(home, damage, monkeypatch) -> None:
    monkeypatch.chdir(home)
    path = weights.cached_path(NAME)
    DAMAGE[damage](path)
    at = run(CLASSIFY, classify_network=NAME)
    (sentence,) = sentences(at)
    assert f"{path.name} is damaged; it has been removed; fetch it again" in sentence
    assert not path.exists()
    assert not Path("exploded").exists()
    at.run()
    assert sentences(at) == []
    assert "not on this computer yet: 5 MB" in at.info[0].value
    goes_on(at)


def test_a_missing_file_is_offered_and_offline_is_one_sentence(home) -> None:
    at = run(CLASSIFY, classify_network=NAME)
    assert sentences(at) == []
    assert "not on this computer yet: 5 MB" in at.info[0].value
    at.button(key="classify_download").click().run()
    (sentence,) = sentences(at)
    assert sentence.startswith("This computer cannot reach download.pytorch.org (")
    assert f"python -m cnnlab weights pull {NAME}" in sentence
    assert list((home / "hub" / "checkpoints").iterdir()) == []
    goes_on(at)


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("truncated", "ended after 0.1 of 2.1 MB; start the download again"),
        ("cut", "broke off"),
        ("good", "is not the expected file (its SHA-256 begins with"),
        ("huge", "there is no room for huge-b8a52dc0.pth"),
        ("missing", "answered 404 Not Found"),
    ],
)
def test_a_download_that_fails_is_one_sentence(home, how, says, monkeypatch) -> None:
    with local_server() as server:
        moved = dataclasses.replace(catalogue.facts(NAME), url=f"{server.url}/{how}-b8a52dc0.pth")
        real = weights.facts
        monkeypatch.setattr(weights, "facts", lambda name: moved if name == NAME else real(name))
        at = run(CLASSIFY, classify_network=NAME)
        at.button(key="classify_download").click().run()
    assert not at.exception, at.exception
    (sentence,) = sentences(at)
    assert says in sentence
    assert list((home / "hub" / "checkpoints").iterdir()) == []
    goes_on(at)


def test_a_folder_that_cannot_be_written_is_one_sentence(home, monkeypatch) -> None:
    (home / "taken").touch()  # a file where the folder should be: refused even for root
    monkeypatch.setenv("TORCH_HOME", str(home / "taken"))
    with local_server() as server:
        moved = dataclasses.replace(catalogue.facts(NAME), url=f"{server.url}/good.pth")
        real = weights.facts
        monkeypatch.setattr(weights, "facts", lambda name: moved if name == NAME else real(name))
        at = run(CLASSIFY, classify_network=NAME)
        at.button(key="classify_download").click().run()
    (sentence,) = sentences(at)
    assert "cannot write good.pth into" in sentence
    assert "TORCH_HOME" in sentence
    goes_on(at)


@pytest.mark.parametrize("name", ["resnet20", "no such network", "../../etc/passwd"])
def test_a_network_that_does_not_exist_is_one_sentence(home, name) -> None:
    at = run(CLASSIFY, classify_network=name)
    (sentence,) = sentences(at)
    assert "The link asks for a network" in sentence
    assert "does not exist here; the page goes on without it" in sentence
    assert "passwd" not in sentence
    assert at.selectbox(key="classify_network").value == catalogue.OWN
    assert answers(at)


@pytest.mark.parametrize("damage", DAMAGE)
def test_the_catalogue_goes_on_beside_a_damaged_file(home, damage) -> None:
    DAMAGE[damage](weights.cached_path(NAME))
    at = run(CATALOGUE, catalogue_compare=NAME)
    assert sentences(at) == []
    table = next(e.value for e in at.get("html") if "Facts side by side" in e.value)
    # Only sizes are looked at here: what is in a file, `weights verify` tells.
    same_size = damage == "bits turned"
    assert ("<td>yes</td>" if same_size else "<td>damaged: its size is wrong</td>") in table
    assert weights.cached_path(NAME).exists()


def test_the_catalogue_goes_on_without_a_folder(home, monkeypatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(home / "nowhere"))
    at = run(CATALOGUE)
    assert sentences(at) == []
    (home / "taken").touch()
    monkeypatch.setenv("TORCH_HOME", str(home / "taken"))
    assert sentences(run(CATALOGUE)) == []
