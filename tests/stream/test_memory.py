"""The heap's bounds: what was large and is freed goes back to the system."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import ctypes
from stream.memory import bound_heap

assert bound_heap()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]


def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4


def used(size):
    block = libc.malloc(size)
    ctypes.memset(block, 1, size)
    return block


# Ever larger blocks are what teaches glibc to keep them; a small one behind each keeps the heap from shrinking.
before, kept = resident(), []
for mb in (3, 6, 12, 24, 24, 24):
    block = used(mb << 20)
    kept.append(used(1000))
    libc.free(block)
print(resident() - before)
"""


def test_large_blocks_are_given_back_however_many_came_before() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 2048, "kilobytes"
