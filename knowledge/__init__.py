"""What we know and how sure we are: a merchant's own files become facts, passages and honest evidence."""

from knowledge.errors import KnowledgeError
from knowledge.evidence import Decision, Evidence, Passage, PassageKind, Turn
from knowledge.record import DateRange, Dimensions, Fact, Money, Record, Source, Value

__all__ = [
    "DateRange",
    "Decision",
    "Dimensions",
    "Evidence",
    "Fact",
    "KnowledgeError",
    "Money",
    "Passage",
    "PassageKind",
    "Record",
    "Source",
    "Turn",
    "Value",
]
