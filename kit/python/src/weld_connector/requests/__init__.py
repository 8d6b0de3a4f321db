"""An HTTP client like `requests`, which sends through the host.

    from weld_connector import requests

    api = requests.Session(base="https://api.example.com/v1", params={"per_page": 100})
    rows = api.get("orders", params={"page": 2}).json()

The host provides TLS and connections, retries after temporary failures, waits for the API's quota, and adds the credentials
of the section `[auth]`.
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
    """Send one request; `how` takes the arguments of `Session.request`."""
    return Session().request(method, url, **how)


def get(url: str, params: Any = None, **how: Any) -> Response:
    """Send a GET."""
    return request("GET", url, params=params, **how)


def head(url: str, **how: Any) -> Response:
    """Send a HEAD, which follows redirects only if `allow_redirects` is true."""
    return request("HEAD", url, **{"allow_redirects": False, **how})


def options(url: str, **how: Any) -> Response:
    """Send an OPTIONS."""
    return request("OPTIONS", url, **how)


def post(url: str, data: Any = None, json: Any = None, **how: Any) -> Response:
    """Send a POST. The host retries it after a failure only with `idempotent=True`, which declares that to be safe."""
    return request("POST", url, data=data, json=json, **how)


def put(url: str, data: Any = None, **how: Any) -> Response:
    """Send a PUT."""
    return request("PUT", url, data=data, **how)


def patch(url: str, data: Any = None, **how: Any) -> Response:
    """Send a PATCH."""
    return request("PATCH", url, data=data, **how)


def delete(url: str, **how: Any) -> Response:
    """Send a DELETE."""
    return request("DELETE", url, **how)
