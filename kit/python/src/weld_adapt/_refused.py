"""Converts other clients' exceptions for an API's refusal to the contract's errors."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from weld_connector.errors import ConnectorError, RateLimited, Unauthorized, Upstream
from weld_connector.requests._refusal import rate_limit

from ._answer import excerpt


def of_requests(error: BaseException) -> ConnectorError | None:
    """Return the error for an exception of the real package `requests`; `None` for any other exception."""
    package = sys.modules.get("requests.exceptions")
    if package is None or not isinstance(error, getattr(package, "RequestException", ())):
        return None
    response = getattr(error, "response", None)
    if response is None:
        return Upstream(str(error))
    method = getattr(getattr(response, "request", None), "method", "GET")
    return _judged(method, str(response.url), response.status_code, response.headers.items(), response.text)


def of_urllib(error: BaseException) -> ConnectorError | None:
    """Return the error for `urllib.error.HTTPError`; `None` for any other. The function may have read its body."""
    package = sys.modules.get("urllib.error")
    if package is None or not isinstance(error, getattr(package, "HTTPError", ())):
        return None
    answer: Any = error
    try:
        text = answer.read().decode("utf-8", "replace")
    except (OSError, ValueError, AttributeError):
        text = ""
    method = getattr(answer.fp, "weld_method", "GET")
    headers = answer.headers.items() if answer.headers else ()
    return _judged(method, str(answer.url), answer.code, headers, text)


def _judged(
    method: str, url: str, status: int, headers: Iterable[tuple[str, str]], text: str
) -> ConnectorError:
    limit = rate_limit(status, headers)
    if limit is not None:
        return RateLimited(limit.wait)
    said = f"{method} {url.partition('?')[0]} is {status}: {excerpt(text)}".removesuffix(": ")
    return Unauthorized(said) if status in (401, 403) else Upstream(said)
