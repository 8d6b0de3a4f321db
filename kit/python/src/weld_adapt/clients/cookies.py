"""Cookies, kept for one page."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit


@dataclass
class Cookie:
    """A cookie, and the hosts and paths that it is sent to."""

    name: str
    value: str
    domain: str
    path: str = "/"
    is_exact: bool = True
    """Whether subdomains don't get it."""
    secure: bool = False

    def is_sent_to(self, url: str) -> bool:
        """Whether it is sent to the URL. A cookie without a domain, set by the function, is sent everywhere."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        fits = not self.domain or host == self.domain or (not self.is_exact and host.endswith(f".{self.domain}"))
        path = parts.path or "/"
        below = path == self.path or path.startswith(self.path.rstrip("/") + "/")
        return fits and below and (parts.scheme == "https" or not self.secure)


class Cookies:
    """The cookies of a session, by name, like those of `requests`."""

    def __init__(self, given: Mapping[str, str] | Cookies | None = None) -> None:
        self._kept: list[Cookie] = []
        if given:
            self.update(given)

    def set(self, name: str, value: str | None, domain: str = "", path: str = "/", **_: Any) -> None:
        """Set a cookie; `None` removes it."""
        domain = domain.lstrip(".")
        self._kept = [one for one in self._kept if (one.name, one.domain, one.path) != (name, domain, path)]
        if value is not None:
            self._kept.append(Cookie(name, value, domain, path, is_exact=False))

    def get(self, name: str, default: Any = None, domain: str | None = None, path: str | None = None) -> Any:
        """Return a cookie's value."""
        for one in self._kept:
            if one.name == name and domain in (None, one.domain) and path in (None, one.path):
                return one.value
        return default

    def __getitem__(self, name: str) -> str:
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return str(value)

    def __setitem__(self, name: str, value: str) -> None:
        self.set(name, value)

    def __contains__(self, name: object) -> bool:
        return any(one.name == name for one in self._kept)

    def __iter__(self) -> Iterator[Cookie]:
        return iter(list(self._kept))

    def __len__(self) -> int:
        return len(self._kept)

    def keys(self) -> list[str]:
        """Return the names."""
        return [one.name for one in self._kept]

    def items(self) -> list[tuple[str, str]]:
        """Return names and values."""
        return [(one.name, one.value) for one in self._kept]

    def get_dict(self) -> dict[str, str]:
        """Return a plain dict."""
        return dict(self.items())

    def update(self, other: Any) -> None:
        """Set several cookies."""
        if isinstance(other, Cookies):
            for one in other._kept:
                self._put(one)
        else:
            for name, value in dict(other).items():
                self.set(name, value)

    def clear(self) -> None:
        """Remove all cookies."""
        self._kept = []

    def learn(self, url: str, headers: list[tuple[str, str]]) -> None:
        """Keep the cookies that a response sets."""
        for name, value in headers:
            if name.lower() == "set-cookie":
                self._learn_one(url, value)

    def _learn_one(self, url: str, header: str) -> None:
        first, *rest = header.split(";")
        name, equals, value = first.strip().partition("=")
        if not equals or not name:
            return
        attributes = {key.strip().lower(): text.strip() for key, _, text in (part.partition("=") for part in rest)}
        host = urlsplit(url).hostname or ""
        domain = attributes.get("domain", "").lstrip(".").lower()
        if domain and host != domain and not host.endswith(f".{domain}"):
            return
        made = Cookie(name, value.strip('"'), domain or host, attributes.get("path") or "/", not domain)
        made.secure = "secure" in attributes
        self._kept = [one for one in self._kept if (one.name, one.domain, one.path) != (name, made.domain, made.path)]
        if not _is_over(attributes):
            self._kept.append(made)

    def _put(self, cookie: Cookie) -> None:
        key = (cookie.name, cookie.domain, cookie.path)
        self._kept = [one for one in self._kept if (one.name, one.domain, one.path) != key] + [cookie]

    def header(self, url: str) -> str | None:
        """Return the header `Cookie` of a request; `None` if it has no cookies."""
        return "; ".join(f"{one.name}={one.value}" for one in self._kept if one.is_sent_to(url)) or None


def _is_over(attributes: Mapping[str, str]) -> bool:
    age = attributes.get("max-age")
    if age is not None:
        return not age.isdigit() or int(age) == 0
    try:
        return parsedate_to_datetime(attributes["expires"]).timestamp() <= time.time()
    except (KeyError, TypeError, ValueError):
        return False
