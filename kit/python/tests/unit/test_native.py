"""The worker of `weld-host run`, called by a host that the tests play."""

import base64
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

from weld_connector import __main__

SOURCES = os.path.join(os.path.dirname(__file__), "..", "..", "src")

APP = """
import logging, os, time
from weld_connector import Connector, Field, Page, RateLimited, Table, UnknownTable, env, export, requests

class Shop(Connector):
    def schema(self):
        return [Table("orders", primary_key=["a", "b"], fields=[Field("a", "int"), Field("b", "string", True, None)])]

    def fetch_page(self, table, state):
        return globals()[table](state)

def orders(state):
    return Page([{"id": 12345678901234567890, "name": "é"}], state={"page": state.get("page", 1) + 1}, has_more=True, wait=1.5)

def calls(state):
    response = requests.post("https://api.example.com/a", data=b"\\xff", credential="shop", timeout=2)
    return Page([{"status": response.status_code, "content": list(response.content), "url": response.url}])

def sees(state):
    return Page([{"environ": dict(os.environ), "env": env("TOKEN")}])

def sleeps(state):
    time.sleep(1.5)
    return Page([])

def logs(state):
    logging.warning("careful\\nplease")
    print("printed")
    return Page([])

def unknown(state):
    raise UnknownTable("unknown")

def limited(state):
    raise RateLimited(2)

def fails(state):
    return state["missing"]

def exits(state):
    os._exit(3)

Source = export(Shop)
"""


class Peer:
    """A folder with a connector and the pipes of its worker."""

    def __init__(self, app, module="app"):
        self.folder = tempfile.TemporaryDirectory()
        with open(os.path.join(self.folder.name, "app.py"), "w") as file:
            file.write(app)
        ends = []
        for name in ("to-worker", "to-host"):
            path = os.path.join(self.folder.name, name)
            os.mkfifo(path)
            # As the host does: for both directions, so that opening doesn't wait.
            ends.append(os.open(path, os.O_RDWR))
        self.to_worker, self.to_host = os.fdopen(ends[0], "wb"), os.fdopen(ends[1], "rb")
        self.worker = subprocess.Popen(
            [sys.executable, "-m", "weld_connector", "--worker", module],
            cwd=self.folder.name,
            env={"PYTHONPATH": os.path.abspath(SOURCES), "WELD_NATIVE": self.folder.name, "PATH": "/bin", "OTHER": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def send(self, message):
        self.to_worker.write(json.dumps(message).encode() + b"\n")
        self.to_worker.flush()

    def receive(self):
        return json.loads(self.to_host.readline())

    def call(self, table, state="{}", **environment):
        """Call the connector for a page, and return the worker's first message."""
        pairs = [list(pair) for pair in environment.items()]
        self.send({"call": "fetch-page", "table": table, "state": state, "environment": pairs})
        return self.receive()

    def close(self):
        with contextlib.suppress(OSError):
            self.to_worker.close()
        self.worker.kill()
        if not self.worker.stdout.closed:
            self.output = self.worker.communicate()[0]
        self.to_host.close()
        self.folder.cleanup()
        return self.output


class Worker(unittest.TestCase):
    def peer(self, app=APP, module="app"):
        peer = Peer(app, module)
        self.addCleanup(peer.close)
        return peer

    def test_tables_and_pages_have_the_contracts_names(self):
        peer = self.peer()
        peer.send({"call": "schema", "environment": []})
        fields = [
            {"name": "a", "type": {"named": "int"}, "default": None},
            {"name": "b", "type": {"described": '["null","string"]'}, "default": "null"},
        ]
        self.assertEqual(peer.receive(), {"return": [{"name": "orders", "primary-key": ["a", "b"], "fields": fields}]})
        page = {
            "insert": '[{"id":12345678901234567890,"name":"é"}]',
            "state": '{"page":3}',
            "has-more": True,
            "wait": 1500,
        }
        self.assertEqual(peer.call("orders", '{"page": 2}'), {"return": page})

    def test_requests_go_to_the_host(self):
        peer = self.peer()
        request = {
            "method": "POST",
            "url": "https://api.example.com/a",
            "body": {"bytes": "/w=="},
            "timeout": 2000,
            "idempotent": None,
            "credential": "shop",
        }
        for body, content in [({"text": "é"}, "é".encode()), ({"bytes": base64.b64encode(b"\xfe").decode()}, b"\xfe")]:
            sent = peer.call("calls")["http-fetch"]
            self.assertIsInstance(sent.pop("headers"), list)
            self.assertEqual(sent, request)
            peer.send({"ok": {"status": 201, "headers": [["a", "b"]], "body": body, "url": "https://api.example.com/b"}})
            row = {"status": 201, "content": list(content), "url": "https://api.example.com/b"}
            self.assertEqual(json.loads(peer.receive()["return"]["insert"]), [row])

    def test_refusals_of_the_host_become_the_kits_errors(self):
        peer = self.peer()
        for error, raised in [
            ({"denied": "no rule"}, {"misconfigured": "POST https://api.example.com/a: no rule"}),
            ({"unavailable": 1500}, {"rate-limited": 1500}),
            ({"timeout": None}, {"upstream": None}),
            ({"too-large": None}, {"upstream": None}),
        ]:
            with self.subTest(error=error):
                peer.call("calls")
                peer.send({"error": error})
                message = peer.receive()
                while "log" in message:
                    message = peer.receive()
                ((case, value),) = message["raise"].items()
                self.assertIn(case, raised)
                if raised[case] is not None:
                    self.assertEqual(value, raised[case])

    def test_a_connector_sees_only_its_own_variables(self):
        peer = self.peer()
        for token in ("first", "second"):
            page = peer.call("sees", TOKEN=token)["return"]
            self.assertEqual(json.loads(page["insert"]), [{"environ": {"TOKEN": token}, "env": token}])

    def test_a_pause_is_the_hosts(self):
        peer = self.peer()
        self.assertEqual(peer.call("sleeps"), {"sleep": 1500})
        peer.send({"ok": None})
        self.assertIn("return", peer.receive())
        self.assertEqual(peer.call("sleeps"), {"sleep": 1500})
        peer.send({"error": {"out-of-time": {"left": 20}}})
        message = peer.receive()
        self.assertIn("the 0.02 s that the page has left", json.dumps(message))

    def test_logs_go_to_the_host_and_prints_to_the_terminal(self):
        peer = self.peer()
        self.assertEqual(peer.call("logs"), {"log": {"level": "warn", "message": "careful\nplease"}})
        self.assertIn("return", peer.receive())
        self.assertEqual(peer.close(), "printed\n")

    def test_errors_are_raised_and_tracebacks_logged(self):
        peer = self.peer()
        self.assertEqual(peer.call("unknown"), {"raise": {"unknown-table": None}})
        self.assertEqual(peer.call("limited"), {"raise": {"rate-limited": 2000}})
        message, lines = peer.call("fails"), []
        while "log" in message:
            lines.append(message["log"]["message"])
            message = peer.receive()
        line = APP.splitlines().index('    return state["missing"]') + 1
        self.assertEqual(message, {"raise": {"other": f"KeyError: 'missing' (app.py:{line})"}})
        self.assertTrue(any(f'app.py", line {line}, in fails' in text for text in lines), lines)

    def test_a_module_that_cant_be_loaded_is_an_error_of_each_call(self):
        loads = "from weld_connector import env\nTOKEN = env('TOKEN')"
        kit = "from weld_connector import Connector, export\n"
        for app, words in [
            (
                "import nowhere",
                "app.py:1: no module named nowhere: there is no nowhere.py here; correct the name, or, if it is a package",
            ),
            ("\nimport jsno", "app.py:2: no module named jsno: there is no jsno.py here; did you mean `json`? If"),
            ("\ndef f(:", "app.py:2: SyntaxError: "),
            ("", "app.py: there is no `Source`: end it with `Source = export(Shop)`"),
            ("Source = 1", "app.py: Source is an int, not the result of export"),
            (loads, "app.py:2: a variable is read while the component is built"),
            (f"{kit}class A(Connector): pass", "app.py: there is no `Source`: end it with `Source = export(A)`"),
            (
                f"{kit}class A(Connector):\n    def schema(self): return []\nSource = export(A)",
                "app.py:2: class A has no method fetch_page: add `def fetch_page(self, table, state):`",
            ),
            (
                f"{kit}class A(Connector):\n    def schema(self): pass\n    async def fetch_page(self, table, state): pass\n"
                "Source = export(A)",
                "app.py:4: fetch_page is async, which a component can't call: write `def fetch_page`",
            ),
            (
                "from weld_connector import UnknownTabel",
                "app.py:1: cannot import name 'UnknownTabel' from 'weld_connector'; did you mean UnknownTable?",
            ),
            ("def f(): return {}['a']\nf()", "app.py:1: KeyError: 'a'"),
        ]:
            with self.subTest(app=app):
                peer = self.peer(app)
                for _ in range(2):
                    message, lines = peer.call("orders", TOKEN="any"), []
                    while "log" in message:
                        lines.append(message["log"]["message"])
                        message = peer.receive()
                    self.assertTrue(message["raise"]["other"].startswith(words), message)
                    for line in lines:
                        for other in ("in _serve", "importlib", "weld_connector", os.sep + "app.py", words.partition(": ")[2]):
                            self.assertNotIn(other, line)

    def test_the_worker_ends_with_its_host(self):
        for end in ("call", "pipes"):
            with self.subTest(end=end):
                peer = self.peer()
                self.assertIn("return", peer.call("orders"))
                if end == "call":
                    peer.send({"call": "end"})
                else:
                    peer.to_worker.close()
                self.assertEqual(peer.worker.wait(60), 0)

    def test_without_a_host_the_worker_says_who_starts_it(self):
        command = [sys.executable, "-m", "weld_connector", "--worker", "app"]
        ended = subprocess.run(command, env={"PYTHONPATH": os.path.abspath(SOURCES)}, capture_output=True, text=True)
        self.assertEqual(ended.returncode, 1)
        self.assertIn("WELD_NATIVE is missing: `weld-host run` starts this command", ended.stderr)


class Command(unittest.TestCase):
    def test_the_command_starts_the_host_with_this_python_as_worker(self):
        worker = ["--", sys.executable, "-m", "weld_connector", "--worker"]
        with mock.patch.dict(os.environ, {"WELD_HOST": "/opt/weld-host"}):
            for arguments, expected in [
                ([], ["run", *worker, "app"]),
                (["--rows", "3"], ["run", "--rows", "3", *worker, "app"]),
                (["shop", "--table", "orders"], ["run", "--table", "orders", *worker, "shop"]),
                (["in/shop.py", "--full"], ["run", "--full", "in", *worker, "shop"]),
            ]:
                with self.subTest(arguments=arguments):
                    self.assertEqual(__main__.host_command(arguments), ("/opt/weld-host", expected))

    def test_a_missing_host_is_explained(self):
        with tempfile.TemporaryDirectory() as empty, mock.patch.dict(os.environ, {"PATH": empty}):
            os.environ.pop("WELD_HOST", None)
            program, arguments = __main__.host_command(["app"])
            with self.assertRaisesRegex(SystemExit, "weld-host is not on the search path; install it with"):
                __main__.start_host(program, arguments)
            with self.assertRaisesRegex(SystemExit, "nowhere can't be run .*WELD_HOST"):
                __main__.start_host(os.path.join(empty, "nowhere"), arguments)


if __name__ == "__main__":
    unittest.main()
