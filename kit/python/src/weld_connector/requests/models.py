"""Responses like those of `requests`."""

from __future__ import annotations

import http
import json
import re
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from .. import _read_json
from . import _charset, _links
from .exceptions import ContentDecodingError, HTTPError, JSONDecodeError

EXCERPT = 200
"""The number of characters of a response that an error quotes."""

HTML = re.compile(r"<(!doctype html|html|head|title|body|h[1-6]|p|div|center)\b", re.IGNORECASE)
"""A tag that the beginning of an HTML page has, and XML usually doesn't."""


class CaseInsensitiveDict(MutableMapping[str, Any]):
    """Headers. Lookups ignore case; names keep the case in which they were set."""

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        self._items: dict[str, tuple[str, Any]] = {}
        if isinstance(data, CaseInsensitiveDict):
            self._items.update(data._items)
        elif data:
            self.update(data)

    def __setitem__(self, key: str, value: Any) -> None:
        self._items[key.lower()] = (key, value)

    def __getitem__(self, key: str) -> Any:
        return self._items[key.lower()][1]

    def __delitem__(self, key: str) -> None:
        del self._items[key.lower()]

    def __iter__(self) -> Iterator[str]:
        return (key for key, _ in self._items.values())

    def __len__(self) -> int:
        return len(self._items)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Mapping):
            return NotImplemented
        return {key.lower(): value for key, value in self.items()} == {key.lower(): other[key] for key in other}

    def __repr__(self) -> str:
        return repr(dict(self.items()))


class Response:
    """An API's response. Its body is already read and decompressed."""

    def __init__(
        self, status: int, headers: list[tuple[str, str]], body: str | bytes, url: str, method: str = "GET"
    ) -> None:
        self.status_code = status
        self.headers = CaseInsensitiveDict()
        items = self.headers._items
        for name, value in headers:
            key = name.lower()
            items[key] = (name, f"{items[key][1]}, {value}" if key in items else value)
        self.url = url
        self.method = method
        self.history: list[Response] = []
        self.encoding = _charset.declared(self.headers.get("content-type", ""))
        self._body = body

    def __repr__(self) -> str:
        return f"<Response [{self.status_code}]>"

    def __bool__(self) -> bool:
        return self.ok

    @property
    def ok(self) -> bool:
        """Whether the status is below 400."""
        return self.status_code < 400

    @property
    def reason(self) -> str:
        """The standard phrase for the status; the API's own phrase is not kept."""
        try:
            return http.HTTPStatus(self.status_code).phrase
        except ValueError:
            return ""

    @property
    def is_redirect(self) -> bool:
        """Whether it is a redirect."""
        return self.status_code in (301, 302, 303, 307, 308) and "location" in self.headers

    @property
    def content(self) -> bytes:
        """The body as bytes."""
        return self._body.encode() if isinstance(self._body, str) else self._body

    @property
    def text(self) -> str:
        """The body as text: by its byte-order mark, else as UTF-8 if it is valid, else in `encoding`.

        `encoding` is the header's charset, and may be set. If the body can't be decoded, this raises `ContentDecodingError`.
        """
        try:
            return _charset.decode(self._body, self.encoding.lower() if self.encoding else None)
        except _charset.NotText as error:
            raise ContentDecodingError(f"{self._request()} is {error}; `content` has the original bytes") from None

    def json(self, **how: Any) -> Any:
        """Return the body as JSON; `how` is passed to `json.loads`.

        A number that a `float` can't represent exactly is a `Decimal`. NaN and Infinity are an error that names their place;
        `parse_constant=lambda name: None` reads them as `None`.
        """
        try:
            return _read_json.read(self.text, **how)
        except json.JSONDecodeError as error:
            reason = error
        except ContentDecodingError as error:
            reason = json.JSONDecodeError(str(error), "", 0)
            raise JSONDecodeError(f"{self._request()} is not JSON: {error}", reason, self) from None
        except _read_json.NotANumber as error:
            reason = json.JSONDecodeError(str(error), "", 0)
            raise JSONDecodeError(f"{self._request()} is not JSON: {error}", reason, self) from None
        except ValueError as error:
            # Such as a number with thousands of digits.
            reason = json.JSONDecodeError(str(error), "", 0)
        raise JSONDecodeError(self._not_json(reason), reason, self)

    def raise_for_status(self) -> None:
        """Raise `HTTPError` for a status of 4xx or 5xx."""
        if not self.ok:
            message = f"{shown(self.method, self.url)} answered {self.status_code}"
            excerpt = self._excerpt()
            raise HTTPError(f"{message}: {excerpt}" if excerpt else message, self)

    @property
    def links(self) -> dict[str, dict[str, str]]:
        """The links of the header `Link` (RFC 8288), by relation.

        `links["next"]["url"]` is the absolute URL; the other keys are the link's attributes.
        """
        return _links.read(self.headers.get("link", ""), self.url)

    def _request(self) -> str:
        return f"the response to {shown(self.method, self.url)}"

    def _not_json(self, reason: Exception) -> str:
        """Return the message for a body that is not JSON. What the body is instead says more than the parser's reason."""
        words = self._excerpt()
        if not words:
            return f"{self._request()} is not JSON: its body is empty"
        if words.startswith("<"):
            return f"{self._request()} is {'HTML' if HTML.search(words) else 'XML'}, not JSON: {words}"
        return f"{self._request()} is not JSON ({reason}): {words}"

    def _excerpt(self) -> str:
        try:
            text = self.text
        except ContentDecodingError:
            text = self.content.decode("utf-8", "replace")
        words = " ".join(text[: 10 * EXCERPT].split())
        return words if len(words) <= EXCERPT else f"{words[:EXCERPT]}…"


def reached(method: str, url: str, history: Sequence[Response]) -> str:
    """Format a request for a message, with the one that redirected to it: the author has never written its URL."""
    if not history:
        return shown(method, url)
    return f"{shown(method, url)} ({shown(history[-1].method, history[-1].url)} redirected there)"


def shown(method: str, url: str) -> str:
    """Format a request for a message, without its query and user, which may hold secrets."""
    parts = urlsplit(url)
    return f"{method} {parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
