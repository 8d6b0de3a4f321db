"""Rehearses pages while the component is built, to make the real pages faster.

Each page begins with the memory image of the build. Python computes some things at their first use and then keeps them, such
as compiled patterns and specialized instructions. After a rehearsal they are in the image; otherwise every page would compute
them again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from . import _export, _host, requests
from .connector import Connector, Field, Page, Table

T = TypeVar("T")

ROUNDS = 24
"""The number of rehearsed pages. Python specializes the instructions of a function only after several calls."""
URL = "https://rehearsal.invalid/rows"
ROWS = '[{"id": 1, "name": "é", "price": 1.25, "tags": ["a"], "other": null, "is_new": true}, {"id": 2, "price": 10.5}]'
HEADERS = [
    ("content-type", "application/json; charset=utf-8"),
    ("x-ratelimit-limit", "100"),
    ("x-ratelimit-remaining", "99"),
]


class RehearsalHost:
    """Answers every request with the same rows."""

    def fetch(self, request: _host.Request) -> _host.Answer:
        return _host.Answer(200, list(HEADERS), ROWS, request.url)

    def sleep(self, duration_ms: int) -> None:
        pass

    def environment(self) -> dict[str, str]:
        return {"TOKEN": "rehearsal"}

    def log(self, level: str, message: str) -> None:
        pass


class _Rehearsed(Connector):
    def schema(self) -> list[Table]:
        return [Table("rows", primary_key="id", fields=[Field("id", "int"), Field("price", "double", nullable=True)])]

    def fetch_page(self, table: str, state: dict[str, object]) -> Page:
        session = requests.Session(headers={"X-Of-Session": "1"}, params={"per_page": 2})
        answers = [session.get(URL, params={"page": 1}), requests.get(URL, headers={"Authorization": "Bearer 1"})]
        rows = []
        for answer in answers:
            answer.raise_for_status()
            rows += answer.json()
        return Page(rows, state={"page": 2, "left": answers[0].headers.get("x-ratelimit-remaining")}, has_more=True)


def rehearse(work: Callable[[], T]) -> T:
    """Run `work` several times with a host that sends nothing, and return its last result."""
    before = _host.current
    _host.current = RehearsalHost()
    try:
        for _ in range(ROUNDS - 1):
            work()
        return work()
    finally:
        _host.current = before


def call_connector() -> tuple[list[_export.PlainTable] | _export.Failure, _export.PlainPage | _export.Failure]:
    """Call a connector for its tables and a page."""
    return _export.schema(_Rehearsed), _export.fetch_page(_Rehearsed, "rows", '{"page": 1}')
