"""`python -m weld_adapt.tools scan|install FOLDER FILE`: prints what was found as JSON, or why it can't be served."""

from __future__ import annotations

import argparse
import json
import sys

from .refusal import NotServed

OLDEST = (3, 10)


def main() -> None:
    """Answers one question of `weld-host adapt`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("tool", choices=("scan", "install"))
    parser.add_argument("folder")
    parser.add_argument("file")
    parser.add_argument("--entry")
    parser.add_argument("--key-variable")
    parser.add_argument("--stand-in", action="append", default=[], choices=("pandas",))
    given = parser.parse_args()
    try:
        if sys.version_info < OLDEST:
            raise NotServed(f"python3 is Python {sys.version.split()[0]}, and 3.10 or later is needed")
        # They need it as soon as they are imported.
        from . import findings
        from .packages import install
        from .scan import Scan

        scan = Scan(given.folder, given.file, stand_ins=tuple(given.stand_in))
        found = findings.of(scan, given.entry, given.key_variable)
        if given.tool == "install":
            bundle = install(scan, ".packages")
            found["packages"] = bundle.packages
            found["notes"] += bundle.notes
        print(json.dumps({"found": found}))
    except NotServed as error:
        print(json.dumps({"refused": str(error)}))


main()
