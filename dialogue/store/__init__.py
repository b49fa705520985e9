"""Conversations and leads on disk: what was acknowledged is never lost and never double."""

from dialogue.store.book import LeadBook, read_any
from dialogue.store.journal import UnknownConversationError
from dialogue.store.outbox import Courier, Outbox
from dialogue.store.reception import MessageTooLongError
from dialogue.store.rows import ConversationRow, Received, StoredEvent
from dialogue.store.store import Store, system_ms

__all__ = [
    "ConversationRow",
    "Courier",
    "LeadBook",
    "MessageTooLongError",
    "Outbox",
    "Received",
    "Store",
    "StoredEvent",
    "UnknownConversationError",
    "read_any",
    "system_ms",
]
