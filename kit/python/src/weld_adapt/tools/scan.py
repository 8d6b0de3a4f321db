"""Reads the function's own modules and their imports."""

from __future__ import annotations

import ast
import functools
import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

from . import standard
from .refusal import NotServed

PLATFORM = ("flask", "functions_framework", "werkzeug")
"""Packages that the function's platform provides; here the shim provides them."""


@dataclass
class OwnFile:
    """A module of the function's own."""

    name: str
    path: str
    shown: str
    tree: ast.Module
    text: str
    environs: tuple[set[str], set[str]] | None = None
    """Its names for `os.environ` and `os.getenv`, once they are known."""

    @functools.cached_property
    def nodes(self) -> list[ast.AST]:
        """All nodes, in the order of `ast.walk`."""
        return list(ast.walk(self.tree))

    @functools.cached_property
    def in_order(self) -> list[ast.AST]:
        """All nodes with a position, in the order of the source."""
        placed = [node for node in self.nodes if hasattr(node, "lineno")]
        return sorted(placed, key=lambda node: (node.lineno, node.col_offset))  # type: ignore[attr-defined]

    @functools.cached_property
    def parents(self) -> dict[int, ast.AST]:
        """The parent of each node, by the node's identity."""
        return {id(child): node for node in self.nodes for child in ast.iter_child_nodes(node)}

    def place(self, node: ast.AST) -> str:
        """Return the file and line of a node."""
        return f"{self.shown}:{getattr(node, 'lineno', 1)}"


@dataclass
class Import:
    """An import of something that is not the function's own."""

    name: str
    members: tuple[str, ...]
    place: str
    is_optional: bool
    """Whether the function runs without it, because a `try` catches the failed import."""

    @property
    def top(self) -> str:
        """The first part of the name."""
        return self.name.partition(".")[0]


@dataclass
class Scan:
    """The source of a function, starting from the file that its platform loads."""

    folder: str
    main: str
    files: dict[str, OwnFile] = field(default_factory=dict)
    imports: list[Import] = field(default_factory=list)
    stand_ins: tuple[str, ...] = ()
    """The packages for which a stand-in was requested."""

    def __post_init__(self) -> None:
        name = self.main.removesuffix(".py").replace(os.sep, ".")
        if not all(part.isidentifier() for part in name.split(".")):
            raise NotServed(f"{self.main} can't be imported: its name is not a valid name of a Python module; rename it")
        self._take(name)

    @property
    def entry_file(self) -> OwnFile:
        """The file that the platform loads."""
        return next(iter(self.files.values()))

    def others(self) -> Iterator[Import]:
        """Yield the imports of packages that neither Python nor the platform has."""
        for wanted in self.imports:
            if not standard.is_standard(wanted.top) and wanted.top not in PLATFORM:
                yield wanted

    def _path(self, name: str) -> str | None:
        base = os.path.join(self.folder, *name.split("."))
        for path in (f"{base}.py", os.path.join(base, "__init__.py")):
            if os.path.isfile(path):
                return path
        return None

    def is_own(self, name: str) -> bool:
        """Whether a module is the function's own."""
        return self._path(name) is not None or os.path.isdir(os.path.join(self.folder, *name.split(".")))

    def _take(self, name: str) -> None:
        path = self._path(name)
        if name in self.files or path is None:
            return
        shown = os.path.relpath(path, self.folder)
        self.files[name] = file = OwnFile(name, path, shown, *parsed(path, shown))
        guarded = _guarded(file.tree)
        for node in file.nodes:
            is_relative = isinstance(node, ast.ImportFrom) and node.level > 0
            for wanted, members in _names(node, file):
                # A relative import never means a package.
                if is_relative and not self.is_own(wanted.partition(".")[0]):
                    if id(node) in guarded:
                        continue
                    raise NotServed(f"{file.place(node)}: {unparsed(node)}: there is no such file in the function's folder")
                self._follow(wanted, members, file.place(node), id(node) in guarded)

    def _follow(self, wanted: str, members: tuple[str, ...], place: str, is_optional: bool) -> None:
        top = wanted.partition(".")[0]
        if not self.is_own(top):
            self.imports.append(Import(wanted, members, place, is_optional))
            return
        parts = wanted.split(".")
        # A package runs before its submodules.
        for count in range(1, len(parts) + 1):
            self._take(".".join(parts[:count]))
        for member in members:
            self._take(f"{wanted}.{member}")


OF_COMPONENTS = (3, 14)
"""The version of Python in components."""


def parsed(path: str, shown: str) -> tuple[ast.Module, str]:
    """Return the syntax tree and the text of a file."""
    with open(path, "rb") as file:
        source = file.read()
    try:
        tree = ast.parse(source, path)
        return tree, source.decode("utf-8", "replace")
    except SyntaxError as error:
        raise NotServed(f"{shown}:{error.lineno}: {error.msg} ({_reader()})") from None
    except ValueError as error:
        raise NotServed(f"{shown}: {error}") from None
    except (RecursionError, MemoryError):
        raise NotServed(f"{shown}: an expression is nested too deeply to be read") from None


def _reader() -> str:
    """Name the Python that read the file, because the Python of components may accept more."""
    reader = f"read by Python {platform.python_version()}"
    if sys.version_info >= OF_COMPONENTS:
        return reader
    newer = ".".join(str(number) for number in OF_COMPONENTS)
    return f"{reader}; if the line is valid in Python {newer}, which components run, install that as python3"


def dotted(node: ast.expr) -> str:
    """Return a dotted name, such as `os.environ`; empty for other expressions."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def unparsed(node: ast.AST) -> str:
    """Return the source of a node; empty if it is nested too deeply."""
    try:
        return ast.unparse(node)
    except RecursionError:
        return ""


def _names(node: ast.AST, file: OwnFile) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the modules that a statement or a call imports, each with the names taken from it."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield alias.name, ()
    elif isinstance(node, ast.ImportFrom):
        members = tuple(alias.name for alias in node.names)
        if not node.level:
            yield node.module or "", members
            return
        package = file.name.split(".")
        if os.path.basename(file.path) != "__init__.py":
            package = package[:-1]
        package = package[: len(package) - node.level + 1]
        name = ".".join([*package, *([node.module] if node.module else [])])
        if name:
            yield name, members
        else:
            for member in members:
                yield member, ()
    elif isinstance(node, ast.Call) and node.args:
        called = dotted(node.func)
        first = node.args[0]
        if called in ("importlib.import_module", "import_module", "__import__") and isinstance(first, ast.Constant):
            if isinstance(first.value, str) and not first.value.startswith("."):
                yield first.value, ()


def _guarded(tree: ast.Module) -> set[int]:
    """Return the nodes in a `try` that catches a failed import, and those that only a type checker reads."""
    found: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and unparsed(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            found.update(id(inner) for statement in node.body for inner in ast.walk(statement))
        if not isinstance(node, ast.Try):
            continue
        caught = " ".join(unparsed(one.type) if one.type else "Exception" for one in node.handlers)
        if any(word in caught for word in ("ImportError", "ModuleNotFoundError", "Exception")):
            found.update(id(inner) for statement in node.body for inner in ast.walk(statement))
    return found
