"""Writes Python's values as JSON, for the rows and the state of a page.

Times become ISO 8601, a `Decimal` a number with all its digits, a `UUID` text. A value that JSON can't represent is an
error that names its place.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from .errors import ConnectorError, described

DEEPEST = 64
"""The number of levels of a value that are searched for the cause of an error."""

CIRCULAR = "it contains itself"


class Unwritable(Exception):
    """A value can't be written as JSON."""


def write(value: Any) -> str:
    """Write `value` as JSON. Raises `Unwritable`, which does not name the place."""
    # Python's encoder writes only its own number types. A Decimal passes through it as a text with a random mark, so that
    # no other text in a row can look like one.
    mark = ""

    def other(value: object) -> object:
        nonlocal mark
        if isinstance(value, Decimal):
            if not value.is_finite():
                raise Unwritable(f"{value} is not a valid number in JSON")
            mark = mark or secrets.token_hex(8)
            return f"{mark}{value}"
        return _plain(value)

    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"), default=other)
        if not text.isascii():
            try:
                text.encode()
            except UnicodeEncodeError:
                # Half of a surrogate pair can't be encoded in UTF-8, but can be escaped in JSON.
                text = json.dumps(value, allow_nan=False, separators=(",", ":"), default=other)
    except ValueError as error:
        raise Unwritable(_reason(error)) from None
    except (TypeError, RecursionError) as error:
        raise Unwritable(str(error)) from None
    if mark:
        text = re.sub(f'"{mark}([^"]*)"', r"\1", text)
    return text


def _plain(value: object) -> object:
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        raise Unwritable(f"{described(value)} can't be written as JSON: decode it, or encode it in base64")
    raise Unwritable(f"{described(value)} can't be written as JSON")


def _reason(error: ValueError) -> str:
    text = str(error)
    if text.startswith("Circular reference"):
        return CIRCULAR
    if text.startswith("Out of range float"):
        return "NaN and Infinity are not valid numbers in JSON"
    # Such as an int with thousands of digits.
    return text


def rows(value: object) -> str:
    """Write the rows of a page. Raises a `ConnectorError` that names row and field."""
    if not isinstance(value, (list, tuple)):
        hint = ""
        if hasattr(value, "__next__") or isinstance(value, (set, frozenset)):
            hint = "; convert it with list(…)"
        elif isinstance(value, Mapping):
            hint = "; for one row, use [row]"
        raise ConnectorError(f"the rows of a page are {described(value)}, not a list of dicts{hint}")
    for number, row in enumerate(value, 1):
        if not isinstance(row, Mapping):
            raise ConnectorError(f"row {number} is {described(row)}, not a dict")
        for key in row:
            if not isinstance(key, str):
                raise ConnectorError(f"row {number} has the key {key!r:.100}, {described(key)}, not a string")
    try:
        return write(value)
    except Unwritable:
        for number, row in enumerate(value, 1):
            _complain(row, f"row {number}", ", field ")
        raise


def object_(value: object, name: str) -> str:
    """Write a dict, such as a state; errors call it `name`."""
    if not isinstance(value, Mapping):
        raise ConnectorError(f"{name} is {described(value)}, not a dict")
    for key in value:
        if not isinstance(key, str):
            raise ConnectorError(f"{name} has the key {key!r:.100}, {described(key)}, not a string")
    return anything(value, name)


def anything(value: object, name: str) -> str:
    """Write any value; errors call it `name`."""
    try:
        return write(value)
    except Unwritable:
        _complain(value, name, ", field ")
        raise


def _complain(value: object, place: str, between: str, depth: int = 0) -> None:
    """Raise an error with the innermost place in `value` that can't be written, if there is one."""
    try:
        write(value)
        return
    except Unwritable as error:
        reason = str(error)
    # A circular value has no innermost place.
    if depth < (1 if reason == CIRCULAR else DEEPEST):
        if isinstance(value, Mapping):
            for key, item in value.items():
                _complain(item, f"{place}{between}{key}", ".", depth + 1)
        elif isinstance(value, (list, tuple)):
            for number, item in enumerate(value):
                _complain(item, f"{place}[{number}]", between if between == ", field " else ".", depth + 1)
    shown = f" ({value!r})" if isinstance(value, (float, Decimal)) else ""
    raise ConnectorError(f"{place}{shown}: {reason}")
