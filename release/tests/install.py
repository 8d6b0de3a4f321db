#!/usr/bin/env python3
"""Tests install.sh against a server on this machine, in each shell and with each tool that this machine has.

The program of a release is a script here, except where the test needs a real one. Each test gives install.sh a PATH with
exactly the tools that it names.
"""

import hashlib
import http.server
import io
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "install.sh"
# Where `.ci/run install` puts what this machine doesn't have.
FETCHED = ROOT / "target/tools/busybox/bin/busybox"
BUSYBOX = next((str(path) for path in (shutil.which("busybox"), FETCHED) if path and Path(path).exists()), None)
# What install.sh needs besides a shell, a downloader and a program for checksums.
BASICS = "awk cat chmod cut env grep gzip head mkdir mktemp mv rm rmdir sed tar tr uname".split()
DOWNLOADERS = [name for name in ("curl", "wget") if shutil.which(name)] + (["busybox wget"] if BUSYBOX else [])
SUMS = [name for name in ("sha256sum", "shasum", "openssl") if shutil.which(name)]
NOBODY = 65534
TARGET = "x86_64-unknown-linux-musl"


def shells():
    """The shells to run it with: those of Debian, Alpine and macOS."""
    found = {"sh": ["/bin/sh"]}
    for name, flags in (("dash", []), ("bash", ["--posix"]), ("zsh", ["--emulate", "sh"])):
        if path := shutil.which(name):
            found[name] = [path, *flags]
    if BUSYBOX:
        found["busybox"] = [BUSYBOX, "sh"]
    return found


def program(version):
    """A program of this version, as a script."""
    return f'#!/bin/sh\n[ "$1" = --version ] && echo "weld-host {version}"\n'.encode()


def archive(version, target, contents):
    """A release's archive with this program."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        entry = tarfile.TarInfo(f"weld-host-{version}-{target}/weld-host")
        entry.size, entry.mode = len(contents), 0o755
        tar.addfile(entry, io.BytesIO(contents))
    return packed.getvalue()


class Server:
    """A server with these files. A file may be a status instead, or a function that writes the answer."""

    def __init__(self):
        self.files = {}
        self.asked = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked.append(self.path)
                content = outer.files.get(self.path, 404)
                if callable(content):
                    return content(self)
                status, body = (content, b"<html>") if isinstance(content, int) else (200, content)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                if status in (301, 302):
                    self.send_header("Location", outer.url + "/moved" + self.path)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def release(self, version, target=TARGET, contents=None, **more):
        """Adds a release with one program, as the latest one."""
        name = f"weld-host-{version}-{target}.tar.gz"
        packed = archive(version, target, contents or program(version))
        others = "".join(f"{digest}  {other}\n" for other, digest in more.items())
        sums = f"{others}{hashlib.sha256(packed).hexdigest()}  {name}\n".encode()
        self.files |= {"/latest": f"{version}\n".encode(), f"/v{version}/{name}": packed, f"/v{version}/SHA256SUMS": sums}

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class InstallTest(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp())
        self.folder.chmod(0o755)
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.server = Server()
        self.addCleanup(self.server.close)
        self.home = self.folder / "home"
        self.home.mkdir(mode=0o777)
        self.home.chmod(0o777)
        self.to = self.home / ".local/bin"
        self.machine("Linux", "x86_64")

    def machine(self, system, name, translated=None):
        """The system and the processor that `uname` reports."""
        self.system, self.processor, self.translated = system, name, translated

    def path(self, tools, fakes={}):
        """A folder with exactly these tools, and with these scripts."""
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        folder.chmod(0o755)
        fakes = {"uname": f'case $1 in -s) echo {self.system};; *) echo {self.processor};; esac', **fakes}
        if self.translated is not None:
            fakes["sysctl"] = f"echo {self.translated}"
        for tool in {*BASICS, *tools} - set(fakes):
            words = tool.split()
            if words[0] == "busybox":
                (folder / words[1]).symlink_to(BUSYBOX)
            elif found := shutil.which(words[0]):
                (folder / words[0]).symlink_to(found)
        for tool, script in fakes.items():
            (folder / tool).write_text(f"#!/bin/sh\n{script}\n")
            (folder / tool).chmod(0o755)
        return str(folder)

    def command(self, arguments, shell=None, tools=(), fakes={}, script=(str(SCRIPT),), **more):
        tools = tools or ("curl" if "curl" in DOWNLOADERS else DOWNLOADERS[0], SUMS[0])
        environment = {"PATH": self.path(tools, fakes), "HOME": str(self.home), "WELD_HOST_DOWNLOAD": self.server.url}
        environment |= more.pop("environment", {})
        environment = {name: value for name, value in environment.items() if value is not None}
        return dict(
            args=[*(shell or ["/bin/sh"]), *script, *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=more.pop("cwd", self.folder),
            **more,
        )

    def run_script(self, *arguments, **more):
        return subprocess.run(**self.command(arguments, **more), timeout=120)

    def installed(self, *arguments, **more):
        """Runs it, and returns what it says."""
        done = self.run_script(*arguments, **more)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done)
        return done.stdout

    def refused(self, *words, arguments=(), folder=None, **more):
        """Runs it, and checks that it fails with a message of these words and changes nothing."""
        before = self.tree()
        done = self.run_script(*arguments, **more)
        self.assertEqual(done.returncode, 1, done)
        said = done.stderr
        for word in words:
            self.assertIn(word, said)
        for line in said.splitlines():
            self.assertTrue(line.startswith("install.sh: "), said)
        self.assertEqual(self.tree(), before, said)
        return said

    def tree(self):
        """What is in the home, with its contents."""
        return {
            str(path.relative_to(self.home)): path.read_bytes() if path.is_file() else None
            for path in sorted(self.home.rglob("*"))
        }

    def version_of(self, path):
        return subprocess.run([path, "--version"], capture_output=True, text=True).stdout.strip()

    def test_latest_release_is_installed_in_each_shell_and_with_each_tool(self):
        self.server.release("0.2.0")
        for name, shell in shells().items():
            with self.subTest(shell=name):
                said = self.installed(shell=shell)
                self.assertIn(f"weld-host 0.2.0 is installed: {self.to}/weld-host\n", said)
                self.assertIn(f'export PATH="{self.to}:$PATH"', said)
                self.assertEqual(list(self.tree()), [".local", ".local/bin", ".local/bin/weld-host"])
                self.assertEqual((self.to / "weld-host").stat().st_mode & 0o777, 0o755)
                shutil.rmtree(self.home / ".local")
        for downloader in DOWNLOADERS:
            for sum in SUMS:
                with self.subTest(downloader=downloader, sum=sum):
                    done = self.run_script(tools=(downloader, sum))
                    self.assertEqual(done.returncode, 0, done)
                    self.assertEqual("may not verify" in done.stderr, downloader == "busybox wget", done)
                    self.assertEqual(self.version_of(self.to / "weld-host"), "weld-host 0.2.0")
                    shutil.rmtree(self.home / ".local")
        self.assertGreaterEqual(len(DOWNLOADERS) * len(SUMS), 1)

    def test_every_tool_may_be_busybox(self):
        if not BUSYBOX:
            self.skipTest("busybox is missing")
        self.server.release("0.2.0")
        everything = [f"busybox {name}" for name in {*BASICS, "wget", "sha256sum"} - {"uname"}]
        folder = Path(self.path(()))
        for tool in everything:
            link = folder / tool.split()[1]
            link.unlink(missing_ok=True)
            link.symlink_to(BUSYBOX)
        done = self.run_script(shell=[BUSYBOX, "sh"], environment={"PATH": str(folder)})
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual(self.version_of(self.to / "weld-host"), "weld-host 0.2.0")

    def test_script_from_a_pipe_installs(self):
        self.server.release("0.2.0")
        command = self.command(["--to", "here"], script=("-s", "--"), cwd=self.home)
        del command["stdin"]
        done = subprocess.run(**command, input=SCRIPT.read_text(), timeout=120)
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual(self.version_of(self.home / "here/weld-host"), "weld-host 0.2.0")

    def test_incomplete_script_does_nothing(self):
        self.server.release("0.2.0")
        lines = SCRIPT.read_text().splitlines(keepends=True)
        for end in {*range(1, len(lines) - 1, 9), len(lines) - 1}:
            command = self.command([], script=("-s", "--"))
            del command["stdin"]
            subprocess.run(**command, input="".join(lines[:end]), timeout=120)
            self.assertEqual((self.tree(), self.server.asked), ({}, []), f"cut after line {end}")

    def test_each_machine_gets_its_own_program(self):
        targets = (ROOT / "release/targets").read_text().split()
        for system, machine, translated, target in (
            ("Linux", "x86_64", None, "x86_64-unknown-linux-musl"),
            ("Linux", "amd64", None, "x86_64-unknown-linux-musl"),
            ("Linux", "aarch64", None, "aarch64-unknown-linux-musl"),
            ("Linux", "arm64", None, "aarch64-unknown-linux-musl"),
            ("Darwin", "arm64", None, "aarch64-apple-darwin"),
            ("Darwin", "x86_64", "0", "x86_64-apple-darwin"),
            # Under Rosetta, and on a system that doesn't know the question.
            ("Darwin", "x86_64", "1", "aarch64-apple-darwin"),
            ("Darwin", "x86_64", "", "x86_64-apple-darwin"),
        ):
            with self.subTest(system=system, machine=machine, translated=translated):
                self.assertIn(target, targets)
                self.machine(system, machine, translated)
                self.server.release("0.2.0", target)
                self.assertIn(f"-{target}.tar.gz", self.installed())

    def test_other_machines_are_refused_with_what_there_is(self):
        self.server.release("0.2.0")
        for system, machine, words in (
            ("MINGW64_NT-10.0-22631", "x86_64", ("Windows", "WSL")),
            ("MSYS_NT-10.0", "x86_64", ("WSL",)),
            ("CYGWIN_NT-10.0", "x86_64", ("WSL",)),
            ("FreeBSD", "amd64", ("FreeBSD", "Linux and macOS")),
            ("Linux", "armv7l", ("armv7l", "aarch64")),
            ("Linux", "i686", ("i686", "x86_64")),
            ("Linux", "riscv64", ("riscv64",)),
        ):
            with self.subTest(system=system, machine=machine):
                self.machine(system, machine)
                self.refused(*words)
        self.assertEqual(self.server.asked, [])

    def test_missing_tools_are_named(self):
        self.server.release("0.2.0")
        self.refused("curl and wget", "missing", tools=("sha256sum",))
        self.refused("sha256sum, shasum and openssl", tools=("curl",))
        folder = Path(self.path(("curl", "sha256sum")))
        (folder / "tar").unlink()
        self.refused("tar is missing", environment={"PATH": str(folder)})

    def test_wrong_arguments_are_named(self):
        for arguments, words in (
            (["--prefix", "/x"], ("--prefix", "--help")),
            (["--to"], ("--to needs a value",)),
            (["--to="], ("--to needs a value",)),
            (["--version", ""], ("--version needs a value",)),
            (["--version", "../../etc"], ('"../../etc" of --version',)),
            (["--version", "newest"], ('"newest" of --version', "0.1.0")),
            (["--from", "http://download.example.net"], ("https://", "http://download.example.net")),
            (["--from", "ftp://download.example.net"], ("https://",)),
            # Only this machine's own addresses, not names that begin like them.
            (["--from", "http://127.0.0.1.example.net/x"], ("https://", "127.0.0.1.example.net")),
            (["--from", "http://localhost.example.net"], ("https://",)),
            (["--from", "http://localhostess"], ("https://",)),
            (["--from", "http://127.0.0.1:80@example.net"], ("has a user",)),
            (["--from", "http://[::1].example.net"], ("https://",)),
            (["--from", "http://[::2]"], ("https://",)),
        ):
            with self.subTest(arguments=arguments):
                self.refused(*words, arguments=arguments)
        self.assertEqual(self.server.asked, [])
        self.assertIn("--to DIR", self.installed("--help"))

    def test_version_and_folder_can_be_chosen(self):
        self.server.release("0.1.0")
        self.server.release("0.2.0")
        for version in ("0.1.0", "v0.1.0"):
            for to in ("tools", str(self.home / "a b/c"), "tools/"):
                with self.subTest(version=version, to=to):
                    said = self.installed("--version", version, "--to", to, cwd=self.home)
                    path = self.home / to / "weld-host"
                    self.assertIn(f"weld-host 0.1.0 is installed: {path}\n", said)
                    self.assertEqual(self.version_of(path), "weld-host 0.1.0")
        self.assertNotIn("/latest", self.server.asked)

    def test_home_may_be_missing_if_a_folder_is_named(self):
        self.server.release("0.2.0")
        self.refused("HOME", "--to DIR", environment={"HOME": None})
        self.installed("--to", str(self.to), environment={"HOME": None})

    def test_what_path_lacks_or_hides_is_said(self):
        self.server.release("0.2.0")
        tools = self.path(("curl", "sha256sum"))
        said = self.installed(environment={"PATH": f"{tools}:{self.to}"})
        self.assertNotIn("PATH", said)
        (Path(tools) / "weld-host").write_bytes(program("0.1.0"))
        (Path(tools) / "weld-host").chmod(0o755)
        said = self.installed(environment={"PATH": f"{tools}:{self.to}"})
        self.assertIn(f"{tools}/weld-host", said)

    def test_older_version_is_replaced_and_named(self):
        self.server.release("0.1.0")
        self.installed()
        self.server.release("0.2.0")
        self.assertIn("0.2.0 is installed", self.installed())
        self.assertEqual(self.version_of(self.to / "weld-host"), "weld-host 0.2.0")
        self.assertIn("(was: 0.2.0)", self.installed("--version", "0.1.0"))
        self.assertEqual(list(self.tree()), [".local", ".local/bin", ".local/bin/weld-host"])

    @unittest.skipUnless(sys.platform == "linux", "other systems permit writing to the file of a program that runs")
    def test_running_program_is_replaced_and_runs_on(self):
        self.server.release("0.2.0")
        self.to.mkdir(parents=True)
        # A real program: the system refuses to write to its file while it runs.
        shutil.copy(os.path.realpath(shutil.which("sleep")), self.to / "weld-host")
        # `realpath` may be a program of many names, which decides by its own.
        running = subprocess.Popen(["sleep", "60"], executable=self.to / "weld-host")
        try:
            self.assertIn("which was another program", self.installed())
            self.assertIsNone(running.poll())
            self.assertEqual(self.version_of(self.to / "weld-host"), "weld-host 0.2.0")
        finally:
            running.kill()
            running.wait()

    def test_link_is_replaced_and_its_target_is_left_alone(self):
        self.server.release("0.2.0")
        self.to.mkdir(parents=True)
        other = self.home / "other"
        other.write_text("mine")
        (self.to / "weld-host").symlink_to(other)
        self.installed()
        self.assertEqual(other.read_text(), "mine")
        self.assertFalse((self.to / "weld-host").is_symlink())
        (self.to / "weld-host").unlink()
        # A link to a folder would swallow the program.
        (self.home / "folder").mkdir()
        (self.to / "weld-host").symlink_to(self.home / "folder")
        self.refused("weld-host is a folder")

    def test_wrong_checksum_is_refused_and_the_older_version_stays(self):
        self.server.release("0.1.0")
        self.installed()
        self.server.release("0.2.0")
        name = f"/v0.2.0/weld-host-0.2.0-{TARGET}.tar.gz"
        whole = self.server.files[name]
        for what, content in (
            ("changed", archive("0.2.0", TARGET, b"#!/bin/sh\necho weld-host 0.2.0 # other\n")),
            ("cut", whole[:100]),
            ("longer", whole + b"x"),
            ("empty", b""),
            ("a page", b"<html>Log in to this network</html>"),
        ):
            for sum in SUMS:
                with self.subTest(what=what, sum=sum):
                    self.server.files[name] = content
                    said = self.refused("SHA-256", "not installed", tools=("curl", sum))
                    self.assertIn(hashlib.sha256(content).hexdigest(), said)
                    self.assertIn(hashlib.sha256(whole).hexdigest(), said)
        self.assertEqual(self.version_of(self.to / "weld-host"), "weld-host 0.1.0")

    def test_wrong_lists_and_archives_are_refused(self):
        name = f"weld-host-0.2.0-{TARGET}.tar.gz"
        digest = hashlib.sha256
        for what, sums, words in (
            ("another name that ends the same", f"{'a' * 64}  x{name}\n", ("does not list",)),
            ("other programs only", f"{'a' * 64}  weld-host-0.2.0-riscv64.tar.gz\n", ("has no program for",)),
            ("no digest", f"nothing  {name}\n", ("no valid SHA-256",)),
            ("a page", "<html></html>", ("does not list",)),
        ):
            with self.subTest(what=what):
                self.server.release("0.2.0")
                self.server.files["/v0.2.0/SHA256SUMS"] = sums.encode()
                self.refused(*words)
        for what, packed, words in (
            ("no archive", b"not an archive", ("can't be unpacked",)),
            ("another folder", archive("0.1.0", TARGET, program("0.2.0")), ("can't be unpacked",)),
            ("another version", archive("0.2.0", TARGET, program("0.1.0")), ("is not weld-host 0.2.0", "weld-host 0.1.0")),
            ("a program that fails", archive("0.2.0", TARGET, b"#!/bin/sh\nexit 3\n"), ("doesn't run",)),
            ("another processor's", archive("0.2.0", TARGET, b"\x7fELF\x02\x01\x01" + bytes(60)), ("doesn't run",)),
        ):
            with self.subTest(what=what):
                self.server.files[f"/v0.2.0/{name}"] = packed
                # As `sha256sum --binary` writes it.
                self.server.files["/v0.2.0/SHA256SUMS"] = f"{digest(packed).hexdigest()} *{name}\n".encode()
                self.refused(*words)
        for latest in (b"<html>Log in</html>", b"", b"../0.2.0", b"0.2.0 0.3.0"):
            with self.subTest(latest=latest):
                self.server.files["/latest"] = latest
                self.refused("is not a version", "/latest")

    def test_missing_releases_are_named(self):
        for downloader in DOWNLOADERS:
            with self.subTest(downloader=downloader):
                self.server.files = {}
                more = dict(tools=(downloader, SUMS[0]))
                self.refused("/latest does not exist (404)", "--version VERSION", **more)
                self.server.release("0.2.0")
                self.refused("there is no release 0.9.0", arguments=("--version", "0.9.0"), **more)
                del self.server.files[f"/v0.2.0/weld-host-0.2.0-{TARGET}.tar.gz"]
                self.refused("although the release lists it", **more)

    def test_refusals_of_the_server_are_said_with_their_status(self):
        for downloader in DOWNLOADERS:
            for status in (403, 500):
                with self.subTest(downloader=downloader, status=status):
                    self.server.files = {"/latest": status}
                    self.refused(f"the server answered {status}", tools=(downloader, SUMS[0]))

    def test_redirects_are_followed(self):
        for downloader in DOWNLOADERS:
            with self.subTest(downloader=downloader):
                self.server.release("0.2.0")
                for name, content in list(self.server.files.items()):
                    self.server.files[f"/moved{name}"] = content
                    self.server.files[name] = 302
                done = self.run_script(tools=(downloader, SUMS[0]))
                self.assertEqual(done.returncode, 0, done)

    def test_redirect_to_an_address_without_https_is_refused(self):
        self.server.release("0.2.0")
        # As each tool behaves on such a redirect: wget follows it and shows it, curl has an option that refuses it.
        shown = "  HTTP/1.1 302 Found\n  Location: http://download.example.net/latest\n  HTTP/1.1 200 OK\n"
        gnu = f"[ $1 = --version ] && echo GNU Wget 1.21 && exit\nprintf '%s' '{shown}' >&2; echo 0.2.0"
        busybox = f"[ $1 = --version ] && exit 1\nprintf '%s' '{shown}' >&2; echo 0.2.0"
        for name, fakes in (("wget", {"wget": gnu}), ("busybox", {"wget": busybox})):
            with self.subTest(name=name):
                arguments = ("--from", "https://download.example.net")
                self.refused("without https://", arguments=arguments, tools=(SUMS[0],), fakes=fakes)
        curl = 'for word; do case $word in =https) echo refused as told >&2; exit 1;; esac; done'
        self.refused("refused as told", arguments=("--from", "https://download.example.net"), tools=(SUMS[0],), fakes={"curl": curl})
        # On this machine, both are permitted.
        wget = f'{gnu.split(chr(10))[0]}\nprintf "%s" "{shown}" >&2; echo no version'
        self.refused("is not a version", arguments=(), tools=(SUMS[0],), fakes={"wget": wget})

    def test_missing_network_is_said(self):
        for downloader in DOWNLOADERS:
            for url in ("http://127.0.0.1:9", "https://download.invalid"):
                with self.subTest(downloader=downloader, url=url):
                    self.refused(
                        f"{url}/latest can't be downloaded", "HTTPS_PROXY", arguments=("--from", url), tools=(downloader, SUMS[0])
                    )

    def test_connection_that_breaks_is_said(self):
        def broken(handler):
            handler.send_response(200)
            handler.send_header("Content-Length", "1000")
            handler.end_headers()
            handler.wfile.write(b"x")

        for downloader in DOWNLOADERS:
            if downloader == "wget":
                continue  # It tries on for minutes by itself.
            with self.subTest(downloader=downloader):
                self.server.release("0.2.0")
                self.server.files[f"/v0.2.0/weld-host-0.2.0-{TARGET}.tar.gz"] = broken
                self.refused("", tools=(downloader, SUMS[0]))

    def test_unusable_folder_is_named(self):
        self.server.release("0.2.0")
        (self.home / "file").write_text("mine")
        self.refused("file/x can't be created", "--to DIR", arguments=("--to", "file/x"), cwd=self.home)
        self.refused("--to DIR", arguments=("--to", "file"), cwd=self.home)
        (self.home / "locked").mkdir()
        (self.home / "locked").chmod(0o555)
        other = dict(user=NOBODY, group=NOBODY) if os.getuid() == 0 else {}
        self.refused("nothing can be written to", "--to DIR", arguments=("--to", "locked"), cwd=self.home, **other)
        self.refused("locked/x can't be created", arguments=("--to", "locked/x"), cwd=self.home, **other)
        self.refused("/proc/x can't be created", arguments=("--to", "/proc/x"))

    def mounted(self, options):
        """The beginning of a command that runs the rest with a tmpfs on the home. None if the system doesn't permit it."""
        unshare, tool = shutil.which("unshare"), shutil.which("mount")
        mount = [unshare, "-rm", "/bin/sh", "-c", f'{tool} -t tmpfs -o {options} none {self.home} && exec "$@"', "-"]
        permitted = unshare and tool and subprocess.run([*mount, "/bin/true"], capture_output=True).returncode == 0
        if not permitted:
            print(f"not checked: a disk with {options}, since `unshare` can't mount one", file=sys.stderr)
        return mount if permitted else None

    def test_full_disk_is_said(self):
        self.server.release("0.2.0", contents=program("0.2.0") + os.urandom(1 << 20))
        for downloader in DOWNLOADERS:
            with self.subTest(downloader=downloader):
                if mount := self.mounted("size=256k"):
                    self.refused("disk full", "df -h", shell=[*mount, "/bin/sh"], tools=(downloader, SUMS[0]))
        # There is room for the archive, and none for the program.
        self.server.release("0.2.0", contents=program("0.2.0") + bytes(1 << 20))
        if mount := self.mounted("size=256k"):
            self.refused("can't be unpacked", "disk full", shell=[*mount, "/bin/sh"])

    def test_folder_that_permits_no_programs_is_said(self):
        self.server.release("0.2.0")
        if mount := self.mounted("noexec"):
            self.refused("doesn't run", "noexec", shell=[*mount, "/bin/sh"])

    def test_signal_leaves_nothing(self):
        reached, release = threading.Event(), threading.Event()
        self.addCleanup(release.set)

        def stuck(handler):
            handler.send_response(200)
            handler.send_header("Content-Length", "1000")
            handler.end_headers()
            reached.set()
            release.wait(60)

        self.server.release("0.2.0")
        self.server.files[f"/v0.2.0/weld-host-0.2.0-{TARGET}.tar.gz"] = stuck
        for name, shell in shells().items():
            for sent, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)):
                with self.subTest(shell=name, signal=sent.name):
                    reached.clear()
                    running = subprocess.Popen(**self.command([], shell=shell), start_new_session=True)
                    self.assertTrue(reached.wait(60))
                    # As a terminal does, to all programs of the group.
                    os.killpg(running.pid, sent)
                    running.communicate(timeout=60)
                    self.assertIn(running.returncode, (status, -sent))
                    self.assertEqual(self.tree().keys() - {".local"}, set())

    def test_download_addresses_are_those_of_the_release_folder(self):
        lines = (ROOT / "release/addresses").read_text().splitlines()
        addresses = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
        script = SCRIPT.read_text()
        self.assertIn(f"\ndownload={addresses['download']}\n", script)
        self.assertIn(f"curl -fsSL {addresses['download']}/install.sh | sh\n", script)


if __name__ == "__main__":
    unittest.main()
