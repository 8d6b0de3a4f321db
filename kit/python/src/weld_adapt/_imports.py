"""Loads everything that the function may import while the component is built: when it runs, it has no files."""

from __future__ import annotations

import importlib
import os
import sys

from . import _platform
from .tools import standard
from .tools.refusal import NotServed
from .tools.scan import Import, Scan

NATIVE = (".so", ".pyd", ".dylib")


def load(scan: Scan) -> None:
    """Import everything that the function's modules import, wherever the import is."""
    for wanted in scan.imports:
        try:
            module = importlib.import_module(wanted.name)
        except Exception as error:
            if wanted.is_optional:
                continue
            raise NotServed(f"{wanted.place}: import {wanted.name}: {reason(wanted, error)}") from None
        if getattr(module, _platform.MARK, False):
            _check_members(wanted, module)
            continue
        for member in wanted.members:
            if member != "*" and not hasattr(module, member):
                try:
                    importlib.import_module(f"{wanted.name}.{member}")
                except ImportError:
                    # It may exist after the module has run with the call's variables.
                    continue
    _evaluate_zones()


def _check_members(wanted: Import, module: object) -> None:
    """Report a missing member of a stand-in during the build, not when a call first needs it."""
    for member in wanted.members:
        if member != "*" and not hasattr(module, member) and not wanted.is_optional:
            raise NotServed(
                f"{wanted.place}: from {wanted.name} import {member}: the stand-in for {wanted.top} has no {member}"
            )


def reason(wanted: Import, error: Exception) -> str:
    """Return why something can't be imported, in one line."""
    missing = getattr(error, "name", None) or ""
    for name in (wanted.name, missing):
        lack = standard.lack(name) if name else None
        if lack:
            return lack if name == wanted.name else f"it imports {name}: {lack}"
    native = _native(wanted.top)
    if native:
        return f"{wanted.top} is a package with native code ({native}), which a component can't run"
    if isinstance(error, ModuleNotFoundError):
        if missing.partition(".")[0] == wanted.top:
            return f"the package {wanted.top} is missing: run `weld-host adapt` again to bundle it"
        return f"it imports {missing}, which is missing: add it to requirements.txt, and run `weld-host adapt` again"
    words = " ".join(str(error).split())
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


def _native(top: str) -> str | None:
    """Return the first file with native code in a package."""
    for folder in sys.path:
        place = os.path.join(folder, top)
        for at, _, files in sorted(os.walk(place)):
            for file in sorted(files):
                if file.endswith(NATIVE):
                    return os.path.relpath(os.path.join(at, file), folder)
    return None


def _evaluate_zones() -> None:
    """Evaluate the lists of `pytz`: each of them looks at about 600 files on its first use."""
    pytz = sys.modules.get("pytz")
    if pytz is None:
        return
    for name in ("all_timezones", "all_timezones_set", "common_timezones", "common_timezones_set"):
        zones = getattr(pytz, name, None)
        if zones is not None:
            len(zones)
