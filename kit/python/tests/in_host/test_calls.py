"""Calls of a connector to the host: requests, pauses, log lines."""

import tempfile
import unittest
from datetime import datetime, timedelta, timezone
from pathlib import Path

from .api import Api
from .host import WeldHost


def configuration(api):
    # Retries and the circuit breaker are off, because other tests cover them.
    return f"""
[env]
API_BASE_URL = "{api.url}"

[network]
allow = ["{api.url}", "http://127.0.0.1:1"]

[rate-limit]
retries = 0
failures = 0

[limits]
page-timeout = "10m"
"""


class Calls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.api, limited = Api(), Api()
        cls.addClassCleanup(cls.api.stop)
        cls.addClassCleanup(limited.stop)
        # The host stops calling an API that has answered 429, so that test has its own API.
        configurations = {"calls": configuration(cls.api), "calls-limited": configuration(limited)}
        cls.host = WeldHost(configurations, Path(folder.name))
        cls.addClassCleanup(cls.host.stop)

    def rows(self, table):
        answer = self.host.page("calls", table)
        self.assertEqual(answer.status, 200, answer.json)
        return answer.json["insert"]

    def test_requests_reach_the_api_unchanged(self):
        get, post, put, patch, delete, options, raw = self.rows("echo")
        sent = [(echo["method"], echo["query"], echo["body"]) for echo in (post, put, patch, delete, options, raw)]
        self.assertEqual(get["query"], "common=1&q=%C3%BC+%26&many=1&many=2")
        self.assertEqual(
            sent,
            [
                ("POST", "common=1", '{"a":1}'),
                ("PUT", "common=1", "a=1+2"),
                ("PATCH", "common=1", "text"),
                ("DELETE", "common=1", ""),
                ("OPTIONS", "common=1", ""),
                ("POST", "", "\xff\x00"),
            ],
        )
        types = [echo["headers"].get("content-type") for echo in (get, post, put, patch, raw)]
        form = "application/x-www-form-urlencoded"
        self.assertEqual(types, [None, "application/json", form, None, "application/octet-stream"])
        self.assertEqual(get["headers"]["authorization"], "Basic QWRhOmzDtnZl")
        self.assertEqual(get["headers"]["x-kit"], "python")
        self.assertNotIn("x-kit", delete["headers"])

    def test_responses_and_failures_are_like_those_of_requests(self):
        (row,) = self.rows("responses")
        self.assertEqual((row["url"], row["history"]), (f"{self.api.url}/echo?from=redirect", [302]))
        self.assertEqual(row["posted"], "GET")
        self.assertEqual((row["latin"], bytes(row["bytes"])), ("Tschüß", "Tschüß".encode("latin-1")))
        self.assertEqual(row["head"]["content-type"], "application/json")
        self.assertEqual(row["links"]["next"]["url"], f"{self.api.url}/orders?page=2")
        self.assertEqual(row["missing"], [404, False, "Not Found"])
        for name, beginning in [
            ("error", f"HTTPError: GET {self.api.url}/status/404 answered 404: the API's own words"),
            ("json", f"JSONDecodeError: the response to GET {self.api.url}/latin1 is not JSON"),
            ("loop", "TooManyRedirects: "),
            ("denied", "Denied: GET https://example.com/: "),
            ("slow", "Timeout: "),
            ("dropped", "ConnectionError: "),
            ("invalid", "InvalidURL: "),
            ("credential", "CredentialsError: "),
        ]:
            self.assertTrue(row[name].startswith(beginning), row[name])

    def test_an_uncaught_failed_request_is_the_contract_s_error(self):
        for table, status, kind, message in [
            ("status/404", 502, "upstream_failed", "/status/404 answered 404: the API's own words"),
            ("status/500", 502, "upstream_failed", "/status/500 answered 500: the API's own words"),
            ("status/401", 502, "upstream_unauthorized", "/status/401 answered 401: the API's own words"),
            ("status/403", 502, "upstream_unauthorized", "/status/403 answered 403: the API's own words"),
            ("refused", 502, "upstream_failed", "http://127.0.0.1:1/"),
            ("denied", 500, "misconfigured", "`allow` under [network]"),
            ("credential", 502, "credentials_failed", "no credential `nobody`"),
            ("not-json", 502, "upstream_failed", "is not JSON"),
        ]:
            answer = self.host.page("calls", table)
            with self.subTest(table=table):
                self.assertEqual((answer.status, answer.error[0]), (status, kind), answer.json)
                self.assertIn(message, answer.error[1])

    def test_a_rate_limit_waits_for_the_time_that_the_api_gave(self):
        before = datetime.now(timezone.utc)
        answer = self.host.page("calls-limited", "status/429")
        self.assertEqual((answer.status, answer.json["insert"], answer.json["hasMore"]), (200, [], True))
        until = datetime.fromisoformat(answer.json["state"]["weld-host"]["not-before"][:19] + "+00:00")
        self.assertGreaterEqual(until - before, timedelta(seconds=118))

    def test_a_sleep_takes_its_time_and_a_sleep_beyond_the_page_is_out_of_time(self):
        (row,) = self.rows("sleep")
        self.assertIs(row["slept"], True)
        self.assertTrue(row["error"].startswith("OutOfTime: the pause is longer than the "), row["error"])
        answer = self.host.page("calls", "out-of-time")
        self.assertEqual(answer.error[0], "connector_failed")
        self.assertIn("raise page-timeout in the section [limits]", answer.error[1])

    def test_logged_and_printed_lines_are_in_the_host_s_log(self):
        self.rows("logs")
        logged = self.host.logged("calls")
        for line in [
            ("WARN", "log", "shop: low on beer"),
            ("ERROR", "log", "two\nlines"),
            ("INFO", "stdout", "printed"),
        ]:
            self.assertIn(line, logged)
        [wrong] = [text for _, _, text in logged if text.startswith("it went wrong\n")]
        self.assertIn('    raise ValueError("caught")', wrong)
        self.assertNotIn("not shown by the host", str(logged))

    def test_random_numbers_differ_from_call_to_call(self):
        self.assertNotEqual(self.rows("random"), self.rows("random"))
