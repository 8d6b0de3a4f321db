"""Return values of functions, in the forms that Flask and Lambda accept."""

import unittest

from .harness import adapted, answering

PAGE = '{"insert": [{"id": 1}], "state": {"at": 2}, "hasMore": False}'
TEXT = "json.dumps(PAGE)"
EXPECTED = {"insert": [{"id": 1}], "state": {"at": 2}, "hasMore": False}
HEAD = f"import json, base64\nfrom flask import Response, jsonify, make_response, abort\nPAGE = {PAGE}\n"


class Answers(unittest.TestCase):
    def answer(self, body, head=HEAD):
        with adapted(answering(body, head)) as function:
            return function.page()

    def test_pages_are_accepted_in_every_form_that_flask_accepts(self):
        for returned in (
            "PAGE",
            "PAGE, 200",
            "PAGE, 200, {'X-A': '1'}",
            "PAGE, {'X-A': '1'}",
            TEXT,
            f"{TEXT}, 200",
            f"{TEXT}.encode()",
            "jsonify(PAGE)",
            "jsonify(**PAGE)",
            "make_response(jsonify(PAGE), 200)",
            f"Response({TEXT}, mimetype='application/json')",
            f"Response([{TEXT}], status='200 OK')",
            f"json.dumps({TEXT})",
            f"iter([{TEXT}])",
        ):
            self.assertEqual(self.answer(f"return {returned}"), EXPECTED, returned)

    def test_pages_are_accepted_in_every_form_that_a_function_url_accepts(self):
        for returned in (
            "PAGE",
            TEXT,
            f"{{'statusCode': 200, 'body': {TEXT}}}",
            f"{{'statusCode': '200', 'headers': {{'X-A': None}}, 'body': {TEXT}}}",
            "{'statusCode': 200, 'body': PAGE}",
            f"{{'statusCode': 200, 'isBase64Encoded': True, 'body': base64.b64encode({TEXT}.encode()).decode()}}",
        ):
            source = f"import json, base64\nPAGE = {PAGE}\ndef lambda_handler(event, context):\n    return {returned}\n"
            with adapted({"lambda_function.py": source}, file="lambda_function.py") as function:
                self.assertEqual(function.page(), EXPECTED, returned)

    def test_statuses_become_the_contracts_errors_with_the_functions_text(self):
        fetched = "import requests; requests.get('https://api.example.com/')\n"
        for status, kind, value in (
            ("429, {'Retry-After': '9'}", "rate-limited", 9000),
            ("429", "rate-limited", None),
            ("502", "upstream", "the function itself answered 502: no"),
            ("503", "upstream", "the function itself answered 503: no"),
            ("504", "upstream", "the function itself answered 504: no"),
            ("500", "other", "the function itself answered 500: no"),
            ("404", "other", "the function itself answered 404: no"),
            ("302", "other", "the function itself answered 302: no"),
        ):
            with adapted(answering(f"{fetched}return 'no', {status}")) as function:
                function.host.answer("GET", "https://api.example.com/")
                self.assertEqual(function.page(), (kind, value), status)

    def test_a_refusal_by_the_function_itself_is_not_attributed_to_the_api(self):
        url = "https://api.example.com/"
        fetched = f"import requests; requests.get('{url}')\n"
        for status in (401, 403):
            for before, answered, kind, words in (
                ("", 200, "misconfigured", f"the function itself answered {status}: no; it had sent no request, so it refused its own key"),
                (fetched, 200, "other", f"the function itself answered {status}: no; no API refused a request"),
                (fetched, 404, "other", "no API refused a request"),
                (fetched, 401, "unauthorized", f"the function itself answered {status}: no"),
                (fetched, 403, "unauthorized", f"the function itself answered {status}: no"),
            ):
                with adapted(answering(f"{before}return 'no', {status}")) as function:
                    function.host.answer("GET", url, status=answered)
                    found, text = function.page()
                    self.assertEqual(found, kind, before)
                    self.assertIn(words, text)
                    self.assertEqual("--key-variable" in text, kind != "unauthorized", text)

    def test_the_key_that_was_sent_is_named_and_not_shown(self):
        for head, words in (
            ("", "it got a random one as `Authorization: Bearer`, because no check of a key was found"),
            ("import os\nA = os.environ.get('WELD_KEY')\n", "it got the value of WELD_KEY in the header authorization"),
            ("def check(req):\n    return req.headers['x-api-key'] == 'abc-def'\n", "the key from its source in the header x-api-key"),
        ):
            with adapted(answering("return 'no', 401", head), key_variable=None) as function:
                kind, text = function.page()
                self.assertIn(words, text)
                self.assertNotIn("abc-def", text)

    def test_an_invalid_page_is_an_error_with_an_excerpt(self):
        for body, words in (
            ("return None", "main.py:6: the function returned None, or ended without a return"),
            ("pass", "main.py:6: the function returned None, or ended without a return"),
            ("return ''", "the function's answer is not JSON (Expecting value: line 1 column 1 (char 0)): it is empty"),
            ("return '<h1>Hello</h1>'", "char 0)): <h1>Hello</h1>"),
            ("return [1, 2]", "the function's answer is not an object: [1,2]"),
            ("return {'message': 'ok'}", "page has no insert and no hasMore: {\"message\":\"ok\"}"),
            ("return {'insert': []}", "page has no hasMore"),
            ("return {'insert': {'id': 1}, 'hasMore': False}", "insert of the function's page is a dict, not a list"),
            ("return {'insert': [], 'hasMore': 'no'}", "hasMore of the function's page is a str, not true or false"),
            ("return {'insert': [], 'hasMore': False, 'state': 3}", "state of the function's page is an int"),
            ("return {'insert': [1], 'hasMore': False}", "row 1 is an int, not a dict"),
            ("return {'insert': [{'a': float('nan')}], 'hasMore': False}", "row 1, field a (nan): NaN"),
            ("return '{\"insert\": [{\"a\": NaN}], \"hasMore\": false}'", "insert[0].a is NaN"),
            ("return {'insert': [{'a': {1, 2}}], 'hasMore': False}", "row 1, field a: a set can't be written as JSON"),
            ("return 3", "main.py:6: the function returned int"),
            ("return 'a', 200, {}, 4", "main.py:6: the function returned a tuple of 4"),
            ("return ((((('a', 200), 200), 200), 200), 200)", "main.py:6: the function returned tuple"),
            ("return 'a', 'high'", "returned the status 'high'"),
            ("abort(418)", "the function itself answered 418"),
            ("import sys; sys.exit(3)", "the function ended with sys.exit(3)"),
            ("raise ValueError('odd')", "ValueError: odd"),
        ):
            answer = self.answer(body)
            self.assertIsInstance(answer, tuple, body)
            kind, text = answer
            self.assertEqual(kind, "other", body)
            self.assertIn(words, text, body)

    def test_a_request_that_no_rule_allows_is_reported_once_with_the_functions_line(self):
        for line in ("requests.get(URL)", "requests.Session().post(URL)", "requests.request('GET', url=URL)"):
            head = "import requests\nURL = 'https://api.example.com/a'\n"
            with adapted(answering(line, head)) as function:
                advice = 'no rule allows it; add "https://api.example.com" to `allow` under [network]'
                for method in ("GET", "POST"):
                    function.host.refuse(method, "https://api.example.com/a", "denied", advice)
                kind, text = function.page()
                self.assertEqual(kind, "misconfigured", line)
                self.assertTrue(text.startswith("main.py:7: ") and "under [network]" in text, text)
                self.assertNotIn("[env]", text)
                self.assertEqual(function.host.logs, [], line)

    def test_a_failure_of_an_api_is_logged_without_frames_of_the_shim(self):
        with adapted(answering("requests.get('https://api.example.com/').raise_for_status()", "import requests\n")) as function:
            function.host.answer("GET", "https://api.example.com/", status=500)
            self.assertEqual(function.page()[0], "upstream")
            self.assertIn("main.py", function.logged())
            for words in ("weld_adapt", "weld_connector/"):
                self.assertNotIn(words, function.logged())

    def test_the_error_of_an_invalid_answer_is_one_line_that_begins_with_the_functions_place(self):
        for body in ("return None", "pass", "return {'rows': []}", "return 3", "return 'a', 200, {}, 4", "return '<p>'"):
            with adapted(answering(body)) as function:
                kind, text = function.page()
                self.assertRegex(text, "^main.py:3: the function")
                self.assertEqual(function.host.logs, [], body)

    def test_unknown_members_of_a_page_are_reported_once(self):
        for more, reported in (
            ("'update': [{'id': 1}], 'delete': [{'id': 2}]", "update, delete"),
            ("'deleted': {'a': 1}", "deleted"),
            ("'count': 0", "count"),
            ("'update': [], 'delete': [], 'note': None", None),
            ("'state': {}", None),
        ):
            with adapted(answering(f"return {{'insert': [], 'hasMore': False, {more}}}")) as function:
                self.assertEqual(function.rows(), [])
                said = [text for level, text in function.host.logs if level == "warn"]
                expected = f"page: Weld reads only insert, state and hasMore, so this is ignored: {reported}"
                self.assertEqual(said, [expected] if reported else [], more)

    def test_an_error_names_the_functions_own_line_but_no_frame_of_the_shim(self):
        with adapted(answering("return helper()", "def helper():\n    raise KeyError('id')\n")) as function:
            self.assertEqual(function.page(), ("other", "main.py:3: KeyError: 'id'"))
            first = function.logged().splitlines()[1]
            self.assertRegex(first, r'File ".*/main.py", line 7, in handler')
            self.assertNotIn("weld_adapt", function.logged())


class Json(unittest.TestCase):
    HEAD = (
        "from datetime import date, datetime, timedelta, timezone\nfrom decimal import Decimal\nfrom uuid import UUID\n"
        "from dataclasses import dataclass\n@dataclass\nclass Point:\n    x: int\n"
    )

    def test_values_are_written_by_flasks_rules(self):
        for value, expected in (
            ("datetime(2024, 1, 2, 3, 4, 5, 678)", "Tue, 02 Jan 2024 03:04:05 GMT"),
            ("datetime(2024, 1, 2, 3, tzinfo=timezone(timedelta(hours=2)))", "Tue, 02 Jan 2024 01:00:00 GMT"),
            ("date(2024, 1, 2)", "Tue, 02 Jan 2024 00:00:00 GMT"),
            ("Decimal('1.50')", "1.50"),
            ("UUID(int=1)", "00000000-0000-0000-0000-000000000001"),
            ("Point(1)", {"x": 1}),
            ("(1, 2)", [1, 2]),
            ("{1: 'a', True: 'b'}", {"1": "b"}),
            ("'ß\\ud83d\\ude00'", "ß\U0001f600"),
            ("0.1", 0.1),
        ):
            body = f"return {{'insert': [{{'a': {value}}}], 'state': None, 'hasMore': False}}"
            with adapted(answering(body, self.HEAD)) as function:
                self.assertEqual(function.rows(), [{"a": expected}], value)

    def test_a_lambdas_decimal_is_a_number_and_its_date_an_error(self):
        source = "{}def lambda_handler(event, context):\n    return {{'insert': [{{'a': {}}}], 'hasMore': False}}\n"
        for value, expected in (
            ("Decimal('1.50')", [{"a": 1.5}]),
            ("date(2024, 1, 2)", ("other", "lambda_function.py:8: the function's answer can't be written as JSON: Object of type date")),
        ):
            with adapted({"lambda_function.py": source.format(self.HEAD, value)}, file="lambda_function.py") as function:
                rows = function.rows()
                self.assertEqual(rows if isinstance(rows, list) else (rows[0], rows[1][: len(expected[1])]), expected)

    def test_numbers_of_a_json_text_keep_all_their_digits(self):
        body = "return '{\"insert\": [{\"a\": 0.12345678901234567890123}], \"hasMore\": false}'"
        with adapted(answering(body)) as function:
            page = function._function.fetch_page("orders", "{}")
            self.assertEqual(page.insert, '[{"a":0.12345678901234567890123}]')
