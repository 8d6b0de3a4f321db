"""Converts the function's pages and schemas to the contract's form."""

from __future__ import annotations

from typing import Any

from weld_connector import _host, _json, _logging
from weld_connector._export import PlainField, PlainPage, PlainTable
from weld_connector.errors import ConnectorError, described

from ._answer import Answer, shown

OF_PAGE = ("insert", "state", "hasMore")
"""The members of a page that Weld knows."""
KNOWN = ("primary_key", "primaryKey", "fields")
"""The members of a table that Weld knows."""


def page(answer: Answer) -> PlainPage:
    """Return the page of an answer."""
    value = answer.object_()
    missing = [name for name in ("insert", "hasMore") if name not in value]
    if missing:
        raise ConnectorError(f"the function's page has no {' and no '.join(missing)}: {shown(value)}")
    insert, state, has_more = value["insert"], value.get("state"), value["hasMore"]
    if not isinstance(insert, (list, tuple)):
        raise ConnectorError(f"insert of the function's page is {described(insert)}, not a list: {shown(value)}")
    if not isinstance(has_more, bool):
        raise ConnectorError(f"hasMore of the function's page is {described(has_more)}, not true or false")
    if state is not None and not isinstance(state, dict):
        raise ConnectorError(f"state of the function's page is {described(state)}, not an object")
    if not all(isinstance(row, dict) for row in insert):
        # The kit's error names the row.
        _json.rows(insert)
    unknown = [str(name) for name, member in value.items() if name not in OF_PAGE and member not in (None, [], {})]
    if unknown:
        _logging.log("warn", f"page: Weld reads only insert, state and hasMore, so this is ignored: {', '.join(unknown)}")
    rows = answer.written(insert, _json.rows)
    if state is None:
        return PlainPage(rows, "null", has_more, None)
    return PlainPage(rows, answer.written(state, _state), has_more, None)


def _state(value: object) -> str:
    return _json.object_(value, "the page's state")


def tables(answer: Answer) -> list[PlainTable]:
    """Return the tables of an answer to `/schema`."""
    value = answer.object_()
    schema = value.get("schema")
    if not isinstance(schema, dict):
        raise ConnectorError(f"the function's answer to /schema has no object `schema`: {shown(value)}")
    return [_table(name, table) for name, table in schema.items()]


def _table(name: str, table: object) -> PlainTable:
    if not isinstance(table, dict):
        raise ConnectorError(f"table {name} of the function's schema is {described(table)}, not an object")
    key = table.get("primary_key", table.get("primaryKey")) or []
    columns = [key] if isinstance(key, str) else key
    if not isinstance(columns, list) or not all(isinstance(column, str) for column in columns):
        raise ConnectorError(f"primary_key of {name} is {described(key)}, not a column's name or a list of them")
    fields = table.get("fields") or []
    if isinstance(fields, dict):
        kinds = fields.items()
        fields = [{"name": field, **(kind if isinstance(kind, dict) else {"type": kind})} for field, kind in kinds]
    if not isinstance(fields, list):
        raise ConnectorError(f"fields of {name} is {described(fields)}, not a list")
    unknown = [str(member) for member in table if member not in KNOWN]
    made = []
    for field in fields:
        if not isinstance(field, dict) or not isinstance(field.get("name"), str) or field.get("type") is None:
            unknown.append(f"the field {shown(field)}")
            continue
        unknown += [f"{field['name']}.{member}" for member in field if member not in ("name", "type", "default")]
        made.append(_field(field, name))
    if unknown:
        _logging.log("warn", f"schema: Weld doesn't know these parts of {name}, so they are ignored: {', '.join(unknown)}")
    return PlainTable(_host.printable(name), [_host.printable(column) for column in columns], made)


def _field(field: dict[str, Any], table: str) -> PlainField:
    name, kind = _host.printable(field["name"]), field["type"]
    default = _json.anything(field["default"], f"the default of {table}.{name}") if "default" in field else None
    if isinstance(kind, str):
        return PlainField(name, _host.printable(kind), True, default)
    return PlainField(name, _json.anything(kind, f"the type of {table}.{name}"), False, default)
