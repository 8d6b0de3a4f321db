import functions_framework
import json
import os
import requests

BASE_URL = "https://api.example.com/v1"
HEADERS = {"Authorization": "Bearer " + os.environ["SHOP_TOKEN"], "Accept": "application/json"}
PER_PAGE = int(os.getenv("PER_PAGE", "2"))


def getSchema():
    tables = {name: {"primary_key": "id"} for name in ("orders", "limited", "refused")}
    return {"schema": {**tables, "cities": {"primary_key": ["id"]}}}


def fetch(name, page):
    paths = {"refused": "/status/403", "limited": "/throttled"}
    url = BASE_URL + paths.get(name, "/orders")
    response = requests.get(url, headers=HEADERS, params={"page": page, "per_page": PER_PAGE}, timeout=30)
    response.raise_for_status()
    rows = json.loads(response.text)
    print(f"{name}: page {page} has {len(rows)} rows")
    if name == "cities":
        return [{"id": row["id"], "city": row["customer"]["address"]["city"]} for row in rows]
    return [{"id": row["id"], "total": float(row["total"])} for row in rows]


@functions_framework.http
def handler(req):
    if req.headers["authorization"].split(" ")[1] != os.environ["WELD_API_KEY"]:
        return json.dumps({"message": "wrong key"}), 403
    if req.full_path[1:-1] == "schema":
        return json.dumps(getSchema())
    body = json.loads(req.data)
    state = body["state"] or {}
    page = state.get("next_page", 1)
    rows = fetch(body["name"], page)
    more = len(rows) == PER_PAGE and body["name"] != "limited"
    return json.dumps({"insert": rows, "state": {"next_page": page + 1} if more else {}, "hasMore": more})
