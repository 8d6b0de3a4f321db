"""The host, as the contract has it: in a component the one around it, elsewhere a fake one."""

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
    """The contract's `http-error`: its case, and what it holds."""

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
    """What a host does for a connector."""

    def fetch(self, request: Request) -> Answer: ...

    def sleep(self, duration_ms: int) -> None: ...

    def environment(self) -> dict[str, str]: ...

    def log(self, level: str, message: str) -> None: ...


class NoHost:
    """Plain Python outside of a test."""

    def fetch(self, request: Request) -> Answer:
        raise RuntimeError("there is no host to send a request: use weld_connector.testing.FakeHost")

    def sleep(self, duration_ms: int) -> None:
        raise RuntimeError("there is no host to sleep: use weld_connector.testing.FakeHost")

    def environment(self) -> dict[str, str]:
        return dict(os.environ)

    def log(self, level: str, message: str) -> None:
        print(f"{level}: {message}", file=sys.stderr)


in_component = sys.platform == "wasi"
"""Whether this is a component, or becomes one."""

current: Host = NoHost()
"""The host that is asked; `_component` puts the real one here, a test a fake one."""


def printable(text: str) -> str:
    """`text` without halves of surrogate pairs, which can't be handed to the host."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
