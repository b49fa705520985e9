"""A part of the material that speaks of what was asked, where no whole answer was found. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dialogue.answer import absent, catalogue
from dialogue.answer.assortment import relevant
from dialogue.answer.naming import named
from dialogue.answer.sort import of_other_sort
from dialogue.answer.wording import Memory
from knowledge import Decision, Evidence, Passage, Record, Told

WHOLE, ALIKE = (0.95, 0.15), ((0.7, 0.3), (0.55, 0.5))
"""Shares of the question that a part has to hold, each with the cosine that it has to have beside."""
MOST = (0.6, 0.6)
"""Share and cosine from which a part is said rather than an answer to another wording."""
BESIDE = (0.45, 0.35)
"""Share and cosine from which a part is the nearest there is."""
SINGLE = 0.45
"""Cosine for a part that holds the one character that says what is asked."""
NEARER = 0.5
"""Cosine for a sentence of prose where the shop has answered a question about the same matter."""
_UNASKED = frozenset("name sku aliases category price promotion_price promotion_period stock image link".split())
"""Facts that are asked for by their own names only."""


def evidence_of(found: Evidence, question: str, shelf: Sequence[Record], *, surely: bool = False) -> Evidence | None:
    """Evidence made of the best part that was `found` to speak of the question; None where none does surely enough.

    With `surely` only where characters and vectors both say so: rather than an answer to the question in other words.
    """
    if catalogue.answer(question, shelf, Memory()):
        return None
    wanted = catalogue.asked(question)
    of_goods = wanted is not None and wanted.wish is catalogue.Wish.HAVING
    if of_goods and any(said.citations for said in absent.answer(question, shelf, (), Memory())):
        return None
    meant = {record.id for one in named(question, shelf) for record in one.records}
    for part in found.told or ():
        if not (_is_most_sure if surely else _is_sure)(part) or of_other_sort(question, part.text):
            continue
        if part.fact is not None:
            if (
                (surely and not meant)
                or of_goods
                or part.fact.name in _UNASKED
                or (meant and meant != {part.fact.record_id})
            ):
                continue
            record = next((record for record in shelf if record.id == part.fact.record_id), None)
            return _answering(replace(found, facts=(replace(part.fact, text=part.text),), record=record, passages=()))
        if part.passage is not None:
            if found.near is not None and part.passage.question is None and part.likeness < NEARER:
                continue
            passage = part.passage if part.passage.question else replace(part.passage, text=part.text)
            made = relevant(_answering(replace(found, facts=(), passages=(passage,))), shelf)
            if made is not None and made.decision is Decision.ANSWER:
                return made
    return None


def _is_sure(part: Told) -> bool:
    held, likeness = WHOLE
    if part.held >= held:
        return part.likeness >= (SINGLE if part.single else likeness)
    return any(part.held >= share and part.likeness >= cosine for share, cosine in ALIKE)


def beside(found: Evidence, question: str) -> Passage | None:
    """The answer or sentence that speaks of a good part of what is asked, to be said as the nearest there is."""
    for part in found.told or ():
        if part.passage and not part.single and part.held >= BESIDE[0] and part.likeness >= BESIDE[1]:
            if not of_other_sort(question, part.text):
                return part.passage if part.passage.question else replace(part.passage, text=part.text)
    return None


def _is_most_sure(part: Told) -> bool:
    held, likeness = MOST
    return part.held >= held and part.likeness >= likeness and not part.single


def _answering(evidence: Evidence) -> Evidence:
    return replace(evidence, decision=Decision.ANSWER, ask=None, choices=(), near=None)
