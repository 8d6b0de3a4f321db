import http.client
import json
import urllib.error
import urllib.parse
from urllib.request import Request, build_opener, urlopen

import functions_framework
import urllib3

API = "https://api.example.com/v1"
pool = urllib3.PoolManager(headers={"Authorization": "Pool t"}, timeout=urllib3.Timeout(connect=2, read=20), retries=False)


def by_urllib():
    query = urllib.parse.urlencode({"page": 1, "per_page": 2})
    with urlopen(Request(f"{API}/orders?{query}", headers={"Authorization": "Basic bWU6"})) as answer:
        left = answer.headers["X-RateLimit-Remaining"]
        return [{"id": row["id"], "left": left, "status": answer.status} for row in json.load(answer)]


def by_opener():
    opener = build_opener()
    opener.addheaders = [("Authorization", "Opener t")]
    return [{"id": row["id"]} for row in json.loads(opener.open(f"{API}/orders?page=2&per_page=2").read())]


def by_errors():
    try:
        urlopen(f"{API}/status/418")
    except urllib.error.HTTPError as error:
        return [{"id": error.code, "text": json.loads(error.read())["error"], "is_url_error": isinstance(error, urllib.error.URLError)}]


def by_http_client():
    connection = http.client.HTTPSConnection("api.example.com")
    connection.putrequest("POST", "/v1/echo")
    connection.putheader("Content-Type", "text/plain")
    connection.putheader("Content-Length", "2")
    connection.endheaders()
    connection.send(b"hi")
    response = connection.getresponse()
    echo = json.loads(response.read())
    connection.close()
    return [{"id": echo["method"], "body": echo["body"], "type": response.getheader("content-type")}]


def by_urllib3():
    answer = pool.request("GET", f"{API}/orders", fields={"page": 3, "per_page": 2})
    search = pool.request("POST", f"{API}/search", body=json.dumps({"after": 3}), headers={**pool.headers, "Content-Type": "application/json"})
    return [{"id": row["id"]} for row in json.loads(answer.data.decode()) + search.json()["items"]]


def by_nothing():
    with urlopen(f"{API}/status/404") as answer:
        return json.load(answer)


TABLES = {name.removeprefix("by_"): value for name, value in list(globals().items()) if name.startswith("by_")}


@functions_framework.http
def handler(request):
    if request.path == "/schema":
        return {"schema": {name: {"primary_key": "id"} for name in TABLES}}
    return {"insert": TABLES[request.get_json()["name"]](), "state": {}, "hasMore": False}
