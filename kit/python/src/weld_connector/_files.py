"""The data files of packages, which are kept in memory: a component has no files when it runs.

Such are the zones of `pytz` and `tzdata`, or the certificates of `certifi`. `open`, `pathlib`, `importlib.resources`
and `pkgutil` find them where they were when the component was built.
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
"""So many bytes are kept, unless `export` is told otherwise: they become a part of the component."""

CODE = (".py", ".pyc", ".pyi", ".pyx", ".pxd", ".c", ".h", ".so", ".wasm", ".typed")
"""The ends of names of files that are no data."""

NOT_PACKAGES = ("/python", "/bundled", "/world")
"""Where componentize-py has Python itself and the bindings."""

NO_FILES = (
    "No such file; when it runs, a component has no files but the data files of imported packages:"
    " read others at the top of a module"
)


class KeptFiles:
    """Files by their paths, and folders with the names in them."""

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}
        self._folders: dict[str, set[str]] = {}

    def add(self, path: str, content: bytes) -> None:
        """Keeps a file and makes its folders known."""
        self._files[path] = content
        while path != "/":
            folder, name = posixpath.split(path)
            self._folders.setdefault(folder, set()).add(name)
            path = folder

    def file(self, path: Any) -> bytes | None:
        """The content of the file at `path`; `None` if none is kept."""
        return self._files.get(_absolute(path))

    def names(self, path: Any) -> list[str] | None:
        """What is in the folder at `path`; `None` if it is not known."""
        names = self._folders.get(_absolute(path))
        return None if names is None else sorted(names)

    def stat(self, path: Any) -> os.stat_result | None:
        """What the system would say of a file or folder; `None` if it is not known."""
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
        # Such as the number of an open file.
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
    """What `os.scandir` gives for a kept file or folder."""

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
    """What `os.scandir` answers: an iterator that `with` closes."""

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
        """Nothing is open."""


def replacements(kept: KeptFiles, runs: Callable[[], bool]) -> dict[Any, Any]:
    """What takes the place of Python's own functions, by these: the system is asked first, then `kept`."""
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
    """Keeps the data files of all packages that are imported but those of `without`, up to `limit` bytes.

    A `RuntimeError` ends the build, the output of which shows nothing else: zones are missing, or there are more files.
    """
    _import_zones()
    _import_readers()
    packages = [(name, folders) for name, folders in _packages() if name not in without]
    _replace.everywhere(replacements(gather(packages, limit), runs))


def gather(packages: Iterable[tuple[str, list[str]]], limit: int) -> KeptFiles:
    """The data files of packages, which are names with folders."""
    files = {
        name: [(path, os.stat(path).st_size) for folder in folders for path in _data_files(folder)]
        for name, folders in packages
    }
    sizes = {name: sum(size for _, size in found) for name, found in files.items()}
    if sum(sizes.values()) > limit:
        largest = max(sizes, key=lambda name: sizes[name])
        raise RuntimeError(
            f"the data files of the imported packages have {sum(sizes.values())} bytes, those of {largest} alone"
            f" {sizes[largest]}, and a component may have {limit}: export(…, data_limit=…) allows more, and"
            f" export(…, without_data=[{largest!r}]) leaves them out"
        )
    kept = KeptFiles()
    for found in files.values():
        for path, _ in found:
            with open(path, "rb") as file:
                kept.add(path, file.read())
    return kept


def _import_zones() -> None:
    """Imports the time zones of what was imported to use them, which does so itself only when a zone is asked for."""
    import importlib
    import pkgutil

    if "dateutil.tz" in sys.modules:
        _try_import("dateutil.zoneinfo")
    if not {"zoneinfo", "dateutil.tz"} & set(sys.modules):
        return
    if not _try_import("tzdata"):
        if "zoneinfo" in sys.modules:
            raise RuntimeError(
                "zoneinfo has no time zones: add a line tzdata, the package with them, to requirements.txt"
            )
        return
    for module in pkgutil.walk_packages(sys.modules["tzdata"].__path__, "tzdata."):
        if module.ispkg:
            importlib.import_module(module.name)
    import importlib.resources  # noqa: F401


def _import_readers() -> None:
    """Has `importlib.resources` import what it needs only when it is first asked for the files of a package."""
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
    """The imported packages with their folders, but for Python's own and the kit."""
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
