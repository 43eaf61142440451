"""Files of weights: found where torch keeps them, checked by their sum, removed with care."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch.hub

from cnnlab import weight_files
from cnnlab.checks import InputError
from cnnlab.download import MARK, is_abandoned
from cnnlab.weight_files import folder, leftovers, remove, sha256_of, state_of, verify
from cnnlab.weight_table import recommended, versions, weight_table
from tests.real_weights import needs_weights

ROOT = Path(__file__).resolve().parents[1]
CONTENTS = b"The quick brown fox jumps over the lazy dog"
SHA = "d7a8fbb307d7809469ca9abcb0082e4f8d5651e46d3cdb762d02d0bf37c9e592"  # of CONTENTS


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    checkpoints = tmp_path / "hub" / "checkpoints"
    checkpoints.mkdir(parents=True)
    return checkpoints


@pytest.fixture
def fox(monkeypatch):
    """Let one network's file be CONTENTS, as its name says; return that line of the table."""
    entry = dataclasses.replace(
        recommended("resnet18"),
        url=f"https://download.pytorch.org/models/resnet18-{SHA[:8]}.pth",
        file_bytes=len(CONTENTS),
    )
    rest = [line for line in weight_table() if line.name != "resnet18"]
    monkeypatch.setattr(weight_files, "weight_table", lambda: (entry, *rest))
    return entry


def verdicts() -> dict[str, str]:
    return {found.path.name: found.verdict for found in verify()}


def says(name: str) -> str:
    return next(found.says for found in verify() if found.path.name == name)


# Where they lie


ENVIRONMENTS = [
    {},
    {"TORCH_HOME": "/some/where"},
    {"TORCH_HOME": "~/mine"},
    {"TORCH_HOME": "relative"},
    {"TORCH_HOME": ""},
    {"XDG_CACHE_HOME": "/cache"},
    {"XDG_CACHE_HOME": "~/cache"},
    {"XDG_CACHE_HOME": ""},
    {"XDG_CACHE_HOME": "/cache", "TORCH_HOME": "/some/where"},
    {"HOME": "/home/else"},
]


@pytest.mark.parametrize("settings", ENVIRONMENTS, ids=str)
def test_the_folder_is_the_one_that_torch_says(settings, monkeypatch):
    for name in ("TORCH_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    theirs = Path(torch.hub.get_dir()) / "checkpoints"
    assert folder() == theirs
    monkeypatch.delitem(sys.modules, "torch.hub")  # as if torch were not loaded
    assert folder() == theirs


def test_a_folder_set_in_torch_itself_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, "_hub_dir", None)
    torch.hub.set_dir(str(tmp_path / "set"))
    assert folder() == tmp_path / "set" / "checkpoints"


def test_all_this_needs_no_torch(home):
    (home / recommended("resnet18").file_name).write_bytes(b"")
    script = (
        "import json, sys\n"
        "from cnnlab import weight_files as w\n"
        "seen = [(f.path.name, f.verdict) for f in w.verify()]\n"
        "print(json.dumps([str(w.folder()), seen, 'torch' in sys.modules]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    expected = [str(home), [[recommended("resnet18").file_name, "damaged"]], False]
    assert json.loads(done.stdout) == expected


# At a glance


def test_a_file_is_here_missing_or_of_the_wrong_size(home):
    entry = recommended("squeezenet1_1")
    path = home / entry.file_name
    assert state_of(entry) == "missing"
    with path.open("wb") as file:
        file.truncate(entry.file_bytes + 300)  # the table's sizes are rounded
    assert state_of(entry) == "here"
    os.truncate(path, entry.file_bytes // 2)
    assert state_of(entry) == "damaged"
    path.unlink()
    path.mkdir()
    assert state_of(entry) == "missing"


@needs_weights("squeezenet1_0")
def test_a_real_file_is_here_and_its_sum_is_told_truly():
    """A file may be of use and yet not the one that torchvision published."""
    entry = recommended("squeezenet1_0")
    assert state_of(entry) == "here"
    found = next(one for one in verify() if one.path.name == entry.file_name)
    real = hashlib.sha256(found.path.read_bytes()).hexdigest()
    assert (found.verdict == "good") == real.startswith("b66bff10")


# Checked


def test_the_sum_is_sha256(tmp_path):
    path = tmp_path / "fox"
    path.write_bytes(CONTENTS)
    assert sha256_of(path) == SHA == hashlib.sha256(CONTENTS).hexdigest()
    big, seen = tmp_path / "big", []
    big.write_bytes(bytes(2_500_000))
    assert sha256_of(big, seen.append) == hashlib.sha256(bytes(2_500_000)).hexdigest()
    assert seen == [2**20, 2**21, 2_500_000]


def test_a_good_file_a_damaged_one_and_one_cut_off(home, fox):
    path = home / fox.file_name
    path.write_bytes(CONTENTS)
    assert verdicts() == {fox.file_name: "good"}
    assert says(fox.file_name) == "resnet18, IMAGENET1K_V1"
    path.write_bytes(CONTENTS.replace(b"dog", b"cat"))
    assert verdicts() == {fox.file_name: "damaged"}
    assert says(fox.file_name).endswith(f"not {SHA[:8]}")
    path.write_bytes(CONTENTS[:20])
    assert verdicts() == {fox.file_name: "damaged"}
    assert says(fox.file_name).endswith("0.0 of 0.0 MB are there")


def test_the_weights_of_another_network_are_recognised(home, fox):
    wrong = versions("resnet50")[1].file_name
    (home / wrong).write_bytes(CONTENTS)
    assert verdicts() == {wrong: "damaged"}
    assert says(wrong).endswith("these are the weights of resnet18, IMAGENET1K_V1")


def test_a_detector_of_torchvision_is_known_too(home):
    file = "fasterrcnn_resnet50_fpn_coco-258fb6c6.pth"
    (home / file).write_bytes(CONTENTS)
    assert verdicts() == {file: "damaged"}


def test_a_file_whose_name_has_no_sum_is_left_alone(home):
    file = "resnet18_fbgemm_16fa66dd.pth"  # one of torchvision's, for smaller numbers
    (home / file).write_bytes(CONTENTS)
    assert verdicts() == {file: "unchecked"}
    assert leftovers(verify()) == []


def test_what_is_no_file_of_torchvision_is_unknown(home, tmp_path):
    (home / "mine-00000000.pth").write_bytes(CONTENTS)
    (home / "notes.txt").write_text("mine")
    (home / "folder.pth").mkdir()
    (tmp_path / "elsewhere").write_bytes(CONTENTS)
    (home / recommended("vgg16").file_name).symlink_to(tmp_path / "elsewhere")
    (home / "loop").symlink_to("loop")
    assert verdicts() == {
        "folder.pth": "not a file",
        "loop": "not a file",
        "mine-00000000.pth": "unknown",
        "notes.txt": "unknown",
        recommended("vgg16").file_name: "not a file",
    }
    assert says("loop").startswith("a link")


def test_a_pipe_does_not_block(home):
    os.mkfifo(home / recommended("vgg16").file_name)
    assert set(verdicts().values()) == {"not a file"}


def test_a_folder_that_is_not_there_is_empty(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "nowhere"))
    assert list(verify()) == []


def test_a_folder_that_is_none_is_named(home):
    home.rmdir()
    home.touch()
    with pytest.raises(InputError, match=r"cannot look into .*checkpoints \(Not a directory\)"):
        list(verify())


def test_a_file_that_goes_meanwhile_is_passed_over(home, fox):
    (home / fox.file_name).write_bytes(CONTENTS)
    (home / "notes.txt").touch()
    found = verify()
    (home / "notes.txt").unlink()
    assert next(found).verdict == "good"
    (home / fox.file_name).unlink()
    assert list(found) == []


def test_verifying_changes_nothing_and_reports(home, fox):
    (home / fox.file_name).write_bytes(CONTENTS)
    (home / "x.partial").write_bytes(b"begun")
    before = {path.name: path.stat().st_mtime_ns for path in home.iterdir()}
    seen = []
    list(verify(lambda *now: seen.append(now)))
    assert seen == [(fox.file_name, len(CONTENTS), len(CONTENTS))]
    assert {path.name: path.stat().st_mtime_ns for path in home.iterdir()} == before


# Downloads that were never finished


@pytest.mark.parametrize("locked", [True, False], ids=["going on", "left behind"])
def test_our_own_unfinished_file_counts_by_its_lock(home, locked):
    path = home / f"resnet18-f37072fd.pth{MARK}0123.partial"
    script = f"""
import sys
from cnnlab.download import _lock
file = open({str(path)!r}, "xb")
assert _lock(file, wait=True)
print("ready", flush=True)
sys.stdin.readline()
"""
    writer = subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert writer.stdout.readline() == b"ready\n"
    if not locked:
        writer.kill()
        writer.wait()
    try:
        assert is_abandoned(path) is not locked
        assert verdicts() == {path.name: "in use" if locked else "unfinished"}
    finally:
        writer.kill()
        writer.communicate()


def test_that_of_another_program_counts_by_its_age(home):
    path = home / "resnet18-f37072fd.pth.4f2a.partial"  # as torch.hub names them
    path.write_bytes(b"begun")
    assert verdicts() == {path.name: "in use"}
    an_hour_ago = time.time() - 3700
    os.utime(path, (an_hour_ago, an_hour_ago))
    assert verdicts() == {path.name: "unfinished"}


# Removed


def make_every_kind(home: Path, outside: Path, fox) -> None:
    (home / fox.file_name).write_bytes(CONTENTS)
    (home / recommended("vgg16").file_name).write_bytes(b"damaged")
    (home / f"a.pth{MARK}0.partial").write_bytes(b"unfinished")
    (home / "mine.pth").write_bytes(b"unknown")
    (home / "folder").mkdir()
    (home / "folder" / "inside.pth").write_bytes(b"x")
    outside.write_bytes(b"precious")
    (home / recommended("resnet34").file_name).symlink_to(outside)
    (home / "link.partial").symlink_to(outside)


def test_leftovers_are_the_damaged_the_unfinished_and_the_unknown(home, tmp_path, fox):
    outside = tmp_path / "outside.pth"
    make_every_kind(home, outside, fox)
    found = leftovers(verify())
    assert {one.path.name for one in found} == {
        recommended("vgg16").file_name,
        f"a.pth{MARK}0.partial",
        "mine.pth",
    }
    for one in found:
        remove(one)
    assert leftovers(verify()) == []
    assert (home / fox.file_name).read_bytes() == CONTENTS
    assert (home / "folder" / "inside.pth").exists()
    assert outside.read_bytes() == b"precious"
    assert (home / "link.partial").is_symlink()


def test_a_file_that_was_replaced_meanwhile_stays(home):
    path = home / "mine.pth"
    path.write_bytes(b"old")
    (one,) = leftovers(verify())
    fresh = home / "fresh"
    fresh.write_bytes(b"new")
    fresh.replace(path)
    with pytest.raises(InputError, match=r"mine.pth has changed in the meantime; it stays"):
        remove(one)
    assert path.read_bytes() == b"new"


def test_a_file_that_became_a_link_stays_and_so_does_what_it_means(home, tmp_path):
    path, outside = home / "mine.pth", tmp_path / "outside"
    path.write_bytes(b"old")
    outside.write_bytes(b"precious")
    (one,) = leftovers(verify())
    path.unlink()
    path.symlink_to(outside)
    with pytest.raises(InputError, match="has changed in the meantime"):
        remove(one)
    assert path.is_symlink()
    assert outside.read_bytes() == b"precious"


def test_nothing_outside_the_folder_is_removed(home, tmp_path):
    (home / "mine.pth").write_bytes(b"x")
    (one,) = leftovers(verify())
    outside = tmp_path / "mine.pth"
    outside.write_bytes(b"precious")
    for path in (outside, home / ".." / ".." / "mine.pth", home / "folder" / "mine.pth"):
        with pytest.raises(InputError, match=r"does not lie in .*; it stays"):
            remove(dataclasses.replace(one, path=path, mark=weight_files._mark(outside.lstat())))
    assert outside.read_bytes() == b"precious"


def test_a_folder_that_is_a_link_is_not_pruned(tmp_path, monkeypatch):
    real = tmp_path / "real"
    real.mkdir()
    (real / "mine.pth").write_bytes(b"x")
    (tmp_path / "hub").mkdir()
    (tmp_path / "hub" / "checkpoints").symlink_to(real)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    (one,) = leftovers(verify())
    with pytest.raises(InputError, match=r"checkpoints is a link, and no link is followed"):
        remove(one)
    assert (real / "mine.pth").exists()


def test_a_file_that_is_gone_already_is_said(home):
    (home / "mine.pth").write_bytes(b"x")
    (one,) = leftovers(verify())
    one.path.unlink()
    with pytest.raises(InputError, match=r"cannot remove .*mine.pth \(No such file"):
        remove(one)
