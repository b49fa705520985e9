"""Frames of chat protocol version 1: one JSON object in a text frame, `type` names the kind.

Unknown fields are ignored, so that either side may be newer than the other. Nothing here does I/O; `parse` is
the only way in from the network.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from stream.errors import StreamError

PROTOCOL = 1
"""The version this module speaks."""

TEXT_LIMIT = 2000
"""Longest customer message, in characters."""

_CLIENT_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
ClientId = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:-]+$")]
"""The client's own name for something it sends; sent again, it is stored once."""

FieldName = Annotated[str, Field(pattern=r"^[a-z_]{1,32}$")]
FieldValue = Annotated[str, Field(max_length=200)]


class FrameError(StreamError):
    """A frame that cannot be used. `code` is the wire code; `client_id` is set where the frame named one."""

    def __init__(self, code: str, message: str, *, client_id: str | None = None, field: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.field = field
        self.client_id = client_id


class _Frame(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Hello(_Frame):
    """First frame of a socket. Without `token` a new conversation begins; with it the old one goes on."""

    type: Literal["hello"] = "hello"
    protocol: int
    token: str | None = Field(default=None, max_length=1024)
    conversation: str | None = Field(default=None, max_length=64)
    after_seq: int = Field(default=0, ge=0, le=2**53)
    """Everything with a greater `seq` is sent again: the last `seq` the client holds complete."""
    locale: Literal["zh", "en"] = "zh"


class Say(_Frame):
    """What the customer says."""

    type: Literal["message"] = "message"
    client_id: ClientId
    text: str = Field(min_length=1)


class Consent(_Frame):
    """The customer's decision about one purpose, in the words of one version of the policy."""

    granted: bool
    share: bool = False
    """Also passing the contact on to another system of the shop."""
    purpose: str = Field(default="", max_length=200)
    policy_version: str = Field(default="", max_length=64)


class LeadAnswer(_Frame):
    """The lead form filled in, or declined (`consent.granted` false and no fields)."""

    type: Literal["lead"] = "lead"
    client_id: ClientId
    fields: dict[FieldName, FieldValue] = Field(default_factory=dict, max_length=16)
    consent: Consent


class HandoffRequest(_Frame):
    """Ask for a human, or (`to: "ai"`) for the AI to go on."""

    type: Literal["handoff"] = "handoff"
    client_id: ClientId
    to: Literal["human", "ai"] = "human"


class TypingHint(_Frame):
    """The customer is typing: a hint, kept nowhere."""

    type: Literal["typing"] = "typing"


class Feedback(_Frame):
    """Was the message with this `seq` helpful? 1 yes, -1 no, 0 takes it back."""

    type: Literal["feedback"] = "feedback"
    seq: int = Field(ge=1, le=2**53)
    score: Literal[-1, 0, 1]


class Stop(_Frame):
    """End the answer under way; what was said so far stays."""

    type: Literal["stop"] = "stop"


class Ping(_Frame):
    """Asks for a `pong`."""

    type: Literal["ping"] = "ping"


ClientFrame = Hello | Say | LeadAnswer | HandoffRequest | TypingHint | Feedback | Stop | Ping
_CLIENT: TypeAdapter[ClientFrame] = TypeAdapter(Annotated[ClientFrame, Field(discriminator="type")])
CLIENT_TYPES = ("hello", "message", "lead", "handoff", "typing", "feedback", "stop", "ping")


class CitationCard(_Frame):
    """Where a claim stands in the merchant's material."""

    file: str
    quote: str = ""
    sheet: str | None = None
    page: int | None = None
    line: int | None = None
    version: str = ""


class Welcome(_Frame):
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


class Ack(_Frame):
    """Stored and synced. Sent again for a `client_id` that is sent again."""

    type: Literal["ack"] = "ack"
    client_id: str
    seq: int


class TypingState(_Frame):
    """Somebody is preparing an answer, or stopped doing so."""

    type: Literal["typing"] = "typing"
    on: bool


class Delta(_Frame):
    """Checked text of the answer `seq`: it stands at `offset` (in Unicode code points) and replaces what followed."""

    type: Literal["delta"] = "delta"
    seq: int
    offset: int
    text: str
    emotion: str = "neutral"


class Message(_Frame):
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


class Retract(_Frame):
    """The answer `seq` is taken back: forget its deltas; a better one follows under a greater `seq`."""

    type: Literal["retract"] = "retract"
    seq: int


class LeadFormCard(_Frame):
    """Ask for a contact with a form. `fields` in the order to show them."""

    type: Literal["lead_form"] = "lead_form"
    seq: int
    fields: tuple[str, ...]
    purpose: str
    policy_version: str


class LeadSaved(_Frame):
    """A contact is stored and synced. `client_id` names the form, or the message the contact was found in."""

    type: Literal["lead_saved"] = "lead_saved"
    seq: int
    client_id: str
    complete: bool = True


class HandoffState(_Frame):
    """Who answers: `requested`, `human`, `returned` (the AI again) or `callback` (outside business hours)."""

    type: Literal["handoff"] = "handoff"
    seq: int
    state: str
    name: str = ""


class Problem(_Frame):
    """Something did not work. `client_id` says which frame; after `retry_after_ms` it may be sent again."""

    type: Literal["error"] = "error"
    code: str
    message: str
    retry_after_ms: int | None = None
    client_id: str | None = None
    field: str | None = None
    """The field of a lead form that is wrong."""


class Pong(_Frame):
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


def parse(raw: str, *, text_limit: int = TEXT_LIMIT) -> ClientFrame:
    """One client frame from its text. `FrameError` says in one line what is wrong with it.

    Codes: `bad_json`, `unknown_type`, `bad_frame`, `too_long`.
    """
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError) as exc:
        raise FrameError("bad_json", "这一帧不是 JSON") from exc
    if not isinstance(value, dict):
        raise FrameError("bad_json", "一帧要是一个 JSON 对象")
    kind = value.get("type")
    named = value.get("client_id")
    client_id = named if isinstance(named, str) and _CLIENT_ID.fullmatch(named) else None
    if kind not in CLIENT_TYPES:
        raise FrameError("unknown_type", f"不认识的 type；可用：{'、'.join(CLIENT_TYPES)}", client_id=client_id)
    try:
        frame = _CLIENT.validate_python(value)
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False, include_context=False)[0]
        parts = [str(part) for part in first["loc"] if part not in CLIENT_TYPES]
        where = ascii(".".join(parts))[1:-1][:40] or str(kind)
        raise FrameError("bad_frame", f"{kind} 的 {where} 不对：{first['msg']}", client_id=client_id) from exc
    if isinstance(frame, Say):
        return _checked(frame, text_limit)
    return frame


def _checked(frame: Say, text_limit: int) -> Say:
    """Bounded, storable text: no NUL, not only blanks."""
    if len(frame.text) > text_limit:
        raise FrameError(
            "too_long",
            f"一条消息最多 {text_limit} 字，这条有 {len(frame.text)} 字，请分几条发送",
            client_id=frame.client_id,
        )
    text = frame.text.replace("\x00", "").strip()
    if not text:
        raise FrameError("bad_frame", "消息是空的", client_id=frame.client_id)
    return frame.model_copy(update={"text": text})
