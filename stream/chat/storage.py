"""What the chat needs of the store: `dialogue.store` offers it, a test may hold it in memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from dialogue import LeadForm, LeadUpdate, Locale


class StoredEvent(Protocol):
    """One logged event of a conversation."""

    @property
    def seq(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def payload(self) -> Mapping[str, Any]: ...
    @property
    def at_ms(self) -> int: ...


class StoredMessage(Protocol):
    """A customer's message, synced together with the lead found in it."""

    @property
    def seq(self) -> int: ...
    @property
    def duplicate(self) -> bool: ...
    @property
    def lead(self) -> LeadUpdate | None: ...
    @property
    def consent(self) -> str | None: ...
    @property
    def consent_only(self) -> bool: ...
    @property
    def consent_due(self) -> bool: ...
    @property
    def reachable(self) -> bool: ...


class StoredConversation(Protocol):
    """A conversation as the store knows it."""

    @property
    def id(self) -> str: ...
    @property
    def merchant(self) -> str: ...
    @property
    def channel(self) -> str: ...
    @property
    def visitor(self) -> str: ...
    @property
    def last_seq(self) -> int: ...


class ChatStore(Protocol):
    """The store, as far as the chat uses it. Everything is synced before it returns."""

    async def open_conversation(
        self, *, merchant: str, channel: str, visitor: str, conversation_id: str | None = None
    ) -> StoredConversation:
        """Create a conversation, or find it again."""

    async def receive(self, conversation_id: str, *, client_id: str, text: str) -> StoredMessage:
        """Store a customer's message and the lead in it in one transaction; once per `client_id`."""

    async def append(self, conversation_id: str, *, kind: str, payload: dict[str, Any]) -> int:
        """Log an event; returns its `seq`."""

    async def events_after(self, conversation_id: str, after_seq: int, *, limit: int) -> Sequence[StoredEvent]:
        """Logged events with a greater `seq`, in order."""

    async def set_state(self, conversation_id: str, state: str) -> None:
        """Set who answers: `bot`, `requested`, `human`, `callback`, `closed`."""

    async def set_product(self, conversation_id: str, product: str | None) -> None:
        """Remember which product is talked about."""


class SavedForm(Protocol):
    """A form's lead, synced."""

    @property
    def seq(self) -> int: ...
    @property
    def complete(self) -> bool: ...
    @property
    def duplicate(self) -> bool: ...


class LeadForms(Protocol):
    """The lead book, as far as the chat uses it."""

    async def submit(
        self, conversation_id: str, *, client_id: str, fields: Mapping[str, str], consent: Collection[str]
    ) -> SavedForm:
        """Store a filled-in form with its consent and the event `lead_saved`. Raises `FormError`."""

    async def next_offer(
        self, conversation_id: str, merchant: str, text: str, *, locale: Locale = Locale.ZH
    ) -> LeadForm | None:
        """After an answer to `text`: the form to show now, with its purpose in this language, or None."""

    async def close_offer(self, conversation_id: str, outcome: str) -> None:
        """The form was `dismissed` or `refused`."""

    async def consent_asked(self, conversation_id: str, seq: int) -> None:
        """Message `seq` showed the consent words."""
