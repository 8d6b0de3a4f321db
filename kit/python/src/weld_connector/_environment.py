"""The variables of the connector's configuration."""

from __future__ import annotations

from . import _host
from .connector import UNSET, Unset
from .errors import Misconfigured


def env(name: str, default: str | Unset = UNSET) -> str:
    """A variable of the section `[env]`. One that is missing or empty is `default`, or else `Misconfigured`.

    `os.environ` has the same, when the connector runs; at the top of a module neither has.
    """
    value = _host.current.environment().get(name)
    if value:
        return value
    if isinstance(default, Unset):
        state = "missing" if value is None else "empty"
        raise Misconfigured(f"{name} is {state}: set it in the section [env] of the connector's .toml file")
    return default
