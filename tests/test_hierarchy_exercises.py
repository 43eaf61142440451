"""The exercises on the hierarchy: every answer by a run of the network, or from its layers."""

from torch import nn
from torchvision import models

from cnnlab.exercises.hierarchy import questions
from cnnlab.features import record
from cnnlab.layers import Conv2d, Pool2d
from cnnlab.pretrained import preprocess
from cnnlab.receptive import receptive_field
from cnnlab.samples import sample

FIRE = (Conv2d(1, 1), Conv2d(1, 3, padding=1))
POOL = Pool2d(3, stride=2)
SQUEEZENET = {
    "features.1": (Conv2d(96, 7, stride=2),),
    "features.5": (Conv2d(96, 7, stride=2), POOL, *3 * FIRE),
    "features.10": (Conv2d(96, 7, stride=2), POOL, *3 * FIRE, POOL, *4 * FIRE),
    "features.12": (Conv2d(96, 7, stride=2), POOL, *3 * FIRE, POOL, *4 * FIRE, POOL, *FIRE),
}


def question(word: str):
    (found,) = [one for one in questions() if word in one.asks]
    return found


def numbers(layer: str) -> int:
    model: nn.Module = models.squeezenet1_0().eval()
    with record(model, layer) as seen:
        seen.model(preprocess(sample("cat"), "squeezenet1_0"))
    return seen.output.numel()


def test_numbers_for_each_number_of_the_picture():
    found = question("numbers has the layer")
    share = numbers("features.1") / (3 * 224 * 224)
    assert found.answer == share
    assert f"{share:.1f}" == "7.6"
    assert "7.6" in found.why
    assert f"{numbers('features.12') / (3 * 224 * 224):.2f} for each" in found.why


def test_what_neighbours_share():
    field = receptive_field(SQUEEZENET["features.5"])
    here, there = field.of_cell(5), field.of_cell(6)
    found = question("neighbour")
    assert found.answer == len(set(range(*here)) & set(range(*there)))
    assert f"{field.size} × {field.size}" in found.asks


def test_who_sees_the_eye():
    found = question("eye")
    sizes = {layer: receptive_field(layers).size for layer, layers in SQUEEZENET.items()}
    assert found.options == tuple(sizes)
    assert found.answer == next(layer for layer, size in sizes.items() if size >= 70)
    assert all(f"{size} pixels in {layer}" in found.why for layer, size in sizes.items())


def test_more_than_the_picture():
    found = question("ResNet-18")
    block = (Conv2d(1, 3, padding=1), Conv2d(1, 3, padding=1))
    first = (Conv2d(1, 3, stride=2, padding=1), Conv2d(1, 3, padding=1))
    stem = (Conv2d(64, 7, stride=2, padding=3), Pool2d(3, stride=2, padding=1))
    size = receptive_field((*stem, *block, *block, *3 * (*first, *block))).size
    assert f"{size} × {size}" in found.asks
    assert size > 224
    assert found.answer == "Some of what it sees is padding"


def test_no_slip_is_the_answer_and_slips_of_choices_are_choices():
    for one in questions():
        for slip, says in one.slips:
            assert slip != one.answer
            assert says
            assert not one.options or slip in one.options
