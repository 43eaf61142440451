"""Networks side by side: every number is torchvision's, every mark is earned."""

import pytest
from torchvision import models

from cnnlab.choosing import OWN, entries
from cnnlab.comparing import compare, duration, in_a_sentence, picture_words
from cnnlab.weight_table import recommended


def chosen(*names: str, version: str = "recommended"):
    by_name = {entry.name: entry for entry in entries(version)}
    return [by_name[name] for name in names]


def rows(*names: str, version: str = "recommended"):
    return {fact.label: fact for fact in compare(chosen(*names, version=version))}


def test_the_numbers_are_torchvisions():
    found = rows("resnet50", "efficientnet_b0")
    meta = models.ResNet50_Weights.IMAGENET1K_V2.meta
    assert found["Parameters"].texts[0] == f"{meta['num_params']:,}"
    assert found["MACs for one picture"].texts == ("4.089 G", "0.386 G")
    assert found["FLOPs: two for each MAC"].texts == ("8.178 G", "0.772 G")
    assert found["Right at the first guess"].texts == ("80.9\u202f%", "77.7\u202f%")
    assert found["Right within five guesses"].texts == ("95.4\u202f%", "93.5\u202f%")
    assert found["File"].texts == ("102.5 MB", "21.4 MB")
    assert found["Weights"].texts[0] == "IMAGENET1K_V2, recommended"
    assert found["Classes"].texts == ("1,000", "1,000")
    assert found["How it was trained"].addresses[0] == meta["recipe"]
    assert found["Paper"].addresses[1] == "https://arxiv.org/abs/1905.11946"


def test_a_download_takes_as_long_as_its_bits():
    found = rows("resnet50")
    bits = 8 * recommended("resnet50").file_bytes
    assert found["Download at 10 Mbit/s"].texts == (f"{bits / 10e6:.0f} s",) == ("82 s",)
    assert found["Download at 50 Mbit/s"].texts == (f"{bits / 50e6:.0f} s",) == ("16 s",)


def test_the_best_of_each_row_is_marked_where_there_is_one():
    found = rows("resnet50", "efficientnet_b0", "vgg16")
    assert found["Right at the first guess"].best == {0}
    assert found["Right at the first guess"].mark == "highest"
    for label in ("Parameters", "MACs for one picture", "File"):
        assert found[label].best == {1}
        assert found[label].mark == "lowest"
    for label in ("Family", "Paper", "Classes", "Picture", "Licence of the weights"):
        assert found[label].best == set()


def test_equal_values_are_all_best_or_none():
    found = rows("vgg13", "vgg13_bn", "vgg16")
    assert found["MACs for one picture"].best == {0, 1}
    assert rows("vgg13", "vgg13_bn")["MACs for one picture"].best == set()
    assert rows("resnet18")["Parameters"].best == set()


def test_the_digit_network_is_not_the_most_accurate():
    found = rows("resnet50", OWN, "vgg16")
    assert found["Right at the first guess"].texts[1].endswith("% on MNIST")
    assert found["Right at the first guess"].best == {0}
    assert found["Right within five guesses"].texts[1] == "not measured"
    assert found["Download at 10 Mbit/s"].texts[1] == "comes with the lab"
    assert found["Classes"].texts[1] == "10"
    assert found["Picture"].texts[1] == "grey, scaled and centred on 28 × 28"
    assert found["How it was trained"].addresses[1] == ""


def test_the_one_licence_that_differs_is_linked():
    found = rows("regnet_y_128gf", "resnet18")
    assert found["Licence of the weights"].texts == ("see its page", "none of their own")
    assert found["Licence of the weights"].addresses[0].startswith("https://github.com/")


def test_first_weights_are_named_as_such():
    found = rows("resnet50", version="first")
    assert found["Weights"].texts == ("IMAGENET1K_V1, not recommended",)
    assert found["Right at the first guess"].texts == ("76.1\u202f%",)


@pytest.mark.parametrize("name", [name for name in models.list_models(module=models)])
def test_every_network_can_be_compared(name):
    facts = compare(chosen(name, OWN))
    assert all(len(fact.texts) == 2 and all(fact.texts) for fact in facts)
    assert len({fact.label for fact in facts}) == len(facts)


# In words


def test_a_sentence_about_two():
    says = in_a_sentence(*chosen("vgg16", "squeezenet1_0"))
    assert says == (
        "Of 1,000 pictures, vgg16 gets 135 more right at the first guess than squeezenet1_0; it "
        "needs 18.9 times more operations and has 111 times more parameters."
    )
    assert in_a_sentence(*chosen("squeezenet1_0", "vgg16")) == says


def test_a_sentence_about_equal_costs():
    says = in_a_sentence(*chosen("vgg13", "vgg13_bn"))
    assert "needs the same number of operations" in says


def test_a_sentence_about_a_network_and_itself():
    says = in_a_sentence(*chosen("resnet18", "resnet18"))
    assert says.startswith("resnet18 and resnet18 are right equally often; resnet18 needs the same")


def test_a_sentence_about_digits_and_photographs():
    assert "cannot be compared" in in_a_sentence(*chosen(OWN, "resnet18"))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (119.4, "119 s"),
        (119.6, "2 min"),
        (3600, "60 min"),
    ],
)
def test_durations(seconds, words):
    assert duration(seconds) == words


def test_the_way_of_a_picture_is_torchvisions():
    shown = repr(models.EfficientNet_B0_Weights.DEFAULT.transforms())
    assert "resize_size=[256]" in shown
    assert "crop_size=[224]" in shown
    assert "InterpolationMode.BICUBIC" in shown
    says = picture_words(recommended("efficientnet_b0"))
    assert says == "shorter side to 256 pixels (bicubic), middle 224 × 224"
