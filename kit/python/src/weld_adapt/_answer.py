"""The function's answer, as Weld reads it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from weld_connector import _json, _read_json
from weld_connector.errors import ConnectorError, Misconfigured, RateLimited, Unauthorized, Upstream
from weld_connector.requests._refusal import seconds_until

from ._headers import Headers
from .clients.exchange import Count
from .tools.keys import KeyCheck

EXCERPT = 300
"""The number of characters of an answer that an error quotes."""


@dataclass
class Answer:
    """An answer of the function. `value` is a dict that it returned; `dumps` writes it as JSON."""

    status: int
    headers: Headers = field(default_factory=Headers)
    text: str = ""
    value: dict[Any, Any] | None = None
    dumps: Callable[..., str] | None = None

    def object_(self) -> dict[Any, Any]:
        """Return the object of a successful answer. Text is read as JSON, whatever its content type."""
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
        """Write a part of the object as JSON, by the rules of the function's platform.

        `check` writes it by the kit's rules. Its errors name row and field.
        """
        if self.dumps is None:
            return check(value)
        try:
            text = self.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=False, allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            check(value)
            raise ConnectorError(f"the function's answer can't be written as JSON: {error}") from None
        if not text.isascii():
            try:
                text.encode()
            except UnicodeEncodeError:
                text = self.dumps(value, separators=(",", ":"), sort_keys=False, allow_nan=False)
        return text


def excerpt(text: str) -> str:
    """Return the beginning of a text, in one line."""
    words = " ".join(text[: 10 * EXCERPT].split())
    return words if len(words) <= EXCERPT else f"{words[:EXCERPT]}…"


def shown(value: Any) -> str:
    """Return the beginning of a value, in one line."""
    try:
        return excerpt(_json.write(value))
    except _json.Unwritable:
        return excerpt(repr(value))


def failed(answer: Answer, checks: list[KeyCheck]) -> ConnectorError:
    """Return the contract's error for a status of 300 or more; `checks` are the keys that the function got.

    A function that refuses without having sent a request has refused its own key. Only an API's refusal is `Unauthorized`.
    """
    words = answer.text if answer.value is None else shown(answer.value)
    if words[:200].lstrip().lower().startswith(("<!doctype", "<html")):
        # Such as the page that abort() creates.
        words = re.sub("<[^>]*>", " ", words[: 10 * EXCERPT])
    said = f"the function itself answered {answer.status}: {excerpt(words)}".removesuffix(": ") + Count.before()
    if answer.status in (401, 403):
        if Count.refused:
            return Unauthorized(said)
        if Count.sent:
            return ConnectorError(f"{said}; no API refused a request. If it refused its own key: {_of_keys(checks)}")
        return Misconfigured(f"{said}; it had sent no request, so it refused its own key: {_of_keys(checks)}")
    if answer.status == 429:
        return RateLimited(seconds_until(answer.headers.get("retry-after")))
    if answer.status in (502, 503, 504):
        return Upstream(said)
    return ConnectorError(said)


def _of_keys(checks: list[KeyCheck]) -> str:
    """Say which key the function got, and how to name another one."""
    other = "name the variable with the key: `weld-host adapt --key-variable NAME`"
    if not checks:
        return (
            f"it got a random one as `Authorization: Bearer`, because no check of a key was found in its source; {other}"
        )
    got = [
        f"{'the key from its source' if one.variable is None else f'the value of {one.variable}'} in {one.where}"
        for one in checks
    ]
    return f"it got {' and '.join(got)}; if it reads another one, {other}"
