"""The base class for tests of the scan."""

import tempfile
import textwrap
import unittest
from pathlib import Path

from weld_adapt.tools import findings
from weld_adapt.tools.refusal import NotServed
from weld_adapt.tools.scan import Scan


class ScanCase(unittest.TestCase):
    def scan(self, files, file="main.py"):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        for name, text in ({"main.py": files} if isinstance(files, str) else files).items():
            path = Path(folder.name, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))
        return Scan(folder.name, file)

    def found(self, files, entry=None, key=None, file="main.py"):
        return findings.of(self.scan(files, file), entry, key)

    def refused(self, files, entry=None, file="main.py"):
        with self.assertRaises(NotServed) as caught:
            self.found(files, entry, file=file)
        self.assertNotIn("\n", str(caught.exception))
        return str(caught.exception)
