"""Makes the real package `requests` send its requests through the host."""

from __future__ import annotations

import datetime
import http
import io
import time
from typing import Any

from weld_connector.requests import exceptions

from . import exchange


def install() -> None:
    """Make `requests.adapters.HTTPAdapter` send through the host, and keep sessions from reading the machine's settings."""
    import requests.adapters  # type: ignore[import-untyped, unused-ignore]
    import requests.sessions  # type: ignore[import-untyped, unused-ignore]

    adapter: Any = requests.adapters.HTTPAdapter
    adapter.send = _send
    session: Any = requests.sessions.Session
    begin = session.__init__

    def init(self: Any) -> None:
        begin(self)
        self.trust_env = False

    session.__init__ = init


def _send(
    adapter: Any,
    request: Any,
    stream: bool = False,
    timeout: Any = None,
    verify: Any = True,
    cert: Any = None,
    proxies: Any = None,
) -> Any:
    from requests import Response
    from requests import exceptions as real
    from requests.cookies import extract_cookies_to_jar  # type: ignore[import-untyped, unused-ignore]
    from requests.structures import CaseInsensitiveDict  # type: ignore[import-untyped, unused-ignore]
    from requests.utils import get_encoding_from_headers  # type: ignore[import-untyped, unused-ignore]

    body = request.body
    if body is not None and not isinstance(body, (str, bytes)):
        body = body.read() if hasattr(body, "read") else b"".join(body)
    times = timeout if isinstance(timeout, tuple) else (timeout,)
    given = [one for one in times if isinstance(one, (int, float))]
    pairs = [
        (name, value.decode("latin-1") if isinstance(value, bytes) else value)
        for name, value in request.headers.items()
    ]
    began = time.monotonic()
    try:
        answer = exchange.send(request.method, request.url, pairs, body, round(sum(given) * 1000) or None)
    except exceptions.RequestException as error:
        kind = real.ReadTimeout if isinstance(error, exceptions.Timeout) else real.ConnectionError
        raised: Any = kind(str(error), request=request)
        raised.weld_error = error.as_connector_error()
        raise raised from None
    response = Response()
    response.status_code = answer.status
    response.headers = CaseInsensitiveDict()
    for name, value in answer.headers:
        known = response.headers.get(name)
        response.headers[name] = value if known is None else f"{known}, {value}"
    response.encoding = get_encoding_from_headers(response.headers)
    content = answer.body.encode() if isinstance(answer.body, str) else answer.body
    response.raw = _Raw(content, answer.headers)
    extract_cookies_to_jar(response.cookies, request, response.raw)
    response._content, response._content_consumed = content, True
    response.url = request.url
    response.request = request
    response.connection = adapter
    response.elapsed = datetime.timedelta(seconds=time.monotonic() - began)
    try:
        response.reason = http.HTTPStatus(answer.status).phrase
    except ValueError:
        response.reason = ""
    return response


class _Raw(io.BytesIO):
    """A body as a file, with the headers from which `requests` reads cookies."""

    def __init__(self, content: bytes, headers: list[tuple[str, str]]) -> None:
        super().__init__(content)
        self._original_response = _Original(headers)

    def release_conn(self) -> None:
        """Do nothing: the host manages connections."""


class _Original:
    def __init__(self, headers: list[tuple[str, str]]) -> None:
        from email.message import Message

        self.msg = Message()
        for name, value in headers:
            self.msg[name] = value
