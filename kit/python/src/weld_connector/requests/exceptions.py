"""The exceptions of requests. If a connector doesn't catch one, it becomes one of the contract's errors."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .. import _host
from ..errors import ConnectorError, Misconfigured, RateLimited, Unauthorized, Upstream
from ._refusal import rate_limit

if TYPE_CHECKING:
    from .models import Response


class RequestException(OSError):
    """A request failed. `response` is the API's response, if there is one."""

    def __init__(self, *args: Any, response: Response | None = None) -> None:
        super().__init__(*args)
        self.response = response

    def as_connector_error(self) -> ConnectorError:
        """Return the error that the host receives if the connector doesn't catch this exception."""
        return ConnectorError(str(self))


class ConnectionError(RequestException):
    """The connection failed or broke."""

    def as_connector_error(self) -> ConnectorError:
        return Upstream(str(self))


class Denied(ConnectionError):
    """The connector's configuration doesn't allow the request. The text has the line that would allow it."""

    def as_connector_error(self) -> ConnectorError:
        return Misconfigured(str(self))


class Unavailable(ConnectionError):
    """The host doesn't call the API for now, because it keeps failing or its quota is exhausted. `wait` is in seconds."""

    def __init__(self, *args: Any, wait: float | None = None) -> None:
        super().__init__(*args)
        self.wait = wait

    def as_connector_error(self) -> ConnectorError:
        return RateLimited(self.wait)


class Timeout(RequestException):
    """The request, or the page, ran out of time."""

    def as_connector_error(self) -> ConnectorError:
        return Upstream(str(self))


class CredentialsError(RequestException):
    """The host has no credential for the request, or could not obtain it."""

    def as_connector_error(self) -> ConnectorError:
        return Unauthorized(str(self))


class ResponseTooLarge(RequestException):
    """The response is larger than the limit `response-size`."""

    def as_connector_error(self) -> ConnectorError:
        return Upstream(str(self))


class OverLimit(RequestException):
    """The page has used up its requests or bytes."""


class InvalidRequest(RequestException, ValueError):
    """The request is malformed."""


class InvalidURL(InvalidRequest):
    """The URL is malformed."""


class TooManyRedirects(RequestException):
    """The request was redirected too often."""

    def as_connector_error(self) -> ConnectorError:
        return Upstream(str(self))


class ContentDecodingError(RequestException, ValueError):
    """The response's bytes are not text in its charset."""

    def as_connector_error(self) -> ConnectorError:
        return Upstream(str(self))


class JSONDecodeError(RequestException, json.JSONDecodeError):
    """The response is not JSON."""

    def __init__(self, message: str, error: json.JSONDecodeError, response: Response) -> None:
        json.JSONDecodeError.__init__(self, error.msg, error.doc, error.pos)
        self.message = message
        self.response = response

    def __str__(self) -> str:
        return self.message

    def as_connector_error(self) -> ConnectorError:
        return Upstream(self.message)


class HTTPError(RequestException):
    """The API answered with a status of 4xx or 5xx."""

    response: Response

    def __init__(self, message: str, response: Response) -> None:
        super().__init__(message, response=response)

    def as_connector_error(self) -> ConnectorError:
        status = self.response.status_code
        limit = rate_limit(status, self.response.headers.items())
        if limit is not None:
            return RateLimited(limit.wait)
        if status in (401, 403):
            return Unauthorized(str(self))
        return Upstream(str(self))


def from_refusal(refusal: _host.Refused, request: str) -> RequestException:
    """Return the exception for the contract's `http-error`; `request` is the method and URL for its message."""
    value = refusal.value
    if refusal.case == "unavailable":
        wait = value / 1000 if isinstance(value, int) else None
        return Unavailable(f"{request}: the host does not call the API for now", wait=wait)
    make: Callable[[str], RequestException] = {
        "denied": Denied,
        "invalid": InvalidRequest,
        "credentials": CredentialsError,
        "timeout": Timeout,
        "too-large": ResponseTooLarge,
        "over-limit": OverLimit,
        "failed": ConnectionError,
    }[refusal.case]
    said = {
        "timeout": "the API did not answer in time",
        "too-large": "the API's response is too large",
    }.get(refusal.case, value)
    return make(f"{request}: {said}")
