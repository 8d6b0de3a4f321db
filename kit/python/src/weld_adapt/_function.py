"""One call of the function: runs its modules again, and sends it the request that Weld would send."""

from __future__ import annotations

import importlib
import inspect
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from weld_connector.errors import Misconfigured

from . import _lambda, _own_keys, _platform
from ._answer import Answer
from ._own import OwnModules
from ._request import HOST, Request
from .tools.keys import KeyCheck


@dataclass
class Entry:
    """The function that answers requests."""

    module: str
    name: str
    is_lambda: bool | None
    """`None` if its number of parameters decides."""


class LoadFailed(Exception):
    """The function's module did not load; `__cause__` is the exception."""


class Function:
    """The function for one call."""

    def __init__(self, modules: OwnModules, entry: Entry, checks: list[KeyCheck]) -> None:
        self._keys = _own_keys.begin(checks)
        # Otherwise the generator would have its state from the build, the same in each call.
        random.seed()
        modules.forget()
        _begin_first(modules)
        try:
            module = importlib.import_module(entry.module)
        except BaseException as error:
            raise LoadFailed from error
        function = getattr(module, entry.name, None)
        if not callable(function):
            raise Misconfigured(f"{entry.module}.py has no function {entry.name} after it has run")
        self._function: Callable[..., Any] = function
        self._is_lambda = _takes_two(function) if entry.is_lambda is None else entry.is_lambda

    @property
    def place(self) -> tuple[str, int] | None:
        """The path and first line of the function that answers; `None` if it is not from the source."""
        code = getattr(inspect.unwrap(self._function), "__code__", None)
        return None if code is None else (code.co_filename, code.co_firstlineno)

    def ask(self, method: str, path: str, body: str | None = None) -> Answer:
        """Send the function one request of Weld; `body` is JSON."""
        headers = {
            "Host": HOST,
            "User-Agent": "weld-host",
            "Accept": "application/json",
            **self._keys.headers,
        }
        query = self._keys.query
        if body is not None:
            headers["Content-Type"] = "application/json"
            headers["Content-Length"] = str(len(body.encode()))
        if self._is_lambda:
            return _lambda.ask(self._function, _lambda.event(method, path, query, body, headers))
        request = Request(method, f"{path}?{query}" if query else path, (body or "").encode(), headers)
        return _platform.ask(self._function, request)


def _takes_two(function: Callable[..., Any]) -> bool:
    """Whether a function takes an event and a context."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return False
    positional = [one for one in parameters if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    return len([one for one in positional if one.default is one.empty]) == 2


def _begin_first(modules: OwnModules) -> None:
    """Make imports find the function's own modules first, as on its platform."""
    if modules not in sys.meta_path:
        sys.meta_path.insert(0, modules)
