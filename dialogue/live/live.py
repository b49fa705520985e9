"""The engine at a live room's service: every comment stands alone, about the product on show."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from dialogue.conversation import Conversation
from dialogue.engine import Engine
from dialogue.event import Event


class LiveDesk:
    """Answers comments of one room; `product` tells what is on show. Hand its `answer` to the `Director`."""

    def __init__(self, engine: Engine, *, merchant: str, room: str) -> None:
        self._engine = engine
        self._conversation = Conversation(id=f"live/{room}", merchant=merchant, channel="live")
        self.product: Callable[[], str | None] = lambda: None
        """Set it to the director's product once there is one."""

    def answer(self, text: str) -> AsyncIterator[Event]:
        """The events of the reply to one comment."""
        # Viewers do not continue each other's sentences: only the wordings used last are kept.
        self._conversation.forget()
        self._conversation.record_id = self.product()
        return self._engine.reply(self._conversation, text, channel="live")
