#!/usr/bin/env python3
"""Runs the manual's commands as printed: docs/commands.py [--all] WELD_HOST [PAGE…]

Reads every `sh` block of each page in `PAGES` (docs/commands_of_pages.py), and runs the blocks of one page in order, in one
folder that is empty at first. A file that a page tells its reader to write ("Write `x.toml`:") is written. A block that
serves (`weld-host serve`, `weld-host demo --api-listen`) runs like one in another terminal, until the page ends. Without
`--all`, blocks that take long (they install packages or build a component) and all after them are left out. Exits with 1
if a command fails, if a page has a block that the table doesn't name, or if the table names one that no page has.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from commands_of_pages import PAGES, Block, Elsewhere

ROOT = Path(__file__).resolve().parents[1]
# Seconds until a command that doesn't end counts as failed, and until a server must accept connections.
LONGEST, STARTED = 900, 60
SERVERS = re.compile(r"^(?:\w+=\S+ )*weld-host (?:serve|demo (?!.*--once))", re.MULTILINE)
ADDRESS = re.compile(r"--(?:api-)?listen (127\.0\.0\.1):(\d+)")
SERVE_ADDRESS = ("127.0.0.1", "8080")


class Failure(Exception):
    """A command of a page that doesn't do what the page says."""


def steps(text):
    """A page's blocks in order: ("sh", line, commands), or ("file", line, path, content)."""
    fence = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
    for found in fence.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        written = re.search(r"Write `([^`]+)`[^`\n]*:\n+\Z", text[: found.start()])
        if found[1] == "sh":
            yield "sh", line, found[2]
        elif written:
            yield "file", line, written[1], found[2]


def environment(weld_host, home):
    """The reader's environment: the given program first on the path, a home of its own, no settings of weld-host."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("WELD_", "CARGO_TARGET"))}
    real = Path.home()
    own.setdefault("CARGO_HOME", str(real / ".cargo"))
    own.setdefault("RUSTUP_HOME", str(real / ".rustup"))
    # Compiled code and downloaded packages are shared by the pages, so that each is made once.
    cache = ROOT / "target/commands"
    cache.mkdir(parents=True, exist_ok=True)
    own.update(
        HOME=str(home),
        CARGO_INSTALL_ROOT=str(home),
        PATH=f"{weld_host.parent}:{own['PATH']}",
        PIP_CACHE_DIR=str(cache / "pip"),
        npm_config_cache=str(cache / "npm"),
        XDG_CACHE_HOME=str(cache),
        PIP_DISABLE_PIP_VERSION_CHECK="1",
        WELD_REPOSITORY=str(ROOT),
    )
    return own


class Terminal:
    """A reader's terminal: its folder and its variables outlast a block."""

    def __init__(self, folder, variables):
        self.folder = folder
        self.variables = variables

    def run(self, commands):
        """Runs a block, as a reader would paste it, and returns its output. Every command must succeed."""
        with tempfile.NamedTemporaryFile() as left:
            child = subprocess.Popen(
                ["bash", "-e", "-o", "pipefail", "-c", f"{commands}\n(pwd; env -0) > {left.name}"],
                cwd=self.folder,
                env=self.variables,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                text = child.communicate(timeout=LONGEST)[0].decode(errors="replace")
            finally:
                stop(child)
            if child.returncode:
                raise Failure(f"exit status {child.returncode}\n{text}")
            folder, variables = left.read().decode().split("\n", 1)
        self.folder = folder
        self.variables = dict(pair.split("=", 1) for pair in variables.split("\0") if pair)
        return text

    def serve(self, command):
        """Starts a server as in a terminal of its own, and waits until it accepts connections."""
        address = ADDRESS.search(command)
        host, port = address.groups() if address else SERVE_ADDRESS
        if is_open(host, port):
            raise Failure(f"{host}:{port} is in use on this machine, so the block can't run as printed")
        with tempfile.TemporaryFile() as log:
            child = subprocess.Popen(
                ["bash", "-c", command],
                cwd=self.folder,
                env=self.variables,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            until = time.monotonic() + STARTED
            while not is_open(host, port):
                if child.poll() is not None or time.monotonic() > until:
                    stop(child)
                    log.seek(0)
                    raise Failure(f"the server doesn't accept connections\n{log.read().decode(errors='replace')}")
                time.sleep(0.05)
        return child


def is_open(host, port):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, int(port))) == 0


def stop(child):
    """Ends a process that still runs, with everything that it started."""
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGINT)
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def end(number, _frame):
    """Ends this program by an exception, so that what it started is stopped as well."""
    sys.exit(128 + number)


def run_page(name, page, weld_host, everything):
    """Runs a page's blocks, and returns how many ran. The table's blocks must be the page's."""
    found = list(steps((ROOT / name).read_text()))
    blocks = [step for step in found if step[0] == "sh"]
    if len(blocks) != len(page.blocks):
        raise Failure(f"the page has {len(blocks)} `sh` blocks, and docs/commands_of_pages.py has {len(page.blocks)} for it")
    for (_, line, commands), entry in zip(blocks, page.blocks):
        if not commands.startswith(entry.begins):
            raise Failure(f"line {line}: the block doesn't begin with {entry.begins!r}, as docs/commands_of_pages.py says")
        if isinstance(entry, Elsewhere):
            entry.check(ROOT)
    if not any(isinstance(entry, Block) and (everything or not entry.long) for entry in page.blocks):
        return 0
    with tempfile.TemporaryDirectory(prefix="weld-host-commands-") as temporary:
        here, home = Path(temporary, "here"), Path(temporary, "home")
        here.mkdir()
        home.mkdir()
        servers = []
        try:
            terminal = Terminal(here, environment(weld_host, home))
            terminal.run(page.set_up)
            servers += [terminal.serve(server) for server in page.servers]
            return run_blocks(found, page, terminal, servers, everything)
        finally:
            for server in reversed(servers):
                stop(server)


def run_blocks(found, page, terminal, servers, everything):
    """Runs blocks until one takes too long, and writes the files between them."""
    entries = iter(page.blocks)
    ran = 0
    for kind, line, *rest in found:
        if kind == "file":
            path = Path(terminal.folder, page.here(rest[0]))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(rest[1])
            continue
        entry, commands = next(entries), rest[0]
        if isinstance(entry, Elsewhere):
            continue
        if entry.long and not everything:
            break
        for placeholder, meaning in entry.stands:
            if placeholder not in commands:
                raise Failure(f"line {line}: the block has no {placeholder!r}")
            commands = commands.replace(placeholder, meaning)
        before, server, then = split_server(page.here(commands))
        try:
            shown = terminal.run(before)
            if server:
                servers.append(terminal.serve(server))
                shown += terminal.run(then)
            if entry.shows not in shown:
                raise Failure(f"its output has no {entry.shows!r}\n{shown}")
        except (Failure, subprocess.TimeoutExpired) as failed:
            raise Failure(f"line {line}: {commands.strip()}\n{failed}") from failed
        ran += 1
    return ran


def split_server(commands):
    """A block's commands before a line that serves until it is stopped, that line, and those that come then."""
    server = SERVERS.search(commands)
    if server is None:
        return commands, "", ""
    line, _, then = commands[server.start() :].partition("\n")
    if then.strip() and not line.endswith("# in another terminal"):
        raise Failure(f"commands after a server never run: {commands}")
    return commands[: server.start()], line, then


def main(arguments):
    everything = "--all" in arguments
    arguments = [argument for argument in arguments if argument != "--all"]
    if not arguments:
        sys.exit(__doc__.splitlines()[0])
    weld_host = Path(arguments[0]).resolve()
    wanted = arguments[1:] or list(PAGES)
    unknown = [name for name in wanted if name not in PAGES]
    if unknown:
        sys.exit(f"docs/commands_of_pages.py has no page {', '.join(unknown)}")
    forgotten = [
        str(path.relative_to(ROOT))
        for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("kit/*/README.md"), ROOT / "guest-example/README.md"]
        if re.search(r"^```sh$", path.read_text(), re.MULTILINE) and str(path.relative_to(ROOT)) not in PAGES
    ]
    failed = [f"{name}: no entry in docs/commands_of_pages.py" for name in forgotten]
    for name in wanted:
        began = time.monotonic()
        try:
            ran = run_page(name, PAGES[name], weld_host, everything)
            print(f"{name}: {ran} blocks, {time.monotonic() - began:.1f} s", flush=True)
        except (Failure, LookupError) as failure:
            failed.append(f"{name}, {failure}")
    for failure in failed:
        print(failure, file=sys.stderr)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, end)
    main(sys.argv[1:])
