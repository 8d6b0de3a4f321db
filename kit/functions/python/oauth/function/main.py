import json
import os

import functions_framework
from oauthlib.oauth2 import BackendApplicationClient
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth1, OAuth2Session
import requests

BASE = "https://api.example.com/v1"


def session():
    client = BackendApplicationClient(client_id=os.environ["CLIENT_ID"])
    api = OAuth2Session(client=client)
    auth = HTTPBasicAuth(os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"])
    api.fetch_token(token_url=f"{BASE}/oauth/token", auth=auth, include_client_id=True)
    return api


@functions_framework.http
def sync(request):
    if request.path == "/schema":
        return {"schema": {"orders": {"primary_key": "id"}, "signed": {"primary_key": "id"}, "lost": {"primary_key": "id"}}}
    body = json.loads(request.get_data(as_text=True))
    state = body["state"] or {"page": 1}
    if body["name"] == "signed":
        answer = requests.get(f"{BASE}/echo", auth=OAuth1("key", "secret", "token", "secret of the token"))
        words = answer.json()["headers"]["authorization"].split()
        return {"insert": [{"id": 1, "scheme": words[0], "signed": "oauth_signature=" in words[-1]}], "state": {}, "hasMore": False}
    api = session()
    if body["name"] == "lost":
        api.get(f"{BASE}/status/404").raise_for_status()
    echo = api.get(f"{BASE}/echo").json()
    answer = api.get(f"{BASE}/orders", params={"page": state["page"], "per_page": 3})
    rows = [{"id": row["id"], "with": echo["headers"]["authorization"]} for row in answer.json()]
    more = "next" in answer.links
    return {"insert": rows, "state": {"page": state["page"] + 1 if more else 1}, "hasMore": more}
