import json
import unittest
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from email.utils import format_datetime

import weld_connector as weld
from weld_connector import Connector, Page, _host, requests
from weld_connector.requests.exceptions import from_refusal, retry_after
from weld_connector.requests.models import CaseInsensitiveDict, Response
from weld_connector.testing import FakeHost

API = "https://api.example.com/v1"


class Sent(unittest.TestCase):
    def send(self, method, *arguments, session=None, **how):
        with FakeHost() as host:
            for path in ["", "/orders"]:
                host.answer(method, API + path, json=[])
            (session or requests.Session()).request(method, *arguments, **how)
        return host.requests[0]

    def test_parameters_are_added_to_the_url(self):
        for params, expected in [
            ({"page": 2, "q": "ü &", "none": None}, {"page": "2", "q": "ü &"}),
            ([("a", 1), ("b", True)], {"a": "1", "b": "True"}),
            ("raw=1", {"raw": "1"}),
            (None, {}),
        ]:
            self.assertEqual(
                self.send("GET", f"{API}/orders?in=url#part", params=params).params, {"in": "url", **expected}
            )
        with FakeHost() as host:
            host.answer("GET", "https://api.example.com", json=[])
            self.assertEqual(
                requests.get("https://api.example.com", params={"a": [1, 2]}).url, "https://api.example.com/?a=1&a=2"
            )

    def test_bodies_come_with_their_type(self):
        form = "application/x-www-form-urlencoded"
        for how, body, content_type in [
            ({"json": {"a": Decimal("1.10")}}, '{"a":1.10}', "application/json"),
            ({"json": []}, "[]", "application/json"),
            ({"json": [], "headers": {"content-type": "application/vnd.api+json"}}, "[]", "application/vnd.api+json"),
            ({"data": {"a": "1 2", "b": [1, 2]}}, "a=1+2&b=1&b=2", form),
            ({"data": [("a", 1)]}, "a=1", form),
            ({"data": "text"}, "text", None),
            ({"data": b"\xff"}, b"\xff", None),
            ({}, None, None),
        ]:
            sent = self.send("POST", f"{API}/orders", **how)
            self.assertEqual((sent.body, sent.headers.get("content-type")), (body, content_type))
        with self.assertRaisesRegex(TypeError, "data is an int"):
            self.send("POST", f"{API}/orders", data=1)

    def test_a_session_s_settings_are_those_of_each_request(self):
        session = requests.Session(
            base=API,
            headers={"X-One": "1", "X-Two": "2"},
            params={"key": "k", "size": 50},
            auth=("Ada", "löve"),
            timeout=30,
            credential="shop",
        )
        sent = self.send(
            "GET", "/orders", session=session, params={"size": None}, headers={"x-two": None, "X-Three": "3"}
        )
        self.assertEqual((sent.url, sent.params), (f"{API}/orders", {"key": "k"}))
        self.assertEqual(dict(sent.headers), {"X-One": "1", "X-Three": "3", "Authorization": "Basic QWRhOmzDtnZl"})
        self.assertEqual((sent.timeout, sent.credential, sent.idempotent), (30, "shop", None))
        sent = self.send("POST", "orders", session=session, timeout=(1, 2.5), credential="other", idempotent=True)
        self.assertEqual(
            (sent.url, sent.timeout, sent.credential, sent.idempotent), (f"{API}/orders", 3.5, "other", True)
        )
        self.assertEqual(self.send("GET", f"{API}/orders", session=session).url, f"{API}/orders")
        self.assertEqual(self.send("GET", "", session=session).url, API)

    def test_wrong_arguments_are_refused(self):
        for how, error, message in [
            ({"auth": "token"}, TypeError, "auth is a pair of strings"),
            ({"timeout": -1}, ValueError, "timeout is -1"),
            ({"timeout": 0}, ValueError, "timeout is 0"),
            ({"timeout": "1"}, TypeError, "timeout is a str"),
            ({"headers": {"X-Page": 1}}, TypeError, "the header X-Page is an int, not a string"),
            ({"verify": False}, TypeError, r"verify can't be set: .*roots.*\[network\]"),
            ({"files": {}}, TypeError, "files can't be set"),
            ({"jsn": {}}, TypeError, "unexpected keyword argument 'jsn'"),
        ]:
            with self.subTest(how=how), self.assertRaisesRegex(error, message):
                self.send("GET", f"{API}/orders", **how)
        self.send("GET", f"{API}/orders", verify=True, stream=False, proxies=None)
        for url in ["orders", "", "ftp://example.com/", "https://", "https://[::1", "http://a:b/", None]:
            with self.subTest(url=url), self.assertRaises(requests.InvalidURL):
                self.send("GET", url)

    def test_every_method_has_its_function(self):
        for of in [requests, requests.Session()]:
            for method in ["get", "post", "put", "patch", "delete", "head", "options"]:
                with FakeHost() as host:
                    host.answer(method, API)
                    self.assertTrue(getattr(of, method)(API).ok)
                self.assertEqual(host.requests[0].method, method.upper())


class Redirects(unittest.TestCase):
    def follow(self, status, location, method="GET", **how):
        with FakeHost() as host:
            host.answer(method, f"{API}/old", status=status, headers={"Location": location})
            host.answer("GET", "https://api.example.com:443/v1/new", text="new")
            for then in ["GET", "POST", "HEAD"]:
                host.answer(then, f"{API}/new", text="new")
                host.answer(then, "https://elsewhere.example.com/new", text="new")
            response = requests.request(method, f"{API}/old", auth=("user", "pass"), **how)
        return response, host.requests

    def test_a_redirect_is_followed(self):
        response, sent = self.follow(302, "new#part")
        self.assertEqual(
            (response.text, response.url, [r.status_code for r in response.history]), ("new", f"{API}/new", [302])
        )
        self.assertIn("authorization", sent[1].headers)

    def test_the_method_becomes_get_where_the_status_says_so(self):
        for status, method, expected in [
            (301, "POST", "GET"),
            (302, "POST", "GET"),
            (303, "POST", "GET"),
            (307, "POST", "POST"),
            (308, "POST", "POST"),
            (303, "HEAD", "HEAD"),
        ]:
            how = {"json": {"a": 1}} if method == "POST" else {"allow_redirects": True}
            _, sent = self.follow(status, "/v1/new", method, **how)
            self.assertEqual(sent[1].method, expected, status)
            self.assertEqual(sent[1].body, '{"a":1}' if expected == "POST" else None)
            self.assertEqual("content-type" in sent[1].headers, expected == "POST")

    def test_secrets_do_not_go_to_another_origin(self):
        how = {"headers": {"Cookie": "a=b", "X-Other": "1"}, "credential": "shop"}
        _, sent = self.follow(307, "https://elsewhere.example.com/new", **how)
        self.assertEqual((dict(sent[1].headers), sent[1].credential), ({"X-Other": "1"}, None))
        _, sent = self.follow(307, "https://api.example.com:443/v1/new", **how)
        self.assertEqual(sent[1].credential, "shop")
        self.assertIn("cookie", sent[1].headers)

    def test_a_redirect_is_left_alone_where_that_is_wished_or_usual(self):
        response, sent = self.follow(302, "new", allow_redirects=False)
        self.assertEqual((response.status_code, response.is_redirect, len(sent)), (302, True, 1))
        with FakeHost() as host:
            host.answer("HEAD", API, status=302, headers={"Location": "/"})
            self.assertEqual(requests.head(API).status_code, 302)

    def test_redirects_without_end_have_one(self):
        with FakeHost() as host, self.assertRaises(requests.TooManyRedirects):
            host.answer("GET", API, status=302, headers={"Location": API})
            requests.get(API)
        self.assertEqual(len(host.requests), 31)

    def test_a_redirect_to_nowhere_is_an_invalid_url(self):
        with self.assertRaises(requests.InvalidURL):
            self.follow(302, "ftp://example.com/")


class Responses(unittest.TestCase):
    def response(self, body="", content_type=None, status=200, **headers):
        pairs = [(name.replace("_", "-"), value) for name, value in headers.items()]
        if content_type:
            pairs.append(("content-type", content_type))
        return Response(status, pairs, body, f"{API}/orders?api_key=k")

    def test_text_has_the_charset_of_the_header(self):
        for body, content_type, expected in [
            ("ü", None, "ü"),
            ("ü", "text/plain; charset=UTF-8", "ü"),
            ("Ã¼", 'text/plain; charset="UTF-8"', "Ã¼"),
            (b"\xfc", "text/plain; charset=ISO-8859-1", "ü"),
            (b"\x80", "text/plain;charset=windows-1252", "€"),
            (b"\xfc", None, "ü"),
            ("ü".encode("utf-16"), "text/plain; charset=utf-16", "ü"),
            (b"a\xff", "text/plain; charset=utf-8", "a\ufffd"),
            (b"a\xff", "text/plain; charset=x-unknown", "a\ufffd"),
        ]:
            self.assertEqual(self.response(body, content_type).text, expected, content_type)

    def test_content_is_the_body_s_bytes(self):
        self.assertEqual(self.response("ü").content, "ü".encode())
        self.assertEqual(self.response(b"\xff").content, b"\xff")

    def test_json_is_read_in_each_encoding(self):
        for body in ['{"a": 1}', '\ufeff{"a": 1}', '{"a": 1}'.encode("utf-16"), '{"a": 1}'.encode("utf-32")]:
            self.assertEqual(self.response(body).json(), {"a": 1})
        self.assertEqual(self.response("1.10").json(parse_float=Decimal), Decimal("1.10"))

    def test_what_is_not_json_is_quoted(self):
        for body in ["<h1>\n Sorry </h1>", b"\xff\xfe\xfd", "9" * 5000]:
            with self.assertRaises(requests.JSONDecodeError) as raised:
                self.response(body).json()
            self.assertIn("is not JSON", str(raised.exception))
            for kind in [ValueError, json.JSONDecodeError, requests.RequestException]:
                self.assertIsInstance(raised.exception, kind)
        with self.assertRaisesRegex(
            requests.JSONDecodeError, "GET https://api.example.com/v1/orders is not JSON .*<h1> Sorry </h1>$"
        ):
            self.response("<h1>\n Sorry </h1>").json()

    def test_a_bad_status_raises_without_the_query(self):
        for status, ok in [(200, True), (302, True), (399, True), (400, False), (599, False)]:
            response = self.response("words " * 100, status=status)
            self.assertEqual((response.ok, bool(response)), (ok, ok))
            if ok:
                response.raise_for_status()
                continue
            with self.assertRaises(requests.HTTPError) as raised:
                response.raise_for_status()
            self.assertIs(raised.exception.response, response)
            self.assertIn(f"GET https://api.example.com/v1/orders is {status}", str(raised.exception))
            self.assertNotIn("api_key", str(raised.exception))
            self.assertLess(len(str(raised.exception)), 300)

    def test_a_message_shows_no_user_of_a_url(self):
        with self.assertRaisesRegex(requests.HTTPError, "GET https://api.example.com/ is 500"):
            Response(500, [], "", "https://ada:secret@api.example.com/").raise_for_status()

    def test_headers_have_no_case(self):
        response = self.response(x_one="1", X_ONE="2")
        self.assertEqual((response.headers["X-One"], response.headers.get("none")), ("1, 2", None))
        headers = CaseInsensitiveDict({"Accept": "a"})
        headers["ACCEPT"] = "b"
        self.assertEqual((headers, dict(headers)), ({"accept": "b"}, {"ACCEPT": "b"}))
        del headers["accept"]
        self.assertEqual(len(headers), 0)

    def test_links_are_read_by_relation(self):
        link = '<?page=2>; rel="next last"; title="a, b; c", <https://example.com/a,b>;rel=prev, <c>; title=x'
        links = self.response(link=link).links
        self.assertEqual(links["next"]["url"], f"{API}/orders?page=2")
        self.assertEqual(links["last"]["title"], "a, b; c")
        self.assertEqual(links["prev"]["url"], "https://example.com/a,b")
        self.assertEqual(links[f"{API}/c"]["title"], "x")
        self.assertEqual(self.response().links, {})


class Uncaught(unittest.TestCase):
    def error(self, status=None, case=None, value=None, headers=None):
        class Asks(Connector):
            def fetch_page(self, table, state):
                response = requests.get(API)
                response.raise_for_status()
                return Page(response.json())

        with FakeHost() as host, self.assertRaises(weld.ConnectorError) as raised:
            if case:
                host.refuse("GET", API, case, value)
            else:
                host.answer("GET", API, status=status, text="words", headers=headers)
            host.fetch_page(Asks, "orders")
        self.assertEqual(host.logs, [])
        return raised.exception

    def test_each_status_has_its_error(self):
        for status, kind in [
            (200, weld.Upstream),
            (400, weld.Upstream),
            (401, weld.Unauthorized),
            (403, weld.Unauthorized),
            (404, weld.Upstream),
            (429, weld.RateLimited),
            (500, weld.Upstream),
            (503, weld.Upstream),
        ]:
            error = self.error(status)
            self.assertIs(type(error), kind, status)
            if kind is not weld.RateLimited:
                self.assertIn("words", str(error))

    def test_each_failure_of_the_host_has_its_error(self):
        for case, value, kind in [
            ("denied", "add a line", weld.Misconfigured),
            ("invalid", "a header", weld.ConnectorError),
            ("credentials", "no token", weld.Unauthorized),
            ("timeout", None, weld.Upstream),
            ("too-large", None, weld.Upstream),
            ("over-limit", "1000 calls", weld.ConnectorError),
            ("unavailable", 7_000, weld.RateLimited),
            ("unavailable", None, weld.RateLimited),
            ("failed", "no route", weld.Upstream),
        ]:
            error = self.error(case=case, value=value)
            self.assertIs(type(error), kind, case)
            if kind is weld.RateLimited:
                self.assertEqual(error.wait_ms, value)
            elif value:
                self.assertIn(value, str(error))

    def test_a_failure_of_the_host_is_an_exception_as_requests_has_them(self):
        for case, kind in [
            ("denied", requests.ConnectionError),
            ("invalid", ValueError),
            ("timeout", requests.Timeout),
            ("failed", requests.ConnectionError),
        ]:
            error = from_refusal(_host.Refused(case, "why"), "GET https://api.example.com/")
            self.assertIsInstance(error, kind)
            self.assertIsInstance(error, requests.RequestException)

    def test_retry_after_is_a_number_of_seconds_or_a_date(self):
        self.assertEqual(self.error(429, headers={"Retry-After": "120"}).wait_ms, 120_000)
        for value, expected in [
            (None, None),
            ("0", 0),
            (" 7 ", 7),
            ("soon", None),
            ("-1", None),
            ("٣", None),
            ("9" * 50, 10**12 - 1),
        ]:
            self.assertEqual(retry_after(value), expected, value)
        later = datetime.now(timezone.utc) + timedelta(hours=1)
        self.assertAlmostEqual(retry_after(format_datetime(later, usegmt=True)), 3600, delta=60)
        self.assertEqual(retry_after("Wed, 21 Oct 2015 07:28:00 GMT"), 0)


class Answers(unittest.TestCase):
    def test_answers_come_in_turn_and_the_last_one_again(self):
        with FakeHost() as host:
            host.answer("GET", API, text="first")
            host.answer("GET", API, text="then")
            host.answer("GET", f"{API}?page=2", text="page two")
            self.assertEqual([requests.get(API).text for _ in range(3)], ["first", "then", "then"])
            self.assertEqual(requests.get(API, params={"page": 2, "size": 1}).text, "page two")
            with self.assertRaisesRegex(AssertionError, "no answer to POST https://api.example.com/v1"):
                requests.post(API)
