"""The stand-in for `requests`, used if the package itself is not bundled."""

from __future__ import annotations

import http
import types
import urllib.parse
from typing import Any

from weld_connector.requests import exceptions
from weld_connector.requests.models import CaseInsensitiveDict

from .._platform import module
from . import auth, cookies, models, sessions

SUBCLASSES = {
    "ConnectTimeout": (exceptions.ConnectionError, exceptions.Timeout),
    "SSLError": (exceptions.ConnectionError,),
    "ProxyError": (exceptions.ConnectionError,),
    "ChunkedEncodingError": (exceptions.RequestException,),
    "MissingSchema": (exceptions.InvalidURL,),
    "InvalidSchema": (exceptions.InvalidURL,),
    "InvalidHeader": (exceptions.InvalidRequest,),
    "InvalidJSONError": (exceptions.RequestException,),
    "RetryError": (exceptions.RequestException,),
    "StreamConsumedError": (exceptions.RequestException, TypeError),
    "URLRequired": (exceptions.RequestException,),
}
"""Exceptions of `requests.exceptions` that functions catch; the host reports these failures as one of the others."""


class HTTPAdapter:
    """`requests.adapters.HTTPAdapter`. Its settings have no effect: the host manages connections and retries."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass


class LookupDict(types.SimpleNamespace):
    """`requests.codes`."""

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name, None)


def install(has_urllib3: bool) -> None:
    """Put the module where imports find it; also `urllib3`, if the package is missing."""
    errors = {name: value for name, value in vars(exceptions).items() if isinstance(value, type)}
    errors = {name: value for name, value in errors.items() if issubclass(value, exceptions.RequestException)}
    for name, bases in SUBCLASSES.items():
        errors[name] = type(name, bases, {})
    errors["ReadTimeout"] = sessions.ReadTimeout
    codes = LookupDict(**{status.name.lower(): status.value for status in http.HTTPStatus})
    codes.__dict__.update(ok=200, okay=200, all_ok=200, moved=301, too_many=429, server_error=500)

    def request(method: str, url: str, **how: Any) -> models.Response:
        return sessions.Session().request(method, url, **how)

    def get(url: str, params: Any = None, **how: Any) -> models.Response:
        return request("GET", url, params=params, **how)

    def head(url: str, **how: Any) -> models.Response:
        return request("HEAD", url, **{"allow_redirects": False, **how})

    def options(url: str, **how: Any) -> models.Response:
        return request("OPTIONS", url, **how)

    def post(url: str, data: Any = None, json: Any = None, **how: Any) -> models.Response:
        return request("POST", url, data=data, json=json, **how)

    def put(url: str, data: Any = None, **how: Any) -> models.Response:
        return request("PUT", url, data=data, **how)

    def patch(url: str, data: Any = None, **how: Any) -> models.Response:
        return request("PATCH", url, data=data, **how)

    def delete(url: str, **how: Any) -> models.Response:
        return request("DELETE", url, **how)

    top = (
        *("ConnectTimeout", "ConnectionError", "HTTPError", "JSONDecodeError", "ReadTimeout", "RequestException"),
        *("Timeout", "TooManyRedirects", "URLRequired"),
    )
    functions = (request, get, head, options, post, put, patch, delete)
    module(
        "requests",
        **{function.__name__: function for function in functions},
        **{name: errors[name] for name in top},
        PreparedRequest=models.PreparedRequest,
        Response=models.Response,
        Session=sessions.Session,
        __version__=sessions.VERSION,
        codes=codes,
        session=sessions.Session,
    )
    module("requests.adapters", HTTPAdapter=HTTPAdapter)
    module("requests.api", **{function.__name__: function for function in functions})
    module(
        "requests.auth", AuthBase=auth.AuthBase, HTTPBasicAuth=auth.HTTPBasicAuth, HTTPProxyAuth=auth.HTTPProxyAuth
    )
    parse = ("quote", "quote_plus", "unquote", "unquote_plus", "urlencode", "urljoin", "urlparse", "urlsplit")
    names = {name: getattr(urllib.parse, name) for name in parse}
    module("requests.compat", **names)
    module("requests.cookies", RequestsCookieJar=cookies.Cookies)
    module("requests.exceptions", **errors)
    module("requests.models", PreparedRequest=models.PreparedRequest, Response=models.Response)
    module("requests.sessions", Session=sessions.Session)
    module("requests.status_codes", codes=codes)
    module("requests.structures", CaseInsensitiveDict=CaseInsensitiveDict)
    module("requests.utils", quote=urllib.parse.quote, unquote=urllib.parse.unquote, urlparse=urllib.parse.urlparse)
    _retries(has_urllib3)


def _retries(has_urllib3: bool) -> None:
    """Install the parts of `urllib3` that functions set for `requests`: retries, and warnings about certificates."""
    warning = type("InsecureRequestWarning", (Warning,), {})
    module("requests.packages")
    for name in ("requests.packages.urllib3", *(() if has_urllib3 else ("urllib3",))):
        module(name, disable_warnings=lambda *_, **__: None)
        module(f"{name}.exceptions", InsecureRequestWarning=warning)
        module(f"{name}.util", Retry=Retry)
        module(f"{name}.util.retry", Retry=Retry)


class Retry:
    """The retries of a request. It has no effect: the host retries (`[rate-limit] retries`)."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass
