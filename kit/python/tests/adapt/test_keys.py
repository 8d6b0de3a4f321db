"""The function's own keys: the places where the source checks them, and the requests that send them."""

import unittest

from weld_adapt.tools import keys, variables
from weld_adapt.tools.reads import Reads

from .harness import adapted
from .scan_case import ScanCase

HEAD = "import os, hmac\n"
OK = "    return {'insert': [], 'hasMore': False}\n"

CHECKS = (
    # The function's check, and: header or ?argument, the text before the key, variable or 'text'.
    ("if req.headers['authorization'].split()[1] != os.environ['K']", ("authorization", "Bearer ", "K")),
    ("if req.headers.get('Authorization') != f\"Bearer {os.environ['K']}\"", ("authorization", "Bearer ", "K")),
    ("if req.headers.get('Authorization') != 'Bearer ' + os.environ['K']", ("authorization", "Bearer ", "K")),
    ("if req.headers.get('Authorization') != 'Bearer %s' % os.getenv('K')", ("authorization", "Bearer ", "K")),
    ("if req.headers.get('Authorization') != f\"ApiKey {os.environ['K']}\"", ("authorization", "ApiKey ", "K")),
    ("if req.headers.get('Authorization', '').replace('Token ', '') != os.environ['K']", ("authorization", "Token ", "K")),
    ("if req.headers.get('Authorization') != os.environ['K']", ("authorization", "", "K")),
    ("if req.authorization.token != os.environ['K']", ("authorization", "Bearer ", "K")),
    ("if req.headers.get('x-api-key') != os.environ['K']", ("x-api-key", "", "K")),
    ("if req.headers['X-Api-Key'] != os.environ['K']", ("x-api-key", "", "K")),
    ("if os.getenv('K') and req.headers.get('X-Api-Key', '') != os.getenv('K')", ("x-api-key", "", "K")),
    ("if not hmac.compare_digest(req.headers.get('X-Key', ''), os.environ['K'])", ("x-key", "", "K")),
    ("if not hmac.compare_digest(req.headers['X-Key'].encode(), os.environ['K'].encode())", ("x-key", "", "K")),
    ("if req.headers.get('x-api-key') not in os.environ['K'].split(',')", ("x-api-key", "", "K")),
    ("if req.args.get('key') != os.environ['K']", ("?key", "", "K")),
    ("if req.args['token'] != os.environ['K']", ("?token", "", "K")),
    ("if req.headers.get('x-api-key') not in {'abc-1': 'a', 'abc-2': 'b'}", ("x-api-key", "", "'abc-1'")),
    ("if req.headers.get('x-api-key') not in {'a': 'abc-1'}.values()", ("x-api-key", "", "'abc-1'")),
    ("if {'abc-1': 'a'}.get(req.headers.get('x-api-key')) is None", ("x-api-key", "", "'abc-1'")),
    ("if not {'abc-1': 'a'}[req.headers['x-api-key']]", ("x-api-key", "", "'abc-1'")),
    ("if req.headers.get('x-api-key') != {'a': os.environ['K']}['a']", ("x-api-key", "", "K")),
    ("if req.headers.get('x-api-key') != 'abc-1'", ("x-api-key", "", "'abc-1'")),
    ("if req.headers.get('x-api-key') not in ('abc-1', 'abc-2')", ("x-api-key", "", "'abc-1'")),
    ("if req.args.get('key') != 'abc-1'", ("?key", "", "'abc-1'")),
    ("if req.headers.get('Authorization') != 'Bearer abc-1'", ("authorization", "", "'Bearer abc-1'")),
    ("if req.headers.get('Authorization', '')[7:] != 'abc-1'", ("authorization", "Bearer ", "'abc-1'")),
)
NO_CHECKS = (
    "if req.headers.get('content-type') != 'application/json'",
    "if req.headers.get('authorization', '').split()[0] != 'Bearer'",
    "if req.headers.get('X-Forwarded-Proto') != 'https'",
    "if req.args.get('table') == 'orders'",
    "if req.args.get('page_token') == 'last'",
    "if 'signature=' in req.headers.get('authorization', '')",
    "if os.environ['K'] in req.headers.get('x-note', '')",
    "if requests.get('u').json()['headers']['authorization'] == os.environ['K']",
    "if req.get_json()['state'].get('token') == os.environ['K']",
    "if requests.get('u').headers.get('x-token') == os.environ['K']",
    "if req.headers.get('x-sign') != hmac.new(os.environ['K'].encode(), req.data, 'sha256').hexdigest()",
)
IN_OTHER_FILES = (
    {
        "main.py": "from auth import check\ndef handler(r):\n    check(r)",
        "auth.py": "import os\ndef check(request):\n    return request.headers.get('x-api-key') == os.environ['K']",
    },
    {
        "main.py": "import auth\ndef handler(r):\n    auth.verify(r.headers.get('x-api-key'))",
        "auth.py": "from config import KEY\nimport hmac\ndef verify(key):\n    return hmac.compare_digest(key, KEY)",
        "config.py": "import os\nKEY = os.environ['K']",
    },
    {
        "main.py": "from lib import auth\ndef handler(r):\n    auth.verify(r)",
        "lib/auth.py": "from .conf import Settings\ndef verify(request):\n    return request.headers['x-api-key'] == Settings.KEY",
        "lib/conf.py": "import os\nclass Settings:\n    KEY = os.environ['K']",
    },
    {
        "main.py": "from lib import verify\ndef handler(r):\n    verify(r.headers['x-api-key'])",
        "lib/__init__.py": "from .auth import verify",
        "lib/auth.py": "from .conf import KEY\ndef verify(key):\n    return key == KEY",
        "lib/conf.py": "import os\nKEY = os.environ['K']",
    },
    {"main.py": "import config\ndef handler(r):\n    if r.headers.get('x-api-key') != config.KEY: pass", "config.py": "import os\nKEY = os.environ['K']"},
)


BASIC = (
    "def handler(req):\n    auth = req.authorization\n"
    "    if not auth or req.authorization.username != os.environ['U'] or req.authorization.password != os.environ['P']:\n        return 'no', 401\n",
    "def handler(req):\n    a = req.authorization\n    if not a or a.username != os.environ['U'] or a.password != os.environ['P']:\n        return 'no', 401\n",
    "import base64\ndef handler(req):\n    pair = base64.b64decode(req.headers['authorization'].replace('Basic ', '')).decode()\n"
    "    user, _, password = pair.partition(':')\n    if user != os.environ['U'] or password != os.environ['P']:\n        return 'no', 401\n",
    "import base64\nUSERS = {os.environ['U']: os.environ['P']}\ndef handler(req):\n"
    "    user, password = base64.b64decode(req.headers['authorization'].split()[1]).decode().split(':')\n"
    "    if USERS.get(user) != password:\n        return 'no', 401\n",
)
DECORATED = (
    "def need(header):\n    def made(f):\n        def inner(request):\n"
    "            if not hmac.compare_digest(request.headers.get(header, ''), os.environ['K']):\n                return 'no', 401\n"
    "            return f(request)\n        return inner\n    return made\n@need('x-my-key')\ndef handler(req):\n"
)


def body(check):
    return f"{HEAD}def handler(req):\n    {check}:\n        return 'no', 401\n{OK}"


class Found(ScanCase):
    def checks(self, files, named=None):
        scan = self.scan(files)
        reads = Reads(scan)
        found = keys.checks(scan, reads, variables.find(scan, reads), named)
        return [(one.header or f"?{one.argument}", one.prefix, one.variable or repr(one.text)) for one in found]

    def test_header_or_argument_and_variable_of_a_check_are_found(self):
        for check, expected in CHECKS:
            self.assertEqual(self.checks(body(check)), [expected], check)

    def test_values_are_followed_through_names(self):
        for text in (
            "def handler(req):\n    auth = req.headers.get('Authorization', '')\n    if not auth.startswith('Bearer ') or auth[7:] != os.environ['K']: pass",
            "def handler(req):\n    scheme, _, token = req.headers['authorization'].partition(' ')\n    if scheme != 'Bearer' or token != os.environ['K']: pass",
            "KEY = os.environ.get('K', 'dev')\ndef handler(req):\n    got = req.headers['authorization']\n    if got.split()[1] != KEY: pass",
            "def lambda_handler(event, context):\n    h = {k.lower(): v for k, v in event['headers'].items()}\n    if h.get('authorization') != f\"Bearer {os.environ['K']}\": pass",
            "def own(req):\n    return req.headers['authorization'][7:]\ndef handler(req):\n    if own(req) != os.environ['K']: pass",
            "class C:\n    def __init__(self):\n        self.key = os.environ['K']\n    def ok(self, request):\n        return request.headers['authorization'][7:] == self.key\ndef handler(r): C().ok(r)",
            "def auth(f):\n    def inner(request):\n        if request.headers['authorization'][7:] != os.environ['K']: return\n        return f(request)\n    return inner\n@auth\ndef handler(request): pass",
            "from flask import request as rq\ndef handler(_):\n    if rq.headers['authorization'][7:] == os.environ['K']: pass",
        ):
            self.assertEqual(self.checks(HEAD + text), [("authorization", "Bearer ", "K")], text)
        for text in (
            "def lambda_handler(event, context):\n    q = event.get('queryStringParameters') or {}\n    if q.get('key') != os.environ['K']: pass",
            "def handler(req):\n    args = req.args\n    if args['key'] != os.environ['K']: pass",
        ):
            self.assertEqual(self.checks(HEAD + text), [("?key", "", "K")], text)

    def test_a_check_in_another_file_is_found(self):
        for files in IN_OTHER_FILES:
            self.assertEqual(self.checks(files), [("x-api-key", "", "K")], files)

    def test_several_keys_are_all_found(self):
        either = "if (req.headers.get('x-api-key') or req.args.get('key')) != os.environ['K']"
        self.assertEqual(sorted(self.checks(body(either))), [("?key", "", "K"), ("x-api-key", "", "K")])
        both = "if req.headers['x-id'] != os.environ['I'] or req.headers['x-secret'] != os.environ['S']"
        self.assertEqual(sorted(self.checks(body(both))), [("x-id", "", "I"), ("x-secret", "", "S")])

    def test_comparisons_of_other_values_are_not_checks(self):
        for check in NO_CHECKS:
            self.assertEqual(self.checks(body(check)), [], check)
        self.assertEqual(self.checks(HEAD + "A = os.environ['API_KEY']\ndef handler(req): return {'Authorization': A}"), [])

    def test_a_variable_named_by_the_author_counts_even_without_a_comparison(self):
        self.assertEqual(self.checks("import os\nA = os.environ['K']\ndef handler(req): pass", "K"), [("authorization", "Bearer ", "K")])
        two = "if req.headers['x-id'] != os.environ['I'] or req.headers['x-secret'] != os.environ['S']"
        self.assertEqual(self.checks(body(two), "S"), [("x-secret", "", "S"), ("x-id", "", "I")])
        other = "if req.headers['x-key'] != os.environ['A'] and req.headers['x-key'] != os.environ['B']"
        self.assertEqual(self.checks(body(other)), [("x-key", "", "A")])
        self.assertEqual(self.checks(body(other), "B"), [("x-key", "", "B")])
        usual = "A = os.environ['WELD_AUTH_KEY']\ndef handler(req): pass"
        self.assertEqual(self.checks(HEAD + usual), [("authorization", "Bearer ", "WELD_AUTH_KEY")])

    def test_own_keys_are_neither_variables_to_set_nor_credentials(self):
        found = self.found(
            "import os\ndef handler(req):\n    want = f\"Bearer {os.environ['K']}\"\n    if req.headers['Authorization'] != want: pass\n"
            "    h = {'Authorization': f\"Bearer {os.environ['API']}\"}\n    g = {'Authorization': 'Bearer ' + os.environ['OTHER']}\n"
        )
        self.assertEqual([one["name"] for one in found["variables"]], ["API", "OTHER"])
        self.assertEqual((found["key_variable"], found["key_place"]), ("K", "the header authorization"))
        self.assertEqual(len(found["hints"]), 2, found["hints"])
        self.assertIn('[auth.api]\n', found["hints"][0])
        self.assertIn('token = { env = "API" }', found["hints"][0])
        self.assertIn('[auth.api-2]\n', found["hints"][1])

    def test_a_key_in_the_source_is_reported_but_not_shown(self):
        found = self.found(body("if req.headers.get('x-api-key') != 'abc-1'"))
        self.assertIn("main.py:3: the key that the function expects in the header x-api-key is in its source", found["notes"][0])
        self.assertNotIn("abc-1", str(found))
        self.assertIsNone(found["key_variable"])


    def test_user_and_password_of_basic_authentication_are_found(self):
        for text in BASIC:
            self.assertEqual(
                sorted(self.checks(HEAD + text)), [("authorization", "", "P"), ("authorization", "", "U")], text
            )

    def test_a_header_that_a_decorator_names_is_found(self):
        self.assertEqual(self.checks(HEAD + DECORATED + OK), [("x-my-key", "", "K")])


class Sent(unittest.TestCase):
    def test_the_function_gets_its_key_at_the_place_of_its_check(self):
        for check, _ in CHECKS:
            for env in ({}, {"K": "mine"}):
                with adapted(body(check), env, key_variable=None) as function:
                    self.assertEqual(function.rows(), [], (check, env))

    def test_checks_of_basic_authentication_and_of_decorators_pass(self):
        for text in (*BASIC, DECORATED):
            with adapted(HEAD + text + OK, key_variable=None) as function:
                self.assertEqual(function.rows(), [], text)

    def test_a_function_with_two_keys_gets_both(self):
        check = "if req.headers['x-id'] != os.environ['I'] or req.args['secret'] != os.environ['S']"
        for named in (None, "I", "S"):
            with adapted(body(check), key_variable=named) as function:
                self.assertEqual(function.rows(), [], named)

    def test_a_lambda_gets_its_key_too(self):
        for check in (
            "if event['headers']['x-api-key'] != os.environ['K']",
            "if event['headers'].get('authorization') != 'Bearer ' + os.environ['K']",
            "if event['queryStringParameters']['key'] != os.environ['K'] or event['rawQueryString'][:4] != 'key='",
        ):
            source = f"{HEAD}def lambda_handler(event, context):\n    {check}:\n        return {{'statusCode': 401}}\n{OK}"
            with adapted({"lambda_function.py": source}, file="lambda_function.py", key_variable=None) as function:
                self.assertEqual(function.rows(), [], check)

    def test_a_check_in_another_file_passes(self):
        for files in IN_OTHER_FILES:
            text = files["main.py"].replace("    if r", "    assert not r").replace(": pass", "")
            given = {**files, "main.py": text.replace("    check(", "    assert check(").replace("    auth.", "    assert auth.") + "\n" + OK}
            given["main.py"] = given["main.py"].replace("    verify(", "    assert verify(")
            given["main.py"] = given["main.py"].replace("assert not r.headers.get('x-api-key') !=", "assert r.headers.get('x-api-key') ==")
            with adapted(given, key_variable=None) as function:
                self.assertEqual(function.rows(), [], given)

    def test_a_request_without_a_key_as_argument_has_no_query(self):
        with adapted(body("if req.headers['x-api-key'] != os.environ['K'] or req.full_path != '/?'"), key_variable=None) as function:
            self.assertEqual(function.rows(), [])
