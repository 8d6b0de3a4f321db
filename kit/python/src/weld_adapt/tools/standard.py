"""What Python's standard library has where components run: Python 3.14, on WASI."""

from __future__ import annotations

import sys

WAY_OUT = {
    "bz2": "zlib, gzip and zipfile are there",
    "ctypes": "native code can't run",
    "lzma": "zlib, gzip and zipfile are there",
    "multiprocessing": "a component has one process",
    "ssl": "requests, urllib.request and http.client use TLS without it, through the host: remove what sets it up",
    "sqlite3": "the state keeps what the next page needs",
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
"""Modules that Python had once, by the version that removed them."""

NAMES = frozenset(sys.stdlib_module_names) | {"annotationlib", "compression", "_testcapi"}
"""The standard library, whatever version runs this."""


def is_standard(top: str) -> bool:
    """Whether a module's first name is one of Python's own, now or once."""
    return top in NAMES or any(top in names for names in GONE.values())


def lack(name: str) -> str | None:
    """Why a module of Python's own is not there; `None` if it is."""
    top = name.partition(".")[0]
    for version, names in GONE.items():
        if top in names:
            return f"Python {version} removed it, and components run Python 3.14"
    for missing in (name, top):
        if missing in MISSING:
            words = WAY_OUT.get(missing)
            return f"Python in components has no module {missing}" + (f"; {words}" if words else "")
    return None
