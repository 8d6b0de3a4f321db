"""Headers like those of werkzeug."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any


class Headers:
    """Pairs of names and values. Names ignore case, and may have several values."""

    def __init__(self, pairs: Mapping[str, Any] | Iterable[tuple[str, Any]] = ()) -> None:
        self._pairs: list[tuple[str, str]] = []
        self.extend(pairs)

    def get(self, key: str, default: Any = None, type: Any = None) -> Any:
        """Return the first value, converted by `type`; `default` if it is missing or can't be converted."""
        wanted = key.lower()
        for name, value in self._pairs:
            if name.lower() == wanted:
                if type is None:
                    return value
                try:
                    return type(value)
                except ValueError:
                    return default
        return default

    def getlist(self, key: str) -> list[str]:
        """Return all values."""
        return [value for name, value in self._pairs if name.lower() == key.lower()]

    get_all = getlist

    def __getitem__(self, key: str) -> str:
        value = self.get(key)
        if value is None:
            raise KeyError(key)
        return str(value)

    def __setitem__(self, key: str, value: Any) -> None:
        self._pairs = [pair for pair in self._pairs if pair[0].lower() != key.lower()]
        self.add(key, value)

    set = __setitem__

    def __delitem__(self, key: str) -> None:
        self._pairs = [pair for pair in self._pairs if pair[0].lower() != key.lower()]

    def add(self, key: str, value: Any) -> None:
        """Add a value."""
        self._pairs.append((key, str(value)))

    def extend(self, pairs: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> None:
        """Add values; a list in a mapping adds several."""
        if isinstance(pairs, Headers):
            pairs = list(pairs)
        for name, value in pairs.items() if isinstance(pairs, Mapping) else pairs:
            for one in value if isinstance(value, (list, tuple)) else [value]:
                self.add(name, one)

    def update(self, pairs: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> None:
        """Replace the values of the given names."""
        given = Headers(pairs)
        for name in given.keys():
            del self[name]
        self.extend(given)

    def setdefault(self, key: str, default: Any) -> str:
        """Return the value, after setting it to `default` if it is missing."""
        if key not in self:
            self.add(key, default)
        return self[key]

    def pop(self, key: str, default: Any = None) -> Any:
        """Remove a name, and return its first value."""
        value = self.get(key, default)
        del self[key]
        return value

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self.get(key) is not None

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._pairs)

    def __len__(self) -> int:
        return len(self._pairs)

    def __repr__(self) -> str:
        return f"Headers({self._pairs!r})"

    def keys(self) -> list[str]:
        """Return the names."""
        return [name for name, _ in self._pairs]

    def values(self) -> list[str]:
        """Return the values."""
        return [value for _, value in self._pairs]

    def items(self) -> list[tuple[str, str]]:
        """Return names and values."""
        return list(self._pairs)
