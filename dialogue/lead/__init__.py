"""Leads: captured, completed, merged, consented, kept safe, and passed on."""

from dialogue.lead.asking import AskingPolicy, PolicyError
from dialogue.lead.consent import CONTACT_TEXT, CONTACT_TEXT_ENGLISH, SHARE_TEXT, ConsentState, ConsentText, Purpose
from dialogue.lead.delivery import OutboxRow
from dialogue.lead.form import FormError, Saved
from dialogue.lead.funnel import FunnelRow, Question, Uplift, uplift
from dialogue.lead.post import Mailbox, Postman
from dialogue.lead.retention import Purged, Retention
from dialogue.lead.rotation import SEALED
from dialogue.lead.rows import ContactRow, HistoryRow, LeadRow
from dialogue.lead.target import Target, TargetError, TargetKind

__all__ = [
    "CONTACT_TEXT",
    "CONTACT_TEXT_ENGLISH",
    "SEALED",
    "SHARE_TEXT",
    "AskingPolicy",
    "ConsentState",
    "ConsentText",
    "ContactRow",
    "FormError",
    "FunnelRow",
    "HistoryRow",
    "LeadRow",
    "Mailbox",
    "OutboxRow",
    "PolicyError",
    "Postman",
    "Purged",
    "Purpose",
    "Question",
    "Retention",
    "Saved",
    "Target",
    "TargetError",
    "TargetKind",
    "Uplift",
    "uplift",
]
