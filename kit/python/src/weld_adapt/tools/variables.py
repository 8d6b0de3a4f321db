"""The variables that the source reads, and which of them has the key that the function checks."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from .scan import OwnFile, Scan, in_order

PLATFORM = frozenset(
    ("AWS_REGION", "FUNCTION_NAME", "FUNCTION_TARGET", "GCP_PROJECT", "HOME", "K_SERVICE", "PATH", "PORT", "TZ")
)
"""Variables that platforms set; a function goes on without them."""


@dataclass
class NamedVariable:
    """A variable that the source reads."""

    name: str
    place: str
    has_default: bool


@dataclass
class Variables:
    """What the source says of its variables."""

    named: list[NamedVariable] = field(default_factory=list)
    not_literal: list[str] = field(default_factory=list)


@dataclass
class Read:
    """One place that reads a variable."""

    name: ast.expr
    default: ast.expr | None
    node: ast.AST


def find(scan: Scan) -> Variables:
    """All variables, in the order of the source."""
    found = Variables()
    by_name: dict[str, NamedVariable] = {}
    for file in scan.files.values():
        texts = constants(file.tree)
        fallbacks = _fallbacks(file.tree)
        for read in reads(file.tree):
            name = text_of(read.name, texts)
            if name is None:
                found.not_literal.append(f"{file.place(read.node)}: {ast.unparse(read.node)}")
                continue
            default = read.default is not None and not _is_nothing(read.default)
            has_default = default or id(read.node) in fallbacks or name in PLATFORM
            known = by_name.setdefault(name, NamedVariable(name, file.place(read.node), has_default))
            # One place that needs it is enough.
            known.has_default = known.has_default and has_default
    found.named = list(by_name.values())
    return found


def reads(tree: ast.AST) -> Iterator[Read]:
    """The places that read variables: `os.environ["A"]`, `os.environ.get("A")`, `os.getenv("A")`, by whatever name."""
    environs, getters = _names(tree)
    for node in in_order(tree):
        if isinstance(node, ast.Subscript) and _is(node.value, environs):
            if isinstance(node.ctx, ast.Load):
                yield Read(node.slice, None, node)
        elif isinstance(node, ast.Call) and node.args:
            default = node.args[1] if len(node.args) > 1 else next((k.value for k in node.keywords), None)
            is_get = isinstance(node.func, ast.Attribute) and node.func.attr in ("get", "pop", "setdefault")
            if is_get and _is(node.func.value, environs):  # type: ignore[attr-defined]
                yield Read(node.args[0], default, node)
            elif _is(node.func, getters):
                yield Read(node.args[0], default, node)


def _names(tree: ast.AST) -> tuple[set[str], set[str]]:
    """How the source calls `os.environ` and `os.getenv`."""
    environs: set[str] = set()
    getters: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name == "os":
                    environs.add(f"{alias.asname or 'os'}.environ")
                    getters.add(f"{alias.asname or 'os'}.getenv")
        elif isinstance(node, ast.ImportFrom) and node.module == "os":
            for alias in node.names:
                if alias.name == "environ":
                    environs.add(alias.asname or alias.name)
                elif alias.name == "getenv":
                    getters.add(alias.asname or alias.name)
    return environs, getters


def _is(node: ast.expr, names: set[str]) -> bool:
    return isinstance(node, (ast.Name, ast.Attribute)) and ast.unparse(node) in names


def constants(tree: ast.AST) -> dict[str, str]:
    """The texts that have a name of their own, assigned once."""
    found: dict[str, str] = {}
    twice = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    if target.id in found:
                        twice.add(target.id)
                    if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
                        found[target.id] = node.value.value
                    else:
                        twice.add(target.id)
    return {name: text for name, text in found.items() if name not in twice}


def text_of(node: ast.expr, texts: dict[str, str]) -> str | None:
    """The text of a literal, or of a name for one."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return texts.get(node.id) if isinstance(node, ast.Name) else None


def _is_nothing(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value in (None, "")


def _fallbacks(tree: ast.AST) -> set[int]:
    """The nodes before an `or`, after which there is something else."""
    found: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
            found.update(id(value) for value in node.values[:-1])
    return found


def key(scan: Scan, variables: Variables) -> str | None:
    """The variable that is compared with the header of the request, or else the one that is named as such."""
    for file in scan.files.values():
        name = _compared(file)
        if name is not None:
            return name
    usual = [one.name for one in variables.named if re.search("WELD.*(KEY|TOKEN|SECRET|AUTH|PASSWORD)", one.name)]
    return usual[0] if usual else None


def _compared(file: OwnFile) -> str | None:
    texts = constants(file.tree)
    names: dict[str, str] = {}
    for read in reads(file.tree):
        name = text_of(read.name, texts)
        if name is not None:
            names[ast.unparse(read.node)] = name
    headers: set[str] = set()
    # Values that come of a header or a variable, by way of names.
    for _ in range(3):
        for node in ast.walk(file.tree):
            if isinstance(node, ast.Assign):
                targets = [one.id for target in node.targets for one in ast.walk(target) if isinstance(one, ast.Name)]
                if _mentions_header(node.value, headers):
                    headers.update(targets)
                elif (name := _variable(node.value, names)) is not None:
                    names.update(dict.fromkeys(targets, name))
    for node in ast.walk(file.tree):
        sides: list[ast.expr] = []
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("compare_digest"):
            sides = node.args
        if any(_mentions_header(side, headers) for side in sides):
            for side in sides:
                name = _variable(side, names)
                if name is not None:
                    return name
    return None


def _mentions_header(node: ast.expr, headers: set[str]) -> bool:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name) and inner.id in headers:
            return True
        if isinstance(inner, ast.Attribute) and inner.attr == "authorization":
            return True
        if isinstance(inner, ast.Constant) and str(inner.value).lower() == "authorization":
            # Of the request, not of one that is sent.
            return not isinstance(node, ast.Dict)
    return False


def _variable(node: ast.expr, names: dict[str, str]) -> str | None:
    for inner in ast.walk(node):
        if isinstance(inner, (ast.Name, ast.Subscript, ast.Call)):
            found = names.get(ast.unparse(inner))
            if found is not None:
                return found
    return None
