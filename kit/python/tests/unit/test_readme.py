import re
import unittest
from pathlib import Path

README = Path(__file__).parents[2] / "README.md"


class Readme(unittest.TestCase):
    def test_its_examples_run(self):
        blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
        self.assertEqual(len(blocks), 2)
        names: dict = {}
        for block in blocks:
            exec(compile(block, str(README), "exec"), names)
        self.assertTrue(callable(names["Source"]))
