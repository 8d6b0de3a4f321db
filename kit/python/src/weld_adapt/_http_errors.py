"""The exceptions of werkzeug that become answers."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, NoReturn

from ._response import Response


class HTTPException(Exception):
    """An answer with a status of 4xx or 5xx. Flask returns it if the function doesn't catch it."""

    code: int | None = None
    description: str | None = None

    def __init__(self, description: str | None = None, response: Response | None = None) -> None:
        super().__init__(description)
        if description is not None:
            self.description = description
        self.response = response

    @property
    def name(self) -> str:
        """The standard phrase for the status."""
        try:
            return HTTPStatus(self.code or 0).phrase
        except ValueError:
            return "Unknown Error"

    def __str__(self) -> str:
        return f"{self.code} {self.name}: {self.description or self.name}"

    def get_response(self, *_: Any) -> Response:
        """Return the answer: werkzeug's HTML page with the description."""
        if self.response is not None:
            return self.response
        words = self.description or self.name
        page = f"<!doctype html>\n<html lang=en>\n<title>{self.code} {self.name}</title>\n"
        return Response(f"{page}<h1>{self.name}</h1>\n<p>{words}</p>\n", self.code or 500)


def _of(status: HTTPStatus) -> type[HTTPException]:
    name = "".join(word.capitalize() for word in status.phrase.replace("-", " ").split())
    return type(name, (HTTPException,), {"code": status.value, "__doc__": f"{status.value} {status.phrase}."})


BY_CODE = {status.value: _of(status) for status in HTTPStatus if status.value >= 400}
"""The exceptions by their statuses."""


def abort(code: int | Response, *args: Any, **how: Any) -> NoReturn:
    """End the request with a status or a response."""
    if isinstance(code, Response):
        raise HTTPException(response=code)
    if code not in BY_CODE:
        raise LookupError(f"no exception for {code!r}")
    raise BY_CODE[code](*args, **how)
