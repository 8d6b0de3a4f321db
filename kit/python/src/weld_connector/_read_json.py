"""Reads JSON without silent losses: a number that a `float` can't represent exactly becomes a `Decimal`."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any


SURE_LENGTH = 16
"""A number of this length, including its point, has at most 15 digits, which a `float` can represent."""


class NotANumber(ValueError):
    """NaN or Infinity, which are not valid in JSON. The text names the place."""


class _Constant:
    """A placeholder for NaN or Infinity until their place is known."""

    def __init__(self, name: str) -> None:
        self.name = name


def read(text: str, **how: Any) -> Any:
    """`json.loads` with exact numbers; `how` is passed to it."""
    constants: list[_Constant] = []

    def constant(name: str) -> _Constant:
        constants.append(_Constant(name))
        return constants[-1]

    value = json.loads(text, **{"parse_float": _ExactNumbers().__getitem__, "parse_constant": constant, **how})
    if constants:
        place = _place(value, constants[0])
        hint = "read it as None with parse_constant=lambda name: None"
        raise NotANumber(f"{place or 'a value'} is {constants[0].name}, which is not a valid number in JSON; {hint}")
    return value


class _ExactNumbers(dict[str, float | Decimal]):
    """The numbers of one text. Each is converted once, because most occur several times."""

    def __missing__(self, digits: str) -> float | Decimal:
        number = self[digits] = exact(digits)
        return number


def exact(digits: str) -> float | Decimal:
    """Convert a JSON number to a `float` if that is exact, otherwise to a `Decimal`."""
    number = float(digits)
    if len(digits) <= SURE_LENGTH and "e" not in digits and "E" not in digits:
        return number
    shortest = repr(number)
    # With more than 15 digits, a float may differ from the text.
    if shortest == digits or Decimal(shortest) == Decimal(digits):
        return number
    return Decimal(digits)


def _place(value: object, wanted: _Constant) -> str | None:
    # Without recursion, because JSON may be deeply nested.
    rest: list[tuple[object, str]] = [(value, "")]
    while rest:
        found, place = rest.pop()
        if found is wanted:
            return place.removeprefix(".") or None
        if isinstance(found, dict):
            rest.extend((item, f"{place}.{key}") for key, item in found.items())
        elif isinstance(found, list):
            rest.extend((item, f"{place}[{number}]") for number, item in enumerate(found))
    return None
