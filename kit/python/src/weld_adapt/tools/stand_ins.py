"""Decides whether a stand-in can replace a package: it must have everything that the function uses."""

from __future__ import annotations

import ast

from .refusal import NotServed
from .scan import Import, Scan, unparsed

REQUESTS = frozenset(
    (
        *("ConnectTimeout", "ConnectionError", "HTTPError", "JSONDecodeError", "PreparedRequest", "ReadTimeout"),
        *("RequestException", "Response", "Session", "Timeout", "TooManyRedirects", "URLRequired", "__version__"),
        *("adapters", "adapters.HTTPAdapter", "api", "auth", "auth.AuthBase", "auth.HTTPBasicAuth"),
        *("auth.HTTPProxyAuth", "codes", "compat", "cookies", "cookies.RequestsCookieJar", "delete", "exceptions"),
        *("get", "head", "models", "models.PreparedRequest", "models.Response", "options", "packages"),
        *("packages.urllib3", "patch", "post", "put", "request", "session", "sessions", "sessions.Session"),
        *("status_codes", "status_codes.codes", "structures", "structures.CaseInsensitiveDict", "utils"),
        *("utils.quote", "utils.unquote", "utils.urlparse"),
    )
)
"""The names in the stand-in for `requests`, without those below `codes`, `exceptions` and `compat`."""

WHOLE = ("codes", "exceptions", "compat", "api", "packages")
"""Parts of `requests` of which the stand-in has all, or nearly all, names."""

NEEDS_PACKAGE = ("files", "cert")
"""Arguments of a request that only the package itself supports."""

URLLIB3 = frozenset(
    (
        *("disable_warnings", "exceptions", "exceptions.InsecureRequestWarning", "util", "util.Retry", "util.retry"),
        "util.retry.Retry",
    )
)


PANDAS = frozenset(("DataFrame", "json_normalize"))
"""The names in the stand-in for `pandas`, which is used only if it was requested."""


def does(scan: Scan, one: Import) -> bool:
    """Whether a stand-in can replace the package of an import."""
    if one.top == "requests":
        return _is_within(scan, "requests", REQUESTS, WHOLE) and not _sends_files(scan)
    if one.top in scan.stand_ins:
        lacking = sorted(name for name in used(scan, one.top) if name not in PANDAS)
        if lacking:
            raise NotServed(f"{one.place}: the stand-in for pandas has no {', '.join(lacking)}")
        return True
    if one.top == "urllib3":
        return _is_within(scan, "urllib3", URLLIB3, ("exceptions",))
    return False


def _is_within(scan: Scan, top: str, names: frozenset[str], whole: tuple[str, ...]) -> bool:
    return all(name in names or name.partition(".")[0] in whole for name in used(scan, top))


def used(scan: Scan, top: str) -> set[str]:
    """Return the names that the source uses from a package, without the package's own name."""
    found = set()
    for file in scan.files.values():
        modules: dict[str, str] = {}
        for node in file.nodes:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    if alias.name.partition(".")[0] == top:
                        rest = alias.name.partition(".")[2]
                        found.add(rest)
                        modules[alias.asname or top] = rest if alias.asname else ""
            elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == top:
                rest = (node.module or "").partition(".")[2]
                for alias in node.names:
                    name = f"{rest}.{alias.name}".lstrip(".")
                    if alias.name != "*":
                        found.add(name)
                        modules[alias.asname or alias.name] = name
        for node in file.nodes:
            if isinstance(node, ast.Attribute):
                words = unparsed(node).split(".")
                base = modules.get(words[0])
                # The members of classes and instances are not checked.
                if base is not None and (base == "" or base.islower()) and all(word.isidentifier() for word in words):
                    name = ".".join([*([base] if base else []), *words[1:]])
                    if base == "" or base in ("adapters", "auth", "utils", "models", "structures", "cookies"):
                        found.add(name)
    return {name for name in found if name}


def _sends_files(scan: Scan) -> bool:
    return any(
        isinstance(node, ast.Call) and any(keyword.arg in NEEDS_PACKAGE for keyword in node.keywords)
        and isinstance(node.func, ast.Attribute) and node.func.attr in ("post", "put", "patch", "request", "get")
        for file in scan.files.values()
        for node in file.nodes
    )
