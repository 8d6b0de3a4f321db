"""The parts of a request that functions read, and the loading of functions for a request."""

import unittest

from .harness import API, adapted, answering


def rows(expression, head=""):
    return answering(f"return {{'insert': [{{'a': {expression}}}], 'hasMore': False}}", head)


class Requests(unittest.TestCase):
    def test_flasks_request_has_everything_that_functions_read(self):
        body = {"name": "orders", "state": {"page": 2}}
        for expression, expected in (
            ("req.method", "POST"),
            ("req.path", "/"),
            ("req.full_path", "/?"),
            ("req.url", "http://localhost/"),
            ("req.base_url", "http://localhost/"),
            ("req.args", {}),
            ("req.args.get('a', 'none')", "none"),
            ("json.loads(req.data)", body),
            ("json.loads(req.get_data())", body),
            ("json.loads(req.get_data(as_text=True))", body),
            ("req.get_json()", body),
            ("req.get_json(silent=True)", body),
            ("req.get_json(force=True)['name']", "orders"),
            ("req.json['state']", {"page": 2}),
            ("req.is_json", True),
            ("req.content_type", "application/json"),
            ("req.mimetype", "application/json"),
            ("req.headers['content-type']", "application/json"),
            ("req.headers.get('CONTENT-TYPE')", "application/json"),
            ("req.headers.get('X-None')", None),
            ("'authorization' in req.headers", True),
            ("req.headers['authorization'].split()[0]", "Bearer"),
            ("req.authorization.token == req.headers['Authorization'].split()[1]", True),
            ("sorted(dict(req.headers))[0]", "Accept"),
            ("int(req.headers['Content-Length']) == len(req.data)", True),
            ("request.get_json()['name']", "orders"),
        ):
            with adapted(rows(expression, "import json\nfrom flask import request\n")) as function:
                self.assertEqual(function.rows("orders", {"page": 2}), [{"a": expected}], expression)

    def test_a_lambda_gets_an_event_of_payload_2_and_a_context(self):
        body = '{"name": "orders", "state": {}}'
        for expression, expected in (
            ("event['version']", "2.0"),
            ("event['rawPath']", "/"),
            ("event['rawPath'][1:]", ""),
            ("event['rawQueryString']", ""),
            ("event['body']", body),
            ("event['isBase64Encoded']", False),
            ("event['headers']['authorization'].split()[0]", "Bearer"),
            ("event['headers']['content-type']", "application/json"),
            ("event['requestContext']['http']['method']", "POST"),
            ("event['requestContext']['http']['path']", "/"),
            ("context.get_remaining_time_in_millis() > 100000", True),
            ("len(context.aws_request_id)", 36),
        ):
            source = f"def lambda_handler(event, context):\n    return {{'insert': [{{'a': {expression}}}], 'hasMore': False}}\n"
            with adapted({"lambda_function.py": source}, file="lambda_function.py") as function:
                self.assertEqual(function.rows(), [{"a": expected}], expression)

    def test_a_function_with_two_parameters_is_a_lambda_under_any_name(self):
        for head, is_lambda in (
            ("def handler(event, context):", True),
            ("def handler(req):", False),
            ("def handler(req, retries=3):", False),
        ):
            first = head.partition("(")[2].partition(",")[0].strip("):")
            source = f"{head}\n    return {{'insert': [{{'a': isinstance({first}, dict)}}], 'hasMore': False}}\n"
            with adapted(source) as function:
                self.assertEqual(function.rows(), [{"a": is_lambda}], head)

    def test_the_schema_is_requested_at_two_paths(self):
        for path in ("/schema", "//schema"):
            source = answering(
                f"if req.path == {path!r}:\n    return {{'schema': {{'orders': {{'primary_key': 'id'}}}}}}\nreturn 'no', 404"
            )
            with adapted(source) as function:
                self.assertEqual(function.schema(), {"orders": (["id"], [])}, path)

    def test_unknown_parts_of_a_schema_are_ignored_and_reported(self):
        source = answering(
            "return {'schema': {'a': {'primaryKey': ['x', 'y'], 'title': 'A', 'fields': [{'id': 'string'},"
            " {'name': 'n', 'type': ['null', {'type': 'string', 'logicalType': 'date'}], 'default': None, 'items': 1}]},"
            " 'b': {'fields': {'c': 'int'}}}}"
        )
        with adapted(source) as function:
            kind = '["null",{"type":"string","logicalType":"date"}]'
            self.assertEqual(function.schema(), {"a": (["x", "y"], [("n", kind)]), "b": ([], [("c", "int")])})
            words = "Weld doesn't know these parts of a, so they are ignored: "
            self.assertIn(f'{words}title, the field {{"id":"string"}}, n.items', function.logged())

    def test_an_invalid_schema_is_an_error_with_the_functions_text(self):
        with adapted(answering("return {'tables': []}")) as function:
            kind, text = function.schema()
            self.assertIn('/schema has no object `schema`: {"tables":[]}', text)


class Keys(unittest.TestCase):
    CHECK = "if req.headers['authorization'].split()[1] != KEY:\n    return 'no', 401\n"
    HEAD = "import os\nKEY = os.environ.get('WELD_AUTH_KEY')\n"

    def test_a_key_that_is_not_configured_is_random_in_each_call(self):
        source = answering(f"{self.CHECK}return {{'insert': [{{'a': KEY}}], 'hasMore': False}}", self.HEAD)
        with adapted(source, key_variable="WELD_AUTH_KEY") as function:
            first, second = function.rows(), function.rows()
            self.assertEqual(len(first[0]["a"]), 32)
            self.assertNotEqual(first, second)

    def test_a_configured_key_is_sent(self):
        source = answering(f"{self.CHECK}return {{'insert': [{{'a': KEY}}], 'hasMore': False}}", self.HEAD)
        with adapted(source, {"WELD_AUTH_KEY": "mine"}, key_variable="WELD_AUTH_KEY") as function:
            self.assertEqual(function.rows(), [{"a": "mine"}])

    def test_a_header_that_is_compared_whole_is_sent_without_a_prefix(self):
        source = answering(
            "if req.headers.get('Authorization') != KEY:\n    return 'no', 401\nreturn {'insert': [], 'hasMore': False}",
            self.HEAD,
        )
        with adapted(source, {"WELD_AUTH_KEY": "Bearer mine"}, key_variable="WELD_AUTH_KEY") as function:
            self.assertEqual(function.rows(), [])

    def test_a_key_in_another_variable_is_an_error_that_names_the_flag(self):
        source = answering(f"{self.CHECK}return {{'insert': [], 'hasMore': False}}", self.HEAD)
        with adapted(source, {"WELD_AUTH_KEY": "mine"}) as function:
            kind, text = function.page()
            self.assertEqual(kind, "misconfigured")
            self.assertIn("--key-variable", text)


class Loading(unittest.TestCase):
    def test_a_module_runs_again_in_each_call_with_the_variables_of_the_call(self):
        source = rows("[COUNT, NAME]", "import os\nCOUNT = 0\nNAME = os.environ['NAME']\n").replace(
            "    return", "    global COUNT\n    COUNT += 1\n    return"
        )
        with adapted(source, {"NAME": "a"}) as function:
            self.assertEqual([function.rows(), function.rows()], [[{"a": [1, "a"]}]] * 2)

    def test_a_login_at_the_top_of_a_module_is_made_in_the_call(self):
        head = f"import requests\nTOKEN = requests.post('{API}/login', data={{'user': 'u'}}).json()['token']\n"
        with adapted(rows("TOKEN", head)) as function:
            function.host.answer("POST", f"{API}/login", json={"token": "t"})
            self.assertEqual(function.rows(), [{"a": "t"}])
            self.assertEqual(function.host.requests[0].body, "user=u")

    def test_time_sleep_is_the_hosts_for_every_form_of_import(self):
        for head, call in (
            ("import time", "time.sleep(2)"),
            ("from time import sleep", "sleep(2)"),
            ("import time as t", "t.sleep(2)"),
        ):
            with adapted(rows(call, head)) as function:
                function.rows()
                self.assertEqual(function.host.sleeps, [2], head)

    def test_own_modules_and_packages_are_found_next_to_the_function(self):
        files = {
            "main.py": rows("[one.NAME, deep.NAME, text(), late()]", "import one\nfrom sub import deep\nfrom sub.deep import text\n")
            + "\ndef late():\n    from other import LATE\n    return LATE\n",
            "one.py": "NAME = 'one'",
            "other.py": "LATE = 'late'",
            "sub/deep.py": "from .base import BASE\nNAME = 'deep'\ndef text():\n    return BASE\n",
            "sub/base.py": "BASE = 'base'",
        }
        with adapted(files) as function:
            self.assertEqual(function.rows(), [{"a": ["one", "deep", "base", "late"]}])

    def test_modules_may_have_the_names_of_pythons_own_and_of_the_component(self):
        files = {
            "app.py": rows("[json.dumps([1]), secrets.token_hex(2) != '', NAME]", "import json, secrets\nfrom own import NAME\n"),
            "json.py": "raise ValueError('not this one')",
            "secrets.py": "raise ValueError('not this one')",
            "own.py": "import json\nNAME = json.loads('2')",
        }
        with adapted(files, file="app.py") as function:
            self.assertEqual([function.rows(), function.rows()], [[{"a": ["[1]", True, 2]}]] * 2)

    def test_random_numbers_differ_from_call_to_call(self):
        with adapted(rows("random.random()", "import random\n")) as function:
            self.assertNotEqual(function.rows(), function.rows())

    def test_print_and_logging_reach_the_log(self):
        source = answering(
            "import logging\nlogging.info('one')\nlogging.getLogger('a').warning('two')\nreturn {'insert': [], 'hasMore': False}"
        )
        with adapted(source) as function:
            function.page()
            self.assertEqual(function.host.logs, [("info", "one"), ("warn", "a: two")])

    def test_a_module_that_fails_without_a_variable_names_it(self):
        for line in ("'Bearer ' + os.environ.get('TOKEN')", "os.environ['TOKEN']", "os.getenv('TOKEN').strip()", "int(os.getenv('TOKEN') or 'x')"):
            with adapted(rows("A", f"import os\nA = {line}\n")) as function:
                kind, text = function.page()
                self.assertEqual((kind, text[:25]), ("misconfigured", "main.py:3 needs TOKEN, wh"), line)

    def test_a_variable_with_a_default_is_not_reported(self):
        with adapted(rows("A + 1", "import os\nA = os.environ.get('TOKEN', 'x')\n")) as function:
            kind, text = function.page()
            self.assertEqual((kind, text), ("other", 'main.py:7: TypeError: can only concatenate str (not "int") to str'))
