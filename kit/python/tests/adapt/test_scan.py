"""What the source says before anything is built."""

import json
import subprocess
import sys
import tempfile
import textwrap
import unittest
from pathlib import Path
from unittest import mock

from weld_adapt.tools import findings, packages, requirements
from weld_adapt.tools.refusal import NotServed
from weld_adapt.tools.scan import Scan

HTTP = "import functions_framework\n@functions_framework.http\ndef run(req):\n    pass\n"


class ScanCase(unittest.TestCase):
    def scan(self, files, file="main.py"):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        for name, text in ({"main.py": files} if isinstance(files, str) else files).items():
            path = Path(folder.name, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))
        return Scan(folder.name, file)

    def found(self, files, entry=None, key=None, file="main.py"):
        return findings.of(self.scan(files, file), entry, key)

    def refused(self, files, entry=None, file="main.py"):
        with self.assertRaises(NotServed) as caught:
            self.found(files, entry, file=file)
        self.assertNotIn("\n", str(caught.exception))
        return str(caught.exception)


class Entries(ScanCase):
    def test_the_marked_function_counts_first_and_then_the_usual_names(self):
        for text, words in (
            (HTTP + "def handler(req):\n    pass\n", "run(req) in main.py, under @functions_framework.http"),
            ("from functions_framework import http\n@http\ndef run(req): pass", "run(req)"),
            ("import functions_framework as ff\n@ff.http\ndef run(req): pass", "run(req)"),
            ("def handler(e, c): pass\ndef lambda_handler(event, context): pass", "lambda_handler(event, context)"),
            ("def handler(event, context): pass", "a Lambda"),
            ("def main(req): pass\ndef helper(): pass", "main(req)"),
            ("from handlers import handler", "handler in main.py, by its name"),
            ("def run(req): pass\nhandler = run", "handler in main.py"),
            ("if True:\n    def handler(req): pass", "handler(req)"),
        ):
            self.assertIn(words, self.found(text)["entry"], text)
        self.assertIn("sync(req)", self.found("def sync(req): pass", entry="sync")["entry"])

    def test_a_function_that_can_not_be_served_is_refused_in_one_line(self):
        for text, words in (
            ("x = 1", "main.py has no function that answers requests: none under @functions_framework.http"),
            ("def sync(req): pass\ndef other(): pass", "--entry names another, such as one of sync, other"),
            (HTTP + HTTP.replace("run", "go"), "2 functions under @functions_framework.http, run (line 3) and go (line 7)"),
            ("import functions_framework\n@functions_framework.cloud_event\ndef run(e): pass", "main.py, line 3: run is a function for cloud_events"),
            ("async def handler(req): pass", "main.py, line 1: handler is async"),
            ("from flask import Flask\napp = Flask(__name__)", "main.py, line 2: a Flask application with routes"),
            ("def handler(req)\n    pass", "main.py, line 1: expected ':'"),
            ("import ssl\ndef handler(req): pass", "main.py, line 1: import ssl: Python in components has no module ssl"),
            ("from . import util\ndef handler(req): pass", "main.py, line 1: from . import util: there is no such file"),
            ("from .util import rows\ndef handler(req): pass", "main.py, line 1: from .util import rows: there is no such file"),
            ("def handler(req):\n    import cgi", "main.py, line 2: import cgi: Python 3.13 removed it"),
        ):
            self.assertIn(words, self.refused(text), text)
        self.assertIn("has no function sync; --entry run names it", self.refused(HTTP, "sync"))
        self.assertIn("rename it", self.refused({"my-app.py": HTTP}, file="my-app.py"))

    def test_an_import_that_the_function_can_do_without_is_no_reason_to_refuse(self):
        for head in ("try:\n    import ssl\nexcept ImportError:\n    ssl = None", "if TYPE_CHECKING:\n    import ssl"):
            self.found(f"{head}\ndef handler(req): pass")


class Names(ScanCase):
    def test_variables_are_found_however_they_are_read(self):
        text = """
            import os, os as system
            from os import environ, getenv as read
            NAME = "NAMED"
            a = os.environ["A"]; b = os.environ.get("B"); c = os.getenv("C", "x"); d = environ["D"]
            e = read("E"); f = system.environ.get("F") or "x"; g = os.environ[NAME]; h = os.environ["A"]
            def handler(req):
                return os.environ[req.args["x"]]
        """
        found = self.found(text)
        names = {one["name"]: one["has_default"] for one in found["variables"]}
        self.assertEqual(
            names, {"A": False, "B": False, "C": True, "D": False, "E": False, "F": True, "NAMED": False}
        )
        self.assertEqual(found["not_literal"], ["main.py, line 8: os.environ[req.args['x']]"])

    def test_the_key_is_the_variable_that_the_header_is_compared_with(self):
        for text, key in (
            ("KEY = os.environ.get('SECRET_A')\ndef handler(req):\n    if req.headers['authorization'].split()[1] != KEY: return", "SECRET_A"),
            ("def handler(req):\n    auth = req.headers.get('Authorization')\n    if auth != f\"Bearer {os.environ['K']}\": return", "K"),
            ("def handler(req):\n    got = req.headers['authorization']\n    token = got.split()[1]\n    want = os.getenv('K')\n    if hmac.compare_digest(token, want): return", "K"),
            ("def lambda_handler(event, context):\n    if event['headers']['authorization'] == os.environ['K']: return", "K"),
            ("A = os.environ['WELD_AUTH_KEY']\ndef handler(req): pass", "WELD_AUTH_KEY"),
            ("A = os.environ['API_KEY']\ndef handler(req): return {'Authorization': A}", None),
        ):
            self.assertEqual(self.found("import os, hmac\n" + text)["key_variable"], key, text)
        self.assertEqual(self.found("import os\nA = os.environ['K']\ndef handler(req): pass", key="K")["variables"], [])

    def test_hosts_are_found_in_texts_and_what_is_no_literal_is_said(self):
        text = '''
            """See https://docs.example.com/."""
            import os
            BASE = "https://api.example.com/v1"
            NAMESPACE = "http://www.w3.org/2005/Atom"
            def handler(req):
                a = f"https://login.example.com:8443/token?x={req}"
                b = f"https://{req}.example.com/"
                c = "https://" + req
                d = "see https://other.example.com."
        '''
        found = self.found(text)
        origins = [one["origin"] for one in found["hosts"]]
        self.assertEqual(origins[:2], ["https://api.example.com", "https://login.example.com:8443"])
        self.assertEqual([note.partition(":")[0] for note in found["not_literal"]], ["main.py, line 8", "main.py, line 9"])
        self.assertIn('(the rule "https://*.example.com" permits it)', found["not_literal"][0])

    def test_all_modules_of_the_function_are_read(self):
        files = {
            "main.py": "from helpers import api\ndef handler(req): pass",
            "helpers/__init__.py": "import os\nA = os.environ['A']",
            "helpers/api.py": "from . import more\nURL = 'https://api.example.com/'",
            "helpers/more.py": "def late():\n    import late",
            "late.py": "import os\nB = os.environ['B']",
            "unused.py": "this is not Python",
        }
        found = self.found(files)
        self.assertEqual({one["name"] for one in found["variables"]}, {"A", "B"})
        self.assertEqual(found["hosts"][0]["place"], "helpers/api.py, line 2")

    def test_hints_and_differences_are_told(self):
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
        for words in ("line 9: time.sleep(3600) outlasts", "line 10: a component has no files to write", "CACHE is lost"):
            self.assertIn(words, notes)


    def test_a_pair_for_basic_authentication_is_hinted_at(self):
        for call in ("requests.get(URL, auth=(USER, os.environ['PASS']))", "s.auth = HTTPBasicAuth(USER, os.environ['PASS'])"):
            found = self.found(f"import os\nUSER = os.getenv('NAME')\ndef handler(req):\n    {call}\n")
            self.assertIn('username = { env = "NAME" }\npassword = { env = "PASS" }', found["hints"][0], call)
        self.assertEqual(self.found("def handler(req):\n    requests.get(URL, auth=('a', 'b'))")["hints"], [])


class Packages(ScanCase):
    def wanted(self, text, files=()):
        return sorted(packages.wanted(self.scan({"main.py": text, **dict(files)})))

    def test_packages_are_those_that_are_imported_and_that_nothing_stands_in_for(self):
        for text, names in (
            ("import flask, functions_framework, werkzeug, json, datetime, requests", []),
            ("import pytz\nfrom dateutil import parser", ["python-dateutil", "pytz"]),
            ("from google.cloud import secretmanager\nimport google.auth", ["google-auth", "google-cloud-secretmanager"]),
            ("from zoneinfo import ZoneInfo", ["tzdata"]),
            ("import requests\nrequests.get('u').json()\nrequests.exceptions.SSLError\nrequests.codes.ok", []),
            ("import requests\nfrom requests.auth import HTTPBasicAuth\nrequests.adapters.HTTPAdapter()", []),
            ("import requests\nrequests.Request('GET', 'u')", ["requests"]),
            ("from requests.auth import HTTPDigestAuth", ["requests"]),
            ("import requests\nrequests.post('u', files={})", ["requests"]),
            ("from urllib3.util.retry import Retry\nimport urllib3\nurllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)", []),
            ("import urllib3\nurllib3.PoolManager()", ["urllib3"]),
            ("import requests_oauthlib", ["requests_oauthlib"]),
        ):
            self.assertEqual(self.wanted(text), names, text)
        self.assertEqual(self.wanted("import helper", {"helper.py": "import pytz"}), ["pytz"])

    def test_requirements_are_wishes_and_what_is_no_version_is_said(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        Path(folder.name, "requirements.txt").write_text(
            "# tools\npytz==2024.1 \\\n    --hash=sha256:00 \\\n    --hash=sha256:11\nRequests_OAuthlib>=1, <3 ; python_version > '3'\n"
            "-e .\n--index-url https://example.com\ngit+https://example.com/a.git\nfunctions-framework==3.*  # platform\nflask[async]~=3.0\n\n"
        )
        found = requirements.read(folder.name)
        self.assertEqual(
            found.versions,
            {"pytz": "==2024.1", "requests-oauthlib": ">=1,<3", "functions-framework": "==3.*", "flask": "~=3.0"},
        )
        self.assertEqual([note.partition(":")[0] for note in found.notes], [f"requirements.txt, line {n}" for n in (6, 7, 8)])

    def test_a_package_that_is_not_listed_is_bundled_with_a_word(self):
        def pip(specifiers, target):
            return [{"metadata": {"name": one.partition("=")[0], "version": "1.0"}} for one in specifiers]

        files = {
            "main.py": "import config\nimport pytz\nimport listed",
            "requirements.txt": "Listed==1.0\n",
        }
        scan = self.scan(files)
        with (
            tempfile.TemporaryDirectory() as target,
            mock.patch.object(packages, "_pip", pip),
            mock.patch.object(packages, "_note_step_back", lambda *_: None),
        ):
            notes = packages.install(scan, target).notes
        self.assertEqual(len(notes), 1, notes)
        self.assertIn("main.py, line 1: config 1.0 of the package index is bundled for import config", notes[0])

    def test_the_command_answers_in_json(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        Path(folder.name, "main.py").write_text(HTTP)
        Path(folder.name, "other.py").write_text("x = 1")
        for file, key in (("main.py", "found"), ("other.py", "refused")):
            ended = subprocess.run(
                [sys.executable, "-m", "weld_adapt.tools", "scan", folder.name, file], capture_output=True, text=True
            )
            self.assertEqual(list(json.loads(ended.stdout)), [key], ended.stderr)

    def test_an_old_python_is_told_in_a_line(self):
        program = (
            "import runpy, sys\nsys.version_info = (3, 9)\nsys.argv = ['tools', 'scan', '.', 'main.py']\n"
            "runpy.run_module('weld_adapt.tools', run_name='__main__')"
        )
        ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
        self.assertIn("and 3.10 or later is needed", json.loads(ended.stdout)["refused"], ended.stderr)
