"""The stand-in for pandas, and functions that need more than it has."""

import tempfile
import unittest
from pathlib import Path

from weld_adapt import pandas_stand_in as pd
from weld_adapt.tools import packages
from weld_adapt.tools.refusal import NotServed
from weld_adapt.tools.scan import Scan


class Pandas(unittest.TestCase):
    def test_nested_rows_are_flattened_as_by_pandas(self):
        data = [{"id": 1, "user": {"name": "a", "at": {"x": 2}}, "tags": [1]}, {"id": 2, "user": {}}]
        self.assertEqual(
            pd.json_normalize(data, sep="_").to_dict("records"),
            [
                {"id": 1, "user_name": "a", "user_at_x": 2, "tags": [1], "user": None},
                {"id": 2, "user_name": None, "user_at_x": None, "tags": None, "user": {}},
            ],
        )
        self.assertEqual(pd.json_normalize({"a": {"b": {"c": 1}}}, max_level=1).to_dict("records"), [{"a.b": {"c": 1}}])
        orders = [{"id": 1, "lines": [{"n": 1}, {"n": {"m": 2}}]}]
        self.assertEqual(
            pd.json_normalize(orders, "lines", ["id"]).to_dict("records"),
            [{"n": 1, "id": 1, "n.m": None}, {"n": None, "id": 1, "n.m": 2}],
        )

    def test_frames_are_made_of_rows_and_of_columns(self):
        rows = [{"a": 1, "b": 2}]
        for frame in (
            pd.DataFrame(rows),
            pd.DataFrame({"a": [1], "b": [2]}),
            pd.DataFrame([[1, 2]], columns=["a", "b"]),
            pd.DataFrame([{"a": 1, "c": None}]).rename(columns={"c": "b"}).fillna(2),
        ):
            self.assertEqual((frame.to_dict("records"), len(frame), frame.empty), (rows, 1, False))
        frame = pd.DataFrame(rows)
        frame.columns = [name.upper() for name in frame.columns]
        self.assertEqual((frame.columns, frame.to_json(orient="records")), (["A", "B"], '[{"A": 1, "B": 2}]'))

    def test_missing_names_are_reported(self):
        with self.assertRaisesRegex(AttributeError, "the stand-in for pandas has no DataFrame.merge"):
            pd.DataFrame().merge(1)
        for use in (lambda frame: frame["qty"], lambda frame: frame.__setitem__("qty", 1)):
            with self.assertRaisesRegex(NotImplementedError, r"the stand-in for pandas can't compute with columns, .* DataFrame\['qty'\]"):
                use(pd.DataFrame([{"qty": 1}]))
        with self.assertRaisesRegex(NotImplementedError, 'only to_dict\\("records"\\)'):
            pd.DataFrame().to_dict()

    def scan(self, text, *stand_ins):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        Path(folder.name, "main.py").write_text(text)
        return Scan(folder.name, "main.py", stand_ins=stand_ins)

    def test_it_replaces_the_package_only_if_requested_and_complete(self):
        few = "import pandas as pd\npd.DataFrame(pd.json_normalize([])).to_dict('records')\n"
        self.assertEqual(list(packages.wanted(self.scan(few))), ["pandas"])
        self.assertEqual(list(packages.wanted(self.scan(few, "pandas"))), [])
        with self.assertRaisesRegex(NotServed, "main.py:1: the stand-in for pandas has no read_csv"):
            packages.wanted(self.scan(f"{few}pd.read_csv('a')\n", "pandas"))
