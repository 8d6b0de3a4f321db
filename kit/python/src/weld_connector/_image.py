"""The memory that a component begins each page with: an image of what is there when it has been built."""

from __future__ import annotations

import gc


def settle() -> None:
    """Has the collector of garbage pass over all that is there from now on.

    Otherwise it visits tens of thousands of objects in each page, writes into each of them, and so makes the host copy the
    memory in which they are.
    """
    gc.collect()
    gc.freeze()
