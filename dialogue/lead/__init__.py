"""Leads: captured, completed, merged, consented, kept safe, and passed on."""

from dialogue.lead.book import LeadBook
from dialogue.lead.consent import CONTACT_TEXT, SHARE_TEXT, ConsentState, ConsentText, Purpose
from dialogue.lead.rows import ContactRow, HistoryRow, LeadRow

__all__ = [
    "CONTACT_TEXT",
    "SHARE_TEXT",
    "ConsentState",
    "ConsentText",
    "ContactRow",
    "HistoryRow",
    "LeadBook",
    "LeadRow",
    "Purpose",
]
