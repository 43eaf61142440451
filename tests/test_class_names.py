"""The classes of ImageNet: groups, order, search."""

import itertools
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlab.checks import InputError
from cnnlab.class_names import GROUPS, PARTS, group_of, group_shares, search, synset
from cnnlab.pretrained import categories

NAMES = categories("resnet18")
# What the first and the last class of each run is called: a slip by one would show.
ENDS = {
    "fish": [("tench", "stingray"), ("barracouta", "puffer")],
    "birds": [
        ("cock", "great grey owl"),
        ("black grouse", "black swan"),
        ("white stork", "albatross"),
    ],
    "salamanders and frogs": [("European fire salamander", "tailed frog")],
    "turtles": [("loggerhead", "box turtle")],
    "lizards": [("banded gecko", "Komodo dragon")],
    "crocodiles and a dinosaur": [("African crocodile", "triceratops")],
    "snakes": [("thunder snake", "sidewinder")],
    "spiders, scorpions and ticks": [("harvestman", "tick")],
    "worms, corals, starfish and the like": [
        ("trilobite", "trilobite"),
        ("centipede", "centipede"),
        ("jellyfish", "nematode"),
        ("starfish", "sea cucumber"),
    ],
    "elephants and other tuskers": [("tusker", "tusker"), ("Indian elephant", "African elephant")],
    "marsupials, echidna and platypus": [("echidna", "wombat")],
    "snails and other molluscs": [("conch", "chambered nautilus")],
    "crabs and lobsters": [("Dungeness crab", "isopod")],
    "whales, dugong and sea lion": [("grey whale", "sea lion")],
    "dogs": [("Chihuahua", "Mexican hairless")],
    "wolves and wild dogs": [("timber wolf", "African hunting dog")],
    "hyena, mongoose and meerkat": [("hyena", "hyena"), ("mongoose", "meerkat")],
    "foxes": [("red fox", "grey fox")],
    "domestic cats": [("tabby", "Egyptian cat")],
    "wild cats": [("cougar", "cheetah")],
    "bears": [("brown bear", "sloth bear")],
    "insects": [("tiger beetle", "lycaenid")],
    "rabbits and hares": [("wood rabbit", "Angora")],
    "rodents": [("hamster", "guinea pig")],
    "hoofed animals": [("sorrel", "llama")],
    "weasels, otter, skunk and badger": [("weasel", "badger")],
    "armadillo and sloth": [("armadillo", "three-toed sloth")],
    "apes, monkeys and lemurs": [("orangutan", "indri")],
    "pandas": [("lesser panda", "giant panda")],
    "made things": [("abacus", "yurt"), ("toilet tissue", "toilet tissue")],
    "signs and printed matter": [("web site", "menu")],
    "dishes and drinks": [("plate", "mashed potato"), ("carbonara", "eggnog")],
    "vegetables": [("head cabbage", "mushroom")],
    "fruit": [("Granny Smith", "pomegranate")],
    "plants and seeds": [("hay", "hay"), ("rapeseed", "buckeye"), ("ear", "ear")],
    "mountains, shores and other nature": [("alp", "volcano")],
    "people": [("ballplayer", "scuba diver")],
    "fungi": [("coral fungus", "bolete")],
}
DOGS = (
    "dog|hound|terrier|spaniel|retriever|setter|schnauzer|poodle|mastiff|bull|shepherd|collie|"
    "husky|pinscher|springer|griffon|pointer|whippet|corgi"
)
OTHER_DOGS = {  # breeds whose names hold none of these words
    *("Chihuahua", "Pekinese", "Shih-Tzu", "papillon", "Rhodesian ridgeback", "basset", "beagle"),
    *("bluetick", "redbone", "borzoi", "Saluki", "Weimaraner", "Airedale", "cairn", "vizsla"),
    *("Dandie Dinmont", "Lhasa", "clumber", "kuvasz", "schipperke", "groenendael", "malinois"),
    *("briard", "kelpie", "komondor", "Bouvier des Flandres", "Rottweiler", "Doberman", "boxer"),
    *("Appenzeller", "EntleBucher", "Great Dane", "Saint Bernard", "malamute", "dalmatian"),
    *("affenpinscher", "basenji", "pug", "Leonberg", "Newfoundland", "Great Pyrenees", "Samoyed"),
    *("Pomeranian", "chow", "keeshond", "Pembroke", "Cardigan", "Mexican hairless"),
    *("Norwegian elkhound",),
}


def members(name: str) -> set[str]:
    (group,) = [group for group in GROUPS if group.name == name]
    return {NAMES[index] for index in group.indices}


def test_every_class_is_in_one_group():
    together = sorted(index for group in GROUPS for index in group.indices)
    assert together == list(range(1000))
    for group in GROUPS:
        assert all(group_of(index) is group for index in group.indices)


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.name)
def test_each_run_begins_and_ends_where_its_kind_does(group):
    assert [(NAMES[first], NAMES[last]) for first, last in group.spans] == ENDS[group.name]


def test_all_dogs_are_dogs():
    odd = {name for name in members("dogs") if not re.search(DOGS, name)}
    assert odd == {name for name in OTHER_DOGS if not re.search(DOGS, name)}
    assert len(members("dogs")) == 118


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("snakes", "snake|boa|python|cobra|mamba|viper|diamondback|sidewinder"),
        ("domestic cats", "cat$|tabby"),
        ("foxes", "fox$"),
        ("bears", "bear$"),
        ("turtles", "turtle|loggerhead|terrapin"),
        ("wolves and wild dogs", "wolf|dog|coyote|dingo|dhole"),
        ("apes, monkeys and lemurs", "monkey|orangutan|gorilla|chimp|gibbon|siamang|guenon|patas|"
         "baboon|macaque|langur|colobus|marmoset|capuchin|titi|Madagascar cat|indri"),
        ("bears", "bear"),
    ],
)  # fmt: skip
def test_small_groups_hold_nothing_else(name, words):
    assert [member for member in members(name) if not re.search(words, member)] == []


def test_made_things_follow_the_alphabet():
    """Nearly: neighbours there have nothing in common but their first letters."""
    letters = [
        NAMES[index].casefold().replace("-", "").replace(" ", "") for index in range(398, 916)
    ]
    out_of_order = sum(a > b for a, b in itertools.pairwise(letters))
    assert out_of_order <= 15
    first = [name[0] for name in letters]
    assert first == sorted(first)
    animals = [name.casefold() for name in NAMES[:398]]
    assert sum(a > b for a, b in itertools.pairwise(animals)) > 150


def test_the_parts_follow_each_other():
    assert [first for _, first, _ in PARTS] == [0, *(last + 1 for _, _, last in PARTS[:-1])]
    assert PARTS[-1][2] == 999


def test_the_index_is_the_place_in_wordnets_order():
    numbers = [synset(index) for index in range(1000)]
    assert numbers == sorted(set(numbers))
    assert all(re.fullmatch(r"n\d{8}", number) for number in numbers)


@pytest.mark.parametrize(
    ("number", "name"),
    [
        ("n01440764", "tench"),
        ("n02099601", "golden retriever"),
        ("n02123045", "tabby"),
        ("n02123159", "tiger cat"),
        ("n02124075", "Egyptian cat"),
        ("n02391049", "zebra"),
        ("n02666196", "abacus"),
        ("n07753592", "banana"),
        ("n15075141", "toilet tissue"),
    ],
)
def test_known_numbers(number, name):
    """As in the list of classes that ImageNet's challenge published."""
    assert synset(NAMES.index(name)) == number


@pytest.mark.parametrize("index", [-1, 1000])
def test_there_are_a_thousand(index):
    for function in (synset, group_of):
        with pytest.raises(InputError, match="index must be at"):
            function(index)


@given(st.integers(0, 2**32 - 1))
def test_groups_share_all_of_the_probability(seed):
    p = np.random.default_rng(seed).dirichlet(np.full(1000, 0.01)).astype(np.float32)
    shares = group_shares(p)
    assert len(shares) == len(GROUPS)
    values = [share for _, share in shares]
    assert values == sorted(values, reverse=True)
    assert sum(values) == pytest.approx(float(p.sum()), abs=1e-6)
    for group, share in shares:
        assert share == pytest.approx(float(sum(p[list(group.indices)])), abs=1e-6)


def test_shares_need_all_classes():
    with pytest.raises(ValueError, match="1000 classes"):
        group_shares(np.ones(10))


@pytest.mark.parametrize("text", ["tiger cat", "TIGER  CAT", "cat tiger", "iger ca"])
def test_a_class_is_found_by_its_words(text):
    assert search(NAMES, text)[0] == 282


def test_the_whole_name_comes_first():
    found = search(NAMES, "tiger")
    assert [NAMES[i] for i in found[:3]] == ["tiger", "tiger shark", "tiger cat"]
    assert {NAMES[i] for i in found} == {name for name in NAMES if "tiger" in name}


def test_no_text_finds_everything_and_nonsense_nothing():
    assert search(NAMES, "  ") == list(range(1000))
    assert search(NAMES, "no such thing") == []
