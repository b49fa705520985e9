"""Who is owed an answer, and what may still be taken back: one conversation's rules, without any I/O.

The log of a conversation is written strictly in order, and an answer takes its place in it (its `seq`) with its
first sentence. So before anything else may be logged while an answer is open, the answer has to leave its place:
it is either retracted (the customer went on within a second, and both messages are answered together) or the part
said so far is closed as a message of its own and the rest follows as another one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from dialogue import Citation, Done, Emotion, Event, Handoff, LeadForm, Sentence, Suggestions

WINDOW_S = 1.0
"""A message this soon after the last one supersedes the answer under way."""

_PENDING = 20
"""Messages that may wait for one answer; more are refused before they are stored."""


class Cut(Enum):
    """What has to be logged before something else may be."""

    NOTHING = "nothing"
    RETRACT = "retract"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Opened:
    """An answer to start: the messages it answers, joined by the caller; results carry `generation`."""

    generation: int
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """Checked text to show at once: it stands at `offset` code points of the open segment."""

    offset: int
    text: str
    emotion: Emotion


@dataclass(frozen=True, slots=True)
class Segment:
    """A closed part of an answer, ready to be logged."""

    text: str
    emotion: Emotion
    citations: tuple[Citation, ...]
    suggestions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Closing:
    """What is left to be logged when an answer is complete, in this order."""

    segment: Segment | None
    forms: tuple[LeadForm, ...]
    handoffs: tuple[Handoff, ...]
    done: Done | None


@dataclass(slots=True)
class _Answer:
    generation: int
    texts: tuple[str, ...]
    text: str = ""
    emotion: Emotion = Emotion.NEUTRAL
    citations: list[Citation] = field(default_factory=list)
    suggestions: tuple[str, ...] = ()
    forms: list[LeadForm] = field(default_factory=list)
    handoffs: list[Handoff] = field(default_factory=list)
    done: Done | None = None
    closed_segments: int = 0


class Exchange:
    """The turn-taking of one conversation. Times are seconds of any monotonic clock, given by the caller."""

    def __init__(self, *, window_s: float = WINDOW_S) -> None:
        self._window_s = window_s
        self._generation = 0
        self._answer: _Answer | None = None
        self._waiting: list[str] = []
        self._last_said = float("-inf")

    @property
    def answering(self) -> bool:
        """An answer is under way, its text shown or not."""
        return self._answer is not None

    @property
    def open_piece(self) -> Piece | None:
        """The open segment, shown but not logged, from its beginning; None while it has no text."""
        answer = self._answer
        return Piece(0, answer.text, answer.emotion) if answer is not None and answer.text else None

    @property
    def full(self) -> bool:
        """So many messages wait that the next one must be refused."""
        return len(self._waiting) + (len(self._answer.texts) if self._answer else 0) >= _PENDING

    def supersedes(self, now: float) -> bool:
        """Whether a message said now takes back the answer under way."""
        answer = self._answer
        return answer is not None and answer.closed_segments == 0 and now - self._last_said < self._window_s

    def hold_s(self, now: float) -> float:
        """How long a complete answer still waits, because the customer may go on."""
        return max(0.0, self._last_said + self._window_s - now)

    def retract(self) -> Cut:
        """Take the answer under way back; its messages wait again, before later ones."""
        answer = self._answer
        if answer is None:
            return Cut.NOTHING
        self._answer = None
        self._waiting = [*answer.texts, *self._waiting]
        return Cut.RETRACT if answer.text else Cut.NOTHING

    def close_segment(self) -> Segment | None:
        """Close what was said so far, to log it before something else; the answer itself goes on."""
        answer = self._answer
        if answer is None or not answer.text:
            return None
        segment = Segment(answer.text, answer.emotion, tuple(answer.citations), answer.suggestions)
        answer.text = ""
        answer.citations = []
        answer.suggestions = ()
        answer.closed_segments += 1
        return segment

    def said(self, text: str, now: float) -> None:
        """A message of the customer is logged and waits for an answer."""
        self._waiting.append(text)
        self._last_said = now

    def open(self) -> Opened | None:
        """Start answering everything that waits; None when nothing waits or an answer is under way."""
        if self._answer is not None or not self._waiting:
            return None
        self._generation += 1
        self._answer = _Answer(self._generation, tuple(self._waiting))
        self._waiting = []
        return Opened(self._generation, self._answer.texts)

    def take(self, generation: int, event: Event) -> Piece | None:
        """An event of the engine. A piece to show at once, or None; results of an older answer are dropped."""
        answer = self._answer
        if answer is None or generation != answer.generation:
            return None
        match event:
            case Sentence():
                return self._sentence(answer, event)
            case Suggestions():
                answer.suggestions = event.texts
            case LeadForm():
                answer.forms.append(event)
            case Handoff():
                answer.handoffs.append(event)
            case Done():
                answer.done = event
        return None

    def finish(self, generation: int) -> Closing | None:
        """The answer is complete; None for an older one."""
        answer = self._answer
        if answer is None or generation != answer.generation:
            return None
        segment = self.close_segment()
        self._answer = None
        return Closing(segment, tuple(answer.forms), tuple(answer.handoffs), answer.done)

    def drop(self) -> Segment | None:
        """Give up answering (a human took over, the customer pressed stop): what was said stays, nothing waits."""
        segment = self.close_segment()
        self._answer = None
        self._waiting = []
        return segment

    def _sentence(self, answer: _Answer, event: Sentence) -> Piece | None:
        text = event.text
        if not text:
            return None
        if answer.text and _latin(answer.text[-1]) and _latin(text[0]):
            text = " " + text
        piece = Piece(len(answer.text), text, event.emotion)
        if not answer.text:
            answer.emotion = event.emotion
        answer.text += text
        for citation in event.citations:
            if citation not in answer.citations:
                answer.citations.append(citation)
        return piece


def _latin(character: str) -> bool:
    """Belongs to a script that puts spaces between sentences."""
    return character.isascii() and not character.isspace()
