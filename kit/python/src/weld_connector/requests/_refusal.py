"""Decides whether a response refuses a request because of a quota, and for how long."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import NamedTuple

# Refusals that no wait changes, even if they ask for one: of the credential, the resource or the method.
LASTING = frozenset((401, 404, 405, 407, 410, 451, 501))
# Statuses with which APIs refuse requests beyond a quota.
OF_QUOTAS = frozenset((400, 402, 403, 420, 429, 430, 503, 509, 529))
MILLISECONDS = ("retry-after-ms", "x-retry-after-ms", "x-ms-retry-after-ms")
TIMES = (
    "retry-after",
    "x-retry-after",
    "x-ratelimit-retry-after",
    "x-rate-limit-retry-after",
    "ratelimit-retry-after",
)
# A number of at least this size is a time since 1970, in seconds or milliseconds.
EPOCH_SECONDS = 1e9
EPOCH_MILLISECONDS = 1e12


class RateLimit(NamedTuple):
    """The API accepts no requests for now. `wait` is in seconds; `None` if the API doesn't say how long."""

    wait: float | None


def rate_limit(status: int, headers: Iterable[tuple[str, str]]) -> RateLimit | None:
    """Return the rate limit of a response with this status and these headers; `None` if it is not one."""
    if status < 400 or status in LASTING:
        return None
    given = {name.lower(): value.strip() for name, value in headers}
    requested = _requested_wait(given)
    spent = [reset for reset in _spent(given) if reset != 0]
    is_spent = status in OF_QUOTAS and bool(spent)
    if status not in (420, 429) and not requested and not is_spent:
        return None
    return RateLimit(requested or max((reset for reset in spent if reset), default=requested))


def seconds_until(value: str | None) -> float | None:
    """Return the seconds until the time in a header: a number of seconds, a time since 1970, or a date."""
    if value is None:
        return None
    value = value.strip()
    number = _number(value)
    if number is not None:
        if number < EPOCH_SECONDS:
            return number
        since_1970 = number if number < EPOCH_MILLISECONDS else number / 1000
        return max(0.0, since_1970 - time.time())
    date = _date(value)
    if date is None:
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=timezone.utc)
    return max(0.0, date.timestamp() - time.time())


def _date(value: str) -> datetime | None:
    """Parse a date of an HTTP header or of ISO 8601, with or without seconds and zone."""
    try:
        return parsedate_to_datetime(value)
    except (TypeError, ValueError, IndexError):
        pass
    try:
        # Python 3.10 does not accept Z.
        return datetime.fromisoformat(re.sub("[Zz]$", "+00:00", value))
    except ValueError:
        return None


def _requested_wait(headers: dict[str, str]) -> float | None:
    """Return the wait that a header asks for, in seconds; 0 if its time is past."""

    def waits() -> Iterator[float | None]:
        for name in MILLISECONDS:
            number = _number(headers.get(name, ""))
            yield None if number is None else number / 1000
        for name in TIMES:
            yield seconds_until(headers.get(name))
        has_quota = any(_is_remaining(name) for name in headers)
        if not has_quota or any(reset != 0 for reset in _spent(headers)):
            for name, value in headers.items():
                if re.search("rate-?limit-reset-after", name):
                    yield seconds_until(value)

    requested = [wait for wait in waits() if wait is not None]
    return next((wait for wait in requested if wait), requested[0] if requested else None)


def _spent(headers: dict[str, str]) -> Iterator[float | None]:
    """Yield the seconds until the reset of each exhausted quota; `None` if unknown."""
    for name, value in headers.items():
        if _is_remaining(name) and value == "0":
            yield seconds_until(headers.get(name.replace("remaining", "reset")))


def _is_remaining(name: str) -> bool:
    """Whether a header has the remaining requests of a quota, such as `x-ratelimit-minutely-remaining`."""
    return "remaining" in name and ("ratelimit" in name or "rate-limit" in name)


def _number(value: str) -> float | None:
    # Longer numbers have no meaning, and Python refuses to parse huge ones.
    is_plain = re.fullmatch(r"[0-9]{1,19}(\.[0-9]{0,9})?", value.strip())
    return float(value) if is_plain else None
