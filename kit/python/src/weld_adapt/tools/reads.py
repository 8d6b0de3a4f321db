"""Finds all places that read variables, under any name and through the source's own functions."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from .direct_reads import Read, direct, sets
from .literals import constants_of, text_of, texts_in
from .scan import OwnFile, Scan, unparsed
from .wrappers import follow


class Reads:
    """All places that read variables, by file."""

    def __init__(self, scan: Scan) -> None:
        texts = {name: constants_of(scan, file) for name, file in scan.files.items()}
        self._of: dict[str, list[Read]] = {name: list(direct(file)) for name, file in scan.files.items()}
        self.sets: set[str] = set()
        for name, file in scan.files.items():
            self.sets |= sets(file, texts[name])
        # A wrapper may call another wrapper.
        for _ in range(2):
            follow(scan, self._of, texts)
        for name, reads in self._of.items():
            loops = _loops(scan.files[name], texts[name])
            for read in reads:
                read.names = read.names or _names(read.name, texts[name], loops)

    def of(self, file: OwnFile) -> list[Read]:
        """Return the places in a file, in its order."""
        return self._of[file.name]

    def all(self) -> Iterator[Read]:
        """Yield the places in all files."""
        for reads in self._of.values():
            yield from reads

    def by_text(self, file: OwnFile) -> dict[str, str]:
        """Return the variables by the expressions that read them."""
        return {unparsed(read.node): read.names[0] for read in self.of(file) if len(read.names) == 1}


def _loops(file: OwnFile, texts: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the loop variables that run through a list of literals, with these literals."""
    lists = {
        target.id: node.value
        for node in file.nodes
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    found: dict[str, list[str]] = {}
    for node in file.nodes:
        if isinstance(node, (ast.For, ast.comprehension)) and isinstance(node.target, ast.Name):
            through = node.iter
            if isinstance(through, ast.Name) and through.id in lists:
                through = lists[through.id]
            if isinstance(through, (ast.List, ast.Tuple, ast.Set)):
                found.setdefault(node.target.id, []).extend(texts_in(through, texts))
    return found


def _names(node: ast.expr, texts: Mapping[str, str], loops: Mapping[str, list[str]]) -> list[str]:
    text = text_of(node, texts)
    if text is not None:
        return [text]
    for name, through in loops.items():
        if any(isinstance(one, ast.Name) and one.id == name for one in ast.walk(node)):
            found = [text_of(node, {**texts, name: one}) for one in through]
            return [one for one in found if one is not None]
    return []
