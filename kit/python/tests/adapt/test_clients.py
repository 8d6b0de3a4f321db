"""Requests of functions, which are the same as on their own platform, but are sent through the host."""

import sys
import unittest

from weld_adapt.clients import as_requests
from weld_adapt.tools import stand_ins

from .harness import API, adapted, answering


def rows(expression, head="import requests\n", before=""):
    return answering(f"{before}\nreturn {{'insert': [{{'a': {expression}}}], 'hasMore': False}}", head)


class RequestsStandIn(unittest.TestCase):
    def test_requests_are_the_same_as_those_of_the_package(self):
        url = f"{API}/a"
        for call, method, params, body, headers in (
            (f"get('{url}', params={{'b': [1, 2], 'c': None}})", "GET", {"b": "2"}, None, {}),
            (f"get('{url}?b=1', params={{'b': 2}})", "GET", {"b": "2"}, None, {}),
            (f"get('{url}', headers={{'X-A': '1', 'User-Agent': None}})", "GET", {}, None, {"x-a": "1"}),
            (f"get('{url}', auth=('u', 'p'))", "GET", {}, None, {"authorization": "Basic dTpw"}),
            (f"get('{url}', auth=requests.auth.HTTPBasicAuth('u', 'p'))", "GET", {}, None, {"authorization": "Basic dTpw"}),
            (f"post('{url}', data={{'a': 'b c'}})", "POST", {}, "a=b+c", {"content-type": "application/x-www-form-urlencoded"}),
            (f"post('{url}', data='text')", "POST", {}, "text", {}),
            (f"post('{url}', json={{'a': 1}})", "POST", {}, '{"a": 1}', {"content-type": "application/json"}),
            (f"put('{url}', data=b'x')", "PUT", {}, b"x", {}),
            (f"patch('{url}')", "PATCH", {}, None, {}),
            (f"delete('{url}')", "DELETE", {}, None, {}),
            (f"request('get', '{url}', timeout=(3, 27), verify=True, stream=True, cookies={{'k': 'v'}})", "GET", {}, None, {"cookie": "k=v"}),
        ):
            with adapted(rows(f"requests.{call}.status_code")) as function:
                function.host.answer(method, url)
                self.assertEqual(function.rows(), [{"a": 200}], call)
                sent = function.host.requests[0]
                self.assertEqual((sent.params, sent.body), (params, body), call)
                for name, value in headers.items():
                    self.assertEqual(sent.headers[name], value, call)
                if "timeout" in call:
                    self.assertEqual(sent.timeout, 30)

    def test_the_response_has_everything_that_functions_read(self):
        for expression, expected in (
            ("r.json()", {"b": 0.1}),
            ("json.loads(r.text)", {"b": 0.1}),
            ("json.loads(r.content)", {"b": 0.1}),
            ("r.headers['X-RATE']", "5"),
            ("r.headers.get('x-none')", None),
            ("r.ok and bool(r)", True),
            ("r.reason", "OK"),
            ("r.url", f"{API}/a"),
            ("r.elapsed.total_seconds() >= 0", True),
            ("r.cookies['k']", "v"),
            ("r.cookies.get_dict()", {"k": "v"}),
            ("b''.join(r.iter_content(4)).decode()", '{"b":0.1}'),
            ("[line.decode() for line in r.iter_lines()]", ['{"b":0.1}']),
            ("r.raw.read().decode()", '{"b":0.1}'),
            ("r.request.method", "GET"),
            ("r.request.headers['Accept']", "*/*"),
            ("r.encoding", None),
            ("r.raise_for_status()", None),
            ("requests.codes.ok == r.status_code", True),
            ("requests.codes['too_many_requests']", 429),
        ):
            with adapted(rows(expression, "import requests, json\n", f"r = requests.get('{API}/a')")) as function:
                function.host.answer("GET", f"{API}/a", json={"b": 0.1}, headers={"x-rate": "5", "set-cookie": "k=v; Path=/"})
                self.assertEqual(function.rows(), [{"a": expected}], expression)

    def test_a_session_keeps_headers_and_cookies_within_a_page(self):
        before = (
            "s = requests.Session()\ns.headers.update({'X-A': '1'})\ns.auth = ('u', 'p')\n"
            "s.mount('https://', requests.adapters.HTTPAdapter(max_retries=3))\n"
            f"s.get('{API}/login')\nr = s.get('{API}/a/b', params={{'c': 1}})"
        )
        with adapted(rows("r.text", before=before)) as function:
            function.host.answer("GET", f"{API}/login", headers={"Set-Cookie": "sid=7; Path=/; HttpOnly"})
            function.host.answer("GET", f"{API}/a/b", text="ok")
            self.assertEqual(function.rows(), [{"a": "ok"}])
            sent = function.host.requests[1].headers
            self.assertEqual((sent["cookie"], sent["x-a"], sent["authorization"]), ("sid=7", "1", "Basic dTpw"))

    def test_redirects_keep_the_credential_only_within_their_origin(self):
        before = f"r = requests.post('{API}/a', data='x', headers={{'Authorization': 'Bearer t'}})"
        with adapted(rows("[r.url, len(r.history)]", before=before)) as function:
            function.host.answer("POST", f"{API}/a", status=302, headers={"Location": "/b"})
            function.host.answer("GET", f"{API}/b", status=307, headers={"Location": "https://other.example.com/c"})
            function.host.answer("GET", "https://other.example.com/c")
            self.assertEqual(function.rows(), [{"a": ["https://other.example.com/c", 2]}])
            auth = ["authorization" in sent.headers for sent in function.host.requests]
            self.assertEqual(auth, [True, True, False])

    def test_redirects_are_limited_by_the_session(self):
        before = f"s = requests.Session()\ns.max_redirects = 2\nr = s.get('{API}/a')"
        for path, words in (("a", "TooManyRedirects"), ("b", None)):
            with adapted(rows("r.text", before=before.replace("com/a", f"com/{path}"))) as function:
                for step, to in (("a", "b"), ("b", "c"), ("c", "d")):
                    function.host.answer("GET", f"{API}/{step}", status=302, headers={"Location": f"/{to}"})
                function.host.answer("GET", f"{API}/d", text="end")
                answer = function.rows()
                self.assertEqual(answer == [{"a": "end"}], words is None, answer)
                if words:
                    self.assertEqual(answer[0], "upstream")

    def test_exceptions_are_caught_by_their_usual_names(self):
        for case, value, name in (
            ("timeout", None, "requests.exceptions.Timeout"),
            ("timeout", None, "requests.ReadTimeout"),
            ("failed", "no route", "requests.ConnectionError"),
            ("failed", "no route", "requests.exceptions.RequestException"),
            ("denied", "no rule", "requests.exceptions.ConnectionError"),
        ):
            source = answering(
                f"try:\n    requests.get('{API}/a')\nexcept {name}:\n    return {{'insert': [], 'hasMore': False}}",
                "import requests\n",
            )
            with adapted(source) as function:
                function.host.refuse("GET", f"{API}/a", case, value)
                self.assertEqual(function.rows(), [], name)

    def test_an_uncaught_exception_is_the_contracts_error(self):
        for status, headers, kind in (
            (401, {}, "unauthorized"),
            (403, {}, "unauthorized"),
            (404, {}, "upstream"),
            (429, {"retry-after": "2"}, "rate-limited"),
            (500, {}, "upstream"),
        ):
            with adapted(rows("r.json()", before=f"r = requests.get('{API}/a')\nr.raise_for_status()")) as function:
                function.host.answer("GET", f"{API}/a", status=status, headers=headers, text="the API's words")
                self.assertEqual(function.rows()[0], kind, status)
        with adapted(rows("e.response.json()", before=f"try:\n    requests.get('{API}/a').raise_for_status()\nexcept requests.HTTPError as error:\n    e = error")) as function:
            function.host.answer("GET", f"{API}/a", status=400, json={"why": 1})
            self.assertEqual(function.rows(), [{"a": {"why": 1}}])

    def test_an_error_names_the_request_that_failed_before(self):
        wrapped = f"try:\n    requests.get('{API}/a?t=1').raise_for_status()\nexcept requests.HTTPError as error:\n    raise RuntimeError('cannot load') from error"
        with adapted(rows("1", before=wrapped)) as function:
            function.host.answer("GET", f"{API}/a", status=404)
            kind, words = function.rows()
            self.assertEqual(kind, "other")
            self.assertTrue(words.endswith(f"RuntimeError: cannot load (before that, GET {API}/a answered 404)"), words)
        with adapted(answering("requests.get('https://api.example.com/a')\nreturn {'error': 'sorry'}, 500", "import requests\n")) as function:
            function.host.answer("GET", f"{API}/a", status=403)
            self.assertIn(f"sorry\"}} (before that, GET {API}/a answered 403)", function.rows()[1].replace("'", '"'))
        with adapted(rows("1", before="raise RuntimeError('own')")) as function:
            self.assertTrue(function.rows()[1].endswith("RuntimeError: own"))

    def test_a_setting_without_effect_is_logged_once(self):
        with adapted(rows("r.status_code", before=f"r = requests.get('{API}/a', verify=False)\nrequests.get('{API}/a', verify=False)")) as function:
            function.host.answer("GET", f"{API}/a")
            self.assertEqual(function.rows(), [{"a": 200}])
            words = "verify has no effect, because the host decides it: set roots in the section [network]"
            self.assertEqual(function.logged().count(words), 1)

    def test_it_has_all_names_of_its_list(self):
        with adapted(answering("return {}", "import requests\n")):
            for name in sorted(stand_ins.REQUESTS):
                found = sys.modules["requests"]
                for part in name.split("."):
                    self.assertTrue(hasattr(found, part), name)
                    found = getattr(found, part)
            for name in sorted(stand_ins.URLLIB3):
                module, _, last = f"urllib3.{name}".rpartition(".")
                self.assertTrue(hasattr(sys.modules[module], last), name)
            self.assertTrue(issubclass(sys.modules["requests.exceptions"].ConnectTimeout, as_requests.exceptions.Timeout))


class OtherClients(unittest.TestCase):
    """Each test runs in its own process, because the routes replace Python's own clients."""

    def run_with_routes(self, head, before, expression, **answer):
        import json
        import subprocess

        program = (
            "import http.client, urllib.request, sys, json\n"
            "from weld_connector.testing import FakeHost\n"
            "from weld_adapt import _routes\n"
            "_routes.install()\n"
            f"{head}\n"
            "with FakeHost() as host:\n"
            f"    host.answer({answer.pop('method', 'GET')!r}, '{API}/a', **{answer!r})\n"
            + "".join(f"    {line}\n" for line in before.splitlines())
            + f"    print(json.dumps([{expression}, [host.requests[0].params, dict(host.requests[0].headers)]]))\n"
        )
        ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
        self.assertEqual(ended.returncode, 0, ended.stderr)
        return json.loads(ended.stdout)

    def test_urllib_request_sends_through_the_host(self):
        value, (params, headers) = self.run_with_routes(
            "from urllib.request import Request, urlopen",
            f"r = urlopen(Request('{API}/a?b=1', headers={{'Authorization': 'Bearer t'}}), timeout=5)",
            "[r.status, r.read().decode(), r.headers['x-a']]",
            text="ok",
            headers={"X-A": "1"},
        )
        self.assertEqual(value, [200, "ok", "1"])
        self.assertEqual((params, headers["Authorization"]), ({"b": "1"}, "Bearer t"))

    def test_urllib_raises_http_errors_with_their_bodies(self):
        value, _ = self.run_with_routes(
            "import urllib.error, urllib.request",
            f"try:\n    urllib.request.urlopen('{API}/a')\nexcept urllib.error.HTTPError as error:\n    r = error",
            "[r.code, r.read().decode()]",
            status=404,
            text="gone",
        )
        self.assertEqual(value, [404, "gone"])

    def test_an_uncaught_error_of_urllib_is_the_contracts_error(self):
        for status, headers, kind in (
            (401, {}, "Unauthorized"),
            (403, {}, "Unauthorized"),
            (403, {"retry-after": "2"}, "RateLimited"),
            (404, {}, "Upstream"),
            (429, {"retry-after": "2"}, "RateLimited"),
            (500, {}, "Upstream"),
        ):
            value, _ = self.run_with_routes(
                "import urllib.error, urllib.request\nfrom weld_adapt import _refused",
                f"try:\n    urllib.request.urlopen('{API}/a', data=b'x')\nexcept urllib.error.HTTPError as error:\n    r = _refused.of_urllib(error)",
                "[type(r).__name__, getattr(r, 'wait', None), str(r)]",
                method="POST",
                status=status,
                headers=headers,
                text="the API's words",
            )
            self.assertEqual(value[0], kind, status)
            if kind != "RateLimited":
                self.assertEqual(value[2], f"POST {API}/a is {status}: the API's words")

    def test_urllib_posts(self):
        value, (_, headers) = self.run_with_routes(
            "import urllib.request, urllib.parse",
            f"r = urllib.request.urlopen('{API}/a', data=urllib.parse.urlencode({{'a': 1}}).encode())",
            "[host.requests[0].method, host.requests[0].body.decode()]",
            method="POST",
        )
        self.assertEqual(value, ["POST", "a=1"])

    def test_http_client_sends_through_the_host(self):
        value, (params, headers) = self.run_with_routes(
            "import http.client",
            "c = http.client.HTTPSConnection('api.example.com', timeout=3)\n"
            "c.request('GET', '/a?b=2', headers={'X-A': '1'})\nr = c.getresponse()",
            "[r.status, r.read().decode(), r.getheader('x-b')]",
            text="ok",
            headers={"X-B": "2"},
        )
        self.assertEqual((value, params, headers["X-A"]), ([200, "ok", "2"], {"b": "2"}, "1"))
