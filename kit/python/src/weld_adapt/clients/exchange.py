"""Sends one request through the host, for every client."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from weld_connector import _host
from weld_connector.requests.exceptions import from_refusal
from weld_connector.requests.models import Response, reached, shown

OF_CONNECTIONS = ("accept-encoding", "connection", "content-length", "host", "keep-alive", "transfer-encoding")
"""Headers that the host sets itself."""


class Count:
    """Counts the requests of this call, and those that an API refused with 401 or 403.

    `failed` describes the last request with a status of 4xx or 5xx.
    """

    sent = 0
    refused = 0
    failed: str | None = None

    @classmethod
    def begin(cls) -> None:
        """Reset the counts at the beginning of a call."""
        cls.sent = cls.refused = 0
        cls.failed = None

    @classmethod
    def before(cls) -> str:
        """Describe the last failed request, for an error of the function that doesn't name its cause."""
        return f" (before that, {cls.failed})" if cls.failed else ""


def send(
    method: str,
    url: str,
    headers: Iterable[tuple[str, str]],
    body: str | bytes | None,
    timeout_ms: int | None,
    history: Sequence[Response] = (),
) -> _host.Answer:
    """Send a request. If the host refuses it, this raises an exception of the kit's `requests`.

    `history` has the redirects that led to it.
    """
    Count.sent += 1
    kept = [(name, _host.printable(value)) for name, value in headers if name.lower() not in OF_CONNECTIONS]
    try:
        answer = _host.current.fetch(
            _host.Request(method.upper(), _host.printable(url), kept, body, timeout_ms, None, None)
        )
    except _host.Refused as refusal:
        Count.refused += refusal.case == "credentials"
        raise from_refusal(refusal, reached(method, url, history)) from None
    Count.refused += answer.status in (401, 403)
    if answer.status >= 400:
        Count.failed = f"{shown(method, url)} answered {answer.status}"
    return answer

