"""Adapted functions in plain Python: written to a folder, prepared as while a component is built, and asked."""

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
    """A host whose variables are those of each call, whatever the one before has set."""

    def environment(self) -> dict[str, str]:
        return dict(self._env)


class Asked:
    """An adapted function and the host that it has."""

    def __init__(self, function: _export.AdaptedFunction, host: FakeHost) -> None:
        self._function = function
        self.host = host

    def schema(self) -> Any:
        """Tables by name, each with key and fields; or kind and text of a failure."""
        tables = self._function.schema()
        if not isinstance(tables, list):
            return tables.kind, tables.value
        return {
            table.name: (table.primary_key, [(field.name, field.type) for field in table.fields]) for table in tables
        }

    def page(self, table: str = "orders", state: Any = None) -> Any:
        """A page as Weld reads it; or kind and text of a failure."""
        page = self._function.fetch_page(table, json.dumps(state or {}))
        if not hasattr(page, "insert"):
            return page.kind, page.value
        return {"insert": json.loads(page.insert), "state": json.loads(page.state), "hasMore": page.has_more}

    def rows(self, table: str = "orders", state: Any = None) -> Any:
        """The rows of a page; or kind and text of a failure."""
        page = self.page(table, state)
        return page["insert"] if isinstance(page, dict) else page

    def logged(self) -> str:
        """The log as one text."""
        return "\n".join(f"{level}: {text}" for level, text in self.host.logs)


@contextlib.contextmanager
def adapted(
    files: str | Mapping[str, str],
    env: Mapping[str, str] | None = None,
    *,
    file: str = "main.py",
    entry: str | None = None,
    key_variable: str | None = "WELD_API_KEY",
) -> Iterator[Asked]:
    """A function of these files; of a text alone it is `main.py`."""
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
            yield Asked(function, host)


def answering(body: str, head: str = "") -> str:
    """A function of functions_framework with this body, for pages; `head` goes before it."""
    return (
        "import functions_framework\n"
        + textwrap.dedent(head)
        + "\n@functions_framework.http\ndef handler(req):\n"
        + textwrap.indent(textwrap.dedent(body), "    ")
    )
