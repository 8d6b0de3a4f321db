"""Collects all findings about the source, in the form that `weld-host adapt` reads."""

from __future__ import annotations

from typing import Any

from . import differences, hints, hosts, keys, packages, variables
from . import entry as entries
from .reads import Reads
from .refusal import NotServed
from .scan import Scan


def of(scan: Scan, entry: str | None, key_variable: str | None) -> dict[str, Any]:
    """Return the findings. Raises `NotServed` if the source shows that the function can't be served."""
    found = _checked(scan, entry)
    reads = Reads(scan)
    read = variables.find(scan, reads)
    checks = keys.checks(scan, reads, read, key_variable)
    own = {check.variable for check in checks}
    named = hosts.find(scan, reads)
    return {
        "module": scan.entry_file.name,
        "entry": found.words,
        "key_variable": next((check.variable for check in checks if check.variable), None),
        "key_place": " and ".join(dict.fromkeys(check.where for check in checks if check.variable)) or None,
        "variables": [
            {"name": one.name, "place": one.place, "has_default": one.is_optional}
            for one in read.named
            if one.name not in own
        ],
        "hosts": [{"origin": one.origin, "place": one.place} for one in named.origins],
        "not_literal": read.not_literal + named.not_literal,
        "packages": [],
        "needs_packages": bool(packages.wanted(scan)),
        "hints": hints.settings(scan, reads, checks, [one.origin for one in named.origins]),
        "notes": _of_keys(checks) + differences.notes(scan),
    }


def _checked(scan: Scan, wanted: str | None) -> entries.FoundEntry:
    """Return the entry if the function can be served. Otherwise, raise `NotServed` with all reasons at once."""
    refused: list[str] = []
    found: entries.FoundEntry | None = None
    try:
        found = entries.find(scan, wanted)
    except NotServed as error:
        refused.append(str(error))
    refused += differences.endings(scan)
    try:
        refused += packages.refused(scan)
    except NotServed as error:
        refused.append(str(error))
    if found is None or refused:
        raise NotServed("\n".join(refused))
    return found


def _of_keys(checks: list[keys.KeyCheck]) -> list[str]:
    return [
        f"{check.place}: the key that the function expects in {check.where} is in its source: the function gets that key, and"
        " everyone who can read the source knows it"
        for check in checks
        if check.text is not None
    ]
