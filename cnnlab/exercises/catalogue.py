"""Exercises on choosing a network."""

from __future__ import annotations

from cnnlab.choosing import Entry, entries
from cnnlab.questions import Question
from cnnlab.weight_table import download_seconds, first, recommended

__all__ = ["questions"]


def questions() -> list[Question]:
    """Return the exercises of the catalogue of networks."""
    fifty = recommended("resnet50")
    megabytes = round(fifty.file_bytes / 1e6)
    seconds = download_seconds(megabytes * 10**6, mbit_per_s=10)
    by_name = {entry.name: entry for entry in entries()}
    options = ("mobilenet_v3_large", "resnet50", "efficientnet_b1", "regnet_y_800mf")
    light = [by_name[name] for name in options if by_name[name].weights.macs <= 10**9]
    right = max(light, key=lambda entry: entry.accuracy or 0.0)
    gain = fifty.acc1 - first("resnet50").acc1  # type: ignore[operator]
    return [
        Question(
            f"The file of resnet50 has {megabytes} MB. How many seconds does its download take at "
            "10 Mbit/s, if nothing else slows it down? Give a whole number.",
            answer=seconds,
            within=0.5,
            why=f"A byte has 8 bits: {megabytes} · 8 / 10 = {seconds:g} seconds. Fetched before "
            "class, that is once for everybody.",
            slips=(
                (seconds / 8, "That would be for 10 megabytes in a second. Mbit are bits."),
                (round(seconds / 8), "That would be for 10 megabytes in a second. Mbit are bits."),
            ),
        ),
        Question(
            "Old computers: at most 1 G MACs for a picture. Which of these is the most accurate "
            "then?",
            options=options,
            answer=right.name,
            why=f"{right.name} is right for {right.accuracy:.1f} percent and needs "
            f"{right.weights.macs / 1e9:.3g} G MACs.",
            slips=tuple((name, _says(by_name[name])) for name in options if name != right.name),
        ),
        Question(
            "resnet50 has two versions of its weights. By how many points is the newer one more "
            "accurate at the first guess? Give one decimal.",
            answer=gain,
            within=0.05,
            why=f"{fifty.acc1:.2f} − {first('resnet50').acc1:.2f} = {gain:.2f}. Layers, parameters "
            "and MACs are the same: only the training is another.",
        ),
    ]


def _says(entry: Entry) -> str:
    """Return what speaks against a network."""
    return f"{entry.name}: {entry.accuracy:.1f} percent, {entry.weights.macs / 1e9:.3g} G MACs."
