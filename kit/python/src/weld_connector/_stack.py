"""Deep recursion ends in Python's `RecursionError`, not in a crash.

Calls of C code take from two stacks: one in the component's memory, of 1 MiB, whose end Python watches, and the
host's, of which it knows nothing, and whose end ends the call. Code with small frames, such as that for nested JSON,
takes up to 40 times as much of the second. So that Python sees the end of the first before the second is used up, most
of the first is taken at once, in the largest frames that a function of Python's has which calls back: those of
`select`, with lists of all files that it may watch.
"""

from __future__ import annotations

import select
from collections.abc import Callable
from typing import Generic, TypeVar

FRAMES = 17
"""How many are taken, of 49 KiB each. Of the MiB there remain 170 KiB, with which JSON may have 10,000 levels."""

T = TypeVar("T")


class _Left(Exception):
    """Leaves `select` before it asks the system for anything."""


class _Frame(Generic[T]):
    """Something that `select` asks for its number."""

    def __init__(self, frames: int, work: Callable[[], T]) -> None:
        self._frames = frames
        self._work = work
        self.results: list[T] = []

    def fileno(self) -> int:
        self.results.append(shortened(self._work, self._frames))
        raise _Left


def shortened(work: Callable[[], T], frames: int = FRAMES) -> T:
    """What `work` answers, called with so many frames of the stack taken."""
    if frames == 0:
        return work()
    frame = _Frame(frames - 1, work)
    try:
        select.select([frame], (), (), 0)
    except _Left:
        pass
    return frame.results[0]
