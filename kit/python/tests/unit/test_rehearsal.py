import unittest

from weld_connector import _export, _host, _rehearsal


class Rehearsal(unittest.TestCase):
    def test_a_connector_is_called_for_its_tables_and_a_page(self):
        tables, page = _rehearsal.rehearse(_rehearsal.call_connector)
        self.assertEqual([table.name for table in tables], ["rows"])
        self.assertIsInstance(page, _export.PlainPage)
        self.assertEqual(page.insert.count('"price":1.25'), 2)
        self.assertEqual(page.state, '{"page":2,"left":"99"}')

    def test_the_previous_host_is_restored_after_an_error(self):
        before = _host.current

        def fail():
            self.assertIsNot(_host.current, before)
            raise ValueError

        with self.assertRaises(ValueError):
            _rehearsal.rehearse(fail)
        self.assertIs(_host.current, before)

    def test_work_is_run_several_times(self):
        done = []
        _rehearsal.rehearse(lambda: done.append(1))
        self.assertEqual(len(done), _rehearsal.ROUNDS)
