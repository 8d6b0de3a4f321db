"""The contract's exports, which call an author's connector and convert its results."""

from __future__ import annotations

import difflib
import inspect
import os
import re
import sys
import traceback
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from . import _files, _host, _json, _logging, _read_json
from .connector import Connector, Field, Page, Table, Unset
from .errors import ConnectorError, RateLimited, described, milliseconds
from .requests.exceptions import RequestException


@dataclass
class PlainField:
    """The contract's `field`."""

    name: str
    type: str
    named: bool
    default: str | None


@dataclass
class PlainTable:
    """The contract's `table`."""

    name: str
    primary_key: list[str]
    fields: list[PlainField]


@dataclass
class PlainPage:
    """The contract's `page`."""

    insert: str
    state: str
    has_more: bool
    wait_ms: int | None


@dataclass
class Failure:
    """The contract's `error`: its case and value."""

    kind: str
    value: str | int | None


def schema(connector: type[Connector]) -> list[PlainTable] | Failure:
    """Return the tables of `connector`."""
    try:
        tables = connector().schema()
        with _Returned(connector, "schema"):
            if not isinstance(tables, (list, tuple)):
                raise ConnectorError(f"schema returned {described(tables)}, not a list of tables")
            return [_table(table, number) for number, table in enumerate(tables, 1)]
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return failure(error)


def fetch_page(connector: type[Connector], table: str, state: str) -> PlainPage | Failure:
    """Return a page of `connector`."""
    try:
        page = connector().fetch_page(table, _read_json.read(state))
        with _Returned(connector, "fetch_page"):
            if not isinstance(page, Page):
                hint = {
                    type(None): "; does a path through it end without a return?",
                    list: "; write `return Page(rows)`",
                }.get(type(page), "")
                raise ConnectorError(f"fetch_page({table!r}) returned {described(page)}, not a Page{hint}")
            return _page(page)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return failure(error)


class _Returned:
    """Adds the place of the method whose result is refused to the error."""

    def __init__(self, connector: type[Connector], method: str) -> None:
        self._connector = connector
        self._method = method

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, _: object) -> None:
        if isinstance(error, ConnectorError) and (where := _definition(getattr(self._connector, self._method, None))):
            error.args = (f"{error} ({where})",)


def _definition(function: object) -> str | None:
    """Return the file and line where a function begins; `None` if it is not one of Python."""
    code = getattr(inspect.unwrap(function) if callable(function) else None, "__code__", None)
    return None if code is None else f"{relative(code.co_filename)}:{code.co_firstlineno}"


def _page(page: Page) -> PlainPage:
    if not isinstance(page.has_more, bool):
        raise ConnectorError(f"has_more of the page is {described(page.has_more)}, not True or False")
    if page.has_more and page.state is None:
        raise ConnectorError("has_more of the page is True, but it has no state, so the next call would get the same page")
    try:
        wait_ms = None if page.wait is None else milliseconds(page.wait, "the page's wait")
    except (TypeError, ValueError) as error:
        raise ConnectorError(str(error)) from None
    return PlainPage(
        _json.rows(page.rows),
        "null" if page.state is None else _json.object_(page.state, "the page's state"),
        page.has_more,
        wait_ms,
    )


def _table(table: object, number: int) -> PlainTable:
    if not isinstance(table, Table):
        raise ConnectorError(f"table {number} of the schema is {described(table)}, not a Table")
    name = _text(table.name, f"the name of table {number}")
    key = [table.primary_key] if isinstance(table.primary_key, str) else table.primary_key
    if not isinstance(key, (list, tuple)):
        raise ConnectorError(f"primary_key of {name} is {described(key)}, not a column's name or a list of them")
    if not isinstance(table.fields, (list, tuple)):
        raise ConnectorError(f"fields of {name} is {described(table.fields)}, not a list of fields")
    return PlainTable(
        name,
        [_text(column, f"a column in primary_key of {name}") for column in key],
        [_field(field, name) for field in table.fields],
    )


def _field(field: object, table: str) -> PlainField:
    if not isinstance(field, Field):
        raise ConnectorError(f"a field of {table} is {described(field)}, not a Field")
    name = _text(field.name, f"the name of a field of {table}")
    if isinstance(field.type, str):
        kind: Any = ["null", field.type] if field.nullable else field.type
    elif isinstance(field.type, (list, tuple)):
        null = ["null"] if field.nullable and "null" not in field.type else []
        kind = [*null, *field.type]
    else:
        kind = ["null", field.type] if field.nullable else field.type
    default = None
    if not isinstance(field.default, Unset):
        default = _json.anything(field.default, f"the default of {table}.{name}")
    if isinstance(kind, str):
        return PlainField(name, _text(kind, "a type"), True, default)
    return PlainField(name, _json.anything(kind, f"the type of {table}.{name}"), False, default)


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise ConnectorError(f"{name} is {described(value)}, not a string")
    return _host.printable(value)


def failure(error: BaseException) -> Failure:
    """Return the contract's error for an exception of a connector. Unexpected exceptions are also logged."""
    known = error
    if isinstance(error, RequestException):
        known = error.as_connector_error()
    if isinstance(known, RateLimited):
        return Failure(known.kind, known.wait_ms)
    if isinstance(known, ConnectorError):
        return Failure(known.kind, _host.printable(str(known) or type(known).__name__))
    _logging.log("error", _traceback(error))
    try:
        text = str(error)
    except Exception:
        text = "its text is not available"
    message = f"{type(error).__name__}: {text}" if text else type(error).__name__
    if shown := place(error):
        message += f" ({shown})"
    if (lack := _lack(error, text)) and NO_FILES not in text:
        message += f"; {NO_FILES}: {lack}"
    return Failure("other", _host.printable(message))


def without_path(error: ImportError) -> str:
    """Return the text for a name that a module lacks, with the one that was probably meant instead of the module's path."""
    text = str(error).removesuffix(f" ({error.path})")
    wanted = re.match(r"cannot import name '(\w+)'", text)
    module = sys.modules.get(error.name or "")
    likely = difflib.get_close_matches(wanted[1], dir(module), n=1, cutoff=0.7) if wanted and module else []
    return f"{text}; did you mean {likely[0]}?" if likely else text


NO_FILES = "a component has no files when it runs"


def _lack(error: BaseException, text: str) -> str | None:
    """Return what to do about an error that means that a component has no files; `None` for other errors."""
    if isinstance(error, ImportError):
        return "move imports to the top of a module"
    if not _host.in_component:
        return None
    # The kit's own refusals say more. A database is a file unless it is in memory.
    is_network = isinstance(error, (ConnectionError, TimeoutError))
    is_file = isinstance(error, OSError) and not is_network and "a component" not in text
    if is_file or "unable to open database file" in text:
        return "read files at the top of a module, and keep values for the next page in the state"
    return None


def place(error: BaseException) -> str | None:
    """Return the file and line of the connector's own frame that is nearest to the exception, such as "app.py:46"."""
    own = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith((KIT, "<", *NOT_OWN)) and "site-packages" not in frame.filename
    ]
    if not own:
        return None
    return f"{relative(own[-1].filename)}:{own[-1].lineno}"


KIT = os.path.dirname(os.path.abspath(__file__)) + os.sep
NOT_OWN = ("/python/", "/bundled/", "/world/", os.path.dirname(os.__file__) + os.sep)
"""The folders of Python itself, in a component and here."""


def relative(path: str) -> str:
    """Return a path as the author knows it. In a component, `/0` is the connector's folder, `/1` that of packages."""
    if not _host.in_component and path.startswith(os.getcwd() + os.sep):
        return os.path.relpath(path)
    return re.sub(r"^/\d+/", "", path)


def frames(error: BaseException) -> str:
    """Return the traceback without its last part, the exception itself. Empty if it has at most one frame."""
    if sum(_is_shown(frame.filename) for frame in traceback.extract_tb(error.__traceback__)) < 2:
        return ""
    return _traceback(error).removesuffix("".join(traceback.format_exception_only(error)).rstrip()).rstrip()


def _traceback(error: BaseException) -> str:
    """Return the traceback with the frames of the connector and of packages, without those of the kit and of Python."""
    shown = traceback.TracebackException.from_exception(error)
    queue: list[traceback.TracebackException | None] = [shown]
    while queue:
        one = queue.pop()
        if one is None:
            continue
        # If all frames are the kit's, they are all that is known.
        if own := [frame for frame in one.stack if _is_shown(frame.filename)]:
            one.stack = traceback.StackSummary.from_list(own)
        queue += [one.__cause__, one.__context__, *(getattr(one, "exceptions", None) or ())]
    text = "".join(shown.format()).rstrip()
    return re.sub(r'(?m)^(\s+File ")([^"]+)', lambda found: found[1] + relative(found[2]), text)


def _is_shown(path: str) -> bool:
    return not path.startswith((KIT, "<", *NOT_OWN)) or "site-packages" in path


def export(
    connector: type[Connector], *, data_limit: int = _files.DATA_LIMIT, without_data: Collection[str] = ()
) -> type:
    """Return the component's exports: put `Source = export(Shop)` at the end of the module that componentize-py loads.

    The data files of imported packages become a part of the component: at most `data_limit` bytes, without those of the
    packages in `without_data`.
    """
    if not isinstance(connector, type):
        raise TypeError(f"export takes the connector's class, as in export(Shop), not {described(connector)}")
    for method, given in (("schema", 0), ("fetch_page", 2)):
        _check_method(connector, method, given)
    if _host.in_component:
        from . import _component

        return _component.source(
            lambda: schema(connector),
            lambda table, state: fetch_page(connector, table, state),
            data_limit,
            without_data,
        )
    return type("Source", (), {"connector": connector})


def _check_method(connector: type, name: str, given: int) -> None:
    """Check that `connector` has a method that can be called with this number of arguments."""
    method = getattr(connector, name, None)
    parameters = "self" if given == 0 else "self, table, state"
    if not callable(method) or method is getattr(Connector, name):
        raise Unusable(f"class {connector.__name__} has no method {name}: add `def {name}({parameters}):`", _class(connector))
    if inspect.iscoroutinefunction(method) or inspect.isasyncgenfunction(method):
        raise Unusable(f"{name} is async, which a component can't call: write `def {name}`", _definition(method))
    try:
        signature = inspect.signature(method)
    except (TypeError, ValueError):
        # Such as a builtin.
        return
    is_static = isinstance(inspect.getattr_static(connector, name), (staticmethod, classmethod))
    try:
        signature.bind(*[None] * (given if is_static else given + 1))
    except TypeError:
        raise Unusable(
            f"{name} of {connector.__name__} takes the parameters {signature}, not ({parameters}):"
            f" write `def {name}({parameters}):`",
            _definition(method),
        ) from None


class Unusable(TypeError):
    """A class can't be a connector. `place` is the file and line to change."""

    def __init__(self, text: str, place: str | None) -> None:
        super().__init__(text)
        self.place = place


def _class(connector: type) -> str | None:
    """Return the file and line of a class."""
    try:
        return f"{relative(inspect.getsourcefile(connector) or '?')}:{inspect.getsourcelines(connector)[1]}"
    except (OSError, TypeError):
        return None
