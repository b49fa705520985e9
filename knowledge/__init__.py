"""What we know and how sure we are: a merchant's own files become facts, passages and honest evidence."""

import os

from knowledge.base import BusyError, KnowledgeBase
from knowledge.embedder import Embedder, create_embedder
from knowledge.errors import KnowledgeError
from knowledge.evidence import Decision, Evidence, Passage, PassageKind, Told, Turn
from knowledge.library import Library
from knowledge.limits import Limits
from knowledge.record import DateRange, Dimensions, Fact, Money, Record, Source, Value
from knowledge.version.summary import Summary

__all__ = [
    "BusyError",
    "DateRange",
    "Decision",
    "Dimensions",
    "Embedder",
    "Evidence",
    "Fact",
    "KnowledgeBase",
    "KnowledgeError",
    "Library",
    "Limits",
    "Money",
    "Passage",
    "PassageKind",
    "Record",
    "Source",
    "Summary",
    "Told",
    "Turn",
    "Value",
    "create_embedder",
]

# onnxruntime's wheel for Linux makes a device id and reports to its maker: a shop's machine calls nobody unasked.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
