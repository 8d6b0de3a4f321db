"""What the program itself says about its settings, for the containers of a manifest."""

import json
import re
import subprocess
import tempfile
from pathlib import Path


class Program:
    """A `weld-host` that is asked, and never serves."""

    def __init__(self, path):
        self.path = Path(path).resolve()
        help_text = self.run(["serve", "--help"])
        # The variables that the help doesn't show belong to settings without a flag.
        self.variables = {*re.findall(r"\[env: (\w+)=", help_text), "WELD_API_KEY", "WELD_ADMIN_KEY", "WELD_TOKEN_KEY", "PORT"}

    def run(self, words, variables=None):
        done = subprocess.run(
            [self.path, *words], env=variables or {}, capture_output=True, text=True, timeout=60, check=False
        )
        if done.returncode:
            raise ValueError(f"weld-host {words[0]}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def settings(self, variables, files):
        """The settings of a container with these variables: a dictionary from a setting to its value. `files` are the
        contents of configuration files by their paths in the container. Keys exist, and contain anything."""
        with tempfile.TemporaryDirectory() as root:
            inside = lambda text: re.sub(r'(^|")/', rf"\1{root}/", text)
            for path, text in files.items():
                there = Path(root + path)
                there.parent.mkdir(parents=True, exist_ok=True)
                # Without `secret-files`, whose folders need not exist.
                there.write_text(inside(text))
            moved = {name: inside(value) if value.startswith("/") else value for name, value in variables.items()}
            texts = [*moved.values(), *(inside(text) for text in files.values())]
            for key in re.findall(rf"{re.escape(root)}/[^\"\n]*?/keys/[\w-]+", "\n".join(texts)):
                Path(key).parent.mkdir(parents=True, exist_ok=True)
                # A key of the token store is 32 bytes; any text is a key of clients.
                Path(key).write_text("0123456789abcdef" * 4)
            words = ["config", "--json"]
            shown = json.loads(self.run(words, {"HOME": root, **moved}))["settings"]
        strip = lambda value: value.removeprefix(root) if isinstance(value, str) else value
        return {name: strip(entry["value"]) for name, entry in shown.items()}
