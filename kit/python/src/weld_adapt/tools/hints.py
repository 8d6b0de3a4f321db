"""What to know of a function beside what can be read off: hints for `NAME.toml`, and what will differ."""

from __future__ import annotations

import ast
import re

from .scan import Scan
from .variables import Variables, constants, reads, text_of

LONG_SLEEP = 55
"""Seconds from which a sleep is answered before it ends (`answer-within`)."""


def settings(scan: Scan, variables: Variables) -> list[str]:
    """Hints for `NAME.toml`, each of one line or more."""
    hints = []
    for name in _credentials(scan):
        hints.append(
            f"The function sends {name} in a header. The host can send it instead, so that the function never has it:\n"
            f'[auth.api]\nurls = ["https://…"]\nkind = "bearer"\ntoken = {{ env = "{name}" }}'
        )
    for user, password in _pairs(scan):
        hints.append(
            f"The function sends {user} and {password} by Basic authentication. The host can do so instead:\n"
            f'[auth.api]\nurls = ["https://…"]\nkind = "basic"\n'
            f'username = {{ env = "{user}" }}\npassword = {{ env = "{password}" }}'
        )
    for place in _tokens_in_states(scan):
        hints.append(
            f"A state seems to keep a token ({place}). A page whose state has one of the values above fails, unless this"
            ' says that it may:\nsecret-in-state = "allow"'
        )
    return hints


def _credentials(scan: Scan) -> list[str]:
    """The variables of headers `Authorization: Bearer …`."""
    found: list[str] = []
    for file in scan.files.values():
        names = _variables(file.tree)
        for node in ast.walk(file.tree):
            if not isinstance(node, (ast.JoinedStr, ast.BinOp)) or "Bearer " not in ast.unparse(node):
                continue
            for inner in ast.walk(node):
                name = _variable(inner, names)
                if name and name not in found and "WELD" not in name:
                    found.append(name)
    return found


def _pairs(scan: Scan) -> list[tuple[str, str]]:
    """The variables of user and password, in `auth=(…, …)` and `HTTPBasicAuth(…, …)`."""
    found: list[tuple[str, str]] = []
    for file in scan.files.values():
        names = _variables(file.tree)
        for node in ast.walk(file.tree):
            parts: list[ast.expr] = []
            if isinstance(node, ast.keyword) and node.arg == "auth" and isinstance(node.value, ast.Tuple):
                parts = node.value.elts
            elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("HTTPBasicAuth"):
                parts = node.args
            pair = [_variable(part, names) for part in parts]
            if len(pair) == 2 and pair[0] and pair[1] and (pair[0], pair[1]) not in found:
                found.append((pair[0], pair[1]))
    return found


def _variables(tree: ast.Module) -> dict[str, str | None]:
    """The variables by the expressions that read them, and by the names that are given their values."""
    texts = constants(tree)
    names = {ast.unparse(read.node): text_of(read.name, texts) for read in reads(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            name = names.get(ast.unparse(node.value))
            if name:
                names[node.targets[0].id] = name
    return names


def _variable(node: ast.AST, names: dict[str, str | None]) -> str | None:
    return names.get(ast.unparse(node)) if isinstance(node, (ast.Name, ast.Subscript, ast.Call)) else None


def _tokens_in_states(scan: Scan) -> list[str]:
    """The places where a state gets something that is called a token."""
    found = []
    for file in scan.files.values():
        for node in ast.walk(file.tree):
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    if isinstance(target, ast.Subscript) and "state" in ast.unparse(target.value).lower():
                        name = ast.unparse(target.slice).lower()
                        if re.search("token|secret|password|session", name) and not re.search("page|next|sync", name):
                            found.append(f"{file.place(node)}: {ast.unparse(target)}")
    return found[:1]


def notes(scan: Scan) -> list[str]:
    """What differs from the function's own platform, as far as its source shows it."""
    notes = []
    for file in scan.files.values():
        texts: dict[str, str] = {}
        for node in ast.walk(file.tree):
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func)
            if called in ("time.sleep", "sleep") and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, (int, float)):
                    if first.value >= LONG_SLEEP:
                        notes.append(
                            f"{file.place(node)}: {called}({first.value:g}) outlasts answer-within: Weld gets pending"
                            " answers meanwhile, and asks again"
                        )
            elif called in ("open", "io.open") and node.args:
                path = text_of(node.args[0], texts) or ""
                mode = next((k.value for k in node.keywords if k.arg == "mode"), None)
                mode = node.args[1] if len(node.args) > 1 else mode
                words = text_of(mode, texts) if mode is not None else "r"
                if words and set(words) & set("wax+"):
                    notes.append(f"{file.place(node)}: a component has no files to write, so {called}({path!r}) fails")
        notes += _module_state(file.tree, file.shown)
    return notes


def _module_state(tree: ast.Module, shown: str) -> list[str]:
    """Global names that a function changes: they last one page here, and an instance's life there."""
    changed = sorted({name for node in ast.walk(tree) if isinstance(node, ast.Global) for name in node.names})
    if not changed:
        return []
    return [f"{shown}: the module begins anew for each page, so {', '.join(changed)} is lost after it"]
