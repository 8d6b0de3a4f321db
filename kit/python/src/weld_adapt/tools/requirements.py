"""Reads `requirements.txt`. Its versions are used if they are available for components."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field

LINE = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*([^;#]*)")


@dataclass
class Requirements:
    """The versions that the file requests, by the normalized names of packages."""

    versions: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def plain(name: str) -> str:
    """Normalize a package's name, as indexes do."""
    return re.sub(r"[-_.]+", "-", name).lower()


def read(folder: str) -> Requirements:
    """Read the file in a folder, if it exists. Lines that are not versions of packages are skipped with a note."""
    found = Requirements()
    try:
        with open(os.path.join(folder, "requirements.txt"), encoding="utf-8-sig", errors="replace") as file:
            text = file.read()
    except FileNotFoundError:
        return found
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        # A backslash continues a line, as with hashes.
        if number > 1 and lines[number - 2].endswith("\\"):
            continue
        line = line.rstrip("\\")
        words = re.sub(r"--hash=\S+", "", line.partition(" #")[0]).strip()
        if not words or words.startswith("#"):
            continue
        if words.startswith("-") or "://" in words or words.startswith((".", "/")):
            found.notes.append(
                f"requirements.txt:{number}: {words.split()[0]!r} is ignored: the packages that the source imports come"
                " from the index"
            )
            continue
        match = LINE.match(words)
        if match:
            found.versions[plain(match[1])] = match[2].replace(" ", "").strip()
    return found
