"""Exercises on what the layers of a network see and know."""

from __future__ import annotations

from math import prod

from cnnlab.model_cost import input_shape, summarize_model
from cnnlab.network_receptive import receptive_field_of
from cnnlab.questions import Question

__all__ = ["questions"]

NAME = "squeezenet1_0"
EYE = 70  # pixels
PADDED, SAME, REFUSED = (
    "Some of what it sees is padding",
    "All cells of the layer see the same",
    "The network cannot take this picture",
)


def questions() -> list[Question]:
    """Return the exercises of the lesson on the hierarchy of features."""
    shapes = {row.name: row.output_shape for row in summarize_model(NAME)}
    per_number = {
        layer: prod(shapes[layer]) / prod(input_shape(NAME))
        for layer in ("features.1", "features.12")
    }
    sees = {
        layer: _sees(NAME, layer)
        for layer in ("features.1", "features.5", "features.10", "features.12")
    }
    (jump, _), size = receptive_field_of(NAME, "features.5").jump, sees["features.5"]
    resnet, side = _sees("resnet18", "layer4"), input_shape("resnet18")[1]
    return [
        Question(
            "In SqueezeNet 1.0 the layer features.1 has 96 channels of 109 × 109, the picture has "
            "3 of 224 × 224. How many numbers has the layer for each number of the picture? Give "
            "one decimal.",
            answer=per_number["features.1"],
            within=0.05,
            why="96 · 109 · 109 / (3 · 224 · 224) = 7.6: numbers enough to keep the whole picture, "
            "and the reconstruction shows that it does. The last layer, features.12, has only "
            f"{per_number['features.12']:.2f} for each.",
            slips=(
                (96 / 3, "That counts the channels alone. The maps are smaller than the picture."),
                (1 / per_number["features.1"], "The other way round: the layer by the picture."),
            ),
        ),
        Question(
            f"A cell of features.5 in SqueezeNet 1.0 sees {size} × {size} pixels, and what its "
            f"neighbour sees begins {jump} pixels further on. How many columns of pixels do both "
            "see?",
            answer=size - jump,
            why=f"{size} − {jump} = {size - jump}. Neighbours see nearly the same; so only the "
            "strongest cell of each square gives a patch.",
            slips=(
                (jump, "That is the part that only one of them sees."),
                (size, "They do not see the same: one begins further on."),
                (size + jump, "That is what both see together."),
            ),
        ),
        Question(
            f"An eye is {EYE} pixels wide in the picture that the network gets. Which is the first "
            "of these layers of SqueezeNet 1.0 with cells that see the whole eye?",
            options=tuple(sees),
            answer=next(layer for layer, width in sees.items() if width >= EYE),
            why="Its cells see "
            + ", ".join(f"{width} pixels in {layer}" for layer, width in sees.items())
            + ". A channel can only answer to what its cells see.",
            slips=(
                ("features.1", "Its cells see 7 × 7 pixels: a piece of an edge."),
                ("features.5", f"Its cells see {size} × {size} pixels: half of the eye."),
                ("features.12", "It does, but an earlier one does too."),
            ),
        ),
        Question(
            f"A cell of layer4 in ResNet-18 sees {resnet} × {resnet} pixels, but the picture has "
            f"{side} × {side}. What does that mean?",
            options=(PADDED, SAME, REFUSED),
            answer=PADDED if resnet > side else SAME,
            why="Beyond the border it sees padding. Its patch is then the whole picture, and a "
            "ring marks the middle of its field, where pixels count most.",
            slips=(
                (SAME, "Each cell stands at another place, so its field has another middle."),
                (REFUSED, "The field is what can matter. Padding fills up what is not there."),
            ),
        ),
    ]


def _sees(name: str, layer: str) -> int:
    """Return how many pixels high and wide the receptive field of a layer's cell is."""
    size = receptive_field_of(name, layer).size
    if size is None:
        raise ValueError(f"a cell of {layer} sees the whole picture")
    return size[0]
