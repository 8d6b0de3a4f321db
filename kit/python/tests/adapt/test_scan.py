"""Findings about the source before anything is built."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from unittest import mock

from weld_adapt.tools import packages, requirements
from weld_adapt.tools.refusal import NotServed

from .scan_case import ScanCase

HTTP = "import functions_framework\n@functions_framework.http\ndef run(req):\n    pass\n"


class Entries(ScanCase):
    def test_the_marked_function_takes_precedence_over_the_usual_names(self):
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
            ("def sync(req): pass\ndef other(): pass", "choose another with --entry, such as one of sync, other"),
            (HTTP + HTTP.replace("run", "go"), "2 functions under @functions_framework.http, run (line 3) and go (line 7)"),
            ("import functions_framework\n@functions_framework.cloud_event\ndef run(e): pass", "main.py:3: run is a function for cloud_events"),
            ("async def handler(req): pass", "main.py:1: handler is async"),
            ("from flask import Flask\napp = Flask(__name__)", "main.py:2: a Flask application with routes"),
            ("def handler(req)\n    pass", "main.py:1: expected ':'"),
            ("import ssl\ndef handler(req): pass", "main.py:1: import ssl: Python in components has no module ssl"),
            ("from . import util\ndef handler(req): pass", "main.py:1: from . import util: there is no such file"),
            ("from .util import rows\ndef handler(req): pass", "main.py:1: from .util import rows: there is no such file"),
            ("def handler(req):\n    import cgi", "main.py:2: import cgi: Python 3.13 removed it"),
        ):
            self.assertIn(words, self.refused(text), text)
        self.assertIn("has no function sync; choose it with --entry run", self.refused(HTTP, "sync"))
        self.assertIn("rename it", self.refused({"my-app.py": HTTP}, file="my-app.py"))

    def test_an_optional_import_does_not_cause_a_refusal(self):
        for head in ("try:\n    import ssl\nexcept ImportError:\n    ssl = None", "if TYPE_CHECKING:\n    import ssl"):
            self.found(f"{head}\ndef handler(req): pass")


class Packages(ScanCase):
    def wanted(self, text, files=()):
        return sorted(packages.wanted(self.scan({"main.py": text, **dict(files)})))

    def test_imported_packages_without_replacement_are_installed(self):
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

    def test_requirements_are_read_and_other_lines_are_noted(self):
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
        self.assertEqual([note.partition(": ")[0] for note in found.notes], [f"requirements.txt:{n}" for n in (6, 7, 8)])

    def test_a_package_that_is_not_listed_is_bundled_with_a_note(self):
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
        self.assertIn("main.py:1: config 1.0 from the package index is bundled for import config", notes[0])

    def test_all_packages_that_can_not_be_installed_are_reported_at_once(self):
        def pip(specifiers, target):
            return None if any("no" in one for one in specifiers) else []

        scan = self.scan("import no_one\nimport pytz\nimport no_two\ntry:\n    import no_three\nexcept ImportError:\n    pass\n")
        with tempfile.TemporaryDirectory() as target, mock.patch.object(packages, "_pip", pip):
            with self.assertRaises(NotServed) as caught:
                packages.install(scan, target)
        lines = str(caught.exception).splitlines()
        self.assertEqual([line.partition(": ")[0] for line in lines], ["main.py:1", "main.py:3"])

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

    def test_an_old_python_is_reported_in_one_line(self):
        program = (
            "import runpy, sys\nsys.version_info = (3, 9)\nsys.argv = ['tools', 'scan', '.', 'main.py']\n"
            "runpy.run_module('weld_adapt.tools', run_name='__main__')"
        )
        ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
        self.assertIn("install Python 3.10 or later", json.loads(ended.stdout)["refused"], ended.stderr)
