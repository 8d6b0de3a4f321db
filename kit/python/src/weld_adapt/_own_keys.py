"""The function's own keys, as a request sends them."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from . import _environment
from .tools.keys import KeyCheck


@dataclass
class SentKeys:
    """The headers and query parameters with keys."""

    headers: dict[str, str]
    query: str
    """The part of the URL after `?`; empty if no key is a query parameter."""


def begin(checks: list[KeyCheck]) -> SentKeys:
    """Begin a call: set its variables, and return the keys that the function checks.

    A function that checks none still gets the header `Authorization`, because Weld sends it.
    """
    values = _environment.begin(check.variable for check in checks if check.variable)
    headers: dict[str, str] = {}
    arguments = {}
    basic: dict[str, str] = {}
    for check in checks:
        key = _key(check, values)
        if check.part is not None:
            basic[check.part] = key
        elif check.argument is not None:
            arguments[check.argument] = key
        else:
            headers[(check.header or "authorization").title()] = key
    if basic:
        pair = f"{basic.get('username', 'weld')}:{basic.get('password', '')}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    if "Authorization" not in headers:
        headers["Authorization"] = f"Bearer {secrets.token_hex(16)}"
    return SentKeys(headers, urlencode(arguments))


def _key(check: KeyCheck, values: Mapping[str, str]) -> str:
    key = check.text if check.variable is None else values[check.variable]
    assert key is not None
    return key if key.lower().startswith(check.prefix.lower()) else f"{check.prefix}{key}"
