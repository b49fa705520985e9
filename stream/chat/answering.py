"""The engine at work on one answer: started, held for a moment, cancelled; and an answer as it is logged."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, Protocol

from dialogue import Conversation, Event, LeadUpdate, Locale
from stream.chat.exchange import Opened, Segment

_CANCEL_S = 2.0
"""How long a cancelled engine may take to let go."""
CONSENT_THANKS = {
    Locale.ZH: {
        "granted": "好的，记下了。只为这次咨询联系您，您随时可以要求删除。",
        "refused": "好的，不会联系您。有想问的接着问就行。",
    },
    Locale.EN: {
        "granted": "Thank you, noted. We contact you about this enquiry only, and delete it whenever you ask.",
        "refused": "All right, we will not contact you. Just go on asking.",
    },
}
"""What is said when the customer has answered the consent question."""


class Replier(Protocol):
    """Answers a customer: the engine."""

    def reply(
        self, conversation: Conversation, text: str, *, channel: str, lead: LeadUpdate | None = None
    ) -> AsyncGenerator[Event, None]:
        """The reply, piece by piece; closing the generator cancels everything under it."""


class Answering:
    """Owns the one answering task of a conversation.

    `answers` bounds the answers under way in the process. `take` gets each event, `fail` what the engine raised, and
    `complete` is called at the end of both, after `hold_s` seconds in which the customer may go on.
    """

    def __init__(
        self,
        replier: Replier,
        *,
        answers: asyncio.Semaphore,
        hold_s: Callable[[], float],
        take: Callable[[Opened, Event], Awaitable[None]],
        fail: Callable[[Exception], Awaitable[None]],
        complete: Callable[[Opened], Awaitable[None]],
    ) -> None:
        self._replier = replier
        self._answers = answers
        self._hold_s = hold_s
        self._take = take
        self._fail = fail
        self._complete = complete
        self._task: asyncio.Task[None] | None = None

    @property
    def busy(self) -> bool:
        """An answer is under way."""
        return self._task is not None

    def start(self, conversation: Conversation, opened: Opened, lead: LeadUpdate | None) -> None:
        """Begin to answer; the caller has cancelled or finished the answer before."""
        work = self._run(conversation, opened, lead)
        self._task = asyncio.create_task(work, name=f"answer-{conversation.id}")

    def done(self) -> None:
        """The answer is complete; called from within its own task."""
        self._task = None

    async def cancel(self) -> None:
        """Cancel the answer under way and everything under it."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task}, timeout=_CANCEL_S)

    async def _run(self, conversation: Conversation, opened: Opened, lead: LeadUpdate | None) -> None:
        try:
            async with self._answers:
                await self._speak(conversation, opened, lead)
            await asyncio.sleep(self._hold_s())
        except Exception as exc:
            await self._fail(exc)
        await self._complete(opened)

    async def _speak(self, conversation: Conversation, opened: Opened, lead: LeadUpdate | None) -> None:
        text = "\n".join(opened.texts)
        reply = self._replier.reply(conversation, text, channel=conversation.channel, lead=lead)
        async with aclosing(reply) as events:
            async for event in events:
                await self._take(opened, event)


def segment_payload(segment: Segment) -> dict[str, Any]:
    """A part of an answer as it is logged."""
    citations = [
        {"file": c.file, "quote": c.quote, "sheet": c.sheet, "page": c.page, "line": c.line, "version": c.version}
        for c in segment.citations
    ]
    return {
        "role": "assistant",
        "text": segment.text,
        "emotion": segment.emotion.value,
        "suggestions": list(segment.suggestions),
        "citations": citations,
    }
