"""Serves a cloud function or a Lambda as a Weld connector, without changing its files.

`weld-host adapt` makes a folder with this package, the function in `function/`, and a module `app` of one line:

    Source = weld_adapt.export("main")
"""

from __future__ import annotations

__all__ = ["export"]


def export(
    module: str, *, entry: str | None = None, key_variable: str | None = None, stand_ins: tuple[str, ...] = ()
) -> type:
    """Return the component's exports for the function in `module`, a file of the folder `function/`.

    `entry` is the function that answers requests, if its name is not one of the usual ones. `key_variable` is the
    variable with the key that the function checks. `stand_ins` are packages that the shim replaces: `pandas`.
    """
    # Imported here, so that `weld_adapt.tools` runs without the kit.
    from ._export import make

    return make(module, entry, key_variable, stand_ins)
