"""The variables of the connector's configuration."""

from __future__ import annotations

from . import _host
from .connector import UNSET, Unset
from .errors import Misconfigured


def env(name: str, default: str | Unset = UNSET) -> str:
    """Return a variable of the section `[env]`.

    If it is missing or empty, return `default`, or raise `Misconfigured` if there is no default. `os.environ` has the same
    variables. Neither has them at the top of a module, which runs during the build.
    """
    value = _host.current.environment().get(name)
    if value:
        return value
    if isinstance(default, Unset):
        state = "missing" if value is None else "empty"
        raise Misconfigured(f"{name} is {state}: set it in the section [env] of the connector's .toml file")
    return default
