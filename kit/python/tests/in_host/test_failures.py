"""Builds that fail, with the real tools: what the author sees fits into a screen, and its last line says what to do."""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from .host import BINARY

TEMPLATE = Path(os.environ["WELD_TEMPLATE"])

CONNECTOR = """
from weld_connector import Connector, Page, export

class Shop(Connector):
    def schema(self):
        return []

    def fetch_page(self, table, state):
        return Page([])

Source = export(Shop)
"""

ROWS_OF_A_SCREEN = 24

TOOLS_OWN = ("anyhow", "Stack backtrace", "componentize-py\", line", "/0/", "/python/", "wasm backtrace", "Caused by")
"""Words of tools that don't concern the author."""


class Failures(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name) / "shop"
        shutil.copytree(TEMPLATE, self.folder, symlinks=True, ignore=shutil.ignore_patterns(".venv", "dist", "__pycache__"))
        (self.folder / ".venv").symlink_to((TEMPLATE / ".venv").resolve())

    def build(self, top, **modules):
        (self.folder / "app.py").write_text(top + CONNECTOR)
        for name, text in modules.items():
            (self.folder / f"{name}.py").write_text(text)
        ended = subprocess.run([BINARY, "build", "shop"], cwd=self.folder.parent, capture_output=True, text=True, check=False)
        self.assertEqual(ended.returncode, 1, ended.stderr)
        lines = ended.stderr.rstrip().splitlines()
        self.assertLessEqual(len(lines), ROWS_OF_A_SCREEN, ended.stderr)
        for words in TOOLS_OWN:
            self.assertNotIn(words, ended.stderr)
        return lines

    def test_an_exception_has_the_authors_frames(self):
        rates = "def rate(rates):\n    return rates['eur']\n\nEUR = rate({})\n"
        lines = self.build("import rates\n", rates=rates)
        self.assertIn('  File "app.py", line 1, in <module>', lines)
        self.assertIn("    return rates['eur']", lines)
        self.assertIn("KeyError: 'eur'", lines)
        self.assertTrue(lines[-1].startswith("weld-host: rates.py:2: KeyError: 'eur'; "), lines[-1])

    def test_what_a_component_lacks_is_explained(self):
        lines = self.build("import threading\nthreading.Thread(target=print).start()\n")
        self.assertRegex(lines[-1], r"^weld-host: app\.py:2: .*a component has no threads")

    def test_an_exit_is_named(self):
        lines = self.build("import sys\n\ndef stop():\n    sys.exit(3)\n\nstop()\n")
        self.assertTrue(lines[-1].startswith("weld-host: app.py:4: sys.exit() ended the build: "), lines[-1])

    def test_mistakes_in_the_source_are_found_without_a_build(self):
        for top, cause in [
            ("x = = 1\n", "app.py:1: SyntaxError: "),
            ("import absent_package\n", "app.py:1: no module named absent_package: there is no absent_package.py in shop/; correct"),
        ]:
            lines = self.build(top)
            self.assertTrue(lines[-1].startswith(f"weld-host: {cause}"), lines[-1])
            self.assertFalse(any(line.startswith("$ ") for line in lines), lines)
