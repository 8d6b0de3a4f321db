#!/usr/bin/env python3
"""Tests release/archive, release/checksums and release/notes with programs that are only as long as their heads."""

import gzip
import hashlib
import os
import re
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VERSION = re.search(r'^\[workspace\.package\]\nversion = "([^"]+)"', (ROOT / "Cargo.toml").read_text(), re.MULTILINE)[1]
# What the real program writes, in short.
WRITER = """#!/bin/sh
case $1 in
  --version) echo "weld-host VERSION" ;;
  completions) echo "completions for $2" ;;
  man) echo "page" >"$2/weld-host.1"; echo "page" >"$2/weld-host-serve.1" ;;
esac
[ -z "$WELD_PLUGINS" ]
"""


def elf(processor, kinds=(1,), size=56, bits=2):
    """The head of an ELF program with segments of these kinds."""
    head = b"\x7fELF" + bytes([bits, 1, 1]) + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 3, processor, 1, 0, 64, 0, 0, 64, size, len(kinds), 0, 0, 0)
    return head + b"".join(struct.pack("<I", kind) + bytes(size - 4) for kind in kinds)


def mach_o(processor):
    """The head of a program for macOS."""
    return struct.pack("<II", 0xFEEDFACF, processor) + bytes(24)


X86, ARM = elf(62), elf(183)
PROGRAMS = {
    "x86_64-unknown-linux-musl": X86,
    "aarch64-unknown-linux-musl": ARM,
    "x86_64-apple-darwin": mach_o(0x01000007),
    "aarch64-apple-darwin": mach_o(0x0100000C),
    "x86_64-unknown-linux-gnu": elf(62, (3, 1)),
}


class ArchiveTest(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.to = self.folder / "files"
        self.write("writer", WRITER.replace("VERSION", VERSION).encode())

    def write(self, name, contents):
        path = self.folder / name
        path.write_bytes(contents)
        path.chmod(0o755)
        return path

    def run_script(self, name, *arguments, **variables):
        environment = {"SOURCE_DATE_EPOCH": "1700000000", **os.environ, **variables}
        return subprocess.run([ROOT / "release" / name, *map(str, arguments)], env=environment, capture_output=True, text=True)

    def packed(self, target, program, *arguments, **variables):
        """Packs a program, and returns the archive's path."""
        path = self.write("program", program)
        options = ("--target", target, "--texts-by", self.folder / "writer", "--to", self.to, *arguments)
        done = self.run_script("archive", *options, path, **variables)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return Path(done.stdout.strip())

    def test_every_target_of_a_release_has_an_archive_with_program_and_texts(self):
        targets = (ROOT / "release/targets").read_text().split()
        self.assertLess(set(targets), set(PROGRAMS))
        for target, program in PROGRAMS.items():
            with self.subTest(target=target):
                path = self.packed(target, program)
                folder = f"weld-host-{VERSION}-{target}"
                self.assertEqual(path.name, f"{folder}.tar.gz")
                with tarfile.open(path) as tar:
                    entries = {entry.name: entry for entry in tar}
                    self.assertEqual(tar.extractfile(f"{folder}/weld-host").read(), program)
                    self.assertEqual(tar.extractfile(f"{folder}/LICENSE").read(), (ROOT / "LICENSE").read_bytes())
                    self.assertEqual(tar.extractfile(f"{folder}/completions/_weld-host").read(), b"completions for zsh\n")
                names = [name.removeprefix(folder).lstrip("/") for name in entries if entries[name].isfile()]
                texts = ["completions/_weld-host", "completions/weld-host.bash", "completions/weld-host.fish"]
                pages = ["man/man1/weld-host-serve.1", "man/man1/weld-host.1"]
                self.assertEqual(names, ["CHANGELOG.md", "LICENSE", "README.md", *texts, *pages, "weld-host"])
                for name, entry in entries.items():
                    mode = 0o755 if entry.isdir() or name.endswith("/weld-host") else 0o644
                    self.assertEqual((entry.uid, entry.gid, entry.mtime, entry.mode), (0, 0, 1700000000, mode), name)

    def test_same_inputs_give_the_same_bytes_wherever_and_whenever(self):
        target = "x86_64-unknown-linux-musl"
        first = self.packed(target, X86).read_bytes()
        os.utime(self.write("writer", (self.folder / "writer").read_bytes()), (1, 1))
        self.to = self.folder / "another/folder"
        again = self.packed(target, X86, UMASK="077", TZ="Asia/Tokyo", WELD_PLUGINS="/other").read_bytes()
        self.assertEqual(first, again)
        # Neither a name nor a time of its own.
        self.assertEqual(first[3:8], bytes(5))
        self.assertNotEqual(self.packed(target, X86, SOURCE_DATE_EPOCH="1700000001").read_bytes(), first)
        self.assertEqual(gzip.decompress(first)[:9], b"weld-host")

    def test_program_for_another_machine_is_refused(self):
        for target, program in (
            ("x86_64-unknown-linux-musl", ARM),
            ("aarch64-unknown-linux-musl", X86),
            ("x86_64-unknown-linux-musl", mach_o(0x01000007)),
            ("x86_64-unknown-linux-musl", elf(62, bits=1)),
            ("x86_64-unknown-linux-musl", b"#!/bin/sh\n"),
            ("x86_64-unknown-linux-musl", X86[:66]),
            ("x86_64-unknown-linux-musl", b""),
            ("x86_64-apple-darwin", X86),
            ("aarch64-apple-darwin", mach_o(0x01000007)),
            ("aarch64-apple-darwin", b"\xcf\xfa\xed"),
        ):
            with self.subTest(target=target, program=program[:20]):
                self.refused(target, program, f"is not a program for {target}")
        self.refused("x86_64-unknown-linux-musl", elf(62, (1, 3)), "must be static")
        self.refused("riscv64-unknown-linux-musl", X86, "riscv64-unknown-linux-musl", "x86_64, aarch64")

    def refused(self, target, program, *words, texts_by="writer", **variables):
        path = self.write("program", program)
        options = ("--target", target, "--texts-by", self.folder / texts_by, "--to", self.to)
        done = self.run_script("archive", *options, path, **variables)
        self.assertEqual(done.returncode, 1, done)
        for word in ("release/archive: ", *words):
            self.assertIn(word, done.stderr)
        self.assertEqual(list(self.to.glob("*")) if self.to.exists() else [], [])

    def test_texts_of_another_version_or_program_are_refused(self):
        target = "x86_64-unknown-linux-musl"
        self.write("older", b"#!/bin/sh\necho weld-host 0.0.9\n")
        self.refused(target, X86, "weld-host 0.0.9", VERSION, texts_by="older")
        self.write("failing", b"#!/bin/sh\necho no >&2\nexit 3\n")
        self.refused(target, X86, "--version failed: no", texts_by="failing")
        # One for another machine.
        self.write("foreign", ARM)
        self.refused(target, X86, "can't be run", "--texts-by", texts_by="foreign")
        self.refused(target, X86, "SOURCE_DATE_EPOCH", SOURCE_DATE_EPOCH="yesterday")

    def test_checksums_are_those_of_all_files_and_of_nothing_else(self):
        self.to.mkdir()
        for name in ("b.tar.gz", "a.json", "SHA256SUMS"):
            (self.to / name).write_text(name)
        done = self.run_script("checksums", self.to)
        self.assertEqual(done.returncode, 0, done)
        lines = [f"{hashlib.sha256(name.encode()).hexdigest()}  {name}" for name in ("a.json", "b.tar.gz")]
        self.assertEqual((self.to / "SHA256SUMS").read_text().splitlines(), lines)
        (self.to / "a b").write_text("x")
        self.assertIn("a b", self.run_script("checksums", self.to).stderr)
        (self.folder / "empty").mkdir()
        for folder, words in (("empty", "is empty"), ("missing", "is not a folder")):
            done = self.run_script("checksums", self.folder / folder)
            self.assertEqual(done.returncode, 1)
            self.assertIn(words, done.stderr)

    def test_notes_are_the_section_of_the_tagged_version(self):
        done = self.run_script("notes", f"v{VERSION}")
        self.assertEqual(done.returncode, 0, done)
        changelog = (ROOT / "CHANGELOG.md").read_text()
        self.assertIn(done.stdout.strip(), changelog.split(f"\n## [{VERSION}] - ")[1])
        self.assertNotIn("\n## [", done.stdout)
        for tag, words in (("v99.0.0", f"whose version is {VERSION}"), ("0.1", "name a tag"), ("v1.2.3; ls", "name a tag")):
            done = self.run_script("notes", tag)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn(words, done.stderr)

    def test_version_is_set_in_every_file_that_names_it(self):
        copy = self.folder / "copy"
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
        manifests = [name for name in listed.split("\0") if Path(name).suffix in (".toml", ".json", ".lock", ".txt")]
        for name in [*manifests, "release/set-version"]:
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, copy / name)
        set_version = lambda version: subprocess.run([copy / "release/set-version", version], capture_output=True, text=True)
        self.assertEqual(set_version("9.8.7").returncode, 0)
        changed = {name for name in manifests if (copy / name).read_bytes() != (ROOT / name).read_bytes()}
        for name in ("Cargo.lock", "Cargo.toml", "kit/rust/Cargo.toml", "kit/javascript/package.json", "kit/python/pyproject.toml"):
            self.assertIn(name, changed)
        self.assertEqual(set_version(VERSION).returncode, 0)
        self.assertEqual([name for name in manifests if (copy / name).read_bytes() != (ROOT / name).read_bytes()], [])
        (copy / "kit/rust/Cargo.toml").write_text("[package]\n")
        before = (copy / "Cargo.toml").read_bytes()
        self.assertIn("kit/rust/Cargo.toml has no version", set_version("9.8.7").stderr)
        self.assertEqual((copy / "Cargo.toml").read_bytes(), before)
        self.assertIn("name a version", set_version("v1").stderr)


if __name__ == "__main__":
    unittest.main()
