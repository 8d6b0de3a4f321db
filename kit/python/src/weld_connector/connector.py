"""The classes for authors: a connector, its tables and their pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .errors import Duration


class Unset:
    """The type of `UNSET`."""

    def __repr__(self) -> str:
        return "UNSET"


UNSET = Unset()
"""The mark for a missing default, because `None` is a valid one."""


@dataclass
class Field:
    """A column with a declared type, which Weld doesn't infer.

    `type` is one of Weld's names ("string", "int", "long", "double", "boolean", "datetime", "array", "object"), or any
    other type as a list or dict. `default` is the value for rows without the field.
    """

    name: str
    type: str | Sequence[Any] | Mapping[str, Any]
    nullable: bool = False
    default: Any = UNSET


@dataclass
class Table:
    """A table. `primary_key` is the name of a column or several names. Without a key, each sync appends rows."""

    name: str
    primary_key: str | Sequence[str] = ()
    fields: Sequence[Field] = ()


@dataclass
class Page:
    """One page of a table.

    `rows` is a list of dicts. `state` is passed to the next call; Weld keeps it, also between syncs. With `None`, the next
    sync starts from the beginning. `wait` is the time in seconds, or a `timedelta`, that the host waits before the next
    page. Unlike `time.sleep`, it occupies no sandbox and survives a restart.
    """

    rows: Sequence[Mapping[str, Any]]
    state: Mapping[str, Any] | None = None
    has_more: bool = False
    wait: Duration | None = field(default=None)


class Connector:
    """The base class of a connector. Each call creates a new instance, so only the state is kept."""

    def schema(self) -> Sequence[Table]:
        """Return the tables."""
        raise NotImplementedError(f"{type(self).__name__} has no method schema(self)")

    def fetch_page(self, table: str, state: dict[str, Any]) -> Page:
        """Return one page of `table`. `state` is that of the table's last page; `{}` for its first."""
        raise NotImplementedError(f"{type(self).__name__} has no method fetch_page(self, table, state)")
