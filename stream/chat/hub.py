"""All conversations that somebody is on, and where new ones come from."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from dialogue import Conversation, HandoffPolicy, HandoffState, Locale, Who
from stream.chat.answering import Replier
from stream.chat.exchange import Exchange
from stream.chat.limit import ChatLimits
from stream.chat.storage import ChatStore, LeadForms, StoredEvent
from stream.chat.thread import Thread

_LOG = logging.getLogger(__name__)
_PAGE = 200
_SWEEP_S = 1.0
"""Among thousands of open conversations the quiet ones are not looked for at every event."""

Observer = Callable[[str, str], None]
"""Hears the merchant and the id of a conversation that has grown."""
Typist = Callable[[str, str, bool], None]
"""Hears the merchant, the id of a conversation, and whether its customer is typing or has spoken since."""


@dataclass(frozen=True, slots=True)
class ChatShop:
    """How a merchant's chat presents itself, and who may embed it."""

    merchant: str
    name: str
    greeting: str = "您好，尺寸、材质、价格、送货都可以问我。"
    suggestions: tuple[str, ...] = ()
    ai_notice: str = "回答由 AI 生成，价格与库存以店铺资料为准"
    greeting_en: str = "Hello! Ask me about sizes, materials, prices or delivery."
    """For `hello{locale: "en"}`, as what follows."""
    ai_notice_en: str = "Answers are written by AI; prices and stock are as the shop's records say"
    suggestions_en: tuple[str, ...] = ()
    """Questions of the material's language, said in English beside; without any, `suggestions` are shown."""
    origins: tuple[str, ...] = ()
    """Origins (`https://shop.example`) that may embed the widget; the server's own always may; `*` means all."""


class ChatHub:
    """Finds or opens threads, keeps quiet ones for a while, and ends all of them.

    `window_s` is how soon a further message supersedes an answer. About `quiet_threads` threads without listeners
    are kept at most, for `quiet_s` seconds after they were last looked for; they are rebuilt from the store when their
    customer comes back.
    """

    def __init__(
        self,
        *,
        store: ChatStore,
        forms: LeadForms,
        replier: Replier,
        policy: HandoffPolicy | None = None,
        limits: ChatLimits | None = None,
        window_s: float = 1.0,
        quiet_threads: int = 500,
        quiet_s: float = 300.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.limits = limits or ChatLimits()
        self._store = store
        self._forms = forms
        self._policy = policy or HandoffPolicy()
        self._replier = replier
        self._window_s = window_s
        self._quiet_threads = quiet_threads
        self._quiet_s = quiet_s
        self._clock = clock
        self._answers = asyncio.Semaphore(self.limits.answers)
        self._threads: OrderedDict[str, Thread] = OrderedDict()
        self._touched: dict[str, float] = {}
        self._swept_at = float("-inf")
        self._left = 0
        self._observers: dict[Observer, None] = {}
        self._typing: dict[Typist, None] = {}
        self._opening: dict[str, asyncio.Task[Thread]] = {}

    async def start(
        self, *, merchant: str, visitor: str | None = None, channel: str = "chat", locale: Locale = Locale.ZH
    ) -> tuple[Thread, str]:
        """A new conversation, in the customer's language; returns it and the id of its visitor."""
        visitor = visitor or "v-" + secrets.token_urlsafe(12)
        row = await self._store.open_conversation(merchant=merchant, channel=channel, visitor=visitor)
        conversation = Conversation(id=row.id, merchant=merchant, channel=channel)
        conversation.locale = locale
        thread = self._thread(conversation, row.last_seq)
        self._keep(thread)
        return thread, visitor

    async def find(
        self,
        conversation_id: str,
        *,
        merchant: str,
        visitor: str,
        channel: str = "chat",
        locale: Locale | None = None,
    ) -> Thread:
        """The thread of a known conversation, rebuilt from the store where it is not at hand.

        It goes on in `locale`, the language of whoever came back; None leaves it as it is.
        """
        thread = self._threads.get(conversation_id)
        if thread is not None:
            thread.conversation.locale = locale or thread.conversation.locale
            self._keep(thread)
            return thread
        task = self._opening.get(conversation_id)
        if task is None:
            task = asyncio.create_task(
                self._rebuild(
                    conversation_id, merchant=merchant, visitor=visitor, channel=channel, locale=locale or Locale.ZH
                ),
                name=f"rebuild-{conversation_id}",
            )
            self._opening[conversation_id] = task
            task.add_done_callback(lambda _: self._opening.pop(conversation_id, None))
        return await asyncio.shield(task)

    async def drop(self, thread: Thread) -> None:
        """Forget a conversation that was erased, with all that is remembered of it."""
        if self._threads.get(thread.id) is thread:
            del self._threads[thread.id], self._touched[thread.id]
        await thread.aclose()

    def live(self, conversation_id: str) -> Thread | None:
        """The thread if it is at hand."""
        return self._threads.get(conversation_id)

    def threads(self) -> tuple[Thread, ...]:
        """The threads at hand, the longest untouched first."""
        return tuple(self._threads.values())

    def observe(self, observer: Observer, *, typing: Typist | None = None) -> Callable[[], None]:
        """Call `observer` whenever a conversation has grown, `typing` while a customer types and when
        they have spoken; returns what ends it.

        Neither may wait.
        """
        self._observers[observer] = None
        if typing is not None:
            self._typing[typing] = None

        def end() -> None:
            self._observers.pop(observer, None)
            if typing is not None:
                self._typing.pop(typing, None)

        return end

    def _grown(self, merchant: str, conversation_id: str) -> None:
        for observer in tuple(self._observers):
            observer(merchant, conversation_id)

    def _typed(self, merchant: str, conversation_id: str, on: bool) -> None:
        for typist in tuple(self._typing):
            typist(merchant, conversation_id, on)

    async def aclose(self) -> None:
        """End all answers; may be called twice."""
        threads = list(self._threads.values())
        self._threads.clear()
        self._touched.clear()
        await asyncio.gather(*(thread.aclose() for thread in threads))

    def __len__(self) -> int:
        return len(self._threads)

    async def _rebuild(
        self, conversation_id: str, *, merchant: str, visitor: str, channel: str, locale: Locale
    ) -> Thread:
        row = await self._store.open_conversation(
            merchant=merchant, channel=channel, visitor=visitor, conversation_id=conversation_id
        )
        conversation = Conversation(id=row.id, merchant=merchant, channel=channel)
        conversation.locale = locale
        unanswered: list[str] = []
        seq = 0
        while events := await self._store.events_after(conversation_id, seq, limit=_PAGE):
            for event in events:
                _relive(conversation, event, unanswered)
            seq = events[-1].seq
        thread = self._thread(conversation, max(seq, row.last_seq))
        self._keep(thread)
        for _ in unanswered:
            conversation.retract()
        thread.resume([] if conversation.handoff.silent else unanswered)
        return thread

    def _thread(self, conversation: Conversation, head: int) -> Thread:
        return Thread(
            conversation,
            head=head,
            store=self._store,
            forms=self._forms,
            policy=self._policy,
            replier=self._replier,
            answers=self._answers,
            exchange=Exchange(window_s=self._window_s),
            clock=self._clock,
            changed=self._forget,
            grown=lambda: self._grown(conversation.merchant, conversation.id),
            typed=lambda on: self._typed(conversation.merchant, conversation.id, on),
        )

    def _keep(self, thread: Thread) -> None:
        self._threads[thread.id] = thread
        self._threads.move_to_end(thread.id)
        self._touched[thread.id] = self._clock()
        self._forget()

    def _forget(self) -> None:
        """Let quiet threads go: those untouched for too long, and the longest untouched beyond the number kept."""
        now = self._clock()
        if len(self._threads) - self._left <= self._quiet_threads // 10 and now < self._swept_at + _SWEEP_S:
            return
        quiet = [thread for thread in self._threads.values() if thread.quiet]
        surplus = len(quiet) - self._quiet_threads
        old = now - self._quiet_s
        for thread in quiet:
            if surplus <= 0 and self._touched[thread.id] > old:
                break
            del self._threads[thread.id], self._touched[thread.id]
            surplus -= 1
        self._swept_at, self._left = now, len(self._threads)


def _relive(conversation: Conversation, event: StoredEvent, unanswered: list[str]) -> None:
    """Bring a fresh conversation to where the log says it is."""
    at = event.at_ms / 1000
    payload = event.payload
    if event.kind == "message":
        text = str(payload.get("text", ""))
        match payload.get("role"):
            case "visitor":
                conversation.hear(text, at=at)
                unanswered.append(text)
            case "operator":
                conversation.operator_said(text, at=at)
                unanswered.clear()
            case _:
                record_id = payload.get("record_id")
                conversation.record_id = record_id or conversation.record_id
                conversation.say(text, at=at, record_id=record_id)
                unanswered.clear()
    elif event.kind == "handoff":
        unanswered.clear()
        conversation.handoff = _handoff(str(payload.get("state", "")), str(payload.get("name", "")), at)
    elif event.kind == "lead_form":
        conversation.asked_contact += 1


def _handoff(state: str, name: str, since: float) -> HandoffState:
    who = {"requested": Who.REQUESTED, "human": Who.HUMAN, "callback": Who.CALLBACK}.get(state, Who.BOT)
    return HandoffState(who, None, since, name or None)
