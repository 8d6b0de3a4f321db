"""Refuses calls that a component can't make, with a message that says what to do instead.

A call while the component is built is refused too, since it would fail there in the same way.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from . import _replace

REFUSED = (
    ("threading", "Thread", "start", "threads: do the work sequentially; the host runs other pages meanwhile"),
    ("_thread", None, "start_new_thread", "threads: do the work sequentially; the host runs other pages meanwhile"),
    ("asyncio", None, "run", "event loop: Weld requests one page at a time, so plain functions are enough"),
    ("multiprocessing", None, "Pool", "processes: do the work sequentially"),
    ("multiprocessing.context", "BaseContext", "Pool", "processes: do the work sequentially"),
    ("multiprocessing.process", "BaseProcess", "start", "processes: do the work sequentially"),
    ("concurrent.futures", None, "ProcessPoolExecutor", "processes: do the work sequentially"),
    ("concurrent.futures.process", "ProcessPoolExecutor", "__init__", "processes: do the work sequentially"),
    ("subprocess", "Popen", "__init__", "processes: do the command's work in Python"),
    ("os", None, "system", "processes: do the command's work in Python"),
    ("os", None, "popen", "processes: do the command's work in Python"),
    ("os", None, "fork", "processes: do the work sequentially"),
    ("builtins", None, "input", "terminal: set a variable in the section [env] of the .toml file, and read it with env"),
    ("getpass", None, "getpass", "terminal: put the secret into a section [auth.NAME] of the .toml file"),
)
"""Module, class, function, and what a component lacks to run it."""

KINDS: dict[str, type[Exception]] = {"processes": OSError, "terminal": EOFError}
"""The exceptions that Python itself raises, which packages may expect; for all else, `RuntimeError`."""


def install() -> None:
    """Refuse these calls from now on, in the modules that are loaded."""
    if "concurrent.futures" in sys.modules:
        # It imports this at the first use, when a component has no files.
        importlib.import_module("concurrent.futures.thread")
    for place, class_name, function, words in REFUSED:
        module: Any = sys.modules.get(place)
        owner = getattr(module, class_name, None) if class_name else module
        # `concurrent.futures` imports a name when it is first looked up.
        is_lazy = function == "ProcessPoolExecutor"
        if owner is not None and (is_lazy or hasattr(owner, function)):
            names = (place, class_name, None if function == "__init__" else function)
            shown = ".".join(name for name in names if name)
            known = vars(owner).get(function)
            refusing = _refusing(shown, words)
            setattr(owner, function, refusing)
            if class_name is None and known is not None:
                # Other modules may have their own name for it.
                _replace.everywhere({known: refusing})


def _refusing(shown: str, words: str) -> Callable[..., NoReturn]:
    kind = KINDS.get(words.partition(":")[0], RuntimeError)

    def refuse(*_: object, **__: object) -> NoReturn:
        raise kind(f"{shown} can't work: a component has no {words}")

    return refuse
