"""Calls that a component can't make, and the files that it has."""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from weld_adapt import _data
from weld_adapt.tools.refusal import NotServed
from weld_connector import _files


class Files(unittest.TestCase):
    def folder(self, files):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        for name, content in files.items():
            path = Path(folder.name, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return folder.name

    def test_files_of_the_function_are_found_at_the_paths_of_platforms(self):
        folder = self.folder({"data/a.csv": b"a"})
        kept = _data.OwnFiles(folder)
        kept.add(f"{folder}/data/a.csv", b"a")
        for path in ("data/a.csv", "./data/a.csv", f"{folder}/data/a.csv", "/workspace/data/a.csv", "/var/task/data/a.csv"):
            self.assertEqual(kept.file(path), b"a", path)
        for path in ("a.csv", "/data/a.csv", "/workspaces/data/a.csv", 3):
            self.assertIsNone(kept.file(path), path)
        self.assertEqual(kept.names("data"), ["a.csv"])

    def test_data_files_beyond_the_limit_are_refused_in_one_line(self):
        folder = self.folder({"a.bin": b"0" * _files.DATA_LIMIT, "b.bin": b"1"})
        with self.assertRaises(NotServed) as caught:
            _data.keep(folder, lambda: False)
        self.assertIn("next to the function exceed 8 MiB", str(caught.exception))


class Refusals(unittest.TestCase):
    """Each test runs in its own process, because the refusals replace Python's own functions."""

    def test_calls_that_a_component_can_not_make_are_refused_with_an_explanation(self):
        for head, call, words in (
            ("import threading", "threading.Thread(target=print).start()", "threading.Thread.start can't work: a component has no threads"),
            ("import concurrent.futures as f, threading", "f.ThreadPoolExecutor().submit(print)", "no threads: do the work sequentially"),
            ("import asyncio", "asyncio.run(None)", "asyncio.run can't work: a component has no event loop"),
            ("import subprocess", "subprocess.run(['ls'])", "subprocess.Popen can't work: a component has no processes"),
            ("import subprocess", "subprocess.check_output('ls')", "no processes"),
            ("import os", "os.system('ls')", "os.system can't work"),
            ("from os import system", "system('ls')", "os.system can't work: a component has no processes"),
            ("import multiprocessing", "multiprocessing.Process(target=print).start()", "a component has no processes"),
            ("import concurrent.futures.process as p", "p.ProcessPoolExecutor()", "a component has no processes"),
            ("import concurrent.futures as f", "f.ProcessPoolExecutor()", "a component has no processes"),
            ("import multiprocessing", "multiprocessing.Pool(2)", "a component has no processes"),
            ("from multiprocessing import Pool", "Pool(2)", "a component has no processes"),
            ("import multiprocessing", "multiprocessing.get_context().Pool(2)", "a component has no processes"),
            ("import _thread", "_thread.start_new_thread(print, ())", "a component has no threads"),
            ("", "input('name: ')", "input can't work: a component has no terminal: set a variable in the section [env]"),
            ("from getpass import getpass", "getpass()", "a component has no terminal: put the secret into"),
        ):
            program = f"{head}\nfrom weld_connector import _not_here\n_not_here.install()\n{call}\n"
            ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=os.environ)
            self.assertIn(words, ended.stderr.splitlines()[-1], call)

    def test_writing_is_refused_with_an_explanation_for_every_call(self):
        for head, call in (
            ("", "open('/no/such/folder/x', 'w')"),
            ("import tempfile", "tempfile.NamedTemporaryFile('w')"),
            ("import tempfile", "tempfile.TemporaryFile()"),
            ("import tempfile", "tempfile.mkstemp()"),
            ("from tempfile import mkdtemp", "mkdtemp()"),
            ("import tempfile", "tempfile.TemporaryDirectory()"),
        ):
            program = (
                f"import tempfile\n{head}\nfrom weld_adapt import _data\n"
                f"_data.keep({str(Path(__file__).parent)!r}, lambda: True)\n"
                f"assert tempfile.gettempdir() == '/tmp'\n{call}\n"
            )
            ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=os.environ)
            self.assertIn("a component can't write files", ended.stderr.splitlines()[-1] if ended.stderr else call, call)
