"""Calls a Lambda as its function URL does: Weld's request becomes an event (payload 2.0), the result an answer."""

from __future__ import annotations

import base64
import decimal
import json
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from ._answer import Answer
from ._headers import Headers
from ._response import status_code
from ._wrong_answer import WrongAnswer

TIME_LEFT_MS = 900_000
"""The longest run time of a Lambda, in milliseconds; the host's own limit is `page-timeout`."""


class Context:
    """The context, which a Lambda gets with the event."""

    function_name = "connector"
    function_version = "$LATEST"
    invoked_function_arn = "arn:aws:lambda:local:000000000000:function:connector"
    memory_limit_in_mb = "256"
    log_group_name = "/aws/lambda/connector"
    log_stream_name = "weld-host"
    identity = client_context = None

    def __init__(self) -> None:
        self.aws_request_id = str(uuid.uuid4())
        self._ends_at = time.monotonic() + TIME_LEFT_MS / 1000

    def get_remaining_time_in_millis(self) -> int:
        """Return the rest of a Lambda's longest run time."""
        return max(0, round((self._ends_at - time.monotonic()) * 1000))

    def log(self, message: object) -> None:
        """Write to the log."""
        print(message)


def event(
    method: str, path: str, query: str, body: str | None, headers: Mapping[str, str]
) -> dict[str, Any]:
    """Return the event of a request; `query` is the part of its URL after `?`."""
    now = time.time()
    lower = {name.lower(): value for name, value in headers.items()}
    made: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": lower,
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "local",
            "domainName": "localhost",
            "domainPrefix": "local",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": lower.get("user-agent", ""),
            },
            "requestId": str(uuid.uuid4()),
            "routeKey": "$default",
            "stage": "$default",
            "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
            "timeEpoch": int(now * 1000),
        },
        "isBase64Encoded": False,
    }
    if query:
        made["queryStringParameters"] = dict(parse_qsl(query))
    if body is not None:
        made["body"] = body
    return made


def _default(value: object) -> float:
    if isinstance(value, decimal.Decimal):
        return float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def dumps(value: object, **how: Any) -> str:
    """Write JSON by the rules of Lambda's runtime: a `Decimal` is a number, a date an error."""
    return json.dumps(value, default=_default, **how)


def ask(function: Callable[..., Any], of_request: dict[str, Any]) -> Answer:
    """Call a function as a Lambda's function URL does."""
    value = function(of_request, Context())
    if value is None:
        raise WrongAnswer("the function returned None, or ended without a return")
    if not isinstance(value, dict) or "statusCode" not in value:
        # A function URL answers any other value with 200; text stays unchanged.
        if isinstance(value, dict):
            return Answer(200, value=value, dumps=dumps)
        return Answer(200, text=value if isinstance(value, str) else dumps(value))
    text = value.get("body") or ""
    if value.get("isBase64Encoded"):
        text = base64.b64decode(text).decode()
    elif not isinstance(text, str):
        text = dumps(text)
    given = value.get("headers")
    pairs = given.items() if isinstance(given, Mapping) else ()
    return Answer(
        status_code(value["statusCode"]), Headers([(name, one) for name, one in pairs if one is not None]), text
    )
