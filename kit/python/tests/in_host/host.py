"""The real host with components, called as Weld calls it."""

from __future__ import annotations

import json
import os
import queue
import re
import shutil
import subprocess
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BINARY = os.environ["WELD_HOST"]
COMPONENTS = Path(os.environ["WELD_COMPONENTS"])
CACHE = os.environ["WELD_CACHE"]

PATIENCE = 300
"""The longest time in seconds that a busy machine may take."""


@dataclass
class Answer:
    """The host's answer."""

    status: int
    json: Any
    headers: dict[str, str]

    @property
    def error(self) -> tuple[str, str]:
        """The kind and message."""
        return self.json["error"]["kind"], self.json["error"]["message"]


class Program:
    """A running command of `weld-host`. Its stdout is read line by line, its stderr goes to a file."""

    def __init__(self, *arguments: str, folder: Path) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("WELD_")}
        self.stderr = folder / "stderr"
        with self.stderr.open("wb") as stderr:
            self.process = subprocess.Popen(
                [BINARY, *arguments],
                stdout=subprocess.PIPE,
                stderr=stderr,
                cwd=folder,
                env={**environment, "WELD_CACHE": CACHE},
                text=True,
            )
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put("")

    def line(self, pattern: str) -> re.Match[str]:
        """Return the next line of stdout that matches."""
        seen = ""
        while True:
            line = self._lines.get(timeout=PATIENCE)
            seen += line
            if found := re.search(pattern, line):
                return found
            if not line:
                raise AssertionError(f"no line with {pattern} in:\n{seen}{self.stderr.read_text()}")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=PATIENCE)
        assert self.process.stdout is not None
        self.process.stdout.close()


class WeldHost(Program):
    """A host that serves components with their configurations, as `{"shop": "[env]…"}`."""

    def __init__(self, configurations: dict[str, str], folder: Path) -> None:
        plugins = folder / "plugins"
        plugins.mkdir()
        for name, configuration in configurations.items():
            # A component may be served under several names: `returns-2` is `returns`.
            shutil.copy(COMPONENTS / f"{name.partition('-')[0]}.wasm", plugins / f"{name}.wasm")
            (plugins / f"{name}.toml").write_text(configuration)
        super().__init__(
            "--log-format", "json", "serve", "--plugins", str(plugins), "--listen", "127.0.0.1:0", "--drain", "0s",
            folder=folder
        )
        self.url = self._event("listening")["url"]
        for name in configurations:
            event = self._event("connector loaded", "connector not loaded", connector=name)
            if event["message"] == "connector not loaded":
                raise AssertionError(f"{name}: {event['reason']}")

    def schema(self, connector: str) -> Answer:
        return self._ask(f"{self.url}/{connector}/schema", None)

    def page(self, connector: str, table: str, state: Any = None) -> Answer:
        return self._ask(f"{self.url}/{connector}", json.dumps({"name": table, "state": state}).encode())

    def took(self, connector: str, table: str) -> float:
        """Request a page, and return the time that the host logs for it, in seconds."""
        answer = self.page(connector, table)
        deadline = time.monotonic() + PATIENCE
        # The host may write the line after the answer.
        while time.monotonic() < deadline:
            for line in reversed(self.stderr.read_text().splitlines()):
                if answer.headers["x-request-id"] in line and '"took_ms"' in line:
                    return json.loads(line)["took_ms"] / 1000
            time.sleep(0.01)
        raise AssertionError("the host has logged no time")

    def logged(self, connector: str) -> list[tuple[str, str, str]]:
        """Return level, source and text of the lines that the connector has logged so far."""
        lines = []
        for line in self.stderr.read_text().splitlines():
            fields = json.loads(line)
            if fields["target"] == "guest" and fields["connector"] == connector:
                lines.append((fields["level"], fields["source"], fields["message"]))
        return lines

    def _event(self, *messages: str, **fields: str) -> dict[str, Any]:
        """Return the first event of the log with one of these messages and these fields, once it is written."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self.process.poll() is None:
            # The last line may be unfinished.
            for line in self.stderr.read_text().split("\n")[:-1]:
                event = json.loads(line)
                if event["message"] in messages and fields.items() <= event.items():
                    return event
            time.sleep(0.01)
        raise AssertionError(f"no {messages} with {fields} in:\n{self.stderr.read_text()}")

    def _ask(self, url: str, body: bytes | None) -> Answer:
        try:
            with urllib.request.urlopen(urllib.request.Request(url, body), timeout=PATIENCE) as answer:
                return Answer(answer.status, json.loads(answer.read()), dict(answer.headers))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, json.loads(error.read()), dict(error.headers))
