import hashlib
import hmac
import os
import random
import secrets
import uuid
from datetime import datetime, timedelta

import functions_framework
import requests

CONNECTOR_KEY = os.environ.get("MY_WELD_KEY", "")
NUMBER = random.randint(1, 10**12)


def authenticate(state):
    expires = state.get("expires")
    if not state.get("token") or datetime.fromisoformat(expires) < datetime.now():
        answer = requests.post("https://api.example.com/v1/login", data={"user": os.environ["SHOP_USER"]})
        answer.raise_for_status()
        state["token"] = answer.json()["token"]
        state["expires"] = (datetime.now() + timedelta(hours=1)).isoformat()
    return {"Authorization": "Session " + state["token"]}


def orders(state):
    headers = authenticate(state)
    page = state.get("page", 1)
    rows = requests.get("https://api.example.com/v1/orders", params={"page": page}, headers=headers, verify=True).json()
    state["page"] = page + 1 if len(rows) == 2 else 1
    # The key of a row is a digest of its id.
    return [{"id": hashlib.md5(str(row["id"]).encode()).hexdigest()[:8], "page": page} for row in rows], len(rows) == 2


def chances(state):
    seen = state.setdefault("seen", [])
    seen.append([NUMBER, random.random(), str(uuid.uuid4()), secrets.token_hex(8)])
    if len(seen) < 3:
        return [], True
    columns = list(zip(*state.pop("seen")))
    return [{"id": 1, "differ": [len(set(column)) for column in columns]}], False


def later(state):
    requests.get("https://api.example.com/v1/status/401", headers=authenticate(state)).raise_for_status()


@functions_framework.http
def connector(request):
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not hmac.compare_digest(given, CONNECTOR_KEY):
        return {"error": "wrong key"}, 401
    if request.path == "/schema":
        return {"schema": {name: {"primary_key": "id", "fields": []} for name in ("orders", "chances", "later")}}
    body = request.get_json()
    state = body["state"] or {}
    insert, more = {"orders": orders, "chances": chances, "later": later}[body["name"]](state)
    return {"insert": insert, "state": state, "hasMore": more}
