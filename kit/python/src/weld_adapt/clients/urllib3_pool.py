"""Makes the pools of the package `urllib3` send their requests through the host."""

from __future__ import annotations

import io
import sys
from typing import Any
from urllib.parse import urlsplit

from weld_connector.requests import exceptions

from . import exchange


def install() -> None:
    """Make the pools of `urllib3` send through the host, if the package is loaded."""
    pools: Any = sys.modules.get("urllib3.connectionpool")
    if pools is None:
        return
    pools.HTTPConnectionPool.urlopen = _urlopen
    # Without the module ssl, urllib3 has no class for connections with TLS.
    manager: Any = sys.modules["urllib3.poolmanager"]
    manager.pool_classes_by_scheme["https"] = _tls_pool(pools)


def _tls_pool(pools: Any) -> Any:
    class HTTPSConnectionPool(pools.HTTPConnectionPool):  # type: ignore[misc]
        """Sends with TLS, which the host provides."""

        scheme = "https"

        def __init__(self, host: str, port: int | None = None, **how: Any) -> None:
            known = ("timeout", "maxsize", "block", "headers", "retries")
            super().__init__(host, port or 443, **{name: value for name, value in how.items() if name in known})

    return HTTPSConnectionPool


def _urlopen(
    self: Any,
    method: str,
    url: str,
    body: Any = None,
    headers: Any = None,
    retries: Any = None,
    redirect: bool = True,
    assert_same_host: bool = True,
    timeout: Any = None,
    pool_timeout: Any = None,
    release_conn: Any = None,
    chunked: bool = False,
    body_pos: Any = None,
    preload_content: bool = True,
    decode_content: bool = True,
    **_: Any,
) -> Any:
    from urllib3 import HTTPResponse  # type: ignore[import-not-found, unused-ignore]
    from urllib3 import exceptions as real  # type: ignore[import-not-found, unused-ignore]

    # Versions before 2 also have it there.
    from urllib3._collections import HTTPHeaderDict  # type: ignore[import-not-found, unused-ignore]

    if "://" not in url:
        usual = {"http": 80, "https": 443}[self.scheme]
        port = "" if self.port in (None, usual) else f":{self.port}"
        url = f"{self.scheme}://{self.host}{port}{url}"
    if hasattr(body, "read"):
        body = body.read()
    seconds = timeout if isinstance(timeout, (int, float)) else getattr(timeout, "total", None)
    if not isinstance(seconds, (int, float)):
        seconds = getattr(timeout, "_read", None)
    timeout_ms = round(seconds * 1000) if isinstance(seconds, (int, float)) and seconds > 0 else None
    pairs = list((headers if headers is not None else self.headers or {}).items())
    try:
        answer = exchange.send(method, url, pairs, body, timeout_ms)
    except exceptions.RequestException as error:
        kind = real.TimeoutError if isinstance(error, exceptions.Timeout) else real.HTTPError
        raised: Any = kind(str(error))
        raised.weld_error = error.as_connector_error()
        raise raised from None
    content = answer.body.encode() if isinstance(answer.body, str) else answer.body
    gone = ("content-encoding", "transfer-encoding", "content-length")
    given = HTTPHeaderDict([(name, value) for name, value in answer.headers if name.lower() not in gone])
    return HTTPResponse(
        io.BytesIO(content),
        headers=given,
        status=answer.status,
        preload_content=preload_content,
        request_method=method,
        request_url=urlsplit(url).path,
    )
