"""The host's side of the contract: the real host in a component and in `weld-host run`, a fake one in tests."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import Protocol


@dataclass
class Request:
    """The contract's `http-request`."""

    method: str
    url: str
    headers: list[tuple[str, str]]
    body: str | bytes | None
    timeout_ms: int | None
    idempotent: bool | None
    credential: str | None


@dataclass
class Answer:
    """The contract's `http-response`."""

    status: int
    headers: list[tuple[str, str]]
    body: str | bytes
    url: str


class Refused(Exception):
    """The contract's `http-error`: its case and value."""

    def __init__(self, case: str, value: str | int | None = None) -> None:
        super().__init__(case, value)
        self.case = case
        self.value = value


class TooLong(Exception):
    """The contract's `out-of-time`."""

    def __init__(self, left_ms: int) -> None:
        super().__init__(left_ms)
        self.left_ms = left_ms


class Host(Protocol):
    """The functions that a host provides to a connector."""

    def fetch(self, request: Request) -> Answer: ...

    def sleep(self, duration_ms: int) -> None: ...

    def environment(self) -> dict[str, str]: ...

    def log(self, level: str, message: str) -> None: ...


def must_run(runs: bool, what: str) -> None:
    """Refuse what a connector does while it is loaded, because a component has no host while it is built."""
    if not runs:
        raise RuntimeError(f"{what} while the component is built: move this into schema or fetch_page")


class NoHost:
    """The host in plain Python outside a test and `weld-host run`. It has only variables and a log."""

    def fetch(self, request: Request) -> Answer:
        raise RuntimeError("there is no host that could send a request: use weld_connector.testing.FakeHost")

    def sleep(self, duration_ms: int) -> None:
        raise RuntimeError("there is no host that could sleep: use weld_connector.testing.FakeHost")

    def environment(self) -> dict[str, str]:
        return dict(os.environ)

    def log(self, level: str, message: str) -> None:
        print(f"{level}: {message}", file=sys.stderr)


in_component = sys.platform == "wasi"
"""Whether this is a component, or is being built into one."""

current: Host = NoHost()
"""The current host. `_component` and `_native` set the real one, a test sets a fake one."""


def printable(text: str) -> str:
    """Replace the halves of surrogate pairs in `text`, because they can't be passed to the host."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
