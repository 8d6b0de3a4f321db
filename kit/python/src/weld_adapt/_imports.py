"""Loads, while the component is built, what the function may import: later there are no files."""

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
    """Imports all that the function's modules import, wherever the import stands."""
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
                    # Perhaps it is there when the module has run with the call's variables.
                    continue
    _evaluate_zones()


def _check_members(wanted: Import, module: object) -> None:
    """What a stand-in lacks is said now, and not when a call first needs it."""
    for member in wanted.members:
        if member != "*" and not hasattr(module, member) and not wanted.is_optional:
            raise NotServed(
                f"{wanted.place}: from {wanted.name} import {member}: the stand-in for {wanted.top} has no {member}"
            )


def reason(wanted: Import, error: Exception) -> str:
    """Why something can't be imported, in one line."""
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
            return f"there is no package {wanted.top} here: `weld-host adapt` bundles it when it runs again"
        return f"it imports {missing}, which is not here: add it to requirements.txt, and run `weld-host adapt` again"
    words = " ".join(str(error).split())
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


def _native(top: str) -> str | None:
    """The first file with native code in a package."""
    for folder in sys.path:
        place = os.path.join(folder, top)
        for at, _, files in sorted(os.walk(place)):
            for file in sorted(files):
                if file.endswith(NATIVE):
                    return os.path.relpath(os.path.join(at, file), folder)
    return None


def _evaluate_zones() -> None:
    """The lists of `pytz`, each of which looks at some 600 files when it is first used."""
    pytz = sys.modules.get("pytz")
    if pytz is None:
        return
    for name in ("all_timezones", "all_timezones_set", "common_timezones", "common_timezones_set"):
        zones = getattr(pytz, name, None)
        if zones is not None:
            len(zones)
