"""Calls the host in every possible way, and returns the results to the test as rows."""

import logging
import os
import random
import time
from typing import Any

import weld_connector as weld
from weld_connector import Connector, Page, Table, requests

logging.info("said while the component is built")


def caught(call: Any) -> str:
    try:
        call()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "nothing"


class Calls(Connector):
    def schema(self) -> list[Table]:
        return [Table("echo")]

    def fetch_page(self, table: str, state: dict[str, Any]) -> Page:
        base = os.environ["API_BASE_URL"]
        api = requests.Session(base=base, headers={"X-Kit": "python"}, params={"common": "1"}, auth=("Ada", "löve"))
        if table == "echo":
            answers = [
                api.get("echo", params={"q": "ü &", "many": [1, 2], "none": None}),
                api.post("echo", json={"a": 1}),
                api.put("echo", data={"a": "1 2"}),
                api.patch("echo", data="text"),
                api.delete("echo", headers={"X-Kit": None}),
                api.options("echo"),
                requests.post(f"{base}/echo", data=b"\xff\x00", headers={"Content-Type": "application/octet-stream"}),
            ]
            return Page([answer.json() for answer in answers])
        if table == "responses":
            redirected = api.get("redirect", params={"x": "1"})
            posted = api.post("redirect", data={"a": 1})
            latin = api.get("latin1")
            missing = api.get("status/404")
            return Page(
                [
                    {
                        "url": redirected.url,
                        "history": [step.status_code for step in redirected.history],
                        "posted": posted.json()["method"],
                        "latin": latin.text,
                        "bytes": list(latin.content),
                        "head": dict(api.head("echo").headers),
                        "links": api.get("links").links,
                        "missing": [missing.status_code, missing.ok, missing.reason],
                        "error": caught(missing.raise_for_status),
                        "json": caught(api.get("latin1").json),
                        "loop": caught(lambda: api.get("loop")),
                        "denied": caught(lambda: requests.get("https://example.com/")),
                        "slow": caught(lambda: api.get("slow", timeout=(0.05, 0.05))),
                        "dropped": caught(lambda: api.post("drop")),
                        "invalid": caught(lambda: requests.get("no-scheme/orders")),
                        "credential": caught(lambda: api.get("echo", credential="nobody")),
                    }
                ]
            )
        if table.startswith("status/"):
            api.get(table).raise_for_status()
        if table == "refused":
            requests.get("http://127.0.0.1:1/")
        if table == "denied":
            requests.get("https://example.com/")
        if table == "credential":
            api.get("echo", credential="nobody")
        if table == "not-json":
            api.get("latin1").json()
        if table == "sleep":
            before = time.monotonic()
            time.sleep(0.2)
            return Page([{"slept": time.monotonic() - before >= 0.2, "error": caught(lambda: time.sleep(1e6))}])
        if table == "out-of-time":
            time.sleep(1e6)
        if table == "logs":
            logging.getLogger().setLevel(logging.DEBUG)
            logging.getLogger("shop").warning("low on %s", "beer")
            logging.error("two\nlines")
            logging.debug("not shown by the host")
            print("printed")
            try:
                raise ValueError("caught")
            except ValueError:
                logging.exception("it went wrong")
            return Page([])
        if table == "random":
            return Page([{"random": random.random()}])
        raise weld.UnknownTable(table)


Source = weld.export(Calls)
