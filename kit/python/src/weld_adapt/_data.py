"""The function's own data files, kept in memory and opened by the paths of its platform.

On its platform, the current folder is the function's, which is also at `/workspace` or `/var/task`.
"""

from __future__ import annotations

import errno
import io
import os
import posixpath
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from weld_connector import _files, _replace

from .tools.refusal import NotServed

PLACES = ("/workspace", "/var/task")
"""The folders in which platforms put a function."""


class OwnFiles(_files.KeptFiles):
    """The files of the function, by their paths on any platform."""

    def __init__(self, folder: str) -> None:
        super().__init__()
        self.folder = folder

    def file(self, path: Any) -> bytes | None:
        """Return the content of a file; `None` if it is not the function's."""
        return super().file(self._own(path))

    def names(self, path: Any) -> list[str] | None:
        """Return the names in a folder; `None` if it is not the function's."""
        return super().names(self._own(path))

    def _own(self, path: Any) -> Any:
        try:
            text = os.fsdecode(path)
        except TypeError:
            return path
        if not text.startswith("/"):
            return posixpath.join(self.folder, text)
        for place in PLACES:
            if text == place or text.startswith(f"{place}/"):
                return self.folder + text[len(place) :]
        return path


NO_FILES = "No such file; a component has only the files next to the function and those of its packages"
NOT_WRITTEN = "a component can't write files: keep the data in memory, such as in io.BytesIO, or in the state"


def keep(folder: str, runs: Callable[[], bool]) -> None:
    """Keep the data files of the function; `runs` says whether a call is running."""
    kept = OwnFiles(folder)
    try:
        found = _files.gather([("the function", [folder])], _files.DATA_LIMIT)
    except RuntimeError:
        limit = f"{_files.DATA_LIMIT >> 20} MiB"
        raise NotServed(f"the data files next to the function exceed {limit}, the limit of a component") from None
    kept._files, kept._folders = found._files, found._folders
    _files.NO_FILES = NO_FILES
    _replace.everywhere(_files.replacements(kept, runs))
    _replace.everywhere({io.open: _not_writing(io.open)})
    _refuse_temporary_files()


def _not_writing(known: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `open`, so that an attempt to write fails with an explanation."""

    def open_(file: Any, mode: str = "r", *how: Any, **named: Any) -> Any:
        try:
            return known(file, mode, *how, **named)
        except OSError:
            if set(mode) & set("wax+"):
                raise OSError(errno.EROFS, NOT_WRITTEN, file) from None
            raise

    return open_


def _refuse_temporary_files() -> None:
    """Refuse the files of `tempfile`, with the same explanation; its folder still has a name."""
    module: Any = sys.modules.get("tempfile")
    if module is None:
        return

    def refuse(*_: object, **__: object) -> NoReturn:
        raise OSError(errno.EROFS, NOT_WRITTEN)

    module.tempdir = "/tmp"
    module._mkstemp_inner = refuse
    _replace.everywhere({module.mkdtemp: refuse, module.TemporaryFile: refuse})
