#!/usr/bin/env python3
"""Records README's first connector in a terminal: docs/pictures/record.py WELD_HOST PICTURE.svg

Runs the commands of README's section "Your first connector", up to the first sync, with the given program, and writes an
animated SVG. A viewer that doesn't animate shows everything. `just recording` calls it; it needs pyte, a network for pip,
and a minute.
"""

import fcntl
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from html import escape
from pathlib import Path

import pyte

ROOT = Path(__file__).resolve().parents[2]
COLUMNS, ROWS = 104, 120
# Seconds of the recording: for a typed character, before and after a command's output, and at most between two lines.
TYPED, BEFORE, AFTER, LONGEST = 0.045, 0.35, 0.7, 0.9
LINE, CHARACTER, MARGIN = 20, 8.1, 20
TEMPLATE_API = "127.0.0.1:9090"
LARGEST = 150_000

STYLE = """
    .screen { fill: #0d1117; stroke: #30363d; }
    text { font: 13.5px ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace; fill: #c9d1d9; white-space: pre; }
    .prompt { fill: #7ee787; }
    .typed { fill: #f0f6fc; font-weight: 600; }
    .bold { font-weight: 600; }
    .red { fill: #ff7b72; }
    .green { fill: #7ee787; }
    .brown, .yellow { fill: #e3b341; }
    .blue { fill: #79c0ff; }
    .cyan { fill: #76e3ea; }
    .magenta { fill: #d2a8ff; }
    @keyframes show { from { fill-opacity: 0; } to { fill-opacity: 1; } }
    .a { animation: show 0.01s linear both; }
    @media (prefers-reduced-motion: reduce) { .a { animation: none; } }
  """


def commands():
    """README's commands from `weld-host new` to `weld-host sync`, without their comments."""
    section = (ROOT / "README.md").read_text().split("\n## Your first connector\n")[1].split("\n## ")[0]
    blocks = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
    lines = [re.sub(r"\s+#.*", "", line) for block in blocks for line in block.splitlines()]
    first = next(i for i, line in enumerate(lines) if line.startswith("weld-host new"))
    last = next(i for i, line in enumerate(lines) if line.startswith("weld-host sync"))
    return lines[first : last + 1]


def run(command, folder, environment):
    """Runs a command in a terminal: the lines of its screen at the end, each with the second of its last change."""
    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.ByteStream(screen)
    began = time.monotonic()
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.execvpe("bash", ["bash", "-c", command], environment)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
    shown, changed = [""] * ROWS, [0.0] * ROWS
    while True:
        if select.select([terminal], [], [], 600)[0] == []:
            os.kill(child, signal.SIGKILL)
            sys.exit(f"record: no output for 10 minutes: {command}")
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # Its end, as Linux reports it.
            piece = b""
        if not piece:
            break
        stream.feed(piece)
        now = time.monotonic() - began
        for row, text in enumerate(screen.display):
            if text != shown[row]:
                shown[row], changed[row] = text, now
    os.close(terminal)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status:
        sys.exit(f"record: exit status {status}: {command}\n" + "\n".join(line.rstrip() for line in shown if line.strip()))
    last = max((row for row in range(ROWS) if shown[row].strip()), default=-1)
    return [(changed[row], pieces(screen.buffer[row])) for row in range(last + 1)]


def pieces(row):
    """A line as texts of one style each: `[(text, classes)]`."""
    found = []
    for column in range(COLUMNS):
        character = row[column]
        classes = " ".join(filter(None, ["bold" if character.bold else "", "" if character.fg == "default" else character.fg]))
        if found and found[-1][1] == classes:
            found[-1] = (found[-1][0] + character.data, classes)
        else:
            found.append((character.data, classes))
    while found and not found[-1][0].strip():
        found.pop()
    if found:
        found[-1] = (found[-1][0].rstrip(), found[-1][1])
    return found


def without_downloads(lines):
    """The lines without those in which pip reports its progress."""
    progress = ("Collecting ", "Downloading ", "Using cached ", "Installing collected packages")
    return [line for line in lines if not "".join(text for text, _ in line[1]).strip().startswith(progress)]


class Recording:
    def __init__(self):
        self.lines, self.time = [], 0.5

    def text(self, content, data=""):
        y = MARGIN + 14 + LINE * len(self.lines)
        self.lines.append(content and f'  <text x="{MARGIN}" y="{y}"{data}>{content}</text>')

    def command(self, command):
        self.time += BEFORE
        typed = []
        for character in command:
            self.time += TYPED
            typed.append(f'<tspan class="a" style="animation-delay:{self.time:.2f}s">{escape(character)}</tspan>')
        prompt = f'<tspan class="prompt a" style="animation-delay:{self.time - len(command) * TYPED:.2f}s">$ </tspan>'
        self.text(f'{prompt}<tspan class="typed">{"".join(typed)}</tspan>', f' data-command="{escape(command)}"')
        self.time += BEFORE

    def output(self, lines):
        """Each line at its time, in the order of the screen."""
        before = 0.0
        for changed, pieces in lines:
            self.time += min(max(changed - before, 0.03), LONGEST)
            before = max(before, changed)
            # Viewers join ordinary spaces.
            texts = ((escape(text).replace(" ", "\u00a0"), classes) for text, classes in pieces)
            content = "".join(f'<tspan class="{classes}">{text}</tspan>' if classes else text for text, classes in texts)
            self.text(content and f'<tspan class="a" style="animation-delay:{self.time:.2f}s">{content}</tspan>')
        self.text("")
        self.time += AFTER

    def svg(self, commands):
        width = round(COLUMNS * CHARACTER + 2 * MARGIN)
        height = LINE * len(self.lines) + MARGIN
        body = "\n".join(filter(None, self.lines))
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            f'role="img" aria-labelledby="title desc">\n'
            f'  <title id="title">A first connector in a terminal</title>\n'
            f'  <desc id="desc">The commands {escape("; ".join(commands))}, and what they print.</desc>\n'
            f'  <style>{STYLE}</style>\n'
            f'  <rect class="screen" x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="10"/>\n{body}\n</svg>\n'
        )


def main():
    program, picture = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    folder = Path(tempfile.mkdtemp(prefix="weld-host-recording-"))
    (folder / "bin").mkdir()
    (folder / "bin" / "weld-host").symlink_to(program)
    desk = folder / "desk"
    desk.mkdir()
    environment = os.environ | {
        "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "XDG_CACHE_HOME": str(folder / "cache"),
    }
    api = subprocess.Popen(
        ["weld-host", "demo", "--api-listen", "127.0.0.1:0"], cwd=folder, env=environment, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, executable=str(program),
    )
    try:
        address = next(found.group(1) for line in api.stdout if (found := re.search(r"http://(127\.0\.0\.1:\d+)", line)))
        recording = Recording()
        for command in commands():
            recording.command(command)
            lines = run(command, desk, environment)
            recording.output(without_downloads(lines))
            if command.startswith("weld-host new"):
                # The template's port may be in use here.
                for config in desk.glob("*/*.toml"):
                    config.write_text(config.read_text().replace(TEMPLATE_API, address))
        svg = recording.svg(commands()).replace(address, TEMPLATE_API).replace(str(desk), "~")
    finally:
        api.terminate()
        api.wait()
        shutil.rmtree(folder)
    if len(svg.encode()) > LARGEST:
        sys.exit(f"record: the picture has {len(svg.encode())} bytes, more than {LARGEST}")
    picture.write_text(svg)


if __name__ == "__main__":
    main()
