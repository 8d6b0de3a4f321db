"""Run with python3 -m unittest. Each table has a class of tests: replace it together with the table."""

import unittest

from app import BEERS_PER_PAGE, ORDERS_PER_PAGE, DemoApi
from weld_connector import UnknownTable, Upstream
from weld_connector.testing import FakeHost

API = "https://api.example.com"


class WithHost(unittest.TestCase):
    """A test with a fake host, whose answers it sets."""

    def setUp(self) -> None:
        self.host = FakeHost(env={"API_BASE_URL": API}).start()
        self.addCleanup(self.host.stop)


class EveryTable(WithHost):
    """What holds for any connector; these tests stay."""

    def test_every_table_has_a_key(self) -> None:
        for name, table in self.host.schema(DemoApi).items():
            self.assertTrue(table["primary_key"], name)

    def test_other_tables_are_unknown(self) -> None:
        with self.assertRaises(UnknownTable):
            self.host.fetch_page(DemoApi, "no such table")


class Beers(WithHost):
    def test_beers_are_fetched_page_by_page(self) -> None:
        self.host.answer("GET", f"{API}/beers?page=1", json=[{"id": 1}] * BEERS_PER_PAGE)
        self.host.answer("GET", f"{API}/beers?page=2", json=[{"id": 81}])
        self.assertEqual(len(list(self.host.rows(DemoApi, "beers"))), BEERS_PER_PAGE + 1)

    def test_an_error_status_of_the_api_is_an_upstream_error(self) -> None:
        self.host.answer("GET", f"{API}/beers", status=500, text="out of order")
        with self.assertRaisesRegex(Upstream, "out of order"):
            self.host.fetch_page(DemoApi, "beers")


class Orders(WithHost):
    def test_a_sync_starts_at_the_time_of_the_last_sync(self) -> None:
        order = {"id": 7, "updated_at": "2024-01-01T00:00:00Z"}
        self.host.answer("GET", f"{API}/orders", json=[order] * ORDERS_PER_PAGE)
        self.host.answer("GET", f"{API}/orders?after_id=7&updated_since={order['updated_at']}", json=[])
        first = self.host.fetch_page(DemoApi, "orders")
        last = self.host.fetch_page(DemoApi, "orders", first.state)
        self.assertEqual((first.has_more, last.has_more), (True, False))
        self.assertLess(last.state["since"], first.state["began"])


if __name__ == "__main__":
    unittest.main()
