"""What the server sends, and how it is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from stream.chat.frame import PROTOCOL, TEXT_LIMIT, Frame


class CitationCard(Frame):
    """Where a claim stands in the merchant's material."""

    file: str
    quote: str = ""
    sheet: str | None = None
    page: int | None = None
    line: int | None = None
    version: str = ""


class Welcome(Frame):
    """The conversation is open; the replay of everything after `after_seq` follows."""

    type: Literal["welcome"] = "welcome"
    protocol: int = PROTOCOL
    conversation: str
    token: str
    """Needed to come back to this conversation; each `welcome` brings a fresh one."""
    seq: int
    """Last `seq` of the conversation: the replay ends with it."""
    ai_notice: str
    greeting: str
    suggestions: tuple[str, ...] = ()
    name: str = ""
    """The shop's name."""
    handoff: str = "ai"
    """Who answers now: `ai`, `requested` or `human`."""
    text_limit: int = TEXT_LIMIT


class Ack(Frame):
    """Stored and synced. Sent again for a `client_id` that is sent again."""

    type: Literal["ack"] = "ack"
    client_id: str
    seq: int


class TypingState(Frame):
    """Somebody is preparing an answer, or stopped doing so."""

    type: Literal["typing"] = "typing"
    on: bool


class Delta(Frame):
    """Checked text of the answer `seq`: it stands at `offset` (in Unicode code points) and replaces what followed."""

    type: Literal["delta"] = "delta"
    seq: int
    offset: int
    text: str
    emotion: str = "neutral"


class Message(Frame):
    """A complete message. It replaces any `delta` of the same `seq`."""

    type: Literal["message"] = "message"
    seq: int
    role: Literal["visitor", "assistant", "operator"]
    text: str
    citations: tuple[CitationCard, ...] = ()
    emotion: str = "neutral"
    suggestions: tuple[str, ...] = ()
    name: str = ""
    """Who speaks, for an operator."""
    client_id: str | None = None
    """For a visitor's message: the name its sender gave it."""
    at_ms: int = 0
    """When it was stored, Unix milliseconds."""


class Retract(Frame):
    """The answer `seq` is taken back: forget its deltas; a better one follows under a greater `seq`."""

    type: Literal["retract"] = "retract"
    seq: int


class LeadFormCard(Frame):
    """Ask for a contact with a form. `fields` in the order to show them."""

    type: Literal["lead_form"] = "lead_form"
    seq: int
    fields: tuple[str, ...]
    purpose: str
    policy_version: str
    share: bool = False
    """Show a second box, optional and empty, for passing the contact on; its state comes back as `consent.share`."""


class LeadSaved(Frame):
    """A contact is stored and synced. `client_id` names the form, or the message the contact was found in."""

    type: Literal["lead_saved"] = "lead_saved"
    seq: int
    client_id: str
    complete: bool = True


class HandoffState(Frame):
    """Who answers: `requested`, `human`, `returned` (the AI again) or `callback` (outside business hours)."""

    type: Literal["handoff"] = "handoff"
    seq: int
    state: str
    name: str = ""


class Problem(Frame):
    """Something did not work. `client_id` says which frame; after `retry_after_ms` it may be sent again."""

    type: Literal["error"] = "error"
    code: str
    message: str
    retry_after_ms: int | None = None
    client_id: str | None = None
    field: str | None = None
    """The field of a lead form that is wrong."""


class Pong(Frame):
    """Answer to `ping`; brings a fresh token before the old one runs out."""

    type: Literal["pong"] = "pong"
    token: str | None = None


ServerFrame = (
    Welcome | Ack | TypingState | Delta | Message | Retract | LeadFormCard | LeadSaved | HandoffState | Problem | Pong
)

_STORED: dict[str, type[Message] | type[Retract] | type[LeadFormCard] | type[LeadSaved] | type[HandoffState]] = {
    "message": Message,
    "retract": Retract,
    "lead_form": LeadFormCard,
    "lead_saved": LeadSaved,
    "handoff": HandoffState,
}


def encode(frame: ServerFrame) -> str:
    """The frame as it goes over the wire, without fields that are None."""
    return frame.model_dump_json(exclude_none=True)


def from_stored(kind: str, seq: int, payload: Mapping[str, Any], *, at_ms: int = 0) -> ServerFrame | None:
    """The frame of a stored event; None for kinds that are not the client's business (feedback, audit)."""
    model = _STORED.get(kind)
    if model is None:
        return None
    values = {**payload, "seq": seq}
    if model is Message:
        values["at_ms"] = at_ms
    return model.model_validate(values)
