"""The standard library of components: Python 3.14 on WASI."""

from __future__ import annotations

import sys

WAY_OUT = {
    "bz2": "use zlib, gzip or zipfile",
    "ctypes": "native code can't run",
    "lzma": "use zlib, gzip or zipfile",
    "multiprocessing": "a component has one process",
    "ssl": "requests, urllib.request and http.client use TLS through the host: remove the code that sets it up",
    "sqlite3": "keep the data for the next page in the state",
    "tkinter": "a component has no screen",
}
"""Modules that a component lacks and that functions import, with what to do instead."""

MISSING = frozenset(
    (
        *("bz2", "ctypes", "curses", "dbm.gnu", "fcntl", "grp", "lzma", "mmap", "msvcrt", "multiprocessing.connection"),
        *("nt", "pty", "pwd", "readline", "resource", "sqlite3", "ssl", "syslog", "termios", "tkinter", "tty"),
        *("turtle", "winreg", "winsound"),
    )
)

GONE = {
    "3.12": ("asynchat", "asyncore", "distutils", "imp", "smtpd"),
    "3.13": (
        *("aifc", "audioop", "cgi", "cgitb", "chunk", "crypt", "imghdr", "lib2to3", "mailcap", "msilib", "nis"),
        *("nntplib", "ossaudiodev", "pipes", "sndhdr", "spwd", "sunau", "telnetlib", "uu", "xdrlib"),
    ),
}
"""Modules that were removed from Python, by the version that removed them."""

NAMES = frozenset(sys.stdlib_module_names) | {"annotationlib", "compression", "_testcapi"}
"""The names in the standard library, in every supported version."""


def is_standard(top: str) -> bool:
    """Whether a top-level module is or was a part of the standard library."""
    return top in NAMES or any(top in names for names in GONE.values())


def lack(name: str) -> str | None:
    """Return why a module of the standard library is missing; `None` if it is not."""
    top = name.partition(".")[0]
    for version, names in GONE.items():
        if top in names:
            return f"Python {version} removed it, and components run Python 3.14"
    for missing in (name, top):
        if missing in MISSING:
            words = WAY_OUT.get(missing)
            return f"Python in components has no module {missing}" + (f"; {words}" if words else "")
    return None
