"""Where a value of the source comes from, and what of the source's own a file takes from another one."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from .scan import OwnFile, Scan

BOTH = "username:password"
"""What Basic authentication has, once it is decoded."""


@dataclass(frozen=True)
class Source:
    """Where a value comes from."""

    kind: str
    """`header`, `argument`, `variable` or `text`; `headers` and `arguments` for all of them."""
    name: str = ""
    """Of the header, argument or variable; or the text itself."""
    is_whole: bool = True
    """Whether nothing was cut off."""
    prefix: str = ""
    """The text before it, or that was cut off."""
    part: str | None = None
    """Of Basic authentication: `username` or `password`."""
    is_member: bool = False
    """Whether it is what a dict has under a key, and not yet taken out."""


def members_of(sources: set[Source]) -> set[Source]:
    """What a dict has under its keys."""
    return {replace(source, is_member=False) for source in sources if source.is_member}


def part_of(source: Source, index: object) -> Source:
    """What an index gets of a header: of decoded Basic authentication the name or the password."""
    if source.kind != "header":
        return source
    part = source.part
    if part == BOTH and isinstance(index, int):
        part = "username" if index == 0 else "password"
    return replace(source, is_whole=False, part=part)


def walk(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """All nodes, each with the name of the function that it stands in."""

    waiting: list[tuple[ast.AST, str]] = [(tree, "")]
    while waiting:
        node, scope = waiting.pop()
        if node is not tree:
            yield node, scope
        inner = node.name if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) else scope
        waiting += [(child, inner) for child in reversed(list(ast.iter_child_nodes(node)))]


def imported(file: OwnFile, scan: Scan) -> dict[str, tuple[str, str]]:
    """What a file takes from other files of the function: module and name by what it calls them."""
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
