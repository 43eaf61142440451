"""Write the table of torchvision's weights anew: ``python -m tools.weight_table``."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path

from torchvision import models

from cnnlab.weight_table import IMAGENET, TABLE, Weights

__all__ = ["from_torchvision", "write"]

NO_LICENCE = "none of their own"


def from_torchvision() -> tuple[Weights, ...]:
    """Return what the torchvision that is installed says about its weights for classification.

    Returns
    -------
    tuple of Weights
        By the name of the network, then in the order of torchvision's own list of versions.
    """
    return tuple(
        _weights(name, entry)
        for name in models.list_models(module=models)
        for entry in models.get_model_weights(name)
    )


def _weights(name: str, entry: models.WeightsEnum) -> Weights:
    meta, picture = entry.meta, entry.transforms()
    accuracy = meta["_metrics"][IMAGENET]
    return Weights(
        name=name,
        version=entry.name,
        recommended=entry is models.get_model_weights(name).DEFAULT,
        n_params=meta["num_params"],
        macs=round(meta["_ops"] * 1e9),  # torchvision writes "GFLOPS" and counts MACs
        data=IMAGENET,
        acc1=None if math.isnan(accuracy["acc@1"]) else accuracy["acc@1"],
        acc5=None if math.isnan(accuracy["acc@5"]) else accuracy["acc@5"],
        file_bytes=round(meta["_file_size"] * 2**20),  # torchvision's MB is 1024 × 1024 bytes
        n_categories=len(meta["categories"] or ()),
        resize=picture.resize_size[0],
        crop=picture.crop_size[0],
        interpolation=picture.interpolation.value,
        mean=tuple(picture.mean),
        std=tuple(picture.std),
        min_size=meta["min_size"][0],
        url=entry.url,
        recipe=meta["recipe"],
        licence=meta.get("license", NO_LICENCE),
    )


def write(entries: Iterable[Weights], path: Path) -> None:
    """Write the table, a line for each version of the weights."""
    columns = [field.name for field in fields(Weights)]
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(columns)
        for entry in entries:
            lines.writerow(_text(getattr(entry, column)) for column in columns)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)


if __name__ == "__main__":
    write(from_torchvision(), TABLE)
    print(f"wrote {TABLE}")
