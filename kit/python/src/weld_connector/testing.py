"""A fake host for tests in plain Python: it answers requests, and records the connector's calls.

with FakeHost(env={"API_TOKEN": "secret"}) as host:
    host.answer("GET", "https://api.example.com/orders", json=[{"id": 1}])
    page = host.fetch_page(Shop, "orders")
    assert page.rows == [{"id": 1}]
    assert host.requests[0].headers["authorization"] == "Bearer secret"
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from unittest import mock
from urllib.parse import parse_qsl, urlsplit

from . import _export, _host, _logging, _read_json, _sleep, errors
from ._json import anything
from .connector import Connector
from .requests.models import CaseInsensitiveDict

T = TypeVar("T")

MOST_PAGES = 10_000
"""The number of pages after which `rows` stops a connector that does not end."""


@dataclass
class SentRequest:
    """A request of the connector. `url` has no query; its parameters are in `params`."""

    method: str
    url: str
    params: dict[str, str]
    headers: CaseInsensitiveDict
    body: str | bytes | None
    timeout: float | None
    idempotent: bool | None
    credential: str | None

    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body or "")


@dataclass
class FetchedPage:
    """A page as Weld gets it, after its conversion to JSON. `state` is a dict, or `None`. `wait` is in seconds."""

    rows: list[dict[str, Any]]
    state: Any
    has_more: bool
    wait: float | None


class FakeHost:
    """The host within a `with` block. It records `requests`, `sleeps` in seconds, and `logs`.

    `env` is the connector's whole environment. A sleep takes no time. If all sleeps together exceed `page_timeout` seconds,
    the last one raises `OutOfTime`.
    """

    def __init__(self, env: Mapping[str, str] | None = None, page_timeout: float = 7200.0) -> None:
        self.requests: list[SentRequest] = []
        self.sleeps: list[float] = []
        self.logs: list[tuple[str, str]] = []
        self._env = dict(env or {})
        self._left_ms = round(page_timeout * 1000)
        self._answers: list[_Answers] = []
        self._stack = contextlib.ExitStack()

    def answer(
        self,
        method: str,
        url: str,
        *,
        status: int = 200,
        json: Any = None,
        text: str | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Answer requests with this method and URL. They must have the parameters in `url`, and may have others.

        Several answers to the same request are given in order; the last one is repeated.
        """
        given = dict(headers or {})
        body: str | bytes = content if content is not None else text or ""
        if content is None and text is None and json is not None:
            body = anything(json, "the answer's json")
            given.setdefault("content-type", "application/json")
        pairs = [(name.lower(), value) for name, value in given.items()]
        self._add(method, url, lambda sent: _host.Answer(status, pairs, body, sent))

    def refuse(self, method: str, url: str, case: str, value: str | int | None = None) -> None:
        """Fail requests with this method and URL as the host does: `case` is one of the contract's `http-error`."""

        def fail(_: str) -> _host.Answer:
            raise _host.Refused(case, value)

        self._add(method, url, fail)

    def schema(self, connector: type[Connector]) -> dict[str, Any]:
        """Return the schema as Weld gets it. `connector` is the connector's class, or what `export` returned for it."""
        schema: dict[str, Any] = {}
        for table in _returned(_export.schema(_class(connector))):
            fields = []
            for field in table.fields:
                shown = {"name": field.name, "type": field.type if field.named else json.loads(field.type)}
                if field.default is not None:
                    shown["default"] = json.loads(field.default)
                fields.append(shown)
            key = table.primary_key
            schema[table.name] = {"primary_key": key[0] if len(key) == 1 else key, "fields": fields}
        return schema

    def fetch_page(self, connector: type[Connector], table: str, state: Mapping[str, Any] | None = None) -> FetchedPage:
        """Return one page. Raises the error that the host would get: `ConnectorError`, or one of its subclasses."""
        page = _returned(_export.fetch_page(_class(connector), table, anything(dict(state or {}), "the state")))
        wait = None if page.wait_ms is None else page.wait_ms / 1000
        return FetchedPage(_read_json.read(page.insert), _read_json.read(page.state), page.has_more, wait)

    def rows(
        self, connector: type[Connector], table: str, state: Mapping[str, Any] | None = None
    ) -> Iterator[dict[str, Any]]:
        """Yield the rows of a sync, page by page."""
        for _ in range(MOST_PAGES):
            page = self.fetch_page(connector, table, state)
            yield from page.rows
            if not page.has_more:
                return
            if page.state == state and not page.rows:
                raise AssertionError(f"{table}: has_more is True, but the page has neither rows nor a new state: {state}")
            state = page.state
        raise AssertionError(f"{table} has not ended after {MOST_PAGES:,} pages")

    def start(self) -> FakeHost:
        """Become the host, in a test without `with`: `self.host = FakeHost().start()`."""
        with contextlib.ExitStack() as stack:
            stack.enter_context(mock.patch.object(_host, "current", self))
            stack.enter_context(mock.patch.object(time, "sleep", _sleep.sleep))
            stack.enter_context(mock.patch.dict(os.environ, self._env, clear=True))
            level = logging.getLogger().level
            handler = _logging.install()
            stack.callback(logging.getLogger().setLevel, level)
            stack.callback(logging.getLogger().removeHandler, handler)
            self._stack = stack.pop_all()
        return self

    def stop(self) -> None:
        """Restore the previous host: `self.addCleanup(self.host.stop)`."""
        self._stack.close()

    def __enter__(self) -> FakeHost:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def fetch(self, request: _host.Request) -> _host.Answer:
        """The contract's `http-fetch`."""
        parts = urlsplit(request.url)
        sent = SentRequest(
            request.method,
            parts._replace(query="", fragment="").geturl(),
            dict(parse_qsl(parts.query, keep_blank_values=True)),
            CaseInsensitiveDict(dict(request.headers)),
            request.body,
            None if request.timeout_ms is None else request.timeout_ms / 1000,
            request.idempotent,
            request.credential,
        )
        self.requests.append(sent)
        # Answers that require more parameters take precedence.
        for answers in sorted(self._answers, key=lambda answers: -len(answers.params)):
            if answers.match(sent):
                make = answers.given.pop(0) if len(answers.given) > 1 else answers.given[0]
                return make(request.url)
        raise AssertionError(f"the FakeHost has no answer to {request.method} {request.url}")

    def sleep(self, duration_ms: int) -> None:
        """The contract's `sleep`."""
        if duration_ms >= self._left_ms:
            raise _host.TooLong(self._left_ms)
        self._left_ms -= duration_ms
        self.sleeps.append(duration_ms / 1000)

    def environment(self) -> dict[str, str]:
        """The contract's `environment`."""
        return dict(os.environ)

    def log(self, level: str, message: str) -> None:
        """The contract's `log`."""
        self.logs.append((level, message))

    def _add(self, method: str, url: str, make: Callable[[str], _host.Answer]) -> None:
        parts = urlsplit(url)
        added = _Answers(
            method.upper(),
            parts._replace(query="", path=parts.path or "/").geturl(),
            dict(parse_qsl(parts.query, keep_blank_values=True)),
            [make],
        )
        for answers in self._answers:
            if (answers.method, answers.url, answers.params) == (added.method, added.url, added.params):
                answers.given.append(make)
                return
        self._answers.append(added)


@dataclass
class _Answers:
    method: str
    url: str
    params: dict[str, str]
    given: list[Callable[[str], _host.Answer]]

    def match(self, sent: SentRequest) -> bool:
        return (self.method, self.url) == (sent.method, sent.url) and self.params.items() <= sent.params.items()


def _class(connector: type[Connector]) -> type[Connector]:
    """Return the class of a connector, also for what `export` returned."""
    if issubclass(connector, Connector):
        return connector
    exported: type[Connector] = getattr(connector, "connector", connector)
    return exported


def _returned(result: T | _export.Failure) -> T:
    if not isinstance(result, _export.Failure):
        return result
    if result.kind == "rate-limited":
        raise errors.RateLimited(None if result.value is None else int(result.value) / 1000)
    raise errors.BY_KIND[result.kind](result.value)
