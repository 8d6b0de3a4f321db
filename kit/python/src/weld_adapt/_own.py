"""The function's own modules: compiled while the component is built, run again in each call.

The code of a module, such as reading variables or logging in, must run with the variables and the network of the call, as
in an instance that the function's platform has just started.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import linecache
import os
import posixpath
import sys
import types
from collections.abc import Sequence
from dataclasses import dataclass


COMPONENT = "app"
"""The module that componentize-py starts with. A module of the function's own may have the same name."""


@dataclass
class OwnModule:
    """A module of the function."""

    path: str
    code: types.CodeType | None
    """`None` for a folder without `__init__.py`."""
    is_package: bool


class OwnModules(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds and loads the function's own modules, from memory."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.known: dict[str, OwnModule] = {}
        for place, folders, files in os.walk(folder):
            folders[:] = sorted(name for name in folders if name.isidentifier())
            package = os.path.relpath(place, folder).replace(os.sep, ".").lstrip(".")
            names = [file for file in sorted(files) if file.endswith(".py")]
            if package:
                self._add_package(package, place, "__init__.py" in names)
            for file in names:
                name = file[:-3]
                if name.isidentifier() and name != "__init__":
                    self._add(f"{package}.{name}" if package else name, posixpath.join(place, file), False)

    def _add_package(self, name: str, folder: str, has_code: bool) -> None:
        if has_code:
            self._add(name, posixpath.join(folder, "__init__.py"), True)
        else:
            self.known[name] = OwnModule(folder, None, True)

    def _add(self, name: str, path: str, is_package: bool) -> None:
        with open(path, "rb") as file:
            source = file.read()
        try:
            code = compile(source, path, "exec", dont_inherit=True)
        except (SyntaxError, ValueError):
            # The scan reports errors in files that are imported; a file that nothing imports doesn't matter.
            return
        self.known[name] = OwnModule(path, code, is_package)
        # For tracebacks. Without a modification time, linecache doesn't read the file system.
        lines = importlib.util.decode_source(source).splitlines(keepends=True)
        linecache.cache[path] = (len(source), None, lines, path)

    def forget(self) -> None:
        """Make the next import run the modules again.

        A module of Python's own that is already loaded stays. On the function's platform, it also takes precedence over a
        module of the same name next to the function.
        """
        for name in self.known:
            spec = getattr(sys.modules.get(name), "__spec__", None)
            if name == COMPONENT or getattr(spec, "loader", None) is self:
                sys.modules.pop(name, None)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Find a module of the function's own."""
        found = self.known.get(name)
        if found is None:
            return None
        spec = importlib.util.spec_from_loader(name, self, origin=found.path, is_package=found.is_package)
        if spec is not None and found.is_package:
            spec.submodule_search_locations = [posixpath.dirname(found.path) if found.code else found.path]
        return spec

    def exec_module(self, module: types.ModuleType) -> None:
        """Run the module's code."""
        found = self.known[module.__name__]
        module.__file__ = found.path
        if found.code is not None:
            exec(found.code, module.__dict__)
