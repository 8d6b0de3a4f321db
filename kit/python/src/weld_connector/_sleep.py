"""`time.sleep` through the host's `sleep`, which knows how much time the page has left."""

from __future__ import annotations

from . import _host
from .errors import OutOfTime, milliseconds


def sleep(seconds: float) -> None:
    """Sleep without using a processor. Raises `OutOfTime` at once if the page has less time left."""
    if not isinstance(seconds, (int, float)):
        # Such as a Fraction, which Python's own sleep also accepts.
        seconds = float(seconds)
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    try:
        _host.current.sleep(milliseconds(seconds, "time.sleep's pause"))
    except _host.TooLong as error:
        raise OutOfTime(error.left_ms / 1000) from None
