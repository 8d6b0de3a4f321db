"""Refuses sockets with an explanation, before the system is called.

A component has no sockets. Besides, a socket that a package opens during the build, as urllib3 does when it is imported,
leaves a handle behind that no call may use.
"""

from __future__ import annotations

import errno
import importlib.abc
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, NoReturn

from . import _replace

WAY_OUT = "`from weld_connector import requests` sends requests through the host"

FUNCTIONS = (
    "create_connection",
    "create_server",
    "fromfd",
    "getaddrinfo",
    "gethostbyaddr",
    "gethostbyname",
    "gethostbyname_ex",
    "getnameinfo",
    "socketpair",
)
"""The functions of `socket` that open a socket or resolve a name."""

CLIENTS = (
    ("http.client", "HTTPConnection", "connect"),
    ("requests.adapters", "HTTPAdapter", "send"),
    ("urllib.request", "AbstractHTTPHandler", "do_open"),
    ("urllib.request", "UnknownHandler", "unknown_open"),
    ("urllib3.connectionpool", "HTTPConnectionPool", "urlopen"),
)
"""Module, class and method of clients that would otherwise fail with another error first, such as a missing `ssl`."""


OWN = ("weld_adapt.", "weld_connector.")
"""Modules whose functions are not replaced, because they refuse themselves or send through the host."""


class SocketsRefused(RuntimeError):
    """A connector tried to use a socket. Not an `OSError`, which clients treat as a temporary failure and retry."""


def refuse(what: str, runs: bool) -> NoReturn:
    """Refuse the function named `what`. Packages that call it while they are imported get the `OSError` that they expect."""
    message = f"{what} can't work, because a component has no sockets: {WAY_OUT}"
    if runs:
        raise SocketsRefused(message)
    raise OSError(errno.EPERM, message)


def install(runs: Callable[[], bool]) -> None:
    """Refuse sockets from now on; `runs` says whether a call is running.

    A second call also covers the modules that were imported since the first.
    """
    import _socket
    import socket

    if socket.socket.__init__.__module__ != __name__:
        socket.socket.__init__ = _refusing("socket.socket", runs)  # type: ignore[method-assign]
        # A request for the machine's own name is answered, as on a machine without a DNS name.
        socket.getfqdn = lambda name="": name or "localhost"
        socket.has_dualstack_ipv6 = lambda: False
        replacements = {}
        for name in FUNCTIONS:
            refusing = _refusing(f"socket.{name}", runs)
            for module in (socket, _socket):
                if known := getattr(module, name, None):
                    replacements[known] = refusing
        ORIGINALS.update(replacements)
        _socket.socket = _refusing("socket.socket", runs)  # type: ignore[assignment,misc]
        sys.meta_path.append(_NoTls())
    _replace.everywhere(ORIGINALS)
    for place, class_name, method in CLIENTS:
        owner = getattr(sys.modules.get(place), class_name, None)
        known = getattr(owner, method, None)
        if known is not None and not known.__module__.startswith(OWN):
            setattr(owner, method, _refusing(f"{place}.{class_name}.{method}", runs))


ORIGINALS: dict[Any, Any] = {}
"""The replacements that refuse, by the functions that they replace."""


def _refusing(what: str, runs: Callable[[], bool]) -> Callable[..., NoReturn]:
    def refused(*_: object, **__: object) -> NoReturn:
        refuse(what, runs())

    return refused


class _NoTls(importlib.abc.MetaPathFinder):
    """Explains why `ssl` can't be imported. It is the last finder."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name in ("_ssl", "ssl"):
            raise ModuleNotFoundError(f"a component has no TLS of its own, so it has no module ssl: {WAY_OUT}", name=name)
        return None
