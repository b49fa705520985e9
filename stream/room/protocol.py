"""Room socket protocol, version 1, without a socket: what a viewer may say and how often."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from dialogue import LOCALE_PATTERN, Locale

PROTOCOL = 1
MAX_FRAME_BYTES = 8_192
MAX_COMMENT_CHARS = 200

Message = dict[str, Any]


class _Frame(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Hello(_Frame):
    """First frame of a viewer; `after_seq` asks for what was missed."""

    type: Literal["hello"]
    protocol: int = PROTOCOL
    token: str | None = Field(default=None, max_length=512)
    after_seq: int | None = Field(default=None, ge=0)
    operator: str | None = Field(default=None, max_length=512)
    """A bearer token of the room's merchant: who looks after the room is not counted among its viewers."""
    locale: str = Field(default="zh", max_length=35, pattern=LOCALE_PATTERN)
    """The viewer's language, a BCP 47 tag: errors are told in it (Chinese, or English for any other)."""


class CommentFrame(_Frame):
    """A public comment; the same `client_id` again is acknowledged and shown once."""

    type: Literal["comment"]
    client_id: str = Field(min_length=1, max_length=64)
    text: str = Field(min_length=1)


class Like(_Frame):
    """A heart."""

    type: Literal["like"]


class Ping(_Frame):
    """Keeps proxies from closing an idle socket."""

    type: Literal["ping"]


Frame = Annotated[Hello | CommentFrame | Like | Ping, Field(discriminator="type")]
_FRAMES: TypeAdapter[Hello | CommentFrame | Like | Ping] = TypeAdapter(Frame)


ENGLISH = {
    "bad_frame": "A field of the frame is missing or wrong.",
    "bad_json": "This is not JSON: send one JSON object.",
    "empty": "The comment is empty.",
    "full": "Many things wait to be said; please try again later.",
    "hello_first": "The first frame must be hello.",
    "no_room": "There is no such room.",
    "not_saved": "It could not be saved; please send it again in a moment.",
    "operator": "This token is not one of the room's shop.",
    "protocol": f"Version {PROTOCOL} of the protocol is spoken here.",
    "rate": "A little fast; please wait a moment.",
    "too_large": f"A frame has at most {MAX_FRAME_BYTES} characters.",
    "too_long": f"A comment has at most {MAX_COMMENT_CHARS} characters.",
}
"""Error code → what it says to a viewer who reads English."""


class ProtocolError(Exception):
    """A frame that cannot be taken; sent to the viewer as `error`, the socket stays open."""

    def __init__(self, code: str, message: str, retry_after_ms: int | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.retry_after_ms = code, message, retry_after_ms

    def to_json(self, locale: Locale | None = None) -> Message:
        """The `error` frame in the viewer's language; in both while it is not known."""
        english = ENGLISH.get(self.code, self.message)
        told = {None: f"{self.message} / {english}", Locale.ZH: self.message, Locale.EN: english}
        frame: Message = {"type": "error", "code": self.code, "message": told[locale]}
        if self.retry_after_ms is not None:
            frame["retry_after_ms"] = self.retry_after_ms
        return frame


def parse(raw: str) -> Hello | CommentFrame | Like | Ping:
    """Read one text frame. Raises `ProtocolError` (`too_large`, `bad_json`, `bad_frame`, `too_long`, `empty`)."""
    if len(raw) > MAX_FRAME_BYTES:
        raise ProtocolError("too_large", f"一条消息最多 {MAX_FRAME_BYTES} 个字符，这条有 {len(raw)} 个。")
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError) as exc:
        raise ProtocolError("bad_json", "这不是 JSON：请发送一个 JSON 对象。") from exc
    try:
        frame = _FRAMES.validate_python(data)
    except ValidationError as exc:
        first = exc.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "frame"
        raise ProtocolError("bad_frame", f"{where}: {first['msg']}") from exc
    if isinstance(frame, CommentFrame):
        if len(frame.text) > MAX_COMMENT_CHARS:
            raise ProtocolError("too_long", f"评论最多 {MAX_COMMENT_CHARS} 个字，这条有 {len(frame.text)} 个。")
        if not frame.text.strip():
            raise ProtocolError("empty", "评论是空的，写点什么再发。")
    return frame
