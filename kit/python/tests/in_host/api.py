"""A local API that connectors call."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Api:
    """Serves until it is stopped."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        handler = type("ApiHandler", (Handler,), {"stopping": self._stopping})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    stopping: threading.Event

    def log_message(self, *_: Any) -> None:
        pass

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except ConnectionError:
            # The client has closed the connection, for example after a timeout.
            self.close_connection = True

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        path, _, query = self.path.partition("?")
        if path == "/echo":
            echo = {
                "method": self.command,
                "query": query,
                "headers": {name.lower(): value for name, value in self.headers.items()},
                "body": body.decode("latin-1"),
            }
            self.send(200, json.dumps(echo).encode(), {"Content-Type": "application/json"})
        elif path == "/beers":
            number = int(query.partition("page=")[2].partition("&")[0])
            quota = {"X-RateLimit-Limit": "100", "X-RateLimit-Remaining": str(90 - number)}
            rows = [{"id": 2 * number - 1}, {"id": 2 * number}][: 2 if number < 3 else 1]
            self.send(200, json.dumps(rows).encode(), {"Content-Type": "application/json", **quota})
        elif path == "/redirect":
            self.send(302, b"", {"Location": "/echo?from=redirect#part"})
        elif path == "/loop":
            self.send(302, b"", {"Location": "/loop"})
        elif path == "/latin1":
            self.send(200, "Tschüß".encode("latin-1"), {"Content-Type": "text/plain; charset=ISO-8859-1"})
        elif path == "/links":
            self.send(200, b"[]", {"Link": '</orders?page=2>; rel="next", <https://example.com/>; rel=home'})
        elif path == "/slow":
            # Never answers.
            self.stopping.wait()
            self.close_connection = True
        elif path == "/drop":
            self.close_connection = True
        elif path.startswith("/status/"):
            status = int(path.removeprefix("/status/"))
            self.send(status, b"the API's\n own words", {"Retry-After": "120"} if status == 429 else {})
        else:
            self.send(404, b"no such path")

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_HEAD = answer

    def send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
