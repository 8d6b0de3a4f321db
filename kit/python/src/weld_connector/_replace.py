"""Functions of Python that other ones take the place of, wherever a module has them under a name of its own."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

Call = Callable[..., Any]


def everywhere(replacements: Mapping[Call, Call]) -> None:
    """Puts the values of `replacements` in the place of its keys, in all modules that are loaded.

    `from socket import getaddrinfo` gives a module a name of its own for a function, and may stand before the kit's
    import.
    """
    by_id = {id(old): new for old, new in replacements.items()}
    for module in list(sys.modules.values()):
        names = getattr(module, "__dict__", None)
        if not isinstance(names, dict):
            continue
        for name, value in list(names.items()):
            new = by_id.get(id(value))
            if new is not None:
                names[name] = new
