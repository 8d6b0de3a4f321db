"""Responses made from a function's return value, as Flask makes them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from . import _flask_json
from ._headers import Headers
from ._wrong_answer import WrongAnswer

TEXT = "text/html; charset=utf-8"
JSON = "application/json"


class Response:
    """Flask's response, as far as functions use it."""

    default_mimetype = "text/html"

    def __init__(
        self,
        response: Any = None,
        status: int | str | None = None,
        headers: Any = None,
        mimetype: str | None = None,
        content_type: str | None = None,
        direct_passthrough: bool = False,
    ) -> None:
        self.headers = Headers(headers or ())
        kind = content_type or mimetype
        if kind is None and "content-type" not in self.headers:
            kind = TEXT
        if kind is not None:
            is_bare_text = kind.startswith("text/") and "charset" not in kind
            self.headers["Content-Type"] = f"{kind}; charset=utf-8" if is_bare_text else kind
        self.status_code = status_code(200 if status is None else status)
        self.set_data(response)

    def set_data(self, value: Any) -> None:
        """Set the body: text, bytes, or an iterable of these."""
        if value is None:
            self.data = b""
        elif isinstance(value, str):
            self.data = value.encode()
        elif isinstance(value, (bytes, bytearray)):
            self.data = bytes(value)
        else:
            self.data = b"".join(part.encode() if isinstance(part, str) else part for part in value)

    def get_data(self, as_text: bool = False) -> Any:
        """Return the body."""
        return self.data.decode() if as_text else self.data

    @property
    def response(self) -> list[bytes]:
        """The body, in a list."""
        return [self.data]

    @property
    def status(self) -> str:
        """The status as text."""
        return str(self.status_code)

    @status.setter
    def status(self, value: int | str) -> None:
        self.status_code = status_code(value)

    @property
    def content_type(self) -> Any:
        """The header `Content-Type`."""
        return self.headers.get("content-type")

    @content_type.setter
    def content_type(self, value: str) -> None:
        self.headers["Content-Type"] = value

    @property
    def mimetype(self) -> str:
        """The content type without its parameters."""
        return (self.content_type or "").partition(";")[0].strip().lower()

    @mimetype.setter
    def mimetype(self, value: str) -> None:
        self.headers["Content-Type"] = value

    @property
    def is_json(self) -> bool:
        """Whether the content type is JSON."""
        return self.mimetype == JSON

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return self.get_json()

    def get_json(self, force: bool = False, silent: bool = False) -> Any:
        """Return the body as JSON; `None` if that is not its content type."""
        return json.loads(self.data) if force or self.is_json else None

    def set_cookie(self, *_: Any, **__: Any) -> None:
        """Do nothing: Weld keeps no cookies."""


def status_code(status: Any) -> int:
    """Return the number of a status such as `404 Not Found`."""
    try:
        return int(str(status.value if hasattr(status, "value") else status).split()[0])
    except (ValueError, IndexError):
        raise WrongAnswer(f"the function returned the status {status!r}, which is not a number") from None


def jsonify(*args: Any, **named: Any) -> Response:
    """Return a JSON response, by Flask's rules."""
    if args and named:
        raise TypeError("app.json.response() takes either args or kwargs, not both")
    value = named if named or not args else args[0] if len(args) == 1 else list(args)
    if not args and not named:
        value = None
    return Response(_flask_json.dumps(value) + "\n", mimetype=JSON)


def make_response(*args: Any) -> Response:
    """`flask.make_response`."""
    return of(args[0] if len(args) == 1 else args or "")


def of(value: Any) -> Response:
    """Return the response for a function's return value."""
    status = headers = None
    if isinstance(value, tuple):
        if len(value) == 3:
            value, status, headers = value
        elif len(value) == 2:
            value, second = value
            if isinstance(second, (dict, list, tuple, Headers)):
                headers = second
            else:
                status = second
        else:
            raise WrongAnswer(
                f"the function returned a tuple of {len(value)}; Flask takes (body, status), (body, headers) and"
                " (body, status, headers)"
            )
    if value is None:
        raise WrongAnswer("the function returned None, or ended without a return")
    if isinstance(value, Response):
        made = value
    elif isinstance(value, (dict, list)):
        made = jsonify(value)
    elif isinstance(value, (str, bytes, bytearray)) or hasattr(value, "__next__"):
        made = Response(value)
    else:
        raise WrongAnswer(
            f"the function returned {type(value).__name__}; Flask takes a dict, a list, a string, bytes, a Response"
            " and tuples of these"
        )
    if status is not None:
        made.status_code = status_code(status)
    if headers:
        made.headers.update(headers if isinstance(headers, (Mapping, Headers)) else list(headers))
    return made
