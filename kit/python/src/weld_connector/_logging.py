"""Sends records of `logging` to the host's `log`."""

from __future__ import annotations

import logging

from . import _host

MOST_LINES = 100
"""The number of lines of a text that are logged. The middle of a longer text is omitted, because a page's log is limited."""


class HostHandler(logging.Handler):
    """Passes records to the host, which adds the time and the connector's name."""

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
    """Log `text`, possibly of several lines, as one event."""
    lines = _host.printable(text).split("\n")
    if len(lines) > MOST_LINES:
        half = MOST_LINES // 2
        lines[half:-half] = [f"… {len(lines) - 2 * half} more lines …"]
    _host.current.log(level, "\n".join(lines))


def install() -> HostHandler:
    """Make `logging` write to the host's log."""
    handler = HostHandler()
    handler.setFormatter(_Formatter())
    root = logging.getLogger()
    root.addHandler(handler)
    # Debug lines would count toward a page's log limit even if the host drops them.
    root.setLevel(logging.INFO)
    return handler
