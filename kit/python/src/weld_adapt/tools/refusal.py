"""Why a function can't be served."""

from __future__ import annotations


class NotServed(Exception):
    """Why a function can't be served: one line for its author, with file and line."""
