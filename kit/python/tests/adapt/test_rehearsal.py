import os
import sys
import unittest

from weld_adapt import _export, _rehearsal
from weld_connector._export import PlainPage

from .harness import adapted


class Rehearsal(unittest.TestCase):
    def test_a_function_is_called_and_leaves_no_trace(self):
        with adapted("def main(request):\n    return {}\n"):
            before = dict(os.environ), os.environ.__class__, list(sys.meta_path), sorted(sys.modules)
            tables, page = _rehearsal.rehearse(_export.AdaptedFunction)
            self.assertEqual([table.name for table in tables], ["rows"])
            self.assertIsInstance(page, PlainPage)
            self.assertEqual(page.state, '{"page":2,"left":"99"}')
            self.assertEqual(before, (dict(os.environ), os.environ.__class__, list(sys.meta_path), sorted(sys.modules)))
