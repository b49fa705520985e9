"""One sentence that the host says, with what it is about and where it came from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dialogue.event import Emotion


class LineKind(StrEnum):
    """Why a line is said."""

    OPENING = "opening"
    SCRIPT = "script"
    ANSWER = "answer"
    OPERATOR = "operator"
    CLOSING = "closing"


@dataclass(frozen=True, slots=True)
class Line:
    """The next sentence of a room."""

    generation: int
    """Counts interrupts; a line older than the room's generation is void."""
    text: str
    emotion: Emotion = Emotion.NEUTRAL
    kind: LineKind = LineKind.SCRIPT
    sku: str | None = None
    """Id of the record that is talked about."""
    comment_id: str | None = None
    """The comment that is answered, the first of its group."""
    question: str | None = None
    """What the comment asked."""
    last: bool = True
    """Whether the answer, opening or operator's text ends with this line."""
    comment_ids: tuple[str, ...] = ()
    """All comments answered by this line."""
    part: str = ""
    """What a line of the script is for: `hook`, `point`, `detail`, `promotion`, `price`, `action`, `question` …"""
