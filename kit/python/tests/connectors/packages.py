"""Uses packages that open sockets and files. They are imported before the kit, which is the hardest case for it."""

# ruff: noqa: I001
import urllib3  # Opens a socket as soon as it is imported.
import requests as real_requests
from socket import create_connection, getaddrinfo, gethostbyname

import asyncio
import concurrent.futures
import ftplib
import getpass
import http.client
import importlib.resources
import multiprocessing
import os
import pathlib
import pkgutil
import smtplib
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import urllib.request
import zoneinfo
from collections.abc import Callable
from datetime import datetime
from email.utils import make_msgid
from typing import Any

import certifi
import dateutil.tz
import pytz

from weld_connector import Connector, Page, Table, UnknownTable, export

try:
    import ssl
except ImportError as error:
    NO_TLS = str(error)
else:
    NO_TLS = f"{ssl} is there"

try:
    socket.create_connection(("example.com", 80))
except OSError as error:
    AT_BUILD = str(error)

NOON = datetime(2026, 7, 1, 12)
CERTIFICATES = importlib.resources.files("certifi")

REFUSED: dict[str, Callable[[], Any]] = {
    "socket": lambda: socket.socket(),
    "connection": lambda: socket.create_connection(("example.com", 80)),
    "connection-by-name": lambda: create_connection(("example.com", 80)),
    "server": lambda: socket.create_server(("127.0.0.1", 0)),
    "look-up": lambda: socket.getaddrinfo("example.com", 80),
    "look-up-by-name": lambda: getaddrinfo("example.com", 80),
    "look-up-of-a-host": lambda: socket.gethostbyname("example.com"),
    "look-up-of-a-host-by-name": lambda: gethostbyname("example.com"),
    "look-up-of-an-address": lambda: socket.gethostbyaddr("192.0.2.1"),
    "pair": lambda: socket.socketpair(),
    "http.client": lambda: http.client.HTTPConnection("example.com").request("GET", "/"),
    "urllib": lambda: urllib.request.urlopen("http://example.com/"),
    "urllib-https": lambda: urllib.request.urlopen("https://example.com/"),
    "urllib3": lambda: urllib3.PoolManager().request("GET", "http://example.com/"),
    "urllib3-https": lambda: urllib3.PoolManager().request("GET", "https://example.com/"),
    "requests": lambda: real_requests.get("http://example.com/"),
    "requests-https": lambda: real_requests.Session().post("https://example.com/", json={}),
    "smtp": lambda: smtplib.SMTP("example.com"),
    "ftp": lambda: ftplib.FTP("example.com"),
}

WORKS: dict[str, Callable[[], Any]] = {
    "no-tls": lambda: NO_TLS,
    "at-build": lambda: AT_BUILD,
    "own-name": lambda: socket.getfqdn(),
    "message-id": lambda: make_msgid().rpartition("@")[2].rstrip(">"),
    "data-url": lambda: urllib.request.urlopen("data:,text").read().decode(),
    "pytz": lambda: pytz.timezone("Europe/London").localize(NOON),
    "pytz-zones": lambda: "Asia/Kolkata" in pytz.all_timezones,
    "zoneinfo": lambda: NOON.replace(tzinfo=zoneinfo.ZoneInfo("Europe/London")),
    "zoneinfo-of-three": lambda: NOON.replace(tzinfo=zoneinfo.ZoneInfo("America/Argentina/Buenos_Aires")),
    "zoneinfo-zones": lambda: "Asia/Kolkata" in zoneinfo.available_timezones(),
    "dateutil": lambda: NOON.replace(tzinfo=dateutil.tz.gettz("Europe/London")),
    "certifi": lambda: certifi.contents().count("BEGIN CERTIFICATE") > 50,
    "open": lambda: open(certifi.where(), encoding="ascii").read() == certifi.contents(),
    "open-bytes": lambda: open(certifi.where(), "rb").read().decode() == certifi.contents(),
    "lines": lambda: sum("BEGIN CERTIFICATE" in line for line in open(certifi.where())) > 50,
    "pkgutil": lambda: (pkgutil.get_data("certifi", "cacert.pem") or b"").decode() == certifi.contents(),
    "resources": lambda: CERTIFICATES.joinpath("cacert.pem").read_text("ascii") == certifi.contents(),
    "resources-names": lambda: [file.name for file in CERTIFICATES.iterdir() if file.name.endswith(".pem")],
    "pathlib": lambda: pathlib.Path(certifi.where()).stat().st_size == len(certifi.contents()),
    "glob": lambda: [file.name for file in pathlib.Path(certifi.where()).parent.glob("*.pem")],
    "database-in-memory": lambda: sqlite3.connect(":memory:").execute("SELECT 1 + 1").fetchone()[0],
}

FAILS: dict[str, Callable[[], Any]] = {
    "no-such-zone": lambda: zoneinfo.ZoneInfo("Europe/Nowhere"),
    "no-such-file": lambda: open("/data/countries.csv"),
    "no-file-of-the-package": lambda: open(pathlib.Path(certifi.where()).with_name("other.pem")),
    "written": lambda: open(certifi.where(), "a"),
    "created": lambda: open("rows.csv", "w"),
    "listed": lambda: os.listdir("data"),
    "made": lambda: os.mkdir("data"),
    "temporary": lambda: tempfile.TemporaryFile(),
    "temporary-folder": lambda: tempfile.mkdtemp(),
    "database": lambda: sqlite3.connect("rows.sqlite"),
    "thread": lambda: threading.Thread(target=print).start(),
    "pool": lambda: concurrent.futures.ThreadPoolExecutor().submit(print),
    "process": lambda: multiprocessing.Process(target=print).start(),
    "processes": lambda: multiprocessing.Pool(2),
    "process-pool": lambda: concurrent.futures.ProcessPoolExecutor(),
    "program": lambda: subprocess.run(["ls"]),
    "shell": lambda: os.popen("ls"),
    "input": lambda: input("name: "),
    "password": lambda: getpass.getpass(),
    "asyncio": lambda: asyncio.run(None),  # type: ignore[arg-type]
    "exit": lambda: sys.exit("enough"),
}


class Packages(Connector):
    def schema(self) -> list[Table]:
        return [Table("works")]

    def fetch_page(self, table: str, state: dict[str, Any]) -> Page:
        if table == "works":
            values = {name: call() for name, call in WORKS.items()}
            return Page([{name: value for name, value in values.items()}])
        call = REFUSED.get(table) or FAILS.get(table)
        if call is None:
            raise UnknownTable(table)
        return Page([{"answered": repr(call())}])


Source = export(Packages)
