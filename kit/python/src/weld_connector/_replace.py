"""Replaces functions of Python in every module that has its own name for them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

Call = Callable[..., Any]


def everywhere(replacements: Mapping[Call, Call]) -> None:
    """Replace the keys of `replacements` by its values, in all loaded modules.

    A module has its own name for a function after `from socket import getaddrinfo`, which may come before the kit's import.
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
