"""Runs adapted functions in plain Python: writes them to a folder, prepares them as a build does, and calls them."""

from __future__ import annotations

import contextlib
import json
import sys
import tempfile
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from unittest import mock

from weld_adapt import _export
from weld_connector.testing import FakeHost

API = "https://api.example.com"


class CallHost(FakeHost):
    """A host that resets its variables for each call."""

    def environment(self) -> dict[str, str]:
        return dict(self._env)


class Called:
    """An adapted function and its host."""

    def __init__(self, function: _export.AdaptedFunction, host: FakeHost) -> None:
        self._function = function
        self.host = host

    def schema(self) -> Any:
        """Return the tables by name, each with key and fields; or kind and text of a failure."""
        tables = self._function.schema()
        if not isinstance(tables, list):
            return tables.kind, tables.value
        return {
            table.name: (table.primary_key, [(field.name, field.type) for field in table.fields]) for table in tables
        }

    def page(self, table: str = "orders", state: Any = None) -> Any:
        """Return a page as Weld reads it; or kind and text of a failure."""
        page = self._function.fetch_page(table, json.dumps(state or {}))
        if not hasattr(page, "insert"):
            return page.kind, page.value
        return {"insert": json.loads(page.insert), "state": json.loads(page.state), "hasMore": page.has_more}

    def rows(self, table: str = "orders", state: Any = None) -> Any:
        """Return the rows of a page; or kind and text of a failure."""
        page = self.page(table, state)
        return page["insert"] if isinstance(page, dict) else page

    def logged(self) -> str:
        """Return the log as one text."""
        return "\n".join(f"{level}: {text}" for level, text in self.host.logs)


@contextlib.contextmanager
def adapted(
    files: str | Mapping[str, str],
    env: Mapping[str, str] | None = None,
    *,
    file: str = "main.py",
    entry: str | None = None,
    key_variable: str | None = "WELD_API_KEY",
) -> Iterator[Called]:
    """Adapt a function with these files. A single text is `main.py`."""
    given = {"main.py": files} if isinstance(files, str) else files
    with tempfile.TemporaryDirectory() as folder, mock.patch.dict(sys.modules), mock.patch.object(
        sys, "meta_path", list(sys.meta_path)
    ):
        for name, text in given.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))
        function = _export.prepared(folder, file.removesuffix(".py"), entry, key_variable)
        with CallHost(env=env or {}) as host:
            yield Called(function, host)


def answering(body: str, head: str = "") -> str:
    """Return the source of a function of functions_framework with this body, after `head`."""
    return (
        "import functions_framework\n"
        + textwrap.dedent(head)
        + "\n@functions_framework.http\ndef handler(req):\n"
        + textwrap.indent(textwrap.dedent(body), "    ")
    )
