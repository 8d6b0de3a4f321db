"""Differences from the function's platform that the source shows before anything is built."""

from .scan_case import ScanCase


class Differences(ScanCase):
    def notes(self, line, head=""):
        return self.found(f"{head}\ndef handler(req):\n    {line}\n")["notes"]

    def test_a_call_that_a_component_can_not_make_is_reported_with_its_line(self):
        for head, line, words in (
            ("import threading", "threading.Thread(target=f).start()", "threading.Thread: a component has no threads"),
            ("from threading import Thread as T", "T(target=f)", "T: a component has no threads"),
            ("from concurrent.futures import ThreadPoolExecutor", "with ThreadPoolExecutor() as pool: pass", "ThreadPoolExecutor: a component has no threads"),
            ("import concurrent.futures", "concurrent.futures.ProcessPoolExecutor()", "a component has no threads"),
            ("from multiprocessing import Pool", "Pool(4)", "Pool: a component has no processes"),
            ("from multiprocessing.pool import ThreadPool", "ThreadPool(4)", "ThreadPool: a component has no processes"),
            ("import subprocess as sp", "sp.run(['ls'])", "sp.run: a component has no processes"),
            ("import os", "os.system('ls')", "os.system: a component has no processes"),
            ("import asyncio", "asyncio.run(f())", "asyncio.run: a component has no event loop"),
            ("import socket", "socket.create_connection(('h', 1))", "a component has no sockets"),
            ("import smtplib", "smtplib.SMTP('h')", "a component has no sockets"),
            ("import sys", "sys.exit(1)", "sys.exit ends the page with an error"),
            ("", "raise SystemExit(1)", "SystemExit(1) ends the page with an error"),
            ("", "open('/tmp/x', 'w')", "a component can't write files, so open('/tmp/x', 'w') fails"),
            ("", "open('/tmp/x', mode='ab')", "a component can't write files"),
            ("from pathlib import Path", "Path('x').write_text('a')", "a component can't write files"),
            ("import tempfile", "tempfile.mkdtemp()", "a component can't write files"),
            ("import os", "os.makedirs('x')", "a component can't write files"),
            ("import logging", "logging.FileHandler('x')", "a component can't write files"),
        ):
            notes = self.notes(line, head)
            self.assertEqual(len(notes), 1, (line, notes))
            self.assertTrue(notes[0].startswith("main.py:3: ") and words in notes[0], notes)

    def test_calls_that_work_or_never_run_are_not_reported(self):
        for head, line in (
            ("", "open('data.csv')"),
            ("", "open('data.csv', 'rb')"),
            ("import threading", "threading.Lock()"),
            ("import os", "os.path.join('a', 'b')"),
            ("import time", "time.sleep(1)"),
            ("import io", "io.BytesIO()"),
            ("import subprocess, asyncio, socket", "pass"),
            ("import sys\nif __name__ == '__main__':\n    sys.exit(main())\n", "pass"),
        ):
            self.assertEqual(self.notes(line, head), [], line)

    def test_a_module_that_ends_while_it_loads_is_refused(self):
        for text, words in (
            ("import sys\nsys.exit(1)", "main.py:2: sys.exit(1) ends the module each time it loads"),
            ("from sys import exit as leave\nleave()", "main.py:2: leave() ends the module"),
            ("raise SystemExit('no')", "main.py:1: SystemExit('no') ends the module"),
            ("quit()", "main.py:1: quit() ends the module"),
        ):
            self.assertIn(words, self.refused(f"{text}\ndef handler(req): pass"), text)
        files = {"main.py": "import other\ndef handler(req): pass", "other.py": "import sys\nsys.exit()"}
        self.assertIn("other.py:2: sys.exit() ends the module", self.refused(files))
        self.found("import os, sys\nif not os.environ.get('A'):\n    sys.exit(1)\ndef handler(req): pass")

    def test_a_function_that_can_not_be_called_is_refused(self):
        for text, words in (
            ("def main(): pass", "main.py:1: main takes no parameter, but is called with the request"),
            ("def handler(a, b, c): pass", "handler takes 3 parameters"),
            ("def lambda_handler(event): pass", "lambda_handler takes one parameter, but is called with an event and a context"),
            ("def handler(req, *, key): pass", "handler takes the parameter key only by its name"),
            ("import functions_framework\n@functions_framework.http\ndef run(): pass", "main.py:3: run takes no parameter"),
        ):
            self.assertIn(words, self.refused(text), text)
        for text in ("def handler(*args): pass", "def handler(req, retries=3): pass", "@own\ndef handler(): pass", "def handler(req, *, key=None): pass"):
            self.found(text)
        self.assertIn("is not the name of a function", self.refused("def handler(req): pass", "a b"))

    def test_long_and_deep_expressions_are_read_or_refused_in_one_line(self):
        for value in ("'a'" + "+'b'" * 900, "q" + ".filter(a=1)" * 400, "f(" * 190 + "1" + ")" * 190, "{" + "'a': 1, " * 5000 + "}"):
            text = f"import os\nX = {value}\nA = os.environ['A']\ndef handler(req): pass"
            self.assertEqual([one["name"] for one in self.found(text)["variables"]], ["A"])
        self.assertIn("nested too deeply", self.refused("X = " + "'a'" + "+'b'" * 100_000 + "\ndef handler(req): pass"))

    def test_all_reasons_for_a_refusal_are_reported_at_once(self):
        with self.assertRaises(Exception) as caught:
            self.found("import ssl, pandas\nimport numpy as np\nimport pytz\nnp.array([])\ndef handler(req): pass")
        lines = str(caught.exception).splitlines()
        self.assertEqual(len(lines), 3, lines)
        for line, words in zip(lines, (":1: import ssl: ", ":1: import pandas: ", ":2: import numpy: "), strict=True):
            self.assertIn(words, line)
        self.assertIn("the function calls np.array (line 4)", lines[2])
        with self.assertRaises(Exception) as caught:
            self.found("import ssl\nquit()\ndef main(): pass")
        self.assertEqual([line.split(": ")[0] for line in str(caught.exception).splitlines()], [f"main.py:{n}" for n in (3, 2, 1)])

    def test_hints_and_differences_are_reported(self):
        found = self.found(
            """
            import os, time
            TOKEN = os.environ["API_TOKEN"]
            CACHE = None
            def handler(req):
                global CACHE
                headers = {"Authorization": f"Bearer {TOKEN}"}
                state["access_token"] = CACHE
                time.sleep(3600)
                open("/tmp/x", "w")
            """
        )
        self.assertIn('token = { env = "API_TOKEN" }', found["hints"][0])
        self.assertIn('secret-in-state = "allow"', found["hints"][1])
        notes = "\n".join(found["notes"])
        for words in ("main.py:9: time.sleep(3600) is longer than", "main.py:10: a component can't write files", "CACHE is lost"):
            self.assertIn(words, notes)

    def test_a_pair_for_basic_authentication_gets_a_hint(self):
        for call in ("requests.get(URL, auth=(USER, os.environ['PASS']))", "s.auth = HTTPBasicAuth(USER, os.environ['PASS'])"):
            found = self.found(f"import os\nUSER = os.getenv('NAME')\ndef handler(req):\n    {call}\n")
            self.assertIn('username = { env = "NAME" }\npassword = { env = "PASS" }', found["hints"][0], call)
        self.assertEqual(self.found("def handler(req):\n    requests.get(URL, auth=('a', 'b'))")["hints"], [])
