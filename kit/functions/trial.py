"""Adapts, builds and syncs one function against the fake, and compares the results with its `case.json`."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from fake import ORIGIN, Fake

PATIENCE = 1200
"""The seconds that one command may take on a busy machine."""


class Trial:
    """A function's folder, with its author's files in `function/`.

    `case.json` has these members; all except `rows` are optional:

    - `adapt`: further arguments of `weld-host adapt`
    - `file`: the file to adapt instead of the folder
    - `env`: the host's variables
    - `says`, `settings`: regular expressions, each of which must match a line of `adapt`'s output, or of `NAME.toml`
    - `rows`: all rows, by table
    - `requests`: all requests that the API must receive for these rows, in the order of the schema's tables
    - `fails`: by table, a regular expression for the failure of its sync
    - `without`: by variable, a regular expression for the failure of the sync if `NAME.toml` lacks the variable
    """

    def __init__(self, folder: Path, work: Path, host: Path, tools: Path | None) -> None:
        self.name = folder.name
        self._given = folder / "function"
        self._case: dict[str, Any] = json.loads((folder / "case.json").read_text())
        self._work = work
        self._plugins = work / "plugins"
        self._host = host
        path = os.environ["PATH"]
        # A function gets no variables of the caller. Each connector is compiled only once.
        self._environment = {
            "PATH": f"{tools}:{path}" if tools else path,
            "HOME": os.environ["HOME"],
            "WELD_CACHE": str(work / "cache"),
        }

    def run(self) -> list[str]:
        """Returns what is wrong; an empty list if nothing is."""
        said, status = self._adapt()
        if status != 0:
            return [f"adapt failed:\n{said}"]
        lines = self._case.get("says", [])
        wrong = [f"the output of adapt has no line that matches {line}:\n{said}" for line in lines if not matches(line, said)]
        settings = (self._plugins / f"{self.name}.toml").read_text()
        wrong += [
            f"the settings have no line that matches {line}:\n{settings}"
            for line in self._case.get("settings", [])
            if not matches(line, settings)
        ]
        wrong += self._changed_files()
        return wrong + self._synced() + self._failed()

    def _adapt(self) -> tuple[str, int]:
        source = self._given / self._case["file"] if "file" in self._case else self._given
        words = ["adapt", source, "-o", self._work / self.name, "--plugins", self._plugins]
        return self._weld_host([*words, *self._case.get("adapt", [])], {})

    def _changed_files(self) -> list[str]:
        """Returns the author's files that have changed."""
        made = self._work / self.name / "function"
        return [
            f"{path} has been changed"
            for path in self._given.rglob("*")
            if path.is_file() and (made / path.relative_to(self._given)).read_bytes() != path.read_bytes()
        ]

    def _synced(self) -> list[str]:
        tables = self._case["rows"]
        to = self._work / "rows" / self.name
        said, status, asked = self._sync(self._plugins, list(tables), to)
        if status != 0:
            return [f"the sync failed:\n{said}"]
        wrong = []
        for table, expected in tables.items():
            path = to / f"{table}.jsonl"
            found = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
            if found != expected:
                wrong.append(f"rows of {table}:\n{json.dumps(found)}\nexpected:\n{json.dumps(expected)}")
        requests = self._case.get("requests", asked)
        if asked != requests:
            wrong.append(f"requests to the API:\n{json.dumps(asked)}\nexpected:\n{json.dumps(requests)}")
        return wrong

    def _failed(self) -> list[str]:
        """Returns what does not fail as it should. A failing sync retries for seconds, so all of them run concurrently."""
        questions = [(self._plugins, [table], words) for table, words in self._case.get("fails", {}).items()]
        for variable, words in self._case.get("without", {}).items():
            questions.append((self._plugins_without(variable), list(self._case["rows"]), words))
        with ThreadPoolExecutor(4) as threads:
            return [text for wrong in threads.map(lambda question: self._fails(*question), questions) for text in wrong]

    def _plugins_without(self, variable: str) -> Path:
        """Creates a folder with the component and with settings that lack the variable."""
        plugins = self._own_folder()
        component = f"{self.name}.wasm"
        os.link(self._plugins / component, plugins / component)
        settings = (self._plugins / f"{self.name}.toml").read_text().splitlines(keepends=True)
        kept = [line for line in settings if not line.startswith(f"{variable} = ")]
        (plugins / f"{self.name}.toml").write_text("".join(kept))
        return plugins

    def _fails(self, plugins: Path, tables: list[str], words: str) -> list[str]:
        said, status, _ = self._sync(plugins, tables, self._own_folder())
        if status == 0:
            return [f"{tables} were synced, but should fail with {words}"]
        return [] if matches(words, said) else [f"the sync of {tables} does not fail with {words}:\n{said}"]

    def _own_folder(self) -> Path:
        return Path(tempfile.mkdtemp(prefix=f"{self.name}-", dir=self._work / "rows"))

    def _sync(self, plugins: Path, tables: list[str], to: Path) -> tuple[str, int, list[str]]:
        """Returns the command's output, its exit status, and the requests that the API received."""
        fake = Fake()
        try:
            words = ["sync", plugins / f"{self.name}.wasm", "--to", f"{to}/", "--full"]
            words += ["--map", f"{ORIGIN}={fake.address}"]
            for table in tables:
                words += ["--table", table]
            said, status = self._weld_host(words, self._case.get("env", {}))
            return said, status, fake.asked
        finally:
            fake.stop()

    def _weld_host(self, words: list[Any], variables: dict[str, str]) -> tuple[str, int]:
        ended = subprocess.run(
            [self._host, *words],
            cwd=self._work,
            env={**self._environment, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        return ended.stdout, ended.returncode


def matches(expression: str, text: str) -> bool:
    """Whether the expression matches somewhere in a line."""
    return any(re.search(expression, line) for line in text.splitlines())
