"""Reads a function's source and installs its packages. Needs only Python 3.10 or later; `weld-host adapt` runs it."""
