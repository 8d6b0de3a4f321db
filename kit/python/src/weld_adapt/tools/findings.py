"""All that the source says, as `weld-host adapt` reads it."""

from __future__ import annotations

from typing import Any

from . import entry as entries
from . import hints, hosts, standard, variables
from .packages import wanted
from .refusal import NotServed
from .scan import Scan


def of(scan: Scan, entry: str | None, key_variable: str | None) -> dict[str, Any]:
    """What was found. `NotServed` says in one line what can't be served, as far as the source shows it."""
    found = entries.find(scan, entry)
    _check_modules(scan)
    read = variables.find(scan)
    key = key_variable or variables.key(scan, read)
    named = hosts.find(scan)
    return {
        "module": scan.entry_file.name,
        "entry": found.words,
        "key_variable": key,
        "variables": [
            {"name": one.name, "place": one.place, "has_default": one.has_default}
            for one in read.named
            if one.name != key
        ],
        "hosts": [{"origin": one.origin, "place": one.place} for one in named.origins],
        "not_literal": read.not_literal + named.not_literal,
        "packages": [],
        "needs_packages": bool(wanted(scan)),
        "hints": hints.settings(scan, read),
        "notes": hints.notes(scan),
    }


def _check_modules(scan: Scan) -> None:
    """Modules that Python in components lacks are told before anything is downloaded or built."""
    for one in scan.imports:
        lack = None if one.is_optional else standard.lack(one.name)
        if lack and not scan.is_own(one.top):
            raise NotServed(f"{one.place}: import {one.name}: {lack}")
