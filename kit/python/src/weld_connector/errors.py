"""The exceptions of a connector. Each is one of the contract's errors."""

from __future__ import annotations

import math
from datetime import timedelta

Duration = int | float | timedelta
"""Seconds, or a `timedelta`."""

LONGEST_MS = 2**32 - 1
"""The longest time that the contract can represent: about 49 days."""


class ConnectorError(Exception):
    """The connector failed. Any other exception of a connector counts as this one, and its traceback is logged."""

    kind = "other"


class UnknownTable(ConnectorError):
    """There is no table with this name."""

    kind = "unknown-table"


class Misconfigured(ConnectorError):
    """A variable is missing or invalid: the operator must fix the connector's configuration."""

    kind = "misconfigured"


class InvalidState(ConnectorError):
    """The state is not this connector's, or the API no longer accepts its cursor: the sync must start from the beginning."""

    kind = "invalid-state"


class Unauthorized(ConnectorError):
    """The API refused the connector's credentials."""

    kind = "unauthorized"


class Upstream(ConnectorError):
    """The API failed, or its answer is invalid."""

    kind = "upstream"


class RateLimited(ConnectorError):
    """The API refused for now. The host waits, for `wait` if it is given, and requests the page again."""

    kind = "rate-limited"

    def __init__(self, wait: Duration | None = None) -> None:
        self.wait_ms = None if wait is None else milliseconds(wait, "RateLimited's wait")
        super().__init__("the API refused for now" if wait is None else f"the API asks to wait {seconds(self.wait_ms)}")


class OutOfTime(ConnectorError):
    """A `time.sleep` is longer than the time that the page has left: `left`, in seconds."""

    def __init__(self, left: float) -> None:
        self.left = left
        super().__init__(
            f"the pause is longer than the {left:g} s that the page has left: return the rows so far with Page(wait=…), "
            "so that the host waits, or raise page-timeout in the section [limits]"
        )


BY_KIND: dict[str, type[ConnectorError]] = {
    kind.kind: kind
    for kind in (ConnectorError, UnknownTable, Misconfigured, InvalidState, Unauthorized, RateLimited, Upstream)
}
"""The exceptions by the case of the contract's `error`."""


def milliseconds(duration: Duration, name: str) -> int:
    """Convert a time to whole milliseconds, rounded up; errors call it `name`."""
    if isinstance(duration, timedelta):
        duration = duration.total_seconds()
    if isinstance(duration, bool) or not isinstance(duration, (int, float)):
        raise TypeError(f"{name} is {described(duration)}, not a number of seconds or a timedelta")
    if not duration >= 0:
        raise ValueError(f"{name} is {duration}, and must be at least 0 s")
    return LONGEST_MS if duration * 1000 >= LONGEST_MS else math.ceil(round(duration * 1000, 6))


def seconds(duration_ms: int | None) -> str:
    """Return a time for people."""
    return "for a while" if duration_ms is None else f"{duration_ms / 1000:g} s"


def described(value: object) -> str:
    """Describe a value that has the wrong type, such as "an int"."""
    if value is None:
        return "None"
    name = type(value).__name__
    if name == "bytes":
        return name
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"
