"""The beers table as a cloud function for Weld, in two versions: a connection for each call of the API, or a connection pool."""

import hmac
import os

import requests

API = os.environ["API_BASE_URL"]
TOKEN = os.environ["API_BEARER_TOKEN"]
KEY = os.environ["WELD_API_KEY"]

session = requests.Session()


def page(request):
    """The way in which most connectors are written."""
    return answer(request, requests.get)


def page_with_session(request):
    """With reused connections, which takes one more line."""
    return answer(request, session.get)


def answer(request, get):
    given = request.headers.get("Authorization", "")
    if not hmac.compare_digest(given, f"Bearer {KEY}"):
        return {"error": "unauthorized"}, 401

    asked = request.get_json(force=True)
    if asked["name"] != "beers":
        return {"error": "unknown table"}, 404
    number = (asked.get("state") or {}).get("next_page") or 1

    response = get(
        f"{API}/beers",
        params={"page": number, "per_page": 80, "api_token": TOKEN},
        timeout=30,
    )
    response.raise_for_status()
    rows = response.json()
    has_more = len(rows) >= 79

    return {
        "insert": rows,
        "state": {
            "next_page": number + 1 if has_more else None,
            "ratelimit": {
                "remaining": quota(response, "x-ratelimit-remaining"),
                "limit": quota(response, "x-ratelimit-limit"),
            },
        },
        "hasMore": has_more,
    }


def quota(response, header):
    value = response.headers.get(header)
    return int(value) if value is not None else None
