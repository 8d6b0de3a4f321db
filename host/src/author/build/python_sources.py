"""Reads a connector's modules without running them, and prints what keeps them from becoming a component, as JSON.

`weld-host build` runs it with the folder's own Python before componentize-py, which needs seconds to find the same. It reports
only what is certain: an import that depends on a condition, for example, is left to componentize-py.
"""

import ast
import difflib
import glob
import json
import os
import re
import sys
import time
import traceback
import warnings

COMPONENT = (3, 14)
"""The version of Python in components."""

NEWER_SYNTAX = re.compile(
    r"\bexcept\s*\*|\bexcept\s+\w[\w.]*\s*,|^\s*type\s+\w+.*=|\b(?:def|class)\s+\w+\s*\[|\b[tT][rR]?[\"']|\[\s*\*",
    re.MULTILINE,
)
"""What this Python may refuse although the one in components accepts it."""

STANDARD = set(sys.stdlib_module_names) | {"annotationlib", "compression", "tomllib"}

MADE = re.compile(r"wit_world|componentize_py_\w+|poll_loop|weld_connector|weld_adapt")
"""Modules that componentize-py makes, and the kit."""

LACKING = {
    "bz2": "use gzip or zlib",
    "ctypes": "it takes pure Python only",
    "curses": "it has no terminal",
    "fcntl": "it has no files when it runs",
    "grp": "it has no users",
    "lzma": "use gzip or zlib",
    "mmap": "it has no files when it runs",
    "msvcrt": "it has no terminal",
    "pty": "it has no terminal",
    "pwd": "it has no users",
    "readline": "it has no terminal",
    "resource": "the host limits it",
    "ssl": "the host handles TLS; send requests with `from weld_connector import requests`",
    "syslog": "use logging, which writes to the host's log",
    "termios": "it has no terminal",
    "tkinter": "it has no screen",
    "tty": "it has no terminal",
    "turtle": "it has no screen",
    "winreg": "it has no registry",
    "winsound": "it has no sound",
}
"""Standard modules that a component lacks, with the reason or the replacement."""

NATIVE = set(
    """asyncpg bcrypt brotli catboost cramjam Crypto Cryptodome cryptography cv2 cx_Oracle duckdb faiss fiona gevent greenlet grpc
    h5py jaxlib kiwisolver lightgbm llvmlite lxml lz4 matplotlib msgspec MySQLdb nacl netifaces numba numpy orjson pandas PIL
    polars psutil psycopg2 pyarrow pycurl pydantic_core pymssql pyodbc pyproj regex rpds safetensors scipy shapely skimage sklearn
    spacy statsmodels tables tensorflow tiktoken tokenizers torch ujson uvloop xgboost zmq zstandard""".split()
)
"""Packages that can't be imported without their C code, even where their source only tries to."""

EXITS = ("sys.exit", "exit", "quit", "os._exit", "os.abort")

MOST_SECONDS = 2
"""Packages are read for at most this time; what is left is for componentize-py to find."""

# How a name resolves.
SOURCE, COMPILED, NAMESPACE = "source", "compiled", "namespace"


class Problem(Exception):
    """What keeps the connector from becoming a component, and where."""

    def __init__(self, file, line, text, excerpt="", missing=None, likely=None):
        super().__init__(text)
        self.report = {"file": file, "line": line, "text": text, "excerpt": excerpt, "missing": missing, "likely": likely}


class Sources:
    """The modules that `app` imports, in the connector's folder and in its packages."""

    def __init__(self, folder, packages):
        self.folder = folder
        self.packages = packages
        self.seen = set()
        self.exits = []
        self.changes_path = False
        self.end = time.monotonic() + MOST_SECONDS

    def check(self):
        app = os.path.join(self.folder, "app.py")
        # First the syntax of all own modules, then their imports.
        own = self.own_modules(app, "app")
        for path, _, tree, _ in own:
            self.find_exits(path, tree)
        if own and own[0][1] == "app":
            has_kit = resolve("weld_connector", [self.folder, *self.packages])[0] is not None
            check_source(own[0][2], own[0][3], has_kit)
        if self.changes_path:
            return
        for path, name, tree, _ in own:
            for statement, dotted, members in top_imports(tree, name, path):
                self.check_import(path, statement, dotted, members)

    def own_modules(self, path, name):
        """Return path, name, tree and text of a module and of all own modules that it imports."""
        found, queue = [], [(path, name)]
        while queue:
            path, name = queue.pop(0)
            if path in self.seen:
                continue
            self.seen.add(path)
            with open(path, "rb") as file:
                source = file.read()
            tree = self.parsed(source, path)
            if tree is None:
                continue
            text = source.decode("utf-8", "replace")
            self.changes_path |= re.search(r"\bsys\.(path|modules|meta_path)\b|\bfrom sys import", text) is not None
            found.append((path, name, tree, text))
            for statement in ast.walk(tree):
                for dotted, members in imported(statement, name, path):
                    for module in [*prefixes(dotted), *(f"{dotted}.{member}" for member in members)]:
                        kind, file = resolve(module, [self.folder])
                        if kind == SOURCE and not MADE.fullmatch(module.partition(".")[0]):
                            queue.append((file, module))
        return found

    def parsed(self, source, path):
        """Return the tree of one of the modules; `None` if only componentize-py can judge it."""
        try:
            tree = compile(source, path, "exec", ast.PyCF_ONLY_AST, dont_inherit=True)
            compile(tree, path, "exec", dont_inherit=True)
            return tree
        except (RecursionError, MemoryError):
            return None
        except (SyntaxError, ValueError) as error:
            message = getattr(error, "msg", None) or str(error)
            if sys.version_info < COMPONENT and is_maybe_newer(source.decode("utf-8", "replace"), message, error):
                return None
            lines = traceback.format_exception_only(type(error), error)[1:-1]
            raise Problem(
                self.shown(path), getattr(error, "lineno", None) or 1, f"{type(error).__name__}: {message}", "".join(lines)
            ) from None

    def find_exits(self, path, tree):
        """Note each statement that may end the build, and refuse one that does."""
        for statement in ast.walk(tree):
            words = None
            if isinstance(statement, ast.Raise):
                raised = statement.exc.func if isinstance(statement.exc, ast.Call) else statement.exc
                if isinstance(raised, ast.Name) and raised.id == "SystemExit":
                    words = "raise SystemExit"
            elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
                name = ast.unparse(statement.value.func)
                words = f"{name}()" if name in EXITS else None
            if words and statement in tree.body:
                raise Problem(
                    self.shown(path),
                    statement.lineno,
                    f"{words} ends the build, which imports the module: remove it, or move it into a function",
                )
            if words:
                self.exits.append([self.shown(path), statement.lineno, words])

    def check_import(self, path, statement, dotted, members):
        top = dotted.partition(".")[0]
        words = ast.unparse(statement)

        def refuse(reason):
            return Problem(self.shown(path), statement.lineno, f"{words if len(words) < 80 else 'import ' + dotted}: {reason}")

        if MADE.fullmatch(top):
            return
        if top in LACKING and resolve(top, [self.folder])[0] is None:
            raise refuse(f"a component has no module {top}: {LACKING[top]}")
        if top in STANDARD:
            return
        is_own = resolve(top, [self.folder])[0] is not None
        package = top if top in NATIVE and not is_own else None
        if package is None and resolve(top, [self.folder, *self.packages])[0] is None:
            likely = self.like(top)
            raise Problem(self.shown(path), statement.lineno, f"no module named {top}", missing=top, likely=likely)
        if package := package or self.compiled(dotted, members):
            remedy = "; remove it from requirements.txt" if declared(self.folder, package) else ""
            raise refuse(f"{package} has C code; a component takes pure Python only{remedy}")

    def like(self, name):
        """Return the module with the most similar name, of the connector or of Python; `None` if there is none."""
        entries = [os.path.splitext(entry) for entry in os.listdir(self.folder)]
        own = [stem for stem, extension in entries if extension == ".py" or resolve(stem, [self.folder])[0] == SOURCE]
        known = [*own, *(module for module in sorted(STANDARD - set(LACKING)) if not module.startswith("_")), "weld_connector"]
        return next(iter(difflib.get_close_matches(name, known, n=1, cutoff=0.75)), None)

    def compiled(self, dotted, members):
        """Return the package whose compiled module an import needs, directly or through other packages."""
        queue, seen = [(dotted, members)], set()
        while queue and time.monotonic() < self.end:
            dotted, members = queue.pop(0)
            for module in [*prefixes(dotted), *(f"{dotted}.{member}" for member in members)]:
                top = module.partition(".")[0]
                if module in seen or top in STANDARD or MADE.fullmatch(top):
                    continue
                seen.add(module)
                kind, file = resolve(module, [self.folder, *self.packages])
                if kind == COMPILED:
                    return top.removeprefix("_").partition("_")[0] if top.startswith("_") else top
                if top in NATIVE and kind == SOURCE and self.is_package(file):
                    return top
                if kind != SOURCE or file.startswith(self.folder + os.sep) and not self.is_package(file):
                    continue
                try:
                    with open(file, "rb") as opened:
                        tree = ast.parse(opened.read())
                except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
                    continue
                queue += [(name, names) for _, name, names in top_imports(tree, module, file)]
        return None

    def is_package(self, file):
        return any(file.startswith(root + os.sep) for root in self.packages)

    def shown(self, path):
        return os.path.relpath(path, self.folder)


def is_maybe_newer(text, message, error):
    """Whether a newer Python may accept the text; f-strings are judged by the line of the error."""
    lines = text.splitlines()
    line = getattr(error, "lineno", None) or 0
    near = "\n".join(lines[max(0, line - 2) : line])
    return NEWER_SYNTAX.search(text) or "f-string" in message or re.search(r"\b[fF][rR]?[\"']|\b[rR][fF][\"']", near)


def check_source(tree, text, has_kit):
    """Check that `app.py` defines the class `Source`, as far as its text shows."""
    if re.search(r"globals\(|\bexec\(|__getattr__|setattr\(|import \*", text):
        return
    classes = {one.name: one for one in tree.body if isinstance(one, ast.ClassDef)}
    connectors = [one.name for one in classes.values() if any(is_connector(base) for base in one.bases)]
    example = connectors[0] if connectors else "Shop"
    if "Source" not in bound(tree):
        end = f"end it with `Source = export({example})`" if has_kit else (
            "end it with a class `Source` that has the methods schema and fetch_page"
        )
        raise Problem("app.py", None, f"there is no `Source`: {end}")
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call):
            call = statement.value
            if ast.unparse(statement.targets[0]) == "Source" and ast.unparse(call.func).endswith("export") and call.args:
                name = ast.unparse(call.args[0])
                one = classes.get(name)
                if one and all(is_connector(base) for base in one.bases):
                    check_methods(one, text)
        elif isinstance(statement, ast.ClassDef) and statement.name == "Source":
            if all(ast.unparse(base).endswith("Source") for base in statement.bases):
                check_methods(statement, text)


def check_methods(one, text):
    if one.decorator_list or one.keywords or f"{one.name}." in text:
        return
    methods = bound(one)
    for name, parameters in (("schema", "self"), ("fetch_page", "self, table, state")):
        if name not in methods:
            raise Problem("app.py", one.lineno, f"class {one.name} has no method {name}: add `def {name}({parameters}):`")
        for method in one.body:
            if isinstance(method, ast.AsyncFunctionDef) and method.name == name:
                raise Problem("app.py", method.lineno, f"{name} is async, which a component can't call: write `def {name}`")


def is_connector(base):
    return ast.unparse(base) in ("Connector", "weld_connector.Connector")


def bound(scope):
    """Return the names that the body of a module or class binds, without those of functions and classes in it."""
    names, queue = set(), list(scope.body)
    while queue:
        node = queue.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
            # A function may bind a name of its module.
            names.update(name for inner in ast.walk(node) if isinstance(inner, ast.Global) for name in inner.names)
            continue
        if isinstance(node, ast.alias):
            names.add((node.asname or node.name).partition(".")[0])
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        queue += ast.iter_child_nodes(node)
    return names


def top_imports(tree, name, path):
    """Yield the imports that run whenever the module is imported: the statement, the module's name, and the names of it."""
    for statement in tree.body:
        for dotted, members in imported(statement, name, path):
            yield statement, dotted, members


def imported(statement, name, path):
    """Yield the modules of an import statement in the module `name`, each with the names that are taken from it."""
    if isinstance(statement, ast.Import):
        for alias in statement.names:
            yield alias.name, []
    elif isinstance(statement, ast.ImportFrom):
        dotted = statement.module or ""
        if statement.level:
            parts = name.split(".")
            if os.path.basename(path) != "__init__.py":
                parts.pop()
            parts = parts[: len(parts) - statement.level + 1]
            dotted = ".".join([*parts, *filter(None, [dotted])])
        if dotted:
            yield dotted, [alias.name for alias in statement.names if alias.name != "*"]


def prefixes(dotted):
    parts = dotted.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts) + 1)]


def resolve(module, roots):
    """Find a module as a component would, which can't load compiled modules: its kind and file."""
    found = (None, None)
    for root in roots:
        path = os.path.join(root, *module.split("."))
        for file in (os.path.join(path, "__init__.py"), f"{path}.py"):
            if os.path.isfile(file):
                return SOURCE, file
        compiled = [f"{path}.so", f"{path}.pyd"]
        compiled += [file for end in ("so", "pyd") for file in glob.glob(f"{glob.escape(path)}.*.{end}")]
        compiled = [file for file in compiled if os.path.isfile(file)]
        if compiled:
            return COMPILED, compiled[0]
        if os.path.isdir(path) and found[0] is None:
            found = (NAMESPACE, path)
    return found


def declared(folder, module):
    """Whether `requirements.txt` seems to have the package of a module."""
    try:
        with open(os.path.join(folder, "requirements.txt"), encoding="utf-8", errors="replace") as file:
            lines = file.read().lower()
    except OSError:
        return False
    words = set(re.findall(r"^\s*([a-z0-9][a-z0-9._-]*)", lines, re.MULTILINE))
    plain = re.sub(r"[._-]+", "-", module.lower())
    return any(plain == re.sub(r"[._-]+", "-", word) for word in words)


def main(folder):
    folder = os.path.realpath(folder)
    packages = [path for path in sys.path if os.path.basename(path) in ("site-packages", "dist-packages")]
    sources = Sources(folder, packages)
    answer = {"problem": None, "exits": sources.exits}
    try:
        sources.check()
    except Problem as problem:
        report = problem.report
        report["declared"] = report["missing"] is not None and declared(folder, report["missing"])
        answer["problem"] = report
    print(json.dumps(answer))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(sys.argv[1])
