"""Keeps a room's tasks alive: what crashes is started again alone, after a growing pause."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

_log = logging.getLogger(__name__)

_BACKOFF_S = 0.05
_BACKOFF_MAX_S = 5.0
_STEADY_S = 30.0
"""A task that ran this long is trusted again: its next restart is quick."""


class Supervisor:
    """Owns named tasks. A task that raises is run again; one that returns is done."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.restarts: dict[str, int] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._monotonic = monotonic

    def start(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """Run a task under this name until it returns or the supervisor stops."""
        if name in self._tasks and not self._tasks[name].done():
            raise ValueError(f"{name} already runs")
        self.restarts.setdefault(name, 0)
        self._tasks[name] = asyncio.get_running_loop().create_task(self._keep(name, run), name=name)

    async def stop(self, name: str | None = None) -> None:
        """Cancel and await one task, or all; may be called twice."""
        tasks = [self._tasks.pop(key) for key in ([name] if name else list(self._tasks)) if key in self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        backoff_s = _BACKOFF_S
        while True:
            began = self._monotonic()
            try:
                await run()
                return
            except Exception:
                self.restarts[name] += 1
                _log.exception("%s failed and is started again (number %d)", name, self.restarts[name])
            if self._monotonic() - began > _STEADY_S:
                backoff_s = _BACKOFF_S
            await asyncio.sleep(backoff_s)
            backoff_s = min(_BACKOFF_MAX_S, backoff_s * 2)
