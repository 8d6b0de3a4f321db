"""Calls functions with the real functions-framework. Run by a Python that has it; requests are read as JSON from stdin."""

import json
import logging
import sys
import tempfile
from pathlib import Path

import functions_framework


def answers(source, requests):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "main.py")
        path.write_text(source)
        client = functions_framework.create_app("handler", str(path), "http").test_client()
        found = []
        for method, target, body in requests:
            answer = client.open(target, method=method, data=body, content_type="application/json" if body else None)
            found.append([answer.status_code, answer.get_data().decode("utf-8", "replace")])
        return found


def main():
    logging.disable(logging.CRITICAL)
    questions = json.load(sys.stdin)
    output, sys.stdout = sys.stdout, sys.stderr
    json.dump([answers(*question) for question in questions], output)


main()
