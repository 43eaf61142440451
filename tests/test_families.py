"""The families: every network has one, its paper is torchvision's, and it teaches what it says."""

import dataclasses
import inspect
import operator
import re

import pytest
import torch
from torch import fx
from torchvision import models

from cnnlab import model_cost
from cnnlab.checks import InputError
from cnnlab.families import FAMILIES, TOPICS, family_of, teaching

NETWORKS = models.list_models(module=models)
OWN = "lenet_digits"
ATTENTION = {
    "SqueezeExcitation",
    "MultiheadAttention",
    "ShiftedWindowAttention",
    "ShiftedWindowAttentionV2",
    "RelativePositionalMultiHeadAttention",
}


def build(name: str) -> torch.nn.Module:
    """Return a network without numbers: it costs no memory and no time."""
    return model_cost._build(name)


def test_every_network_stands_in_exactly_one_family():
    members = [name for family in FAMILIES for name in family.members]
    assert sorted(members) == sorted([*NETWORKS, OWN])
    for family in FAMILIES:
        for name in family.members:
            assert family_of(name) is family


def test_families_come_in_order_of_year_under_a_title_of_their_own():
    years = [family.year for family in FAMILIES]
    assert years == sorted(years)
    assert len({family.title for family in FAMILIES}) == len(FAMILIES)
    for family in FAMILIES:
        assert all(getattr(family, field.name) for field in dataclasses.fields(family))
        assert family.idea.endswith(".")


@pytest.mark.parametrize("name", NETWORKS)
def test_the_paper_is_the_one_that_torchvision_names(name):
    words = inspect.getdoc(getattr(models, name))
    papers = re.findall(r"arxiv\.org/abs/(\d{4}\.\d{4,5})", words)
    if name == "squeezenet1_1":  # torchvision names only a repository
        papers = re.findall(
            r"arxiv\.org/abs/(\d{4}\.\d{4,5})", inspect.getdoc(models.squeezenet1_0)
        )
    assert family_of(name).address == f"https://arxiv.org/abs/{papers[0]}"


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.title)
def test_a_paper_on_arxiv_has_the_year_of_its_number(family):
    if number := re.search(r"arxiv\.org/abs/(\d\d)\d\d\.", family.address):
        assert family.year == 2000 + int(number[1])


@pytest.mark.parametrize(
    "family", [f for f in FAMILIES if OWN not in f.members], ids=lambda f: f.title
)
def test_who_teaches_attention_has_it(family):
    for name in family.members:
        kinds = {type(module).__name__ for module in build(name).modules()}
        assert ("attention" in family.teaches) == bool(kinds & ATTENTION), name


@pytest.mark.parametrize(
    "family", [f for f in FAMILIES if OWN not in f.members], ids=lambda f: f.title
)
def test_plain_means_that_nothing_is_added_or_joined(family):
    joins = {operator.add, operator.iadd, torch.add, torch.cat, torch.concat}
    graph = fx.symbolic_trace(build(family.members[0])) if family.title not in NOT_TRACED else None
    joined = graph is None or any(node.target in joins for node in graph.graph.nodes)
    assert ("plain" in family.teaches) != joined


NOT_TRACED = {"Swin", "Swin V2", "MaxViT", "ViT", "Inception v3", "ConvNeXt"}  # all of them join


def test_widths_and_depths_that_the_topics_promise():
    """Wide ResNet: more numbers in as many layers; the depth is counted where it is taught."""

    def layers(name: str) -> int:
        kinds = (torch.nn.Conv2d, torch.nn.Linear)
        return sum(isinstance(module, kinds) for module in build(name).modules())

    assert layers("wide_resnet50_2") == layers("resnet50")
    for family in teaching("depth"):
        counts = [layers(name) for name in family.members]
        assert len(set(counts)) > 2
        assert max(counts) >= 19


@pytest.mark.parametrize("topic", TOPICS)
def test_every_topic_is_taught_and_explained(topic):
    found = teaching(topic)
    assert found
    assert all(topic in family.teaches for family in found)
    assert TOPICS[topic].endswith(".")


def test_a_topic_that_nobody_explains_is_refused():
    with pytest.raises(ValueError, match="speed"):
        dataclasses.replace(FAMILIES[0], teaches=("speed",))
    with pytest.raises(ValueError, match="nothing"):
        dataclasses.replace(FAMILIES[0], teaches=())


@pytest.mark.parametrize(("name", "hint"), [("ResNet18", "did you mean resnet18"), ("", "''")])
def test_an_unknown_network_is_refused(name, hint):
    with pytest.raises(InputError, match=hint):
        family_of(name)
