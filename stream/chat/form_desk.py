"""The lead form in a conversation: filled in, or declined."""

from __future__ import annotations

from dialogue.lead import FormError
from stream.chat.frame import FrameError
from stream.chat.incoming import LeadAnswer
from stream.chat.log import Listener, Log
from stream.chat.outgoing import LeadSaved, encode, from_stored
from stream.chat.receipt import acknowledge
from stream.chat.storage import LeadForms


class FormDesk:
    """Takes a conversation's forms. The caller holds its lock, and has closed what the AI was saying."""

    def __init__(self, conversation_id: str, *, log: Log, forms: LeadForms) -> None:
        self._id = conversation_id
        self._log = log
        self._forms = forms

    async def take(self, answer: LeadAnswer, sender: Listener | None) -> bool:
        """`lead_saved` is told only after the lead is synced. Returns whether the customer can be reached now.

        Raises `FrameError` (`consent_required`, `lead_invalid`) and `DialogueError`.
        """
        if not answer.consent.granted:
            if answer.fields:
                raise FrameError("consent_required", "没有同意，信息没有保存", client_id=answer.client_id)
            await self._forms.close_offer(self._id, "dismissed")
            acknowledge(sender, answer.client_id, self._log.head)
            return False
        ticked = ("contact", "share") if answer.consent.share else ("contact",)
        try:
            saved = await self._forms.submit(self._id, client_id=answer.client_id, fields=answer.fields, consent=ticked)
        except FormError as exc:
            raise FrameError("lead_invalid", str(exc), client_id=answer.client_id, field=exc.field) from exc
        payload = {"client_id": answer.client_id, "complete": saved.complete}
        if saved.duplicate:
            if sender is not None:
                sender.offer(encode(LeadSaved(seq=saved.seq, client_id=answer.client_id, complete=saved.complete)))
            return saved.complete
        await self._log.reached(saved.seq)
        self._log.tell(from_stored("lead_saved", saved.seq, payload), seq=saved.seq)
        return saved.complete
