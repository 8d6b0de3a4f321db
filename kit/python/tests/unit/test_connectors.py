import logging
import os
import time
import unittest
from datetime import timedelta
from unittest import mock

import weld_connector as weld
from weld_connector import Connector, Field, Page, Table, _host, requests
from weld_connector.errors import milliseconds
from weld_connector.testing import FakeHost


class Scripted(Connector):
    """A connector whose results are set by the test."""

    tables = []

    @staticmethod
    def page(table, state):
        raise NotImplementedError

    def schema(self):
        return self.tables

    def fetch_page(self, table, state):
        return self.page(table, state)


def returning(page):
    return type("Returning", (Scripted,), {"page": staticmethod(lambda table, state: page)})


def doing(function):
    return type("Doing", (Scripted,), {"page": staticmethod(lambda table, state: function(table, state))})


def offering(*tables):
    return type("Offering", (Scripted,), {"tables": list(tables)})


class Pages(unittest.TestCase):
    def test_a_page_is_returned_as_weld_gets_it(self):
        page = Page([{"id": 1}], state={"at": 2}, has_more=True, wait=timedelta(seconds=1.5))
        with FakeHost() as host:
            fetched = host.fetch_page(returning(page), "orders")
        self.assertEqual(fetched.rows, [{"id": 1}])
        self.assertEqual((fetched.state, fetched.has_more, fetched.wait), ({"at": 2}, True, 1.5))

    def test_an_exported_connector_can_be_tested(self):
        source = weld.export(returning(Page([{"id": 1}])))
        with FakeHost() as host:
            self.assertEqual(host.fetch_page(source, "orders").rows, [{"id": 1}])
            self.assertEqual(host.schema(source), host.schema(source.connector))
            self.assertEqual(list(host.rows(source, "orders")), [{"id": 1}])

    def test_a_page_without_state_clears_the_state(self):
        with FakeHost() as host:
            self.assertIsNone(host.fetch_page(returning(Page([])), "orders", {"at": 1}).state)

    def test_invalid_pages_are_refused(self):
        cases = [
            (None, "fetch_page('orders') returned None, not a Page; does a path through it end without a return?"),
            ([{"id": 1}], "fetch_page('orders') returned a list, not a Page; write `return Page(rows)` (tests/unit/test_connectors.py:"),
            ("rows", "fetch_page('orders') returned a str, not a Page ("),
            (Page([], has_more=True), "has_more of the page is True, but it has no state"),
            (Page([], has_more=1), "has_more of the page is an int, not True or False"),
            (Page([], state=[]), "the page's state is a list, not a dict"),
            (Page([], state={1: 2}), "the page's state has the key 1, an int, not a string"),
            (Page([], state={"a": {"b": {1}}}), "the page's state, field a.b: a set can't be written as JSON"),
            (Page([], wait=-0.1), "the page's wait is -0.1, and must be at least 0 s"),
            (Page([], wait=float("nan")), "the page's wait is nan, and must be at least 0 s"),
            (Page([], wait=True), "the page's wait is a bool, not a number of seconds or a timedelta"),
        ]
        for page, message in cases:
            with self.subTest(message=message), FakeHost() as host, self.assertRaises(weld.ConnectorError) as raised:
                host.fetch_page(returning(page), "orders")
            self.assertTrue(str(raised.exception).startswith(message), raised.exception)

    def test_the_rows_of_a_sync_come_page_by_page(self):
        def page(table, state):
            number = state.get("page", 1)
            return Page([{"page": number}], state={"page": number + 1}, has_more=number < 3)

        with FakeHost() as host:
            self.assertEqual(list(host.rows(doing(page), "orders")), [{"page": 1}, {"page": 2}, {"page": 3}])
            endless = returning(Page([], state={}, has_more=True))
            with self.assertRaisesRegex(AssertionError, "neither rows nor a new state"):
                list(host.rows(endless, "orders", {}))


class Schemas(unittest.TestCase):
    def test_a_schema_is_returned_as_weld_gets_it(self):
        tables = offering(
            Table("orders", "id", [Field("id", "int"), Field("note", "string", nullable=True, default=None)]),
            Table("lines", ["order", "line"], (Field("kinds", ["int", "string"], nullable=True),)),
            Table("log", fields=[Field("any", {"type": "map"}), Field("price", "double", default=0)]),
        )
        with FakeHost() as host:
            schema = host.schema(tables)
        note = {"name": "note", "type": ["null", "string"], "default": None}
        self.assertEqual(schema["orders"], {"primary_key": "id", "fields": [{"name": "id", "type": "int"}, note]})
        self.assertEqual(schema["lines"]["primary_key"], ["order", "line"])
        self.assertEqual(schema["lines"]["fields"], [{"name": "kinds", "type": ["null", "int", "string"]}])
        self.assertEqual(schema["log"]["fields"][0]["type"], {"type": "map"})
        self.assertEqual(schema["log"]["fields"][1]["default"], 0)

    def test_invalid_schemas_are_refused(self):
        cases = [
            (["orders"], "table 1 of the schema is a str, not a Table"),
            ([Table(None)], "the name of table 1 is None, not a string"),
            ([Table("a", primary_key=1)], "primary_key of a is an int, not a column's name or a list of them"),
            ([Table("a", primary_key=[1])], "a column in primary_key of a is an int, not a string"),
            ([Table("a", fields={"id": "int"})], "fields of a is a dict, not a list of fields"),
            ([Table("a", fields=["id"])], "a field of a is a str, not a Field"),
            ([Table("a", fields=[Field("b", "int", default={1})])], "the default of a.b: a set can't be written as JSON"),
        ]
        for tables, message in cases:
            with self.subTest(message=message), FakeHost() as host, self.assertRaises(weld.ConnectorError) as raised:
                host.schema(offering(*tables))
            text, _, place = str(raised.exception).partition(" (tests/unit/test_connectors.py:")
            self.assertEqual(text, message)
            self.assertRegex(place, r"^\d+\)$")


class Failures(unittest.TestCase):
    def failing_with(self, error):
        def fail(table, state):
            raise error

        with FakeHost() as host, self.assertRaises(weld.ConnectorError) as raised:
            host.fetch_page(doing(fail), "orders")
        return raised.exception, host.logs

    def test_an_error_of_the_contract_is_kept_and_not_logged(self):
        for kind in [weld.UnknownTable, weld.Misconfigured, weld.InvalidState, weld.Unauthorized, weld.Upstream]:
            error, logs = self.failing_with(kind("why"))
            self.assertEqual((type(error), str(error), logs), (kind, "why", []))
        error, _ = self.failing_with(type("MyUpstream", (weld.Upstream,), {})())
        self.assertEqual((type(error), str(error)), (weld.Upstream, "MyUpstream"))

    def test_a_rate_limit_keeps_its_wait(self):
        for wait, wait_ms in [(None, None), (0, 0), (1.5, 1500), (timedelta(minutes=1), 60_000), (1e9, 2**32 - 1)]:
            error, _ = self.failing_with(weld.RateLimited(wait))
            self.assertIs(type(error), weld.RateLimited)
            self.assertEqual(error.wait_ms, wait_ms)

    def test_any_other_exception_is_named_and_its_traceback_logged(self):
        def fail(table, state):
            return {}["missing"]

        with FakeHost() as host, self.assertRaisesRegex(weld.ConnectorError, r"^KeyError: 'missing' \(tests/unit/test_connectors\.py:\d+\)$"):
            host.fetch_page(doing(fail), "orders")
        [(level, text)] = host.logs
        self.assertEqual(level, "error")
        self.assertIn('return {}["missing"]', text)
        self.assertNotIn("_export.py", text)
        self.assertTrue(text.endswith("KeyError: 'missing'"), text)

    def test_a_component_explains_that_it_has_no_files(self):
        for error in [FileNotFoundError(44, "No such file or directory", "rates.csv"), OSError(76, "Capabilities insufficient")]:
            with mock.patch.object(_host, "in_component", True):
                text = str(self.failing_with(error)[0])
            self.assertRegex(text, "; a component has no files when it runs: read files at the top of a module")
            self.assertNotIn("component", str(self.failing_with(error)[0]), "plain Python has files")
        for error in [ConnectionError("reset"), OSError("os.popen can't work: a component has no processes")]:
            with mock.patch.object(_host, "in_component", True):
                self.assertNotIn("has no files", str(self.failing_with(error)[0]))

    def test_paths_of_a_component_are_shown_as_the_author_knows_them(self):
        code = compile("def fail(table, state):\n    raise ValueError('odd')\n", "/0/helpers/rows.py", "exec")
        names = {}
        exec(code, names)
        with FakeHost() as host, self.assertRaisesRegex(weld.ConnectorError, r"^ValueError: odd \(helpers/rows\.py:2\)$"):
            host.fetch_page(doing(names["fail"]), "orders")
        text = "\n".join(line for _, line in host.logs)
        self.assertIn('  File "helpers/rows.py", line 2, in fail', text)
        self.assertNotIn("/0/", text)

    def test_a_missing_module_is_explained(self):
        error, _ = self.failing_with(ModuleNotFoundError("No module named 'wave'"))
        self.assertIn("move imports to the top of a module", str(error))

    def test_the_middle_of_a_long_traceback_is_omitted(self):
        def deep(number):
            return deep(number - 1) if number % 2 else other(number)

        def other(number):
            return deep(number - 1) if number else {}["missing"]

        with FakeHost() as host, self.assertRaises(weld.ConnectorError):
            host.fetch_page(doing(lambda table, state: deep(301)), "orders")
        [(_, text)] = host.logs
        lines = text.split("\n")
        self.assertEqual(len(lines), 101)
        self.assertTrue(lines[0].startswith("Traceback"))
        self.assertIn("more lines", lines[50])
        self.assertEqual(lines[-1], "KeyError: 'missing'")

    def test_methods_that_can_not_be_called_are_refused(self):
        async def later(self, table, state):
            return weld.Page([])

        for methods, message in [
            ({}, "Shop has no method schema: add `def schema\\(self\\):`"),
            ({"schema": lambda self: []}, "Shop has no method fetch_page: add `def fetch_page\\(self, table, state\\):`"),
            ({"schema": lambda self: [], "fetch_page": 3}, "Shop has no method fetch_page"),
            ({"schema": lambda self: [], "fetch_page": later}, "fetch_page is async"),
            ({"schema": lambda self: [], "fetch_page": lambda self, table: []}, "takes the parameters \\(self, table\\), not"),
            ({"schema": lambda self, region: [], "fetch_page": later}, "schema of Shop takes the parameters"),
        ]:
            with self.assertRaisesRegex(TypeError, message):
                weld.export(type("Shop", (weld.Connector,), methods))
        for page in [lambda self, table, state, limit=3: [], lambda self, *given: [], staticmethod(lambda table, state: [])]:
            weld.export(type("Shop", (weld.Connector,), {"schema": lambda self: [], "fetch_page": page}))

    def test_the_argument_of_export_is_checked(self):
        for given in [Scripted(), "Scripted", None]:
            with self.assertRaisesRegex(TypeError, "export takes the connector's class"):
                weld.export(given)
        with self.assertRaisesRegex(TypeError, "Half has no method fetch_page"):
            weld.export(type("Half", (), {"schema": lambda self: []}))
        self.assertIs(weld.export(Scripted).connector, Scripted)

    def test_a_connector_without_a_method_fails_with_its_name(self):
        with (
            FakeHost() as host,
            self.assertRaisesRegex(weld.ConnectorError, r"no method fetch_page\(self, table, state\)"),
        ):
            host.fetch_page(type("Empty", (Connector,), {}), "orders")


class Host(unittest.TestCase):
    def test_a_missing_or_empty_variable_is_named(self):
        def read(table, state):
            return Page([{"key": weld.env("API_KEY"), "page": weld.env("PER_PAGE", "80"), "os": os.environ["API_KEY"]}])

        with FakeHost(env={"API_KEY": "k"}) as host:
            self.assertEqual(host.fetch_page(doing(read), "t").rows, [{"key": "k", "page": "80", "os": "k"}])
        for env, word in [({}, "missing"), ({"API_KEY": ""}, "empty")]:
            with FakeHost(env) as host, self.assertRaisesRegex(weld.Misconfigured, rf"API_KEY is {word}.*\[env\]"):
                host.fetch_page(doing(read), "t")
        self.assertNotIn("API_KEY", os.environ)

    def test_sleeps_are_recorded_and_limited_by_the_page_s_time(self):
        def rest(table, state):
            time.sleep(2)
            time.sleep(0.25)
            time.sleep(8)

        original = time.sleep
        with FakeHost(page_timeout=10) as host:
            with self.assertRaisesRegex(weld.ConnectorError, "the 7.75 s that the page has left"):
                host.fetch_page(doing(rest), "t")
            self.assertEqual(host.sleeps, [2.0, 0.25])
            with self.assertRaises(ValueError):
                time.sleep(-1)
            with self.assertRaises(weld.OutOfTime) as raised:
                time.sleep(float("inf"))
            self.assertEqual(raised.exception.left, 7.75)
        self.assertIs(time.sleep, original)

    def test_logging_has_the_host_s_levels(self):
        handlers, level = logging.getLogger().handlers[:], logging.getLogger().level
        with FakeHost() as host:
            logging.getLogger("shop").warning("low on %s", "beer")
            logging.critical("two\nlines")
            logging.info("info")
            logging.debug("not wanted")
            logging.getLogger().setLevel(logging.DEBUG)
            logging.debug("wanted \ud800")
        expected = [("warn", "shop: low on beer"), ("error", "two\nlines"), ("info", "info")]
        self.assertEqual(host.logs, [*expected, ("debug", "wanted ?")])
        self.assertEqual((logging.getLogger().handlers, logging.getLogger().level), (handlers, level))

    def test_a_request_without_a_host_names_the_fake_host(self):
        with self.assertRaisesRegex(RuntimeError, "weld_connector.testing.FakeHost"):
            requests.get("https://api.example.com/")

    def test_times_are_rounded_up_to_milliseconds(self):
        for given, expected in [(0, 0), (0.0001, 1), (0.1, 100), (0.3, 300), (1.0004, 1001), (2**40, 2**32 - 1)]:
            self.assertEqual(milliseconds(given, "time"), expected, given)
