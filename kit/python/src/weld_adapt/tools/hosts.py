"""The hosts that the source names."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field

from .scan import Scan, in_order

URL = re.compile(r"(https?)://([A-Za-z0-9._~-]+)(:\d+)?(?=[/?#]|$)")
BEGINNING = re.compile(r"https?://[^/?#\s]*$")
NAMESPACES = ("www.w3.org", "schemas.xmlsoap.org", "json-schema.org", "schema.org")
"""Hosts of names that nobody sends requests to."""


@dataclass
class Origin:
    """Scheme, host and port of a URL."""

    origin: str
    place: str


@dataclass
class Hosts:
    """What the source says of hosts."""

    origins: list[Origin] = field(default_factory=list)
    not_literal: list[str] = field(default_factory=list)


def find(scan: Scan) -> Hosts:
    """The origins of all URLs in texts, but for those of documentation."""
    found = Hosts()
    known: set[str] = set()
    for file in scan.files.values():
        docs = _documentation(file.tree)
        parts = _parts(file.tree)
        for node in in_order(file.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
                text, is_part = node.value, id(node) in parts
                for match in URL.finditer(text):
                    # Where the text goes on elsewhere, so may the host's name.
                    if is_part and match.end() == len(text):
                        continue
                    origin = f"{match[1]}://{match[2].lower().rstrip('.')}{match[3] or ''}"
                    if match[2] not in NAMESPACES and origin not in known:
                        known.add(origin)
                        found.origins.append(Origin(origin, file.place(node)))
                if is_part and BEGINNING.search(text):
                    whole = parts[id(node)]
                    words = " ".join(ast.unparse(whole).split())[:120]
                    found.not_literal.append(f"{file.place(node)}: {words}{_rule(whole)}")
    return found


def _rule(whole: ast.expr) -> str:
    """The rule that permits a host whose first part alone is not a literal."""
    if not isinstance(whole, ast.JoinedStr):
        return ""
    pattern = "".join(str(value.value) if isinstance(value, ast.Constant) else "\0" for value in whole.values)
    match = re.match("(https?://)\0(\\.[A-Za-z0-9.-]+\\.[A-Za-z]+(?::[0-9]+)?)(?:[/?#]|$)", pattern)
    return f' (the rule "{match[1]}*{match[2]}" permits it)' if match else ""


def _documentation(tree: ast.AST) -> set[int]:
    """Texts that stand for themselves, such as docstrings."""
    return {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}


def _parts(tree: ast.AST) -> dict[int, ast.expr]:
    """Texts after which something else follows, in an f-string, by `+`, `%` or `.format`; by the whole expression."""
    found: dict[int, ast.expr] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            found.update((id(value), node) for value in node.values[:-1])
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            left = node.left
            while isinstance(left, ast.BinOp):
                left = left.right
            found.setdefault(id(left), node)
    return found
