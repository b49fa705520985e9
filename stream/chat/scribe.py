"""What an answer comes to, written into the conversation's log in its order."""

from __future__ import annotations

from typing import Any

from dialogue import LeadUpdate
from dialogue.conversation import Conversation
from dialogue.lead.consent import CONTACT_TEXT
from stream.chat.answering import segment_payload
from stream.chat.exchange import Closing, Opened, Segment
from stream.chat.handover import Handover, form_payload
from stream.chat.incoming import Feedback
from stream.chat.log import Log
from stream.chat.storage import ChatStore, LeadForms

_OPINIONS = 256
"""Opinions that may wait for an open answer; the oldest is given up."""


class Scribe:
    """Logs a finished answer: its words, a hand-off, a form, the consent question, opinions that had to wait.

    The caller holds the conversation's lock. `consent_due` is set when a complete lead still lacks its consent.
    """

    def __init__(
        self, conversation_id: str, *, log: Log, store: ChatStore, forms: LeadForms, handover: Handover
    ) -> None:
        self.consent_due = False
        self._id = conversation_id
        self._log = log
        self._store = store
        self._forms = forms
        self._handover = handover
        self._opinions: dict[int, int] = {}

    async def segment(self, segment: Segment, **extra: Any) -> None:
        """A closed part of an answer."""
        await self._log.append("message", {**segment_payload(segment), **extra})

    async def closing(
        self, conversation: Conversation, opened: Opened, closing: Closing, lead: LeadUpdate | None
    ) -> None:
        """All that is left when an answer is complete."""
        done = closing.done
        if closing.segment is not None:
            extra = {"decision": done.decision, "record_id": done.record_id} if done else {}
            await self.segment(closing.segment, **extra)
        for handoff in closing.handoffs:
            await self._handover.log(conversation, handoff)
        self._handover.watch(conversation)
        if done is not None and done.record_id and done.decision == "answer":
            await self._store.set_product(self._id, done.record_id)
        forms = closing.forms
        if done is not None and done.decision == "answer" and not forms and lead is None:
            offer = await self._forms.next_offer(self._id, conversation.merchant, "\n".join(opened.texts))
            forms = (offer,) if offer is not None else ()
        for form in forms:
            await self._log.append("lead_form", form_payload(form))
        if self.consent_due and (done is None or done.decision != "silent"):
            self.consent_due = False
            words = {"role": "assistant", "text": CONTACT_TEXT.text, "suggestions": ["同意", "不同意"]}
            await self._forms.consent_asked(self._id, await self._log.append("message", words))
        await self.opinions()

    def opinion(self, given: Feedback) -> None:
        """Keep an opinion until `opinions` may log it."""
        self._opinions[given.seq] = given.score
        if len(self._opinions) > _OPINIONS:
            del self._opinions[next(iter(self._opinions))]

    async def opinions(self) -> None:
        """Log the opinions that waited."""
        while self._opinions:
            seq = next(iter(self._opinions))
            await self._log.append("feedback", {"seq": seq, "score": self._opinions[seq]})
            del self._opinions[seq]
