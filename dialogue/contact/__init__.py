"""Reading contacts and wishes out of what people type, without a model: no digit is ever invented."""

from dialogue.contact.finder import find, may_continue, read_contact
from dialogue.contact.hide import apart, hidden, says_more
from dialogue.contact.kind import Contact, ContactKind, Detail, Field, Findings, mask

__all__ = [
    "Contact",
    "ContactKind",
    "Detail",
    "Field",
    "Findings",
    "apart",
    "find",
    "hidden",
    "mask",
    "may_continue",
    "read_contact",
    "says_more",
]
