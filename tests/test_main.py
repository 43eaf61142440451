"""The commands of python -m cnnlab: what they print, and how they end."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from cnnlab import __main__ as command_line
from cnnlab import weight_files, weights
from cnnlab.__main__ import main
from cnnlab.catalogue import every_name, facts
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


def listed(capsys, *options: str) -> list[list[str]]:
    """Return the rows that `weights list` prints."""
    assert main(["weights", "list", *options]) == 0
    return [row.split() for row in capsys.readouterr().out.splitlines()[1:-2]]


def test_list_shows_every_network_and_the_folder(home, capsys):
    home.mkdir(parents=True)
    with weights.cached_path("squeezenet1_0").open("wb") as file:
        file.truncate(5_010_096)
    assert main(["weights", "list"]) == 0
    title, *rows, empty, folder = capsys.readouterr().out.splitlines()
    assert " ".join(title.split()) == "name family year M params G MACs acc@1 % file MB here"
    assert [row.split()[0] for row in rows] == list(every_name())
    assert empty == ""
    assert folder == f"Folder: {home}"
    by_name = {row.split()[0]: row.split()[1:] for row in rows}
    squeezed = ["SqueezeNet", "2016", "1.25", "0.819", "58.09", "5.0", "yes"]
    assert by_name["squeezenet1_0"] == squeezed
    assert by_name["vgg16"] == ["VGG", "2014", "138.36", "15.470", "71.59", "553.4", "no"]
    assert len({len(row.rstrip("yesno")) for row in rows}) == 1  # columns line up


def test_list_of_what_is_here(home, capsys):
    home.mkdir(parents=True)
    weights.cached_path("vgg16").touch()
    rows = listed(capsys, "--cached")
    assert [row[0] for row in rows] == ["vgg16"]
    assert " ".join(rows[0]).endswith("damaged: its size is wrong")


@pytest.mark.parametrize("title", ["Swin V2", "swin_v2", "SWINV2", "swin-v2"])
def test_list_of_one_family(home, capsys, title):
    rows = listed(capsys, "--family", title)
    assert [row[0] for row in rows] == ["swin_v2_b", "swin_v2_s", "swin_v2_t"]


def test_list_of_small_files_of_a_family(home, capsys):
    rows = listed(capsys, "--family", "resnet", "--max-mb", "100")
    want = {name for name in every_name() if name.startswith("resnet")}
    assert {row[0] for row in rows} == {n for n in want if facts(n).file_bytes <= 100e6} != want


def test_list_of_every_version(home, capsys):
    rows = listed(capsys, "--versions", "--family", "vgg")
    assert ["vgg16", "IMAGENET1K_FEATURES"] in [row[:2] for row in rows]
    assert next(row for row in rows if row[1] == "IMAGENET1K_FEATURES")[6] == "none"
    assert len(rows) == 9


def test_a_family_that_does_not_exist_is_refused(home, capsys):
    assert main(["weights", "list", "--family", "renset"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("there is no family called 'renset'; choose among ResNet")


def test_list_verify_and_prune_come_without_torch(home):
    home.mkdir(parents=True)
    (home / "vgg16-397923af.pth").write_bytes(b"x")
    for action in (["list"], ["verify"], ["prune", "--dry-run"]):
        script = (
            "import runpy, sys\n"
            f"sys.argv = ['cnnlab', 'weights', *{action}]\n"
            "try: runpy.run_module('cnnlab', run_name='__main__')\n"
            "except SystemExit: pass\n"
            "print('loaded:', {'torch', 'numpy', 'streamlit'} & set(sys.modules))"
        )
        command = [sys.executable, "-c", script]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert done.stderr == ""
        assert done.stdout.splitlines()[-1] == "loaded: set()"


# Verify and prune: what they decide is tested in test_weight_files.py


def fill(home: Path) -> None:
    home.mkdir(parents=True)
    (home / "vgg16-397923af.pth").write_bytes(b"damaged")
    (home / "mine.pth").write_bytes(b"unknown")
    (home / "begun.pth.cnnlab-0.partial").write_bytes(b"unfinished")
    (home / "link").symlink_to("mine.pth")


def test_verify_says_what_is_damaged_and_fails(home, capsys):
    fill(home)
    assert main(["weights", "verify"]) == 1
    *rows, empty, counts, folder = capsys.readouterr().out.splitlines()
    assert [row.split()[:2] for row in rows] == [
        ["unfinished", "begun.pth.cnnlab-0.partial"],
        ["not", "a"],
        ["unknown", "mine.pth"],
        ["damaged", "vgg16-397923af.pth"],
    ]
    assert (empty, counts) == ("", "0 good, 1 damaged, 3 others")
    assert folder == f"Folder: {home}"


def test_verify_without_damage_succeeds(home, capsys):
    assert main(["weights", "verify"]) == 0  # there is no folder yet
    fill(home)
    (home / "vgg16-397923af.pth").unlink()
    assert main(["weights", "verify"]) == 0
    assert "0 good, 0 damaged, 3 others" in capsys.readouterr().out


@pytest.mark.skipif(os.name == "nt", reason="Windows forbids such names")
def test_a_file_name_cannot_write_to_the_terminal(home, capsys):
    home.mkdir(parents=True)
    (home / "\x1b[2Jx\n.pth").touch()
    assert main(["weights", "verify"]) == 0
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize("answer", ["", "n", "nonsense", "no", None])
def test_prune_asks_and_no_leaves_all(home, capsys, monkeypatch, answer):
    fill(home)
    asked = []

    def reply(question):
        asked.append(question)
        if answer is None:
            raise EOFError
        return answer

    monkeypatch.setattr("builtins.input", reply)
    assert main(["weights", "prune"]) == 0
    assert asked == [f"\nRemove 3 files, 0.0 MB, from {home}? [y/N] "]
    out = capsys.readouterr().out
    assert "nothing was removed" in out
    for name in ("vgg16-397923af.pth", "mine.pth", "begun.pth.cnnlab-0.partial"):
        assert name in out  # all of them were listed first
        assert (home / name).exists()


@pytest.mark.parametrize(
    ("options", "reply", "left"),
    [
        ([], "y", {"link"}),
        (["--yes"], None, {"link"}),
        (["--yes", "--keep-unknown"], None, {"link", "mine.pth"}),
        (
            ["--dry-run"],
            None,
            {"link", "mine.pth", "vgg16-397923af.pth", "begun.pth.cnnlab-0.partial"},
        ),
    ],
    ids=["asked", "yes", "keep-unknown", "dry-run"],
)
def test_prune_removes_what_was_listed(home, capsys, monkeypatch, options, reply, left):
    fill(home)
    monkeypatch.setattr("builtins.input", lambda _: reply or pytest.fail("nobody may be asked"))
    assert main(["weights", "prune", *options]) == 0
    assert {path.name for path in home.iterdir()} == left
    out = capsys.readouterr().out
    assert out.count("removed ") == 4 - len(left)


def test_prune_with_nothing_to_remove(home, capsys):
    assert main(["weights", "prune"]) == 0
    assert capsys.readouterr().out == f"nothing to remove in {home}\n"


def test_prune_goes_on_after_a_failure(home, capsys, monkeypatch):
    fill(home)
    real = weight_files.remove

    def refuse(found):
        if found.path.name == "mine.pth":
            raise InputError("mine.pth has changed in the meantime; it stays")
        real(found)

    monkeypatch.setattr(weight_files, "remove", refuse)
    assert main(["weights", "prune", "--yes"]) == 1
    out, err = capsys.readouterr()
    assert err == "mine.pth has changed in the meantime; it stays\n"
    assert out.count("removed ") == 2
    assert (home / "mine.pth").exists()


def test_yes_and_dry_run_exclude_each_other(home, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["weights", "prune", "--yes", "--dry-run"])
    assert "not allowed with" in capsys.readouterr().err


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
