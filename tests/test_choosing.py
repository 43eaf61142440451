"""Choosing networks: filters, orders, and those that none beats, against plain loops."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st
from torchvision import models

from cnnlab import catalogue, digits
from cnnlab.choosing import (
    COSTS,
    ORDERS,
    OWN,
    Wanted,
    best_places,
    entries,
    frontier,
    in_order,
    own_weights,
    select,
)
from cnnlab.families import FAMILIES, TOPICS
from cnnlab.weight_table import recommended


@pytest.fixture(autouse=True)
def _empty_home(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path_factory.mktemp("home")))


def names(found) -> list[str]:
    return [entry.name for entry in found]


def test_every_network_is_there_once_and_the_labs_own():
    wanted = [*models.list_models(module=models), OWN]
    for version in ("recommended", "first"):
        assert sorted(names(entries(version))) == sorted(wanted)
    assert OWN == catalogue.OWN


def test_recommended_and_first_weights_differ_where_torchvision_has_both():
    new, old = (
        {entry.name: entry.weights for entry in entries(version)}
        for version in ("recommended", "first")
    )
    assert new["resnet50"].version == "IMAGENET1K_V2"
    assert old["resnet50"].version == "IMAGENET1K_V1"
    assert new["resnet18"] == old["resnet18"]
    for name, weights in new.items():
        if name != OWN:
            default = models.get_model_weights(name).DEFAULT
            assert weights.version == default.name
            assert old[name].version == next(iter(models.get_model_weights(name))).name


def test_the_labs_own_network_is_described_as_the_catalogue_does():
    ours, theirs = own_weights(), catalogue.facts(catalogue.OWN)
    for field in ("n_params", "macs", "acc1", "acc5", "file_bytes", "licence"):
        assert getattr(ours, field) == getattr(theirs, field)
    assert ours.n_categories == 10
    entry = next(entry for entry in entries() if entry.name == OWN)
    assert entry.state == "here"
    assert entry.accuracy is None  # not on ImageNet


def test_a_missing_file_of_the_labs_own_network_is_missing(monkeypatch, tmp_path):
    monkeypatch.setattr(digits, "WEIGHTS", tmp_path / "gone.npz")
    assert next(entry for entry in entries() if entry.name == OWN).state == "missing"


# Filters


def test_nothing_wanted_leaves_all():
    assert select(entries(), Wanted()) == entries()


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.title)
def test_one_family(family):
    assert names(select(entries(), Wanted(family=family.title))) == list(family.members)


@pytest.mark.parametrize("topic", TOPICS)
def test_one_topic(topic):
    found = select(entries(), Wanted(topic=topic))
    want = [n for family in FAMILIES if topic in family.teaches for n in family.members]
    assert names(found) == want


def test_years_count_at_both_ends():
    found = select(entries(), Wanted(since=2015, until=2016))
    assert {entry.family.year for entry in found} == {2015, 2016}
    assert select(entries(), Wanted(since=2016, until=2015)) == []


def test_the_largest_file_may_have_just_that_size():
    size = recommended("resnet18").file_bytes
    assert "resnet18" in names(select(entries(), Wanted(max_bytes=size)))
    assert "resnet18" not in names(select(entries(), Wanted(max_bytes=size - 1)))


def test_only_what_is_here(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    for name, share in (("resnet18", 1), ("vgg11", 0.5)):  # the second is cut off
        with (folder / recommended(name).file_name).open("wb") as file:
            file.truncate(int(share * recommended(name).file_bytes))
    assert names(select(entries(), Wanted(here=True))) == [OWN, "resnet18"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("squeeze", ["squeezenet1_0", "squeezenet1_1"]),
        ("  SQUEEZE   1_1 ", ["squeezenet1_1"]),
        ("swin v2 b", ["swin_v2_b"]),
        ("plain alex", ["alexnet"]),
        ("squeeze vgg", []),
        ("<b>", []),
    ],
)
def test_words_must_all_be_there(words, expected):
    found = names(select(entries(), Wanted(words=words)))
    if expected == ["swin_v2_b"]:
        assert expected[0] in found
    else:
        assert found == expected


def test_filters_add_up():
    wanted = Wanted(topic="depth", since=2015, max_bytes=10**8, words="res")
    found = names(select(entries(), wanted))
    assert found == ["resnet18", "resnet34"]


# Orders


@pytest.mark.parametrize("order", ORDERS)
def test_orders_rise_and_fall(order):
    up = in_order(entries(), order)
    down = in_order(entries(), order, descending=True)
    keys = [ORDERS[order](entry) for entry in up]
    assert keys == sorted(keys)
    assert [ORDERS[order](entry) for entry in down] == keys[::-1]
    assert sorted(names(up)) == sorted(names(down)) == sorted(names(entries()))


def test_by_accuracy_the_digit_network_does_not_lead():
    best = in_order(entries(), "accuracy", descending=True)
    assert best[0].name == "vit_h_14"
    assert best[-1].name == OWN


# Those that none beats


@pytest.mark.parametrize("version", ["recommended", "first"])
@pytest.mark.parametrize("cost", COSTS)
def test_the_frontier_by_comparing_each_with_each(cost, version):
    rated = [entry for entry in entries(version) if entry.accuracy is not None]

    def beaten(one):
        return any(
            COSTS[cost](other) <= COSTS[cost](one)
            and other.accuracy >= one.accuracy
            and (COSTS[cost](other), other.accuracy) != (COSTS[cost](one), one.accuracy)
            for other in rated
        )

    found = frontier(entries(version), cost)
    assert {entry.name for entry in found} == {entry.name for entry in rated if not beaten(entry)}
    assert [COSTS[cost](entry) for entry in found] == sorted(map(COSTS[cost], found))


@given(st.lists(st.tuples(st.integers(1, 6), st.integers(50, 55)), max_size=8))
def test_the_frontier_of_any_points(points):
    sample = entries()[1]
    made = [
        dataclasses.replace(
            sample,
            name=str(place),
            weights=dataclasses.replace(sample.weights, macs=cost, acc1=float(accuracy)),
        )
        for place, (cost, accuracy) in enumerate(points)
    ]
    found = {(entry.weights.macs, entry.accuracy) for entry in frontier(made, "MACs")}
    want = {
        (cost, accuracy)
        for cost, accuracy in points
        if not any(c <= cost and a >= accuracy and (c, a) != (cost, accuracy) for c, a in points)
    }
    assert found == want


def test_the_frontier_of_nothing_is_nothing():
    assert frontier([], "MACs") == []
    assert frontier([entry for entry in entries() if entry.name == OWN], "MACs") == []


@given(st.lists(st.none() | st.integers(-3, 3), max_size=5), st.booleans())
def test_the_best_of_a_row(values, higher):
    known = [value for value in values if value is not None]
    found = best_places(values, higher=higher)
    if len(set(known)) < 2:
        assert found == set()
    else:
        want = max(known) if higher else min(known)
        assert found == {place for place, value in enumerate(values) if value == want}
