"""An ordered, replayable feed of JSON events to many readers: the room socket's spine."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

Message = dict[str, Any]


class Subscription:
    """One reader's bounded queue. A reader that falls `limit` messages behind is cut off, not waited for:
    it reconnects with `after_seq` and is sent what it missed."""

    def __init__(self, limit: int, leave: Callable[[Subscription], None], *, counted: bool = True) -> None:
        self.counted = counted
        self._waiting: deque[Message] = deque()
        self._limit = limit
        self._wake = asyncio.Event()
        self._leave = leave
        self._ended = False
        self.lagged = False

    def push(self, message: Message) -> None:
        """Queue a message; past the limit the reader is marked lagged and gets nothing more."""
        if self.lagged:
            return
        if len(self._waiting) >= self._limit:
            self.lagged = True
            self._waiting.clear()
        else:
            self._waiting.append(message)
        self._wake.set()

    def end(self) -> None:
        """Nothing more comes after what is queued."""
        self._ended = True
        self._wake.set()

    async def next(self) -> Message | None:
        """The next message in order, or None once the reader lagged or the feed has ended."""
        while not self._waiting:
            if self.lagged or self._ended:
                return None
            self._wake.clear()
            await self._wake.wait()
        return self._waiting.popleft()

    def close(self) -> None:
        """Stop receiving; may be called twice."""
        self._leave(self)


class Broadcast:
    """Numbers every event from `after` + 1, keeps the last `keep` for replay and hands them to all subscribers."""

    def __init__(self, *, keep: int = 500, queue: int = 200, after: int = 0) -> None:
        self._log: deque[Message] = deque(maxlen=keep)
        self._queue = queue
        self._readers: set[Subscription] = set()
        self._closed = False
        self.seq = after

    @property
    def readers(self) -> int:
        """How many are subscribed now, without those who only look after it."""
        return sum(reader.counted for reader in self._readers)

    def publish(self, kind: str, **payload: object) -> int:
        """Number an event, remember it and queue it for everyone; returns its `seq`."""
        self.seq += 1
        message: Message = {"type": kind, "seq": self.seq, **payload}
        self._log.append(message)
        for reader in tuple(self._readers):
            reader.push(message)
        return self.seq

    def subscribe(self, *, after_seq: int | None = None, counted: bool = True) -> Subscription:
        """Start reading; with `after_seq` the kept events after it come first, nothing twice, nothing between lost.

        One that is not `counted` is no reader to anybody else: an operator's page.
        """
        reader = Subscription(self._queue + (self._log.maxlen or 0), self._readers.discard, counted=counted)
        if after_seq is not None:
            for message in self._log:
                if message["seq"] > after_seq:
                    reader.push(message)
        self._readers.add(reader)
        if self._closed:
            reader.end()
        return reader

    def close(self) -> None:
        """Nothing is published any more: whoever reads is let go after what is queued. May be called twice."""
        self._closed = True
        for reader in tuple(self._readers):
            reader.end()
