"""Return values and exceptions of a connector, and Weld's answers for them."""

import re
import tempfile
import unittest
from pathlib import Path

from .host import WeldHost


class Returns(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        configurations = {"returns": '[env]\nPREFIX = "shop"\n', "returns-broken": '[env]\nPREFIX = "broken"\n'}
        cls.host = WeldHost(configurations, Path(folder.name))
        cls.addClassCleanup(cls.host.stop)

    def test_the_schema_has_keys_types_and_defaults(self):
        schema = self.host.schema("returns").json["schema"]
        fields = {field["name"]: field for field in schema["values"]["fields"]}
        self.assertEqual(schema["values"]["primary_key"], "id")
        self.assertEqual(fields["id"], {"name": "id", "type": "int"})
        self.assertEqual(fields["note"], {"name": "note", "type": ["null", "string"], "default": None})
        self.assertEqual(fields["tags"]["type"], ["null", "array"])
        self.assertEqual(fields["price"]["default"], 0.1)
        self.assertEqual(schema["lines"]["primary_key"], ["order", "line"])
        self.assertNotIn("primary_key", schema["log"])

    def test_an_invalid_schema_is_an_error_that_names_the_cause(self):
        answer = self.host.schema("returns-broken")
        self.assertEqual(answer.status, 500)
        self.assertEqual(answer.error[0], "connector_failed")
        self.assertIn("primary_key of broken is an int", answer.error[1])

    def test_values_reach_weld_as_json(self):
        answer = self.host.page("returns", "values", {"page": 7})
        self.assertEqual(answer.status, 200)
        self.assertEqual(
            answer.json["insert"],
            [
                {
                    "id": 1,
                    "prefix": "shop",
                    "at": "2026-11-24T12:30:00+00:00",
                    "naive": "2026-11-24T12:30:01.500000",
                    "day": "2026-11-24",
                    "time": "12:30:00",
                    "price": 12345678901234567890.10,
                    "uuid": "12345678-1234-5678-1234-567812345678",
                    "text": "Tschüß 🍺",
                    "half": "\ud800",
                    "nothing": None,
                    "parsed": "2026-11-24",
                    "euro": "€",
                }
            ],
        )
        self.assertEqual(answer.json["state"], {"seen": "2026-11-24T00:00:00", "came": {"page": 7}})
        self.assertIs(answer.json["hasMore"], True)

    def test_invalid_results_are_errors_that_describe_them(self):
        for table, message in [
            ("none", "fetch_page('none') returned None, not a Page"),
            ("list", "fetch_page('list') returned a list, not a Page"),
            ("generator", "the rows of a page are a generator"),
            ("rows-none", "the rows of a page are None"),
            ("rows-text", "the rows of a page are a str"),
            ("rows-bytes", "the rows of a page are bytes"),
            ("rows-dict", "the rows of a page are a dict"),
            ("row-list", "row 2 is a list, not a dict"),
            ("row-key", "row 2 has the key 2, an int, not a string"),
            ("nan", "row 2, field price.net (nan)"),
            ("infinity", "row 1, field price[1] (-inf)"),
            ("decimal-nan", "row 1, field price (Decimal('NaN'))"),
            ("bytes", "row 1, field data: bytes can't be written as JSON"),
            ("set", "row 1, field tags: a set can't be written as JSON"),
            ("circular", "row 1, field self: it contains itself"),
            ("state-list", "the page's state is a list, not a dict"),
            ("state-key", "the page's state has the key 1, an int"),
            ("more-without-state", "has_more of the page is True, but it has no state"),
            ("more-text", "has_more of the page is a str"),
            ("wait-negative", "the page's wait is -1"),
            ("wait-text", "the page's wait is a str"),
        ]:
            answer = self.host.page("returns", table)
            with self.subTest(table=table):
                self.assertEqual(answer.status, 500)
                self.assertEqual(answer.error[0], "connector_failed")
                self.assertIn(message, answer.error[1])

    def test_a_call_to_the_host_during_the_build_is_refused_with_advice(self):
        (row,) = self.host.page("returns", "at-build").json["insert"]
        for name, what in [
            ("variable", "a variable is read"),
            ("request", "a request is sent"),
            ("pause", "time.sleep is called"),
        ]:
            advice = "while the component is built: move this into schema or fetch_page"
            self.assertEqual(row[name], f"{what} {advice}")

    def test_deep_values_are_written(self):
        self.assertEqual(self.host.page("returns", "deep").status, 200)

    def test_values_and_calls_may_be_as_deep_as_in_plain_python(self):
        for table, read in [("deep-json", 4000), ("deep-repr", 4001), ("deep-function", 900)]:
            self.assertEqual(self.host.page("returns", table).json.get("insert"), [{"read": read}], table)

    def test_too_deep_values_and_calls_are_recursion_errors_with_tracebacks(self):
        for table in [
            "json",
            "json-objects",
            "response",
            "dumps",
            "repr",
            "equal",
            "pickle",
            "function",
            "through-c",
            "own-repr",
            "own-equal",
            "own-attribute",
        ]:
            before = len(self.host.logged("returns"))
            answer = self.host.page("returns", f"too-deep-{table}")
            with self.subTest(table=table):
                self.assertEqual(answer.error[0], "connector_failed", answer.json)
                self.assertIn("RecursionError: ", answer.error[1])
                logged = [line for level, _, line in self.host.logged("returns")[before:] if level == "ERROR"]
                trace = "Traceback (most recent call last):\n"
                self.assertTrue(any(text.startswith(trace) and "returns.py" in text for text in logged), logged)

    def test_a_too_deep_row_is_named(self):
        answer = self.host.page("returns", "deep-row")
        self.assertEqual(answer.error[0], "connector_failed", answer.json)
        self.assertIn("row 1, field deep[0]", answer.error[1])

    def test_each_exception_is_the_contract_s_error(self):
        for table, status, kind, message in [
            ("unknown", 404, "unknown_table", "unknown"),
            ("nowhere", 404, "unknown_table", "nowhere"),
            ("misconfigured", 500, "misconfigured", "API_TOKEN is missing"),
            ("env", 500, "misconfigured", "NOT_SET is missing: set it in the section [env]"),
            ("invalid-state", 500, "invalid_state", "no such cursor"),
            ("unauthorized", 502, "upstream_unauthorized", "no such token ?"),
            ("rate-limited", 429, "rate_limited", "max-wait"),
            ("upstream", 502, "upstream_failed", "nonsense"),
            ("other", 500, "connector_failed", "it is broken"),
            ("unspeakable", 500, "connector_failed", "Unspeakable"),
            ("base", 500, "connector_failed", "BaseException: from below"),
            ("exit", 500, "connector_failed", "SystemExit: 3"),
            ("import", 500, "connector_failed", "move imports to the top of a module"),
        ]:
            answer = self.host.page("returns", table)
            with self.subTest(table=table):
                self.assertEqual((answer.status, answer.error[0]), (status, kind))
                self.assertIn(message, answer.error[1])

    def test_the_traceback_of_an_uncaught_exception_is_in_the_log_with_its_lines(self):
        answer = self.host.page("returns", "chained")
        kind, message = answer.error
        self.assertEqual(kind, "connector_failed")
        self.assertRegex(message, r"^ValueError: no settings \(returns\.py:\d+\)$")
        logged = self.host.logged("returns")
        text = "\n".join(line for level, source, line in logged if (level, source) == ("ERROR", "log"))
        self.assertRegex(
            text,
            re.compile(
                r"""Traceback .*File ".*returns\.py", line \d+, in raise_in_a_library\n    settings\["missing"\]\n"""
                r""".*KeyError: 'missing'\n.*direct cause.*    raise ValueError\("no settings"\) from error\n"""
                r""".*ValueError: no settings""",
                re.DOTALL,
            ),
        )

    def test_the_time_of_a_page_of_80_rows_is_printed(self):
        # The number is for people: no test depends on a fast machine.
        answer = self.host.page("returns", "rows")
        self.assertEqual(len(answer.json["insert"]), 80)
        took = sorted(self.host.took("returns", "rows") for _ in range(30))
        print(f"\n80 rows in {took[15] * 1000:.1f} ms (median of 30, by the host's clock)")
