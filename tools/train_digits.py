"""Train the lab's own digit network on MNIST and write its weights, record and sample digits.

    python -m tools.train_digits                # downloads MNIST: 60,000 to train, 10,000 to test
    python -m tools.train_digits --data FOLDER  # the t10k files in FOLDER: 8,500 and 1,500

The shipped weights come from the second form. Afterwards: pytest tests/test_digits.py
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import math
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from cnnlab import digits
from cnnlab.digit_pixels import SIDE

Bytes = NDArray[np.uint8]
Split = tuple[Bytes, Bytes, Bytes, Bytes]  # pictures and labels to train, pictures, labels to test

SEED = 0
N_TEST = 1500  # of the t10k digits; never seen in training
BATCH = 64
TURN, SHIFT, ZOOM = math.radians(12), 2.0, 0.1  # augmentation: at most, either way
MAX_LR = 2e-3
WEIGHT_DECAY = 1e-4


def main() -> None:
    """Train, test once, write three files."""
    parser = argparse.ArgumentParser(prog="python -m tools.train_digits", description=__doc__)
    parser.add_argument("--data", type=Path, help="folder with MNIST's t10k files")
    parser.add_argument("--epochs", type=int, default=24)
    parser.add_argument("--out", type=Path, default=digits.FOLDER)
    chosen = parser.parse_args()
    torch.manual_seed(SEED)
    if chosen.data is None:
        split, data = downloaded(), "MNIST, the training set; tested on its test set (t10k)"
    else:
        split, data = split_t10k(chosen.data), "MNIST's test set (t10k), split by the seed"
    pictures, labels, test_pictures, test_labels = split
    network = digits.build()
    train(network, pictures, labels, epochs=chosen.epochs)
    right = count_right(network, test_pictures, test_labels)
    chosen.out.mkdir(parents=True, exist_ok=True)
    weights = write_weights(network, chosen.out / digits.WEIGHTS.name)
    sheet(test_pictures, test_labels).save(chosen.out / digits.SHEET.name, optimize=True)
    record = {
        "script": "python -m tools.train_digits" + (" --data FOLDER" if chosen.data else ""),
        "data": data,
        "credit": "MNIST, by Yann LeCun, Corinna Cortes and Christopher Burges",
        "licence": "CC BY-SA 3.0, as MNIST",
        "recipe": recipe(chosen.epochs),
        "seed": SEED,
        "epochs": chosen.epochs,
        "n_train": len(labels),
        "n_test": len(test_labels),
        "n_right": right,
        "accuracy": right / len(test_labels),
        "samples": "of each class, the first four among the test digits",
        "sha256": hashlib.sha256(weights).hexdigest(),
        "file_bytes": len(weights),
        "torch_version": torch.__version__,
    }
    text = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
    (chosen.out / digits.RECORD.name).write_text(text, encoding="utf-8")
    print(text)


def recipe(epochs: int) -> str:
    """Return in words how the network was trained."""
    return (
        f"AdamW, {epochs} epochs, batches of {BATCH}, learning rate up to {MAX_LR:g} in one cycle, "
        f"weight decay {WEIGHT_DECAY:g}, dropout 0.5 before fc2; each digit turned by up to "
        f"{round(math.degrees(TURN))}°, scaled by up to {ZOOM:.0%} and shifted by up to "
        f"{SHIFT:g} pixels at random"
    )


def split_t10k(folder: Path) -> Split:
    """Return MNIST's 10,000 test digits from `folder`, shuffled by the seed and split in two."""
    pictures = _idx(folder / "t10k-images-idx3-ubyte.gz", offset=16).reshape(-1, SIDE, SIDE)
    labels = _idx(folder / "t10k-labels-idx1-ubyte.gz", offset=8)
    order = np.random.default_rng(SEED).permutation(len(labels))
    test, rest = order[:N_TEST], order[N_TEST:]
    return pictures[rest], labels[rest], pictures[test], labels[test]


def downloaded() -> Split:
    """Return MNIST's own split, fetched by torchvision into a temporary folder."""
    from torchvision.datasets import MNIST

    with tempfile.TemporaryDirectory() as folder:
        parts = [MNIST(folder, train=train, download=True) for train in (True, False)]
        arrays = [array for part in parts for array in (part.data.numpy(), part.targets.numpy())]
    pictures, labels, test_pictures, test_labels = (a.astype(np.uint8) for a in arrays)
    return pictures, labels, test_pictures, test_labels


def _idx(path: Path, *, offset: int) -> Bytes:
    with gzip.open(path) as file:
        return np.frombuffer(file.read(), np.uint8, offset=offset)


def train(
    network: nn.Module,
    pictures: Bytes,
    labels: Bytes,
    *,
    epochs: int,
    report: Callable[[str], None] = print,
) -> None:
    """Train `network` in place; the same seed and machine give the same numbers."""
    generator = torch.Generator().manual_seed(SEED)
    x = torch.from_numpy(pictures.copy())[:, None].float() / 255  # (N, 1, 28, 28)
    y = torch.from_numpy(labels.astype(np.int64))
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=WEIGHT_DECAY)
    steps = epochs * math.ceil(len(y) / BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, MAX_LR, total_steps=steps)
    network.train()
    start = time.monotonic()
    for epoch in range(1, epochs + 1):
        total = 0.0
        for batch in _batches(len(y), generator):
            loss = F.cross_entropy(network(jittered(x[batch], generator)), y[batch])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            total += loss.item() * len(batch)
        report(f"epoch {epoch}: loss {total / len(y):.4f}, {time.monotonic() - start:.0f} s")
    network.eval()


def _batches(n: int, generator: torch.Generator) -> Iterator[Tensor]:
    return iter(torch.randperm(n, generator=generator).split(BATCH))


def jittered(batch: Tensor, generator: torch.Generator) -> Tensor:
    """Return the digits (N, 1, 28, 28), each turned, scaled and shifted a little."""
    turn, zoom, right, down = 2 * torch.rand(4, len(batch), generator=generator) - 1
    angle, scale = TURN * turn, 1 + ZOOM * zoom
    rows = [
        torch.stack([scale * angle.cos(), -scale * angle.sin(), 2 * SHIFT / SIDE * right], dim=1),
        torch.stack([scale * angle.sin(), scale * angle.cos(), 2 * SHIFT / SIDE * down], dim=1),
    ]
    grid = F.affine_grid(torch.stack(rows, dim=1), list(batch.shape), align_corners=False)
    return F.grid_sample(batch, grid, align_corners=False)


def count_right(network: nn.Module, pictures: Bytes, labels: Bytes) -> int:
    """Return how many of the digits the network reads right."""
    x = torch.from_numpy(pictures.copy())[:, None].float() / 255
    with torch.inference_mode():
        answers = torch.cat([network(part).argmax(dim=1) for part in x.split(500)])
    return int((answers.numpy() == labels).sum())


def write_weights(network: nn.Module, path: Path) -> bytes:
    """Write the parameters as plain arrays, whole or not at all, and return the file's content."""
    arrays = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
    partial = path.with_suffix(".partial")
    with open(partial, "wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
    os.replace(partial, path)
    return path.read_bytes()


def sheet(pictures: Bytes, labels: Bytes) -> Image.Image:
    """Return the first four digits of each class: a column for each class."""
    columns = [np.vstack(pictures[labels == digit][: digits.EACH]) for digit in range(10)]
    return Image.fromarray(np.hstack(columns))


if __name__ == "__main__":
    main()
