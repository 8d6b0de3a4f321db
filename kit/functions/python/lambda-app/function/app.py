import http.client
import json
import logging
import os

logger = logging.getLogger()
logger.setLevel(logging.INFO)


def call(path, body):
    connection = http.client.HTTPSConnection("api.example.com", timeout=20)
    headers = {"Authorization": "Token " + os.environ["TOKEN"], "Content-Type": "application/json"}
    connection.request("POST", "/v1" + path, json.dumps(body), headers)
    response = connection.getresponse()
    data = response.read()
    if response.status >= 400:
        raise RuntimeError(f"{path} answered {response.status} {response.reason}")
    return json.loads(data)


def handler(event, context):
    method = event["requestContext"]["http"]["method"]
    if method == "GET":
        return {"schema": {"orders": {"primary_key": "id"}, "broken": {"primary_key": "id"}}}
    wanted = json.loads(event["body"])
    state = wanted["state"] or {}
    logger.info("asked for %s by %s", wanted["name"], context.function_name)
    if wanted["name"] == "broken":
        call("/status/500", {})
    insert, more = [], True
    # Fetches as many pages as the remaining time allows, while there are more.
    while more and len(insert) < 4 and context.get_remaining_time_in_millis() > 1000:
        found = call("/search", {"after": state.get("after")})
        insert += [{"id": item["id"], "city": item["customer"]["address"]["city"]} for item in found["items"]]
        more = found["cursor"] is not None
        state["after"] = found["cursor"]
    return {"insert": insert, "state": state, "hasMore": more}
