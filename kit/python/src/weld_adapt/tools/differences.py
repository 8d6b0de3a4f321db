"""Finds calls that a component can't make, and reports them with file and line before anything is built."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from .literals import constants, text_of
from .scan import OwnFile, Scan, unparsed

LONG_SLEEP = 55
"""The length of a sleep, in seconds, from which Weld gets an answer before the sleep ends (`answer-within`)."""

THREADS = "a component has no threads, so this fails when it runs: do the work sequentially"
PROCESSES = "a component has no processes, so this fails when it runs: do the work in Python"
LOOP = "a component has no event loop, so this fails when it runs: call plain functions"
SOCKETS = "a component has no sockets, so this fails when it runs: requests, urllib and http.client go through the host"
FILES = "a component can't write files, so this fails when it runs: keep the data in memory, or in the state"

CALLS = (
    (r"threading\.(Thread|Timer)|_thread\.start_new_thread", THREADS),
    (r"concurrent\.futures\.(\w+\.)?(ThreadPoolExecutor|ProcessPoolExecutor)", THREADS),
    (r"multiprocessing\.(\w+\.)*(Pool|Process|ThreadPool|Manager)", PROCESSES),
    (r"subprocess\.(run|call|check_call|check_output|Popen|getoutput|getstatusoutput)", PROCESSES),
    (r"os\.(system|popen|fork|spawn\w+|exec\w+|posix_spawn)", PROCESSES),
    (r"asyncio\.(run|get_event_loop|new_event_loop|get_running_loop|Runner)", LOOP),
    (r"socket\.(socket|create_connection|create_server|gethostbyname|getaddrinfo)|ssl\.\w+", SOCKETS),
    (r"(smtplib|ftplib|imaplib|poplib|telnetlib)\.\w+", SOCKETS),
    (r"(pymysql|pg8000(\.\w+)?|redis|pymongo|paramiko|ldap3|pysftp)\.(connect|Connection|Redis|StrictRedis|from_url|MongoClient|SSHClient)", SOCKETS),
    (r"tempfile\.(NamedTemporaryFile|TemporaryFile|TemporaryDirectory|mkstemp|mkdtemp)", FILES),
    (r"os\.(makedirs|mkdir|remove|unlink|rename|replace)|shutil\.(copy\w*|move|rmtree)", FILES),
    (r"logging\.(handlers\.\w*)?FileHandler|logging\.handlers\.\w*FileHandler", FILES),
    (r".*\.(write_text|write_bytes|to_csv|to_excel|to_parquet)", FILES),
)
"""Full names of calls, each with the note about it."""
ENDS = re.compile(r"sys\.exit|exit|quit|os\._exit")
OPENS = ("open", "io.open", "codecs.open", "gzip.open")


def notes(scan: Scan) -> list[str]:
    """Return the differences from the function's own platform, one line for each place."""
    found = []
    for file in scan.files.values():
        texts = constants(file)
        names = _names(file)
        below = _guards(file.tree)
        for node in file.in_order:
            if isinstance(node, ast.Call):
                words = None if id(node) in below else _of_call(node, names, texts)
                if words:
                    found.append(f"{file.place(node)}: {words}")
            elif isinstance(node, ast.Raise) and node.exc is not None and id(node) not in below:
                if re.match(r"SystemExit\b", unparsed(node.exc)):
                    found.append(f"{file.place(node)}: {_shown(node.exc)} ends the page with an error")
        found += _module_state(file)
    return found


def endings(scan: Scan) -> list[str]:
    """Return the modules that end the program while they load, one line each. Such a function can't be served."""
    found = []
    for file in scan.files.values():
        names = _names(file)
        for statement in file.tree.body:
            ends: ast.expr | None = None
            if isinstance(statement, ast.Raise) and statement.exc is not None:
                ends = statement.exc if re.match(r"SystemExit\b", unparsed(statement.exc)) else None
            elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
                ends = statement.value if ENDS.fullmatch(_whole(statement.value.func, names)) else None
            if ends is not None:
                found.append(
                    f"{file.place(statement)}: {_shown(ends)} ends the module each time it loads, so the function is never"
                    ' called: put it below `if __name__ == "__main__":`, or remove it'
                )
    return found


def _of_call(node: ast.Call, names: dict[str, str], texts: dict[str, str]) -> str | None:
    whole = _whole(node.func, names)
    shown = _shown(node.func)
    for pattern, words in CALLS:
        if re.fullmatch(pattern, whole):
            return f"{shown}: {words}"
    if ENDS.fullmatch(whole):
        return f"{shown} ends the page with an error"
    if whole in ("time.sleep", "sleep") and node.args:
        first = node.args[0]
        if isinstance(first, ast.Constant) and isinstance(first.value, (int, float)) and first.value >= LONG_SLEEP:
            return (
                f"{shown}({first.value:g}) is longer than answer-within: Weld gets pending answers, and asks again"
            )
    path = node.args[0] if node.args else None
    mode: ast.expr | None = None
    if whole in OPENS and path is not None:
        mode = node.args[1] if len(node.args) > 1 else None
    elif isinstance(node.func, ast.Attribute) and node.func.attr == "open" and "path" in whole.lower():
        path, mode = node.func.value, node.args[0] if node.args else None
    else:
        return None
    mode = next((keyword.value for keyword in node.keywords if keyword.arg == "mode"), mode)
    words_of_mode = text_of(mode, texts) if mode is not None else "r"
    if path is None or not words_of_mode or not set(words_of_mode) & set("wax+"):
        return None
    return f"a component can't write files, so {_shown(node)} fails when it runs"


def _shown(node: ast.expr) -> str:
    return " ".join(unparsed(node).split())[:80]


def _names(file: OwnFile) -> dict[str, str]:
    """Return the full names of a file's imports, by their local names."""
    found = {}
    for node in file.nodes:
        if isinstance(node, ast.Import):
            found.update({alias.asname: alias.name for alias in node.names if alias.asname})
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.update({alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names})
    return found


def _whole(node: ast.expr, names: dict[str, str]) -> str:
    if not isinstance(node, (ast.Name, ast.Attribute)):
        return ""
    if isinstance(node, ast.Attribute) and not isinstance(node.value, (ast.Name, ast.Attribute)):
        return f"{'path' if 'Path' in unparsed(node.value) else '()'}.{node.attr}"
    first, dot, rest = unparsed(node).partition(".")
    return f"{names.get(first, first)}{dot}{rest}"


def _guards(tree: ast.Module) -> set[int]:
    """Return the nodes below `if __name__ == "__main__":`, which never run here."""
    return {
        id(inner)
        for node in tree.body
        if isinstance(node, ast.If) and "__name__" in unparsed(node.test)
        for statement in node.body
        for inner in ast.walk(statement)
    }


def _module_state(file: OwnFile) -> Iterator[str]:
    """Report global names that a function changes: they last one page, but on the platform as long as an instance."""
    changed = sorted({name for node in file.nodes if isinstance(node, ast.Global) for name in node.names})
    if changed:
        yield f"{file.shown}: the module is loaded again for each page, so a changed {', '.join(changed)} is lost after it"
