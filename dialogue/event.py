"""What the engine says, piece by piece: the contract between `dialogue` and the channels."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Emotion(StrEnum):
    """How a sentence is meant. Same words as the avatar's, which may not be imported here."""

    NEUTRAL = "neutral"
    JOY = "joy"
    EXCITEMENT = "excitement"
    EMPATHY = "empathy"
    APOLOGY = "apology"
    SURPRISE = "surprise"


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a sentence's claim stands in the merchant's material."""

    file: str
    quote: str
    sheet: str | None = None
    page: int | None = None
    line: int | None = None
    version: str = ""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One checked sentence, ready to be shown or spoken."""

    text: str
    emotion: Emotion = Emotion.NEUTRAL
    citations: tuple[Citation, ...] = ()
    record_id: str | None = None
    """The record that is talked about, so that a page can show it while the sentence is said."""


@dataclass(frozen=True, slots=True)
class Suggestions:
    """What the visitor may want to say next."""

    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LeadUpdate:
    """A contact was found in the customer's message and is already committed."""

    lead_id: str
    complete: bool


@dataclass(frozen=True, slots=True)
class LeadForm:
    """The moment to ask for a contact with a form card."""

    fields: tuple[str, ...]
    purpose: str
    policy_version: str
    share: bool = False
    """Whether to ask, apart and optionally, for passing the contact on: the shop has another system to pass it to."""


@dataclass(frozen=True, slots=True)
class Handoff:
    """The conversation goes to a human, or comes back."""

    state: str
    """`requested`, `human`, `returned` or `callback`."""
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """The reply is complete."""

    decision: str
    """`answer`, `ask`, `refuse`, `smalltalk` or `silent` (a human has taken over)."""
    record_id: str | None = None
    knowledge_version: str = ""


Event = Sentence | Suggestions | LeadUpdate | LeadForm | Handoff | Done
