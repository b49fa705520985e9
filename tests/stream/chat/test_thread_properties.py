"""Whatever happens in whatever order: everybody sees the log, nothing twice, nothing lost."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from hypothesis import example, given, settings
from hypothesis import strategies as st

from dialogue import Done, Event, LeadUpdate, Sentence
from dialogue.conversation import Conversation
from stream.chat.exchange import Exchange
from stream.chat.frame import FrameError
from stream.chat.incoming import Consent, Feedback, HandoffRequest, LeadAnswer, Say
from stream.chat.thread import Thread
from stream.command.chat_transcript import Transcript
from tests.stream.chat.shop import OPEN_ALL_DAY, MemoryStore


@dataclass
class GatedReplier:
    """Says the next sentence of an answer only when the test lets it."""

    gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    asked: list[str] = field(default_factory=list)

    async def reply(
        self, conversation: Conversation, text: str, *, channel: str, lead: LeadUpdate | None = None
    ) -> AsyncGenerator[Event, None]:
        self.asked.append(text)
        conversation.hear(text, at=0.0)
        if conversation.handoff.silent:
            yield Done("silent")
            return
        for number in range(3):
            await self.gate.acquire()
            yield Sentence(f"{text}之{number}。")
        yield Done("answer")


@dataclass(eq=False)
class Tab:
    """A client on a line that may be cut: what was queued but not delivered is lost, as with a real socket."""

    thread: Thread
    transcript: Transcript = field(default_factory=Transcript)
    queue: list[str] = field(default_factory=list)
    connected: bool = False

    def offer(self, frame: str, *, seq: int | None = None) -> None:
        self.queue.append(frame)

    async def connect(self) -> None:
        head, delta = await self.thread.attach(self)
        welcome = {"type": "welcome", "conversation": self.thread.id, "token": "t", "seq": head}
        live, self.queue = self.queue, [json.dumps(welcome)]
        async for _, frame in self.thread.log.replay(min(self.transcript.after_seq, head), head):
            self.queue.append(frame)
        if delta is not None:
            self.queue.append(delta)
        self.queue += live
        self.connected = True
        self.deliver(1)
        for waiting in list(self.transcript.unacknowledged.values()):
            await self.say(waiting["client_id"], waiting["text"])

    def cut(self) -> None:
        self.thread.log.detach(self)
        self.queue.clear()
        self.connected = False

    def deliver(self, count: int) -> None:
        for raw in self.queue[:count]:
            self.transcript.take(json.loads(raw))
        del self.queue[:count]

    async def say(self, client_id: str, text: str) -> None:
        self.transcript.sending({"type": "message", "client_id": client_id, "text": text})
        if self.connected:
            try:
                await self.thread.say(Say(client_id=client_id, text=text), self)
            except FrameError as exc:
                assert exc.code == "busy"
                self.transcript.unacknowledged.pop(client_id)


TALK = st.sampled_from(
    [("say", 0), ("say", 0), ("say", 1), ("speak", 1), ("speak", 1), ("speak", 3), ("wait", 5), ("wait", 20)]
)
LINE = st.tuples(st.sampled_from(["cut", "connect", "deliver", "again"]), st.integers(0, 1))
REST = st.tuples(st.sampled_from(["stop", "lead", "feedback", "take", "operator", "back", "human"]), st.just(0))
STEPS = st.lists(st.one_of(TALK, TALK, TALK, LINE, REST), min_size=5, max_size=40)


@settings(max_examples=150, deadline=None)
@given(STEPS)
@example([("human", 0), ("say", 0), ("speak", 1), ("back", 0), ("speak", 1)])  # given back in mid-answer
def test_every_client_ends_with_the_log_whatever_happens(steps: list[tuple[str, int]]) -> None:
    asyncio.run(_play(steps))


async def _play(steps: list[tuple[str, int]]) -> None:
    store, replier = MemoryStore(), GatedReplier()
    row = await store.open_conversation(merchant="demo", channel="chat", visitor="v")
    now = [0.0]
    thread = Thread(
        Conversation(id=row.id, merchant="demo"),
        head=0,
        store=store,
        forms=store,
        replier=replier,
        answers=asyncio.Semaphore(4),
        policy=OPEN_ALL_DAY,
        exchange=_Quick(now),
        clock=lambda: now[0],
    )
    tabs = [Tab(thread), Tab(thread)]
    await tabs[0].connect()
    for number, (step, arg) in enumerate(steps):
        tab = tabs[arg % 2]
        match step:
            case "say":
                await tab.say(f"m{number}", f"话{number}")
            case "again":
                for waiting in list(tab.transcript.unacknowledged.values())[:1]:
                    await tab.say(waiting["client_id"], waiting["text"])
            case "cut":
                tab.cut()
            case "connect" if not tab.connected:
                await tab.connect()
            case "deliver":
                tab.deliver(3)
            case "speak":
                for _ in range(arg):
                    replier.gate.release()
            case "wait":
                now[0] += arg / 10
            case "stop":
                await thread.stop()
            case "lead":
                answer = LeadAnswer(
                    client_id=f"l{number}", fields={"phone": "13805716021"}, consent=Consent(granted=True)
                )
                await thread.lead(answer, None)
            case "feedback" if thread.log.head:
                await thread.feedback(Feedback(seq=thread.log.head, score=1))
            case "take":
                await thread.take_over("林小满")
            case "operator":
                await thread.operator_says(f"人工{number}", operator="林小满")
            case "back":
                await thread.give_back()
            case "human":
                await thread.handoff_asked(HandoffRequest(client_id=f"h{number}"), None)
        await _settle()
    await _finish(thread, replier, now, tabs)
    excused = any(step in ("stop", "take", "operator") for step, _ in steps)
    _check(store, row.id, tabs, replier, excused)
    await thread.aclose()


class _Quick(Exchange):
    """The window without waiting for it: an answer is held only as long as the test's clock says."""

    def __init__(self, now: list[float]) -> None:
        super().__init__(window_s=1.0)
        self._now = now

    def hold_s(self, now: float) -> float:
        return 0.0 if super().hold_s(now) == 0.0 else 0.001


async def _settle() -> None:
    for _ in range(12):
        await asyncio.sleep(0)


async def _finish(thread: Thread, replier: GatedReplier, now: list[float], tabs: list[Tab]) -> None:
    for tab in tabs:
        if not tab.connected:
            await tab.connect()
    for _ in range(400):
        now[0] += 5
        replier.gate.release()
        await asyncio.sleep(0.0005 if thread.answering else 0)
        if not thread.answering and not any(tab.transcript.unacknowledged for tab in tabs):
            break
        for tab in tabs:
            tab.deliver(10_000)
    await _settle()
    for tab in tabs:
        tab.deliver(10_000)


def _check(store: MemoryStore, conversation_id: str, tabs: list[Tab], replier: GatedReplier, excused: bool) -> None:
    log = {
        event.seq: (event.kind, event.payload.get("text", ""))
        for event in store.logs[conversation_id]
        if event.kind != "feedback"
    }
    for tab in tabs:
        assert not tab.transcript.unacknowledged
        assert tab.transcript.partial is None
        assert {seq: (item.kind, item.text) for seq, item in tab.transcript.logged.items()} == log
    heard = [e.payload["text"] for e in store.logs[conversation_id] if e.payload.get("role") == "visitor"]
    assert len(heard) == len(set(heard)), "a message was stored twice"
    if not excused:
        answered = "\n".join(replier.asked)
        assert all(text in answered for text in heard), "a message was never answered"
