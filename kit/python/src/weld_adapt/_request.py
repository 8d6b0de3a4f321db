"""Weld's request, as Flask shows it to a function."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

from ._headers import Headers
from ._http_errors import BY_CODE

HOST = "localhost"


class Args(dict):  # type: ignore[type-arg]
    """The parameters of a query or form. Here, each has one value."""

    def get(self, key: str, default: Any = None, type: Any = None) -> Any:
        """Return a value, converted by `type`; `default` if it is missing or can't be converted."""
        value = super().get(key, default)
        if type is None or value is default:
            return value
        try:
            return type(value)
        except ValueError:
            return default

    def getlist(self, key: str) -> list[Any]:
        """Return the value in a list."""
        return [self[key]] if key in self else []

    def to_dict(self, flat: bool = True) -> dict[str, Any]:
        """Return a plain dict."""
        return dict(self) if flat else {name: [value] for name, value in self.items()}


class Request:
    """One request. `target` is its path, with a query after `?` if it has one."""

    def __init__(self, method: str, target: str, body: bytes, headers: Mapping[str, str]) -> None:
        path, _, query = target.partition("?")
        self.method = method
        self.path = unquote(path)
        self.full_path = f"{self.path}?{query}"
        self.query_string = query.encode()
        self.args = Args(parse_qsl(query, keep_blank_values=True))
        self.values = self.args
        self.headers = Headers(headers)
        self.data = body
        self.scheme = "http"
        self.is_secure = False
        self.host = HOST
        self.root_path = self.script_root = ""
        self.host_url = self.url_root = self.root_url = f"http://{HOST}/"
        self.base_url = f"http://{HOST}{path}"
        self.url = f"http://{HOST}{target}"
        self.remote_addr = "127.0.0.1"
        self.access_route = [self.remote_addr]
        self.form = Args()
        self.files = Args()
        self.cookies = Args()
        self.view_args: dict[str, str] = {"path": path.lstrip("/")}
        self.endpoint = "run"
        self.content_type = self.headers.get("content-type")
        self.mimetype = (self.content_type or "").partition(";")[0].strip().lower()
        self.content_length = self.headers.get("content-length", type=int)
        self.user_agent = self.headers.get("user-agent")
        self.environ = {"REQUEST_METHOD": method, "PATH_INFO": self.path, "QUERY_STRING": query}

    def __repr__(self) -> str:
        return f"<Request '{self.url}' [{self.method}]>"

    @property
    def is_json(self) -> bool:
        """Whether the content type is JSON."""
        kind = self.mimetype
        return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))

    @property
    def authorization(self) -> Any:
        """The parsed header `Authorization`."""
        kind, _, token = str(self.headers.get("authorization", "")).partition(" ")
        return Authorization(kind.lower(), token.strip()) if kind else None

    @property
    def json(self) -> Any:
        """The body as JSON. If the content type is not JSON, this raises an error, as in Flask."""
        return self.get_json()

    def get_data(self, cache: bool = True, as_text: bool = False, parse_form_data: bool = False) -> Any:
        """Return the body."""
        return self.data.decode("utf-8", "replace") if as_text else self.data

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:
        """Return the body as JSON. `force` ignores the content type; `silent` returns `None` instead of an error."""
        if not (force or self.is_json):
            if silent:
                return None
            raise BY_CODE[415](
                "Did not attempt to load JSON data because the request Content-Type was not 'application/json'."
            )
        try:
            return json.loads(self.data)
        except ValueError as error:
            if silent:
                return None
            raise BY_CODE[400](
                "The browser (or proxy) sent a request that this server could not understand."
            ) from error


class Authorization:
    """The header `Authorization`, like that of werkzeug."""

    def __init__(self, type: str, token: str) -> None:
        self.type = type
        self.token = token
        self.username: str | None = None
        self.password: str | None = None
        if type == "basic":
            try:
                name, _, password = base64.b64decode(token).decode().partition(":")
            except ValueError:
                return
            self.username, self.password = name, password

    def __str__(self) -> str:
        return f"{self.type.capitalize()} {self.token}"


class CurrentRequest:
    """`flask.request`: the current request."""

    def __init__(self) -> None:
        self.__dict__["under_way"] = None

    def __getattr__(self, name: str) -> Any:
        if self.under_way is None:
            raise RuntimeError("flask.request is used outside a request: use it within the function")
        return getattr(self.under_way, name)


CURRENT = CurrentRequest()
