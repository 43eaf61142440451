"""Which changes keep a label: the drawn pictures really become what the words say."""

import numpy as np
import pytest

from cnnlab.augmenting import relabelled
from cnnlab.checks import InputError
from cnnlab.label_checks import KINDS, SUBJECTS, drawn, keeps_all, verdict

DIGITS = [f"Digit {digit}" for digit in range(10)]


def ink(image) -> np.ndarray:
    return np.asarray(image.convert("L")) < 128


def read(image) -> str:
    """Return the digit whose printed form covers most of the same pixels."""
    seen = ink(image)
    overlap = {
        name: (seen & ink(drawn(name))).sum() / (seen | ink(drawn(name))).sum() for name in DIGITS
    }
    return max(overlap, key=overlap.__getitem__)


def test_upside_down_a_6_is_a_9_and_an_8_is_an_8():
    assert read(relabelled(drawn("Digit 6"), "Half turn")) == "Digit 9"
    assert read(relabelled(drawn("Digit 9"), "Half turn")) == "Digit 6"
    assert read(relabelled(drawn("Digit 8"), "Half turn")) == "Digit 8"


@pytest.mark.parametrize("name", DIGITS)
def test_a_small_turn_and_a_new_hue_keep_every_digit(name):
    assert read(relabelled(drawn(name), "Turn by 10°")) == name
    assert np.array_equal(relabelled(drawn(name), "Hue + ⅓ turn"), drawn(name))


def test_a_red_light_turns_green():
    image = drawn("Red traffic light")
    red, green, _ = relabelled(image, "Hue + ⅓ turn").getpixel((112, 60))
    assert green > 200 > 60 > red


def test_a_mirrored_arrow_points_to_the_other_side():
    for kind in ("Flip left-right", "Half turn"):
        before, after = (
            np.asarray(image.convert("L"), dtype=float)[60:164]
            for image in (drawn("Turn left sign"), relabelled(drawn("Turn left sign"), kind))
        )
        head, tail = before[:, 60:100].mean(), before[:, 124:164].mean()
        assert head > tail  # the white head is on the left
        assert after[:, 60:100].mean() < after[:, 124:164].mean()


def test_every_picture_and_change_has_its_reason():
    for subject, alt in SUBJECTS.items():
        assert alt.endswith(".")
        for kind in KINDS:
            assert verdict(subject, kind).why.endswith(".")
    assert [kind for kind in KINDS if keeps_all(kind, ("Digit 6", "Digit 8"))] == [
        "Turn by 10°",
        "Hue + ⅓ turn",
    ]


def test_what_there_is_not_is_refused():
    with pytest.raises(InputError, match="nothing is known of"):
        verdict("Dog", "Half turn")
    with pytest.raises(InputError, match="nothing is known of"):
        verdict("Cat", "Blur")
    with pytest.raises(InputError, match="there is no picture 'Digit 66'"):
        drawn("Digit 66")
