"""Requests and responses like those of the package `requests`."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from weld_connector.requests import exceptions
from weld_connector.requests.models import CaseInsensitiveDict
from weld_connector.requests.models import Response as KitResponse

from .cookies import Cookies


class PreparedRequest:
    """A request before it is sent, which `auth` and hooks may change."""

    def __init__(self, method: str, url: str, headers: CaseInsensitiveDict, body: str | bytes | None) -> None:
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body

    @property
    def path_url(self) -> str:
        """The URL's path and query."""
        rest = self.url.partition("://")[2]
        slash = rest.find("/")
        return rest[slash:] if slash >= 0 else "/"


class Response(KitResponse):
    """An API's response, with the members of `requests` that the kit's `Response` lacks. Its body is already read."""

    def __init__(
        self,
        status: int,
        headers: list[tuple[str, str]],
        body: str | bytes,
        url: str,
        request: PreparedRequest,
        elapsed: timedelta,
    ) -> None:
        super().__init__(status, headers, body, url, request.method)
        self.request = request
        self.elapsed = elapsed
        self.cookies = Cookies()
        self.cookies.learn(url, headers)
        self._raw: io.BytesIO | None = None

    def json(self, **how: Any) -> Any:
        """Return the body as JSON; `how` is passed to `json.loads`."""
        try:
            return json.loads(self.text, **how)
        except json.JSONDecodeError as error:
            raise exceptions.JSONDecodeError(self._not_json(error), error, self) from None

    @property
    def raw(self) -> io.BytesIO:
        """The body as a file."""
        if self._raw is None:
            self._raw = io.BytesIO(self.content)
        return self._raw

    @property
    def apparent_encoding(self) -> str:
        """The guessed encoding of the body."""
        try:
            self.content.decode()
        except UnicodeDecodeError:
            return "windows-1252"
        return "utf-8"

    @property
    def is_permanent_redirect(self) -> bool:
        """Whether it is a permanent redirect."""
        return self.status_code in (301, 308) and "location" in self.headers

    def iter_content(self, chunk_size: int | None = 1, decode_unicode: bool = False) -> Iterator[Any]:
        """Iterate over the body in pieces."""
        body: Any = self.text if decode_unicode else self.content
        size = chunk_size or max(len(body), 1)
        return (body[at : at + size] for at in range(0, len(body), size))

    def iter_lines(self, chunk_size: int = 512, decode_unicode: bool = False, delimiter: Any = None) -> Iterator[Any]:
        """Iterate over the lines of the body."""
        body: Any = self.text if decode_unicode else self.content
        return iter(body.split(delimiter) if delimiter else body.splitlines())

    def __iter__(self) -> Iterator[bytes]:
        return self.iter_content(128)

    def __enter__(self) -> Response:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Do nothing: the body is already read."""
