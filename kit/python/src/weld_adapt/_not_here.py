"""Refuses calls that a component can't make, with a message that says what to do instead."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, NoReturn

REFUSED = (
    ("threading", "Thread", "start", "threads: do the work sequentially; the host runs other pages meanwhile"),
    ("asyncio", None, "run", "event loop: Weld requests one page at a time, so plain functions are enough"),
    ("subprocess", "Popen", "__init__", "processes: do the command's work in Python"),
    ("os", None, "system", "processes: do the command's work in Python"),
    ("os", None, "fork", "processes: do the work sequentially"),
)
"""Module, class, function, and what a component lacks to run it."""


def install() -> None:
    """Refuse these calls from now on, in the modules that are loaded."""
    for place, class_name, function, words in REFUSED:
        module: Any = sys.modules.get(place)
        owner = getattr(module, class_name, None) if class_name else module
        if owner is not None:
            names = (place, class_name, None if function == "__init__" else function)
            shown = ".".join(name for name in names if name)
            setattr(owner, function, _refusing(shown, words))


def _refusing(shown: str, words: str) -> Callable[..., NoReturn]:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise RuntimeError(f"{shown} can't work: a component has no {words}")

    return refuse
