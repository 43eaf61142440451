"""What is remembered, and when it goes."""

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from PIL import Image

from cnnlab.memory import Recent, size_of


@dataclass
class Result:
    """What a job may return."""

    maps: np.ndarray
    name: str


@pytest.mark.parametrize(
    ("value", "n_bytes"),
    [
        (np.zeros((10, 1000), np.float32), 40_000),
        (torch.zeros(10, 1000), 40_000),
        (Image.new("RGB", (100, 200)), 60_000),
        (Image.new("L", (100, 200)), 20_000),
        ([np.zeros(1000), np.zeros(1000)], 16_000),
        ({"a": (np.zeros(1000),)}, 8_000),
        (Result(np.zeros(5000), "x" * 100), 40_100),
        (b"x" * 5000, 5_000),
    ],
)
def test_the_size_is_that_of_the_numbers_and_a_little_more(value, n_bytes):
    assert n_bytes <= size_of(value) < n_bytes + 1000


def test_a_view_counts_its_numbers():
    assert size_of(np.zeros((1000, 1000))[:500]) >= 4_000_000


def test_the_bound_on_bytes_holds_and_the_oldest_goes_first():
    last = Recent(count=100, n_bytes=1000)
    for letter in "abcd":
        last.put(letter, letter, size=300)
    assert [letter in last for letter in "abcd"] == [False, True, True, True]
    assert last.used_bytes == 900
    last.get("b")  # now the youngest
    last.put("e", "e", size=300)
    assert "b" in last
    assert "c" not in last


def test_what_does_not_fit_at_all_is_not_kept_and_drives_nothing_out():
    last = Recent(count=10, n_bytes=1000)
    last.put("small", 1, size=10)
    last.put("large", 2, size=1001)
    assert "large" not in last
    assert last.get("small") == 1


def test_a_new_value_takes_the_place_of_the_old_one():
    last = Recent(count=10, n_bytes=1000)
    last.put("a", 1, size=600)
    last.put("a", 2, size=700)
    assert (last.get("a"), last.used_bytes, len(last)) == (2, 700, 1)
    last.clear()
    assert (last.get("a"), last.used_bytes, len(last)) == (None, 0, 0)


def test_none_can_be_kept():
    last = Recent(count=1, n_bytes=1000)
    last.put("a", None)
    assert "a" in last


def test_threads_that_put_and_drop_at_once_leave_the_count_right():
    """A page that runs again while it still runs shares its session's results with itself."""
    last = Recent(count=5, n_bytes=40)

    def put_and_drop(thread: int) -> None:
        for turn in range(5000):
            key = (thread + turn) % 9
            last.put(key, turn, size=1 + key)
            last.get(key + 1)
            last.drop((key + 4) % 9)

    switch = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(6) as threads:
            list(threads.map(put_and_drop, range(6)))
    finally:
        sys.setswitchinterval(switch)
    assert last.used_bytes == sum(1 + key for key in range(9) if key in last)
    assert len(last) <= 5
