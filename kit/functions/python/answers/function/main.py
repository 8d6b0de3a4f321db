import json
import uuid
from dataclasses import dataclass
from datetime import date, datetime, timezone
from decimal import Decimal

import functions_framework
from flask import Response, abort, jsonify, make_response


@dataclass
class Point:
    x: int
    y: int


def page(*rows):
    return {"insert": list(rows), "state": {}, "hasMore": False}


def as_dict():
    return page({"id": 1, "at": datetime(2024, 1, 2, 3, 4, 5, tzinfo=timezone.utc), "on": date(2024, 2, 29)})


def as_tuple():
    return page({"id": Decimal("1.50"), "of": uuid.UUID(int=7)}), 200


def as_triple():
    return page({"id": 1, "point": Point(1, 2)}), 201, {"X-Rows": "1"}


def as_headers():
    return json.dumps(page({"id": 1})), {"Content-Type": "application/json"}


def as_response():
    return Response(json.dumps(page({"id": 1, "text": "ß€"})), status=200, mimetype="application/json")


def as_jsonify():
    return jsonify(insert=[{1: "one", 2: "two"}], state=None, hasMore=False)


def as_made():
    response = make_response(jsonify(page({"id": 1})), 200)
    response.headers["Cache-Control"] = "no-store"
    return response


def as_bytes():
    return json.dumps(page({"id": 1, "text": "Tschüß"}), ensure_ascii=False).encode("utf-8")


def as_pieces():
    text = json.dumps(page({"id": 1}, {"id": 2}))
    return (text[at : at + 7] for at in range(0, len(text), 7))


def as_none():
    page({"id": 1})


def as_list():
    return [{"id": 1}]


def as_html():
    return "<html><body>down for maintenance</body></html>"


def as_aborted():
    abort(404, "this table has moved")


def as_failed():
    return {"error": "the account is closed"}, 500


def as_number():
    return page({"id": float("nan")})


def as_exit():
    raise SystemExit(3)


TABLES = {name[3:]: function for name, function in list(globals().items()) if name.startswith("as_")}


@functions_framework.http
def serve(request):
    if request.method == "GET" and request.path == "/schema":
        return jsonify({"schema": {name: {"primary_key": "id"} for name in TABLES}})
    return TABLES[request.json["name"]]()
