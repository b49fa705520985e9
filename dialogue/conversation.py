"""The state of one conversation: bounded history, a summary of what fell out of it, current record, open question.

Pure state: no clock, no store, no loop. The channel keeps one `Conversation` per visitor and hands it to the engine.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from dialogue.handoff import HandoffState
from dialogue.locale import Locale
from dialogue.message import Message, Role
from knowledge import Turn

HISTORY_MESSAGES = 24
"""Messages kept word for word."""
HISTORY_CHARACTERS = 6_000
"""Characters kept word for word, over all messages."""
SUMMARY_ITEMS = 8
"""Questions and records that the summary remembers."""
WORDINGS = 64
"""Slots whose last wording is remembered."""


class Conversation:
    """What was said, what it is about, and who is speaking.

    `record_id` is the product being talked about, `open_question` the customer's question that waits for an answer to
    `open_choices`, `low_evidence` the number of questions in a row that could not be answered.
    """

    def __init__(self, *, id: str, merchant: str, channel: str = "chat") -> None:
        self.id = id
        self.merchant = merchant
        self.channel = channel
        self.locale = Locale.ZH
        """What the server says of its own accord is said in this language."""
        self.record_id: str | None = None
        self.open_question: str | None = None
        self.open_choices: tuple[str, ...] = ()
        self.offered: tuple[str, ...] = ()
        """Names of the products in the last answer that named several, in its order."""
        self.handoff = HandoffState()
        self.low_evidence = 0
        self.turn = 0
        """Customer messages so far."""
        self.asked_contact = 0
        """How often a contact was asked for."""
        self.reachable = False
        """A contact was left, and agreed to be used: a call-back needs no form."""
        # Lists, as short as they are: an empty deque takes 700 bytes, and thousands of conversations are held idle.
        self._history: list[Message] = []
        self._characters = 0
        self._questions: list[str] = []
        self._records: list[str] = []
        self._wordings: OrderedDict[str, int] = OrderedDict()

    @property
    def history(self) -> tuple[Message, ...]:
        """The messages kept word for word, oldest first."""
        return tuple(self._history)

    @property
    def summary(self) -> str:
        """What is remembered of older messages, in one line; empty while nothing fell out of the history."""
        parts = []
        if self._questions:
            parts.append("先前问过：" + "；".join(self._questions))
        if self._records:
            parts.append("先前谈到：" + "、".join(self._records))
        return "。".join(parts)

    def hear(self, text: str, *, at: float) -> Message:
        """Add a customer's message."""
        self.turn += 1
        return self._add(Message(Role.USER, text, at, self.record_id))

    def say(self, text: str, *, at: float, record_id: str | None = None) -> None:
        """Add a sentence of the assistant; sentences of one reply become one message."""
        if self._history and self._history[-1].role is Role.ASSISTANT:
            last = self._history.pop()
            self._characters -= len(last.text)
            self._add(Message(Role.ASSISTANT, last.text + text, last.at, record_id or last.record_id))
        else:
            self._add(Message(Role.ASSISTANT, text, at, record_id or self.record_id))

    def operator_said(self, text: str, *, at: float) -> None:
        """Add what a human colleague wrote."""
        self._add(Message(Role.OPERATOR, text, at, self.record_id))

    def retract(self) -> str | None:
        """Take back the last customer's message and what was answered to it; returns its text.

        For an answer that is superseded: the next reply is asked for both texts, joined by a line break.
        """
        while self._history:
            message = self._history.pop()
            self._characters -= len(message.text)
            if message.role is Role.USER:
                self.turn -= 1
                return message.text
        return None

    def forget(self) -> None:
        """Drop what was said and asked; the wordings used last and the turn count stay."""
        self._history.clear()
        self._characters = 0
        self._questions.clear()
        self._records.clear()
        self.record_id = None
        self.open_question, self.open_choices = None, ()
        self.offered = ()
        self.low_evidence = 0
        self.handoff = HandoffState()

    def last(self, role: Role) -> Message | None:
        """The newest message of this role, or None."""
        return next((m for m in reversed(self._history) if m.role is role), None)

    def turns(self, limit: int = 8) -> tuple[Turn, ...]:
        """The newest messages as the search takes them, oldest first."""
        recent = self._history[-limit:]
        return tuple(Turn("user" if m.role is Role.USER else "assistant", m.text) for m in recent)

    def last_wording(self, slot: str) -> int | None:
        """Index of the wording used last for this slot, or None."""
        return self._wordings.get(slot)

    def use_wording(self, slot: str, index: int) -> None:
        """Remember the wording used for this slot."""
        self._wordings[slot] = index
        self._wordings.move_to_end(slot)
        while len(self._wordings) > WORDINGS:
            self._wordings.popitem(last=False)

    def _add(self, message: Message) -> Message:
        self._history.append(message)
        self._characters += len(message.text)
        while len(self._history) > HISTORY_MESSAGES or (
            self._characters > HISTORY_CHARACTERS and len(self._history) > 1
        ):
            self._forget(self._history.pop(0))
        return message

    def _forget(self, message: Message) -> None:
        self._characters -= len(message.text)
        if message.role is Role.USER:
            self._questions.append(message.text[:40])
            del self._questions[:-SUMMARY_ITEMS]
        if message.record_id and message.record_id not in self._records:
            self._records.append(message.record_id)
            del self._records[:-SUMMARY_ITEMS]

    def snapshot(self) -> dict[str, Any]:
        """Everything as JSON values, for `restore`."""
        return {
            "id": self.id,
            "merchant": self.merchant,
            "channel": self.channel,
            "locale": self.locale.value,
            "record_id": self.record_id,
            "open_question": self.open_question,
            "open_choices": list(self.open_choices),
            "offered": list(self.offered),
            "handoff": self.handoff.snapshot(),
            "low_evidence": self.low_evidence,
            "turn": self.turn,
            "asked_contact": self.asked_contact,
            "reachable": self.reachable,
            "history": [[m.role.value, m.text, m.at, m.record_id] for m in self._history],
            "questions": list(self._questions),
            "records": list(self._records),
            "wordings": dict(self._wordings),
        }

    @classmethod
    def restore(cls, state: dict[str, Any]) -> Conversation:
        """A conversation from its `snapshot`."""
        conversation = cls(id=state["id"], merchant=state["merchant"], channel=state["channel"])
        conversation.locale = Locale(state.get("locale", Locale.ZH))
        conversation.record_id = state["record_id"]
        conversation.open_question = state["open_question"]
        conversation.open_choices = tuple(state["open_choices"])
        conversation.offered = tuple(state.get("offered", ()))
        conversation.handoff = HandoffState.restore(state["handoff"])
        conversation.low_evidence = state["low_evidence"]
        conversation.turn = state["turn"]
        conversation.asked_contact = state["asked_contact"]
        conversation.reachable = state.get("reachable", False)
        for role, text, at, record_id in state["history"]:
            conversation._add(Message(Role(role), text, at, record_id))
        conversation._questions.extend(state["questions"])
        conversation._records.extend(state["records"])
        conversation._wordings.update(state["wordings"])
        return conversation
