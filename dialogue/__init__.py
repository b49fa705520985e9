"""What we say and to whom we say it: one grounded engine, and the leads it wins."""

from dialogue.errors import DialogueError
from dialogue.event import (
    Citation,
    Done,
    Emotion,
    Event,
    Handoff,
    LeadForm,
    LeadUpdate,
    Sentence,
    Suggestions,
)

__all__ = [
    "Citation",
    "DialogueError",
    "Done",
    "Emotion",
    "Event",
    "Handoff",
    "LeadForm",
    "LeadUpdate",
    "Sentence",
    "Suggestions",
]
