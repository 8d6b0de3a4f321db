"""The API of the functions in this folder: it runs on this machine, in place of https://api.example.com."""

from __future__ import annotations

import json
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

ORIGIN = "https://api.example.com"

CITIES = ("Antwerp", "Bremen", "Cork", "Derby", "Evora")
ORDERS = [
    {
        "id": number,
        "total": f"{number}.50",
        "created_at": f"2024-03-0{number}T22:30:00Z",
        "customer": {"name": f"Customer {number}", "address": {"city": CITIES[number - 1]}},
    }
    for number in range(1, 6)
]


class Fake:
    """Answers requests until it is stopped, and records them."""

    def __init__(self, port: int = 0) -> None:
        self.asked: list[str] = []
        """Method and target of each request received."""
        handler = type("FakeHandler", (Handler,), {"fake": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", port), handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    fake: Fake

    def log_message(self, *_: Any) -> None:
        pass

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query))
        is_first = f"{self.command} {self.path}" not in self.fake.asked
        self.fake.asked.append(f"{self.command} {self.path}")
        credential = self.headers.get("authorization", "")
        path = parts.path.removeprefix("/v1")
        if path == "/echo":
            echo = {
                "method": self.command,
                "target": self.path,
                "headers": {name.lower(): value for name, value in self.headers.items()},
                "body": body,
            }
            self.send(200, echo)
        elif path == "/login":
            self.send(200, {"token": "session of " + dict(parse_qsl(body)).get("user", "nobody")})
        elif path == "/oauth/token":
            granted = dict(parse_qsl(body)).get("grant_type") == "client_credentials"
            token = {"access_token": "granted", "token_type": "Bearer", "expires_in": 3600}
            self.send(*((200, token) if granted else (400, {"error": "invalid_request"})))
        elif path == "/status/429":
            self.send(429, {"error": "slow down"}, {"Retry-After": "1"})
        elif found := re.fullmatch(r"/status/(\d+)", path):
            self.send(int(found[1]), {"error": "the API's own words"})
        elif not credential:
            self.send(401, {"error": "no credential"})
        elif path == "/throttled" and is_first:
            self.send(429, {"error": "slow down"}, {"Retry-After": "1"})
        elif path == "/throttled":
            self.send(200, ORDERS[:2])
        elif path == "/orders":
            self.orders(int(query.get("page", 1)), int(query.get("per_page", 2)))
        elif path == "/search":
            after = json.loads(body).get("after") or 0
            items = ORDERS[after : after + 2]
            self.send(200, {"items": items, "cursor": items[-1]["id"] if after + 2 < len(ORDERS) else None})
        elif path == "/export.csv":
            lines = ["id;city", *(f"{number};{city}" for number, city in enumerate(CITIES, 1))]
            self.send(200, "\r\n".join(lines) + "\r\n", {"Content-Type": "text/csv"})
        elif path == "/feed.xml":
            items = "".join(f'<item id="{number}"><city>{city}</city></item>' for number, city in enumerate(CITIES, 1))
            self.send(200, f"<feed>{items}</feed>", {"Content-Type": "application/xml"})
        else:
            self.send(404, {"error": "no such path"})

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    def orders(self, page: int, per_page: int) -> None:
        """Pages by number, with a quota and a link to the next page."""
        rows = ORDERS[(page - 1) * per_page : page * per_page]
        headers = {"X-RateLimit-Limit": "100", "X-RateLimit-Remaining": str(100 - page)}
        if page * per_page < len(ORDERS):
            headers["Link"] = f'<{ORIGIN}/v1/orders?page={page + 1}&per_page={per_page}>; rel="next"'
        self.send(200, rows, headers)

    def send(self, status: int, value: Any, headers: dict[str, str] | None = None) -> None:
        body = (value if isinstance(value, str) else json.dumps(value)).encode()
        self.send_response(status)
        for name, text in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    # For a reader of the manual: kit/functions/fake.py --listen 127.0.0.1:9100
    Fake(int(sys.argv[-1].rsplit(":", 1)[1]))
    threading.Event().wait()
