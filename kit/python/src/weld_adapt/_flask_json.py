"""JSON by Flask's rules: dates as in headers, `Decimal` and `UUID` as text, keys sorted."""

from __future__ import annotations

import dataclasses
import decimal
import json
import uuid
from datetime import date, datetime, timezone
from email.utils import format_datetime
from typing import Any


def default(value: Any) -> Any:
    """Return what Flask writes for a value that JSON can't represent."""
    if isinstance(value, date):
        return http_date(value)
    if isinstance(value, (decimal.Decimal, uuid.UUID)):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if hasattr(value, "__html__"):
        return str(value.__html__())
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def http_date(value: date) -> str:
    """Format a time as in a header: `Tue, 02 Jan 2024 03:04:05 GMT`. A time without a zone counts as UTC."""
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    in_utc = value.replace(tzinfo=timezone.utc) if value.tzinfo is None else value.astimezone(timezone.utc)
    return format_datetime(in_utc, usegmt=True)


def dumps(value: Any, **how: Any) -> str:
    """`flask.json.dumps`."""
    how.setdefault("default", default)
    how.setdefault("sort_keys", True)
    how.setdefault("separators", (",", ":"))
    return json.dumps(value, **how)


def public_dumps(value: Any, **how: Any) -> str:
    """`flask.json.dumps` as functions call it, with spaces after commas."""
    return dumps(value, **{"separators": None, **how})
