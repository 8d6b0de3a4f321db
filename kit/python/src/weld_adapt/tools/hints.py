"""Makes hints for `NAME.toml`: credentials that the host could send, and tokens in states."""

from __future__ import annotations

import ast
import itertools
import json
import re

from .keys import KeyCheck
from .literals import parts_of, text_of
from .reads import Reads
from .scan import OwnFile, Scan, dotted, unparsed


def settings(scan: Scan, reads: Reads, checks: list[KeyCheck], origins: list[str]) -> list[str]:
    """Return hints for `NAME.toml`, each of one line or more, without the keys that the function expects in requests.

    If the source names only one origin, the credentials are for that origin.
    """
    urls = json.dumps(origins if len(origins) == 1 else ["https://…"], ensure_ascii=False)
    hints = []
    own = {check.variable for check in checks}
    sections = (f"api-{number}" if number > 1 else "api" for number in itertools.count(1))
    for name in credentials(scan, reads):
        if name in own:
            continue
        hints.append(
            f"The function sends {name} in a header. The host can send it instead, so that the function never sees it:\n"
            f'[auth.{next(sections)}]\nurls = {urls}\nkind = "bearer"\ntoken = {{ env = "{name}" }}'
        )
    for user, password in _pairs(scan, reads):
        hints.append(
            f"The function sends {user} and {password} with Basic authentication. The host can send them instead:\n"
            f'[auth.{next(sections)}]\nurls = {urls}\nkind = "basic"\n'
            f'username = {{ env = "{user}" }}\npassword = {{ env = "{password}" }}'
        )
    for place in _tokens_in_states(scan):
        hints.append(
            f"A state seems to keep a token ({place}). A page whose state has one of the values above fails, unless you"
            ' allow it:\nsecret-in-state = "allow"'
        )
    return hints


def credentials(scan: Scan, reads: Reads) -> list[str]:
    """Return the variables of the headers `Authorization: Bearer …` that the function sends."""
    found: list[str] = []
    for file in scan.files.values():
        names = _variables(file, reads)
        compared = _compared(file.tree)
        for node in file.nodes:
            if not isinstance(node, (ast.JoinedStr, ast.BinOp, ast.Call)) or id(node) in compared:
                continue
            parts = parts_of(node)
            if parts is None or not any("Bearer " in text for part in parts if (text := text_of(part, {})) is not None):
                continue
            for part in parts:
                name = _variable(part, names)
                if name and name not in found:
                    found.append(name)
    return found


def _compared(tree: ast.AST) -> set[int]:
    """Return the nodes within comparisons: those check a header of the incoming request, and don't send one."""
    found: set[int] = set()
    for node in ast.walk(tree):
        is_check = isinstance(node, ast.Call) and dotted(node.func).endswith("compare_digest")
        if is_check or isinstance(node, ast.Compare):
            found.update(id(inner) for inner in ast.walk(node))
    return found


def _pairs(scan: Scan, reads: Reads) -> list[tuple[str, str]]:
    """Return the variables of user and password in `auth=(…, …)` and `HTTPBasicAuth(…, …)`."""
    found: list[tuple[str, str]] = []
    for file in scan.files.values():
        names = _variables(file, reads)
        for node in file.nodes:
            parts: list[ast.expr] = []
            if isinstance(node, ast.keyword) and node.arg == "auth" and isinstance(node.value, ast.Tuple):
                parts = node.value.elts
            elif isinstance(node, ast.Call) and dotted(node.func).endswith("HTTPBasicAuth"):
                parts = node.args
            pair = [_variable(part, names) for part in parts]
            if len(pair) == 2 and pair[0] and pair[1] and (pair[0], pair[1]) not in found:
                found.append((pair[0], pair[1]))
    return found


def _variables(file: OwnFile, reads: Reads) -> dict[str, str]:
    """Return the variables by the expressions that read them, and by the names assigned to these."""
    names = reads.by_text(file)
    for node in file.nodes:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], (ast.Name, ast.Attribute)):
            name = names.get(unparsed(node.value))
            if name:
                names[unparsed(node.targets[0])] = name
    return names


def _variable(node: ast.AST, names: dict[str, str]) -> str | None:
    return names.get(unparsed(node)) if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript, ast.Call)) else None


def _tokens_in_states(scan: Scan) -> list[str]:
    """Return the first place that puts something named like a token into a state."""
    found = []
    for file in scan.files.values():
        for node in file.nodes:
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    if isinstance(target, ast.Subscript) and "state" in unparsed(target.value).lower():
                        name = unparsed(target.slice).lower()
                        if re.search("token|secret|password|session", name) and not re.search("page|next|sync", name):
                            found.append(f"{file.place(node)}: {unparsed(target)}")
    return found[:1]
