"""A few input channels of one neuron as steps for the step player."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cnnlab.checks import InputError
from cnnlab.conv_steps import trace_conv2d
from cnnlab.neuron_story import CellStory
from cnnlab.trace import Trace

__all__ = ["MOST_PLAYED", "trace_neuron"]

MOST_PLAYED = 4  # input channels at once


def trace_neuron(story: CellStory, chosen: Sequence[int]) -> Trace:
    """Return the steps in which a convolution computes a cell and those around it.

    Parameters
    ----------
    story : CellStory
        Its first step is a convolution.
    chosen : sequence of int
        Which input channels take part: up to four places in ``story.sum.inputs``.

    Returns
    -------
    Trace
        Step ``story.near.step`` computes the cell itself: its sum is that of the chosen channels,
        without the others and without the bias.

    Raises
    ------
    InputError
        If the first step is no convolution, or there are not one to four channels.
    """
    near, made = story.near, story.sum
    if near is None or made is None:
        raise InputError("only a convolution can be played step by step")
    places = list(dict.fromkeys(int(place) for place in chosen))
    if not 1 <= len(places) <= MOST_PLAYED:
        raise InputError(f"choose 1 to {MOST_PLAYED} input channels, got {len(places)}")
    trace = trace_conv2d(
        near.x[places],
        made.weights[places][None],
        stride=near.stride,
        padding=near.padding,
        dilation=near.dilation,
        channel_names=tuple(f"channel {made.inputs[place]}" for place in places),
    )
    out = story.steps[0]
    weight = replace(
        trace.weight,
        planes=tuple(f"filter {out.channel}, channel {made.inputs[place]}" for place in places),
    )
    result = replace(trace.result, planes=(f"map {out.channel}, chosen channels only",))
    return replace(trace, weight=weight, result=result)
