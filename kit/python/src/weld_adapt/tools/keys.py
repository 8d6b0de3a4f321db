"""Finds the keys that the function expects in a request: their places, and the values that it compares them with."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from .flows import Flows
from .reads import Reads
from .scan import Scan, dotted
from .sources import Source
from .variables import Variables

ORDINARY = re.compile(
    r"accept.*|content-.*|host|user-agent|x-forwarded-.*|x-cloud-.*|origin|referer|connection|cookie|x-request-id"
)
"""Headers that are never keys."""
OF_KEYS = re.compile(r"(^|[-_])(key|apikey|token|secret|auth|authorization|password|passwd|code|signature)$", re.IGNORECASE)
"""Names of headers and query parameters that are keys even if they are compared with a text of the source."""
NO_KEYS = re.compile(r"(bearer|basic|token|apikey|api-key|key|digest)?[\s:]*", re.IGNORECASE)
"""Texts before a key that are not keys themselves."""
CURSORS = re.compile(r"page|next|sync|continuation|cursor", re.IGNORECASE)


@dataclass(frozen=True)
class KeyCheck:
    """A key that the function expects in a header or a query parameter, equal to a variable or to a text of its source."""

    place: str
    """`main.py:3`."""
    header: str | None
    argument: str | None
    prefix: str
    """The text before the key in the header, such as `Bearer `."""
    variable: str | None
    text: str | None
    part: str | None = None
    """The part of Basic authentication: `username` or `password`."""

    @property
    def where(self) -> str:
        """The place of the key, in words."""
        if self.part:
            return f"the {self.part} of Basic authentication"
        return f"the header {self.header}" if self.header else f"the query parameter {self.argument}"


def checks(scan: Scan, reads: Reads, variables: Variables, named: str | None) -> list[KeyCheck]:
    """Return the keys that the function checks. `named` is the variable that the author chose."""
    found = list(dict.fromkeys(_compared(scan, reads)))
    if named is not None:
        own = [one for one in found if one.variable == named] or [_usual(named)]
        return _first_of_each([*own, *found])
    if found:
        # A key that can be changed takes precedence over one from the source.
        return _first_of_each(sorted(found, key=lambda one: one.variable is None))
    usual = [one.name for one in variables.named if re.search("WELD.*(KEY|TOKEN|SECRET|AUTH|PASSWORD)", one.name)]
    return [_usual(usual[0])] if usual else []


def _usual(variable: str) -> KeyCheck:
    return KeyCheck("", "authorization", None, "Bearer ", variable, None)


def _first_of_each(found: list[KeyCheck]) -> list[KeyCheck]:
    """Return one check for each header and query parameter. If it is compared with several values, any is accepted."""
    by_place: dict[tuple[str | None, str | None, str | None], KeyCheck] = {}
    for one in found:
        by_place.setdefault((one.header, one.argument, one.part), one)
    return list(by_place.values())


def _compared(scan: Scan, reads: Reads) -> Iterator[KeyCheck]:
    """Find the comparisons of a request's headers and query parameters with a variable or a text."""
    flows = Flows(scan, reads)
    for file in scan.files.values():
        for node, scope in flows.walked[file.name]:
            sides: list[ast.expr] = []
            if isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.Eq, ast.NotEq, ast.In, ast.NotIn)):
                sides = [node.left, *node.comparators]
            elif isinstance(node, ast.Call) and dotted(node.func).endswith("compare_digest"):
                sides = node.args
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get" and node.args:
                # A key that is looked up in a dict of keys.
                sides = [node.args[0], node.func.value]
            elif isinstance(node, ast.Subscript):
                sides = [node.slice, node.value]
            of_sides = [flows.of(side, file.name, scope) for side in sides]
            # With `in`, the text is a part of the header.
            is_within = isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.In, ast.NotIn))
            for given in (source for side in of_sides[: 1 if is_within else None] for source in _sorted(side)):
                for expected in (source for side in of_sides if given not in side for source in _sorted(side)):
                    made = _check(file.place(node), given, expected)
                    if made is not None:
                        yield made


def _sorted(sources: set[Source]) -> list[Source]:
    """Sort the sources. Partial values come first, because they show the text before the key."""
    return sorted(sources, key=lambda one: (one.is_whole, one.kind, one.name, one.prefix))


def _check(place: str, given: Source, expected: Source) -> KeyCheck | None:
    if given.kind not in ("header", "argument") or expected.kind not in ("variable", "text") or expected.is_member:
        return None
    is_header = given.kind == "header"
    if is_header and ORDINARY.fullmatch(given.name):
        return None
    prefix, text = expected.prefix, None
    if expected.kind == "text":
        if not (given.part or OF_KEYS.search(given.name)) or CURSORS.search(given.name) or NO_KEYS.fullmatch(expected.name):
            return None
        text = expected.name
    if not prefix and is_header and not given.is_whole:
        prefix = f"{given.prefix.rstrip()} " if given.prefix else "Bearer " if given.name == "authorization" else ""
    name = given.name
    variable = None if text else expected.name
    return KeyCheck(
        place, name if is_header else None, None if is_header else name, "" if given.part else prefix, variable, text, given.part
    )
