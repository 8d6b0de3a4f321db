"""Finds the variables that the source reads, and decides which of them the function needs."""

from __future__ import annotations

from dataclasses import dataclass, field

from .needs import demanded, is_needed
from .reads import Reads
from .scan import Scan, unparsed

PLATFORM = frozenset(
    ("AWS_REGION", "FUNCTION_NAME", "FUNCTION_TARGET", "GCP_PROJECT", "HOME", "K_SERVICE", "PATH", "PORT", "TZ")
)
"""Variables that platforms set. They count as optional."""


@dataclass
class NamedVariable:
    """A variable that the source reads."""

    name: str
    place: str
    is_optional: bool
    """Whether the function works without it."""


@dataclass
class Variables:
    """The variables in the source."""

    named: list[NamedVariable] = field(default_factory=list)
    not_literal: list[str] = field(default_factory=list)


def find(scan: Scan, reads: Reads) -> Variables:
    """Return all variables, in the order of the source. A variable is needed if at least one place needs it."""
    found = Variables()
    by_name: dict[str, NamedVariable] = {}
    for file in scan.files.values():
        ends_without = demanded(file, reads.of(file))
        for read in reads.of(file):
            if not read.names:
                words = " ".join(unparsed(read.node).split())[:120]
                found.not_literal.append(f"{file.place(read.node)}: {words}")
            for name in read.names:
                is_own = name in PLATFORM or name in reads.sets
                is_optional = is_own or not (name in ends_without or is_needed(read))
                known = by_name.setdefault(name, NamedVariable(name, file.place(read.node), is_optional))
                if known.is_optional and not is_optional:
                    known.is_optional, known.place = False, file.place(read.node)
    found.named = list(by_name.values())
    return found
