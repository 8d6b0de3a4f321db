"""The component's side: the contract through componentize-py's bindings. Imported only within a component."""

from __future__ import annotations

import linecache
import sys
import time
from collections.abc import Callable, Collection
from typing import Any

from componentize_py_types import Err  # type: ignore[import-not-found, unused-ignore]
from wit_world.exports import source as wit_source  # type: ignore[import-not-found, unused-ignore]
from wit_world.imports import host as wit  # type: ignore[import-not-found, unused-ignore]

from . import _export, _files, _host, _image, _logging, _not_here, _rehearsal, _sleep, _sockets, _stack


class RealHost:
    """The host around a component. While the component is built there is no host, and a call would end the build."""

    def __init__(self) -> None:
        self.runs = False

    def fetch(self, request: _host.Request) -> _host.Answer:
        _host.must_run(self.runs, "a request is sent")
        body = request.body
        try:
            response = wit.http_fetch(
                wit.HttpRequest(
                    request.method,
                    request.url,
                    request.headers,
                    None if body is None else wit.Body_Text(body) if isinstance(body, str) else wit.Body_Bytes(body),
                    request.timeout_ms,
                    request.idempotent,
                    request.credential,
                )
            )
        except Err as error:
            raise _refused(error.value) from None
        return _host.Answer(response.status, response.headers, response.body.value, response.url)

    def sleep(self, duration_ms: int) -> None:
        _host.must_run(self.runs, "time.sleep is called")
        try:
            wit.sleep(duration_ms)
        except Err as error:
            raise _host.TooLong(error.value.left) from None

    def environment(self) -> dict[str, str]:
        _host.must_run(self.runs, "a variable is read")
        return dict(wit.environment())

    def log(self, level: str, message: str) -> None:
        if self.runs:
            wit.log(getattr(wit.LogLevel, level.upper()), message)
        else:
            print(f"{level}: {message}", file=sys.stderr)


def _refused(error: object) -> _host.Refused:
    """Convert an error of the bindings: `HttpError_TooLarge()` becomes `Refused("too-large")`."""
    name = type(error).__name__.removeprefix("HttpError_")
    case = "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("-")
    return _host.Refused(case, getattr(error, "value", None))


HOST = RealHost()


Schema = Callable[[], list[_export.PlainTable] | _export.Failure]
FetchPage = Callable[[str, str], _export.PlainPage | _export.Failure]


def source(schema: Schema, fetch_page: FetchPage, data_limit: int, without_data: Collection[str]) -> type:
    """Return the class that componentize-py looks for; it calls `schema` and `fetch_page`."""

    class Source:
        # Instantiated while the component is built, unlike the connector, whose __init__ may read variables.

        def schema(self) -> list[Any]:
            HOST.runs = True
            tables = _stack.shortened(schema)
            return [_table(table) for table in _unwrapped(tables)]

        def fetch_page(self, table: str, state: str) -> Any:
            HOST.runs = True
            page = _unwrapped(_stack.shortened(lambda: fetch_page(table, state)))
            return wit_source.Page(page.insert, page.state, page.has_more, page.wait_ms)

    _keep_sources()
    # Again, for modules that were imported after the kit and have their own names for the functions.
    _sockets.install(runs)
    _not_here.install()
    _files.keep(data_limit, without_data, runs)
    _rehearsal.rehearse(_rehearsal.call_connector)
    _image.settle()
    return Source


def runs() -> bool:
    """Whether a call has begun; before the first call, the component is being built."""
    return HOST.runs


def _unwrapped(result: Any) -> Any:
    if not isinstance(result, _export.Failure):
        return result
    case = getattr(wit_source, "Error_" + "".join(part.capitalize() for part in result.kind.split("-")))
    raise Err(case() if result.kind == "unknown-table" else case(result.value))


def _table(table: _export.PlainTable) -> Any:
    return wit_source.Table(table.name, table.primary_key, [_field(field) for field in table.fields])


def _field(field: _export.PlainField) -> Any:
    kind = wit_source.FieldType_Named if field.named else wit_source.FieldType_Described
    return wit_source.Field(field.name, kind(field.type), field.default)


def _keep_sources() -> None:
    """Keep the lines of the connector's modules for tracebacks, because the component has no files when it runs."""
    for module in list(sys.modules.values()):
        path = getattr(module, "__file__", None)
        if not isinstance(path, str) or path.startswith(("/python/", "/bundled/")):
            continue
        lines = linecache.getlines(path)
        # Without a modification time, linecache doesn't check the file system for changes.
        linecache.cache[path] = (sum(map(len, lines)), None, lines, path)


_host.current = HOST
_sockets.install(runs)
_not_here.install()
_logging.install()
time.sleep = _sleep.sleep  # type: ignore[assignment]
