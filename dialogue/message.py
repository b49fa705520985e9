"""One message of a conversation."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """Who wrote a message."""

    USER = "user"
    ASSISTANT = "assistant"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Message:
    """What somebody said, as it was said."""

    role: Role
    text: str
    at: float
    """Unix time, seconds."""
    record_id: str | None = None
    """The record that was talked about, as far as it is known."""
