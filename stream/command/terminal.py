"""Lines typed at a terminal, without holding up the loop."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator


async def typed_lines() -> AsyncIterator[str]:
    """What is typed, line by line, until the end of input."""
    while line := await asyncio.to_thread(sys.stdin.readline):
        if line.strip():
            yield line.strip()
