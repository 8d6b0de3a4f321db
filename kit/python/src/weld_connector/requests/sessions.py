"""Sessions like those of `requests`, which send through the host."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlencode, urljoin, urlsplit, urlunsplit

from .. import _host, _json
from ..errors import described, milliseconds
from .exceptions import InvalidURL, TooManyRedirects, from_refusal
from .models import CaseInsensitiveDict, Response, reached, shown

Parameters = Mapping[str, Any] | Iterable[tuple[str, Any]] | str | None
Time = int | float | timedelta | None
TimeOut = Time | tuple[Time, Time]

UNSUPPORTED = {
    "cert": "set client-certificate in the section [network] of the connector's .toml file",
    "cookies": "the kit keeps no cookies; send a header Cookie",
    "files": "the kit makes no multipart bodies; send bytes as data, with their header Content-Type",
    "hooks": "the kit has no hooks",
    "proxies": "the host chooses the route to the API",
    "stream": "a response is always read completely",
    "verify": "set trusted authorities as roots in the section [network] of the connector's .toml file",
}


class Session:
    """Settings for several requests.

    `base` is put before every URL without a scheme. `auth`, `timeout` and `credential` apply to each request that doesn't
    set its own. Each request adds its own headers and params to the session's; `None` removes one. A parameter that is
    already in the URL is not added, because the URL of a next page has all of them.
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
        """Do nothing: the host manages connections."""

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
        """Send one request and read the whole response.

        `data` is a form (dict or pairs), text or bytes; `json` is any value that a row may have. `timeout` is in seconds, for
        the whole exchange; a pair counts as its sum. `credential` names one of the sections `[auth.NAME]`; without it, the
        host adds the credential whose URLs match. `idempotent` says whether the host may retry the request after a failure.
        """
        for name, value in others.items():
            if name not in UNSUPPORTED:
                raise TypeError(f"request() got an unexpected keyword argument {name!r}")
            # The values that apply anyway are accepted.
            if value is not None and (name, value) not in (("verify", True), ("stream", False)):
                raise TypeError(f"{name} can't be set: {UNSUPPORTED[name]}")
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
            response = _send(_host.Request(method, url, sent, body, timeout_ms, idempotent, credential), history)
            response.history = history
            if not (allow_redirects and response.is_redirect):
                return response
            if len(history) >= self.max_redirects:
                raise TooManyRedirects(f"{shown(method, url)}: more than {len(history)} redirects", response=response)
            history = [*history, response]
            target = _checked(urljoin(url, response.headers["location"]).partition("#")[0])
            if _origin(target) != _origin(url):
                # Credentials are for the API that was called, not for the target of the redirect.
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
        """Send a GET."""
        return self.request("GET", url, params=params, **how)

    def head(self, url: str, **how: Any) -> Response:
        """Send a HEAD, which follows redirects only if `allow_redirects` is true."""
        return self.request("HEAD", url, **{"allow_redirects": False, **how})

    def options(self, url: str, **how: Any) -> Response:
        """Send an OPTIONS."""
        return self.request("OPTIONS", url, **how)

    def post(self, url: str, data: Any = None, json: Any = None, **how: Any) -> Response:
        """Send a POST. The host retries it after a failure only with `idempotent=True`, which declares that to be safe."""
        return self.request("POST", url, data=data, json=json, **how)

    def put(self, url: str, data: Any = None, **how: Any) -> Response:
        """Send a PUT."""
        return self.request("PUT", url, data=data, **how)

    def patch(self, url: str, data: Any = None, **how: Any) -> Response:
        """Send a PATCH."""
        return self.request("PATCH", url, data=data, **how)

    def delete(self, url: str, **how: Any) -> Response:
        """Send a DELETE."""
        return self.request("DELETE", url, **how)

    def _absolute(self, url: str) -> str:
        if not isinstance(url, str):
            raise InvalidURL(f"the URL is {described(url)}, not a string")
        url = url.strip()
        if self.base and "://" not in url.split("?")[0]:
            url = f"{self.base.rstrip('/')}/{url.lstrip('/')}" if url else self.base
        return _checked(url)


def session() -> Session:
    """Return a `Session`; the older form of `Session()`."""
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


def _send(request: _host.Request, history: list[Response]) -> Response:
    try:
        answer = _host.current.fetch(request)
    except _host.Refused as refusal:
        raise from_refusal(refusal, reached(request.method, request.url, history)) from None
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
    """Return the names and values of a form or query, one pair for each value of a list, without `None`."""
    pairs: list[tuple[str, Any]] = []
    for name, value in data.items() if isinstance(data, Mapping) else data:
        values = value if isinstance(value, (list, tuple, set)) else [value]
        pairs.extend((name, item) for item in values if item is not None)
    return pairs


def _with_params(url: str, common: Parameters, own: Parameters) -> str:
    """Add the parameters that are not yet in the URL: the URL of a next page, which an API gave, has all of them."""
    parts = urlsplit(url)
    known = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    if isinstance(own, Mapping) and isinstance(common, Mapping):
        given: list[Parameters] = [{**common, **own}]
    else:
        given = [common, own]
    queries = [parts.query]
    for parameters in given:
        if isinstance(parameters, str):
            # The author has escaped it.
            texts = parameters.split("&")
            queries.append("&".join(text for text in texts if unquote_plus(text.partition("=")[0]) not in known))
        elif parameters:
            pairs = [(name, value) for name, value in _pairs(parameters) if str(name) not in known]
            queries.append(urlencode(pairs))
    query = "&".join(part for part in queries if part)
    return urlunsplit((parts.scheme, parts.netloc, parts.path or "/", _host.printable(query), ""))


def _basic(auth: tuple[str, str]) -> str:
    if not (isinstance(auth, (tuple, list)) and len(auth) == 2 and all(isinstance(part, str) for part in auth)):
        raise TypeError("auth must be a pair of strings, user and password; for other kinds send a header Authorization")
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
        raise ValueError("timeout is 0, and must be more than 0 s")
    return min(sum(given), 2**32 - 1)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
