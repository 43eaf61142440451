"""The commands of python -m cnnlab: what they print, and how they end."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from cnnlab import __main__ as command_line
from cnnlab import weights
from cnnlab.__main__ import main
from cnnlab.catalogue import every_name
from cnnlab.checks import InputError
from tests.real_weights import needs_weights

ROOT = Path(__file__).parents[1]


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    return tmp_path / "hub" / "checkpoints"


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cnnlab", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [([], "weights"), (["weights"], "pull"), (["--help"], "weights"), (["weights", "-h"], "list")],
)
def test_help_names_the_next_word(arguments, words, capsys):
    try:
        status = main(arguments)
    except SystemExit as end:  # argparse leaves this way after --help
        status = end.code
    assert status == 0
    out = capsys.readouterr().out
    assert out.startswith("usage: python -m cnnlab")
    assert words in out


@pytest.mark.parametrize("arguments", [["wieghts"], ["weights", "pull"], ["weights", "list", "x"]])
def test_unknown_words_are_refused(arguments, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert "usage: " in capsys.readouterr().err


def test_help_comes_without_torch():
    script = (
        "import runpy, sys\n"
        "for sys.argv in (['cnnlab'], ['cnnlab', '--help'], ['cnnlab', 'weights', '--help']):\n"
        "    try: runpy.run_module('cnnlab', run_name='__main__')\n"
        "    except SystemExit as end: assert not end.code\n"
        "print('loaded:', {'torch', 'numpy', 'streamlit'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] == "loaded: set()"


def test_list_shows_every_network_and_the_folder(home, capsys):
    home.mkdir(parents=True)
    weights.cached_path("squeezenet1_0").touch()
    assert main(["weights", "list"]) == 0
    title, *rows, empty, folder = capsys.readouterr().out.splitlines()
    assert " ".join(title.split()) == "name M params G MACs acc@1 % file MB here"
    assert [row.split()[0] for row in rows] == list(every_name())
    assert empty == ""
    assert folder == f"Folder: {home}"
    by_name = {row.split()[0]: row.split()[1:] for row in rows}
    assert by_name["squeezenet1_0"] == ["1.25", "0.819", "58.09", "5.0", "yes"]
    assert by_name["vgg16"] == ["138.36", "15.470", "71.59", "553.4", "no"]
    assert len({len(row.rstrip("yesno")) for row in rows}) == 1  # columns line up


def test_list_of_what_is_here(home, capsys):
    home.mkdir(parents=True)
    weights.cached_path("vgg16").touch()
    assert main(["weights", "list", "--cached"]) == 0
    rows = capsys.readouterr().out.splitlines()[1:-2]
    assert [row.split()[0] for row in rows] == ["vgg16"]


def test_pull_goes_on_after_a_failure_and_says_what_failed(home, capsys, monkeypatch):
    def pull(name, *, report):
        if name == "resnet18":
            raise InputError("the disk is full")
        report(3, 10)
        return home / name

    monkeypatch.setattr(weights, "pull", pull)
    assert main(["weights", "pull", "resnet18", "vgg16", "resnet20"]) == 1
    out, err = capsys.readouterr()
    assert err.startswith("resnet18: the disk is full\nresnet20: torchvision has no")
    assert out == f"vgg16: fetched, {home / 'vgg16'}\n"


def test_pull_says_when_a_file_is_already_here(home, capsys):
    home.mkdir(parents=True)
    weights.cached_path("vgg16").touch()
    assert main(["weights", "pull", "vgg16"]) == 0
    assert capsys.readouterr().out == f"vgg16: already here, {weights.cached_path('vgg16')}\n"


def test_progress_is_one_line_on_a_terminal(home, capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)

    def pull(name, *, report):
        for done in range(0, 5_000_001, 1000):
            report(done, 5_000_000)
        return home / name

    monkeypatch.setattr(weights, "pull", pull)
    assert main(["weights", "pull", "vgg16"]) == 0
    steps = capsys.readouterr().out.split("\r\x1b[K")
    assert len(steps) == 1 + 101 + 1  # nothing, 0 to 100 %, the result
    assert steps[51] == "vgg16: 2.5 of 5.0 MB, 50 %"


def test_progress_without_a_known_size(home, capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    report = command_line._progress_line("vgg16")
    for done in (0, 400_000, 1_200_000):
        report(done, None)
    assert capsys.readouterr().out.split("\r\x1b[K") == ["", "vgg16: 0.0 MB", "vgg16: 1.2 MB"]


def test_ctrl_c_ends_quietly(home, capsys, monkeypatch):
    def pull(name, *, report):
        raise KeyboardInterrupt

    monkeypatch.setattr(weights, "pull", pull)
    assert main(["weights", "pull", "vgg16"]) == 130
    assert capsys.readouterr().err == "\nstopped\n"


def test_without_a_network_the_command_fails_in_plain_words(home):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{unused.getsockname()[1]}"
    done = run("weights", "pull", "resnet18", https_proxy=nobody, no_proxy="")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("resnet18: This computer cannot reach download.pytorch.org (")
    assert "Traceback" not in done.stderr
    assert not home.exists()


def test_a_reader_that_stops_early_is_no_error(home):
    done = subprocess.run(
        f"set -o pipefail; {sys.executable} -m cnnlab weights list | head -n 0",
        shell=True,
        cwd=ROOT,
        capture_output=True,
        text=True,
        executable="/bin/bash",
    )
    assert done.stderr == ""


@needs_weights("squeezenet1_0")
def test_the_real_file_is_listed():
    assert "squeezenet1_0" in run("weights", "list", "--cached").stdout
