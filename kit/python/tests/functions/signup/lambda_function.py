import csv
import http.client
import json
import os
import random
import subprocess
import threading
import urllib.request
from urllib.parse import urlsplit

from helpers.rows import shaped

BASE_URL = os.environ["API_BASE_URL"]


def log_in():
    request = urllib.request.Request(BASE_URL + "/echo", data=b"user=me", headers={"X-Purpose": "login"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())["body"]


# Runs once per instance on the platform, and once per page in a component.
TOKEN = log_in()


def members(state):
    request = urllib.request.Request(BASE_URL + "/echo?page=1", headers={"Authorization": "Token " + TOKEN})
    with urllib.request.urlopen(request) as answer:
        echo = json.load(answer)
    return [shaped({"id": 1, "auth": echo["headers"]["authorization"], "query": echo["query"]})]


def events(state):
    parts = urlsplit(BASE_URL)
    connection = http.client.HTTPConnection(parts.hostname, parts.port)
    connection.request("POST", "/echo", body="x=1", headers={"Content-Type": "text/plain"})
    return [{"id": 1, "body": json.loads(connection.getresponse().read())["body"]}]


def countries(state):
    with open("data/countries.csv", newline="") as file:
        relative = list(csv.DictReader(file))
    with open(os.path.join(os.path.dirname(__file__), "data", "countries.csv")) as file:
        return relative if len(file.readlines()) == len(relative) + 1 else []


def numbers(state):
    return [{"id": random.random()}]


def broken(state):
    errors = []
    for work in (
        lambda: threading.Thread(target=print).start(),
        lambda: subprocess.run(["ls"]),
        lambda: open("/tmp/x", "w"),
        lambda: __import__("socket").create_connection(("localhost", 1)),
    ):
        try:
            work()
        except Exception as error:
            errors.append({"id": len(errors), "error": f"{type(error).__name__}: {error}"})
    return errors


TABLES = {"members": members, "events": events, "countries": countries, "numbers": numbers, "broken": broken}


def lambda_handler(event, context):
    key = event["headers"].get("authorization", "").split(" ")[-1]
    if key != os.environ.get("WELD_AUTH_KEY"):
        return {"statusCode": 401, "body": json.dumps({"error": "unauthorized"})}
    if event["rawPath"][1:] == "/schema":
        # As if the function's URL ended with a slash.
        return {"statusCode": 200, "body": json.dumps({"schema": {name: {"primary_key": "id"} for name in TABLES}})}
    if event["requestContext"]["http"]["method"] != "POST":
        return {"statusCode": 404, "body": "no"}
    body = json.loads(event["body"])
    assert context.get_remaining_time_in_millis() > 1000
    rows = TABLES[body["name"]](body["state"] or {})
    return {"insert": rows, "state": {}, "hasMore": False}
