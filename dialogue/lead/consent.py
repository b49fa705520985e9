"""Consent: for which purpose, given to which words, and when.

`contact` allows the shop to call back and to take the lead out as a file; `share` allows passing it on to another
system. A contact typed into a chat is kept as `pending` until the customer says yes to words they have seen.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select

from dialogue.database.schema import consents
from dialogue.database.transaction import Transaction


class Purpose(StrEnum):
    """What the contact may be used for."""

    CONTACT = "contact"
    SHARE = "share"


class ConsentState(StrEnum):
    """Where a consent stands; only `granted` lets anything out."""

    PENDING = "pending"
    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class ConsentText:
    """The words a customer agrees to; a change of words is a new version."""

    version: str
    purpose: Purpose
    text: str


CONTACT_TEXT = ConsentText(
    version="contact-1",
    purpose=Purpose.CONTACT,
    text="您留下的联系方式只用于本店客服就这次咨询联系您，不作他用，您可以随时要求删除。同意请回复“同意”。",
)
CONTACT_TEXT_ENGLISH = ConsentText(
    version="contact-1-en",
    purpose=Purpose.CONTACT,
    text="The shop uses the contact you left only to reach you about this enquiry, and for nothing else. "
    "You can have it deleted at any time. Do you agree? Please answer “I agree”.",
)
SHARE_TEXT = ConsentText(
    version="share-1",
    purpose=Purpose.SHARE,
    text="我同意本店把我的联系方式和咨询内容转交给本店使用的客户管理系统，仅用于跟进这次咨询。",
)

FORM_CONTACT_TEXT = ConsentText(
    version="form-contact-1",
    purpose=Purpose.CONTACT,
    text="同意本店客服就这次咨询联系我；联系方式不作他用，可以随时要求删除。 / "
    "The shop may contact me about this enquiry, and for nothing else. I can have my contact deleted at any time.",
)
FORM_SHARE_TEXT = ConsentText(
    version="form-share-1",
    purpose=Purpose.SHARE,
    text="（可不选）也同意把这些信息转交给本店用的客户管理系统，只用于跟进这次咨询。 / "
    "(Optional) The shop may also pass this on to the customer system it uses, to follow up this enquiry only.",
)
FORM_WORDINGS = {Purpose.CONTACT: FORM_CONTACT_TEXT, Purpose.SHARE: FORM_SHARE_TEXT}
"""The words beside the boxes of the lead form, in both languages of the widget."""

WORDINGS = {Purpose.CONTACT: CONTACT_TEXT, Purpose.SHARE: SHARE_TEXT}
"""The words asked in a conversation, and those of a consent noted by a colleague."""


def contact_wording(shown: str) -> ConsentText:
    """The consent question that a message asked, by its text: what was shown is what is recorded."""
    return CONTACT_TEXT_ENGLISH if shown == CONTACT_TEXT_ENGLISH.text else CONTACT_TEXT


def record(
    tx: Transaction,
    lead_id: str,
    wording: ConsentText,
    state: ConsentState,
    *,
    conversation_id: str | None = None,
    seq: int | None = None,
) -> None:
    """Adds a consent row; older rows stay as proof, the newest counts."""
    tx.connection.execute(
        consents.insert().values(
            lead_id=lead_id,
            purpose=wording.purpose,
            state=state,
            text_version=wording.version,
            text=wording.text,
            conversation_id=conversation_id,
            seq=seq,
            at_ms=tx.now_ms,
        )
    )


def states(tx: Transaction, lead_ids: Iterable[str]) -> dict[str, dict[str, str]]:
    """Lead id → purpose → newest state, for the given leads."""
    found: dict[str, dict[str, str]] = {}
    query = (
        select(consents.c.lead_id, consents.c.purpose, consents.c.state)
        .where(consents.c.lead_id.in_(list(lead_ids)))
        .order_by(consents.c.id)
    )
    for lead_id, purpose, state in tx.connection.execute(query):
        found.setdefault(lead_id, {})[purpose] = state
    return found
