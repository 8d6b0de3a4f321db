"""`logging` through the host's `log`."""

from __future__ import annotations

import logging

from . import _host

MOST_LINES = 100
"""Of a text with more lines, as of a deep traceback, the middle is left out: a page may log so much and no more."""


class HostHandler(logging.Handler):
    """Hands records to the host, which adds time and connector."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            log(_level(record.levelno), self.format(record))
        except Exception:
            self.handleError(record)


class _Formatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        return text if record.name == "root" else f"{record.name}: {text}"


def _level(number: int) -> str:
    if number >= logging.ERROR:
        return "error"
    if number >= logging.WARNING:
        return "warn"
    return "info" if number >= logging.INFO else "debug"


def log(level: str, text: str) -> None:
    """Logs `text`, each of its lines by itself: the host would escape the breaks between them."""
    lines = _host.printable(text).split("\n")
    if len(lines) > MOST_LINES:
        half = MOST_LINES // 2
        lines[half:-half] = [f"… {len(lines) - 2 * half} lines more …"]
    for line in lines:
        _host.current.log(level, line)


def install() -> HostHandler:
    """Makes the host's log that of `logging`."""
    handler = HostHandler()
    handler.setFormatter(_Formatter())
    root = logging.getLogger()
    root.addHandler(handler)
    # Debug lines would count against what a page may log even where the host leaves them out.
    root.setLevel(logging.INFO)
    return handler
