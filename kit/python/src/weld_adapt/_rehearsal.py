"""Rehearses pages of an adapted function while the component is built: see `weld_connector._rehearsal`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any, Protocol

from weld_connector import _rehearsal

from ._own import OwnModule, OwnModules
from .tools.entry import FoundEntry
from .tools.keys import KeyCheck

MODULE = "weld_rehearsal"
SOURCE = f"""
import json
import os
import requests

TOKEN = os.environ.get("TOKEN")

def handler(request):
    key = request.headers["authorization"].split(" ")[1]
    if request.full_path[1:-1] == "schema":
        return {{"schema": {{"rows": {{"primary_key": "id", "fields": [{{"name": "id", "type": "int"}}]}}}}}}
    body = json.loads(request.data)
    headers = {{"Authorization": "Bearer " + os.environ["TOKEN"]}}
    response = requests.get("{_rehearsal.URL}", params={{"page": 1}}, headers=headers)
    response.raise_for_status()
    rows = response.json() + json.loads(response.text)
    left = response.headers.get("x-ratelimit-remaining")
    return {{"insert": rows, "state": {{"page": body["state"]["page"] + 1, "left": left}}, "hasMore": True}}
"""

CHECKS = [KeyCheck("", "authorization", None, "Bearer ", "REHEARSAL_KEY", None)]
ENTRY = FoundEntry("handler", False, "the rehearsal's")
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "rehearsal")
"""The folder of the rehearsed function. It doesn't exist."""


class Rehearsed(Protocol):
    """A function, called as a connector."""

    modules: OwnModules

    def schema(self) -> Any: ...

    def fetch_page(self, table: str, state: str) -> Any: ...


def rehearse(make: Callable[[str, FoundEntry, str, list[KeyCheck]], Rehearsed]) -> Any:
    """Make a function, call it for its tables and a page several times, and return the last results.

    The environment's variables are restored at the end.
    """
    function = make(FOLDER, ENTRY, MODULE, CHECKS)
    path = os.path.join(FOLDER, f"{MODULE}.py")
    function.modules.known[MODULE] = OwnModule(path, compile(SOURCE, path, "exec", dont_inherit=True), False)
    variables, kind = dict(os.environ), os.environ.__class__
    try:
        return _rehearsal.rehearse(lambda: (function.schema(), function.fetch_page("rows", '{"page": 1}')))
    finally:
        function.modules.forget()
        sys.meta_path.remove(function.modules)
        os.environ.__class__ = kind
        os.environ.clear()
        os.environ.update(variables)
