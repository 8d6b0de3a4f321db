"""A function in the form of Weld's guide, for a fictional API."""

from pathlib import Path

GUIDE = (Path(__file__).parents[1] / "functions/guide/main.py").read_text()
