"""The classes of `requests.auth`."""

from __future__ import annotations

import base64
from typing import Any

from .models import PreparedRequest


class AuthBase:
    """Adds a credential to a request."""

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        raise NotImplementedError("Auth hooks must be callable.")


class HTTPBasicAuth(AuthBase):
    """A user and password."""

    def __init__(self, username: Any, password: Any) -> None:
        self.username = username
        self.password = password

    def __eq__(self, other: object) -> bool:
        return isinstance(other, HTTPBasicAuth) and vars(self) == vars(other)

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = basic(self.username, self.password)
        return request


class HTTPProxyAuth(HTTPBasicAuth):
    """A user and password for a proxy."""

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Proxy-Authorization"] = basic(self.username, self.password)
        return request


def basic(username: Any, password: Any) -> str:
    """Return the header for a user and password, in ISO 8859-1 as `requests` sends it."""
    parts = [
        one if isinstance(one, bytes) else str(one).encode("latin-1", "replace") for one in (username, password)
    ]
    return "Basic " + base64.b64encode(b":".join(parts)).strip().decode()
