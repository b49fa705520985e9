"""Keeping what native libraries write to the terminal away from the one line that a user can act on.

MediaPipe and TensorFlow Lite log to file descriptor 2 from threads of their own, and no setting of theirs stops it.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr


@contextmanager
def native_logs_hidden() -> Iterator[None]:
    """Discard what native code writes to descriptor 2 until the block ends; Python's own `sys.stderr` still shows.

    For commands only: the descriptor belongs to the whole process.
    """
    try:
        shown = sys.stderr.fileno() == 2
    except (AttributeError, io.UnsupportedOperation):
        shown = False
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        with open(
            kept, "w", encoding=sys.stderr.encoding, errors="backslashreplace", buffering=1, closefd=False
        ) as own:
            with redirect_stderr(own if shown else sys.stderr):
                yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
