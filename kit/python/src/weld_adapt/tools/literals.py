"""Computes the texts of expressions, as far as the source has them."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Mapping

from .scan import OwnFile, Scan, dotted

MANY = 100
"""The number of members of a list, a tuple, a set or a dict that are read."""
FIELD = re.compile(r"%(?:\((\w+)\))?[sd]|%%")
"""A placeholder of the operator `%`."""


def constants(file: OwnFile) -> dict[str, str]:
    """Return the texts of names that are assigned once."""
    values: dict[str, ast.expr] = {}
    twice = set()
    for node in file.nodes:
        targets: list[ast.expr] = []
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, (ast.AnnAssign, ast.AugAssign)) and node.value is not None:
            targets = [node.target]
        for target in targets:
            if isinstance(target, ast.Name):
                if target.id in values or isinstance(node, ast.AugAssign):
                    twice.add(target.id)
                assert isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)) and node.value is not None
                values[target.id] = node.value
    found: dict[str, str] = {}
    for name, value in values.items():
        text = text_of(value, found)
        if text is not None and name not in twice:
            found[name] = text
    return found


def constants_of(scan: Scan, file: OwnFile) -> dict[str, str]:
    """Return the texts of names in a file, including those imported from other files of the function."""
    found = {}
    for node in file.nodes:
        if isinstance(node, ast.ImportFrom) and node.module in scan.files:
            theirs = constants(scan.files[node.module])
            for alias in node.names:
                if alias.name in theirs:
                    found[alias.asname or alias.name] = theirs[alias.name]
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name in scan.files:
                    theirs = constants(scan.files[alias.name])
                    found.update({f"{alias.asname or alias.name}.{name}": text for name, text in theirs.items()})
    return found | constants(file)


def text_of(node: ast.expr, texts: Mapping[str, str]) -> str | None:
    """Return the text of a literal, of a name, or of several joined parts; `None` if a part is unknown."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, (ast.Name, ast.Attribute)):
        return texts.get(dotted(node))
    if isinstance(node, ast.JoinedStr):
        return _joined([text_of(part, texts) for part in node.values])
    if isinstance(node, ast.FormattedValue):
        return text_of(node.value, texts) if node.format_spec is None and node.conversion in (-1, 115) else None
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _joined([text_of(part, texts) for part in parts_of(node) or ()])
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        return _joined([text_of(part, texts) for part in parts_of(node) or [node.right]])
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        parts = parts_of(node)
        return _joined([text_of(part, texts) for part in parts]) if parts else None
    return None


def _joined(parts: list[str | None]) -> str | None:
    known = [part for part in parts if part is not None]
    return "".join(known) if len(known) == len(parts) else None


def parts_of(node: ast.expr) -> list[ast.expr] | None:
    """Return the parts of a text joined by an f-string, `+`, `%` or `.format`, in order; `None` for other expressions."""
    if isinstance(node, ast.JoinedStr):
        return [part.value if isinstance(part, ast.FormattedValue) else part for part in node.values]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        sides: list[ast.expr] = []
        left: ast.expr = node
        while isinstance(left, ast.BinOp) and isinstance(left.op, ast.Add):
            sides.append(left.right)
            left = left.left
        return [part for side in (left, *reversed(sides)) for part in parts_of(side) or [side]]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod) and isinstance(node.left, ast.Constant):
        return _of_percent(node.left, node.right) if isinstance(node.left.value, str) else None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        template = node.func.value
        if isinstance(template, ast.Constant) and isinstance(template.value, str):
            return _of_format(template, node)
    return None


def _of_percent(template: ast.Constant, right: ast.expr) -> list[ast.expr] | None:
    given = list(right.elts) if isinstance(right, ast.Tuple) else [right]
    named: dict[str, ast.expr] = {}
    if isinstance(right, ast.Dict):
        pairs = zip(right.keys, right.values, strict=True)
        named = {str(key.value): value for key, value in pairs if isinstance(key, ast.Constant)}
    parts: list[ast.expr] = []
    text, at = str(template.value), 0
    for field in FIELD.finditer(text):
        parts.append(_literal(text[at : field.start()], template))
        at = field.end()
        if field[0] == "%%":
            parts.append(_literal("%", template))
            continue
        value = named.get(field[1]) if field[1] else (given.pop(0) if given else None)
        if value is None:
            return None
        parts.append(value)
    return [*parts, _literal(text[at:], template)]


def _of_format(template: ast.Constant, call: ast.Call) -> list[ast.expr] | None:
    named = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    parts: list[ast.expr] = []
    count = 0
    try:
        for before, field, form, _ in string.Formatter().parse(str(template.value)):
            parts.append(_literal(before, template))
            if field is None:
                continue
            if field == "":
                field, count = str(count), count + 1
            value = call.args[int(field)] if field.isdigit() else named[field]
            if form:
                return None
            parts.append(value)
    except (ValueError, IndexError, KeyError):
        return None
    return parts


def _literal(text: str, place: ast.expr) -> ast.expr:
    return ast.copy_location(ast.Constant(text), place)


def texts_in(node: ast.expr, texts: Mapping[str, str]) -> list[str]:
    """Return the texts in a list, a tuple or a set of literals, or the text of a literal."""
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        found = [text_of(one, texts) for one in node.elts[:MANY]]
        return [text for text in found if text is not None]
    text = text_of(node, texts)
    return [] if text is None else [text]
