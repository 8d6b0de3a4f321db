"""`time.sleep` by the host's `sleep`, which knows what time the page has left."""

from __future__ import annotations

from . import _host
from .errors import OutOfTime, milliseconds


def sleep(seconds: float) -> None:
    """Waits without using a processor. `OutOfTime` at once, where the page would not have the time."""
    if not isinstance(seconds, (int, float)):
        # Such as a Fraction, which Python's own takes too.
        seconds = float(seconds)
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    try:
        _host.current.sleep(milliseconds(seconds, "time.sleep's pause"))
    except _host.TooLong as error:
        raise OutOfTime(error.left_ms / 1000) from None
