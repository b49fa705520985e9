"""One conversation while somebody is on it: keeps its log in order, lets the engine answer, tells every listener.

All state belongs to the event loop and changes under one lock, so that what listeners see is exactly the log.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from datetime import datetime
from typing import Any, Protocol, cast

from dialogue import DialogueError, Event
from dialogue.conversation import Conversation
from dialogue.handoff import HandoffPolicy, Reason, Who
from stream.chat.exchange import Closing, Cut, Exchange, Opened, Segment
from stream.chat.frame import (
    Ack,
    Delta,
    Feedback,
    FrameError,
    HandoffRequest,
    LeadAnswer,
    LeadSaved,
    Problem,
    Say,
    ServerFrame,
    TypingState,
    encode,
    from_stored,
)
from stream.chat.storage import ChatStore, LeadForms, StoredEvent

_LOG = logging.getLogger(__name__)
_REMEMBERED_IDS = 256
_PAGE = 200
CALLBACK_FORM = {"fields": ["name", "phone", "time"], "purpose": "回电", "policy_version": "contact-1"}
"""The form shown when no colleague can be reached."""


class Replier(Protocol):
    """Answers a customer: the engine."""

    def reply(self, conversation: Conversation, text: str, *, channel: str) -> AsyncIterator[Event]:
        """The reply, piece by piece; closing the iterator cancels everything under it."""


class Listener(Protocol):
    """Somebody who follows a conversation: a socket, an operator's page."""

    def offer(self, frame: str, *, seq: int | None = None) -> None:
        """Queue a frame, never waiting. With a `seq` that the listener has already been given, it is dropped."""


def _local_now() -> datetime:
    return datetime.now().astimezone()


class Thread:
    """A live conversation. `head` is the `seq` of its last logged event.

    `answers` bounds the answers under way in the process; `channel` names the channel to the engine.
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
        channel: str = "chat",
        exchange: Exchange | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = _local_now,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self.conversation = conversation
        self.head = head
        self._store = store
        self._replier = replier
        self._answers = answers
        self._channel = channel
        self._exchange = exchange or Exchange()
        self._clock = clock
        self._changed = changed
        self._lock = asyncio.Lock()
        self._listeners: dict[Listener, None] = {}
        self._acked: OrderedDict[str, int] = OrderedDict()
        self._task: asyncio.Task[None] | None = None
        self._before: dict[str, Any] | None = None
        self._opinions: dict[int, int] = {}
        self._forms = forms
        self._policy = policy
        self._now = now
        self._timer: asyncio.TimerHandle | None = None
        self._chores: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def id(self) -> str:
        """The conversation's id."""
        return self.conversation.id

    @property
    def quiet(self) -> bool:
        """Nobody listens and nothing is being answered."""
        return not self._listeners and self._task is None

    @property
    def listeners(self) -> tuple[Listener, ...]:
        """Who follows, longest first."""
        return tuple(self._listeners)

    async def attach(self, listener: Listener) -> tuple[int, str | None]:
        """Follow from now on. Returns the head, up to which the listener replays by itself, and the open delta."""
        async with self._lock:
            self._listeners[listener] = None
            return self.head, self._open_delta()

    def detach(self, listener: Listener) -> None:
        """Follow no more; may be called twice."""
        self._listeners.pop(listener, None)
        self._changed()

    async def replay(self, after_seq: int, until_seq: int) -> AsyncIterator[tuple[int, str]]:
        """Logged events after `after_seq`, up to and with `until_seq`, as frames."""
        while after_seq < until_seq:
            events = await self._store.events_after(self.id, after_seq, limit=_PAGE)
            for event in events:
                if event.seq > until_seq:
                    return
                frame = _frame(event)
                if frame is not None:
                    yield event.seq, encode(frame)
                after_seq = event.seq
            if not events:
                return

    async def say(self, said: Say, sender: Listener | None) -> int:
        """Log a customer's message, acknowledge it and see that it is answered. Returns its `seq`.

        The acknowledgement leaves only after the store has synced it. Raises `FrameError` (`busy`, `not_saved`).
        """
        async with self._lock:
            known = self._acked.get(said.client_id)
            if known is not None:
                _ack(sender, said.client_id, known)
                return known
            if self._exchange.full:
                raise FrameError("busy", "前面的问题还没答完，请稍等再发", client_id=said.client_id)
            try:
                if self._exchange.supersedes(self._clock()):
                    await self._retract()
                else:
                    await self._close_segment()
                received = await self._store.receive(self.id, client_id=said.client_id, text=said.text)
            except DialogueError as exc:
                self._open()
                _LOG.warning("conversation %s: a message was not stored: %s", self.id, exc)
                raise FrameError("not_saved", "没存上，请稍后重发", client_id=said.client_id) from exc
            self._remember(said.client_id, received.seq)
            if not received.duplicate:
                await self._reached(received.seq)
                self._said(said, received.seq, sender)
                if received.lead is not None:
                    await self._log("lead_saved", {"client_id": said.client_id, "complete": received.lead.complete})
            else:
                _ack(sender, said.client_id, received.seq)
            self._open()
            return received.seq

    def _said(self, said: Say, seq: int, sender: Listener | None) -> None:
        """Acknowledge to the sender, show to everybody else, and let it wait for an answer."""
        _ack(sender, said.client_id, seq)
        payload = {"role": "visitor", "text": said.text, "client_id": said.client_id}
        self._tell(from_stored("message", seq, payload, at_ms=_now_ms()), seq=seq, but=sender)
        self._exchange.said(said.text, self._clock())

    def resume(self, texts: list[str]) -> None:
        """Answer what a broken-off process left unanswered."""
        for text in texts:
            self._exchange.said(text, float("-inf"))
        self._open()

    async def stop(self) -> None:
        """End the answer under way; what was said stays."""
        async with self._lock:
            await self._silence()

    async def post(self, kind: str, payload: dict[str, Any]) -> int:
        """Log something that is neither the customer's message nor the engine's answer, and tell everybody."""
        async with self._lock:
            await self._close_segment()
            return await self._log(kind, payload)

    async def lead(self, answer: LeadAnswer, sender: Listener | None) -> None:
        """The form was filled in, or declined. `lead_saved` is told only after the lead is synced.

        Raises `FrameError` (`consent_required`, `lead_empty`, `lead_invalid`).
        """
        async with self._lock:
            if not answer.consent.granted:
                if answer.fields:
                    raise FrameError("consent_required", "没有同意，信息没有保存", client_id=answer.client_id)
                await self._forms.decline(self.id, client_id=answer.client_id, consent=answer.consent)
                _ack(sender, answer.client_id, self.head)
                return
            await self._close_segment()
            saved = await self._forms.submit(
                self.id, client_id=answer.client_id, fields=answer.fields, consent=answer.consent
            )
            if saved is None:
                text = "至少要有一个能联系上您的方式，请检查号码"
                raise FrameError("lead_invalid", text, client_id=answer.client_id)
            if saved.duplicate and sender is not None:
                sender.offer(encode(LeadSaved(seq=saved.seq, client_id=answer.client_id, complete=saved.complete)))
                return
            payload = {"client_id": answer.client_id, "complete": saved.complete}
            await self._reached(saved.seq)
            self._tell(from_stored("lead_saved", saved.seq, payload), seq=saved.seq)

    async def handoff_asked(self, asked: HandoffRequest, sender: Listener | None) -> None:
        """The customer wants a human (`to: "human"`), or the AI back."""
        async with self._lock:
            known = self._acked.get(asked.client_id)
            if known is None:
                if asked.to == "human":
                    await self._request_human()
                else:
                    await self._give_back()
                known = self.head
                self._remember(asked.client_id, known)
            _ack(sender, asked.client_id, known)

    async def feedback(self, given: Feedback) -> None:
        """Was a message helpful? Kept for the funnel, told to nobody; waits for an open answer to be logged."""
        async with self._lock:
            if given.seq > self.head:
                raise FrameError("unknown_seq", f"还没有 seq 为 {given.seq} 的消息")
            self._opinions[given.seq] = given.score
            if len(self._opinions) > _REMEMBERED_IDS:
                self._opinions.pop(next(iter(self._opinions)))
            if not self._exchange.open_text:
                await self._log_opinions()

    @property
    def handoff(self) -> str:
        """Who answers: `ai`, `requested`, `human` or `callback`."""
        who = self.conversation.handoff.who
        return "ai" if who is Who.BOT else who.value

    async def take_over(self, operator: str) -> None:
        """A colleague takes the conversation; the AI falls silent."""
        async with self._lock:
            await self._silence()
            self.conversation.handoff = self.conversation.handoff.take(operator, now=self._now())
            await self._log_handoff("human", name=operator)

    async def operator_says(self, text: str, *, operator: str) -> int:
        """What a colleague writes; takes the conversation first, where that has not happened."""
        if self.conversation.handoff.who is not Who.HUMAN:
            await self.take_over(operator)
        async with self._lock:
            now = self._now()
            self.conversation.operator_said(text, at=now.timestamp())
            self.conversation.handoff = self.conversation.handoff.operator_spoke(now=now)
            seq = await self._log("message", {"role": "operator", "text": text, "name": operator})
            self._watch()
            return seq

    async def operator_types(self) -> None:
        """A colleague is typing."""
        self._tell(TypingState(on=True))

    async def give_back(self) -> None:
        """The colleague returns the conversation to the AI."""
        async with self._lock:
            await self._give_back()

    async def aclose(self) -> None:
        """End the answer under way without logging it: it is answered again when the customer is back."""
        async with self._lock:
            self._closed = True
            await self._cancel()
            if self._timer is not None:
                self._timer.cancel()
            for chore in tuple(self._chores):
                chore.cancel()

    # -- the answer ----------------------------------------------------------------------------------------------

    def _open(self) -> None:
        opened = None if self._closed else self._exchange.open()
        if opened is None:
            return
        self._before = self.conversation.snapshot()
        if not self.conversation.handoff.silent:
            self._tell(TypingState(on=True))
        self._task = asyncio.create_task(self._answer(opened), name=f"answer-{self.id}")

    async def _answer(self, opened: Opened) -> None:
        try:
            async with self._answers:
                await self._speak(opened)
            await asyncio.sleep(self._exchange.hold_s(self._clock()))
        except asyncio.CancelledError:
            raise
        except Exception as exc:
            _LOG.error("conversation %s: the answer failed: %s", self.id, type(exc).__name__, exc_info=exc)
            self._tell(Problem(code="answer_failed", message="客服这会儿答不上来，问题已经记下"))
        async with self._lock:
            closing = self._exchange.finish(opened.generation)
            if closing is None:
                return
            self._task = None
            try:
                await self._log_closing(closing)
            except DialogueError as exc:
                _LOG.error("conversation %s: an answer was not stored: %s", self.id, exc)
                self._tell(Problem(code="answer_failed", message="回答没能存下，请再问一次"))
            self._tell(TypingState(on=False))
            self._open()
        self._changed()

    async def _speak(self, opened: Opened) -> None:
        events = self._replier.reply(self.conversation, "\n".join(opened.texts), channel=self._channel)
        async with aclosing(cast("Any", events)):
            async for event in events:
                async with self._lock:
                    piece = self._exchange.take(opened.generation, event)
                    if piece is not None:
                        delta = Delta(seq=self.head + 1, offset=piece.offset, text=piece.text, emotion=piece.emotion)
                        self._tell(delta)

    async def _cancel(self) -> None:
        task, self._task = self._task, None
        if task is None or task is asyncio.current_task():
            return
        task.cancel()
        await asyncio.wait({task}, timeout=2.0)
        self._changed()

    async def _retract(self) -> None:
        await self._cancel()
        shown = self._exchange.retract() is Cut.RETRACT
        if self._before is not None:
            self.conversation = Conversation.restore(self._before)
        if shown:
            await self._log("retract", {})

    async def _close_segment(self) -> None:
        segment = self._exchange.close_segment()
        if segment is not None:
            await self._log_segment(segment)

    # -- the hand-off --------------------------------------------------------------------------------------------

    async def _request_human(self) -> None:
        before = self.conversation.handoff
        self.conversation.handoff = before.request(Reason.ASKED, now=self._now(), policy=self._policy)
        if self.conversation.handoff is not before:
            await self._close_segment()
            await self._enter(self.conversation.handoff.who)

    async def _give_back(self) -> None:
        if self.conversation.handoff.who is Who.BOT:
            return
        self.conversation.handoff = self.conversation.handoff.give_back()
        await self._close_segment()
        await self._enter(Who.BOT)

    async def _silence(self) -> None:
        await self._cancel()
        segment = self._exchange.drop()
        if segment is not None:
            await self._log_segment(segment)
        self._tell(TypingState(on=False))

    async def _enter(self, who: Who) -> None:
        await self._log_handoff("returned" if who is Who.BOT else who.value)
        if who is Who.CALLBACK:
            await self._log("lead_form", dict(CALLBACK_FORM))

    async def _log_handoff(self, state: str, *, name: str = "", summary: str = "") -> None:
        payload = {"state": state, "name": name, "summary": summary}
        await self._log("handoff", payload)
        await self._store.set_state(self.id, "bot" if state == "returned" else state)
        self._watch()

    def _watch(self) -> None:
        """Wake up when nobody came, or the colleague has been silent too long."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        state = self.conversation.handoff
        if state.who is Who.REQUESTED:
            wait_s = self._policy.wait_s
        elif state.who is Who.HUMAN and state.waiting:
            wait_s = self._policy.idle_s
        else:
            return
        due = state.since + wait_s - self._now().timestamp()
        self._timer = asyncio.get_running_loop().call_later(max(0.0, due) + 0.01, self._wake)

    def _wake(self) -> None:
        self._timer = None
        task = asyncio.create_task(self._tick(), name=f"handoff-{self.id}")
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)

    async def _tick(self) -> None:
        async with self._lock:
            before = self.conversation.handoff
            after = before.tick(now=self._now(), policy=self._policy)
            if after is before:
                self._watch()
                return
            self.conversation.handoff = after
            try:
                await self._close_segment()
                await self._enter(after.who)
            except DialogueError as exc:
                _LOG.error("conversation %s: a hand-off was not stored: %s", self.id, exc)

    # -- the log -------------------------------------------------------------------------------------------------

    async def _log_closing(self, closing: Closing) -> None:
        if closing.segment is not None:
            done = closing.done
            extra = {"decision": done.decision, "record_id": done.record_id} if done else {}
            await self._log_segment(closing.segment, **extra)
        for form in closing.forms:
            await self._log(
                "lead_form",
                {"fields": list(form.fields), "purpose": form.purpose, "policy_version": form.policy_version},
            )
        for handoff in closing.handoffs:
            await self._log_handoff(handoff.state, summary=handoff.summary)
        await self._log_opinions()

    async def _log_opinions(self) -> None:
        while self._opinions:
            seq = next(iter(self._opinions))
            await self._log("feedback", {"seq": seq, "score": self._opinions[seq]})
            del self._opinions[seq]

    async def _log_segment(self, segment: Segment, **extra: Any) -> None:
        payload: dict[str, Any] = {
            "role": "assistant",
            "text": segment.text,
            "emotion": segment.emotion.value,
            "suggestions": list(segment.suggestions),
            "citations": [
                {
                    "file": c.file,
                    "quote": c.quote,
                    "sheet": c.sheet,
                    "page": c.page,
                    "line": c.line,
                    "version": c.version,
                }
                for c in segment.citations
            ],
            **extra,
        }
        await self._log("message", payload)

    async def _log(self, kind: str, payload: dict[str, Any]) -> int:
        seq = await self._store.append(self.id, kind=kind, payload=payload)
        await self._reached(seq)
        self._tell(from_stored(kind, seq, payload, at_ms=_now_ms()), seq=seq)
        return seq

    async def _reached(self, seq: int) -> None:
        """The log has grown to `seq`; what another process logged in between is told first."""
        if seq > self.head + 1:
            async for logged, frame in self.replay(self.head, seq - 1):
                for listener in self.listeners:
                    listener.offer(frame, seq=logged)
        self.head = max(self.head, seq)

    def _tell(self, frame: ServerFrame | None, *, seq: int | None = None, but: Listener | None = None) -> None:
        if frame is None:
            return
        text = encode(frame)
        for listener in self.listeners:
            if listener is not but:
                listener.offer(text, seq=seq)

    def _open_delta(self) -> str | None:
        text = self._exchange.open_text
        if not text:
            return None
        return encode(Delta(seq=self.head + 1, offset=0, text=text, emotion=self._exchange.open_emotion))

    def _remember(self, client_id: str, seq: int) -> None:
        self._acked[client_id] = seq
        while len(self._acked) > _REMEMBERED_IDS:
            self._acked.popitem(last=False)


def _ack(sender: Listener | None, client_id: str, seq: int) -> None:
    if sender is not None:
        sender.offer(encode(Ack(client_id=client_id, seq=seq)))


def _frame(event: StoredEvent) -> ServerFrame | None:
    return from_stored(event.kind, event.seq, event.payload, at_ms=event.at_ms)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
