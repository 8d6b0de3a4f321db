"""The hosts that the source names."""

from .scan_case import ScanCase

HANDLER = "\ndef handler(req): pass\n"


class Hosts(ScanCase):
    def named(self, text):
        found = self.found("import os\n" + text + HANDLER)
        return [one["origin"] for one in found["hosts"]], found["not_literal"]

    def test_a_host_whose_parts_are_all_literals_is_found(self):
        for text in (
            "a = 'https://api.example.com/v1'",
            "a = 'https://api.example.com' + '/v1'",
            "a = 'https://' + 'api.' + 'example.com' + '/v1'",
            "a = 'https://%s/v1' % 'api.example.com'",
            "HOST = 'api.example.com'\na = 'https://%s/v1' % HOST",
            "a = 'https://%(host)s/' % {'host': 'api.example.com'}",
            "a = 'https://{}.example.com/'.format('api')",
            "a = 'https://{0}.{zone}/'.format('api', zone='example.com')",
            "PART = 'api'\na = f'https://{PART}.example.com/{x}'",
            "BASE = 'https://api.example.com'\na = f'{BASE}/v1/{x}'\nb = BASE + x",
            "BASE: str = 'https://api.example.com'",
            "a = 'HTTPS://API.example.com/v1'",
            "a = 'https://key:password@api.example.com/v1'",
            "a = f'https://{key}:{password}@api.example.com/v1'",
            "a = 'https://' + key + '@api.example.com/' + x",
            "a = os.getenv('BASE_URL', 'https://api.example.com/')",
            "a = http.client.HTTPSConnection('api.example.com')",
        ):
            self.assertEqual(self.named(text), (["https://api.example.com"], []), text)

    def test_a_literal_with_the_end_of_a_host_is_enough(self):
        for text in (
            "a = f'https://api.example.com/{x}'",
            "a = 'https://api.example.com/%s' % x",
            "a = 'https://api.example.com/{}'.format(x)",
            "a = 'https://api.example.com?x=' + x",
            "a = 'https://api.example.com' + x",
            "a = f'https://api.example.com{x}'",
            "a = 'https://api.example.com%s' % x",
        ):
            self.assertEqual(self.named(text), (["https://api.example.com"], []), text)
        self.assertEqual(self.named("a = 'https://api.shop.internal' + path")[0], ["https://api.shop.internal"])

    def test_an_unknown_part_of_a_host_is_reported_with_the_rule_for_it(self):
        rule = ' (the rule "https://*.example.com" permits it)'
        for text, words in (
            ("a = f'https://{x}.example.com/b'", rule),
            ("a = 'https://' + x + '.example.com'", rule),
            ("a = 'https://%s.example.com/%s' % (x, y)", rule),
            ("a = 'https://{}.example.com/'.format(x)", rule),
            ("a = 'https://' + x", "'https://' + x"),
            ("a = 'https://shop.zone' + x", "'https://shop.zone' + x"),
            ("a = f'https://api.{x}/v1'", "f'https://api.{x}/v1'"),
            ("a = os.environ['BASE_URL']", "os.environ['BASE_URL'] (if it names a host, add that host)"),
        ):
            origins, notes = self.named(text)
            self.assertEqual(origins, [], text)
            self.assertEqual(len(notes), 1, notes)
            self.assertTrue(notes[0].startswith("main.py:2: ") and notes[0].endswith(words), notes)

    def test_urls_that_are_not_requested_are_not_hosts(self):
        for text in ("'See https://docs.example.com/'", "A = 'http://www.w3.org/2005/Atom'", "a = x + '/v1'", "a = os.environ['TOKEN']"):
            self.assertEqual(self.named(text), ([], []), text)

    def test_hosts_are_found_in_texts_and_others_are_reported(self):
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
        self.assertEqual([note.partition(": ")[0] for note in found["not_literal"]], ["main.py:8", "main.py:9"])
        self.assertIn('(the rule "https://*.example.com" permits it)', found["not_literal"][0])
