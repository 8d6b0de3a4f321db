import os

from flask import abort

try:
    import simplejson as json
except ImportError:
    import json


def main(request):
    """A function without a decorator, deployed by its name."""
    if request.headers.get("Authorization") != f"Bearer {os.environ.get('WELD_API_KEY')}":
        abort(401)
    if "schema" in request.url:
        return {"schema": {"orders": {"primary_key": "id"}, "echoes": {"primary_key": "id"}, "forbidden": {"primary_key": "id"}}}
    import requests
    from requests.auth import HTTPBasicAuth

    asked = request.get_json(silent=True, force=True)
    auth = HTTPBasicAuth(os.environ["SHOP_USER"], os.environ["SHOP_PASSWORD"])
    match asked["name"]:
        case "orders":
            state = asked["state"] or {}
            response = requests.post("https://api.example.com/v1/search", json={"after": state.get("after", 0)}, auth=auth)
            found = response.json()
            rows = [{"id": item["id"], **item["customer"]["address"]} for item in found["items"]]
            return {"insert": rows, "state": {"after": found["cursor"]}, "hasMore": found["cursor"] is not None}
        case "echoes":
            got = requests.request("PUT", "https://api.example.com/v1/echo", data={"a": 1, "b": ["x", "y"]}, auth=("me", "ß"))
            echo = got.json()
            row = {"id": echo["method"], "body": echo["body"], "type": echo["headers"]["content-type"]}
            return json.dumps({"insert": [row], "state": {}, "hasMore": False}), 200
        case _:
            abort(403)
