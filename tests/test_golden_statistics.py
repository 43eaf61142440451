"""Facts of lectures and papers that are measured or counted by others, against what we show.

`golden/facts_statistics.json`: each fact is looked up in the lab's own data, or computed by it.
`golden/facts_later_lessons.json`: facts of lessons that are yet to come, by lesson; here only what
can be checked among themselves.
"""

import json
import math
import re
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from cnnlab.architectures import NETWORKS
from cnnlab.architectures.history import (
    ABLATION,
    ABLATION_OTHER,
    CHALLENGE,
    ENSEMBLES,
    FUSION,
    IMAGENET,
    SECOND_2012,
    SECOND_2014,
    TRAINING_PICTURES,
)
from cnnlab.architectures.keras_table import KERAS, KERAS_CORRECTED
from cnnlab.convolution import conv2d
from cnnlab.model_cost import _build
from tests.test_golden_arithmetic import agree, follows

GOLDEN = Path(__file__).parent / "golden"
FACTS = json.loads((GOLDEN / "facts_statistics.json").read_text(encoding="utf-8"))
LATER = json.loads((GOLDEN / "facts_later_lessons.json").read_text(encoding="utf-8"))
BY_ID = {fact["id"]: fact for fact in FACTS}

Given = dict[str, Any]


def remarks(key: str) -> str:
    """Return all that is said about a network's published figures, in one string."""
    entry = NETWORKS[key]
    parts = [f"{p.quantity} {p.value} {p.source} {p.remark}" for p in entry.published]
    return " ".join([*parts, *entry.notes])


def numbers_in(text: str) -> list[float]:
    return [float(number.replace(",", "")) for number in re.findall(r"\d[\d,]*(?:\.\d+)?", text)]


def told(key: str, number: float) -> float:
    """Return a number if it stands among a network's published figures."""
    assert number in numbers_in(remarks(key)), f"{number} is not told of {key}"
    return number


# Facts by their name: what the lab shows ------------------------------------------------------

_ROWS = {
    "replication": "AlexNet, trained again",
    "removed-3-4": "without layers 3, 4",
    "removed-7": "without layer 7",
    "removed-6-7": "without layers 6, 7",
    "removed-3-4-6-7": "without 3, 4, 6, 7",
    "fc-2048": "layers 6, 7: 2048 units",
    "fc-8192": "layers 6, 7: 8192 units",
    "our-model": "ZFNet",
    "our-fc-2048": "ZFNet, layers 6, 7: 2048 units",
    "our-fc-8192": "ZFNet, layers 6, 7: 8192 units",
    "our-512-1024-512": "ZFNet, 3 to 5: 512, 1024, 512 maps",
    "our-512-1024-512-fc-8192": "ZFNet, both of the last two",
}
_ABLATION = {row.title: row for row in ABLATION}


def ablation(name: str) -> dict[str, float]:
    errors = asdict(_ABLATION[_ROWS[name]])
    del errors["title"]
    return errors


def drop(name: str) -> float:
    return ablation(name)["val_top5"] - ablation("replication")["val_top5"]


SHOWN: dict[str, Callable[[], Any]] = {
    "ilsvrc-2012-winner": lambda: CHALLENGE[2012][0],
    "ilsvrc-2012-winner-blog": lambda: CHALLENGE[2012][0],
    "ilsvrc-2012-second": lambda: SECOND_2012,
    "ilsvrc-2012-record-drop-blog": lambda: [SECOND_2012, CHALLENGE[2012][0]],
    "ilsvrc-ensemble-gain": lambda: told("alexnet", 18.2) - CHALLENGE[2012][0],
    "ilsvrc-2014-vgg": lambda: SECOND_2014,
    "ilsvrc-2014-googlenet": lambda: CHALLENGE[2014][0],
    "ilsvrc-2014-googlenet-blog": lambda: CHALLENGE[2014][0],
    "ilsvrc-2014-googlenet-two-figures": lambda: [
        ENSEMBLES["GoogLeNet, in the challenge of 2014"],
        CHALLENGE[2014][0],
    ],
    "ilsvrc-2015-resnet": lambda: CHALLENGE[2015][0],
    "ilsvrc-2015-resnet-blog": lambda: CHALLENGE[2015][0],
    "ilsvrc-2016-fusion": lambda: CHALLENGE[2016][0],
    "imagenet-size-hkust": lambda: list(IMAGENET),
    "imagenet-14m": lambda: IMAGENET[0],
    "imagenet-images-per-synset": lambda: IMAGENET[0] / IMAGENET[1],
    "imagenet-alexnet-training-set": lambda: list(TRAINING_PICTURES.values()),
    "shao-inception-v3": lambda: FUSION["Inception-v3"],
    "shao-inception-v4": lambda: FUSION["Inception-v4"],
    "shao-inception-resnet-v2": lambda: FUSION["Inception-ResNet-v2"],
    "shao-resnet-200": lambda: FUSION["ResNet-200"],
    "shao-fusion-test": lambda: FUSION["Fusion (Test)"],
    "he-table5-vgg-ilsvrc14": lambda: ENSEMBLES["VGG, in the challenge of 2014"],
    "he-table5-googlenet-ilsvrc14": lambda: ENSEMBLES["GoogLeNet, in the challenge of 2014"],
    "he-table5-vgg-v5": lambda: ENSEMBLES["VGG, later"],
    "he-table5-bn-inception": lambda: ENSEMBLES["Inception v2 (BN-Inception)"],
    "resnet-2015-imagenet-localization": lambda: int(told("resnet152", 27)),
    "resnet-2015-coco-detection": lambda: int(told("resnet152", 11)),
    "resnet-2015-coco-segmentation": lambda: int(told("resnet152", 12)),
    "resnet-up-to-1000-layers": lambda: int(told("resnet152", 1202)),
    "zeiler-drop-removed-6-7": lambda: drop("removed-6-7"),
    "zeiler-drop-removed-3-4": lambda: drop("removed-3-4"),
    "zeiler-drop-removed-3-4-6-7": lambda: drop("removed-3-4-6-7"),
    "zeiler-removing-fc7-helps-top1": lambda: (
        ablation("removed-7")["val_top1"] - ablation("replication")["val_top1"]
    ),
    "zeiler-best-val": lambda: min(_ROWS, key=lambda name: ablation(name)["val_top5"]),
    "imagenet-alexnet-data-blog": lambda: [int(told("alexnet", 15)), int(told("alexnet", 22000))],
}
SHOWN |= {
    f"zeiler-{name}": lambda name=name: ablation(name)  # type: ignore[misc]
    for name in _ROWS
    if f"zeiler-{name}" in BY_ID
}


# Facts by their operation ---------------------------------------------------------------------


def _largest_gap(g: Given) -> dict[str, Any]:
    gaps = {}
    for name in g["rows"]:
        errors = ablation(name)
        assert g["rows"][name] == [errors["train_top1"], errors["val_top1"]]
        gaps[name] = errors["val_top1"] - errors["train_top1"]
    key = max(gaps, key=lambda name: gaps[name])
    return {"key": key, "gap": gaps[key]}


def _compared(g: Given) -> dict[str, float]:
    row = KERAS[g["model"]]
    return {"params_m": row.params_m, "size_mb": row.size_mb}


def _two_pictures(g: Given) -> dict[str, float]:
    a, b = np.array(g["a"], float), np.array(g["b"], float)
    return {
        "equal_cells": int((a == b).sum()),
        "cells": a.size,
        "mean_abs_difference": float(np.abs(a - b).mean()),
        "mean_a": float(a.mean()),
        "mean_b": float(b.mean()),
    }


def _neighbours(g: Given) -> float:
    x = np.array(g["x"], float)
    assert g["axis"] == "horizontal"
    return float(np.corrcoef(x[:, :-1].ravel(), x[:, 1:].ravel())[0, 1])


def _shifted(g: Given) -> dict[str, Any]:
    """Shift with a kernel that is zero but for one weight: convolution can move a picture."""
    assert (g["dr"], g["dc"], g["fill"]) == (0, -1, 0)
    x = np.array(g["x"], float)
    kernel = np.array([[0.0, 0, 0], [0, 0, 1], [0, 0, 0]])
    moved = conv2d(x[None], kernel[None, None], padding=1)[0]
    changed = int((moved != x).sum())
    return {"shifted": moved.astype(int).tolist(), "changed": changed, "total": x.size}


def _row_of_a_table(g: Given) -> list[Any]:
    return [*g["row"][-g["shift"] :], *g["row"][: -g["shift"]]]


COMPUTED: dict[str, Callable[[Given], Any]] = {
    "keras_row": lambda g: asdict(KERAS[g["model"]]),
    "compare_tables": _compared,
    "largest_gap": _largest_gap,
    "array_compare": _two_pictures,
    "neighbour_correlation": _neighbours,
    "shift_changes": _shifted,
    "rotate_row": _row_of_a_table,
    "power": lambda g: int(np.iinfo(np.uint8).max) + 1,  # what a picture's values are made of
}


def found(fact: dict[str, Any]) -> Any:
    if fact["id"] in SHOWN:
        return SHOWN[fact["id"]]()
    return COMPUTED[fact["given"]["op"]](fact["given"])


def named(facts: list[dict[str, Any]]) -> Any:
    return pytest.mark.parametrize("fact", facts, ids=[fact["id"] for fact in facts])


@named(FACTS)
def test_fact(fact):
    assert agree(found(fact), fact["expect"], fact.get("tolerance", 1e-12)), found(fact)


@named([fact for fact in FACTS if "source_rule" in fact])
def test_a_printed_number_is_the_exact_one_rounded(fact):
    pairs = zip(np.ravel(found(fact)), np.ravel(fact["source_value"]), strict=True)
    assert all(follows(float(exact), printed, fact["source_rule"]) for exact, printed in pairs)


@named([fact for fact in FACTS if fact["given"]["op"] == "compare_tables"])
def test_another_table_is_keras_in_round_numbers(fact):
    given, row = fact["given"], KERAS[fact["given"]["model"]]
    assert given["printed_params_m"] in {row.params_m, round(row.params_m), int(row.params_m)}
    assert given["printed_size_mb"] in {row.size_mb, round(row.size_mb, -2)}


# Where a source is wrong: what the lab says instead -------------------------------------------

WRONG: dict[str, Callable[[Any], bool]] = {
    "keras-row-efficientnetb0": lambda v: KERAS_CORRECTED["EfficientNetB0"] == (v["size_mb"], 20),
    "ilsvrc-2012-winner-blog": lambda v: (
        f"The {v} % of some articles are these seven networks on the validation pictures"
        in remarks("alexnet")
    ),
    "imagenet-alexnet-training-set": lambda v: (
        f"That it learned from {v[0]} million can be read here and there" in remarks("alexnet")
    ),
    "zeiler-drop-removed-6-7": lambda v: ABLATION_OTHER["without layers 6, 7"] == v,
    "zeiler-drop-removed-3-4": lambda v: ABLATION_OTHER["without layers 3, 4"] == v,
    "zeiler-drop-removed-3-4-6-7": lambda v: ABLATION_OTHER["without 3, 4, 6, 7"] == v,
}


@named([fact for fact in FACTS if fact["status"] == "source-error"])
def test_a_wrong_number_is_named_beside_the_right_one(fact):
    assert WRONG[fact["id"]](fact["source_value"])


# Keras' table against what we count -----------------------------------------------------------

SAME_IN_KERAS = {
    "VGG16": "vgg16",
    "VGG19": "vgg19",
    "ResNet50": "resnet50",
    "ResNet101": "resnet101",
    "InceptionV3": "inception_v3",
    "Xception": "xception",
    "MobileNet": "mobilenet_v1",
    "MobileNetV2": "mobilenet_v2",
    "DenseNet121": "densenet121",
    "DenseNet169": "densenet169",
    "DenseNet201": "densenet201",
    "NASNetMobile": "nasnet_mobile",
    "EfficientNetV2S": "efficientnet_v2_s",
    "EfficientNetV2M": "efficientnet_v2_m",
} | {f"EfficientNetB{n}": f"efficientnet_b{n}" for n in range(8)}


@pytest.mark.parametrize(("name", "key"), SAME_IN_KERAS.items())
def test_keras_parameters_are_ours_with_means_and_variances(name, key):
    if key in NETWORKS:
        rows = NETWORKS[key].rows
        n_params = NETWORKS[key].total.n_params
        channels = sum(row.output_shape[0] for row in rows if row.kind == "Batch norm")
    else:
        model = _build(key)
        n_params = sum(weight.numel() for weight in model.parameters())
        norms = [part for part in model.modules() if isinstance(part, torch.nn.BatchNorm2d)]
        channels = sum(part.num_features for part in norms)
    assert round((n_params + 2 * channels) / 1e6, 1) == KERAS[name].params_m


@pytest.mark.parametrize("name", KERAS)
def test_rows_of_keras_fit_together(name):
    row = KERAS[name]
    assert row.top1 < row.top5
    assert row.size_mb == pytest.approx(4e6 * row.params_m / 2**20, rel=0.14)
    if name in KERAS_CORRECTED:
        wrong, right = KERAS_CORRECTED[name]
        assert right == row.size_mb
        assert wrong != pytest.approx(4e6 * row.params_m / 2**20, rel=0.14)


def test_fused_networks_are_better_than_each():
    *parts, fused = FUSION.values()
    assert fused < min(parts)
    assert fused == CHALLENGE[2016][0]


# Facts of later lessons -----------------------------------------------------------------------


@named([fact for fact in LATER["transfer"] if fact["given"]["op"] == "reported"])
def test_deeper_features_do_better_than_the_spread(fact):
    row = fact["expect"]
    assert row["caltech256"] < row["caltech101"] < 100
    assert row["caltech101_std"] < 1
    assert row["caltech256_std"] < 1


def test_the_best_layer_for_transfer():
    (fact,) = (f for f in LATER["transfer"] if f["given"]["op"] == "argmax_key")
    rows = fact["given"]["rows"]
    assert max(rows, key=lambda name: rows[name]) == fact["expect"]
    for other in LATER["transfer"]:
        if other["given"]["op"] == "reported":
            assert rows[other["id"].removeprefix("transfer-")] == other["expect"]["caltech101"]


@named([fact for fact in LATER["training"] if fact["given"]["op"] == "delta_step"])
def test_a_step_of_training_changes_the_accuracy_by_its_delta(fact):
    given, expect = fact["given"], fact["expect"]
    assert given["top1"] - given["previous"] == pytest.approx(expect["delta"])
    assert given["top1"] == expect["top1"]


@named([fact for fact in LATER["training"] if fact["given"]["op"] == "sum"])
def test_steps_of_training_add_up(fact):
    assert sum(fact["given"]["values"]) == pytest.approx(fact["expect"])


def test_all_steps_lead_from_the_first_accuracy_to_the_last():
    facts = {fact["id"]: fact for fact in LATER["training"]}
    total, parts = facts["resnet-rs-total-gain"], ("training", "architecture")
    first = facts["resnet-rs-resnet-200"]["expect"]["top1"]
    last = facts["resnet-rs-resnet-d"]["expect"]["top1"]
    assert first + total["expect"] == pytest.approx(last)
    values = [x for part in parts for x in facts[f"resnet-rs-{part}-part"]["given"]["values"]]
    assert values == total["given"]["values"]


def test_two_thousand_passes_in_53_seconds():
    facts = {fact["id"]: fact for fact in LATER["detection"]}
    passes, seconds = facts["rcnn-proposals"]["expect"], facts["rcnn-seconds"]["expect"]
    assert math.isclose(passes / seconds, facts["rcnn-passes-per-second"]["expect"], rel_tol=1e-9)


def test_the_most_cited_paper():
    facts = {fact["id"]: fact for fact in LATER["literature"]}
    table = facts["literature-citations"]["expect"]
    rows = facts["literature-most-cited"]["given"]["rows"]
    assert rows == {title: cited for title, (_, cited) in table.items()}
    assert max(rows, key=lambda title: rows[title]) == facts["literature-most-cited"]["expect"]


# The files ------------------------------------------------------------------------------------


def test_no_fact_is_missing_and_none_is_there_twice():
    later = [fact for facts in LATER.values() for fact in facts]
    ids = [fact["id"] for fact in [*FACTS, *later]]
    assert len(set(ids)) == len(ids) == 112
    assert {lesson: len(facts) for lesson, facts in LATER.items()} == {
        "transfer": 8,
        "training": 12,
        "detection": 3,
        "literature": 3,
    }
    keys = {"id", "given", "expect", "status", "note"}
    more = {"source_value", "source_rule", "tolerance"}
    assert all(keys <= fact.keys() <= keys | more for fact in [*FACTS, *later])
    assert SHOWN.keys() <= BY_ID.keys()
    assert {fact["id"] for fact in FACTS if fact["status"] == "source-error"} == WRONG.keys()
