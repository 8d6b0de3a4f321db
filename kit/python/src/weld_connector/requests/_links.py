"""Reads the header `Link` (RFC 8288), in which APIs give the URL of the next page."""

from __future__ import annotations

import re
from urllib.parse import urljoin

LINK = re.compile(r"<([^>]*)>")
PARAMETER = re.compile(r'[\s;]*([^\s=;,"<]+)(?:\s*=\s*("(?:[^"\\]|\\.)*"?|[^\s;,]*))?\s*')
ABSOLUTE = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def read(header: str, base: str) -> dict[str, dict[str, str]]:
    """Return the links by relation, in lower case, each with its `url` and attributes; `base` is the response's URL.

    A link without a relation has its URL as key.
    """
    found: dict[str, dict[str, str]] = {}
    at = 0
    while target := LINK.search(header, at):
        at = target.end()
        link: dict[str, str] = {}
        while parameter := PARAMETER.match(header, at):
            at = parameter.end()
            # If a name occurs twice, the first value counts.
            link.setdefault(parameter[1].lower(), _unquoted(parameter[2] or ""))
        link["url"] = _absolute(target[1].strip(), base)
        for relation in link["rel"].lower().split() if "rel" in link else [link["url"]]:
            found.setdefault(relation, link)
    return found


def _unquoted(value: str) -> str:
    if value.startswith('"'):
        return re.sub(r"\\(.)", r"\1", value.removeprefix('"').removesuffix('"'))
    return value.removeprefix("'").removesuffix("'")


def _absolute(target: str, base: str) -> str:
    """Resolve a relative URL against the response's. An absolute URL stays unchanged, because it may be signed."""
    return target if ABSOLUTE.match(target) else urljoin(base, target)
