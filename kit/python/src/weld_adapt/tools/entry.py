"""Finds the function that answers requests."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from .refusal import NotServed
from .scan import OwnFile, Scan, dotted, unparsed

USUAL = ("lambda_handler", "handler", "main")
"""Names of functions that platforms call, the most specific first."""

PLAIN = ("functions_framework.http", "http", "staticmethod")
"""Decorators that don't change a function's parameters."""

HTTP_WAY_OUT = "Weld sends HTTP requests, so the function needs @functions_framework.http"


@dataclass
class FoundEntry:
    """The function that answers requests."""

    name: str
    is_lambda: bool | None
    """Whether it takes an event and a context; `None` if that is known only after the module has run."""
    words: str
    """Its description for people."""


def find(scan: Scan, wanted: str | None) -> FoundEntry:
    """Return the function named `wanted`, or else the one under `@functions_framework.http`, or else by a usual name."""
    file = scan.entry_file
    functions = {node.name: node for node in _functions(file.tree)}
    others = _assigned(file.tree)
    if wanted is not None:
        if not wanted.isidentifier():
            raise NotServed(f"--entry {wanted!r} is not the name of a function")
        if wanted not in functions and wanted not in others:
            raise NotServed(f"{file.shown} has no function {wanted}{_candidates(functions)}")
        return _made(file, wanted, functions.get(wanted), "named by --entry")
    marked = [node for node in functions.values() if _is_marked(node, "http", file.tree)]
    if len(marked) > 1:
        places = " and ".join(f"{node.name} (line {node.lineno})" for node in marked)
        raise NotServed(
            f"{file.shown} has {len(marked)} functions under @functions_framework.http, {places}: choose one with --entry"
        )
    if marked:
        return _made(file, marked[0].name, marked[0], "under @functions_framework.http")
    for kind in ("cloud_event", "typed"):
        for node in functions.values():
            if _is_marked(node, kind, file.tree):
                place = file.place(node)
                raise NotServed(f"{place}: {node.name} is a function for {kind}s and can't be served: {HTTP_WAY_OUT}")
    for name in USUAL:
        if name in functions or name in others:
            return _made(file, name, functions.get(name), "by its name")
    for call in file.nodes:
        if isinstance(call, ast.Call) and dotted(call.func) in ("Flask", "flask.Flask"):
            raise NotServed(
                f"{file.place(call)}: a Flask application with routes can't be served: {HTTP_WAY_OUT}"
            )
    raise NotServed(
        f"{file.shown} has no function that answers requests: none under @functions_framework.http, and no"
        f" lambda_handler, handler or main{_candidates(functions)}"
    )


def _made(
    file: OwnFile, name: str, node: ast.FunctionDef | ast.AsyncFunctionDef | None, how: str
) -> FoundEntry:
    if isinstance(node, ast.AsyncFunctionDef):
        raise NotServed(
            f"{file.place(node)}: {name} is async, and a component has no event loop: Weld requests one page at a time,"
            " so a plain def is enough"
        )
    if how.startswith("under"):
        is_lambda: bool | None = False
    elif node is None:
        is_lambda = None
    else:
        count = len(node.args.posonlyargs) + len(node.args.args) - len(node.args.defaults)
        is_lambda = count == 2 or (name == "lambda_handler" and count > 0)
    if node is not None:
        _check_parameters(file, node, bool(is_lambda))
    kind = "a Lambda" if is_lambda else "" if is_lambda is None else "a function of functions_framework"
    parameters = "" if node is None else f"({', '.join(one.arg for one in node.args.args)})"
    words = f"{name}{parameters} in {file.shown}, {how}" + (f": {kind}" if kind and not how.startswith("under") else "")
    return FoundEntry(name, is_lambda, words)


def _check_parameters(file: OwnFile, node: ast.FunctionDef, is_lambda: bool) -> None:
    """Refuse a function that can't be called with its platform's arguments, because each request would fail."""
    if node.decorator_list and any(unparsed(one) not in PLAIN for one in node.decorator_list):
        # A decorator may call it with other arguments.
        return
    positional = [*node.args.posonlyargs, *node.args.args]
    needed = len(positional) - len(node.args.defaults)
    named = [one.arg for one, value in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True) if value is None]
    given, words = (2, "an event and a context") if is_lambda else (1, "the request")
    takes_all = node.args.vararg is not None
    if needed <= given and (takes_all or len(positional) >= given) and not named:
        return
    count = "no parameter" if not positional and not named else f"{needed} parameters" if needed != 1 else "one parameter"
    if named:
        count = f"the parameter {named[0]} only by its name"
    raise NotServed(f"{file.place(node)}: {node.name} takes {count}, but is called with {words}: change its parameters")


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Find the functions at the top of a module, including those under a condition."""
    waiting: list[ast.stmt] = list(tree.body)
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node
        elif isinstance(node, (ast.If, ast.Try)):
            waiting += [*node.body, *node.orelse]


def _assigned(tree: ast.Module) -> set[str]:
    """Return the names that the module imports or assigns."""
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            names.update(alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.Assign):
            names.update(target.id for target in node.targets if isinstance(target, ast.Name))
    return names


def _is_marked(node: ast.FunctionDef | ast.AsyncFunctionDef, mark: str, tree: ast.Module) -> bool:
    if not node.decorator_list:
        return False
    modules: set[str] = set()
    names: set[str] = set()
    for statement in ast.walk(tree):
        if isinstance(statement, ast.Import):
            modules.update(
                alias.asname or alias.name for alias in statement.names if alias.name == "functions_framework"
            )
        elif isinstance(statement, ast.ImportFrom) and statement.module == "functions_framework":
            names.update(alias.asname or alias.name for alias in statement.names if alias.name == mark)
    for decorator in node.decorator_list:
        used = decorator.func if isinstance(decorator, ast.Call) else decorator
        if isinstance(used, ast.Name) and used.id in names:
            return True
        if isinstance(used, ast.Attribute) and used.attr == mark and unparsed(used.value) in modules:
            return True
    return False


def _candidates(functions: dict[str, ast.FunctionDef | ast.AsyncFunctionDef]) -> str:
    names = [name for name in functions if not name.startswith("_")]
    if not names:
        return ""
    shown = ", ".join(names[:5])
    return f"; choose another with --entry, such as one of {shown}" if len(names) > 1 else f"; choose it with --entry {shown}"
