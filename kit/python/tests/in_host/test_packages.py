"""Packages that use parts of a system that a component lacks: sockets, time zones, their own files."""

import tempfile
import unittest
from pathlib import Path

from .host import WeldHost

SOCKETS = [
    ("socket", "socket.socket"),
    ("connection", "socket.create_connection"),
    ("connection-by-name", "socket.create_connection"),
    ("server", "socket.create_server"),
    ("look-up", "socket.getaddrinfo"),
    ("look-up-by-name", "socket.getaddrinfo"),
    ("look-up-of-a-host", "socket.gethostbyname"),
    ("look-up-of-a-host-by-name", "socket.gethostbyname"),
    ("look-up-of-an-address", "socket.gethostbyaddr"),
    ("pair", "socket.socketpair"),
    ("http.client", "http.client.HTTPConnection.connect"),
    ("urllib", "urllib.request.AbstractHTTPHandler.do_open"),
    ("urllib-https", "urllib.request.UnknownHandler.unknown_open"),
    ("urllib3", "urllib3.connectionpool.HTTPConnectionPool.urlopen"),
    ("urllib3-https", "urllib3.connectionpool.HTTPConnectionPool.urlopen"),
    ("requests", "requests.adapters.HTTPAdapter.send"),
    ("requests-https", "requests.adapters.HTTPAdapter.send"),
    ("smtp", "socket.create_connection"),
    ("ftp", "socket.create_connection"),
]


class Packages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.host = WeldHost({"packages": ""}, Path(folder.name))
        cls.addClassCleanup(cls.host.stop)

    def test_sockets_are_refused_with_a_message_that_names_the_alternative(self):
        for table, what in SOCKETS:
            answer = self.host.page("packages", table)
            with self.subTest(table=table):
                self.assertEqual((answer.status, answer.error[0]), (500, "connector_failed"), answer.json)
                self.assertIn(f"{what} can't work, because a component has no sockets", answer.error[1])
                self.assertIn("`from weld_connector import requests`", answer.error[1])

    def test_zones_and_files_of_packages_are_available(self):
        answer = self.host.page("packages", "works")
        self.assertEqual(answer.status, 200, answer.json)
        (row,) = answer.json["insert"]
        self.assertIn("a component has no TLS of its own", row.pop("no-tls"))
        self.assertIn("a component has no sockets", row.pop("at-build"))
        self.assertEqual(
            row,
            {
                "own-name": "localhost",
                "message-id": "localhost",
                "data-url": "text",
                "pytz": "2026-07-01T12:00:00+01:00",
                "pytz-zones": True,
                "zoneinfo": "2026-07-01T12:00:00+01:00",
                "zoneinfo-of-three": "2026-07-01T12:00:00-03:00",
                "zoneinfo-zones": True,
                "dateutil": "2026-07-01T12:00:00+01:00",
                "certifi": True,
                "open": True,
                "open-bytes": True,
                "lines": True,
                "pkgutil": True,
                "resources": True,
                "resources-names": ["cacert.pem"],
                "pathlib": True,
                "glob": ["cacert.pem"],
                "database-in-memory": 2,
            },
        )

    def test_missing_zones_and_files_are_named(self):
        for table, message in [
            ("no-such-zone", "No time zone found with key Europe/Nowhere"),
            ("no-such-file", "a component has no files when it runs, except the data of imported packages"),
            ("no-file-of-the-package", "read this one at the top of a module"),
            ("written", "a component has no files when it runs"),
            ("created", "a component has no files when it runs"),
            ("listed", "a component has no files when it runs"),
            ("made", "a component has no files when it runs"),
            ("temporary", "a component has no files when it runs"),
            ("temporary-folder", "a component has no files when it runs"),
            ("database", "a component has no files when it runs"),
            ("thread", "a component has no threads"),
            ("pool", "a component has no threads"),
            ("process", "a component has no processes"),
            ("processes", "a component has no processes"),
            ("process-pool", "a component has no processes"),
            ("program", "a component has no processes"),
            ("shell", "a component has no processes"),
            ("input", "a component has no terminal"),
            ("password", "a component has no terminal"),
            ("asyncio", "a component has no event loop"),
            ("exit", "SystemExit: enough (packages.py:"),
        ]:
            answer = self.host.page("packages", table)
            with self.subTest(table=table):
                self.assertEqual((answer.status, answer.error[0]), (500, "connector_failed"), answer.json)
                self.assertIn(message, answer.error[1])
