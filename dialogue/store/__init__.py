"""Conversations and leads on disk: what was acknowledged is never lost and never double."""

from dialogue.store.book import LeadBook, read_any
from dialogue.store.journal import UnknownConversationError
from dialogue.store.outbox import Courier, Outbox
from dialogue.store.reception import MessageTooLongError
from dialogue.store.rows import ConversationRow, Received, StoredEvent
from dialogue.store.spending import SpendingLog, SpentDay
from dialogue.store.store import Store, system_ms
from dialogue.store.vault import put_secret, read_secrets

__all__ = [
    "ConversationRow",
    "Courier",
    "LeadBook",
    "MessageTooLongError",
    "Outbox",
    "Received",
    "SpendingLog",
    "SpentDay",
    "Store",
    "StoredEvent",
    "UnknownConversationError",
    "put_secret",
    "read_any",
    "read_secrets",
    "system_ms",
]
