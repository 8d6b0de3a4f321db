import unittest
from decimal import Decimal

from weld_connector import requests
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

    def test_a_parameter_in_the_url_is_not_added_again(self):
        common = {"limit": 100, "filter[name]": "x", "since": "2026-01-01T00:00:00Z"}
        for url, params, expected in [
            ("?limit=50", None, "limit=50&filter%5Bname%5D=x&since=2026-01-01T00%3A00%3A00Z"),
            ("?filter[name]=y&since=&limit", {"limit": 7}, "filter[name]=y&since=&limit"),
            ("?filter%5Bname%5D=x&since=1&limit=1", {"a": [1, 2]}, "filter%5Bname%5D=x&since=1&limit=1&a=1&a=2"),
            ("?filter%5Bname%5D=x&since=1&limit=1&a=3", {"a": [1, 2]}, "filter%5Bname%5D=x&since=1&limit=1&a=3"),
            ("?limit=1&filter[name]=1&since=1", "limit=2", "limit=1&filter[name]=1&since=1"),
            ("?limit=1&filter[name]=1&since=1", "raw=%20&%6Cimit=2", "limit=1&filter[name]=1&since=1&raw=%20"),
            # Names are case-sensitive.
            ("?Limit=1&filter[name]=1&since=1", None, "Limit=1&filter[name]=1&since=1&limit=100"),
        ]:
            with FakeHost() as host:
                host.answer("GET", f"{API}/orders", json=[])
                response = requests.Session(params=common).get(f"{API}/orders{url}", params=params)
            self.assertEqual(response.url.partition("?")[2], expected)

    def test_each_of_two_hundred_followed_links_has_the_parameters_once(self):
        api = requests.Session(base=API, params={"limit": 2, "sort": "id"})
        url = "/orders"
        with FakeHost() as host:
            host.answer("GET", f"{API}/orders", json=[], headers={"Link": '<?limit=2&sort=id&page=2>; rel="next"'})
            for page in range(2, 202):
                link = f'</v1/orders?page={page + 1}&sort=id&limit=2>; rel="next"'
                host.answer("GET", f"{API}/orders?page={page}", json=[], headers={"Link": link})
            for _ in range(201):
                response = api.get(url, params={"sort": "id"})
                url = response.links["next"]["url"]
        self.assertEqual(response.url, f"{API}/orders?page=201&sort=id&limit=2")

    def test_bodies_are_sent_with_their_type(self):
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

    def test_a_session_s_settings_apply_to_each_request(self):
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

    def test_invalid_arguments_are_refused(self):
        for how, error, message in [
            ({"auth": "token"}, TypeError, "auth must be a pair of strings"),
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

    def test_the_method_becomes_get_if_the_status_requires_it(self):
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

    def test_secrets_are_not_sent_to_another_origin(self):
        how = {"headers": {"Cookie": "a=b", "X-Other": "1"}, "credential": "shop"}
        _, sent = self.follow(307, "https://elsewhere.example.com/new", **how)
        self.assertEqual((dict(sent[1].headers), sent[1].credential), ({"X-Other": "1"}, None))
        _, sent = self.follow(307, "https://api.example.com:443/v1/new", **how)
        self.assertEqual(sent[1].credential, "shop")
        self.assertIn("cookie", sent[1].headers)

    def test_a_redirect_is_not_followed_if_disabled_or_by_default_for_head(self):
        response, sent = self.follow(302, "new", allow_redirects=False)
        self.assertEqual((response.status_code, response.is_redirect, len(sent)), (302, True, 1))
        with FakeHost() as host:
            host.answer("HEAD", API, status=302, headers={"Location": "/"})
            self.assertEqual(requests.head(API).status_code, 302)

    def test_endless_redirects_are_stopped(self):
        with FakeHost() as host, self.assertRaises(requests.TooManyRedirects):
            host.answer("GET", API, status=302, headers={"Location": API})
            requests.get(API)
        self.assertEqual(len(host.requests), 31)

    def test_a_refusal_names_the_url_that_redirected_there(self):
        with FakeHost() as host, self.assertRaises(requests.Denied) as raised:
            host.answer("GET", f"{API}/old", status=302, headers={"Location": "https://elsewhere.example.com/new"})
            host.refuse("GET", "https://elsewhere.example.com/new", "denied", "no rule allows https://elsewhere.example.com")
            requests.get(f"{API}/old?key=secret")
        self.assertEqual(
            str(raised.exception),
            f"GET https://elsewhere.example.com/new (GET {API}/old redirected there): no rule allows "
            "https://elsewhere.example.com",
        )

    def test_a_redirect_to_an_unsupported_scheme_is_an_invalid_url(self):
        with self.assertRaises(requests.InvalidURL):
            self.follow(302, "ftp://example.com/")


class Answers(unittest.TestCase):
    def test_answers_are_given_in_order_and_the_last_is_repeated(self):
        with FakeHost() as host:
            host.answer("GET", API, text="first")
            host.answer("GET", API, text="then")
            host.answer("GET", f"{API}?page=2", text="page two")
            self.assertEqual([requests.get(API).text for _ in range(3)], ["first", "then", "then"])
            self.assertEqual(requests.get(API, params={"page": 2, "size": 1}).text, "page two")
            with self.assertRaisesRegex(AssertionError, "no answer to POST https://api.example.com/v1"):
                requests.post(API)
