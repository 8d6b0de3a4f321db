"""Keeps the data files of packages in memory, because a component has no files when it runs.

Examples are the zones of `pytz` and `tzdata`, and the certificates of `certifi`. `open`, `pathlib`, `importlib.resources`
and `pkgutil` find them at the paths that they had during the build.
"""

from __future__ import annotations

import io
import os
import posixpath
import stat
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from . import _replace

DATA_LIMIT = 8 << 20
"""The default limit in bytes for all kept files together; `export` can change it. They become a part of the component."""

CODE = (".py", ".pyc", ".pyi", ".pyx", ".pxd", ".c", ".h", ".so", ".wasm", ".typed")
"""The suffixes of files that are not data."""

NOT_PACKAGES = ("/python", "/bundled", "/world")
"""The folders in which componentize-py has Python itself and the bindings."""

NO_FILES = (
    "No such file; a component has no files when it runs, except the data of imported packages:"
    " read this one at the top of a module"
)


class KeptFiles:
    """Files by their paths, and the names in their folders."""

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}
        self._folders: dict[str, set[str]] = {}

    def add(self, path: str, content: bytes) -> None:
        """Keep a file, and add it to its folders."""
        self._files[path] = content
        while path != "/":
            folder, name = posixpath.split(path)
            self._folders.setdefault(folder, set()).add(name)
            path = folder

    def file(self, path: Any) -> bytes | None:
        """Return the content of the file at `path`; `None` if it is not kept."""
        return self._files.get(_absolute(path))

    def names(self, path: Any) -> list[str] | None:
        """Return the names in the folder at `path`; `None` if it is unknown."""
        names = self._folders.get(_absolute(path))
        return None if names is None else sorted(names)

    def stat(self, path: Any) -> os.stat_result | None:
        """Return the status of a file or folder, as the system would; `None` if it is unknown."""
        content = self.file(path)
        if content is not None:
            return os.stat_result((stat.S_IFREG | 0o444, 0, 0, 1, 0, 0, len(content), 0, 0, 0))
        if self.names(path) is not None:
            return os.stat_result((stat.S_IFDIR | 0o555, 0, 0, 1, 0, 0, 0, 0, 0, 0))
        return None


def _absolute(path: Any) -> str:
    try:
        path = os.fsdecode(path)
    except TypeError:
        # Such as a file descriptor.
        return ""
    return posixpath.normpath(path) if path.startswith("/") else ""


class KeptFile(io.BytesIO):
    """A kept file that is open for reading."""

    mode = "rb"

    def __init__(self, content: bytes, name: str) -> None:
        super().__init__(content)
        self.name = name

    def writable(self) -> bool:
        return False


class KeptEntry:
    """An entry of `os.scandir` for a kept file or folder."""

    def __init__(self, kept: KeptFiles, folder: str, name: str) -> None:
        self._kept = kept
        self.name = name
        self.path = posixpath.join(folder, name)

    def __fspath__(self) -> str:
        return self.path

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        return self._kept.names(self.path) is not None

    def is_file(self, *, follow_symlinks: bool = True) -> bool:
        return self._kept.file(self.path) is not None

    def is_symlink(self) -> bool:
        return False

    def is_junction(self) -> bool:
        return False

    def inode(self) -> int:
        return 0

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result | None:
        return self._kept.stat(self.path)


class KeptEntries:
    """The result of `os.scandir`: an iterator that is a context manager."""

    def __init__(self, entries: Iterable[KeptEntry]) -> None:
        self._entries = iter(entries)

    def __iter__(self) -> Iterator[KeptEntry]:
        return self._entries

    def __next__(self) -> KeptEntry:
        return next(self._entries)

    def __enter__(self) -> KeptEntries:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Do nothing: nothing is open."""


def replacements(kept: KeptFiles, runs: Callable[[], bool]) -> dict[Any, Any]:
    """Return the replacements of Python's own functions, by the originals. They try the system first, then `kept`."""
    real_open, real_open_code = io.open, io.open_code
    real_stat, real_lstat, real_listdir, real_scandir = os.stat, os.lstat, os.listdir, os.scandir

    def open_(file: Any, mode: str = "r", *how: Any, **named: Any) -> Any:
        try:
            return real_open(file, mode, *how, **named)
        except FileNotFoundError as error:
            content = None if set(mode) & set("wax+") else kept.file(file)
            if content is None:
                if runs() and not set(mode) & set("wax"):
                    error.strerror = NO_FILES
                raise
        raw = KeptFile(content, os.fspath(file))
        return raw if "b" in mode else _text(raw, *how, **named)

    def open_code(path: str) -> Any:
        try:
            return real_open_code(path)
        except FileNotFoundError:
            content = kept.file(path)
            if content is None:
                raise
            return KeptFile(content, path)

    def stat_(path: Any, **how: Any) -> Any:
        try:
            return real_stat(path, **how)
        except FileNotFoundError:
            if known := kept.stat(path):
                return known
            raise

    def lstat(path: Any, **how: Any) -> Any:
        try:
            return real_lstat(path, **how)
        except FileNotFoundError:
            if known := kept.stat(path):
                return known
            raise

    def listdir(path: Any = ".") -> Any:
        try:
            return real_listdir(path)
        except OSError:
            names = kept.names(path)
            if names is None:
                raise
            return names

    def scandir(path: Any = ".") -> Any:
        try:
            return real_scandir(path)
        except OSError:
            names = kept.names(path)
            if names is None:
                raise
            return KeptEntries([KeptEntry(kept, os.fspath(path), name) for name in names])

    return {
        real_open: open_,
        real_open_code: open_code,
        real_stat: stat_,
        real_lstat: lstat,
        real_listdir: listdir,
        real_scandir: scandir,
    }


def _text(
    raw: KeptFile,
    buffering: int = -1,
    encoding: str | None = None,
    errors: str | None = None,
    newline: str | None = None,
    *_: object,
    **__: object,
) -> io.TextIOWrapper:
    return io.TextIOWrapper(raw, encoding, errors, newline)


def keep(limit: int, without: Collection[str], runs: Callable[[], bool]) -> None:
    """Keep the data files of all imported packages except those of `without`, up to `limit` bytes.

    If zones are missing, or the files exceed the limit, a `RuntimeError` ends the build, whose output shows only its text.
    """
    _import_zones()
    _import_readers()
    packages = [(name, folders) for name, folders in _packages() if name not in without]
    _replace.everywhere(replacements(gather(packages, limit), runs))


def gather(packages: Iterable[tuple[str, list[str]]], limit: int) -> KeptFiles:
    """Return the data files of packages, which are given as names with folders."""
    files = {
        name: [(path, os.stat(path).st_size) for folder in folders for path in _data_files(folder)]
        for name, folders in packages
    }
    sizes = {name: sum(size for _, size in found) for name, found in files.items()}
    if sum(sizes.values()) > limit:
        largest = max(sizes, key=lambda name: sizes[name])
        raise RuntimeError(
            f"the data files of the imported packages have {sum(sizes.values()):,} bytes ({largest}: {sizes[largest]:,}),"
            f" but the limit is {limit:,} bytes: raise it with export(…, data_limit=…), or leave out the files of"
            f" {largest} with export(…, without_data=[{largest!r}])"
        )
    kept = KeptFiles()
    for found in files.values():
        for path, _ in found:
            with open(path, "rb") as file:
                kept.add(path, file.read())
    return kept


def _import_zones() -> None:
    """Import the time zones of `zoneinfo` and `dateutil.tz`, which load them only when a zone is first used."""
    import importlib
    import pkgutil

    if "dateutil.tz" in sys.modules:
        _try_import("dateutil.zoneinfo")
    if not {"zoneinfo", "dateutil.tz"} & set(sys.modules):
        return
    if not _try_import("tzdata"):
        if "zoneinfo" in sys.modules:
            raise RuntimeError(
                "zoneinfo has no time zones: add the package tzdata to requirements.txt"
            )
        return
    for module in pkgutil.walk_packages(sys.modules["tzdata"].__path__, "tzdata."):
        if module.ispkg:
            importlib.import_module(module.name)
    import importlib.resources  # noqa: F401


def _import_readers() -> None:
    """Make `importlib.resources` import the modules that it would import only when a package's files are first read."""
    resources = sys.modules.get("importlib.resources")
    if resources is not None:
        resources.files("importlib")


def _try_import(name: str) -> bool:
    import importlib
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            importlib.import_module(name)
        except ImportError:
            return False
    return True


def _packages() -> Iterator[tuple[str, list[str]]]:
    """Yield the imported packages with their folders, except Python's own and the kit."""
    own = __name__.partition(".")[0]
    for name, module in sorted(sys.modules.items()):
        if "." in name or name == own:
            continue
        folders = [os.fspath(folder) for folder in getattr(module, "__path__", ())]
        folders = [folder for folder in folders if folder.startswith("/") and not folder.startswith(NOT_PACKAGES)]
        if folders:
            yield name, folders


def _data_files(folder: str) -> Iterator[str]:
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "__pycache__" and not name.startswith(".")]
        for name in names:
            if not name.startswith(".") and not name.endswith(CODE):
                yield posixpath.join(place, name)
