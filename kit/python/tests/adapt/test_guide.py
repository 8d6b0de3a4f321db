"""A function in the form of Weld's guide, unchanged, page by page."""

import unittest

from .guide import GUIDE
from .harness import API, adapted

LIMIT = {"x-ratelimit-remaining": "99", "x-ratelimit-limit": "100"}


class GuideFunction(unittest.TestCase):
    def test_its_schema_needs_no_variable(self):
        with adapted(GUIDE) as function:
            self.assertEqual(
                function.schema(),
                {"beers": (["id"], []), "orders": (["id"], [("updated_at", "datetime"), ("total", '["null","double"]')])},
            )

    def test_its_pages_follow_each_other_with_its_state_and_pauses(self):
        with adapted(GUIDE, {"API_TOKEN": "secret"}) as function:
            function.host.answer("GET", f"{API}/beers?page=1", json=[{"id": 1}, {"id": 2}], headers=LIMIT)
            function.host.answer("GET", f"{API}/beers?page=2", json=[{"id": 3}], headers=LIMIT)
            first = function.page("beers")
            limit = {"remaining": 99, "limit": 100}
            self.assertEqual(
                first,
                {"insert": [{"id": 1}, {"id": 2}], "state": {"next_page": 2, "ratelimit": limit}, "hasMore": True},
            )
            second = function.page("beers", first["state"])
            self.assertEqual(second, {"insert": [{"id": 3}], "state": {"ratelimit": limit}, "hasMore": False})
            self.assertEqual(function.host.sleeps, [0.5, 0.5])
            sent = function.host.requests[0]
            self.assertEqual(sent.headers["authorization"], "Bearer secret")
            self.assertEqual(sent.params, {"page": "1", "per_page": "2"})

    def test_its_sleep_of_an_hour_is_the_hosts(self):
        with adapted(GUIDE, {"API_TOKEN": "secret"}) as function:
            function.host.answer("GET", f"{API}/beers", json=[], headers=LIMIT)
            function.page("beers", {"ratelimit": {"remaining": 1, "limit": 100}})
            self.assertEqual(function.host.sleeps, [3600, 0.5])

    def test_a_refusal_because_of_the_quota_becomes_a_wait_and_is_logged(self):
        with adapted(GUIDE, {"API_TOKEN": "secret"}) as function:
            function.host.answer("GET", f"{API}/beers", status=429, headers={"Retry-After": "7"})
            self.assertEqual(function.page("beers"), ("rate-limited", 7000))
            self.assertIn(f"GET {API}/beers answered 429: the host waits", function.logged())

    def test_a_missing_variable_is_named_with_its_line(self):
        with adapted(GUIDE) as function:
            kind, text = function.page("beers")
            self.assertEqual(kind, "misconfigured")
            self.assertIn("main.py:8 needs API_TOKEN, which is not set", text)
            self.assertIn('API_TOKEN = { env = "API_TOKEN" }', text)
