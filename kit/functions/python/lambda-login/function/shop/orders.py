import json
import urllib.request

from .shapes import flat


def search(token, cursor):
    request = urllib.request.Request("https://api.example.com/v1/search")
    request.add_header("Authorization", "Session " + token)
    request.add_header("Content-Type", "application/json")
    request.data = json.dumps({"after": cursor}).encode()
    with urllib.request.urlopen(request) as answer:
        found = json.loads(answer.read().decode("utf-8"))
    return [flat(item) for item in found["items"]], found["cursor"]
