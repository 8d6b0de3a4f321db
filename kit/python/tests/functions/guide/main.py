import functions_framework
import json
import os
import requests
from time import sleep
from datetime import datetime, timedelta

API_TOKEN = os.environ.get("API_TOKEN")
WELD_API_KEY = os.environ.get("WELD_API_KEY")
BASE_URL = os.environ.get("API_BASE_URL", "https://api.example.com")


def getSchema():
    return {
        "schema": {
            "beers": {"primary_key": "id"},
            "orders": {
                "primary_key": "id",
                "fields": [{"name": "updated_at", "type": "datetime"}, {"name": "total", "type": ["null", "double"]}],
            },
        }
    }


def call_api(name, state):
    limit = state.get("ratelimit") or {"remaining": 100, "limit": 100}
    if limit["remaining"] <= 1:
        sleep(3600)
    sleep(0.5)
    response = requests.get(
        f"{BASE_URL}/{name}",
        params={"page": state.get("next_page", 1), "per_page": 2},
        headers={"Authorization": "Bearer " + API_TOKEN},
    )
    response.raise_for_status()
    state["ratelimit"] = {
        "remaining": int(response.headers["x-ratelimit-remaining"]),
        "limit": int(response.headers["X-RateLimit-Limit"]),
    }
    return json.loads(response.text)


@functions_framework.http
def handler(req):
    key = req.headers["authorization"].split(" ")[1]
    if key != WELD_API_KEY:
        return {"error": "unauthorized"}, 401
    if req.full_path[1:-1] == "schema":
        return getSchema()
    body = json.loads(req.data)
    name, state = body["name"], body["state"] or {}
    print("page", state.get("next_page", 1), "of", name)
    rows = call_api(name, state)
    if len(rows) == 2:
        state["next_page"] = state.get("next_page", 1) + 1
        return {"insert": rows, "state": state, "hasMore": True}
    state.pop("next_page", None)
    return {"insert": rows, "state": state, "hasMore": False}
