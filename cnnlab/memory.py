"""Remember the last few things, up to a number of bytes."""

from __future__ import annotations

import dataclasses
import sys
import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any

__all__ = ["Recent", "size_of"]


def size_of(value: Any) -> int:
    """Return about how many bytes of memory a result takes.

    Parameters
    ----------
    value : object
        Numbers, texts, arrays, tensors, pictures, and tuples, lists, dicts and dataclasses of them.

    Returns
    -------
    int
        Bytes; what several parts share is counted once for each.

    Examples
    --------
    >>> import numpy as np
    >>> size_of(np.zeros((2, 3))) - size_of(np.zeros((1, 3)))  # three numbers of 8 bytes
    24
    """
    own = sys.getsizeof(value)
    if isinstance(value, dict):
        return own + sum(size_of(key) + size_of(item) for key, item in value.items())
    if isinstance(value, (tuple, list, set, frozenset)):
        return own + sum(map(size_of, value))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return own + sum(size_of(getattr(value, field.name)) for field in fields)
    if hasattr(value, "nbytes"):  # an array or a tensor
        return max(own, int(value.nbytes))
    if hasattr(value, "getbands"):  # a PIL picture
        return own + int(value.width * value.height) * len(value.getbands())
    return own


class Recent:
    """A dictionary that lets go of what was not asked for longest; threads may share it.

    Parameters
    ----------
    count : int
        How many values stay, at most.
    n_bytes : int
        How many bytes they may take together, by `size_of`; a larger value is not kept at all.

    Examples
    --------
    >>> last = Recent(count=2, n_bytes=1000)
    >>> for letter in "abc":
    ...     last.put(letter, letter.upper())
    >>> last.get("a"), last.get("c"), len(last)
    (None, 'C', 2)
    """

    def __init__(self, *, count: int, n_bytes: int) -> None:
        self.count, self.n_bytes = count, n_bytes
        self.used_bytes = 0
        self._values: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._lock = threading.RLock()

    def __len__(self) -> int:
        """Return how many values are kept."""
        return len(self._values)

    def __contains__(self, key: Hashable) -> bool:
        """Return whether there is a value under `key`."""
        return key in self._values

    def get(self, key: Hashable) -> Any:
        """Return the value under `key`, now the youngest, or None."""
        with self._lock:
            if key not in self._values:
                return None
            self._values.move_to_end(key)
            return self._values[key][0]

    def put(self, key: Hashable, value: Any, *, size: int | None = None) -> None:
        """Keep a value; the oldest ones go until all fit. `size` spares measuring it."""
        size = size_of(value) if size is None else size
        with self._lock:
            self.drop(key)
            if size > self.n_bytes or not self.count:
                return
            self._values[key] = value, size
            self.used_bytes += size
            while len(self) > self.count or self.used_bytes > self.n_bytes:
                self.drop(next(iter(self._values)))

    def drop(self, key: Hashable) -> None:
        """Let go of the value under `key`, if there is one."""
        with self._lock:
            _, size = self._values.pop(key, (None, 0))
            self.used_bytes -= size

    def clear(self) -> None:
        """Let go of everything."""
        with self._lock:
            self._values.clear()
            self.used_bytes = 0
