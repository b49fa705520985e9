"""Conversations and leads on disk: what was acknowledged is never lost and never double."""

from dialogue.store.journal import MessageTooLongError, UnknownConversationError
from dialogue.store.rows import ConversationRow, Received, StoredEvent
from dialogue.store.store import Store

__all__ = [
    "ConversationRow",
    "MessageTooLongError",
    "Received",
    "Store",
    "StoredEvent",
    "UnknownConversationError",
]
