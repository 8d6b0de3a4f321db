"""Free memory, as it is when the component has been built.

What was freed keeps its bytes, and all that is not zero becomes a part of the component: the trees of sources that were
read and compiled make it a tenth larger.
"""

from __future__ import annotations

import gc

from weld_connector import _image

BLOCKS = ((4096, 512), (200_000, 12))
"""Sizes and numbers of the blocks that take the place of what was freed."""


def clear() -> None:
    """Writes zeros over free memory, and has the collector of garbage pass over the rest."""
    gc.collect()
    zeros = [bytearray(size) for size, count in BLOCKS for _ in range(count)]
    zeros.clear()
    _image.settle()
