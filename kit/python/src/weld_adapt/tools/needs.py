"""Decides which variables the function needs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

from .direct_reads import Read, aliases, is_one_of
from .scan import OwnFile, dotted, unparsed

FAIL_ON_NONE = ("int", "float", "len", "json.loads", "Decimal", "decimal.Decimal", "base64.b64decode")
"""Calls that fail if their argument is `None`."""
ENDS = ("sys.exit", "exit", "quit", "os._exit")
"""Calls that end the function."""


def is_needed(read: Read) -> bool:
    """Whether the function needs the variable at this place."""
    parents = read.file.parents
    fails = read.raises and read.default is None
    if not fails and (read.default is None or is_nothing(read.default, ())):
        fails = _fails_on_none(read.node, parents)
    return fails and not _is_guarded(read, parents)


def is_nothing(node: ast.expr, texts: tuple[str, ...] = ("",)) -> bool:
    """Whether a default counts as missing."""
    return isinstance(node, ast.Constant) and (node.value is None or node.value in texts)


def _fails_on_none(node: ast.expr, parents: Mapping[int, ast.AST]) -> bool:
    """Whether the expression around the value fails if the value is `None`."""
    parent = parents.get(id(node))
    if isinstance(parent, (ast.Attribute, ast.Subscript)):
        return parent.value is node
    if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Add):
        return True
    return isinstance(parent, ast.Call) and node in parent.args and dotted(parent.func) in FAIL_ON_NONE


def _is_guarded(read: Read, parents: Mapping[int, ast.AST]) -> bool:
    """Whether the source handles a missing variable, by a `try` that continues or a condition that checks it."""
    child: ast.AST = read.node
    while (parent := parents.get(id(child))) is not None:
        if isinstance(parent, ast.Try) and child in parent.body:
            if any(_catches(one) and not any(ends(inner) for inner in ast.walk(one)) for one in parent.handlers):
                return True
        elif isinstance(parent, ast.With) and child in parent.body:
            if any("suppress" in unparsed(item.context_expr) for item in parent.items):
                return True
        elif isinstance(parent, (ast.If, ast.While)) and child is not parent.test:
            if _checks(parent.test, read):
                return True
        elif isinstance(parent, ast.IfExp) and child is not parent.test:
            if _checks(parent.test, read):
                return True
        elif isinstance(parent, ast.BoolOp) and child is not parent.values[0]:
            if any(_checks(one, read) for one in parent.values if one is not child):
                return True
        child = parent
    return False


def _catches(handler: ast.ExceptHandler) -> bool:
    caught = "Exception" if handler.type is None else unparsed(handler.type)
    return bool(re.search(r"\b(KeyError|LookupError|Exception|TypeError|AttributeError|ValueError)\b", caught))


def _checks(test: ast.expr, read: Read) -> bool:
    wanted = unparsed(read.name)
    environs, getters = aliases(read.file)
    for node in ast.walk(test):
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.In, ast.NotIn)):
            if unparsed(node.left) == wanted and is_one_of(node.comparators[0], environs):
                return True
        elif isinstance(node, ast.Call) and node.args and unparsed(node.args[0]) == wanted:
            is_get = isinstance(node.func, ast.Attribute) and node.func.attr == "get" and is_one_of(node.func.value, environs)
            if is_get or is_one_of(node.func, getters):
                return True
    return False


def ends(node: ast.AST) -> bool:
    """Whether a statement or a call ends the function."""
    return isinstance(node, ast.Raise) or (isinstance(node, ast.Call) and dotted(node.func) in ENDS)


def demanded(file: OwnFile, reads: list[Read]) -> set[str]:
    """Return the variables that a module needs to load, as in `if not TOKEN: raise …` and `assert TOKEN`."""
    by_text = {unparsed(read.node): read.names for read in reads}
    for node in file.nodes:
        if isinstance(node, ast.Assign) and unparsed(node.value) in by_text:
            names = by_text[unparsed(node.value)]
            by_text.update({unparsed(target): names for target in node.targets if isinstance(target, ast.Name)})
    missing = _missing(file, by_text)
    found: set[str] = set()
    for statement in _statements(file.tree.body):
        absent: list[ast.expr] = []
        if isinstance(statement, ast.If) and isinstance(statement.test, ast.Name) and statement.test.id in missing:
            if any(ends(inner) for one in statement.body for inner in ast.walk(one)):
                found |= missing[statement.test.id]
        elif isinstance(statement, ast.If) and any(ends(inner) for one in statement.body for inner in ast.walk(one)):
            absent = list(_absent(statement.test))
        elif isinstance(statement, ast.Assert):
            absent = list(_absent(ast.UnaryOp(ast.Not(), statement.test)))
        for node in absent:
            for inner in ast.walk(node):
                found.update(by_text.get(_text(inner), ()))
    return found


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements that run while a module loads, including those in loops."""
    for statement in body:
        yield statement
        if isinstance(statement, (ast.For, ast.Try, ast.With)):
            yield from _statements(statement.body)


def _missing(file: OwnFile, by_text: Mapping[str, list[str]]) -> dict[str, set[str]]:
    """Return the names of lists of missing variables, such as `[name for name in NAMES if not os.getenv(name)]`."""
    found: dict[str, set[str]] = {}
    for node in file.nodes:
        if isinstance(node, ast.Assign) and isinstance(node.value, (ast.ListComp, ast.SetComp)):
            tests = [absent for one in node.value.generators for test in one.ifs for absent in _absent(test)]
            names = {name for test in tests for inner in ast.walk(test) for name in by_text.get(_text(inner), ())}
            found.update({target.id: names for target in node.targets if isinstance(target, ast.Name) and names})
    return found


def _text(node: ast.AST) -> str:
    return unparsed(node) if isinstance(node, ast.expr) else ""


def _absent(test: ast.expr) -> Iterator[ast.expr]:
    """Yield the expressions that are missing if a test is true."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        yield test.operand
    elif isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or):
        for one in test.values:
            yield from _absent(one)
    elif isinstance(test, ast.Compare):
        right = test.comparators[0]
        if isinstance(test.ops[0], ast.NotIn):
            yield test
        elif isinstance(test.ops[0], (ast.Is, ast.Eq)) and isinstance(right, ast.Constant) and not right.value:
            yield test.left
        elif isinstance(test.ops[0], ast.In) and isinstance(test.left, ast.Constant) and test.left.value is None:
            yield right
