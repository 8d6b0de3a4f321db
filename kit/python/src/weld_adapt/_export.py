"""The component's exports, which call the function."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import TypeVar

from weld_connector import _export as kit
from weld_connector import _files, _host, _not_here, _sockets
from weld_connector.errors import ConnectorError

from . import _data, _failure, _imports, _memory, _page, _platform, _rehearsal, _routes, pandas_stand_in
from ._answer import Answer, failed
from ._function import Entry, Function
from ._own import OwnModules
from .clients.exchange import Count
from ._wrong_answer import WrongAnswer
from .tools import entry as entries
from .tools import keys, variables
from .tools.reads import Reads
from .tools.refusal import NotServed
from .tools.scan import Scan

PROJECT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
"""The folder with `app.py`."""
FUNCTION = os.path.join(PROJECT, "function")
PACKAGES = os.path.join(PROJECT, ".packages")


T = TypeVar("T")


class AdaptedFunction:
    """A function, called as a connector."""

    def __init__(self, folder: str, entry: entries.FoundEntry, module: str, checks: list[keys.KeyCheck]) -> None:
        self.folder = folder
        self.modules = OwnModules(folder)
        self.entry = Entry(module, entry.name, entry.is_lambda)
        self.checks = checks
        self._function: Function | None = None

    def schema(self) -> list[kit.PlainTable] | kit.Failure:
        """Return the tables."""
        return self._guarded(self._schema)

    def fetch_page(self, table: str, state: str) -> kit.PlainPage | kit.Failure:
        """Return a page of a table."""
        # The state is passed on unchanged, because it is already JSON.
        body = f'{{"name": {json.dumps(table)}, "state": {state}}}'
        return self._guarded(lambda: _read(_page.page, self._asked(self._begun(), "POST", "/", body)))

    def _begun(self) -> Function:
        Count.begin()
        self._function = None
        self._function = Function(self.modules, self.entry, self.checks)
        return self._function

    def _schema(self) -> list[kit.PlainTable]:
        function = self._begun()
        first: Exception | None = None
        # Weld requests the second if the function's URL ends with a slash.
        for path in ("/schema", "//schema"):
            try:
                return _read(_page.tables, self._asked(function, "GET", path))
            except Exception as error:
                first = first or error
        assert first is not None
        raise first

    def _asked(self, function: Function, method: str, path: str, body: str | None = None) -> Answer:
        answer = function.ask(method, path, body)
        if answer.status >= 300:
            raise failed(answer, self.checks)
        return answer

    def _guarded(self, work: Callable[[], T]) -> T | kit.Failure:
        try:
            return work()
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            return _failure.failure(error, self.folder, self._function.place if self._function else None)


def _read(read: Callable[[Answer], T], answer: Answer) -> T:
    """Read an answer. Its errors have no line of the function's own."""
    try:
        return read(answer)
    except ConnectorError as error:
        raise WrongAnswer(str(error)) from None


def make(module: str, entry: str | None, key_variable: str | None, stand_ins: tuple[str, ...]) -> type:
    """Return the class that componentize-py looks for."""
    try:
        function = prepared(FUNCTION, module, entry, key_variable, stand_ins)
    except NotServed as error:
        # Without the cause, because `weld-host build` shows only the last line.
        raise error from None
    if not _host.in_component:
        # `weld-host run` calls `install`; a test has a host of its own.
        return type("Source", (), {"function": function, "install": staticmethod(_routes.install)})
    from weld_connector import _component

    source = _component.source(function.schema, function.fetch_page, _files.DATA_LIMIT, ())
    _data.keep(FUNCTION, _component.runs)
    _routes.install()
    _not_here.install()
    _rehearsal.rehearse(AdaptedFunction)
    _memory.clear()
    return source


def prepared(
    folder: str, module: str, entry: str | None, key_variable: str | None, stand_ins: tuple[str, ...] = ()
) -> AdaptedFunction:
    """Return the function in `folder`, after loading everything that it may import."""
    scan = Scan(folder, f"{module}.py")
    found = entries.find(scan, entry)
    reads = Reads(scan)
    checks = keys.checks(scan, reads, variables.find(scan, reads), key_variable)
    _sockets.WAY_OUT = "the module requests sends requests through the host"
    if os.path.isdir(PACKAGES) and PACKAGES not in sys.path:
        sys.path.insert(0, PACKAGES)
    _platform.install()
    _routes.install_requests(PACKAGES)
    if "pandas" in stand_ins:
        pandas_stand_in.install()
    _imports.load(scan)
    return AdaptedFunction(folder, found, module, checks)
