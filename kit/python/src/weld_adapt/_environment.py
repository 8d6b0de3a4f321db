"""The variables of a call, and those that the function read although they are not set."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from weld_connector import _host


@dataclass
class Missed:
    """A variable that the function read, and that is not set."""

    name: str
    path: str
    line: int


class Missing:
    """The unset variables that the function read, in that order."""

    def __init__(self) -> None:
        self.found: list[Missed] = []

    def add(self, name: object) -> None:
        """Record a variable with the caller: the first frame outside Python's own modules."""
        frame: Any = sys._getframe(2)
        while frame is not None and _is_pythons(frame.f_code.co_filename):
            frame = frame.f_back
        if frame is not None and isinstance(name, str):
            self.found.append(Missed(name, frame.f_code.co_filename, frame.f_lineno))


def _is_pythons(path: str) -> bool:
    return path.startswith("<frozen") or os.path.basename(path) in ("os.py", "_collections_abc.py")


class Environment(os._Environ):  # type: ignore[type-arg]
    """`os.environ`, which records reads of variables that are not set."""

    missing = Missing()

    def __getitem__(self, key: str) -> str:
        try:
            return str(super().__getitem__(key))
        except KeyError:
            self.missing.add(key)
            raise

    def get(self, key: str, default: Any = None) -> Any:
        """Return a variable or `default`. With a default, a missing variable is not recorded."""
        try:
            return super().__getitem__(key)
        except KeyError:
            if default is None:
                self.missing.add(key)
            return default


def begin(keys: Iterable[str]) -> dict[str, str]:
    """Put the variables of the call into `os.environ`, and return those with keys to send to the function.

    The function compares a key with a variable. If the variable is not configured, it gets a random value for the call. So
    no key needs to be configured, and none can be printed.
    """
    variables = dict(_host.current.environment())
    sent = {}
    for name in keys:
        if name not in variables:
            variables[name] = secrets.token_hex(16)
        sent[name] = variables[name]
    Environment.missing = Missing()
    environ = os.environ
    environ.__class__ = Environment
    # `update` would also call C's `putenv` for each variable, which no code in a component needs.
    environ._data.clear()  # type: ignore[attr-defined]
    environ._data.update(  # type: ignore[attr-defined]
        (environ.encodekey(name), environ.encodevalue(value)) for name, value in variables.items()
    )
    return sent
