"""The function's own modules: compiled while the component is built, run anew in each call.

What a module does when it is imported, such as reading variables or logging in, is to be done with the variables and
the network of the call, as in an instance that the function's platform has just started.
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
"""The module that componentize-py begins with, the name of which a module of the function's own may have."""


@dataclass
class OwnModule:
    """A module of the function."""

    path: str
    code: types.CodeType | None
    """`None` for a folder without `__init__.py`."""
    is_package: bool


class OwnModules(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """The function's own modules, from memory."""

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
            # The scan has told of those that are imported; a file that nothing imports may be anything.
            return
        self.known[name] = OwnModule(path, code, is_package)
        # For tracebacks; without a time of change they don't ask the file system.
        lines = importlib.util.decode_source(source).splitlines(keepends=True)
        linecache.cache[path] = (len(source), None, lines, path)

    def forget(self) -> None:
        """Lets the next import run the modules anew.

        A module of Python's own that is loaded already stays, as on the function's platform: there, too, it comes before
        one of the same name beside the function.
        """
        for name in self.known:
            spec = getattr(sys.modules.get(name), "__spec__", None)
            if name == COMPONENT or getattr(spec, "loader", None) is self:
                sys.modules.pop(name, None)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Finds the function's own module."""
        found = self.known.get(name)
        if found is None:
            return None
        spec = importlib.util.spec_from_loader(name, self, origin=found.path, is_package=found.is_package)
        if spec is not None and found.is_package:
            spec.submodule_search_locations = [posixpath.dirname(found.path) if found.code else found.path]
        return spec

    def exec_module(self, module: types.ModuleType) -> None:
        """Runs the module's code."""
        found = self.known[module.__name__]
        module.__file__ = found.path
        if found.code is not None:
            exec(found.code, module.__dict__)
