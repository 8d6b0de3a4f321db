"""The modules that a cloud function's platform provides: flask, functions_framework and werkzeug, as far as functions use
them."""

from __future__ import annotations

import json
import logging
import sys
import types
from collections.abc import Callable
from typing import Any

from weld_connector.errors import Misconfigured

from . import _flask_json, _http_errors, _request, _response
from ._answer import Answer
from ._headers import Headers

MARK = "__weld_adapt__"
"""An attribute of the modules that this file makes."""


def module(name: str, **members: Any) -> types.ModuleType:
    """Make a module with these members, and put it where imports find it."""
    made = types.ModuleType(name)
    made.__dict__.update(members)
    made.__dict__[MARK] = True
    # With a path it counts as a package. All of its submodules are already loaded.
    made.__path__ = []
    sys.modules[name] = made
    parent, _, last = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], last, made)
    return made


def _refuses(what: str, way_out: str) -> Callable[..., Any]:
    def refuse(*_: Any, **__: Any) -> Any:
        raise Misconfigured(f"{what} can't be served: {way_out}")

    return refuse


def _marked(function: Callable[..., Any]) -> Callable[..., Any]:
    return function


HTTP_WAY_OUT = "Weld sends HTTP requests, so the function needs @functions_framework.http"
APP_WAY_OUT = "the function needs @functions_framework.http, and no routes: Weld requests /schema and /"


def install() -> None:
    """Put the modules where imports find them."""
    module(
        "functions_framework",
        http=_marked,
        cloud_event=_refuses("a function for cloud events", HTTP_WAY_OUT),
        typed=_refuses("a typed function", HTTP_WAY_OUT),
    )
    logger = logging.getLogger("flask.app")
    module(
        "flask",
        Flask=_refuses("a Flask application", APP_WAY_OUT),
        Blueprint=_refuses("a Flask blueprint", APP_WAY_OUT),
        Request=_request.Request,
        Response=_response.Response,
        abort=_http_errors.abort,
        current_app=types.SimpleNamespace(logger=logger, config={}),
        g=types.SimpleNamespace(),
        jsonify=_response.jsonify,
        make_response=_response.make_response,
        request=_request.CURRENT,
    )
    module("flask.wrappers", Request=_request.Request, Response=_response.Response)
    module("flask.json", dumps=_flask_json.public_dumps, loads=json.loads, jsonify=_response.jsonify)
    module("flask.typing", ResponseReturnValue=Any)
    module("werkzeug", Request=_request.Request, Response=_response.Response)
    module("werkzeug.datastructures", Headers=Headers, ImmutableMultiDict=_request.Args, MultiDict=_request.Args)
    module("werkzeug.wrappers", Request=_request.Request, Response=_response.Response)
    errors = {error.__name__: error for error in _http_errors.BY_CODE.values()}
    module(
        "werkzeug.exceptions",
        **errors,
        HTTPException=_http_errors.HTTPException,
        abort=_http_errors.abort,
    )


def ask(function: Callable[..., Any], request: _request.Request) -> Answer:
    """Call a function as functions_framework does."""
    _request.CURRENT.__dict__["under_way"] = request
    try:
        value = function(request)
        if isinstance(value, tuple) and len(value) == 2 and type(value[1]) is int and value[1] == 200:
            value = value[0]
        if isinstance(value, dict):
            # Most functions return a dict. Writing it as text, only to parse it again, would be a waste.
            return Answer(200, value=value, dumps=_flask_json.dumps)
        response = _response.of(value)
    except _http_errors.HTTPException as error:
        response = error.get_response()
    finally:
        _request.CURRENT.__dict__["under_way"] = None
    return Answer(response.status_code, response.headers, response.get_data(as_text=True))
