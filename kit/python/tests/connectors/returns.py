"""Returns or raises a value by the table's name; the host must answer each with the right kind and a clear message."""

import functools
import json
import pickle
import sys
import time as clock
import uuid
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import weld_connector as weld
from weld_connector import Connector, Field, Page, Table


def endless() -> Any:
    yield {"id": 1}


def circular() -> Any:
    value: Any = []
    value.append(value)
    return value


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def at_build(call: Any) -> str:
    try:
        call()
    except RuntimeError as error:
        return str(error)
    return "nothing"


# During the build, there is no host.
AT_BUILD = {
    "variable": at_build(lambda: weld.env("PREFIX")),
    "request": at_build(lambda: weld.requests.get("https://example.com/")),
    "pause": at_build(lambda: clock.sleep(1)),
}


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no")


def raise_in_a_library() -> None:
    settings: dict[str, str] = {}
    settings["missing"]


def recursive(depth: int) -> int:
    return 0 if depth == 0 else 1 + recursive(depth - 1)


@functools.cache
def through_c(depth: int) -> int:
    return 0 if depth == 0 else max([depth], key=lambda _: through_c(depth - 1))


class Endless:
    def __repr__(self) -> str:
        return repr(Endless())

    def __eq__(self, other: object) -> bool:
        return Endless() == other

    def __getattr__(self, name: str) -> Any:
        return getattr(Endless(), name)


def json_of(depth: int) -> str:
    return "[" * depth + "]" * depth


DEEP: dict[str, Any] = {
    "json": lambda: json.loads(json_of(100_000)),
    "json-objects": lambda: json.loads('{"a":' * 100_000 + "1" + "}" * 100_000),
    "response": lambda: weld.requests.Response(200, [], json_of(100_000), "https://example.com/").json(),
    "dumps": lambda: json.dumps(nested(20_000)),
    "repr": lambda: repr(nested(20_000)),
    "equal": lambda: nested(20_000) == nested(20_000),
    "pickle": lambda: pickle.dumps(nested(20_000)),
    "function": lambda: recursive(5_000),
    "through-c": lambda: through_c(5_000),
    "own-repr": lambda: repr(Endless()),
    "own-equal": lambda: Endless() == 1,
    "own-attribute": lambda: Endless().name,
}

PAGES = {
    "deep-json": lambda: Page([{"read": len(json.dumps(json.loads(json_of(2_000))))}]),
    "deep-repr": lambda: Page([{"read": len(repr(nested(2_000)))}]),
    "deep-function": lambda: Page([{"read": recursive(900)}]),
    "deep-row": lambda: Page([{"deep": nested(20_000)}]),
    "none": lambda: None,
    "list": lambda: [{"id": 1}],
    "generator": lambda: Page(endless()),
    "rows-none": lambda: Page(None),
    "rows-text": lambda: Page("[]"),
    "rows-bytes": lambda: Page(b"[]"),
    "rows-dict": lambda: Page({"id": 1}),
    "row-list": lambda: Page([{"id": 1}, [2]]),
    "row-key": lambda: Page([{"id": 1}, {2: "two"}]),
    "nan": lambda: Page([{"id": 1}, {"id": 2, "price": {"net": float("nan")}}]),
    "infinity": lambda: Page([{"price": [1.0, float("-inf")]}]),
    "decimal-nan": lambda: Page([{"price": Decimal("NaN")}]),
    "bytes": lambda: Page([{"data": b"x"}]),
    "set": lambda: Page([{"tags": {"a"}}]),
    "deep": lambda: Page([{"deep": nested(300)}]),
    "circular": lambda: Page([{"self": circular()}]),
    "state-list": lambda: Page([], state=[1]),
    "state-key": lambda: Page([], state={1: 2}),
    "more-without-state": lambda: Page([{"id": 1}], has_more=True),
    "more-text": lambda: Page([], has_more="no"),
    "wait-negative": lambda: Page([], state={}, wait=-1),
    "wait-text": lambda: Page([], state={}, wait="soon"),
}

ERRORS = {
    "unknown": lambda: weld.UnknownTable("unknown"),
    "misconfigured": lambda: weld.Misconfigured("API_TOKEN is missing"),
    "invalid-state": lambda: weld.InvalidState("no such cursor"),
    "unauthorized": lambda: weld.Unauthorized("no such token \ud800"),
    "rate-limited": lambda: weld.RateLimited(timedelta(days=3)),
    "upstream": lambda: weld.Upstream("nonsense"),
    "other": lambda: weld.ConnectorError("it is broken"),
    "unspeakable": lambda: Unspeakable(),
    "base": lambda: BaseException("from below"),
}


class Returns(Connector):
    def __init__(self) -> None:
        # Fails if the connector is instantiated during the build.
        self.prefix = weld.env("PREFIX", "none")

    def schema(self) -> list[Table]:
        if self.prefix == "broken":
            return [Table("broken", primary_key=7)]
        return [
            Table(
                "values",
                primary_key="id",
                fields=[
                    Field("id", "int"),
                    Field("note", "string", nullable=True, default=None),
                    Field("tags", ["null", "array"]),
                    Field("price", "double", default=Decimal("0.10")),
                ],
            ),
            Table("lines", primary_key=["order", "line"]),
            Table("log"),
        ]

    def fetch_page(self, table: str, state: dict[str, Any]) -> Page:
        if table in ERRORS:
            raise ERRORS[table]()
        if table == "exit":
            sys.exit(3)
        if table == "uncaught":
            raise_in_a_library()
        if table == "chained":
            try:
                raise_in_a_library()
            except KeyError as error:
                raise ValueError("no settings") from error
        if table == "import":
            import wave  # noqa: F401
        if table == "env":
            raise weld.Misconfigured(weld.env("NOT_SET"))
        if table == "values":
            return Page(
                [
                    {
                        "id": 1,
                        "prefix": self.prefix,
                        "at": datetime(2026, 11, 24, 12, 30, tzinfo=timezone.utc),
                        "naive": datetime(2026, 11, 24, 12, 30, 1, 500_000),
                        "day": date(2026, 11, 24),
                        "time": time(12, 30),
                        "price": Decimal("12345678901234567890.10"),
                        "uuid": uuid.UUID("12345678-1234-5678-1234-567812345678"),
                        "text": "Tschüß 🍺",
                        "half": "\ud800",
                        "nothing": None,
                        "parsed": datetime.strptime("24.11.2026", "%d.%m.%Y").date(),
                        "euro": b"\x80".decode("cp1252"),
                    }
                ],
                state={"seen": datetime(2026, 11, 24), "came": state},
                has_more=True,
            )
        if table == "at-build":
            return Page([AT_BUILD])
        if table == "rows":
            beer = {f"field_{number}": "x" * 90 for number in range(14)}
            return Page([{"id": number, "abv": number / 8, **beer} for number in range(80)])
        if table.startswith("too-deep-"):
            return Page([{"read": repr(DEEP[table.removeprefix("too-deep-")]())}])
        if table in PAGES:
            return PAGES[table]()
        raise weld.UnknownTable(table)


Source = weld.export(Returns)
