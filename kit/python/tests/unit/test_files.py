import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from weld_connector import _files


class Files(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name).resolve()
        (self.folder / "zones" / "Europe").mkdir(parents=True)
        (self.folder / "zones" / "Europe" / "London").write_bytes(b"TZif")
        (self.folder / "names.txt").write_text("one\ntwo\n")
        for name in ("__init__.py", "fast.so", ".hidden", "py.typed"):
            (self.folder / name).write_text("code")
        (self.folder / "__pycache__").mkdir()
        (self.folder / "__pycache__" / "names.txt").write_text("cached")

    def python(self, limit=1000, runs=True):
        """Return the functions that replace Python's own in a component, by their names."""
        kept = _files.gather([("shop", [str(self.folder)])], limit)
        for folder, _, names in os.walk(self.folder, topdown=False):
            for name in names:
                (Path(folder) / name).unlink()
            Path(folder).rmdir()
        return {call.__name__: call for call in _files.replacements(kept, lambda: runs).values()}

    def test_files_are_read_after_they_were_deleted(self):
        python = self.python()
        london = f"{self.folder}/zones/Europe/London"
        with python["open_"](london, "rb") as file:
            self.assertEqual((file.read(), file.name), (b"TZif", london))
        with python["open_"](self.folder / "names.txt", encoding="utf-8") as file:
            self.assertEqual(list(file), ["one\n", "two\n"])
        with python["open_code"](london) as file:
            self.assertEqual(file.read(), b"TZif")
        self.assertEqual(python["stat_"](f"{self.folder}/zones/../names.txt").st_size, 8)

    def test_folders_list_data_but_not_code(self):
        python = self.python()
        self.assertEqual(python["listdir"](self.folder), ["names.txt", "zones"])
        with python["scandir"](self.folder) as entries:
            found = [(entry.name, entry.is_file(), entry.is_dir()) for entry in entries]
        self.assertEqual(found, [("names.txt", True, False), ("zones", False, True)])

    def test_a_missing_file_is_explained_only_while_the_component_runs(self):
        for runs, words in [(True, "a component has no files when it runs"), (False, "No such file or directory")]:
            with tempfile.TemporaryDirectory() as folder:
                kept = _files.gather([], 0)
                replaced = _files.replacements(kept, lambda runs=runs: runs)
                open_ = next(call for call in replaced.values() if call.__name__ == "open_")
                with self.assertRaisesRegex(FileNotFoundError, words):
                    open_(f"{folder}/nothing")

    def test_a_kept_file_can_not_be_written(self):
        python = self.python()
        for mode in ("w", "a", "x", "r+"):
            with self.assertRaises(OSError):
                python["open_"](f"{self.folder}/nowhere/names.txt", mode)
        with self.assertRaises(FileNotFoundError):
            python["open_"](f"{self.folder}/names.txt", "r+")

    def test_more_data_than_the_limit_ends_the_build_and_names_the_largest_package_and_the_options(self):
        packages = [("shop", [str(self.folder)]), ("other", [str(self.folder / "zones")])]
        self.assertIsNotNone(_files.gather(packages, 16).file(f"{self.folder}/names.txt"))
        with self.assertRaises(RuntimeError) as raised:
            _files.gather(packages, 15)
        self.assertIn("have 16 bytes (shop: 12), but the limit is 15 bytes", str(raised.exception))
        self.assertIn("export(…, data_limit=…)", str(raised.exception))
        self.assertIn("export(…, without_data=['shop'])", str(raised.exception))

    def test_importlib_resources_finds_files_of_packages_when_nothing_can_be_imported(self):
        # In a new process, in which no files have been read yet.
        code = (
            "import importlib.resources, shop, sys; from weld_connector import _files; _files._import_readers()\n"
            "sys.meta_path.clear(); print(importlib.resources.files(shop).joinpath('names.txt').read_text())"
        )
        (self.folder / "shop").mkdir()
        (self.folder / "shop" / "__init__.py").write_text("")
        (self.folder / "shop" / "names.txt").write_text("one")
        path = os.pathsep.join([str(self.folder), *filter(None, sys.path)])
        environment = {**os.environ, "PYTHONPATH": path}
        ended = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
        self.assertEqual(ended.stdout, "one\n", ended.stderr)
