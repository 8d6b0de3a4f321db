"""One function: adapted, built, synced against the fake, and compared with what its `case.json` says."""

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
"""How long, in seconds, a busy machine may take for one command."""


class Trial:
    """A function's folder, with the files that its author has in `function/`.

    `case.json` has, all of it optional but `rows`:

    - `adapt`: more arguments of `weld-host adapt`
    - `file`: the file to adapt, instead of the folder
    - `env`: variables of the host
    - `says`, `settings`: expressions that match a line of what `adapt` prints, and of `NAME.toml`
    - `rows`: by table, all of its rows
    - `requests`: all that the API is asked for them, in the schema's order of tables
    - `fails`: by table, an expression for why its sync fails
    - `without`: by variable, an expression for why the sync fails if `NAME.toml` does not have it
    """

    def __init__(self, folder: Path, work: Path, host: Path, tools: Path | None) -> None:
        self.name = folder.name
        self._given = folder / "function"
        self._case: dict[str, Any] = json.loads((folder / "case.json").read_text())
        self._work = work
        self._plugins = work / "plugins"
        self._host = host
        path = os.environ["PATH"]
        # Nothing of the caller's reaches a function. Connectors are compiled once.
        self._environment = {
            "PATH": f"{tools}:{path}" if tools else path,
            "HOME": os.environ["HOME"],
            "WELD_CACHE": str(work / "cache"),
        }

    def run(self) -> list[str]:
        """What is wrong; empty if nothing is."""
        said, status = self._adapt()
        if status != 0:
            return [f"adapt failed:\n{said}"]
        lines = self._case.get("says", [])
        wrong = [f"adapt does not say {line}:\n{said}" for line in lines if not matches(line, said)]
        settings = (self._plugins / f"{self.name}.toml").read_text()
        wrong += [
            f"no {line} in the settings:\n{settings}"
            for line in self._case.get("settings", [])
            if not matches(line, settings)
        ]
        wrong += self._unlike()
        return wrong + self._synced() + self._failed()

    def _adapt(self) -> tuple[str, int]:
        source = self._given / self._case["file"] if "file" in self._case else self._given
        words = ["adapt", source, "-o", self._work / self.name, "--plugins", self._plugins]
        return self._weld_host([*words, *self._case.get("adapt", [])], {})

    def _unlike(self) -> list[str]:
        """Files of the user's that are not what they were."""
        made = self._work / self.name / "function"
        return [
            f"{path} is not as it was"
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
            wrong.append(f"the API was asked {json.dumps(asked)}\nexpected: {json.dumps(requests)}")
        return wrong

    def _failed(self) -> list[str]:
        """What does not fail as it should. A sync that fails has tried for seconds, so all are made at once."""
        questions = [(self._plugins, [table], words) for table, words in self._case.get("fails", {}).items()]
        for variable, words in self._case.get("without", {}).items():
            questions.append((self._plugins_without(variable), list(self._case["rows"]), words))
        with ThreadPoolExecutor(4) as threads:
            return [text for wrong in threads.map(lambda question: self._fails(*question), questions) for text in wrong]

    def _plugins_without(self, variable: str) -> Path:
        """A folder with the component, and with settings that don't have the variable."""
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
            return [f"{tables} are synced, which should fail with {words}"]
        return [] if matches(words, said) else [f"the sync of {tables} does not fail with {words}:\n{said}"]

    def _own_folder(self) -> Path:
        return Path(tempfile.mkdtemp(prefix=f"{self.name}-", dir=self._work / "rows"))

    def _sync(self, plugins: Path, tables: list[str], to: Path) -> tuple[str, int, list[str]]:
        """What the command said, its exit status, and what the API was asked."""
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
