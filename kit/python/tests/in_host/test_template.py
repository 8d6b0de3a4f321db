"""The connector of `templates/python`, with the demo API that it is written for."""

import json
import os
import shutil
import tempfile
import unittest
from pathlib import Path

from .host import COMPONENTS, PATIENCE, Program, WeldHost

TEMPLATE = Path(os.environ["WELD_TEMPLATE"])


class Template(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        at = Path(folder.name)
        (at / "demo").mkdir()
        (at / "host").mkdir()
        demo = Program("demo", "--pause", "0s", folder=at / "demo")
        cls.addClassCleanup(demo.stop)
        api = demo.line(r"The demo API is at http://(\S+) ")[1]
        configuration = (TEMPLATE / "template.toml").read_text().replace("127.0.0.1:9090", api)
        cls.plugin = at / "check" / "template.wasm"
        cls.plugin.parent.mkdir()
        shutil.copy(COMPONENTS / "template.wasm", cls.plugin)
        cls.plugin.with_suffix(".toml").write_text(configuration)
        cls.host = WeldHost({"template": configuration}, at / "host")
        cls.addClassCleanup(cls.host.stop)

    def sync(self, table, state=None):
        ids, pages = [], 0
        while True:
            answer = self.host.page("template", table, state)
            self.assertEqual(answer.status, 200, answer.json)
            ids += [row["id"] for row in answer.json["insert"]]
            state, pages = answer.json["state"], pages + 1
            if not answer.json["hasMore"]:
                return ids, pages, state

    def test_every_row_of_a_table_is_fetched_once(self):
        ids, pages, state = self.sync("beers")
        self.assertEqual((ids, pages, state), (list(range(1, 326)), 5, None))

    def test_a_second_sync_of_orders_has_nothing_to_fetch(self):
        ids, pages, state = self.sync("orders")
        self.assertEqual((sorted(ids), pages), (list(range(1, 261)), 6))
        self.assertEqual(self.sync("orders", state)[:2], ([], 1))

    def test_check_has_no_findings_for_any_table(self):
        check = Program("check", "--strict", "--json", str(self.plugin), folder=self.plugin.parent)
        self.addCleanup(check.stop)
        said = json.loads(check.line("^{.*}$").string)
        self.assertEqual((said["findings"], check.process.wait(PATIENCE)), ([], 0))
        self.assertEqual({table["name"] for table in said["tables"] if table["rows"] > 0}, {"beers", "orders"})

    def test_only_the_tables_of_the_schema_are_served(self):
        self.assertEqual(set(self.host.schema("template").json["schema"]), {"beers", "orders"})
        self.assertEqual(self.host.page("template", "wines").error[0], "unknown_table")
