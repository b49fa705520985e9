"""One conversation while somebody is on it: takes what the customer says, lets the engine answer, logs both.

All state belongs to the event loop and changes under one lock, so that what listeners see is exactly the log.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from dialogue import Conversation, DialogueError, Event, HandoffPolicy, Who
from dialogue.store import UnknownConversationError
from stream.chat.answering import Answering, Replier
from stream.chat.english import told
from stream.chat.exchange import Cut, Exchange, Opened, Piece
from stream.chat.form_desk import FormDesk
from stream.chat.frame import FrameError
from stream.chat.handover import Handover, local_now
from stream.chat.incoming import Feedback, HandoffRequest, LeadAnswer, Say
from stream.chat.log import Listener, Log, now_ms
from stream.chat.outgoing import Delta, Problem, TypingState, encode
from stream.chat.receipt import Receipts, acknowledge
from stream.chat.scribe import Scribe
from stream.chat.storage import ChatStore, LeadForms, StoredMessage

_LOG = logging.getLogger(__name__)


class Thread:
    """A live conversation.

    `answers` bounds the answers under way in the process; `changed` is called when the thread may have become quiet,
    `grown` after each logged event, `typed` with True while the customer is typing, with False when they have spoken.
    """

    def __init__(
        self,
        conversation: Conversation,
        *,
        head: int,
        store: ChatStore,
        forms: LeadForms,
        replier: Replier,
        answers: asyncio.Semaphore,
        policy: HandoffPolicy,
        exchange: Exchange | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = local_now,
        changed: Callable[[], None] = lambda: None,
        grown: Callable[[], None] = lambda: None,
        typed: Callable[[bool], None] = lambda on: None,
    ) -> None:
        self._typed = typed
        self.conversation = conversation
        self.log = Log(conversation.id, head=head, store=store, changed=changed, grown=grown)
        self._store = store
        self._forms = FormDesk(conversation.id, log=self.log, forms=forms)
        self._exchange = exchange or Exchange()
        self._clock = clock
        self._changed = changed
        self._handover = Handover(conversation.id, log=self.log, store=store, policy=policy, tick=self._expire, now=now)
        self._scribe = Scribe(conversation.id, log=self.log, store=store, forms=forms, handover=self._handover)
        self._lock = asyncio.Lock()
        self._answering = Answering(
            replier,
            answers=answers,
            hold_s=lambda: self._exchange.hold_s(self._clock()),
            take=self._take,
            fail=self._fail,
            complete=self._complete,
        )
        self._receipts = Receipts()
        self._before: dict[str, Any] | None = None
        self._closed = False

    @property
    def id(self) -> str:
        """The conversation's id."""
        return self.conversation.id

    @property
    def quiet(self) -> bool:
        """Nobody listens, nothing is being answered, no time-out is watched."""
        return not (self.log.listeners or self._answering.busy or self._handover.waiting)

    @property
    def answering(self) -> bool:
        """An answer is under way."""
        return self._answering.busy

    @property
    def handoff(self) -> str:
        """Who answers: `ai`, `requested`, `human` or `callback`."""
        who = self.conversation.handoff.who
        return "ai" if who is Who.BOT else who.value

    async def attach(self, listener: Listener) -> tuple[int, str | None]:
        """Follow from now on. Returns the head, up to which the listener replays by itself, and the open delta."""
        async with self._lock:
            self.log.attach(listener)
            piece = self._exchange.open_piece
            return self.log.head, None if piece is None else encode(self._delta(piece))

    # -- what comes in -------------------------------------------------------------------------------------------

    async def say(self, said: Say, sender: Listener | None) -> int:
        """Log a customer's message, acknowledge it and see that it is answered. Returns its `seq`.

        The acknowledgement leaves only after the store has synced it. Raises `FrameError` (`busy`, `not_saved`), and
        `UnknownConversationError` when the conversation was erased.
        """
        async with self._lock:
            known = self._receipts.known(said.client_id)
            if known is not None:
                acknowledge(sender, said.client_id, known)
                return known
            if self._exchange.full:
                raise FrameError("busy", "前面的问题还没答完，请稍等再发", client_id=said.client_id)
            try:
                if self._exchange.supersedes(self._clock()):
                    await self._retract()
                else:
                    await self._close_segment()
                received = await self._store.receive(self.id, client_id=said.client_id, text=said.text)
                self._receipts.keep(said.client_id, received.seq)
                if received.duplicate:
                    acknowledge(sender, said.client_id, received.seq)
                else:
                    await self._received(said, received, sender)
            except UnknownConversationError:
                raise
            except DialogueError as exc:
                _LOG.warning("conversation %s: a message was not stored: %s", self.id, exc)
                raise FrameError("not_saved", "没存上，请稍后重发", client_id=said.client_id) from exc
            finally:
                self._open()
            return received.seq

    async def lead(self, answer: LeadAnswer, sender: Listener | None) -> None:
        """The form was filled in, or declined. `lead_saved` is told only after the lead is synced.

        Raises `FrameError` (`consent_required`, `lead_invalid`) and `DialogueError`.
        """
        async with self._lock:
            if answer.consent.granted:
                await self._close_segment()
            if await self._forms.take(answer, sender):
                self.conversation.reachable = True

    async def handoff_asked(self, asked: HandoffRequest, sender: Listener | None) -> None:
        """The customer wants a human (`to: "human"`), or the AI back."""
        async with self._lock:
            known = self._receipts.known(asked.client_id)
            if known is None:
                await self._close_segment()
                if asked.to == "human":
                    await self._handover.request(self.conversation)
                else:
                    await self._handover.give_back(self.conversation)
                known = self.log.head
                self._receipts.keep(asked.client_id, known)
            acknowledge(sender, asked.client_id, known)

    async def feedback(self, given: Feedback) -> None:
        """Was a message helpful? Kept for the funnel, told to nobody; waits for an open answer to be logged."""
        async with self._lock:
            if given.seq > self.log.head:
                raise FrameError("unknown_seq", f"还没有 seq 为 {given.seq} 的消息")
            self._scribe.opinion(given)
            if self._exchange.open_piece is None:
                await self._scribe.opinions()

    async def stop(self) -> None:
        """End the answer under way; what was said stays."""
        async with self._lock:
            await self._silence()

    # -- what colleagues do --------------------------------------------------------------------------------------

    async def take_over(self, operator: str) -> None:
        """A colleague takes the conversation; the AI falls silent."""
        async with self._lock:
            await self._taken(operator)

    async def operator_says(self, text: str, *, operator: str) -> int:
        """What a colleague writes; takes the conversation first, where that has not happened. Returns its `seq`."""
        async with self._lock:
            if self.conversation.handoff.who is not Who.HUMAN:
                await self._taken(operator)
            return await self._handover.said(self.conversation, text)

    async def give_back(self) -> None:
        """The colleague returns the conversation to the AI."""
        async with self._lock:
            await self._close_segment()
            await self._handover.give_back(self.conversation)

    async def _taken(self, operator: str) -> None:
        await self._silence()
        await self._handover.take(self.conversation, operator)

    def types(self) -> None:
        """A colleague is typing."""
        self.log.tell(TypingState(on=True))

    def visitor_types(self) -> None:
        """The customer is typing: told to colleagues, kept nowhere."""
        self._typed(True)

    # -- life ----------------------------------------------------------------------------------------------------

    def resume(self, texts: list[str]) -> None:
        """Answer what a broken-off process left unanswered, and watch a hand-off that was under way."""
        for text in texts:
            self._exchange.said(text, float("-inf"))
        self._open()
        self._handover.watch(self.conversation)

    async def aclose(self) -> None:
        """End the answer under way without logging it: it is answered again when the customer is back."""
        async with self._lock:
            self._closed = True
            await self._answering.cancel()
        await self._handover.aclose()

    # -- the answer ----------------------------------------------------------------------------------------------

    async def _received(self, said: Say, received: StoredMessage, sender: Listener | None) -> None:
        await self.log.reached(received.seq)
        self.conversation.reachable = received.reachable
        self._typed(False)
        acknowledge(sender, said.client_id, received.seq)
        if await self._scribe.taken(self.conversation, said, received, sender):
            self._exchange.said(said.text, self._clock())

    def _open(self) -> None:
        opened = None if self._closed else self._exchange.open()
        if opened is None:
            return
        self._before, self._scribe.shown_at_ms = self.conversation.snapshot(), None
        if not self.conversation.handoff.silent:
            self.log.tell(TypingState(on=True))
        self._answering.start(self.conversation, opened, self._scribe.lead)

    async def _complete(self, opened: Opened) -> None:
        """The engine has said all there is to say, and the customer has not gone on."""
        async with self._lock:
            closing = self._exchange.finish(opened.generation)
            if closing is None:
                return
            self._answering.done()
            try:
                await self._scribe.closing(self.conversation, opened, closing)
            except DialogueError as exc:
                _LOG.error("conversation %s: an answer was not stored: %s", self.id, exc)
                self._failed("回答没能存下，请再问一次")
            self.log.tell(TypingState(on=False))
            self._open()
        self._changed()

    async def _take(self, opened: Opened, event: Event) -> None:
        """One event of the engine: checked text goes out at once, the rest when the answer is complete."""
        async with self._lock:
            piece = self._exchange.take(opened.generation, event)
            if piece is not None:
                self.log.tell(self._delta(piece))
                if self.log.listeners and self._scribe.shown_at_ms is None:
                    self._scribe.shown_at_ms = now_ms()

    async def _fail(self, exc: Exception) -> None:
        _LOG.error("conversation %s: the answer failed: %s", self.id, type(exc).__name__, exc_info=exc)
        self._failed("客服这会儿答不上来，问题已经记下")

    def _failed(self, text: str) -> None:
        self.log.tell(told(Problem(code="answer_failed", message=text), self.conversation.locale))

    async def _retract(self) -> None:
        await self._answering.cancel()
        shown = self._exchange.retract() is Cut.RETRACT
        if self._before is not None:
            self.conversation = Conversation.restore(self._before)
        if shown:
            await self.log.append("retract", {})

    async def _silence(self) -> None:
        await self._answering.cancel()
        segment = self._exchange.drop()
        if segment is not None:
            await self._scribe.segment(segment)
        self.log.tell(TypingState(on=False))

    async def _expire(self) -> None:
        async with self._lock:
            try:
                await self._close_segment()
                await self._handover.expire(self.conversation)
            except DialogueError as exc:
                _LOG.error("conversation %s: a hand-off was not stored: %s", self.id, exc)

    async def _close_segment(self) -> None:
        segment = self._exchange.close_segment()
        if segment is not None:
            await self._scribe.segment(segment)

    def _delta(self, piece: Piece) -> Delta:
        return Delta(seq=self.log.head + 1, offset=piece.offset, text=piece.text, emotion=piece.emotion.value)
