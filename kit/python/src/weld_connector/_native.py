"""Runs a connector in plain Python, as the worker of `weld-host run`.

The host calls the connector, and answers its requests, through two named pipes in the folder `WELD_NATIVE`. Each message is
a JSON object on a line of its own; docs/native.md in the host's repository describes them. So the host's rules, credentials
and quotas apply to the connector's requests as in a component.
"""

from __future__ import annotations

import base64
import difflib
import importlib
import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any

from . import _export, _host, _logging, _sleep
from .connector import Connector
from .errors import described

FOLDER = "WELD_NATIVE"
"""The variable with the folder of the pipes."""


class HostGone(BaseException):
    """The host has ended. Not an `Exception`, so that no connector can continue after it."""


class NativeHost:
    """The host at the other end of the pipes in `folder`."""

    def __init__(self, folder: str) -> None:
        # The host holds both pipes open, so neither of these waits.
        self._from_host = open(os.path.join(folder, "to-worker"), "rb")
        self._to_host = open(os.path.join(folder, "to-host"), "wb")
        # A connector may use threads here, unlike in a component.
        self._lock = threading.Lock()
        self._environment: dict[str, str] = {}
        self.runs = False
        """Whether the connector is loaded. While it is loaded, it has no host, as while a component is built."""

    def next_call(self) -> dict[str, Any] | None:
        """Wait for a call; `None` after the last one."""
        try:
            call = self._receive()
        except HostGone:
            return None
        if call["call"] == "end":
            return None
        self._environment = dict(call["environment"])
        return call

    def end_call(self, message: dict[str, Any]) -> None:
        """Send the result or the error of the call."""
        with self._lock:
            self._send(message)

    def fetch(self, request: _host.Request) -> _host.Answer:
        _host.must_run(self.runs, "a request is sent")
        body: dict[str, str] | None = None
        if isinstance(request.body, str):
            body = {"text": request.body}
        elif request.body is not None:
            body = {"bytes": base64.b64encode(request.body).decode()}
        answer = self._ask(
            {
                "http-fetch": {
                    "method": request.method,
                    "url": request.url,
                    "headers": request.headers,
                    "body": body,
                    "timeout": request.timeout_ms,
                    "idempotent": request.idempotent,
                    "credential": request.credential,
                }
            }
        )
        if "error" in answer:
            ((case, value),) = answer["error"].items()
            raise _host.Refused(case, value)
        response = answer["ok"]
        content = response["body"]
        return _host.Answer(
            response["status"],
            [(name, value) for name, value in response["headers"]],
            content["text"] if "text" in content else base64.b64decode(content["bytes"]),
            response["url"],
        )

    def sleep(self, duration_ms: int) -> None:
        _host.must_run(self.runs, "time.sleep is called")
        answer = self._ask({"sleep": duration_ms})
        if "error" in answer:
            raise _host.TooLong(answer["error"]["out-of-time"]["left"])

    def environment(self) -> dict[str, str]:
        _host.must_run(self.runs, "a variable is read")
        return dict(self._environment)

    def log(self, level: str, message: str) -> None:
        with self._lock:
            self._send({"log": {"level": level, "message": message}})

    def _ask(self, message: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            self._send(message)
            return self._receive()

    def _send(self, message: dict[str, Any]) -> None:
        # Halves of surrogate pairs can't be encoded.
        line = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        try:
            self._to_host.write(line + b"\n")
            self._to_host.flush()
        except OSError:
            raise HostGone from None

    def _receive(self) -> dict[str, Any]:
        line = self._from_host.readline()
        if not line.endswith(b"\n"):
            raise HostGone
        message: dict[str, Any] = json.loads(line)
        return message


def work(module: str) -> None:
    """Answer the host's calls of the connector in `module`, until the last one."""
    folder = os.environ.get(FOLDER)
    if not folder:
        sys.exit(f"the variable {FOLDER} is missing: `weld-host run` starts this command with it")
    try:
        host = NativeHost(folder)
    except OSError as error:
        sys.exit(f"the pipes of {FOLDER} can't be opened: {error}")
    # Prints appear at once, also if stderr is not a terminal.
    for stream in (sys.stdout, sys.stderr):
        getattr(stream, "reconfigure", lambda **_: None)(line_buffering=True)
    _host.current = host
    _logging.install()
    time.sleep = _sleep.sleep  # type: ignore[assignment]
    try:
        _serve(host, module)
    except HostGone:
        pass


def _serve(host: NativeHost, module: str) -> None:
    connector: _Connector | None = None
    while (call := host.next_call()) is not None:
        # A component has no other variables, and none while it is built.
        os.environ.clear()
        result: Any
        try:
            connector = connector or _Connector(module)
        except KeyboardInterrupt:
            raise
        except HostGone:
            raise
        except BaseException as error:
            result = _not_loaded(error)
        else:
            host.runs = True
            os.environ.update(call["environment"])
            if call["call"] == "schema":
                result = connector.schema()
            else:
                result = connector.fetch_page(call["table"], call["state"])
        host.end_call(_message(result))


class _Connector:
    """The functions of the connector in a module."""

    def __init__(self, module: str) -> None:
        loaded = importlib.import_module(module)
        source = getattr(loaded, "Source", None)
        if source is None:
            classes = [name for name, one in vars(loaded).items() if _is_connector(one)]
            example = classes[0] if classes else "Shop"
            raise AttributeError(f"{module}.py: there is no `Source`: end it with `Source = export({example})`")
        self.schema: Callable[[], list[_export.PlainTable] | _export.Failure]
        self.fetch_page: Callable[[str, str], _export.PlainPage | _export.Failure]
        if connector := getattr(source, "connector", None):
            self.schema = lambda: _export.schema(connector)
            self.fetch_page = lambda table, state: _export.fetch_page(connector, table, state)
        elif function := getattr(source, "function", None):
            self.schema, self.fetch_page = function.schema, function.fetch_page
            source.install()
        else:
            raise TypeError(f"{module}.py: Source is {described(source)}, not the result of export(…)")


def _is_connector(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, Connector) and value is not Connector


def _not_loaded(error: BaseException) -> _export.Failure:
    """Return why the module can't be loaded, in the words of a build. What the message lacks is logged: how the statement
    was reached, or the source of a syntax error."""
    place = getattr(error, "place", None) or _export.place(error)
    text = str(error)
    message = f"{type(error).__name__}: {text}" if text else type(error).__name__
    more = _export.frames(error)
    if isinstance(error, SyntaxError):
        if error.filename:
            place = f"{_export.relative(error.filename)}:{error.lineno or 1}"
        message = f"{type(error).__name__}: {error.msg}"
        more = "".join(traceback.format_exception_only(error)[1:-1])
    elif isinstance(error, ModuleNotFoundError) and error.name:
        message = f"no module named {error.name}: {_missing(error.name)}"
    elif isinstance(error, ImportError) and error.path:
        message = _export.without_path(error)
    elif _is_of_kit(error):
        # The kit says what to do.
        message, more = text, ""
    if more.strip():
        _logging.log("error", more.rstrip())
    return _export.Failure("other", _host.printable(f"{place}: {message}" if place else message))


def _is_of_kit(error: BaseException) -> bool:
    """Whether the kit itself refused something that the module does, or the module."""
    frames = traceback.extract_tb(error.__traceback__)
    kinds = (AttributeError, RuntimeError, TypeError, ValueError)
    return bool(frames) and frames[-1].filename.startswith(_export.KIT) and isinstance(error, kinds) and bool(str(error))


def _missing(name: str) -> str:
    """Return what to do about a module that is neither in this folder nor installed."""
    top = name.partition(".")[0]
    own = {os.path.splitext(entry)[0] for entry in os.listdir() if entry.endswith(".py") or os.path.isdir(entry)}
    likely = difflib.get_close_matches(top, own | sys.stdlib_module_names, n=1, cutoff=0.75)
    correction = f"did you mean `{likely[0]}`? If" if likely and likely[0] != top else "correct the name, or, if"
    advice = "it is a package of pure Python, add it to requirements.txt and run `weld-host build --install`"
    return f"there is no {top}.py here; {correction} {advice}"


def _message(result: list[_export.PlainTable] | _export.PlainPage | _export.Failure) -> dict[str, Any]:
    if isinstance(result, _export.Failure):
        return {"raise": {result.kind: None if result.kind == "unknown-table" else result.value}}
    if isinstance(result, _export.PlainPage):
        page = {"insert": result.insert, "state": result.state, "has-more": result.has_more, "wait": result.wait_ms}
        return {"return": page}
    return {"return": [_table(table) for table in result]}


def _table(table: _export.PlainTable) -> dict[str, Any]:
    fields = [
        {"name": field.name, "type": {"named" if field.named else "described": field.type}, "default": field.default}
        for field in table.fields
    ]
    return {"name": table.name, "primary-key": table.primary_key, "fields": fields}
