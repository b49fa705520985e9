"""The human side of a conversation: asked for, taken, given back, and what happens when nobody comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

from dialogue import Conversation, Event, Handoff, HandoffPolicy, LeadForm, Reason, Sentence, Who, handoff_events
from stream.chat.log import Log
from stream.chat.storage import ChatStore


def local_now() -> datetime:
    """The time of day where the shop is."""
    return datetime.now().astimezone()


class Handover:
    """Moves a conversation between the AI and people, logs each move, and watches the time-outs.

    `tick` is started (as a task owned here) when a time-out may be due; it must take the conversation's lock and call
    `expire`.
    """

    def __init__(
        self,
        conversation_id: str,
        *,
        log: Log,
        store: ChatStore,
        policy: HandoffPolicy,
        tick: Callable[[], Coroutine[Any, Any, None]],
        now: Callable[[], datetime] = local_now,
    ) -> None:
        self.now = now
        self._id = conversation_id
        self._log = log
        self._store = store
        self._policy = policy
        self._tick = tick
        self._timer: asyncio.TimerHandle | None = None
        self._chores: set[asyncio.Task[None]] = set()

    async def request(self, conversation: Conversation) -> None:
        """The customer pressed the button; outside business hours a call-back is offered."""
        before = conversation.handoff
        conversation.handoff = before.request(Reason.ASKED, now=self.now(), policy=self._policy)
        if conversation.handoff is not before:
            await self._tell(conversation)

    async def take(self, conversation: Conversation, operator: str) -> None:
        """A colleague takes the conversation."""
        conversation.handoff = conversation.handoff.take(operator, now=self.now())
        await self._tell(conversation)

    async def give_back(self, conversation: Conversation) -> None:
        """The AI goes on."""
        if conversation.handoff.who is not Who.BOT:
            conversation.handoff = conversation.handoff.give_back()
            await self._tell(conversation)

    async def said(self, conversation: Conversation, text: str) -> int:
        """A colleague's message; the conversation is theirs already."""
        now = self.now()
        conversation.operator_said(text, at=now.timestamp())
        conversation.handoff = conversation.handoff.operator_spoke(now=now)
        name = conversation.handoff.operator or ""
        seq = await self._log.append("message", {"role": "operator", "text": text, "name": name})
        self.watch(conversation)
        return seq

    async def expire(self, conversation: Conversation) -> None:
        """Apply the time-outs: a call-back instead of a colleague who does not come, the AI instead of a silent one."""
        before = conversation.handoff
        conversation.handoff = before.tick(now=self.now(), policy=self._policy)
        if conversation.handoff is not before:
            await self._tell(conversation)
        else:
            self.watch(conversation)

    async def log(self, conversation: Conversation, handoff: Handoff) -> None:
        """Log a move the engine made."""
        name = conversation.handoff.operator or ""
        await self._store.set_state(self._id, "bot" if handoff.state == "returned" else handoff.state)
        await self._log.append("handoff", {"state": handoff.state, "summary": handoff.summary, "name": name})
        self.watch(conversation)

    def watch(self, conversation: Conversation) -> None:
        """Wake up when nobody came, or the colleague has been silent for too long."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        state = conversation.handoff
        if state.who is Who.REQUESTED:
            wait_s = self._policy.wait_s
        elif state.who is Who.HUMAN and state.waiting:
            wait_s = self._policy.idle_s
        else:
            return
        due_s = state.since + wait_s - self.now().timestamp()
        self._timer = asyncio.get_running_loop().call_later(max(0.0, due_s) + 0.01, self._wake)

    @property
    def waiting(self) -> bool:
        """A time-out is being watched, so the conversation must stay at hand."""
        return self._timer is not None

    async def aclose(self) -> None:
        """Watch no more; may be called twice."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        chores = tuple(self._chores)
        for chore in chores:
            chore.cancel()
        await asyncio.gather(*chores, return_exceptions=True)

    def _wake(self) -> None:
        self._timer = None
        chore = asyncio.create_task(self._tick(), name=f"handoff-{self._id}")
        self._chores.add(chore)
        chore.add_done_callback(self._chores.discard)

    async def _tell(self, conversation: Conversation) -> None:
        events: list[Event] = handoff_events(conversation)
        for event in events:
            match event:
                case Sentence():
                    conversation.say(event.text, at=self.now().timestamp())
                    await self._log.append(
                        "message", {"role": "assistant", "text": event.text, "emotion": event.emotion.value}
                    )
                case Handoff():
                    await self.log(conversation, event)
                case LeadForm():
                    await self._log.append("lead_form", form_payload(event))


def form_payload(form: LeadForm) -> dict[str, Any]:
    """A lead form as it is logged."""
    return {
        "fields": list(form.fields),
        "purpose": form.purpose,
        "policy_version": form.policy_version,
        "share": form.share,
    }
