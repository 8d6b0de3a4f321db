"""The connector of docs/conformance.md. It must pass every case."""

import logging
import time
from typing import Any

import weld_connector as weld
from weld_connector import Connector, Field, Page, Table, env, export, requests

State = dict[str, Any]

DAY = 86_400
OVERLAP = 3_600
LAST_DAY = 3 * DAY

CLOSED_PORT = "http://127.0.0.1:1/"


def get(path: str, **params: Any) -> Any:
    response = requests.get(env("BASE_URL") + path, params=params)
    response.raise_for_status()
    return response.json()


def page_number(state: State) -> Page:
    page = state.get("page", 1)
    answer = get("/page-number", page=page)
    return Page(answer["items"], {"page": page + 1}, has_more=page < answer["pages"])


def offset(state: State) -> Page:
    begin = state.get("offset", 0)
    answer = get("/offset", offset=begin)
    end = begin + len(answer["items"])
    return Page(answer["items"], {"offset": end}, has_more=end < answer["total"])


def cursor(state: State) -> Page:
    # If the state has no cursor, the parameter is omitted.
    answer = get("/cursor", cursor=state.get("cursor"))
    return Page(answer["items"], {"cursor": answer["next"]}, has_more=answer["next"] is not None)


def keyset(state: State) -> Page:
    after = state.get("after", 0)
    items = get("/keyset", after=after)["items"]
    return Page(items, {"after": items[-1]["id"] if items else after}, has_more=bool(items))


def time_window(state: State) -> Page:
    begin = state.get("begin", 0)
    end = begin + DAY
    # `from` is a keyword of the language.
    answer = get("/time-window", **{"from": max(0, begin - OVERLAP), "to": end})
    return Page(answer["items"], {"begin": end}, has_more=end < LAST_DAY)


def large(_: State) -> Page:
    return Page([{"id": number, "text": "x" * 1_000} for number in range(1, 10_001)])


def missing_variable(_: State) -> Page:
    env("NOT_SET")
    return Page([])


def rate_limited(_: State) -> Page:
    raise weld.RateLimited(1.5)


def uncaught(_: State) -> Page:
    raise RuntimeError("the last words")


def wait(state: State) -> Page:
    if "second" in state:
        return Page([{"id": 2}])
    return Page([{"id": 1}], {"second": True}, has_more=True, wait=0.1)


def slept(seconds: float) -> Page:
    try:
        time.sleep(seconds)
    except weld.OutOfTime:
        return Page([{"id": 1, "slept": False}])
    return Page([{"id": 1, "slept": True}])


HTTP_ERRORS = {
    requests.Denied: "denied",
    requests.InvalidURL: "invalid",
    requests.CredentialsError: "credentials",
    requests.Timeout: "timeout",
    requests.ResponseTooLarge: "too-large",
    requests.OverLimit: "over-limit",
    requests.Unavailable: "unavailable",
    requests.ConnectionError: "failed",
}


def text(state: State) -> Page:
    number = state.get("case", 1)
    response = requests.get(env("BASE_URL") + f"/text?case={number}")
    if response.status_code == 404:
        return Page([])
    try:
        found = response.text
    except requests.exceptions.ContentDecodingError:
        found = None
    return Page([{"id": number, "text": found}], state={"case": number + 1}, has_more=True)


def failure(url: str, **how: Any) -> str | None:
    try:
        requests.get(url, **how)
    except requests.RequestException as error:
        return HTTP_ERRORS[type(error)]
    return None


def failed(url: str, **how: Any) -> Page:
    return Page([{"id": 1, "error": failure(url, **how)}])


def failed_at_last(url: str, ignored: str | None) -> Page:
    """Send requests until a result differs from `ignored`."""
    failures = (failure(url) for _ in range(100))
    return Page([{"id": 1, "error": next((error for error in failures if error != ignored), None)}])


def http_echo(_: State) -> Page:
    response = requests.post(env("BASE_URL") + "/echo", headers={"x-conformance": "yes"}, data="héllo")
    return Page([{"id": 1, **response.json(), "status": response.status_code}])


def logs(_: State) -> Page:
    logging.getLogger().setLevel(logging.DEBUG)
    logging.debug("at debug")
    logging.info("at info")
    logging.warning("at warn")
    logging.error("at error")
    return Page([])


ERRORS = {
    "unknown_table": weld.UnknownTable,
    "misconfigured": weld.Misconfigured,
    "invalid_state": weld.InvalidState,
    "unauthorized": weld.Unauthorized,
    "upstream": weld.Upstream,
    "other": weld.ConnectorError,
}

PAGES = {
    "fields": lambda _: Page([]),
    "page_number": page_number,
    "offset": offset,
    "cursor": cursor,
    "keyset": keyset,
    "time_window": time_window,
    "empty": lambda _: Page(get("/empty")["items"]),
    "unicode": lambda _: Page(get("/unicode")["items"]),
    "text": text,
    "numbers": lambda _: Page(get("/numbers")["items"]),
    "large": large,
    "environment": lambda _: Page([{"id": 1, "greeting": env("GREETING")}]),
    "missing_variable": missing_variable,
    "rate_limited": rate_limited,
    "uncaught": uncaught,
    "wait": wait,
    "sleep": lambda _: slept(0.01),
    "sleep_past_the_page": lambda _: slept(3_600),
    "http_denied": lambda _: failed("https://denied.example.com/"),
    "http_invalid": lambda _: failed("no url"),
    "http_credentials": lambda _: failed(env("BASE_URL") + "/empty", credential="none"),
    "http_timeout": lambda _: failed(env("BASE_URL") + "/slow", timeout=0.1),
    "http_too_large": lambda _: failed(env("BASE_URL") + "/large"),
    "http_over_limit": lambda _: failed_at_last(env("BASE_URL") + "/empty", ignored=None),
    "http_failed": lambda _: failed(CLOSED_PORT),
    "http_unavailable": lambda _: failed_at_last(CLOSED_PORT, ignored="failed"),
    "http_echo": http_echo,
    "logs": logs,
}

FIELDS = [Field("id", "int"), Field("name", "string", default="none"), Field("tags", ["null", "string"])]


class Conforms(Connector):
    def schema(self) -> list[Table]:
        others = [name for name in (*PAGES, *ERRORS) if name != "fields"]
        return [Table("fields", ["id", "part"], FIELDS), *(Table(name, "id") for name in others)]

    def fetch_page(self, table: str, state: State) -> Page:
        if table in ERRORS:
            raise ERRORS[table](f"words of {table}")
        if table not in PAGES:
            raise weld.UnknownTable(table)
        return PAGES[table](state)


Source = export(Conforms)
