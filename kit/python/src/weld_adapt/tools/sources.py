"""The sources of values, and the names that a file imports from the function's other files."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from .scan import OwnFile, Scan

BOTH = "username:password"
"""The decoded form of Basic authentication."""


@dataclass(frozen=True)
class Source:
    """The source of a value."""

    kind: str
    """`header`, `argument`, `variable` or `text`; `headers` and `arguments` for all of them."""
    name: str = ""
    """The name of the header, query parameter or variable; or the text itself."""
    is_whole: bool = True
    """Whether nothing was cut off."""
    prefix: str = ""
    """The text before the value, or the text that was cut off."""
    part: str | None = None
    """The part of Basic authentication: `username` or `password`."""
    is_member: bool = False
    """Whether the value is still within a dict."""


def members_of(sources: set[Source]) -> set[Source]:
    """Return the sources of a dict's values."""
    return {replace(source, is_member=False) for source in sources if source.is_member}


def part_of(source: Source, index: object) -> Source:
    """Return the source of a header's item. For decoded Basic authentication, it is the user or the password."""
    if source.kind != "header":
        return source
    part = source.part
    if part == BOTH and isinstance(index, int):
        part = "username" if index == 0 else "password"
    return replace(source, is_whole=False, part=part)


def walk(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """Yield all nodes, each with the name of its enclosing function."""

    waiting: list[tuple[ast.AST, str]] = [(tree, "")]
    while waiting:
        node, scope = waiting.pop()
        if node is not tree:
            yield node, scope
        inner = node.name if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) else scope
        waiting += [(child, inner) for child in reversed(list(ast.iter_child_nodes(node)))]


def imported(file: OwnFile, scan: Scan) -> dict[str, tuple[str, str]]:
    """Return the names that a file imports from the function's other files: module and name, by the local name."""
    found: dict[str, tuple[str, str]] = {}

    def members(module: str, shown: str) -> Mapping[str, tuple[str, str]]:
        names = {name.id for name in ast.walk(scan.files[module].tree) if isinstance(name, ast.Name)}
        names |= {one.name for one in ast.walk(scan.files[module].tree) if isinstance(one, ast.FunctionDef)}
        return {f"{shown}.{name}": (module, name) for name in names}

    for node in file.nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name in scan.files:
                    found.update(members(alias.name, alias.asname or alias.name))
        elif isinstance(node, ast.ImportFrom):
            package = node.module or ""
            if node.level:
                above = file.name.split(".")
                if os.path.basename(file.path) != "__init__.py":
                    above = above[:-1]
                above = above[: len(above) - node.level + 1]
                package = ".".join([*above, *([package] if package else [])])
            for alias in node.names:
                shown = alias.asname or alias.name
                whole = f"{package}.{alias.name}".lstrip(".")
                if whole in scan.files:
                    found.update(members(whole, shown))
                elif package in scan.files:
                    found[shown] = (package, alias.name)
    return found
