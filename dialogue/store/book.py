"""The lead book: the async face of everything about leads, reached as `store.leads`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import tzinfo
from typing import Any

from dialogue.contact import Contact, ContactKind, find, read_contact
from dialogue.database.audit import AuditRow, audit, read_audit
from dialogue.database.transaction import Run, Transaction
from dialogue.event import LeadForm
from dialogue.lead import offering
from dialogue.lead.asking import AskingPolicy
from dialogue.lead.consent import WORDINGS, ConsentState, ConsentText, Purpose, record, states
from dialogue.lead.delivery import enqueue
from dialogue.lead.form import FormError, Saved, purposes, read_form
from dialogue.lead.funnel import FunnelRow, Question, draft_questions, funnel
from dialogue.lead.listing import read_leads
from dialogue.lead.retention import Purged, Retention, purge
from dialogue.lead.rotation import rotate
from dialogue.lead.rows import LeadRow
from dialogue.lead.sheet import as_csv
from dialogue.lead.subject import erase_subject, export_subject
from dialogue.locale import Locale
from dialogue.store.intake import ask_consent, store_form

Policies = Callable[[str], AskingPolicy]
"""Merchant to its asking policy."""


class LeadBook:
    """Leads of all merchants in one store. Lists are masked; who sees or takes out more is written down."""

    def __init__(self, read: Run, write: Run, *, policies: Policies, changed: Callable[[], None]) -> None:
        """`changed` is called after a write that may have put something into the outbox."""
        self._read, self._write = read, write
        self._policies = policies
        self._changed = changed

    async def list(
        self,
        merchant: str | None = None,
        *,
        complete: bool | None = None,
        since_ms: int | None = None,
        until_ms: int | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> list[LeadRow]:
        """The newest leads first, contacts masked (`138****6021`). `complete=False`: only those without a contact."""
        return await self._read(
            lambda tx: read_leads(
                tx,
                merchant=merchant,
                complete=complete,
                since_ms=since_ms,
                until_ms=until_ms,
                limit=limit,
                offset=offset,
            )
        )

    async def get(self, merchant: str, lead_id: str) -> LeadRow | None:
        """One lead with its history, masked; None when this merchant has no such lead."""
        rows = await self._read(lambda tx: read_leads(tx, merchant=merchant, ids=[lead_id], limit=1, with_history=True))
        return rows[0] if rows else None

    async def reveal(self, merchant: str, lead_ids: Sequence[str], *, actor: str) -> Sequence[LeadRow]:
        """The leads with their contacts in clear; each one is written to the audit before it is shown."""

        def work(tx: Transaction) -> Sequence[LeadRow]:
            rows = read_leads(tx, merchant=merchant, ids=lead_ids, limit=len(lead_ids), reveal=True)
            for row in rows:
                audit(tx, merchant=merchant, actor=actor, action="lead.reveal", subject=row.id)
            return rows

        return await self._write(work)

    async def submit(
        self,
        conversation_id: str,
        *,
        client_id: str,
        fields: Mapping[str, str],
        consent: Collection[str],
    ) -> Saved:
        """Stores a filled-in form as a lead, once per `client_id`; returns after the synced commit.

        `fields`: `phone`, `wechat`, `qq`, `email`, `landline` and the names of `dialogue.contact.Field`. `consent`: the
        purposes ticked (`contact`, `share`); without `contact` the lead is kept as `pending`. Raises `FormError` (its
        `field` says where) and `UnknownConversationError`.
        """
        findings, ticked = read_form(fields), purposes(consent)
        saved = await self._write(
            lambda tx: store_form(tx, conversation_id, client_id=client_id, findings=findings, ticked=ticked)
        )
        self._changed()
        return saved

    async def consent_asked(self, conversation_id: str, seq: int) -> None:
        """Notes that message `seq` showed the consent words: the customer's next yes or no is taken as the answer."""
        await self._write(lambda tx: ask_consent(tx, conversation_id, seq))

    async def set_consent(
        self,
        merchant: str,
        lead_id: str,
        purpose: Purpose,
        state: ConsentState,
        *,
        wording: ConsentText | None = None,
        actor: str = "cli",
    ) -> None:
        """Records a consent given or withdrawn elsewhere, as by telephone; audited. Raises `FormError` if unknown."""

        def work(tx: Transaction) -> None:
            if not read_leads(tx, merchant=merchant, ids=[lead_id], limit=1):
                raise FormError(
                    "lead",
                    f"这家店没有线索 {lead_id!r} / there is no such lead of this merchant; see: zhanggui leads list",
                )
            record(tx, lead_id, wording or WORDINGS[purpose], state)
            audit(
                tx, merchant=merchant, actor=actor, action="lead.consent", subject=lead_id, detail=f"{purpose}={state}"
            )
            enqueue(tx, lead_id)

        await self._write(work)
        self._changed()

    async def consent(self, lead_id: str) -> Mapping[str, str]:
        """Purpose to state of one lead."""
        return (await self._read(lambda tx: states(tx, [lead_id]))).get(lead_id, {})

    async def next_offer(
        self, conversation_id: str, merchant: str, text: str, *, locale: Locale = Locale.ZH
    ) -> LeadForm | None:
        """After an answer to `text` was given: the form to offer now by the merchant's policy, or None. Counts it.

        Its purpose is worded in `locale`, where the policy has such words.
        """
        policy = self._policies(merchant)
        return await self._write(lambda tx: offering.next_offer(tx, conversation_id, policy, text, locale=locale))

    async def close_offer(self, conversation_id: str, outcome: str) -> None:
        """The customer closed the card (`dismissed`) or said no to it (`refused`): it is not offered again."""
        if outcome not in offering.OUTCOMES:
            raise FormError("outcome", f"outcome must be one of {', '.join(offering.OUTCOMES)}")
        await self._write(lambda tx: offering.close_offers(tx, conversation_id, outcome))

    async def export_csv(
        self,
        merchant: str,
        *,
        actor: str,
        zone: tzinfo,
        since_ms: int | None = None,
        until_ms: int | None = None,
    ) -> tuple[str, int]:
        """CSV of all complete leads whose `contact` consent is granted, and how many they are; audited."""

        def work(tx: Transaction) -> tuple[str, int]:
            found: list[LeadRow] = []
            while True:
                page = read_leads(
                    tx,
                    merchant=merchant,
                    complete=True,
                    since_ms=since_ms,
                    until_ms=until_ms,
                    limit=500,
                    offset=len(found),
                    reveal=True,
                )
                found += page
                if len(page) < 500:
                    break
            allowed = [row for row in found if row.consent.get(Purpose.CONTACT) == ConsentState.GRANTED]
            audit(tx, merchant=merchant, actor=actor, action="lead.csv", subject=merchant, detail=str(len(allowed)))
            return as_csv(allowed, zone=zone), len(allowed)

        return await self._write(work)

    async def export_contact(self, merchant: str, contact: str, *, actor: str) -> Sequence[Mapping[str, Any]]:
        """Everything held about the person with this contact, for that person; audited. Raises `FormError`."""
        wanted = read_any(contact)
        return await self._write(lambda tx: export_subject(tx, merchant, wanted, actor=actor))

    async def erase_contact(self, merchant: str, contact: str, *, actor: str) -> int:
        """Erases everything held about the person with this contact; returns how many leads. Raises `FormError`."""
        wanted = read_any(contact)
        return await self._write(lambda tx: erase_subject(tx, merchant, wanted, actor=actor))

    async def purge(self, retention: Retention) -> Purged:
        """Erases what is over its time, a batch at a time: call again while `Purged.more`."""
        return await self._write(lambda tx: purge(tx, retention))

    async def rotate_key(self, *, actor: str) -> int:
        """Seals every row anew under a fresh key and forgets the old one; returns how many rows. Safe while serving."""
        return await rotate(self._write, actor=actor)

    async def audits(self, merchant: str | None = None, *, limit: int = 100) -> Sequence[AuditRow]:
        """Who revealed, exported or erased what, the newest first."""
        return await self._read(lambda tx: read_audit(tx, merchant, limit=limit))

    async def stats(
        self,
        merchant: str,
        *,
        by: str | None = None,
        zone: tzinfo,
        since_ms: int | None = None,
        until_ms: int | None = None,
    ) -> Sequence[FunnelRow]:
        """The funnel, whole or `by` `day`, `channel`, `product` or `variant`. Days are days in `zone`."""
        return await self._read(lambda tx: funnel(tx, merchant, by=by, zone=zone, since_ms=since_ms, until_ms=until_ms))

    async def unanswered(self, merchant: str, *, since_ms: int | None = None, limit: int = 20) -> Sequence[Question]:
        """Questions that got no answer, alike ones together, the most frequent first: drafts for the FAQ."""
        return await self._read(lambda tx: draft_questions(tx, merchant, since_ms=since_ms, limit=limit))


def read_any(text: str) -> tuple[Contact, ...]:
    """The contact an operator typed: a number, an e-mail, or `wechat:ID`, `qq:NUMBER`. Raises `FormError`."""
    kind, _, value = text.partition(":")
    if value and kind in tuple(ContactKind):
        read = read_contact(ContactKind(kind), value)
        if read is not None:
            return (Contact(ContactKind(kind), read, (0, len(value))),)
    else:
        found = find(text).contacts
        if found:
            return found
        read = read_contact(ContactKind.WECHAT, text)
        if read is not None:
            return (Contact(ContactKind.WECHAT, read, (0, len(text))),)
    raise FormError(
        "contact",
        f"{text!r} 不是联系方式，写手机号、邮箱、wechat:微信号 或 qq:号码 / "
        "not a contact; give a number, an e-mail, wechat:ID or qq:NUMBER",
    )
