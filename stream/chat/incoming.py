"""What a client may send, and how it is read. Nothing here does I/O; `parse` is the only way in from the network."""

from __future__ import annotations

import json
import re
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from dialogue import LOCALE_PATTERN
from stream.chat.frame import TEXT_LIMIT, Frame, FrameError

_CLIENT_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
ClientId = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:-]+$")]
"""The client's own name for something it sends; sent again, it is stored once."""

FieldName = Annotated[str, Field(pattern=r"^[a-z_]{1,32}$")]
FieldValue = Annotated[str, Field(max_length=200)]


class Hello(Frame):
    """First frame of a socket. Without `token` a new conversation begins; with it the old one goes on."""

    type: Literal["hello"] = "hello"
    protocol: int
    token: str | None = Field(default=None, max_length=1024)
    conversation: str | None = Field(default=None, max_length=64)
    after_seq: int = Field(default=0, ge=0, le=2**53)
    """Everything with a greater `seq` is sent again: the last `seq` the client holds complete."""
    locale: str = Field(default="zh", max_length=35, pattern=LOCALE_PATTERN)
    """The client's language, a BCP 47 tag (`zh`, `en`, `en-GB`): what the server itself says is said in it, in Chinese
    for Chinese and in English for any other."""


class Say(Frame):
    """What the customer says."""

    type: Literal["message"] = "message"
    client_id: ClientId
    text: str = Field(min_length=1)


class Consent(Frame):
    """The customer's decision about one purpose, in the words of one version of the policy."""

    granted: bool
    share: bool = False
    """Also passing the contact on to another system of the shop."""
    purpose: str = Field(default="", max_length=200)
    policy_version: str = Field(default="", max_length=64)


class LeadAnswer(Frame):
    """The lead form filled in, or declined (`consent.granted` false and no fields)."""

    type: Literal["lead"] = "lead"
    client_id: ClientId
    fields: dict[FieldName, FieldValue] = Field(default_factory=dict, max_length=16)
    consent: Consent


class HandoffRequest(Frame):
    """Ask for a human, or (`to: "ai"`) for the AI to go on."""

    type: Literal["handoff"] = "handoff"
    client_id: ClientId
    to: Literal["human", "ai"] = "human"


class TypingHint(Frame):
    """The customer is typing: a hint, kept nowhere."""

    type: Literal["typing"] = "typing"


class Feedback(Frame):
    """Was the message with this `seq` helpful? 1 yes, -1 no, 0 takes it back."""

    type: Literal["feedback"] = "feedback"
    seq: int = Field(ge=1, le=2**53)
    score: Literal[-1, 0, 1]


class Stop(Frame):
    """End the answer under way; what was said so far stays."""

    type: Literal["stop"] = "stop"


class Ping(Frame):
    """Asks for a `pong`."""

    type: Literal["ping"] = "ping"


ClientFrame = Hello | Say | LeadAnswer | HandoffRequest | TypingHint | Feedback | Stop | Ping
_CLIENT: TypeAdapter[ClientFrame] = TypeAdapter(Annotated[ClientFrame, Field(discriminator="type")])
CLIENT_TYPES = ("hello", "message", "lead", "handoff", "typing", "feedback", "stop", "ping")


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
