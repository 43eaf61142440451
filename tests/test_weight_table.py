"""The table of torchvision's weights: equal to torchvision's own metadata, line by line."""

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch.hub
from torchvision import models

from cnnlab import catalogue
from cnnlab.checks import InputError
from cnnlab.weight_table import (
    TABLE,
    Weights,
    download_seconds,
    first,
    recommended,
    versions,
    weight_table,
)
from tools.weight_table import from_torchvision, write

ROOT = Path(__file__).resolve().parents[1]
AGAIN = "the table is old: python -m tools.weight_table writes it anew"


def test_the_table_is_what_torchvision_says():
    said = from_torchvision()
    assert [(x.name, x.version) for x in weight_table()] == [(x.name, x.version) for x in said]
    for ours, theirs in zip(weight_table(), said, strict=True):
        assert ours == theirs, AGAIN


def test_writing_it_anew_changes_nothing(tmp_path):
    write(from_torchvision(), tmp_path / "anew.csv")
    assert (tmp_path / "anew.csv").read_bytes() == TABLE.read_bytes(), AGAIN


def test_every_version_of_every_network_is_there():
    """Asked in another way than the tool does."""
    wanted = {
        (name, version)
        for name in models.list_models(module=models)
        for version in models.get_model_weights(name).__members__
        if version != "DEFAULT"
    }
    assert {(entry.name, entry.version) for entry in weight_table()} == wanted
    assert {name for name, _ in wanted} == set(catalogue.every_name())
    assert len(weight_table()) == len(wanted) == 115


@pytest.mark.parametrize("name", catalogue.every_name())
def test_the_recommended_weights_are_those_that_the_lab_loads(name):
    entry, facts = recommended(name), catalogue.facts(name)
    assert [one.recommended for one in versions(name)].count(True) == 1
    assert facts.weights.endswith(f".{entry.version}")
    for field in ("n_params", "macs", "acc1", "acc5", "file_bytes", "url", "recipe"):
        assert getattr(entry, field) == getattr(facts, field), field
    assert first(name) == versions(name)[0]


def test_each_file_has_a_name_of_its_own_with_its_sum():
    files = [entry.file_name for entry in weight_table()]
    assert len(set(files)) == len(files)
    for entry in weight_table():
        assert entry.sha256_prefix == torch.hub.HASH_REGEX.search(entry.file_name).group(1)
        assert len(entry.sha256_prefix) >= 8


@pytest.mark.parametrize("name", ["alexnet", "inception_v3", "vit_h_14", "efficientnet_v2_l"])
def test_the_picture_is_prepared_as_torchvision_prepares_it(name):
    for entry in versions(name):
        shown = repr(models.get_weight(f"{_enum(name)}.{entry.version}").transforms())
        for words in (
            f"crop_size=[{entry.crop}]",
            f"resize_size=[{entry.resize}]",
            f"interpolation=InterpolationMode.{entry.interpolation.upper()}",
        ):
            assert words in shown


def _enum(name: str) -> str:
    return models.get_model_weights(name).__name__


def test_weights_without_classes_have_no_accuracy():
    odd = [entry for entry in weight_table() if entry.acc1 is None]
    assert [(entry.name, entry.version) for entry in odd] == [("vgg16", "IMAGENET1K_FEATURES")]
    assert odd[0].n_categories == 0
    assert not odd[0].recommended
    others = [entry for entry in weight_table() if entry not in odd]
    assert {entry.n_categories for entry in others} == {1000}
    assert all(50 < entry.acc1 < entry.acc5 < 100 for entry in others)


def test_new_weights_of_one_network_have_its_size():
    fifty = versions("resnet50")
    assert [entry.acc1 for entry in fifty] == [76.13, 80.858]
    assert len({(entry.n_params, entry.macs) for entry in fifty}) == 1


@pytest.mark.parametrize("name", ["resnet20", "", "lenet5"])
def test_an_unknown_network_is_refused(name):
    for function in (versions, recommended, first):
        with pytest.raises(InputError, match="has no network called"):
            function(name)


def test_a_download_of_ten_megabytes():
    assert download_seconds(10**7, mbit_per_s=10) == 8
    assert download_seconds(10**7, mbit_per_s=50) == 1.6


def test_the_table_opens_without_torch_and_holds_only_what_it_names():
    script = (
        "import json, sys; from cnnlab.weight_table import weight_table; weight_table();"
        "print(json.dumps([n for n in ('torch', 'torchvision', 'numpy') if n in sys.modules]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == []
    columns = TABLE.read_text(encoding="utf-8").splitlines()[0].split(",")
    assert columns == [field.name for field in dataclasses.fields(Weights)]
