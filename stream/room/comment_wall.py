"""The comments of a live room as its pages know them: who asked, what became of it."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from typing import TypeVar

from dialogue import Line
from stream.room.broadcast import Broadcast
from stream.room.protocol import Message

K = TypeVar("K")
V = TypeVar("V")

REMEMBERED = 2_000
"""Comments whose state, and visitors whose conversation, are remembered."""


@dataclass(slots=True)
class Shown:
    """A comment on the wall."""

    id: str
    client_id: str
    name: str
    text: str
    masked: bool
    state: str
    answer: str = ""

    def to_json(self) -> Message:
        """The body of the room socket's `comment`."""
        return {
            "id": self.id,
            "client_id": self.client_id,
            "name": self.name,
            "text": self.text,
            "masked": self.masked,
            "state": self.state,
            "answer": self.answer,
        }


class CommentWall:
    """Keeps the newest comments and tells the pages what becomes of them."""

    def __init__(self, feed: Broadcast) -> None:
        self._feed = feed
        self._comments: OrderedDict[str, Shown] = OrderedDict()
        self._seen: OrderedDict[tuple[str, str], None] = OrderedDict()

    def has(self, visitor: str, client_id: str) -> bool:
        """Whether this visitor's comment of this id was taken already."""
        return (visitor, client_id) in self._seen

    def hang(self, visitor: str, client_id: str, text: str, *, masked: bool, name: str | None) -> Shown:
        """A new comment, not told to the pages yet; a visitor without a name gets a number."""
        remember(self._seen, (visitor, client_id), None)
        called = name or f"游客{int(hashlib.sha256(visitor.encode()).hexdigest()[:6], 16) % 10_000:04d}"
        entry = Shown(f"c{self._feed.seq + 1}", client_id, called, text, masked, "shown")
        remember(self._comments, entry.id, entry)
        return entry

    def tell(self, entry: Shown, **more: object) -> None:
        """Show the pages how it stands."""
        self._feed.publish("comment", **entry.to_json(), **more)

    def asked(self, line: Line) -> list[Shown]:
        """The comments that a line answers, those still remembered."""
        ids = line.comment_ids or ((line.comment_id,) if line.comment_id else ())
        return [entry for comment_id in ids if (entry := self._comments.get(comment_id))]

    def answering(self, line: Line) -> None:
        """An answer's sentence is being heard."""
        for entry in self.asked(line):
            if entry.state != "answering":
                entry.state = "answering"
                self.tell(entry, asked_by=max(1, len(line.comment_ids)))

    def answered(self, line: Line, *, finished: bool) -> None:
        """An answer's sentence was heard to its end, or cut off."""
        for entry in self.asked(line):
            # The lead-in repeats the question; the page shows it already.
            if finished and not (line.question and line.question in line.text):
                entry.answer += line.text
            if line.last or not finished:
                entry.state = "answered"
                self.tell(entry)


def remember(memory: OrderedDict[K, V], key: K, value: V) -> None:
    """Add to a memory of the newest `REMEMBERED`."""
    memory[key] = value
    if len(memory) > REMEMBERED:
        memory.popitem(last=False)
