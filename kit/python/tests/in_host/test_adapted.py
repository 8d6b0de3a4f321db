"""Functions of other platforms that `weld-host adapt` made into connectors."""

import os
import tempfile
import unittest
from pathlib import Path

from .api import Api
from .host import WeldHost

ADAPTED = Path(os.environ["WELD_ADAPTED"])


def configuration(api, more=""):
    return f"""
[env]
API_BASE_URL = "{api.url}"
{more}

[network]
allow = ["{api.url}"]

[rate-limit]
retries = 0
failures = 0
"""


class Adapted(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.api = Api()
        cls.addClassCleanup(cls.api.stop)
        configurations = {
            "guide": configuration(cls.api, 'API_TOKEN = "token"'),
            "signup": configuration(cls.api),
            "packaged": configuration(cls.api, 'CLIENT_SECRET = "of the client"'),
            "packaged-2": configuration(cls.api),
        }
        cls.host = WeldHost(configurations, Path(folder.name))
        cls.addClassCleanup(cls.host.stop)

    def rows(self, connector, table):
        answer = self.host.page(connector, table)
        self.assertEqual(answer.status, 200, answer.json)
        return answer.json["insert"]

    def test_the_files_are_unchanged(self):
        for name in ("guide", "signup", "packaged"):
            given = Path(__file__).parents[1] / "functions" / name
            files = [path for path in sorted(given.rglob("*")) if path.is_file() and "__pycache__" not in path.parts]
            self.assertGreater(len(files), 1)
            for path in files:
                copy = ADAPTED / name / "function" / path.relative_to(given)
                self.assertEqual(copy.read_bytes(), path.read_bytes(), path)

    def test_schemas_are_answered_by_every_kind_of_entry(self):
        for connector, tables in (
            ("guide", {"beers", "orders"}),
            ("signup", {"members", "events", "countries", "numbers", "broken"}),
            ("packaged", {"zones", "signed", "pooled", "limited"}),
        ):
            self.assertEqual(set(self.host.schema(connector).json["schema"]), tables)

    def test_all_pages_of_the_guides_function_are_read(self):
        state, ids = None, []
        for number in (1, 2, 3):
            answer = self.host.page("guide", "beers", state)
            self.assertEqual(answer.status, 200, answer.json)
            ids += [row["id"] for row in answer.json["insert"]]
            self.assertEqual(answer.json["hasMore"], number < 3)
            state = answer.json["state"]
        self.assertEqual((ids, state), ([1, 2, 3, 4, 5], {"ratelimit": {"remaining": 87, "limit": 100}}))
        self.assertIn(("INFO", "stdout", "page 3 of beers"), self.host.logged("guide"))

    def test_an_error_of_the_api_is_reported_with_its_text(self):
        kind, message = self.host.page("guide", "orders").error
        self.assertEqual(kind, "upstream_failed", message)
        self.assertIn("/orders answered 404: no such path", message)

    def test_a_login_at_the_top_of_a_module_is_made_in_the_call(self):
        self.assertEqual(
            self.rows("signup", "members"),
            [{"id": 1, "auth": "Token user=me", "query": "page=1", "kind": "member"}],
        )

    def test_clients_of_python_itself_reach_the_host(self):
        self.assertEqual(self.rows("signup", "events"), [{"id": 1, "body": "x=1"}])
        self.assertEqual(self.rows("packaged", "pooled"), [{"id": 1, "status": 200, "body": "a=1"}])

    def test_data_files_are_opened_next_to_the_code_and_from_the_current_folder(self):
        rows = self.rows("signup", "countries")
        self.assertEqual(rows, [{"code": "de", "name": "Deutschland"}, {"code": "fr", "name": "France"}])

    def test_random_numbers_differ_from_call_to_call(self):
        self.assertNotEqual(self.rows("signup", "numbers"), self.rows("signup", "numbers"))

    def test_a_call_that_a_component_can_not_make_is_explained_in_one_line(self):
        errors = [row["error"] for row in self.rows("signup", "broken")]
        for error, words in zip(errors, ("no threads", "no processes", "can't write files", "no sockets"), strict=True):
            self.assertIn(words, error)
            self.assertNotIn("\n", error)

    def test_packages_are_bundled_with_their_data(self):
        self.assertEqual(
            self.rows("packaged", "zones"),
            [{"id": "Europe/Berlin", "hour": 14}, {"id": "America/New_York", "hour": 8}, {"id": "UTC", "hour": 12}],
        )

    def test_packages_that_use_requests_send_through_the_host(self):
        self.assertEqual(self.rows("packaged", "signed"), [{"id": 1, "scheme": "OAuth", "query": "page=1"}])
        kind, message = self.host.page("packaged-2", "signed").error
        self.assertEqual(kind, "misconfigured")
        self.assertIn("main.py:22 needs CLIENT_SECRET", message)

    def test_a_refusal_because_of_the_quota_becomes_a_wait_through_the_package(self):
        answer = self.host.page("packaged-2", "limited")
        self.assertEqual(answer.status, 200, answer.json)
        self.assertTrue(answer.json["hasMore"])
        self.assertIn("weld-host", answer.json["state"])
