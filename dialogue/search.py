"""The engine's way to the knowledge: timed, in the customer's words first, in the shop's where they find nothing."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from dialogue.answer import area, founding, hours
from dialogue.answer.assortment import is_faq, relevant
from dialogue.answer.catalogue import Shelf
from dialogue.answer.colloquial import kin, paraphrases, plain
from dialogue.answer.description import described
from dialogue.answer.followup import holds, joined, leans, says
from dialogue.answer.naming import named, one_named
from dialogue.answer.nearness import beyond, pairs, weighty
from dialogue.answer.told import beside
from dialogue.answer.told import evidence_of as told_of
from dialogue.audit import Auditor
from dialogue.conversation import Conversation
from dialogue.safety.numeral import folded
from knowledge import Decision, Evidence, KnowledgeError, Passage, PassageKind, Record, Turn

_LOG = logging.getLogger(__name__)
_IN_BULK = re.compile(
    r"(?:公司|企业|单位|批发|团购|采购|大量).*(?:优惠|便宜|折|价)|(?:优惠|便宜|折|价).*(?:公司|企业|单位|批发|团购|采购)"
)
_FREIGHT = re.compile(r"\W*(?:那|还有)?(?:来回)?(?:的)?运费(?:呢|怎么算|谁出|谁付|算谁的)?\W*")


class Knows(Protocol):
    """The part of `knowledge.KnowledgeBase` that the engine needs."""

    async def search(
        self,
        question: str,
        *,
        merchant: str,
        product: str | None = None,
        limit: int = 6,
        history: tuple[Turn, ...] = (),
    ) -> Evidence:
        """What is known about a question."""
        ...


class Search:
    """Finds the evidence for one question of a conversation."""

    def __init__(self, knowledge: Knows, *, shelf: Shelf, auditor: Auditor, timeout_s: float) -> None:
        self._knowledge = knowledge
        self._shelf = shelf
        self._auditor = auditor
        self._timeout_s = timeout_s

    async def evidence(
        self,
        conversation: Conversation,
        question: str,
        history: tuple[Turn, ...],
        *,
        record_id: str | None,
        before: str = "",
    ) -> Evidence | None:
        """The evidence, or None (with an audit line) when the knowledge cannot be read.

        `before` is the question before in the same message, whose words a later one may need ("能机洗吗？怎么洗？").
        """
        shelf = self._shelf(conversation.merchant)
        question = _priced(plain(question), shelf)
        evidence = await self._once(conversation, question, record_id, history)
        if evidence is None:
            return None
        first = evidence
        current = next((record for record in shelf if record.id == record_id), None)
        known = current.name if current else None
        open_ = not evidence.choices or not named(question, shelf)
        if evidence.decision is Decision.ASK and open_ and known and known not in question:
            # What is being talked about is known here even where the search wants it named.
            named_too = await self._once(conversation, f"{known}{question}", record_id, history)
            told = current is not None and _tells(current, question)
            usable = named_too and named_too.decision is Decision.ANSWER and (named_too.facts or told)
            evidence = named_too if named_too and usable else evidence
        if evidence.decision is Decision.ASK and not known and (meant := described(question, shelf)):
            whole = await self._once(conversation, f"{meant.name}{question}", record_id, history)
            evidence = whole if whole and whole.decision is Decision.ANSWER and whole.facts else evidence
        evidence = relevant(evidence, shelf) or _refused(evidence)
        if evidence.record is None and evidence.decision is Decision.REFUSE:
            own = one_named(question, shelf)
            if own or (current and _tells(current, question)):
                evidence = replace(evidence, record=own or current)
        if sent := await self._sent(conversation, question, evidence):
            return sent
        if wholesale := await self._wholesale(conversation, question, evidence):
            return wholesale
        if story := await self._story(conversation, question, evidence):
            return story
        if open_then := await self._open_then(conversation, question, evidence):
            return open_then
        if before and _FREIGHT.fullmatch(question):
            # "可以退吗，邮费呢": what the question before it was about tells which freight is meant.
            both = await self._once(conversation, f"{_topic(before)}{question}", record_id, history)
            if both and both.decision is Decision.ANSWER and is_faq(both):
                return both
        if evidence.decision is Decision.REFUSE and before:
            evidence = await self._once(conversation, f"{before}，{question}", record_id, history) or evidence
        elif evidence.decision is not Decision.ANSWER or _is_weak(evidence):
            evidence = await self._followed(conversation, question, evidence, history) or evidence
        if evidence.decision is not Decision.ANSWER or _is_weak(evidence):
            said = told_of(first, question, shelf, surely=True)
            evidence = said or await self._otherwise(conversation, question, evidence, shelf) or evidence
        if evidence.decision is not Decision.ANSWER or _is_weak(evidence):
            evidence = told_of(first, question, shelf) or evidence
        if evidence.decision is Decision.REFUSE and evidence.near is None:
            evidence = replace(evidence, near=beside(first, question))
        return evidence

    async def _sent(self, conversation: Conversation, question: str, evidence: Evidence) -> Evidence | None:
        """What the shop says about sending to the place that is named; None where no place is or nothing is said."""
        place = area.place_of(question)
        if place is None or (evidence.facts and not area.asks_arrival(question)):
            return None
        found = list(evidence.passages)
        for other in area.questions(question, place):
            more = await self._once(conversation, other, None, ())
            found += more.passages if more else ()
        told = area.told(found, question, place)
        if told is None:
            return replace(_refused(evidence), facts=(), near=None) if place.abroad else None
        return replace(evidence, decision=Decision.ANSWER, facts=(), passages=(told,), ask=None, choices=(), near=None)

    async def _wholesale(self, conversation: Conversation, question: str, evidence: Evidence) -> Evidence | None:
        """What the shop says of buying for a company or in bulk, where one asks for a better price for that."""
        if not evidence.facts or not _IN_BULK.search(question):
            return None
        for other in ("企业采购有优惠吗", "批发怎么算"):
            found = await self._once(conversation, other, None, ())
            if found and found.decision is Decision.ANSWER and is_faq(found):
                return replace(found, question=other, facts=(), record=evidence.record)
        return None

    async def _story(self, conversation: Conversation, question: str, evidence: Evidence) -> Evidence | None:
        """What the shop's story says of who keeps it and since when, where that is asked."""
        if not founding.asked(question) or evidence.facts:
            return None
        found = list(evidence.passages)
        for other in founding.QUESTIONS:
            more = await self._once(conversation, other, None, ())
            found += more.passages if more else ()
            found += [part.passage for part in (more.told if more else None) or () if part.passage]
        told = founding.told(found, question)
        if told is None:
            return None
        whole = f"{question}，{founding.QUESTIONS[-1]}"
        found_one = replace(evidence, question=whole, decision=Decision.ANSWER, passages=(told,))
        return replace(found_one, record=None, ask=None, choices=(), near=None)

    async def _open_then(self, conversation: Conversation, question: str, evidence: Evidence) -> Evidence | None:
        """The shop's hours, where it is asked if a time of day is within them."""
        if not hours.asked(question):
            return None
        found = list(evidence.passages)
        for other in hours.QUESTIONS:
            more = await self._once(conversation, other, None, ())
            found += more.passages if more else ()
        told = hours.told(found, question)
        if told is None:
            return None
        return replace(evidence, decision=Decision.ANSWER, facts=(), passages=(told,), ask=None, choices=(), near=None)

    async def _followed(
        self, conversation: Conversation, question: str, evidence: Evidence, history: tuple[Turn, ...]
    ) -> Evidence | None:
        """What answers a follow-up that leaves out what it is about ("那五楼呢"), read with the question before it."""
        previous = next((turn.text for turn in reversed(history) if turn.role == "user"), "")
        if not previous or not leans(question):
            return None
        shelf = self._shelf(conversation.merchant)
        whole = joined(previous, question, shelf)
        for other in (whole, *paraphrases(previous)):
            found = await self._once(conversation, other, None, ())
            if found is None or found.decision is not Decision.ANSWER:
                continue
            top = found.passages[0] if found.passages else None
            told = any(holds(f"{fact.title}{fact.text}", question) for fact in found.facts) or whole.endswith(
                previous[-2:]
            )
            if (found.facts and told) or (top and top.kind is not PassageKind.RECORD and says(top, question)):
                return replace(found, question=whole)
        return None

    async def _otherwise(
        self, conversation: Conversation, question: str, evidence: Evidence, shelf: Sequence[Record]
    ) -> Evidence | None:
        """What the shop says to the same question in its own words, for the whole shop and not for one product."""
        own = one_named(question, shelf)
        called = own.name if own else next((one.word for one in named(question, shelf)), "")
        answers: list[Evidence] = []
        for other in paraphrases(question.replace(called, "它") if own else question, name=called):
            found = await self._once(conversation, other, None, ())
            if found is None:
                return None
            general = [p for p in found.passages if p.kind is not PassageKind.RECORD]
            if general and _is_about_another(general[0], f"{question} {other}", own or evidence.record, shelf):
                continue
            if general and general[0].kind is PassageKind.FAQ and not weighty(f"{question}{other}") & _said(general[0]):
                continue
            if found.decision is Decision.ANSWER and general and (is_faq(found) or not found.facts):
                about = own or evidence.record
                answers.append(replace(found, question=other, facts=(), record=about, passages=tuple(general)))
        wanted = pairs(folded(question))
        return max(answers, key=lambda one: len(wanted & pairs(_whole(one.passages[0]))), default=None)

    async def _once(
        self, conversation: Conversation, question: str, record_id: str | None, history: tuple[Turn, ...]
    ) -> Evidence | None:
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._knowledge.search(
                    question, merchant=conversation.merchant, product=record_id, history=history
                )
        except (KnowledgeError, TimeoutError) as exc:
            _LOG.warning("search for merchant %s failed: %s", conversation.merchant, type(exc).__name__)
            self._auditor.note(conversation, "knowledge/unavailable", "replaced", type(exc).__name__)
            return None


def _tells(record: Record, question: str) -> bool:
    """Whether a fact of the record holds, word for word, all that is asked ("白橡木的吗" of a desk of it), or a part of
    it in the shop's own words: "卸甲收费吗", 免费卸甲一次."""
    wanted = beyond(question, record)
    if len(wanted) >= 2 and any(wanted in folded(fact.text) for fact in record.facts):
        return True
    told = kin(question)
    parts = [part for fact in record.facts for part in re.split(r"[，；;\n]+", folded(fact.text))]
    return told is not None and any(told.search(part) and set(wanted) & set(part) for part in parts)


def _is_about_another(passage: Passage, question: str, record: Record | None, shelf: Sequence[Record]) -> bool:
    """Whether the question that a passage answers names products, and none that is asked about: "地毯怎么洗"."""
    names = named(passage.question or "", shelf)
    asked = {own.id for one in named(question, shelf) for own in one.records} | ({record.id} if record else set())
    return bool(names) and not any(own.id in asked for one in names for own in one.records)


def _priced(question: str, shelf: Sequence[Record]) -> str:
    """The question with what is left out of "云朵沙发多少": 钱."""
    bare = re.fullmatch(r"(?P<said>.*)多少(?:[呢啊呀]?\W*)", question)
    if bare is None:
        return question
    return (
        f"{bare['said']}多少钱"
        if any(one.end == len(folded(bare["said"])) for one in named(bare["said"], shelf))
        else question
    )


def _topic(before: str) -> str:
    """What a question was about, in the word that a shop heads its answer with."""
    return "退货" if "退" in before else "换货" if "换" in before else before


def _whole(passage: Passage) -> str:
    return f"{passage.question or ''}{passage.text}"


def _said(passage: Passage) -> set[str]:
    return weighty(_whole(passage))


def _is_weak(evidence: Evidence) -> bool:
    """Whether nothing but the name of a product was found."""
    top = evidence.passages[0] if evidence.passages else None
    return evidence.record is not None and not evidence.facts and (top is None or top.kind is PassageKind.RECORD)


def _refused(evidence: Evidence) -> Evidence:
    return replace(evidence, decision=Decision.REFUSE, confidence=round(1 - evidence.confidence, 4), passages=())
