"""A question's way to the first sound of its answer: when it was where. Pure; clocks are handed in."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

_WAITING = 200
"""Questions on their way; more are waiting than a host can answer."""


class Mark(StrEnum):
    """A place on the way, in the order in which it is usually reached."""

    STORED = "stored"
    """The comment, and a lead in it, is on disk."""
    TURN = "turn"
    """The director took it up: the lead-in ("有朋友问……") is on its way to the voice."""
    RETRIEVED = "retrieved"
    """The knowledge was searched."""
    SENTENCE = "sentence"
    """The answer's first sentence is written and checked."""
    PCM = "pcm"
    """Its first samples are synthesised."""
    WIRE = "wire"
    """They are sent to the viewers."""


@dataclass(slots=True)
class Question:
    """One comment that waits for its answer; nanoseconds since 1970."""

    id: str
    text: str
    received_ns: int
    marks: dict[Mark, int] = field(default_factory=dict)
    lead_in_ns: int | None = None
    """When the lead-in was on the wire: the first sound the asker heard."""

    def reached(self, mark: Mark, at_ns: int) -> None:
        """It got this far; only the first time counts."""
        self.marks.setdefault(mark, at_ns)

    def seconds(self, mark: Mark) -> float:
        """From its receipt to a mark that was reached."""
        return (self.marks[mark] - self.received_ns) / 1e9


class Questions:
    """Follows the questions of a room; `on_answered` is told of each whose answer is on the wire."""

    def __init__(self, on_answered: Callable[[Question], None], *, clock_ns: Callable[[], int] = time.time_ns) -> None:
        self._on_answered = on_answered
        self._clock_ns = clock_ns
        self._open: OrderedDict[str, Question] = OrderedDict()

    def now_ns(self) -> int:
        """The time to hand to `received`."""
        return self._clock_ns()

    def received(self, question_id: str, text: str, at_ns: int) -> None:
        """Follow a question that came in `at_ns` and is stored by now; past 200 the oldest is forgotten."""
        question = Question(question_id, text, at_ns)
        question.marks[Mark.STORED] = self._clock_ns()
        self._open[question_id] = question
        if len(self._open) > _WAITING:
            self._open.popitem(last=False)

    def asked(self, text: str) -> Question | None:
        """The oldest question of these words that nobody has taken up yet; it is taken up now."""
        for question in self._open.values():
            if question.text == text and Mark.TURN not in question.marks:
                self.reached(question, Mark.TURN)
                return question
        return None

    def reached(self, question: Question | None, mark: Mark) -> None:
        """A question got this far; only the first time counts."""
        if question is not None:
            question.reached(mark, self._clock_ns())

    def voiced(self, ids: tuple[str, ...], *, lead_in: bool) -> None:
        """The first samples of a line that answers these comments are there."""
        for question in self._found(ids):
            if not lead_in:
                self.reached(question, Mark.PCM)

    def heard(self, ids: tuple[str, ...], *, lead_in: bool) -> None:
        """Such a line begins on the wire."""
        for question in self._found(ids):
            if lead_in:
                question.lead_in_ns = question.lead_in_ns or self._clock_ns()
                continue
            self.reached(question, Mark.WIRE)
            del self._open[question.id]
            self._on_answered(question)

    def _found(self, ids: tuple[str, ...]) -> list[Question]:
        return [question for question_id in ids if (question := self._open.get(question_id))]
