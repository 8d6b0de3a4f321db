"""Routes `http.client` and `urllib.request` through the host: a connection collects one request and passes it on."""

from __future__ import annotations

import http.client
import io
import sys
from typing import Any

from weld_connector.requests import exceptions

from . import exchange


class _Body:
    """The object that a response reads instead of a socket."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def makefile(self, *_: Any) -> io.BytesIO:
        return io.BytesIO(self._content)


class HostConnection(http.client.HTTPConnection):
    """A connection, as far as functions use it."""

    _weld_scheme = "http"

    def connect(self) -> None:
        """Do nothing: the host manages connections."""

    def set_tunnel(self, *_: Any, **__: Any) -> None:
        """Do nothing: the host chooses the route to the API."""

    def putrequest(self, method: str, url: str, *_: Any, **__: Any) -> None:
        """Begin a request."""
        self._weld_method, self._weld_url = method, url
        self._weld_headers: list[tuple[str, str]] = []
        self._weld_body = b""

    def putheader(self, header: Any, *values: Any) -> None:
        """Add a header."""
        words = [one.decode("latin-1") if isinstance(one, bytes) else str(one) for one in (header, *values)]
        self._weld_headers.append((words[0], ", ".join(words[1:])))

    def endheaders(self, message_body: Any = None, **_: Any) -> None:
        """End the headers; a body may follow."""
        if message_body is not None:
            self.send(message_body)

    def send(self, data: Any) -> None:
        """Append to the body."""
        if hasattr(data, "read"):
            data = data.read()
        if isinstance(data, str):
            data = data.encode("latin-1")
        self._weld_body += data if isinstance(data, (bytes, bytearray)) else b"".join(data)

    def getresponse(self) -> http.client.HTTPResponse:
        """Send the request, and read the whole response."""
        url = self._weld_url
        if "://" not in url:
            named = next((value for name, value in self._weld_headers if name.lower() == "host"), None)
            usual = self.port in (None, {"http": 80, "https": 443}[self._weld_scheme])
            host = f"[{self.host}]" if ":" in self.host else self.host
            url = f"{self._weld_scheme}://{named or (host if usual else f'{host}:{self.port}')}{url}"
        timeout = self.timeout if isinstance(self.timeout, (int, float)) else None
        timeout_ms = round(timeout * 1000) if timeout else None
        try:
            answer = exchange.send(self._weld_method, url, self._weld_headers, self._weld_body or None, timeout_ms)
        except exceptions.Timeout as error:
            raise _raised(TimeoutError(str(error)), error) from None
        except exceptions.RequestException as error:
            raise _raised(ConnectionError(str(error)), error) from None
        return _response(answer.status, answer.headers, answer.body, self._weld_method)

    def close(self) -> None:
        """Do nothing: the host manages connections."""


class HostTlsConnection(HostConnection):
    """A connection with TLS, which the host provides."""

    _weld_scheme = "https"
    default_port = 443

    def __init__(self, host: str, port: int | None = None, **how: Any) -> None:
        how = {name: value for name, value in how.items() if name in ("timeout", "source_address", "blocksize")}
        super().__init__(host, port, **how)


def _raised(error: OSError, known: exceptions.RequestException) -> OSError:
    error.weld_error = known.as_connector_error()  # type: ignore[attr-defined]
    return error


def _response(
    status: int, headers: list[tuple[str, str]], body: str | bytes, method: str
) -> http.client.HTTPResponse:
    content = body.encode() if isinstance(body, str) else body
    # The host has read the whole body, and decompressed it.
    gone = ("content-length", "content-encoding", "transfer-encoding", "connection")
    lines = [f"{name}: {value}" for name, value in headers if name.lower() not in gone]
    reason = http.client.responses.get(status, "")
    head = "\r\n".join([f"HTTP/1.1 {status} {reason}", *lines, f"content-length: {len(content)}", "", ""])
    response = http.client.HTTPResponse(_Body(head.encode("latin-1", "replace") + content), method=method)  # type: ignore[arg-type]
    response.begin()
    return response


def install() -> None:
    """Replace the connections of `http.client`, and give `urllib.request` one with TLS."""
    client: Any = http.client
    client.HTTPConnection = HostConnection
    client.HTTPSConnection = HostTlsConnection
    request: Any = sys.modules.get("urllib.request")
    if request is None:
        return

    class HTTPSHandler(request.AbstractHTTPHandler):  # type: ignore[misc]
        """Opens https URLs."""

        def __init__(self, *_: Any, **__: Any) -> None:
            super().__init__()

        def https_open(self, sent: Any) -> Any:
            return self.do_open(HostTlsConnection, sent)

        https_request = request.AbstractHTTPHandler.do_request_

    request.AbstractHTTPHandler.do_open = _do_open
    request.HTTPHandler.http_open = lambda self, sent: self.do_open(HostConnection, sent)
    request.HTTPSHandler = HTTPSHandler
    request.ProxyHandler.__init__ = lambda self, proxies=None: setattr(self, "proxies", {})
    request._opener = None
    plain = request.urlopen

    def urlopen(url: Any, data: Any = None, timeout: Any = None, **_: Any) -> Any:
        opener = request._opener or request.build_opener(HTTPSHandler)
        request._opener = opener
        if timeout is None:
            return opener.open(url, data)
        return opener.open(url, data, timeout)

    urlopen.__doc__ = plain.__doc__
    from weld_connector import _replace

    _replace.everywhere({plain: urlopen})


def _do_open(self: Any, http_class: Any, sent: Any, **_: Any) -> Any:
    """`AbstractHTTPHandler.do_open` without its parts for sockets."""
    connection = http_class(sent.host, timeout=sent.timeout)
    headers = {**sent.unredirected_hdrs, **{k: v for k, v in sent.headers.items() if k not in sent.unredirected_hdrs}}
    from urllib.error import URLError

    try:
        connection.request(sent.get_method(), sent.selector, sent.data, {k.title(): v for k, v in headers.items()})
        response = connection.getresponse()
    except OSError as error:
        raised = URLError(error)
        raised.weld_error = getattr(error, "weld_error", None)  # type: ignore[attr-defined]
        raise raised from None
    response.url = sent.get_full_url()
    response.weld_method = sent.get_method()
    response.msg = response.reason
    return response
