import json
import subprocess
import sys
import unittest
import uuid
from collections import OrderedDict
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from types import MappingProxyType

from weld_connector import ConnectorError, _json, _read_json


class Rows(unittest.TestCase):
    def test_values_become_json(self):
        cases = [
            (datetime(2026, 11, 24, 12, 30, tzinfo=timezone.utc), '"2026-11-24T12:30:00+00:00"'),
            (datetime(2026, 11, 24, 12, 30, 0, 1), '"2026-11-24T12:30:00.000001"'),
            (date(2026, 11, 24), '"2026-11-24"'),
            (time(9, 5), '"09:05:00"'),
            (uuid.UUID(int=1), '"00000000-0000-0000-0000-000000000001"'),
            (MappingProxyType({"a": (1, 2)}), '{"a":[1,2]}'),
            (OrderedDict(a=1), '{"a":1}'),
            (12345678901234567890123, "12345678901234567890123"),
            ("ü🍺", '"ü🍺"'),
            (None, "null"),
        ]
        for value, expected in cases:
            with self.subTest(value=value):
                self.assertEqual(_json.rows([{"v": value}]), f'[{{"v":{expected}}}]')

    def test_a_decimal_is_a_number_with_all_its_digits(self):
        for digits in ["1.10", "12345678901234567890.123456789", "-0.00", "1E+3", "0E-8"]:
            text = _json.rows([{"price": Decimal(digits), "list": [Decimal(digits)]}])
            self.assertEqual(text, f'[{{"price":{digits},"list":[{digits}]}}]')
            self.assertEqual(json.loads(text, parse_float=Decimal)[0]["price"], Decimal(digits))

    def test_text_next_to_a_decimal_stays_text(self):
        text = _json.rows([{"price": Decimal(1), "text": "1", 'quo"te': "0123456789abcdef1"}])
        self.assertEqual(text, '[{"price":1,"text":"1","quo\\"te":"0123456789abcdef1"}]')

    def test_half_of_a_surrogate_pair_is_escaped(self):
        text = _json.rows([{"half": "\ud800", "whole": "ü"}])
        self.assertEqual(json.loads(text.encode()), [{"half": "\ud800", "whole": "ü"}])

    def test_an_error_names_the_place_of_a_value_that_can_not_be_written(self):
        itself = []
        itself.append(itself)
        cases = [
            ([{"a": 1}, {"b": float("nan")}], "row 2, field b (nan): NaN and Infinity are not valid numbers in JSON"),
            ([{"a": {"b": [0, float("inf")]}}], "row 1, field a.b[1] (inf): NaN and Infinity are not valid numbers in JSON"),
            ([{"a": Decimal("-Infinity")}], "row 1, field a (Decimal('-Infinity')): -Infinity is not a valid number in JSON"),
            ([{"a": b"x"}], "row 1, field a: bytes can't be written as JSON: decode it, or encode it in base64"),
            ([{"a": {1}}], "row 1, field a: a set can't be written as JSON"),
            ([{"a": timedelta(1)}], "row 1, field a: a timedelta can't be written as JSON"),
            ([{"a": Enum("Color", "RED").RED}], "row 1, field a: a Color can't be written as JSON"),
            ([{"a": {"b": (i for i in ())}}], "row 1, field a.b: a generator can't be written as JSON"),
            ([{"a": {(1, 2): 3}}], "row 1, field a: keys must be str, int, float, bool or None, not tuple"),
            ([{"a": itself}], "row 1, field a: it contains itself"),
            ([{"a": 10**5000}], "row 1, field a: Exceeds the limit"),
            ([{"a": 1}, {2: 1}], "row 2 has the key 2, an int, not a string"),
            ([{"a": 1}, None], "row 2 is None, not a dict"),
            ({"a": 1}, "the rows of a page are a dict, not a list of dicts; for one row, use [row]"),
            ((row for row in []), "the rows of a page are a generator, not a list of dicts; convert it with list(…)"),
            (None, "the rows of a page are None, not a list of dicts"),
            (b"[]", "the rows of a page are bytes, not a list of dicts"),
            ("[]", "the rows of a page are a str, not a list of dicts"),
        ]
        for value, message in cases:
            with self.subTest(message=message), self.assertRaises(ConnectorError) as raised:
                _json.rows(value)
            self.assertTrue(str(raised.exception).startswith(message), raised.exception)

    def test_the_cause_is_found_in_deep_values(self):
        deep = float("nan")
        for _ in range(200):
            deep = [deep]
        with self.assertRaisesRegex(ConnectorError, r"^row 1, field a\[0\]"):
            _json.rows([{"a": deep}])


class Numbers(unittest.TestCase):
    def test_a_number_is_a_float_if_that_is_exact(self):
        for digits in ("0.5", "-0.0", "1.10", "123456789.012345", "-12345678.123456", "1e5", "1.5E-7", "5e-324", "100000000000000.5", "123456789012345.67"):
            read = _read_json.read(digits)
            self.assertEqual((type(read), read), (float, float(digits)), digits)
        for digits in ("1e400", "1e-400", "0.1234567890123456789", "12345678901234567.5", "1.00000000000000001", "4e-324"):
            read = _read_json.read(f"[{digits}, {digits}]")
            self.assertEqual(read, [Decimal(digits)] * 2, digits)
            self.assertEqual({type(one) for one in read}, {Decimal}, digits)


class Image(unittest.TestCase):
    def test_objects_from_the_build_are_excluded_from_garbage_collection(self):
        program = "import gc\nfrom weld_connector import _image\n_image.settle()\nprint(gc.get_freeze_count() > 1000)"
        ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        self.assertEqual(ended.stdout, "True\n")
