"""Run with python3 -m unittest.

Each table has a class of tests: replace it together with the table. A class without its table is skipped.
"""

import unittest
from typing import Any

from app import Source
from weld_connector import UnknownTable, Upstream
from weld_connector.testing import FakeHost

API = "https://api.example.com"

with FakeHost(env={"API_BASE_URL": API}) as a_host:
    TABLES = a_host.schema(Source)


def of(table: str) -> Any:
    return unittest.skipUnless(table in TABLES, f"there is no table {table}: replace this class")


class WithHost(unittest.TestCase):
    """A test with a fake host, whose answers it sets."""

    def setUp(self) -> None:
        self.host = FakeHost(env={"API_BASE_URL": API}).start()
        self.addCleanup(self.host.stop)


class EveryTable(WithHost):
    """What holds for any connector; these tests stay."""

    def test_every_table_has_a_key(self) -> None:
        for name, table in TABLES.items():
            self.assertTrue(table["primary_key"], name)

    def test_other_tables_are_unknown(self) -> None:
        with self.assertRaises(UnknownTable):
            self.host.fetch_page(Source, "no such table")


@of("beers")
class Beers(WithHost):
    PER_PAGE = 80

    def test_beers_are_fetched_page_by_page(self) -> None:
        self.host.answer("GET", f"{API}/beers?page=1", json=[{"id": 1}] * self.PER_PAGE)
        self.host.answer("GET", f"{API}/beers?page=2", json=[{"id": 81}])
        self.assertEqual(len(list(self.host.rows(Source, "beers"))), self.PER_PAGE + 1)

    def test_an_error_status_of_the_api_is_an_upstream_error(self) -> None:
        self.host.answer("GET", f"{API}/beers", status=500, text="out of order")
        with self.assertRaisesRegex(Upstream, "out of order"):
            self.host.fetch_page(Source, "beers")


@of("orders")
class Orders(WithHost):
    PER_PAGE = 50

    def test_a_sync_starts_at_the_time_of_the_last_sync(self) -> None:
        order = {"id": 7, "updated_at": "2024-01-01T00:00:00Z"}
        self.host.answer("GET", f"{API}/orders", json=[order] * self.PER_PAGE)
        self.host.answer("GET", f"{API}/orders?after_id=7&updated_since={order['updated_at']}", json=[])
        first = self.host.fetch_page(Source, "orders")
        last = self.host.fetch_page(Source, "orders", first.state)
        self.assertEqual((first.has_more, last.has_more), (True, False))
        self.assertLess(last.state["since"], first.state["began"])


if __name__ == "__main__":
    unittest.main()
