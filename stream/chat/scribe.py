"""What a message and its answer come to, written into the conversation's log in its order."""

from __future__ import annotations

from typing import Any

from dialogue import Conversation, LeadUpdate, Locale
from dialogue.lead import CONTACT_TEXT, CONTACT_TEXT_ENGLISH
from dialogue.platform import OWN_CHANNELS
from stream.chat.answering import CONSENT_THANKS, segment_payload
from stream.chat.exchange import Closing, Opened, Segment
from stream.chat.handover import Handover, form_payload
from stream.chat.incoming import Feedback, Say
from stream.chat.log import Listener, Log, now_ms
from stream.chat.outgoing import from_stored
from stream.chat.storage import ChatStore, LeadForms, StoredMessage

_CONSENT_QUESTION = {
    Locale.ZH: (CONTACT_TEXT.text, ("同意", "不同意")),
    Locale.EN: (CONTACT_TEXT_ENGLISH.text, ("I agree", "I do not agree")),
}
"""The words that are shown, and the answers offered with them."""
_IN_WORDS = {
    Locale.ZH: "直接把手机号或微信号发在这里就行，不想留也没关系，接着问就好。",
    Locale.EN: " Just write a number here; if you would rather not, simply go on asking.",
}
"""How an offer goes on where no form can be shown."""
_OPINIONS = 256
"""Opinions that may wait for an open answer; the oldest is given up."""


class Scribe:
    """Logs what a message brought and what its answer holds: words, a hand-off, a form, the consent question, opinions.

    The caller holds the conversation's lock. `lead` is what was left in the messages not answered yet.
    """

    def __init__(
        self, conversation_id: str, *, log: Log, store: ChatStore, forms: LeadForms, handover: Handover
    ) -> None:
        self.lead: LeadUpdate | None = None
        self.shown_at_ms: int | None = None
        """When the first words of the answer under way were seen by somebody, milliseconds since 1970."""
        self._consent_due = False
        self._id = conversation_id
        self._log = log
        self._store = store
        self._forms = forms
        self._handover = handover
        self._opinions: dict[int, int] = {}

    async def taken(
        self, conversation: Conversation, said: Say, received: StoredMessage, sender: Listener | None
    ) -> bool:
        """Tell a stored message to all but its sender, and log what it brought: a lead, a yes or no to the consent
        question. Returns whether it is to be answered."""
        payload = {"role": "visitor", "text": said.text, "client_id": said.client_id}
        self._log.tell(from_stored("message", received.seq, payload, at_ms=now_ms()), seq=received.seq, but=sender)
        if received.lead is not None:
            self.lead = received.lead
            found = {"client_id": said.client_id, "complete": received.lead.complete}
            await self._log.append("lead_saved", found)
        if received.consent_due:
            self._consent_due = True
        text = CONSENT_THANKS[conversation.locale].get(received.consent or "")
        if text is None or conversation.handoff.silent:
            return True
        await self._log.append("message", {"role": "assistant", "text": text, "decision": "smalltalk"})
        return not received.consent_only

    async def segment(self, segment: Segment, **extra: Any) -> None:
        """A closed part of an answer."""
        if self.shown_at_ms is not None:
            extra["shown_at_ms"], self.shown_at_ms = self.shown_at_ms, None
        await self._log.append("message", {**segment_payload(segment), **extra})

    async def closing(self, conversation: Conversation, opened: Opened, closing: Closing) -> None:
        """All that is left when an answer is complete."""
        lead, self.lead = self.lead, None
        done = closing.done
        if closing.segment is not None:
            extra = {"decision": done.decision, "record_id": done.record_id} if done else {}
            await self.segment(closing.segment, **extra)
        for handoff in closing.handoffs:
            await self._handover.log(conversation, handoff)
        self._handover.watch(conversation)
        if done is not None and done.record_id and done.decision == "answer":
            await self._store.set_product(self._id, done.record_id)
        # A platform shows no form: what the engine has asked for stands in its words, an offer is made in words.
        own = conversation.channel in OWN_CHANNELS
        forms = closing.forms if own else ()
        if done is not None and done.decision == "answer" and not closing.forms and lead is None:
            offer = await self._forms.next_offer(
                self._id, conversation.merchant, "\n".join(opened.texts), locale=conversation.locale
            )
            forms = (offer,) if offer is not None and own else ()
            if offer is not None and not own:
                asked = offer.purpose + _IN_WORDS[conversation.locale]
                await self._log.append("message", {"role": "assistant", "text": asked})
        for form in forms:
            await self._log.append("lead_form", form_payload(form))
        if self._consent_due and (done is None or done.decision != "silent"):
            self._consent_due = False
            text, answers = _CONSENT_QUESTION[conversation.locale]
            words = {"role": "assistant", "text": text, "suggestions": list(answers)}
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
