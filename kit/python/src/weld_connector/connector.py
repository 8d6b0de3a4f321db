"""What an author writes: a connector, its tables and their pages."""

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
"""No default, since `None` is one."""


@dataclass
class Field:
    """A column that Weld needn't infer.

    `type` is one of Weld's names ("string", "int", "long", "double", "boolean", "datetime", "array", "object"), or any
    other type as a list or dict. `default` is the value of rows that lack the field.
    """

    name: str
    type: str | Sequence[Any] | Mapping[str, Any]
    nullable: bool = False
    default: Any = UNSET


@dataclass
class Table:
    """A table. `primary_key` is a column's name or several; a table without one is appended to."""

    name: str
    primary_key: str | Sequence[str] = ()
    fields: Sequence[Field] = ()


@dataclass
class Page:
    """One page of a table.

    `rows` is a list of dicts. `state` is what the next call needs to go on; Weld keeps it, also between syncs, and
    `None` forgets everything, so that the next sync begins anew. `wait` is how long the host is to wait before the
    next page, in seconds: unlike `time.sleep`, it holds no sandbox and survives a restart.
    """

    rows: Sequence[Mapping[str, Any]]
    state: Mapping[str, Any] | None = None
    has_more: bool = False
    wait: Duration | None = field(default=None)


class Connector:
    """The base of a connector. One is made for each call, so nothing stays but the state."""

    def schema(self) -> Sequence[Table]:
        """The tables on offer."""
        raise NotImplementedError(f"{type(self).__name__} has no method schema(self)")

    def fetch_page(self, table: str, state: dict[str, Any]) -> Page:
        """One page of `table`. `state` is that of its last page, `{}` on its first."""
        raise NotImplementedError(f"{type(self).__name__} has no method fetch_page(self, table, state)")
