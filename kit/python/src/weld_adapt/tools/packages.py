"""Installs the packages that the source imports, in pure Python for the Python of components."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from typing import Any

from . import requirements, stand_ins, standard
from .refusal import NotServed
from .scan import Import, Scan, unparsed

COMPONENTS = ("--platform", "any", "--implementation", "py", "--abi", "none", "--python-version", "3.14")
DISTRIBUTIONS = {
    "Crypto": "pycryptodome",
    "OpenSSL": "pyOpenSSL",
    "PIL": "pillow",
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "dateutil": "python-dateutil",
    "dotenv": "python-dotenv",
    "google.auth": "google-auth",
    "google.oauth2": "google-auth",
    "jose": "python-jose",
    "jwt": "PyJWT",
    "magic": "python-magic",
    "psycopg2": "psycopg2-binary",
    "serial": "pyserial",
    "sklearn": "scikit-learn",
    "slugify": "python-slugify",
    "yaml": "PyYAML",
    "zoneinfo": "tzdata",
}
"""Packages whose name on the index differs from that of their module."""

USUAL = ("pydash", "python-dateutil", "pytz", "requests", "tzdata", "urllib3")
"""Packages that functions often import without listing them."""

NATIVE = frozenset(
    (
        *("bcrypt", "cryptography", "cx-oracle", "grpc", "lxml", "matplotlib", "numpy", "orjson", "pandas", "pillow"),
        *("psycopg2-binary", "pyarrow", "pycryptodome", "pymssql", "pyodbc", "pyyaml", "scikit-learn", "scipy"),
        *("snowflake-connector-python", "tensorflow", "torch", "ujson"),
    )
)
"""Packages that have no version in pure Python. They are refused without a request to the index."""

WRITE_INSTEAD = {
    "json_normalize": "flatten each row in a loop",
    "DataFrame": "use a list of dicts, which a page takes",
}


@dataclass
class Bundle:
    """The installed packages."""

    packages: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def wanted(scan: Scan) -> dict[str, Import]:
    """Return the packages to install, by their names on the index, each with the import that needs it."""
    found: dict[str, Import] = {}
    for one in scan.others():
        if stand_ins.does(scan, one):
            continue
        name = distribution(one)
        # A required import takes precedence over an optional one.
        if name not in found or found[name].is_optional:
            found[name] = one
    for one in scan.imports:
        if one.top == "zoneinfo":
            found.setdefault("tzdata", one)
    return found


def refused(scan: Scan) -> list[str]:
    """Return the imports that can't work in a component, as far as known without the index; one line each."""
    found = []
    for one in scan.imports:
        if not one.is_optional and not scan.is_own(one.top) and (lack := standard.lack(one.name)):
            found.append(f"{one.place}: import {one.name}: {lack}")
    for name, one in wanted(scan).items():
        if not one.is_optional and requirements.plain(name) in NATIVE:
            found.append(f"{one.place}: import {one.name}: {_why_not(scan, one, name)}")
    return list(dict.fromkeys(found))


def distribution(one: Import) -> str:
    """Return a module's package, by its name on the index."""
    for module in (".".join(one.name.split(".")[:2]), one.top):
        if module in DISTRIBUTIONS:
            return DISTRIBUTIONS[module]
    if one.name.startswith("google.cloud."):
        return "google-cloud-" + one.name.split(".")[2].replace("_", "-")
    if one.name == "google.cloud" and one.members:
        return "google-cloud-" + one.members[0].replace("_", "-")
    return one.top


def install(scan: Scan, target: str) -> Bundle:
    """Install the packages into `target`, after deleting its contents."""
    packages = wanted(scan)
    wishes = requirements.read(scan.folder)
    bundle = Bundle(notes=list(wishes.notes))
    shutil.rmtree(target, ignore_errors=True)
    if not packages:
        return bundle
    specifiers = {name: name + wishes.versions.get(requirements.plain(name), "") for name in packages}
    report = _pip(list(specifiers.values()), target)
    if report is None:
        report = _one_by_one(scan, packages, specifiers, target, bundle)
    installed = {requirements.plain(one["metadata"]["name"]): one["metadata"]["version"] for one in report}
    bundle.packages = [f"{name} {version}" for name, version in sorted(installed.items())]
    for name, one in packages.items():
        version = installed.get(requirements.plain(name))
        if version and requirements.plain(name) not in wishes.versions and name not in USUAL:
            bundle.notes.append(
                f"{one.place}: {name} {version} from the package index is bundled for import {one.name}, although"
                " requirements.txt does not list it: check that it is the right package, and not a missing file"
            )
        if version and specifiers[name] == name:
            _note_step_back(name, version, one, bundle)
    return bundle


def _pip(specifiers: list[str], target: str) -> list[dict[str, Any]] | None:
    """Return the packages that pip installed; `None` if it could not install them together."""
    if not specifiers:
        return []
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "report.json")
        command = [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"),
            *("--target", target, "--upgrade", "--only-binary=:all:", *COMPONENTS, "--report", report, *specifiers),
        ]
        ended = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if ended.returncode != 0:
            if "No module named pip" in ended.stderr:
                raise NotServed(f"{sys.executable} has no pip, which installs the function's packages: install pip")
            if re.search("NewConnectionError|Temporary failure|ConnectionError|ProxyError", ended.stderr):
                raise NotServed("the package index can't be reached, and the function imports packages")
            return None
        with open(report, encoding="utf-8") as file:
            found: list[dict[str, Any]] = json.load(file)["install"]
        return found


def _one_by_one(
    scan: Scan, packages: dict[str, Import], specifiers: dict[str, str], target: str, bundle: Bundle
) -> list[dict[str, Any]]:
    """Install each package with its requested version, or else with another. Refuse if a required package has none."""
    possible = []
    impossible = []
    with tempfile.TemporaryDirectory() as trial:
        for name, one in packages.items():
            for specifier in dict.fromkeys((specifiers[name], name)):
                if _pip([specifier], os.path.join(trial, name)) is not None:
                    possible.append(specifier)
                    if specifier != specifiers[name]:
                        wish = f"{specifiers[name]} of requirements.txt"
                        bundle.notes.append(f"{wish} is not available for components: another version is bundled")
                        specifiers[name] = specifier
                    break
            else:
                if not one.is_optional:
                    impossible.append(f"{one.place}: import {one.name}: {_why_not(scan, one, name)}")
    if impossible:
        raise NotServed("\n".join(impossible))
    found = _pip(possible, target)
    if found is None:
        found = _pip([re.split("[=<>!~]", one)[0] for one in possible], target)
    if found is None:
        raise NotServed(f"the packages {', '.join(possible)} are not compatible with each other")
    return found


def _why_not(scan: Scan, one: Import, name: str) -> str:
    calls = _calls(scan, one.top)
    words = f"{name} has no version in pure Python, and a component can't run native code"
    if not calls:
        return words if requirements.plain(name) in NATIVE else f"{words} (or the package doesn't exist)"
    instead = [words for call, words in WRITE_INSTEAD.items() if any(call in made for made in calls)]
    if one.top == "pandas" and stand_ins.used(scan, "pandas") <= stand_ins.PANDAS:
        instead.append("or use --stand-in pandas, which has these calls")
    return f"{words}; the function calls {', '.join(calls[:5])}: " + (
        "; ".join(instead) if instead else "write these in Python"
    )


def _calls(scan: Scan, top: str) -> list[str]:
    """Return the function's calls of a package, each with its first place."""
    found: dict[str, str] = {}
    for file in scan.files.values():
        names: set[str] = set()
        for node in file.nodes:
            if isinstance(node, ast.Import):
                names.update(alias.asname or alias.name for alias in node.names if alias.name.split(".")[0] == top)
            elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == top:
                names.update(alias.asname or alias.name for alias in node.names)
        for node in file.nodes:
            if isinstance(node, ast.Call) and unparsed(node.func).split(".")[0] in names:
                found.setdefault(f"{unparsed(node.func)[:60]}", f"line {node.lineno}")
    return [f"{call} ({place})" for call, place in found.items()]


def _note_step_back(name: str, version: str, one: Import, bundle: Bundle) -> None:
    """Add a note if the installed version is not the newest, because pip falls back to an older one silently."""
    command = [sys.executable, "-m", "pip", "index", "versions", "--disable-pip-version-check", name]
    ended = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    match = re.match(r"\S+ \(([^)]+)\)", ended.stdout)
    if match and match[1] != version:
        bundle.notes.append(
            f"{one.place}: {name} {version} is bundled, because the newest version, {match[1]}, or one of its dependencies"
            " is not pure Python"
        )
