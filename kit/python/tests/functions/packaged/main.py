import json
import os
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

import functions_framework
import pytz
import urllib3
from requests import HTTPError
from requests_oauthlib import OAuth1Session

BASE_URL = os.environ.get("API_BASE_URL", "https://api.example.com")


def zones():
    noon = datetime(2024, 7, 1, 12, tzinfo=timezone.utc)
    places = (pytz.timezone("Europe/Berlin"), ZoneInfo("America/New_York"), pytz.UTC)
    return [{"id": str(place), "hour": noon.astimezone(place).hour} for place in places]


def signed():
    api = OAuth1Session("key", client_secret=os.environ["CLIENT_SECRET"])
    answer = api.get(BASE_URL + "/echo", params={"page": 1})
    answer.raise_for_status()
    echo = answer.json()
    return [{"id": 1, "scheme": echo["headers"]["authorization"].split()[0], "query": echo["query"]}]


def pooled():
    answer = urllib3.PoolManager().request("POST", BASE_URL + "/echo", fields={"a": "1"}, encode_multipart=False)
    return [{"id": 1, "status": answer.status, "body": json.loads(answer.data)["body"]}]


def limited():
    try:
        OAuth1Session("key").get(BASE_URL + "/status/404").raise_for_status()
    except HTTPError as error:
        assert error.response.status_code == 404
    OAuth1Session("key").get(BASE_URL + "/status/429").raise_for_status()


TABLES = {"zones": zones, "signed": signed, "pooled": pooled, "limited": limited}


@functions_framework.http
def sync(request):
    if request.path == "/schema":
        return {"schema": {name: {"primary_key": "id"} for name in TABLES}}
    return json.dumps({"insert": TABLES[request.get_json()["name"]](), "state": None, "hasMore": False})
