"""A bounded event stream from a room to whoever listens."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Feed(Generic[T]):
    """Hands every event to every listener. A listener that does not read loses its oldest events, nobody waits."""

    def __init__(self, *, limit: int = 256) -> None:
        self.lost = 0
        self._limit = limit
        self._listeners: dict[int, tuple[deque[T], asyncio.Event]] = {}
        self._next = 0
        self._closed = False

    def publish(self, event: T) -> None:
        """Queue an event for every listener."""
        for waiting, wake in self._listeners.values():
            if len(waiting) >= self._limit:
                waiting.popleft()
                self.lost += 1
            waiting.append(event)
            wake.set()

    def close(self) -> None:
        """End every listener's iteration once it has read what waits."""
        self._closed = True
        for _, wake in self._listeners.values():
            wake.set()

    def listen(self) -> AsyncIterator[T]:
        """Iterate over the events published from now on."""
        key, self._next = self._next, self._next + 1
        mine: tuple[deque[T], asyncio.Event] = (deque(), asyncio.Event())
        self._listeners[key] = mine
        return self._iterate(key, *mine)

    async def _iterate(self, key: int, waiting: deque[T], wake: asyncio.Event) -> AsyncIterator[T]:
        try:
            while True:
                while waiting:
                    yield waiting.popleft()
                if self._closed:
                    return
                wake.clear()
                await wake.wait()
        finally:
            self._listeners.pop(key, None)
