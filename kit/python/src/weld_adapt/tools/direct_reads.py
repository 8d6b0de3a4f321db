"""Finds the places that read variables with `os.environ` and `os.getenv`, under any name."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from .literals import texts_in
from .scan import OwnFile, dotted, unparsed


@dataclass
class Read:
    """A place that reads a variable, or checks whether it is set."""

    file: OwnFile
    node: ast.expr
    name: ast.expr
    default: ast.expr | None
    raises: bool
    """Whether it raises an exception if the variable is missing and has no default."""
    names: list[str] = field(default_factory=list)
    """The variables whose names are literals; several in a loop."""


def direct(file: OwnFile) -> Iterator[Read]:
    """Find `os.environ["A"]`, `os.environ.get("A")`, `os.getenv("A")` and similar reads, under any name."""
    environs, getters = aliases(file)
    for node in file.in_order:
        if isinstance(node, ast.Subscript) and is_one_of(node.value, environs):
            if isinstance(node.ctx, ast.Load):
                yield Read(file, node, node.slice, None, True)
        elif isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.In, ast.NotIn)):
            container = node.comparators[0]
            if isinstance(container, ast.Call) and isinstance(container.func, ast.Attribute) and container.func.attr == "keys":
                container = container.func.value
            if is_one_of(container, environs):
                yield Read(file, node, node.left, ast.Constant(False), False)
        elif isinstance(node, ast.Call) and node.args:
            default = node.args[1] if len(node.args) > 1 else next((k.value for k in node.keywords), None)
            method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            if method in ("get", "pop", "setdefault", "__getitem__") and is_one_of(node.func.value, environs):  # type: ignore[attr-defined]
                yield Read(file, node, node.args[0], default, method in ("pop", "__getitem__"))
            elif is_one_of(node.func, getters):
                yield Read(file, node, node.args[0], default, False)


def aliases(file: OwnFile) -> tuple[set[str], set[str]]:
    """Return a file's names for `os.environ` or a copy of it, and for `os.getenv`."""
    if file.environs is None:
        file.environs = _aliases(file)
    return file.environs


def _aliases(file: OwnFile) -> tuple[set[str], set[str]]:
    environs: set[str] = set()
    getters: set[str] = set()
    for node in file.nodes:
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
    for _ in range(2):
        for node in file.nodes:
            if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                names = {unparsed(one) for one in targets if isinstance(one, (ast.Name, ast.Attribute))}
                if _is_copy(node.value, environs):
                    environs |= names
                elif is_one_of(node.value, getters) or (
                    isinstance(node.value, ast.Attribute) and node.value.attr == "get" and is_one_of(node.value.value, environs)
                ):
                    getters |= names
            elif isinstance(node, ast.arguments):
                places = [*node.posonlyargs, *node.args]
                pairs = zip(places[len(places) - len(node.defaults) :], node.defaults, strict=True)
                environs |= {one.arg for one, value in pairs if is_one_of(value, environs)}
    return environs, getters


def _is_copy(node: ast.expr, environs: set[str]) -> bool:
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute) and node.func.attr == "copy":
            return is_one_of(node.func.value, environs)
        return dotted(node.func) == "dict" and len(node.args) == 1 and is_one_of(node.args[0], environs)
    if isinstance(node, ast.Dict):
        return any(key is None and is_one_of(value, environs) for key, value in zip(node.keys, node.values, strict=True))
    return is_one_of(node, environs)


def is_one_of(node: ast.expr, names: set[str]) -> bool:
    """Whether an expression is one of the names that `aliases` found."""
    return isinstance(node, (ast.Name, ast.Attribute)) and dotted(node) in names


def sets(file: OwnFile, texts: Mapping[str, str]) -> set[str]:
    """Return the variables that the function sets itself."""
    environs, _ = aliases(file)
    found: set[str] = set()
    for node in file.nodes:
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store) and is_one_of(node.value, environs):
            found.update(texts_in(node.slice, texts))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and is_one_of(node.func.value, environs):
            if node.func.attr == "setdefault" and node.args:
                found.update(texts_in(node.args[0], texts))
            elif node.func.attr == "update":
                found.update(keyword.arg for keyword in node.keywords if keyword.arg)
                for one in node.args:
                    if isinstance(one, ast.Dict):
                        found.update(text for key in one.keys if key is not None for text in texts_in(key, texts))
    return found
