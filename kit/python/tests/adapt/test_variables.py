"""The variables that the source reads, and those that the function needs."""

from .scan_case import ScanCase

HANDLER = "\ndef handler(req): pass\n"


class Variables(ScanCase):
    def named(self, text, head="import os, sys\n"):
        found = self.found(head + text + HANDLER)["variables"]
        return {one["name"]: "optional" if one["has_default"] else "needed" for one in found}

    def test_a_variable_is_needed_if_its_absence_raises(self):
        for text in (
            "a = os.environ['A']",
            "a = os.environ.pop('A')",
            "a = os.environ['A'] or 'x'",
            "e = os.environ\na = e['A']",
            "from os import environ\na = environ['A']",
            "from os import environ as e\na = e['A']",
            "import os as system\na = system.environ['A']",
            "c = dict(os.environ)\na = c['A']",
            "c = os.environ.copy()\na = c['A']",
            "c = {**os.environ}\na = c['A']",
            "class S:\n    def __init__(self, env=os.environ):\n        self.a = env['A']",
            "NAME = 'A'\na = os.environ[NAME]",
            "for name in ('A',):\n    os.environ[name]",
            "NAMES = ['A']\na = {n: os.environ[n] for n in NAMES}",
            "a = os.getenv('A').strip()",
            "a = os.environ.get('A')['x']",
            "a = int(os.getenv('A'))",
            "a = 'Token ' + os.environ.get('A')",
            "try:\n    a = os.environ['A']\nexcept KeyError:\n    raise RuntimeError('A is missing')",
            "a = os.environ.get('A')\nif not a:\n    raise ValueError('A')",
            "a = os.environ.get('A')\nif a is None:\n    sys.exit('A')",
            "a = os.environ.get('A')\nassert a, 'A'",
            "if 'A' not in os.environ:\n    raise ValueError('A')",
            "missing = [n for n in ('A',) if not os.getenv(n)]\nif missing:\n    sys.exit(1)",
            "for n in ['A']:\n    if n not in os.environ:\n        raise ValueError(n)",
            "if not all(os.getenv(n) for n in ('A',)):\n    raise ValueError",
        ):
            self.assertEqual(self.named(text), {"A": "needed"}, text)

    def test_a_variable_is_optional_if_the_function_works_without_it(self):
        for text in (
            "a = os.environ.get('A')",
            "a = os.getenv('A')",
            "a = os.environ.get('A', '')",
            "a = os.environ.get('A', 'x')",
            "a = os.getenv('A', default='x')",
            "a = int(os.getenv('A', '3'))",
            "a = os.environ.pop('A', None)",
            "a = os.environ.setdefault('A', 'x')",
            "os.environ.setdefault('A', 'x')\na = os.environ['A']",
            "os.environ['A'] = 'x'\na = os.environ['A']",
            "os.environ.update(A='x')\na = os.environ['A']",
            "a = 'A' in os.environ",
            "if 'A' in os.environ:\n    a = os.environ['A']",
            "a = os.environ['A'] if os.environ.get('A') else None",
            "a = 'A' in os.environ and os.environ['A']",
            "try:\n    a = os.environ['A']\nexcept KeyError:\n    a = None",
            "with contextlib.suppress(KeyError):\n    a = os.environ['A']",
            "a = os.getenv('A') or 'x'",
            "a = os.environ.get('A') == '1'",
            "e = os.environ\na = e.get('A')",
            "get = os.environ.get\na = get('A')",
            "from os import getenv as read\na = read('A')",
            "a = f\"Bearer {os.environ.get('A')}\"",
        ):
            self.assertEqual(self.named(text), {"A": "optional"}, text)

    def test_one_place_that_needs_a_variable_is_enough(self):
        found = self.found("import os\na = os.environ.get('A')\nb = os.environ['A']" + HANDLER)["variables"]
        self.assertEqual(found, [{"name": "A", "place": "main.py:3", "has_default": False}])

    def test_a_wrapper_of_the_functions_own_is_followed(self):
        for text, expected in (
            ("def env(name): return os.environ[name]\nenv('A')", {"A": "needed"}),
            ("env = lambda name: os.environ[name]\nenv('A')", {"A": "needed"}),
            ("def env(name, default=None): return os.environ.get(name, default)\nenv('A'); env('B', 'x')", {"A": "optional", "B": "optional"}),
            ("def env(n):\n    v = os.getenv(n)\n    if not v:\n        raise ValueError(n)\n    return v\nenv(n='A')", {"A": "needed"}),
            (
                "def env(n, default=None):\n    v = os.getenv(n, default)\n    if v is None:\n        raise ValueError(n)\n"
                "    return v\nenv('A'); env('B', default='')",
                {"A": "needed", "B": "optional"},
            ),
            ("def env(*names): return [os.environ[n] for n in names]\nenv('A', 'B')", {"A": "needed", "B": "needed"}),
            ("def env(names): return {n: os.environ.get(n) for n in names}\nenv(['A', 'B'])", {"A": "optional", "B": "optional"}),
            ("def env(key): return os.environ['SHOP_' + key]\nenv('A'); env('B')", {"SHOP_A": "needed", "SHOP_B": "needed"}),
            ("def env(key): return os.environ[f'{key}_URL']\ndef more(key): return env(key)\nmore('A')", {"A_URL": "needed"}),
        ):
            self.assertEqual(self.named(text), expected, text)
        files = {
            "main.py": "from settings import env\nimport settings\nA = env('A'); B = settings.env('B')" + HANDLER,
            "settings.py": "import os\ndef env(name): return os.environ[name]",
        }
        found = self.found(files)
        self.assertEqual([one["name"] for one in found["variables"]], ["A", "B"])
        self.assertEqual(found["not_literal"], [])

    def test_a_name_that_is_not_a_literal_is_reported_with_its_line(self):
        for text, words in (
            ("def handler(req):\n    return os.environ[req.args['x']]", "main.py:3: os.environ[req.args['x']]"),
            ("def env(name): return os.environ[name]", "main.py:2: os.environ[name]"),
            ("def env(name): return os.environ[name]\nenv(x)", "main.py:3: env(x)"),
        ):
            self.assertEqual(self.found("import os\n" + text + HANDLER)["not_literal"], [words], text)

    def test_a_dict_or_a_function_of_the_same_name_is_not_an_environment(self):
        for text in ("a = config['A']", "a = d.get('A')", "def env(name): return {}[name]\nenv('A')", "os.environ"):
            self.assertEqual(self.named(text), {}, text)

    def test_all_modules_of_the_function_are_read(self):
        files = {
            "main.py": "from helpers import api\ndef handler(req): pass",
            "helpers/__init__.py": "import os\nA = os.environ['A']",
            "helpers/api.py": "from . import more\nURL = 'https://api.example.com/'",
            "helpers/more.py": "def late():\n    import late",
            "late.py": "import os\nB = os.environ['B']",
            "unused.py": "this is not Python",
        }
        found = self.found(files)
        self.assertEqual({one["name"] for one in found["variables"]}, {"A", "B"})
        self.assertEqual(found["hosts"][0]["place"], "helpers/api.py:2")
