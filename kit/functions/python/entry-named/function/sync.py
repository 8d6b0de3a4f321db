import requests as r


def schema():
    return {"schema": {"orders": {"primary_key": "id"}}}


def push(request):
    raise NotImplementedError("the other function of this file")


def pull(request):
    if request.path.endswith("schema"):
        return schema(), 200
    wanted = request.get_json()
    url = (wanted["state"] or {}).get("url") or "https://api.example.com/v1/orders?page=1&per_page=3"
    with r.Session() as session:
        session.headers.update({"Authorization": "Bearer t"})
        answer = session.get(url)
        answer.raise_for_status()
    following = answer.links.get("next", {}).get("url")
    rows = [{"id": order["id"], "name": order["customer"]["name"]} for order in answer.json()]
    return {"insert": rows, "state": {"url": following}, "hasMore": following is not None}, 200, {"X-Function": "pull"}
