"""Sockets are refused in words, before the system is asked for one.

A component has none. What is worse, a socket that a package opens while the component is built, as urllib3 does when it
is imported, leaves a handle behind that no call may touch.
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
"""The functions of `socket` that open one or look a name up."""

CLIENTS = (
    ("http.client", "HTTPConnection", "connect"),
    ("requests.adapters", "HTTPAdapter", "send"),
    ("urllib.request", "AbstractHTTPHandler", "do_open"),
    ("urllib.request", "UnknownHandler", "unknown_open"),
    ("urllib3.connectionpool", "HTTPConnectionPool", "urlopen"),
)
"""Module, class and method of clients that would complain of something else first, such as a missing `ssl`."""


OWN = ("weld_adapt.", "weld_connector.")
"""Modules whose functions need no refusal: they refuse themselves, or send by the host."""


class SocketsRefused(RuntimeError):
    """A connector asked for a socket. No `OSError`, which clients take for a failure that may pass, and try again."""


def refuse(what: str, runs: bool) -> NoReturn:
    """Refuses what `what` names. Packages that try it while they are imported get the `OSError` that they expect."""
    words = f"{what} can't work, since a component has no sockets: {WAY_OUT}"
    if runs:
        raise SocketsRefused(words)
    raise OSError(errno.EPERM, words)


def install(runs: Callable[[], bool]) -> None:
    """Refuses sockets from now on; `runs` says whether a call is under way.

    Done again, it reaches what was imported since.
    """
    import _socket
    import socket

    if socket.socket.__init__.__module__ != __name__:
        socket.socket.__init__ = _refusing("socket.socket", runs)  # type: ignore[method-assign]
        # What asks for the machine's own name gets one, as on a machine that no server of names knows.
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
"""What refuses, by the function in whose place it is."""


def _refusing(what: str, runs: Callable[[], bool]) -> Callable[..., NoReturn]:
    def refused(*_: object, **__: object) -> NoReturn:
        refuse(what, runs())

    return refused


class _NoTls(importlib.abc.MetaPathFinder):
    """Says why `ssl` can't be imported. It is asked last."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name in ("_ssl", "ssl"):
            raise ModuleNotFoundError(f"a component has no TLS of its own, and so no module ssl: {WAY_OUT}", name=name)
        return None
