"""What all frames of chat protocol version 1 share: one JSON object in a text frame, `type` names the kind.

Unknown fields are ignored, so that either side may be newer than the other. `stream.chat.incoming` has what clients
send, `stream.chat.outgoing` what the server sends.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from stream.errors import StreamError

PROTOCOL = 1
"""The version spoken here."""

TEXT_LIMIT = 2000
"""Longest customer message, in characters."""


class FrameError(StreamError):
    """A frame that cannot be used. `code` is the wire code; `client_id` is set where the frame named one."""

    def __init__(self, code: str, message: str, *, client_id: str | None = None, field: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.field = field
        self.client_id = client_id


class Frame(BaseModel):
    """One frame."""

    model_config = ConfigDict(frozen=True, extra="ignore")
