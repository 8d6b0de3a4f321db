"""The error for a function that can't be served."""

from __future__ import annotations


class NotServed(Exception):
    """The function can't be served. Its text is for the author: one line for each reason, with file and line."""
