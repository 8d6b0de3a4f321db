"""The beers table as a cloud function, in the form of Weld's guide. The pauses take no time here."""

import functions_framework
import json
import os
import requests
from time import sleep

API_BASE_URL = os.environ.get("API_BASE_URL")
API_BEARER_TOKEN = os.environ.get("API_BEARER_TOKEN")
WELD_API_KEY = os.environ.get("WELD_API_KEY")
PER_PAGE = 80


def getSchema():
    return {
        "schema": {
            "beers": {
                "primary_key": "id",
                "fields": [{"name": "id", "type": "int"}, {"name": "name", "type": "string"}],
            }
        }
    }


def get_beers(state):
    ratelimit = state.get("ratelimit", {"remaining": None, "limit": None})
    if ratelimit["remaining"] is not None and ratelimit["remaining"] <= 1:
        print("the quota is spent")
        sleep(0)
    page = state.get("next_page") or 1
    response = requests.get(
        API_BASE_URL + "/beers",
        params={"page": page, "per_page": PER_PAGE},
        headers={"Authorization": "Bearer " + API_BEARER_TOKEN},
    )
    response.raise_for_status()
    sleep(0)
    rows = json.loads(response.text)
    has_more = len(rows) == PER_PAGE
    return {
        "insert": rows,
        "state": {
            "next_page": page + 1 if has_more else None,
            "ratelimit": {
                "remaining": response.headers.get("x-ratelimit-remaining"),
                "limit": response.headers.get("x-ratelimit-limit"),
            },
        },
        "hasMore": has_more,
    }


@functions_framework.http
def handler(req):
    key = req.headers["authorization"].split(" ")[1]
    if key != WELD_API_KEY:
        return {"error": "unauthorized"}, 401
    if req.full_path[1:-1] == "schema":
        return getSchema()
    body = json.loads(req.data)
    if body["name"] != "beers":
        return {"error": "unknown table"}, 404
    return get_beers(body["state"] or {})
