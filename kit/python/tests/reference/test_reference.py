"""Compares the shim with the real functions-framework: the same request to the same function gets the same answer.

`WELD_REFERENCE` is a Python that has functions-framework.
"""

from __future__ import annotations

import json
import os
import subprocess
import unittest
from pathlib import Path

from weld_adapt import _export

from ..adapt.harness import adapted

HEAD = """
import functions_framework, json, uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from flask import Response, abort, jsonify, make_response, request

@dataclass
class Point:
    x: int

@functions_framework.http
def handler(req):
"""
PAGE = ("POST", "/", '{"name": "orders", "state": {"page": 2}}')
SCHEMA = ("GET", "/schema", None)

SAME = (
    # Parts of a request.
    "return {'a': [req.method, req.path, req.full_path, req.url, dict(req.args)]}",
    "return {'a': req.full_path[1:-1]}",
    "return {'a': req.get_data(as_text=True)}",
    "return {'a': req.data.decode()}",
    "return {'a': req.get_json(silent=True)}",
    "return {'a': req.get_json(force=True, silent=True)}",
    "return {'a': [req.is_json, req.mimetype, req.content_type]}",
    "return {'a': [req.headers.get('Content-Type'), req.headers.get('content-type', type=str), req.headers.get('x')]}",
    "return {'a': request.path}",
    "return {'a': req.query_string.decode()}",
    "return {'a': 'host' in req.headers}",
    # Return values.
    "return {'b': 1, 'a': [True, None, 1.5]}",
    "return [1, 2]",
    "return 'text'",
    "return ''",
    "return b'bytes'",
    "return json.dumps({'a': 1})",
    "return {'a': 1}, 201",
    "return 'no', 404",
    "return 'no', '404 Gone'",
    "return {'a': 1}, {'X-A': '1'}",
    "return {'a': 1}, 202, {'X-A': '1'}",
    "return {'a': 1}, 202, [('X-A', '1')]",
    "return [1], 200",
    "return jsonify({'a': 1})",
    "return jsonify([1])",
    "return jsonify(1, 2)",
    "return jsonify(a=1)",
    "return jsonify()",
    "return make_response({'a': 1}, 203)",
    "return make_response(('a', 203))",
    "return Response('a')",
    "return Response('{}', 201, mimetype='application/json')",
    "return Response(['a', 'b'], status='202 ACCEPTED')",
    "return Response(b'a', headers={'X-A': '1'}), 204 + 2",
    "return iter(['a', 'b'])",
    "return (part for part in ('a', 'b'))",
    # JSON.
    "return {'a': datetime(2024, 1, 2, 3, 4, 5, 6)}",
    "return {'a': datetime(2024, 1, 2, 3, tzinfo=timezone(timedelta(hours=-7)))}",
    "return {'a': date(2024, 2, 29)}",
    "return {'a': [Decimal('1.50'), uuid.UUID(int=7), Point(1)]}",
    "return {1: 'a', 2: 'b'}",
    "return {'b': (1, 2), 'a': {'d': 1, 'c': 2}}",
    "return {'a': 'ß€\U0001f600\\u2028</script>'}",
    "return {'a': 10**30, 'b': 1e300, 'c': -0.0}",
    # Flask's own refusals.
    "abort(404)",
    "abort(401)",
    "abort(418)",
    "abort(Response('no', 409))",
    "return {'a': req.get_json()}",
)
"""Bodies of functions whose statuses and bodies are the same. Flask's own pages for statuses of 400 or more are excluded."""

FAILS = (
    "return None",
    "return 3",
    "return 'a', 200, {}, 4",
    "return {'a': {1, 2}}",
    "return {'a': b'x'}",
    "return {'a': timedelta(1)}",
    "raise ValueError('no')",
    "return {'a': object()}",
)
"""Bodies of functions that fail: with 500 in the framework, with an error of the contract in the shim."""

DIFFERS = {
    "return {1: 'a', 'b': 2}": "keys are not sorted, so keys of two types are not an error",
    "return {'a': float('nan')}": "NaN, which is not JSON, is an error",
}
"""The differences in docs/bring-your-connector.md."""


def asked(function: _export.AdaptedFunction, method: str, target: str, body: str | None) -> list[object]:
    """Return status and body before the shim makes a page of them."""
    answer = function._begun().ask(method, target, body)
    if answer.value is None:
        return [answer.status, answer.text]
    return [answer.status, answer.written(answer.value, json.dumps)]


def read(text: str) -> object:
    """Return a body as JSON, or as text if it is not JSON."""
    try:
        return json.loads(text)
    except ValueError:
        return text


class Reference(unittest.TestCase):
    def reference(self, bodies: tuple[str, ...]) -> list[list[list[object]]]:
        questions = [(f"{HEAD}    {body}\n", [PAGE, SCHEMA]) for body in bodies]
        ended = subprocess.run(
            [os.environ["WELD_REFERENCE"], str(Path(__file__).with_name("answer.py"))],
            input=json.dumps(questions),
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual(ended.returncode, 0, ended.stderr)
        found: list[list[list[object]]] = json.loads(ended.stdout)
        return found

    def test_the_same_request_gets_the_same_status_and_body(self):
        for body, there in zip(SAME, self.reference(SAME), strict=True):
            with adapted(f"{HEAD}    {body}\n") as function:
                for request, (status, text) in zip((PAGE, SCHEMA), there, strict=True):
                    here = asked(function._function, *request)
                    self.assertEqual(here[0], status, (body, request))
                    if status < 400 or not str(text).startswith("<!doctype"):
                        self.assertEqual(read(here[1]), read(text), (body, request))

    def test_functions_that_fail_in_the_framework_fail_in_the_shim(self):
        for body, there in zip(FAILS, self.reference(FAILS), strict=True):
            with adapted(f"{HEAD}    {body}\n") as function:
                self.assertEqual([status for status, _ in there], [500] * 2, body)
                self.assertEqual(function.page()[0], "other", body)

    def test_the_documented_differences_are_still_there(self):
        for body, there in zip(DIFFERS, self.reference(tuple(DIFFERS)), strict=True):
            with adapted(f"{HEAD}    {body}\n") as function:
                try:
                    here = asked(function._function, *PAGE)
                except Exception as error:
                    here = [500, str(error)]
                self.assertNotEqual([here[0], read(here[1])], [there[0][0], read(there[0][1])], body)
