"""A stand-in for the two calls of pandas that connectors make: `json_normalize` and `DataFrame(…).to_dict("records")`.

For a missing value, pandas writes NaN; this writes `None`, which JSON can represent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ._flask_json import public_dumps
from ._platform import module


class DataFrame:
    """Rows with the same columns."""

    def __init__(self, data: Any = None, columns: Sequence[Any] | None = None) -> None:
        rows: list[dict[Any, Any]]
        if isinstance(data, DataFrame):
            rows = data.to_dict("records")
        elif isinstance(data, Mapping):
            rows = _of_columns(data)
        else:
            rows = [_row(one, columns) for one in data or ()]
        self._columns = list(columns) if columns is not None else list(dict.fromkeys(key for row in rows for key in row))
        self._rows: list[dict[Any, Any]] = [{name: row.get(name) for name in self._columns} for row in rows]

    @property
    def columns(self) -> list[Any]:
        """The column names, which may be set."""
        return list(self._columns)

    @columns.setter
    def columns(self, names: Sequence[Any]) -> None:
        renamed = list(names)
        if len(renamed) != len(self._columns):
            raise ValueError(f"Length mismatch: {len(self._columns)} columns, but {len(renamed)} names")
        self._rows = [dict(zip(renamed, row.values(), strict=True)) for row in self._rows]
        self._columns = renamed

    @property
    def empty(self) -> bool:
        """Whether there are no rows."""
        return not self._rows

    def __len__(self) -> int:
        return len(self._rows)

    def rename(self, columns: Mapping[Any, Any] | Callable[[Any], Any]) -> DataFrame:
        """Return the rows with renamed columns."""
        new = columns if callable(columns) else lambda name: columns.get(name, name)
        made = DataFrame(self)
        made.columns = [new(name) for name in self._columns]
        return made

    def fillna(self, value: Any) -> DataFrame:
        """Return the rows with `value` for each missing value."""
        made = DataFrame(self)
        made._rows = [{name: value if one is None else one for name, one in row.items()} for row in self._rows]
        return made

    def to_dict(self, orient: str = "dict") -> Any:
        """Return the rows as dicts; `orient` must be "records"."""
        if orient != "records":
            raise NotImplementedError(f'the stand-in for pandas has only to_dict("records"), not {orient!r}')
        return [dict(row) for row in self._rows]

    def to_json(self, orient: str = "records") -> str:
        """Return the rows as JSON."""
        return public_dumps(self.to_dict(orient), sort_keys=False)

    def iterrows(self) -> Iterator[tuple[int, dict[Any, Any]]]:
        """Iterate over the rows with their numbers."""
        return enumerate(self.to_dict("records"))

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"the stand-in for pandas has no DataFrame.{name}")

    def __getitem__(self, key: Any) -> Any:
        raise NotImplementedError(f"the stand-in for pandas can't compute with columns, such as DataFrame[{key!r}]")

    def __setitem__(self, key: Any, value: Any) -> None:
        self[key]


def json_normalize(
    data: Any,
    record_path: str | Sequence[str] | None = None,
    meta: Sequence[str] | None = None,
    sep: str = ".",
    max_level: int | None = None,
    **others: Any,
) -> DataFrame:
    """Flatten nested dicts into rows with names such as `user.id`."""
    if others:
        raise NotImplementedError(f"the stand-in for pandas has no json_normalize(…, {next(iter(others))}=…)")
    given = [data] if isinstance(data, Mapping) else list(data)
    if record_path is None:
        return DataFrame([_flat(one, sep, max_level) for one in given])
    path = [record_path] if isinstance(record_path, str) else list(record_path)
    rows = []
    for one in given:
        records = one
        for key in path:
            records = records[key]
        kept = {name: one.get(name) for name in meta or ()}
        rows += [{**_flat(record, sep, max_level), **kept} for record in records]
    return DataFrame(rows)


def _flat(value: Mapping[str, Any], sep: str, levels: int | None, before: str = "") -> dict[str, Any]:
    row: dict[str, Any] = {}
    for key, item in value.items():
        name = f"{before}{key}"
        if isinstance(item, Mapping) and item and levels != 0:
            row.update(_flat(item, sep, None if levels is None else levels - 1, f"{name}{sep}"))
        else:
            row[name] = item
    return row


def _row(one: Any, columns: Sequence[Any] | None) -> dict[Any, Any]:
    if isinstance(one, Mapping):
        return dict(one)
    values = list(one) if isinstance(one, (list, tuple)) else [one]
    return dict(zip(columns if columns is not None else range(len(values)), values, strict=False))


def _of_columns(data: Mapping[Any, Any]) -> list[dict[Any, Any]]:
    columns = {name: list(values) if isinstance(values, (list, tuple)) else [values] for name, values in data.items()}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def install() -> None:
    """Put the module where imports find it."""
    module("pandas", DataFrame=DataFrame, json_normalize=json_normalize)
