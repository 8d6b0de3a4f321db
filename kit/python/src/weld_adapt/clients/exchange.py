"""One request through the host, whichever client sends it."""

from __future__ import annotations

from collections.abc import Iterable

from weld_connector import _host
from weld_connector.requests.exceptions import from_refusal
from weld_connector.requests.models import shown

OF_CONNECTIONS = ("accept-encoding", "connection", "content-length", "host", "keep-alive", "transfer-encoding")
"""Headers that the host sets by itself."""


class Count:
    """How many requests the function has sent in this call, how many of these an API refused with 401 or 403, and the last
    one that was answered with a status of 4xx or 5xx, in words."""

    sent = 0
    refused = 0
    failed: str | None = None

    @classmethod
    def begin(cls) -> None:
        """Counts from zero: a call begins."""
        cls.sent = cls.refused = 0
        cls.failed = None

    @classmethod
    def before(cls) -> str:
        """What failed before, for the error of a function that says no more than that something did."""
        return f" (before, {cls.failed})" if cls.failed else ""


def send(
    method: str,
    url: str,
    headers: Iterable[tuple[str, str]],
    body: str | bytes | None,
    timeout_ms: int | None,
) -> _host.Answer:
    """Sends a request. One that the host refuses raises an exception of the kit's `requests`."""
    Count.sent += 1
    kept = [(name, _host.printable(value)) for name, value in headers if name.lower() not in OF_CONNECTIONS]
    try:
        answer = _host.current.fetch(
            _host.Request(method.upper(), _host.printable(url), kept, body, timeout_ms, None, None)
        )
    except _host.Refused as refusal:
        Count.refused += refusal.case == "credentials"
        raise from_refusal(refusal, shown(method, url)) from None
    Count.refused += answer.status in (401, 403)
    if answer.status >= 400:
        Count.failed = f"{shown(method, url)} answered {answer.status}"
    return answer

