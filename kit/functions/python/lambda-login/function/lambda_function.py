import base64
import json
import os
import urllib.parse
import urllib.request

from shop import orders
from shop.cities import CITIES


def log_in():
    body = urllib.parse.urlencode({"user": os.environ["SHOP_USER"]}).encode()
    request = urllib.request.Request("https://api.example.com/v1/login", data=body, method="POST")
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)["token"]


TOKEN = log_in()
PAGES = 0


def lambda_handler(event, context):
    global PAGES
    if event["headers"].get("authorization") != "Bearer " + os.environ["WELD_AUTH_KEY"]:
        return {"statusCode": 401, "body": json.dumps({"error": "unauthorized"})}
    if event["rawPath"][1:] == "schema":
        tables = {"orders": {"primary_key": "id"}, "cities": {"primary_key": "code"}}
        return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": json.dumps({"schema": tables})}
    body = event["body"]
    if event.get("isBase64Encoded"):
        body = base64.b64decode(body)
    wanted = json.loads(body)
    PAGES += 1
    if wanted["name"] == "cities":
        text = json.dumps({"insert": CITIES, "state": {}, "hasMore": False})
        return {"statusCode": 200, "isBase64Encoded": True, "body": base64.b64encode(text.encode()).decode()}
    rows, cursor = orders.search(TOKEN, (wanted["state"] or {}).get("cursor"))
    for row in rows:
        row["pages"] = PAGES
    return {"statusCode": 200, "body": json.dumps({"insert": rows, "state": {"cursor": cursor}, "hasMore": bool(cursor)})}
