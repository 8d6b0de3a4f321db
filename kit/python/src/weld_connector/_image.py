"""The memory image that a component begins each page with. It is taken at the end of the build."""

from __future__ import annotations

import gc


def settle() -> None:
    """Exclude all existing objects from garbage collection.

    Otherwise, each collection writes into tens of thousands of objects, and the host must copy their memory for each page.
    """
    gc.collect()
    gc.freeze()
