"""A conversation's log as everybody sees it: what is stored is told, in order, to all who listen."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from typing import Any, Protocol

from stream.chat.outgoing import ServerFrame, encode, from_stored
from stream.chat.storage import ChatStore

_PAGE = 200


class Listener(Protocol):
    """Somebody who follows a conversation: a socket, an operator's page."""

    def offer(self, frame: str, *, seq: int | None = None) -> None:
        """Queue a frame, never waiting. With a `seq` that the listener has already been given, it is dropped."""


class Log:
    """Appends to the store and tells every listener. The caller holds the conversation's lock while it appends.

    `head` is the `seq` of the last logged event. `changed` is called when a listener has gone, `grown` after an event.
    """

    def __init__(
        self,
        conversation_id: str,
        *,
        head: int,
        store: ChatStore,
        changed: Callable[[], None] = lambda: None,
        grown: Callable[[], None] = lambda: None,
    ) -> None:
        self.head = head
        self._id = conversation_id
        self._store = store
        self._changed = changed
        self._grown = grown
        self._listeners: dict[Listener, None] = {}

    @property
    def listeners(self) -> tuple[Listener, ...]:
        """Who follows, longest first."""
        return tuple(self._listeners)

    def attach(self, listener: Listener) -> None:
        """Tell this listener from now on."""
        self._listeners[listener] = None

    def detach(self, listener: Listener) -> None:
        """Tell it no more; may be called twice."""
        self._listeners.pop(listener, None)
        self._changed()

    async def append(self, kind: str, payload: dict[str, Any]) -> int:
        """Store an event, then tell it. Returns its `seq`."""
        seq = await self._store.append(self._id, kind=kind, payload=payload)
        await self.reached(seq)
        self.tell(from_stored(kind, seq, payload, at_ms=now_ms()), seq=seq)
        return seq

    async def reached(self, seq: int) -> None:
        """The store has grown to `seq`; what another process stored in between is told first."""
        if seq > self.head + 1:
            async for logged, frame in self.replay(self.head, seq - 1):
                for listener in self.listeners:
                    listener.offer(frame, seq=logged)
        self.head = max(self.head, seq)
        self._grown()

    async def replay(self, after_seq: int, until_seq: int) -> AsyncIterator[tuple[int, str]]:
        """Stored events after `after_seq`, up to and with `until_seq`, as frames."""
        while after_seq < until_seq:
            events = await self._store.events_after(self._id, after_seq, limit=_PAGE)
            for event in events:
                if event.seq > until_seq:
                    return
                frame = from_stored(event.kind, event.seq, event.payload, at_ms=event.at_ms)
                if frame is not None:
                    yield event.seq, encode(frame)
                after_seq = event.seq
            if not events:
                return

    def tell(self, frame: ServerFrame | None, *, seq: int | None = None, but: Listener | None = None) -> None:
        """Give a frame to all listeners (but one)."""
        if frame is None or not self._listeners:
            return
        text = encode(frame)
        for listener in self.listeners:
            if listener is not but:
                listener.offer(text, seq=seq)


def now_ms() -> int:
    """Unix time in milliseconds."""
    return time.time_ns() // 1_000_000
