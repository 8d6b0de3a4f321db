"""Finds the hosts that the source names."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from .literals import constants_of, parts_of, text_of
from .reads import Reads
from .scan import OwnFile, Scan, dotted, unparsed

URL = re.compile(r"(https?)://(?:[^/?#@\s]*@)?([A-Za-z0-9._~-]+)(:\d+)?(?=[/?#]|$)", re.IGNORECASE)
BEHIND_USER = re.compile(r"(https?)://[^/?#@\s]*@([A-Za-z0-9.-]+)(:\d+)?(?=[/?#]|$)", re.IGNORECASE)
"""A URL with any user and password."""
BEGINNING = re.compile(r"https?://[^/?#\s]*$")
WHOLE_HOST = re.compile(
    r"https?://(?:localhost|[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.(?:ai|app|cloud|co|com|de|dev|eu|fr|io|net|nl|org|uk|us))(?::\d+)?$"
)
"""A URL that ends with a complete host name."""
PATH = re.compile(r"path|endpoint|route|uri|resource|suffix|query|next|page", re.IGNORECASE)
"""Names of values that follow a host name."""
NAMESPACES = ("www.w3.org", "schemas.xmlsoap.org", "json-schema.org", "schema.org")
"""Hosts that occur in identifiers, and that no function sends requests to."""
OF_HOST = re.compile(r"(^|_)(URL|URI|HOST|HOSTNAME|DOMAIN|ENDPOINT|SERVER)(_|$)|_BASE$|^BASE(_|$)")
"""Names of variables that hold an address."""
CONNECTIONS = {"HTTPSConnection": "https", "HTTPConnection": "http"}


@dataclass
class Origin:
    """Scheme, host and port of a URL."""

    origin: str
    place: str


@dataclass
class Hosts:
    """The hosts in the source."""

    origins: list[Origin] = field(default_factory=list)
    not_literal: list[str] = field(default_factory=list)
    known: set[str] = field(default_factory=set)

    def add(self, text: str, place: str, is_open: bool = False) -> None:
        """Add the origins of the URLs in a text. If the text is open, a host name at its end may be incomplete."""
        for match in URL.finditer(text):
            if is_open and match.end() == len(text):
                continue
            origin = f"{match[1].lower()}://{match[2].lower().rstrip('.')}{match[3] or ''}"
            if match[2] not in NAMESPACES and origin not in self.known:
                self.known.add(origin)
                self.origins.append(Origin(origin, place))


def find(scan: Scan, reads: Reads) -> Hosts:
    """Return the origins of all URLs in texts, except in docstrings."""
    found = Hosts()
    for file in scan.files.values():
        texts = constants_of(scan, file)
        docs = {id(node.value) for node in file.nodes if isinstance(node, ast.Expr)}
        inner: set[int] = set()
        for node in file.in_order:
            if not isinstance(node, ast.expr) or id(node) in docs or id(node) in inner:
                continue
            parts = parts_of(node)
            if parts is not None:
                _joined(found, file, node, parts, texts)
                inner.update(id(part) for whole in (node, *parts) for part in _texts_of(whole))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value, file.place(node))
            elif isinstance(node, ast.Call):
                _connection(found, file, node, texts)
        for read in reads.of(file):
            if isinstance(read.node, ast.Compare) or len(read.names) != 1 or not OF_HOST.search(read.names[0]):
                continue
            if read.default is None or not (text_of(read.default, texts) or "").startswith("http"):
                words = " ".join(unparsed(read.node).split())[:120]
                found.not_literal.append(f"{file.place(read.node)}: {words} (if it names a host, add that host)")
    return found


def _texts_of(node: ast.expr) -> list[ast.expr]:
    """Return the parts of a joined text, and the expressions that join them."""
    found: list[ast.expr] = []
    if isinstance(node, ast.JoinedStr):
        found = [part for part in node.values if isinstance(part, ast.Constant)]
    elif isinstance(node, ast.BinOp):
        left: ast.expr = node
        while isinstance(left, ast.BinOp):
            found += [left.left, left.right, *(_texts_of(left.right) if isinstance(left.right, ast.JoinedStr) else ())]
            left = left.left
        found += _texts_of(left) if isinstance(left, ast.JoinedStr) else []
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        found = [node.func.value]
    return [one for one in found if isinstance(one, (ast.Constant, ast.BinOp, ast.JoinedStr))]


def _joined(found: Hosts, file: OwnFile, whole: ast.expr, parts: list[ast.expr], texts: Mapping[str, str]) -> None:
    """Add the hosts of a joined text. Adjacent known parts count as one text."""
    known = ""
    for part in parts:
        text = text_of(part, texts)
        if text is not None:
            known += text
            continue
        found.add(known, file.place(whole), is_open=True)
        if BEGINNING.search(known):
            behind_user = BEHIND_USER.search(_pattern(parts, texts))
            if WHOLE_HOST.search(known) or (_has_end(known) and PATH.search(unparsed(part))):
                found.add(known, file.place(whole))
            elif behind_user:
                found.add(behind_user[0], file.place(whole))
            else:
                words = " ".join(unparsed(whole).split())[:120]
                found.not_literal.append(f"{file.place(whole)}: {words}{_rule(parts, texts)}")
        known = ""
    found.add(known, file.place(whole))


def _has_end(known: str) -> bool:
    return re.search(r"https?://[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}(:\d+)?$", known) is not None


def _pattern(parts: list[ast.expr], texts: Mapping[str, str]) -> str:
    """Return the joined text, with a zero byte for each unknown part."""
    return "".join("\0" if (text := text_of(part, texts)) is None else text for part in parts)


def _rule(parts: list[ast.expr], texts: Mapping[str, str]) -> str:
    """Return the rule that permits a host if only the first part of its name is not a literal."""
    match = re.match("(https?://)\0(\\.[A-Za-z0-9.-]+\\.[A-Za-z]+(?::[0-9]+)?)(?:[/?#\0]|$)", _pattern(parts, texts))
    return f' (the rule "{match[1]}*{match[2]}" permits it)' if match else ""


def _connection(found: Hosts, file: OwnFile, call: ast.Call, texts: Mapping[str, str]) -> None:
    """Add the host of a connection of `http.client`."""
    scheme = CONNECTIONS.get(dotted(call.func).rpartition(".")[2])
    if scheme is not None and call.args:
        host = text_of(call.args[0], texts)
        if host:
            found.add(f"{scheme}://{host}", file.place(call))
        else:
            found.not_literal.append(f"{file.place(call)}: {' '.join(unparsed(call).split())[:120]}")
