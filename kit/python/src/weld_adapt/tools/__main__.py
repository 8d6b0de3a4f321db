"""`python -m weld_adapt.tools scan|install FOLDER FILE`: prints the findings as JSON, or why the function can't be served.
"""

from __future__ import annotations

import argparse
import json
import sys

from .refusal import NotServed

OLDEST = (3, 10)


def main() -> None:
    """Run one tool for `weld-host adapt`."""
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
            raise NotServed(f"python3 is Python {sys.version.split()[0]}: install Python 3.10 or later")
        # Imported after the check, because these modules don't load in an older Python.
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
