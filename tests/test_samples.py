"""Sample pictures: they load offline, unchanged, and are described."""

import re
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cnnlab.checks import InputError
from cnnlab.images import to_array
from cnnlab.samples import SAMPLES, sample


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*args, **settings):
        raise AssertionError("a sample reached for the network")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("name", SAMPLES)
def test_sample_loads_offline(name):
    picture = sample(name)
    assert (picture.mode, picture.info) == ("RGB", {})
    assert 300 <= max(picture.size) <= 1024
    assert np.ptp(to_array(picture)) > 100  # something is to be seen


def test_samples_are_described():
    assert {"cat", "coffee", "astronaut", "rocket", "camera"} <= set(SAMPLES)
    for name, item in SAMPLES.items():
        assert item.name == name
        assert re.fullmatch(r"[A-Z][^.]{30,120}\.", item.alt)
        assert re.search(r"CC0|public domain|no known copyright|BSD", item.credit)
    assert len({item.title for item in SAMPLES.values()}) == len(SAMPLES)
    with pytest.raises(TypeError):
        SAMPLES["cat"] = None


def test_samples_show_the_unchanged_picture():
    data = pytest.importorskip("skimage.data")
    assert np.array_equal(to_array(sample("cat")).transpose(1, 2, 0), data.chelsea())
    assert np.array_equal(to_array(sample("coins"), channels="grey")[0], data.coins())


def test_unknown_sample_names_the_known_ones():
    with pytest.raises(InputError, match=r"no sample 'dog', choose one of cat, astronaut, "):
        sample("dog")


def test_import_is_light():
    code = (
        "import sys, cnnlab.samples\n"
        "heavy = {'torch', 'streamlit', 'plotly', 'skimage', 'numpy', 'pooch'}\n"
        "cnnlab.samples.sample('cat'); print(sorted(heavy & set(sys.modules)))"
    )
    root = Path(__file__).parents[1]
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, cwd=root)
    assert run.stdout.strip() == b"[]"
