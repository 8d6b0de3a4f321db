import contextlib
import gzip
import json
import unittest
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from email.utils import format_datetime
from pathlib import Path
from unittest.mock import patch

import weld_connector as weld
from weld_connector import Connector, Page, _host, _json, requests
from weld_connector.requests._refusal import rate_limit, seconds_until
from weld_connector.requests.exceptions import from_refusal
from weld_connector.requests.models import CaseInsensitiveDict, Response
from weld_connector.testing import FakeHost

API = "https://api.example.com/v1"


class Responses(unittest.TestCase):
    def response(self, body="", content_type=None, status=200, **headers):
        pairs = [(name.replace("_", "-"), value) for name, value in headers.items()]
        if content_type:
            pairs.append(("content-type", content_type))
        return Response(status, pairs, body, f"{API}/orders?api_key=k")

    def test_text_is_decoded_by_mark_then_as_utf_8_then_by_the_declared_charset(self):
        for case in json.loads((Path(__file__).parents[3] / "text.json").read_text()):
            body = bytes.fromhex(case["bytes"])
            with contextlib.suppress(UnicodeDecodeError):
                # As the host passes it on.
                body = body.decode()
            with self.subTest(case["what"]):
                response = self.response(body, case["type"])
                if case["text"] is None:
                    with self.assertRaisesRegex(requests.exceptions.ContentDecodingError, "`content` has the original"):
                        _ = response.text
                    with self.assertRaises(requests.JSONDecodeError):
                        response.json()
                else:
                    self.assertEqual(response.text, case["text"])

    def test_text_is_decoded_from_multibyte_encodings(self):
        for label, codec in [
            ("shift_jis", "cp932"),
            ("euc-jp", "euc_jp"),
            ("iso-2022-jp", "iso2022_jp"),
            ("gb2312", "gbk"),
            ("big5", "big5"),
        ]:
            body = "日本".encode(codec)
            body = body.decode() if label == "iso-2022-jp" else body
            self.assertEqual(self.response(body, f"text/plain; charset={label}").text, "日本", label)

    def test_a_label_that_is_not_a_text_encoding_is_an_unknown_charset(self):
        for label in ["rot13", "hex", "utf-7", "idna", "unicode_escape", "cp037", "utf-32", "../x", "none"]:
            with self.assertRaisesRegex(requests.exceptions.ContentDecodingError, "does not know"):
                _ = self.response(b"a\xff", f"text/plain; charset={label}").text

    def test_the_author_can_set_the_charset(self):
        response = self.response(b"\xfc", "text/plain")
        response.encoding = "latin-1"
        self.assertEqual(response.text, "ü")

    def test_the_standard_library_decompresses_undeclared_gzip(self):
        for parts in [["id\n1\n"], ["id\n", "grüße\n"]]:
            body = b"".join(gzip.compress(part.encode()) for part in parts)
            response = self.response(body, "application/octet-stream")
            self.assertEqual(gzip.decompress(response.content).decode(), "".join(parts))

    def test_content_is_the_body_s_bytes(self):
        self.assertEqual(self.response("ü").content, "ü".encode())
        self.assertEqual(self.response(b"\xff").content, b"\xff")

    def test_json_is_read_in_each_encoding(self):
        for body in ['{"a": 1}', '\ufeff{"a": 1}', '{"a": 1}'.encode("utf-16")]:
            self.assertEqual(self.response(body).json(), {"a": 1})
        self.assertEqual(self.response("1.10").json(parse_float=Decimal), Decimal("1.10"))

    def test_numbers_are_exact(self):
        for digits in [
            "9007199254740993",
            "0.12345678901234567890",
            "1234567890123456789.5",
            "-1e400",
            "1e-400",
            "0.1000000000000000055511151231257827",
        ]:
            [number] = self.response(f"[{digits}]").json()
            self.assertNotIsInstance(number, float, digits)
            self.assertEqual(Decimal(_json.rows([{"n": number}])[6:-2]), Decimal(digits))
        for digits in ["0.1", "1.10", "-0.0", "5e-324", "1e2", "1.7976931348623157e308", "1.00000000000000000000"]:
            [number] = self.response(f"[{digits}]").json()
            self.assertIsInstance(number, float, digits)
            self.assertEqual(number, float(digits))

    def test_an_error_names_the_place_of_nan_and_infinity(self):
        for body, words in [
            ('{"rows": [{}, {}, {}, {"price": NaN}]}', r"rows\[3\]\.price is NaN, which is not a valid number in JSON"),
            ("[0, -Infinity]", r"\[1\] is -Infinity"),
            ("Infinity", "a value is Infinity"),
        ]:
            with self.assertRaisesRegex(requests.JSONDecodeError, words):
                self.response(body).json()
        body = '{"a": NaN, "b": [Infinity, "NaN"]}'
        self.assertEqual(self.response(body).json(parse_constant=lambda name: None), {"a": None, "b": [None, "NaN"]})

    def test_an_error_quotes_a_body_that_is_not_json(self):
        for body in ["<h1>\n Sorry </h1>", b"\xff\xfe\xfd", "9" * 5000]:
            with self.assertRaises(requests.JSONDecodeError) as raised:
                self.response(body).json()
            self.assertIn("not JSON", str(raised.exception))
            for kind in [ValueError, json.JSONDecodeError, requests.RequestException]:
                self.assertIsInstance(raised.exception, kind)

    def test_an_error_says_what_a_body_is_instead_of_json(self):
        for body, words in [
            ("", "is not JSON: its body is empty"),
            (b" \r\n ", "is not JSON: its body is empty"),
            ("<h1>\n Sorry </h1>", "is HTML, not JSON: <h1> Sorry </h1>"),
            ("\n<!DOCTYPE HTML><x>", "is HTML, not JSON: <!DOCTYPE HTML><x>"),
            ("<?xml version='1.0'?><error/>", "is XML, not JSON: <?xml version='1.0'?><error/>"),
            ("later", "is not JSON (Expecting value: line 1 column 1 (char 0)): later"),
        ]:
            with self.assertRaises(requests.JSONDecodeError) as raised:
                self.response(body).json()
            text = str(raised.exception)
            self.assertEqual(text, f"the response to GET https://api.example.com/v1/orders {words}")

    def test_the_error_of_a_bad_status_does_not_show_the_query(self):
        for status, ok in [(200, True), (302, True), (399, True), (400, False), (599, False)]:
            response = self.response("words " * 100, status=status)
            self.assertEqual((response.ok, bool(response)), (ok, ok))
            if ok:
                response.raise_for_status()
                continue
            with self.assertRaises(requests.HTTPError) as raised:
                response.raise_for_status()
            self.assertIs(raised.exception.response, response)
            self.assertIn(f"GET https://api.example.com/v1/orders answered {status}", str(raised.exception))
            self.assertNotIn("api_key", str(raised.exception))
            self.assertLess(len(str(raised.exception)), 300)

    def test_a_message_does_not_show_the_user_of_a_url(self):
        with self.assertRaisesRegex(requests.HTTPError, "GET https://api.example.com/ answered 500"):
            Response(500, [], "", "https://ada:secret@api.example.com/").raise_for_status()

    def test_header_names_ignore_case(self):
        response = self.response(x_one="1", X_ONE="2")
        self.assertEqual((response.headers["X-One"], response.headers.get("none")), ("1, 2", None))
        headers = CaseInsensitiveDict({"Accept": "a"})
        headers["ACCEPT"] = "b"
        self.assertEqual((headers, dict(headers)), ({"accept": "b"}, {"ACCEPT": "b"}))
        del headers["accept"]
        self.assertEqual(len(headers), 0)

    def test_links_are_read_as_in_all_kits(self):
        cases = json.loads((Path(__file__).parents[3] / "link.json").read_text())
        self.assertGreater(len(cases), 30)
        for case in cases:
            response = Response(200, [("link", value) for value in case["link"]], "", case["url"])
            link = response.links.get(case["rel"], {})
            with self.subTest(case["what"]):
                self.assertEqual(link.get("url"), case["target"])
                self.assertEqual({**link, **case.get("attributes", {})}, link)

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

    def test_a_failure_of_the_host_is_an_exception_like_those_of_requests(self):
        for case, kind in [
            ("denied", requests.ConnectionError),
            ("invalid", ValueError),
            ("timeout", requests.Timeout),
            ("failed", requests.ConnectionError),
        ]:
            error = from_refusal(_host.Refused(case, "why"), "GET https://api.example.com/")
            self.assertIsInstance(error, kind)
            self.assertIsInstance(error, requests.RequestException)

    def test_a_refusal_with_a_wait_or_an_exhausted_quota_is_a_rate_limit(self):
        spent = {"X-RateLimit-Remaining": "0"}
        left = {"X-RateLimit-Remaining": "4000"}
        for status, headers, wait in [
            (403, {"Retry-After": "7", **left}, 7),
            (400, {"X-Retry-After": "7"}, 7),
            (503, {"Retry-After": "7"}, 7),
            (500, {"Retry-After-Ms": "350", "Retry-After": "1"}, 0.35),
            (529, {"X-RateLimit-Reset-After": "0.5"}, 0.5),
            (400, {**spent, "X-RateLimit-Reset": "7"}, 7),
            (403, spent, None),
            (400, {**left, "X-RateLimit-Minutely-Remaining": "0", "X-RateLimit-Minutely-Reset": "7"}, 7),
            (429, {}, None),
            (429, {"Retry-After": "0"}, 0),
            (429, {"Retry-After": "0", **spent, "X-RateLimit-Reset": "7"}, 7),
            (420, {}, None),
        ]:
            self.assertEqual(rate_limit(status, headers.items()), (wait,), (status, headers))
        later = str(int(datetime.now(timezone.utc).timestamp() * 1000) + 60_000)
        limit = rate_limit(403, {**spent, "X-RateLimit-Reset": later}.items())
        self.assertAlmostEqual(limit.wait, 60, delta=10)
        error = self.error(403, headers={"Retry-After": "120", "x-ratelimit-remaining": "4000"})
        self.assertIs(type(error), weld.RateLimited)
        self.assertEqual(error.wait_ms, 120_000)

    def test_other_refusals_are_not_rate_limits(self):
        spent = {"X-RateLimit-Remaining": "0"}
        for status, headers in [
            (403, {}),
            (403, {"Retry-After": "0"}),
            (403, {"Retry-After": "soon"}),
            (403, {"X-RateLimit-Remaining": "4000", "X-RateLimit-Reset": "7"}),
            (403, {"X-RateLimit-Remaining": "1", "X-RateLimit-Reset-After": "7"}),
            (403, {**spent, "X-RateLimit-Reset": "1700000000"}),
            (401, {"Retry-After": "7"}),
            (404, {"Retry-After": "7"}),
            (404, spent),
            (422, spent),
            (503, {}),
            (200, {"Retry-After": "7"}),
        ]:
            self.assertIsNone(rate_limit(status, headers.items()), (status, headers))

    def test_retry_after_is_a_number_of_seconds_or_a_date(self):
        self.assertEqual(self.error(429, headers={"Retry-After": "120"}).wait_ms, 120_000)
        for value, expected in [
            (None, None),
            ("0", 0),
            (" 7 ", 7),
            ("soon", None),
            ("-1", None),
            ("٣", None),
            ("0.5", 0.5),
            ("9" * 50, None),
        ]:
            self.assertEqual(seconds_until(value), expected, value)
        later = datetime.now(timezone.utc) + timedelta(hours=1)
        self.assertAlmostEqual(seconds_until(format_datetime(later, usegmt=True)), 3600, delta=60)
        self.assertEqual(seconds_until("Wed, 21 Oct 2015 07:28:00 GMT"), 0)

    def test_dates_of_headers_are_read_as_in_all_kits(self):
        table = json.loads((Path(__file__).parents[3] / "time.json").read_text())
        for case in table["headers"]:
            with self.subTest(case["what"]):
                expected = case["time"]
                if expected is not None:
                    moment = datetime.fromisoformat(expected.replace("Z", "+00:00"))
                    expected = (moment - timedelta(seconds=90)).timestamp()
                with patch("time.time", return_value=expected or 0.0):
                    self.assertEqual(seconds_until(case["text"]), None if expected is None else 90.0)
