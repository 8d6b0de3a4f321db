import functools
import itertools
import logging
import os
import time
from dataclasses import asdict, dataclass, field
from enum import Enum
from time import sleep

import functions_framework
import requests

log = logging.getLogger(__name__)


class ApiError(Exception):
    def __init__(self, status, text):
        super().__init__(f"the shop says {status}: {text}")
        self.status = status


class Size(str, Enum):
    SMALL = "small"
    LARGE = "large"


@dataclass
class Order:
    id: int
    city: str
    size: Size = field(default=Size.SMALL)


def retried(times):
    def decorate(function):
        @functools.wraps(function)
        def call(*args, **kwargs):
            for attempt in itertools.count(1):
                try:
                    return function(*args, **kwargs)
                except ApiError as error:
                    if attempt == times or error.status != 503:
                        raise
                    sleep(0.1 * 2**attempt)

        return call

    return decorate


class Shop:
    base = "https://api.example.com/v1"

    def __init__(self, token):
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {token}"

    @retried(3)
    def get(self, path, **params):
        while True:
            response = self.session.get(f"{self.base}/{path}", params=params, timeout=(3, 10))
            if response.status_code != 429:
                break
            wait = int(response.headers.get("Retry-After", 60))
            log.warning("told to wait for %d s", wait)
            time.sleep(wait)
        if not response.ok:
            raise ApiError(response.status_code, response.json()["error"])
        return response.json()

    def pages(self):
        for page in itertools.count(1):
            rows = self.get("orders", page=page, per_page=2)
            yield from rows
            if len(rows) < 2:
                return


class Connector:
    def __init__(self):
        self.shop = Shop(os.environ["SHOP_TOKEN"])

    def orders(self, state):
        sizes = itertools.cycle(Size)
        rows = [asdict(Order(row["id"], row["customer"]["address"]["city"], next(sizes))) for row in self.shop.pages()]
        return rows, {"last": max(row["id"] for row in rows)}

    def throttled(self, state):
        return [{"id": row["id"]} for row in self.shop.get("throttled")], state

    def gone(self, state):
        return self.shop.get("status/410"), state


@functions_framework.http
def run(request):
    if request.path == "/schema":
        names = [name for name in vars(Connector) if not name.startswith("_")]
        return {"schema": {name: {"primary_key": "id"} for name in names}}
    body = request.get_json(force=True)
    insert, state = getattr(Connector(), body["name"])(body.get("state") or {})
    return {"insert": insert, "state": state, "hasMore": False}
