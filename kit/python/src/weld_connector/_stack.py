"""Makes deep recursion end in Python's `RecursionError`, not in a crash.

Calls of C code use two stacks. One is in the component's memory and has 1 MiB; Python watches its end. The other is the
host's; Python doesn't know it, and an overflow ends the call. Code with small frames, such as the parser of nested JSON, uses up
to 40 times as much of the host's stack. To make Python reach the end of its own stack first, this module fills most of it
in advance, with the largest frames of a Python function that has a callback: `select`, whose frame lists all files that it
may watch.
"""

from __future__ import annotations

import select
from collections.abc import Callable
from typing import Generic, TypeVar

FRAMES = 17
"""The number of frames, of 49 KiB each. 170 KiB of the stack remain, enough for JSON with 10,000 levels."""

T = TypeVar("T")


class _Left(Exception):
    """Leaves `select` before it calls the system."""


class _Frame(Generic[T]):
    """An object that `select` asks for its file descriptor."""

    def __init__(self, frames: int, work: Callable[[], T]) -> None:
        self._frames = frames
        self._work = work
        self.results: list[T] = []

    def fileno(self) -> int:
        self.results.append(shortened(self._work, self._frames))
        raise _Left


def shortened(work: Callable[[], T], frames: int = FRAMES) -> T:
    """Return the result of `work`, called with `frames` frames on the stack."""
    if frames == 0:
        return work()
    frame = _Frame(frames - 1, work)
    try:
        select.select([frame], (), (), 0)
    except _Left:
        pass
    return frame.results[0]
