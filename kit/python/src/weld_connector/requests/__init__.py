"""HTTP in the manner of `requests`, through the host.

    from weld_connector import requests

    api = requests.Session(base="https://api.example.com/v1", params={"per_page": 100})
    rows = api.get("orders", params={"page": 2}).json()

What the host does by itself: TLS, connections, further tries after failures that may pass, waiting for the API's
quota, and credentials of the section `[auth]`.
"""

from __future__ import annotations

from typing import Any

from . import exceptions
from .exceptions import (
    ConnectionError,
    CredentialsError,
    Denied,
    HTTPError,
    InvalidURL,
    JSONDecodeError,
    OverLimit,
    RequestException,
    ResponseTooLarge,
    Timeout,
    TooManyRedirects,
    Unavailable,
)
from .models import CaseInsensitiveDict, Response
from .sessions import Session, session

__all__ = [
    "CaseInsensitiveDict",
    "ConnectionError",
    "CredentialsError",
    "Denied",
    "HTTPError",
    "InvalidURL",
    "JSONDecodeError",
    "OverLimit",
    "RequestException",
    "Response",
    "ResponseTooLarge",
    "Session",
    "Timeout",
    "TooManyRedirects",
    "Unavailable",
    "delete",
    "exceptions",
    "get",
    "head",
    "options",
    "patch",
    "post",
    "put",
    "request",
    "session",
]


def request(method: str, url: str, **how: Any) -> Response:
    """Sends one request; `Session.request` says what `how` may hold."""
    return Session().request(method, url, **how)


def get(url: str, params: Any = None, **how: Any) -> Response:
    """A GET."""
    return request("GET", url, params=params, **how)


def head(url: str, **how: Any) -> Response:
    """A HEAD, which follows no redirect unless told to."""
    return request("HEAD", url, **{"allow_redirects": False, **how})


def options(url: str, **how: Any) -> Response:
    """An OPTIONS."""
    return request("OPTIONS", url, **how)


def post(url: str, data: Any = None, json: Any = None, **how: Any) -> Response:
    """A POST. The host sends it again after a failure only where `idempotent=True` says that this is harmless."""
    return request("POST", url, data=data, json=json, **how)


def put(url: str, data: Any = None, **how: Any) -> Response:
    """A PUT."""
    return request("PUT", url, data=data, **how)


def patch(url: str, data: Any = None, **how: Any) -> Response:
    """A PATCH."""
    return request("PATCH", url, data=data, **how)


def delete(url: str, **how: Any) -> Response:
    """A DELETE."""
    return request("DELETE", url, **how)
