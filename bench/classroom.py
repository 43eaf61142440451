"""Measure a class on one machine: whether everybody gets the right answer, their own, and how soon.

Each learner is a session over the websocket, as a browser's, with a picture of their own. All open
the lesson at the same moment, upload, and change network and picture again and again.
"""

from __future__ import annotations

import io
import os
import shutil
import statistics
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psutil
from PIL import Image

from bench.pages import server
from bench.result import Result
from tests.random_weights import write_weights
from tests.visitor import Visitor

__all__ = ["LEARNERS", "NETWORKS", "Classroom", "Seen", "attend", "classroom"]

LEARNERS, CHANGES = 40, 10
NETWORKS = ("squeezenet1_0", "squeezenet1_1", "mobilenet_v3_small", "shufflenet_v2_x0_5")
PICTURES = ("cat", "coffee", "rocket", "camera", "astronaut")


@dataclass(frozen=True)
class Seen:
    """What one learner saw after one change, and should have seen."""

    shown: str
    expected: str
    problems: tuple[str, ...]
    seconds: float

    @property
    def is_right(self) -> bool:
        """Whether the answer is the right one and nothing went wrong."""
        return self.shown == self.expected and not self.problems


def own_picture(learner: int) -> Image.Image:
    """Return the picture of one learner: a sample, turned and cut as nobody else's is."""
    from cnnlab import samples

    name = PICTURES[learner % len(PICTURES)]
    turned = samples.sample(name).rotate(3 * learner, expand=True)
    return turned.crop((0, 0, turned.width - learner % 7, turned.height))


class Classroom:
    """The answers that bare torchvision gives, computed before the lesson begins.

    Parameters
    ----------
    learners : int
        How many have a picture of their own.
    """

    def __init__(self, learners: int) -> None:
        self.right: dict[tuple[str, object], str] = {}
        for name in NETWORKS:
            for picture in (*PICTURES, *range(learners)):
                self.right[name, picture] = bare_answer(name, picture)

    def of(self, learner: int, change: int) -> tuple[str, object]:
        """Return network and picture of a learner's change: own ones and samples in turns."""
        name = NETWORKS[(learner + change) % len(NETWORKS)]
        picture = learner if change % 2 else PICTURES[(learner + 3 * change) % len(PICTURES)]
        return name, picture


def home_of_a_class(folder: Path, torch_home: Path) -> Path:
    """Return a new torch hub cache with all `NETWORKS`: the first real, the others random.

    It is where torch looks from now on (``TORCH_HOME``).
    """
    files = folder / "home-of-a-class" / "hub" / "checkpoints"
    files.mkdir(parents=True)
    for file in (torch_home / "hub" / "checkpoints").glob(f"{NETWORKS[0]}*"):
        shutil.copy(file, files)
    home = files.parents[1]
    os.environ["TORCH_HOME"] = str(home)
    for name in NETWORKS[1:]:
        write_weights(name)
    return home


def bare_answer(name: str, picture: object) -> str:
    """Return the heading of the lesson for the answer of torchvision's own recipe."""
    import torch
    import torchvision

    from cnnlab import samples
    from cnnlab.percent import finely

    image = own_picture(picture) if isinstance(picture, int) else samples.sample(str(picture))
    weights = torchvision.models.get_model_weights(name).DEFAULT
    if name not in _bare:
        _bare[name] = torchvision.models.get_model(name, weights=weights).eval()
    with torch.inference_mode():
        shares = _bare[name](weights.transforms()(image).unsqueeze(0))[0].softmax(0)
    best = int(shares.argmax())
    return f"{weights.meta['categories'][best]}, {finely(float(shares[best]))}"


_bare: dict[str, object] = {}  # networks of torchvision, by name


def attend(url: str, room: Classroom, *, learners: int, changes: int) -> list[Seen]:
    """Let all learners work at once and return what they saw."""
    begin = threading.Barrier(learners)

    def learn(learner: int) -> list[Seen]:
        file = io.BytesIO()
        own_picture(learner).save(file, "png")
        with Visitor(url, "classify") as visitor:
            visitor.run(classify_picture="Upload")
            visitor.upload("classify_upload", file.getvalue())
            begin.wait()
            return [_change(visitor, room, learner, change) for change in range(changes)]

    with ThreadPoolExecutor(learners) as pool:
        return [seen for told in pool.map(learn, range(learners)) for seen in told]


def _change(visitor: Visitor, room: Classroom, learner: int, change: int) -> Seen:
    name, picture = room.of(learner, change)
    choice: dict[str, object] = {"classify_network": name, "classify_picture": "Upload"}
    if isinstance(picture, str):
        choice |= {"classify_picture": "Sample", "classify_sample": picture}
    seconds = visitor.run(**choice)
    shown = next((heading for heading in visitor.headings if ", " in heading), "")
    return Seen(shown, room.right[name, picture], tuple(visitor.problems), seconds)


class Memory:
    """The memory of a process, and the most that it ever was."""

    def __init__(self, pid: int) -> None:
        self._process, self._over = psutil.Process(pid), threading.Event()
        self.first = self.most = self.now()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def now(self) -> int:
        """Return the bytes in use."""
        return int(self._process.memory_info().rss)

    def stop(self) -> None:
        """Watch no more."""
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.2):
            self.most = max(self.most, self.now())


def classroom(folder: Path, torch_home: Path) -> list[Result]:
    """Return how long a learner waits in a class of forty, against one bare forward pass.

    Raises
    ------
    RuntimeError
        If any answer was wrong, late learners saw an error, or memory grew without bound.
    """
    from bench.networks import bare_seconds

    home = home_of_a_class(folder, torch_home)
    room = Classroom(LEARNERS)
    with server(folder / "class", home) as running:
        with Visitor(running.url, "classify"):  # PyTorch starts
            pass
        memory = Memory(running.process.pid)
        seen = attend(running.url, room, learners=LEARNERS, changes=CHANGES)
        memory.stop()
    wrong = [one for one in seen if not one.is_right]
    if wrong:
        raise RuntimeError(f"{len(wrong)} of {len(seen)} answers are wrong, such as {wrong[0]}")
    grown = (memory.most - memory.first) / 1e6
    print(
        f"class of {LEARNERS}: {len(seen)} changes, all right; memory {memory.first / 1e6:.0f} MB, "
        f"at most {memory.most / 1e6:.0f} MB (+{grown / LEARNERS:.1f} MB a learner)"
    )
    if grown > 1000:
        raise RuntimeError(f"the server's memory grew by {grown:.0f} MB")
    return [
        Result(f"class of {LEARNERS}, one change, {words}", "bare forward", seconds, bare_seconds())
        for words, seconds in _quantiles([one.seconds for one in seen])
    ]


def _quantiles(seconds: Sequence[float]) -> list[tuple[str, float]]:
    cuts = statistics.quantiles(seconds, n=20)
    return [("median", statistics.median(seconds)), ("19 of 20", cuts[-1])]
