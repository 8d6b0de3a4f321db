"""Whether a response refuses a request for a quota, and for how long."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import NamedTuple

# Refusals that no wait changes, whatever time they tell: of the credential, the resource or the method.
LASTING = frozenset((401, 404, 405, 407, 410, 451, 501))
# With which APIs refuse requests past a quota.
OF_QUOTAS = frozenset((400, 402, 403, 420, 429, 430, 503, 509, 529))
MILLISECONDS = ("retry-after-ms", "x-retry-after-ms", "x-ms-retry-after-ms")
TIMES = (
    "retry-after",
    "x-retry-after",
    "x-ratelimit-retry-after",
    "x-rate-limit-retry-after",
    "ratelimit-retry-after",
)
# A number from here on is a time since 1970, in seconds or milliseconds.
EPOCH_SECONDS = 1e9
EPOCH_MILLISECONDS = 1e12


class RateLimit(NamedTuple):
    """The API takes no requests for now: for so many seconds, if it says so."""

    wait: float | None


def rate_limit(status: int, headers: Iterable[tuple[str, str]]) -> RateLimit | None:
    """The rate limit that a response with this status and these headers is, if it is one."""
    if status < 400 or status in LASTING:
        return None
    given = {name.lower(): value.strip() for name, value in headers}
    told = _told(given)
    spent = [reset for reset in _spent(given) if reset != 0]
    is_spent = status in OF_QUOTAS and bool(spent)
    if status not in (420, 429) and not told and not is_spent:
        return None
    return RateLimit(told or max((reset for reset in spent if reset), default=told))


def seconds_until(value: str | None) -> float | None:
    """The seconds that a header asks for: a number of them, a time since 1970, or a date."""
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
    """A date in the form of HTTP's headers or of ISO 8601, with or without seconds and zone."""
    try:
        return parsedate_to_datetime(value)
    except (TypeError, ValueError, IndexError):
        pass
    try:
        # Python 3.10 knows no Z.
        return datetime.fromisoformat(re.sub("[Zz]$", "+00:00", value))
    except ValueError:
        return None


def _told(headers: dict[str, str]) -> float | None:
    """The wait that a header tells; 0 if its time is past."""

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

    told = [wait for wait in waits() if wait is not None]
    return next((wait for wait in told if wait), told[0] if told else None)


def _spent(headers: dict[str, str]) -> Iterator[float | None]:
    """The reset of each quota that has nothing left; None if it tells none."""
    for name, value in headers.items():
        if _is_remaining(name) and value == "0":
            yield seconds_until(headers.get(name.replace("remaining", "reset")))


def _is_remaining(name: str) -> bool:
    """Whether a header tells what is left of a quota, such as `x-ratelimit-minutely-remaining`."""
    return "remaining" in name and ("ratelimit" in name or "rate-limit" in name)


def _number(value: str) -> float | None:
    # Longer ones mean nothing, and huge ones would not be read at all.
    is_plain = re.fullmatch(r"[0-9]{1,19}(\.[0-9]{0,9})?", value.strip())
    return float(value) if is_plain else None
