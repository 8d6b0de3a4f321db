"""Sessions like those of the package `requests`: they send the same requests, through the host."""

from __future__ import annotations

import json as json_
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode, urljoin, urlsplit, urlunsplit

from weld_connector import _logging
from weld_connector.requests import exceptions
from weld_connector.requests.models import CaseInsensitiveDict
from weld_connector.requests.sessions import _milliseconds, _origin

from . import exchange
from .auth import AuthBase, HTTPBasicAuth, basic
from .cookies import Cookies
from .models import PreparedRequest, Response

VERSION = "2.32.5"
UNQUOTED = "!#$%&'()*+,/:;=?@[]~"
"""Characters that are not quoted in a URL; `%` is one of them, because it begins an escape."""
warned: set[str] = set()


class ReadTimeout(exceptions.Timeout):
    """The API did not answer in time."""


class Session:
    """Settings and cookies for several requests."""

    def __init__(self) -> None:
        self.headers: Any = CaseInsensitiveDict({"User-Agent": f"python-requests/{VERSION}", "Accept": "*/*"})
        self.params: Any = {}
        self.auth: Any = None
        self.cookies = Cookies()
        self.hooks: dict[str, Any] = {"response": []}
        self.max_redirects = 30
        self.verify: Any = True
        self.cert: Any = None
        self.proxies: Any = {}
        self.stream = False
        self.trust_env = False
        self.adapters: dict[str, Any] = {}

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Do nothing: the host manages connections."""

    def mount(self, prefix: str, adapter: Any) -> None:
        """Keep an adapter. Its settings have no effect: the host manages connections and retries."""
        self.adapters[prefix] = adapter

    def request(
        self,
        method: str,
        url: str,
        params: Any = None,
        data: Any = None,
        headers: Mapping[str, Any] | None = None,
        cookies: Any = None,
        files: Any = None,
        auth: Any = None,
        timeout: Any = None,
        allow_redirects: bool = True,
        proxies: Any = None,
        hooks: Mapping[str, Any] | None = None,
        stream: bool | None = None,
        verify: Any = None,
        cert: Any = None,
        json: Any = None,
    ) -> Response:
        """Send one request and read the whole response."""
        if files:
            raise TypeError("this client can't send files: send bytes as data, with their header Content-Type")
        _left_to_the_host(verify, cert or self.cert, proxies or self.proxies)
        merged = CaseInsensitiveDict(self.headers)
        merged.update(headers or {})
        for name in [name for name, value in merged.items() if value is None]:
            del merged[name]
        body = _body(data, json, merged)
        request = PreparedRequest(method.upper(), with_params(_checked(url), self.params, params), merged, body)
        sent_cookies = Cookies(self.cookies)
        if cookies:
            sent_cookies.update(cookies)
        request = _authorized(request, self.auth if auth is None else auth)
        timeout_ms = _milliseconds(timeout)
        return self._follow(request, sent_cookies, timeout_ms, allow_redirects, _hooks(self.hooks, hooks))

    def _follow(
        self,
        request: PreparedRequest,
        cookies: Cookies,
        timeout_ms: int | None,
        allow_redirects: bool,
        hooks: list[Callable[..., Any]],
    ) -> Response:
        history: list[Any] = []
        while True:
            response = self._once(request, cookies, timeout_ms, history)
            for hook in hooks:
                response = hook(response) or response
            response.history = history
            if not (allow_redirects and response.is_redirect):
                return response
            if len(history) >= self.max_redirects:
                raise exceptions.TooManyRedirects(f"Exceeded {len(history)} redirects.", response=response)
            history = [*history, response]
            request = _redirected(request, response)

    def _once(
        self, request: PreparedRequest, cookies: Cookies, timeout_ms: int | None, history: list[Response]
    ) -> Response:
        headers = CaseInsensitiveDict(request.headers)
        known = cookies.header(request.url)
        if known and "cookie" not in headers:
            headers["Cookie"] = known
        pairs = [(name, _header(name, value)) for name, value in headers.items()]
        began = time.monotonic()
        try:
            answer = exchange.send(request.method, request.url, pairs, request.body, timeout_ms, history)
        except exceptions.Timeout as error:
            raise ReadTimeout(*error.args) from None
        except exceptions.RequestException as error:
            error.request = request  # type: ignore[attr-defined]
            raise
        elapsed = timedelta(seconds=time.monotonic() - began)
        response = Response(answer.status, answer.headers, answer.body, answer.url, request, elapsed)
        self.cookies.learn(request.url, answer.headers)
        cookies.learn(request.url, answer.headers)
        return response

    def get(self, url: str, **how: Any) -> Response:
        """Send a GET."""
        return self.request("GET", url, **how)

    def options(self, url: str, **how: Any) -> Response:
        """Send an OPTIONS."""
        return self.request("OPTIONS", url, **how)

    def head(self, url: str, **how: Any) -> Response:
        """Send a HEAD, which follows redirects only if `allow_redirects` is true."""
        return self.request("HEAD", url, **{"allow_redirects": False, **how})

    def post(self, url: str, data: Any = None, json: Any = None, **how: Any) -> Response:
        """Send a POST."""
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


def with_params(url: str, *given: Any) -> str:
    """Append parameters to those of a URL, as `requests` does."""
    parts = urlsplit(url)
    queries = [parts.query]
    common: dict[Any, Any] = {}
    for params in given:
        if isinstance(params, Mapping):
            common.update(params)
        elif isinstance(params, bytes):
            queries.append(params.decode())
        elif isinstance(params, str):
            queries.append(params)
        elif params:
            queries.append(urlencode(_pairs(params)))
    if common:
        queries.append(urlencode(_pairs(common)))
    query = "&".join(part for part in queries if part)
    path = quote(parts.path or "/", safe=UNQUOTED)
    return urlunsplit((parts.scheme, parts.netloc, path, quote(query, safe=UNQUOTED), ""))


def _pairs(data: Any) -> list[tuple[Any, Any]]:
    pairs = []
    for name, value in data.items() if isinstance(data, Mapping) else data:
        values = [value] if isinstance(value, (str, bytes)) or not hasattr(value, "__iter__") else value
        pairs += [(name, one) for one in values if one is not None]
    return pairs


def _checked(url: Any) -> str:
    text = (url.decode() if isinstance(url, bytes) else str(url)).lstrip()
    if "://" not in text.partition("?")[0]:
        raise exceptions.InvalidURL(f"Invalid URL {text!r:.200}: No scheme supplied. Perhaps you meant https://{text}?")
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError as error:
        raise exceptions.InvalidURL(f"Invalid URL {text!r:.200}: {error}") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise exceptions.InvalidURL(f"Invalid URL {text!r:.200}: it needs http:// or https:// and the name of a host")
    return text


def _body(data: Any, json: Any, headers: CaseInsensitiveDict) -> str | bytes | None:
    if not data and json is not None:
        headers.setdefault("Content-Type", "application/json")
        try:
            return json_.dumps(json, allow_nan=False)
        except ValueError as error:
            raise exceptions.InvalidRequest(f"the request's json: {error}") from None
    if not data:
        return None
    if isinstance(data, (str, bytes)):
        return data
    if isinstance(data, (bytearray, memoryview)):
        return bytes(data)
    if hasattr(data, "read"):
        return data.read()  # type: ignore[no-any-return]
    if isinstance(data, (Mapping, list, tuple)):
        headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
        return urlencode(_pairs(data))
    return b"".join(part.encode() if isinstance(part, str) else part for part in data)


def _authorized(request: PreparedRequest, auth: Any) -> PreparedRequest:
    if auth is None:
        user = urlsplit(request.url)
        if user.username is None:
            return request
        bare = user._replace(netloc=user.netloc.rpartition("@")[2])
        request.url = urlunsplit(bare)
        auth = (user.username, user.password or "")
    if isinstance(auth, (tuple, list)) and len(auth) == 2:
        auth = HTTPBasicAuth(*auth)
    if not callable(auth):
        raise TypeError("auth is invalid: pass a pair of user and password, or an object of requests.auth")
    changed = auth(request)
    return changed if isinstance(changed, PreparedRequest) else request


def _redirected(request: PreparedRequest, response: Response) -> PreparedRequest:
    url = with_params(_checked(urljoin(request.url, response.headers["location"]).partition("#")[0]))
    method, body, status = request.method, request.body, response.status_code
    headers = CaseInsensitiveDict(request.headers)
    if (status in (302, 303) and method != "HEAD") or (status == 301 and method == "POST"):
        method, body = "GET", None
        for name in ("content-type", "content-length"):
            headers.pop(name, None)
    headers.pop("cookie", None)
    if _origin(url) != _origin(request.url):
        # The credential is for the API that was called, not for the target of the redirect.
        headers.pop("authorization", None)
    return PreparedRequest(method, url, headers, body)


def _hooks(own: Mapping[str, Any], given: Mapping[str, Any] | None) -> list[Callable[..., Any]]:
    found: list[Callable[..., Any]] = []
    for hooks in (own, given or {}):
        value = hooks.get("response") or []
        found += [value] if callable(value) else list(value)
    return found


def _header(name: str, value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if not isinstance(value, str):
        raise exceptions.InvalidRequest(f"Header value must be str or bytes, and {name} is {type(value).__name__}")
    return value


def _left_to_the_host(verify: Any, cert: Any, proxies: Any) -> None:
    """Log once that a setting of the function has no effect, because the host decides."""
    for name, value, usual, section in (
        ("verify", verify, (None, True), "roots"),
        ("cert", cert, (None,), "client-certificate"),
        ("proxies", proxies, (None, {}), None),
    ):
        if value not in usual and name not in warned:
            warned.add(name)
            way_out = f": set {section} in the section [network] of the connector's .toml file" if section else ""
            _logging.log("warn", f"requests: {name} has no effect, because the host decides it{way_out}")


__all__ = ["AuthBase", "HTTPBasicAuth", "ReadTimeout", "Session", "basic", "with_params"]
