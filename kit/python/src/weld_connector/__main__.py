"""Runs a connector natively, without a component: `python -m weld_connector app --table orders`.

The command starts `weld-host run`, which sends the connector's requests under the rules of its `.toml` file, and which starts
this module again as its worker. MODULE is the one with `Source = export(…)`, by default `app`; all other arguments are
those of `weld-host run`.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from typing import NoReturn

WORKER = "--worker"


def main(arguments: Sequence[str]) -> None:
    """Run as the worker, or start the host."""
    if arguments[:1] == [WORKER]:
        from . import _native

        _native.work(arguments[1] if len(arguments) > 1 else "app")
    else:
        start_host(*host_command(arguments))


def host_command(arguments: Sequence[str]) -> tuple[str | None, list[str]]:
    """Return the path of the host, `None` if it is not installed, and the arguments of its command."""
    rest = list(arguments)
    module = rest.pop(0) if rest and not rest[0].startswith("-") else "app"
    folder, name = os.path.split(module)
    program = os.environ.get("WELD_HOST") or shutil.which("weld-host")
    worker = [sys.executable, "-m", "weld_connector", WORKER, name.removesuffix(".py")]
    return program, ["run", *rest, *([folder] if folder else []), "--", *worker]


def start_host(program: str | None, arguments: list[str]) -> NoReturn:
    """Replace this process by the host."""
    if program is None:
        sys.exit(
            "weld-host is not on the search path; install it with `cargo install --locked --path host` in its repository, "
            "or name the program in the variable WELD_HOST"
        )
    try:
        os.execv(program, [program, *arguments])
    except OSError as error:
        sys.exit(f"{program} can't be run ({error.strerror}); WELD_HOST names the program, otherwise the search path does")


if __name__ == "__main__":
    main(sys.argv[1:])
