"""Exercises on moved pictures; the lab's own digit network computes the answers."""

from __future__ import annotations

from cnnlab.moves import Move, series
from cnnlab.questions import Question

__all__ = ["questions"]

SIX, THREE = "digit-6-2", "digit-3-1"


def questions() -> list[Question]:
    """Return the exercises of the lesson that moves a picture; they run the digit network."""
    from cnnlab import digits, loading, moving
    from cnnlab.features import spatial_layers
    from cnnlab.network_receptive import model_fields

    turns = series("rotation", digits.SIDE)
    with loading.using("lenet_digits") as model:
        black = moving.filling("black", "lenet_digits")
        layers = moving.three_layers(model, spatial_layers(model, size=digits.SIDE))
        six, three = (digits.preprocess(digits.sample_digit(name)) for name in (SIX, THREE))
        turned = moving.follow(model, six, turns, fill=black).guesses.tolist()
        pixel = moving.follow(model, three, [Move(right=1)], layers=layers, fill=black).relative[0]
        jump = model_fields(model, digits.INPUT_SHAPE)["pool2"].jump[1]
    first = next(i for i, guess in enumerate(turned) if guess == 9)
    wrong = next(i for i, guess in enumerate(turned) if guess != 6)
    where = ("the first layer", "the second convolution", "the last features")
    far = dict(zip(where, (float(x) for x in pixel), strict=True))
    return [
        Question(
            "Choose the network lenet_digits, the digit “Digit 6, no. 2” and black around it. "
            "Turn it clockwise in steps of 15°. At how many degrees is it read as a 9 for the "
            "first time?",
            answer=turns[first].angle,
            why=f"At {turns[first].angle}° the first guess is 9. The class “six” ends where the "
            "network was never shown a six: the training turned digits by 12° at most.",
            slips=(
                (180, "There it is a 9 too, but not for the first time."),
                (
                    turns[wrong].angle,
                    f"There it is no 6 any more, but a {turned[wrong]}. Go on turning.",
                ),
            ),
        ),
        Question(
            "In lenet_digits, both poolings have stride 2 and the convolutions stride 1. By how "
            "many pixels must a digit be shifted so that the maps after the second pooling are "
            "shifted by exactly one cell?",
            answer=jump,
            why="Strides multiply: 2 · 2 = 4. A shift by 1, 2 or 3 pixels falls between two cells.",
            slips=(
                (2, "That is the stride after the first pooling."),
                (1, "Think of the poolings."),
            ),
        ),
        Question(
            "The digit “Digit 3, no. 1” is shifted by one pixel to the right. Where do the "
            "features of lenet_digits move furthest, as a share of their length?",
            options=where,
            answer=max(far, key=far.__getitem__),
            why="In the first layer: "
            + ", ".join(f"{name} {share:.2f}" for name, share in far.items())
            + ". A small shift changes nearly every pixel, yet hardly the meaning: deep layers "
            "follow less.",
            slips=(
                ("the last features", "They are closest to the answer, which has not changed."),
            ),
        ),
    ]
