"""What the function answered, as Weld reads it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from weld_connector import _json, _read_json
from weld_connector.errors import ConnectorError, Misconfigured, RateLimited, Unauthorized, Upstream
from weld_connector.requests._refusal import seconds_until

from ._headers import Headers

EXCERPT = 300
"""How many characters of an answer an error quotes."""


@dataclass
class Answer:
    """An answer of the function. `value` is a dict that it returned as it is, to be written by `dumps`."""

    status: int
    headers: Headers = field(default_factory=Headers)
    text: str = ""
    value: dict[Any, Any] | None = None
    dumps: Callable[..., str] | None = None

    def object_(self) -> dict[Any, Any]:
        """The object of an answer that went well. Text is read as JSON, whatever its content type."""
        if self.value is not None:
            return self.value
        try:
            value = _read_json.read(self.text)
            if isinstance(value, str):
                # Encoded twice.
                value = _read_json.read(value)
        except json.JSONDecodeError as error:
            shown = excerpt(self.text) or "it is empty"
            raise ConnectorError(f"the function's answer is not JSON ({error}): {shown}") from None
        except _read_json.NotANumber as error:
            raise ConnectorError(f"the function's answer is not JSON: {str(error).partition(';')[0]}") from None
        if not isinstance(value, dict):
            raise ConnectorError(f"the function's answer is not an object: {excerpt(self.text)}")
        return value

    def written(self, value: Any, check: Callable[[Any], str]) -> str:
        """A part of the object as JSON, by the rules of the function's platform; `check` says what is wrong with it."""
        if self.dumps is None:
            return check(value)
        try:
            text = self.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=False, allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            # The kit's own words name row and field.
            check(value)
            raise ConnectorError(f"the function's answer can't be written as JSON: {error}") from None
        if not text.isascii():
            try:
                text.encode()
            except UnicodeEncodeError:
                text = self.dumps(value, separators=(",", ":"), sort_keys=False, allow_nan=False)
        return text


def excerpt(text: str) -> str:
    """The beginning of a text, in one line."""
    words = " ".join(text[: 10 * EXCERPT].split())
    return words if len(words) <= EXCERPT else f"{words[:EXCERPT]}…"


def shown(value: Any) -> str:
    """The beginning of a value, in one line."""
    try:
        return excerpt(_json.write(value))
    except _json.Unwritable:
        return excerpt(repr(value))


def failed(answer: Answer, key_variable: str | None, sent_requests: int) -> ConnectorError:
    """The contract's error for a status from 300 on.

    `sent_requests` is how many requests the function sent to others before. One that sent none and refuses has refused
    the key.
    """
    words = answer.text if answer.value is None else shown(answer.value)
    said = f"the function answered {answer.status}: {excerpt(words)}".removesuffix(": ")
    if answer.status in (401, 403):
        if sent_requests == 0:
            which = f"as {key_variable}" if key_variable else "in the header Authorization"
            return Misconfigured(
                f"{said}; it sent no request before, so it refused the key that it got {which}: if it reads another"
                " variable, name that as key_variable in app.py (`weld-host adapt --key-variable`)"
            )
        return Unauthorized(said)
    if answer.status == 429:
        return RateLimited(seconds_until(answer.headers.get("retry-after")))
    if answer.status in (502, 503, 504):
        return Upstream(said)
    return ConnectorError(said)
