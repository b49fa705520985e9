"""The C library's heap in a process that runs for months: what a long sentence took goes back to the system."""

from __future__ import annotations

import ctypes
import logging

logger = logging.getLogger(__name__)

_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8
_THRESHOLD = 2 << 20
"""Larger blocks are mapped by themselves and given back when freed. glibc raises its own bound to 32 MB with use, and
what is freed then stays between smaller blocks. A picture (1.4 MB) stays below: its pages need not be cleared 25 times
a second."""
_ARENAS = 4


def bound_heap() -> bool:
    """Set the heap's bounds (mallopt(3)); to be called before threads allocate. False where there is no glibc."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        logger.info("this system's C library has no mallopt; its heap is left as it is")
        return False
    return bool(mallopt(_M_MMAP_THRESHOLD, _THRESHOLD)) and bool(mallopt(_M_ARENA_MAX, _ARENAS))
