"""Requests, as `requests` has them, on their way to the host."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlencode, urljoin, urlsplit, urlunsplit

from .. import _host, _json
from ..errors import described, milliseconds
from .exceptions import InvalidURL, TooManyRedirects, from_refusal
from .models import CaseInsensitiveDict, Response, shown

Parameters = Mapping[str, Any] | Iterable[tuple[str, Any]] | str | None
Time = int | float | timedelta | None
TimeOut = Time | tuple[Time, Time]

NOT_HERE = {
    "cert": "a client's certificate is set in the section [network] of the connector's .toml file",
    "cookies": "cookies are not kept: send a header Cookie",
    "files": "multipart bodies are not made: send bytes as data, with their header Content-Type",
    "hooks": "there are no hooks",
    "proxies": "the way to the API is the host's",
    "stream": "a response is always read as a whole",
    "verify": "authorities to trust are set as roots in the section [network] of the connector's .toml file",
}


class Session:
    """What several requests have in common.

    `base` goes before every URL that has no scheme. Headers, params, auth, time-out and credential are those of each
    request that has none of its own; of headers and params, each request adds its own, and takes one out with `None`.
    A parameter that stands in the URL is not added: the URL of a next page has all of them.
    """

    max_redirects = 30

    def __init__(
        self,
        base: str = "",
        *,
        headers: Mapping[str, str | None] | None = None,
        params: Parameters = None,
        auth: tuple[str, str] | None = None,
        timeout: TimeOut = None,
        credential: str | None = None,
    ) -> None:
        self.base = base
        self.headers = CaseInsensitiveDict(headers)
        self.params = params
        self.auth = auth
        self.timeout = timeout
        self.credential = credential

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Nothing: connections are the host's."""

    def request(
        self,
        method: str,
        url: str,
        params: Parameters = None,
        data: Any = None,
        headers: Mapping[str, str | None] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: TimeOut = None,
        allow_redirects: bool = True,
        json: Any = None,
        *,
        credential: str | None = None,
        idempotent: bool | None = None,
        **others: Any,
    ) -> Response:
        """Sends one request and reads the whole response.

        `data` is a form (dict or pairs), text or bytes; `json` anything that a row may hold. `timeout` is in seconds,
        for the whole exchange; of a pair, the sum. `credential` names one of the sections `[auth.NAME]`; without it
        the host adds the one whose URLs match. `idempotent` says whether the host may send it again after a failure.
        """
        for name, value in others.items():
            if name not in NOT_HERE:
                raise TypeError(f"request() got an unexpected keyword argument {name!r}")
            # What is the case anyway may be said.
            if value is not None and (name, value) not in (("verify", True), ("stream", False)):
                raise TypeError(f"{name} can't be set: {NOT_HERE[name]}")
        method = method.upper()
        all_headers = CaseInsensitiveDict(self.headers)
        all_headers.update(headers or {})
        body = _body(data, json, all_headers)
        auth = auth if auth is not None else self.auth
        if auth is not None:
            all_headers["Authorization"] = _basic(auth)
        timeout_ms = _milliseconds(timeout if timeout is not None else self.timeout)
        credential = credential if credential is not None else self.credential
        url = _with_params(self._absolute(url), self.params, params)

        history: list[Response] = []
        while True:
            sent = [(name, _header(name, value)) for name, value in all_headers.items() if value is not None]
            response = _send(_host.Request(method, url, sent, body, timeout_ms, idempotent, credential))
            response.history = history
            if not (allow_redirects and response.is_redirect):
                return response
            if len(history) >= self.max_redirects:
                raise TooManyRedirects(f"{shown(method, url)}: more than {len(history)} redirects", response=response)
            history = [*history, response]
            target = _checked(urljoin(url, response.headers["location"]).partition("#")[0])
            if _origin(target) != _origin(url):
                # They are for the API that was asked, not for who stands behind the redirect.
                for name in ("authorization", "cookie", "proxy-authorization"):
                    all_headers.pop(name, None)
                credential = None
            status = response.status_code
            if (status == 303 and method != "HEAD") or (status in (301, 302) and method == "POST"):
                method, body = "GET", None
                for name in ("content-type", "content-length"):
                    all_headers.pop(name, None)
            url = target

    def get(self, url: str, params: Parameters = None, **how: Any) -> Response:
        """A GET."""
        return self.request("GET", url, params=params, **how)

    def head(self, url: str, **how: Any) -> Response:
        """A HEAD, which follows no redirect unless told to."""
        return self.request("HEAD", url, **{"allow_redirects": False, **how})

    def options(self, url: str, **how: Any) -> Response:
        """An OPTIONS."""
        return self.request("OPTIONS", url, **how)

    def post(self, url: str, data: Any = None, json: Any = None, **how: Any) -> Response:
        """A POST. The host sends it again after a failure only where `idempotent=True` says that this is harmless."""
        return self.request("POST", url, data=data, json=json, **how)

    def put(self, url: str, data: Any = None, **how: Any) -> Response:
        """A PUT."""
        return self.request("PUT", url, data=data, **how)

    def patch(self, url: str, data: Any = None, **how: Any) -> Response:
        """A PATCH."""
        return self.request("PATCH", url, data=data, **how)

    def delete(self, url: str, **how: Any) -> Response:
        """A DELETE."""
        return self.request("DELETE", url, **how)

    def _absolute(self, url: str) -> str:
        if not isinstance(url, str):
            raise InvalidURL(f"the URL is {described(url)}, not a string")
        url = url.strip()
        if self.base and "://" not in url.split("?")[0]:
            url = f"{self.base.rstrip('/')}/{url.lstrip('/')}" if url else self.base
        return _checked(url)


def session() -> Session:
    """A `Session`, in the older way."""
    return Session()


def _checked(url: str) -> str:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise InvalidURL(f"the URL {url!r:.200}: {error}") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidURL(f"the URL {url!r:.200} doesn't begin with http:// or https:// and the name of a host")
    return _host.printable(url)


def _send(request: _host.Request) -> Response:
    try:
        answer = _host.current.fetch(request)
    except _host.Refused as refusal:
        raise from_refusal(refusal, shown(request.method, request.url)) from None
    return Response(answer.status, answer.headers, answer.body, answer.url, request.method)


def _body(data: Any, json: Any, headers: CaseInsensitiveDict) -> str | bytes | None:
    if json is not None and not data:
        headers.setdefault("Content-Type", "application/json")
        return _json.anything(json, "the request's json")
    if data is None:
        return None
    if isinstance(data, str):
        return _host.printable(data)
    if isinstance(data, (bytes, bytearray, memoryview)):
        return bytes(data)
    if isinstance(data, (Mapping, list, tuple)):
        headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
        return urlencode(_pairs(data))
    raise TypeError(f"data is {described(data)}, not a dict, a list of pairs, a string or bytes")


def _pairs(data: Any) -> list[tuple[str, Any]]:
    """Names and values of a form or query, one for each value of a list; `None` leaves a name out."""
    pairs: list[tuple[str, Any]] = []
    for name, value in data.items() if isinstance(data, Mapping) else data:
        values = value if isinstance(value, (list, tuple, set)) else [value]
        pairs.extend((name, item) for item in values if item is not None)
    return pairs


def _with_params(url: str, common: Parameters, own: Parameters) -> str:
    """The URL with parameters that it has not yet: the URL of a next page, which an API gave, has all of them."""
    parts = urlsplit(url)
    known = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    if isinstance(own, Mapping) and isinstance(common, Mapping):
        given: list[Parameters] = [{**common, **own}]
    else:
        given = [common, own]
    queries = [parts.query]
    for parameters in given:
        if isinstance(parameters, str):
            # Its escapes are the author's.
            pairs_of_it = parameters.split("&")
            queries.append("&".join(pair for pair in pairs_of_it if unquote_plus(pair.partition("=")[0]) not in known))
        elif parameters:
            pairs = [(name, value) for name, value in _pairs(parameters) if str(name) not in known]
            queries.append(urlencode(pairs))
    query = "&".join(part for part in queries if part)
    return urlunsplit((parts.scheme, parts.netloc, parts.path or "/", _host.printable(query), ""))


def _basic(auth: tuple[str, str]) -> str:
    if not (isinstance(auth, (tuple, list)) and len(auth) == 2 and all(isinstance(part, str) for part in auth)):
        raise TypeError("auth is a pair of strings, user and password; for other kinds send a header Authorization")
    return "Basic " + base64.b64encode(":".join(auth).encode()).decode()


def _header(name: str, value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if not isinstance(value, str):
        raise TypeError(f"the header {name} is {described(value)}, not a string")
    return _host.printable(value)


def _milliseconds(timeout: TimeOut) -> int | None:
    times = timeout if isinstance(timeout, tuple) else (timeout,)
    given = [milliseconds(time, "timeout") for time in times if time is not None]
    if not given:
        return None
    if sum(given) == 0:
        raise ValueError("timeout is 0: no request can be sent in no time")
    return min(sum(given), 2**32 - 1)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
