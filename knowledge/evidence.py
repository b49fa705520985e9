"""What a search found and how sure we are: the contract between `knowledge` and everybody who speaks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from knowledge.record import Fact, Record, Source


class Decision(StrEnum):
    """What the evidence allows the speaker to do."""

    ANSWER = "answer"
    ASK = "ask"
    REFUSE = "refuse"


class PassageKind(StrEnum):
    """What a passage is; an FAQ answer may be given as written, prose is compressed first."""

    TEXT = "text"
    FAQ = "faq"
    RECORD = "record"


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of the merchant's own material."""

    id: str
    text: str
    """Prose; for an FAQ the answer as written; for a record its fields in reading order."""
    kind: PassageKind
    source: Source
    question: str | None = None
    """The question of an FAQ pair."""
    record_id: str | None = None
    heading: str | None = None
    score: float = 0.0
    """Fused relevance, 0..1, comparable inside one `Evidence` only."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier message, for questions that lean on what was said ("它多少钱")."""

    role: str
    """`user` or `assistant`."""
    text: str


@dataclass(frozen=True, slots=True)
class Told:
    """A part of the material that speaks of what is asked, though it was written for no such question."""

    text: str
    """The part as it stands in the source: what may be quoted."""
    held: float
    """Share of what is asked that it holds, 0..1, rare characters counting more."""
    likeness: float
    """Cosine of its vector and the question's."""
    single: bool
    """Whether one character alone says what is asked, so that it may be held by accident."""
    fact: Fact | None = None
    """The fact that it is a part of."""
    passage: Passage | None = None
    """Else the answer or the prose that it is a sentence of."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Ranked passages and typed facts for one question, from one knowledge version."""

    question: str
    merchant: str
    version: str
    decision: Decision
    confidence: float
    """Calibrated probability, 0..1, that the passages and facts answer the question."""
    passages: tuple[Passage, ...] = ()
    facts: tuple[Fact, ...] = ()
    """The facts asked for, best first; quoting `fact.text` answers the question."""
    record: Record | None = None
    """The record the question is about, after follow-ups were resolved; None for shop-wide questions."""
    ask: str | None = None
    """With `Decision.ASK`: what to ask back, as a sentence ("您问的是哪一款：…？")."""
    choices: tuple[str, ...] = ()
    """With `Decision.ASK`: the answers to offer."""
    near: Passage | None = None
    """Without `Decision.ANSWER`: the answered question about the same matter, which is not quite what was asked."""
    told: tuple[Told, ...] | None = None
    """Without facts that were asked for: the parts of the material that hold most of the question, best first."""
