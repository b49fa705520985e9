"""What is answered from the whole shelf instead of one product's facts: sums, comparisons, the range. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from dialogue.answer import (
    absent,
    area,
    availability,
    basket,
    catalogue,
    colour,
    comparison,
    each,
    load,
    ordering,
    phrases,
    popularity,
    variant,
)
from dialogue.answer.colloquial import is_foreign, points_at_nothing
from dialogue.answer.naming import Named, named
from dialogue.answer.nearness import same_question, weighty
from dialogue.answer.pricing import cited
from dialogue.answer.sort import of_other_sort
from dialogue.answer.wording import Remembers, choose
from dialogue.event import Emotion, Sentence
from dialogue.safety.numeral import folded
from dialogue.safety.promotion import ended
from knowledge import Decision, Evidence, Passage, PassageKind, Record

_EMPTY = re.compile(
    r"请问|你们|我们|一下|可以|怎么样|怎么|什么|多少|多久|多长时间|几(?=[层格个条把只节])|有没有|是不是|能不能|会不会|可不可以|[吗呢吧啊呀的了是我你您能有会不]"
)

_DEED = re.compile(
    r"(?:能不能|可不可以|会不会|要不要|能|可以|会|要)(?P<deed>[^，。？?,]{1,8}?)(?:吗|么|嘛|不|没|[?？]|$)"
)
"""What may be done or happens, in a question to be answered by yes or no."""
MOSTLY = 0.75
"""Share of what is asked from which an answer is taken for one, whatever its own question is."""
TOLD = 0.6
"""Share of a question from which a passage surely speaks of it."""
WORTH = 0.4
"""Share of a question from which a part may speak of it."""
HARDLY, BETTER = 0.2, 0.45
"""Cosines of the question and a part that holds some of it: below, by accident; from there, rather than another."""
HEAD = 3
"""Passages among which another answer is looked for."""
_MEASURING = frozenset("多几大小")
"""Characters that only ask for a measure: 多重 shares nothing with 多2到3天."""
_PERIOD = re.compile(r"(?:活动|促销|特价|优惠).{0,4}(?:到|几号|哪天|多久|截止|结束|什么时候|啥时候|几时)")
_FREIGHT = re.compile(r"运费|邮费|包邮")
_BACK = re.compile(r"[退换]")


def across(
    question: str, shelf: Sequence[Record], memory: Remembers, *, record_id: str | None, version: str, today: date
) -> tuple[Sentence, ...]:
    """What a question about several products is answered, before anything is searched; mostly nothing."""
    if not shelf:
        return ()
    current = next((record for record in shelf if record.id == record_id), None)
    for answer in (basket.answer, comparison.answer, each.answer):
        if said := answer(question, shelf, memory, current=current, version=version, today=today):
            return said
    for about in (load.answer, availability.answer, variant.answer, colour.answer):
        if said := about(question, shelf, memory, current=current, version=version):
            return said
    return ()


def pointless(question: str, shelf: Sequence[Record], memory: Remembers) -> Sentence | None:
    """What is asked back when a question only points, or asks "质量怎么样", and nothing was spoken of before."""
    if not points_at_nothing(question) or named(question, shelf):
        return None
    return Sentence(choose(memory, "which", phrases.WHICH), Emotion.NEUTRAL)


def ranged(evidence: Evidence, shelf: Sequence[Record], memory: Remembers, *, today: date) -> tuple[Sentence, ...]:
    """The answer to a question about the range, where the evidence has none or only one product's."""
    if said := ordering.answer(evidence, memory) or popularity.answer(evidence, shelf, memory, today=today):
        return said
    if evidence.decision is Decision.ASK and (said := _one_period(evidence, shelf, memory, today=today)):
        return said
    if evidence.decision is Decision.ANSWER and (evidence.facts or is_faq(evidence)):
        return ()
    return catalogue.answer(evidence.question, shelf, memory, version=evidence.version, today=today)


def _one_period(evidence: Evidence, shelf: Sequence[Record], memory: Remembers, *, today: date) -> tuple[Sentence, ...]:
    """Until when the shop's promotion runs, where all that take part in it have the same dates."""
    if not _PERIOD.search(evidence.question):
        return ()
    facts = [f for r in shelf if (f := r.fact("promotion_period")) and not ended(f, r.facts, today)]
    if not facts or len({fact.text for fact in facts}) > 1:
        return ()
    text = choose(memory, "promotion/all", phrases.ONE_PERIOD).format(text=facts[0].text.strip(), count=len(facts))
    return (Sentence(text, Emotion.NEUTRAL, (cited(facts[0], evidence.version),)),)


def relevant(evidence: Evidence, shelf: Sequence[Record]) -> Evidence | None:
    """The evidence with a passage in front that holds the question's own words, where the first holds none of them.

    None when the first passage is about other products than the one that the question names and nothing better is
    there: "花瓶能装水吗" is not answered by how chairs are assembled (安装).
    """
    if ordering.asked(evidence.question) and (told := ordering.evidence_of(evidence)):
        return replace(told, decision=Decision.ANSWER)
    if evidence.decision is not Decision.ANSWER or evidence.facts or not evidence.passages:
        return evidence
    if _FREIGHT.search(evidence.question) and not _BACK.search(evidence.question):
        # What sending something back costs is no answer to what having it sent costs.
        forth = tuple(passage for passage in evidence.passages if not _BACK.search(passage.question or ""))
        if forth[:1] != evidence.passages[:1] and not (forth and _FREIGHT.search(forth[0].question or "")):
            return None
        evidence = replace(evidence, passages=forth)
    top, record = evidence.passages[0], evidence.record
    names = named(evidence.question, shelf)
    wanted = _content(evidence.question, names)
    freight = _FREIGHT.search(evidence.question) and top.kind is PassageKind.FAQ
    if freight and not _FREIGHT.search(top.question or "") and not wanted & _pairs(top.question or ""):
        return None
    if _says_nothing_of_it(evidence, names) or _is_hardly_told(evidence, names):
        return None
    if better_told := _better_told(evidence):
        evidence = replace(evidence, passages=(better_told, *evidence.passages))
        top = better_told
    if _is_about_others(evidence, names, wanted, shelf):
        return None
    if (
        top.kind is not PassageKind.RECORD
        and not same_question(evidence.question, top)
        and of_other_sort(evidence.question, top.text)
    ):
        return None
    if area.place_of(top.question or "") and not area.place_of(evidence.question):
        return None
    if top.kind is PassageKind.FAQ and not same_question(evidence.question, top):
        held = _held(evidence.question, names, top, shelf)
        if held is not None and (other := _speaking_of_it(evidence, names, shelf)):
            others = tuple(passage for passage in evidence.passages if passage is not other)
            return replace(evidence, passages=(other, *others))
        if held is not None:
            near = top if 2 * held >= 1 or (not names and _shares(evidence.question, top)) else None
            return replace(evidence, decision=Decision.REFUSE, passages=(), near=near)
    spoken_of = any(part.passage and part.passage.id == top.id and part.held >= TOLD for part in evidence.told or ())
    if top.kind is PassageKind.RECORD or not wanted or spoken_of or wanted & _pairs(_whole(top)):
        return evidence
    better = [passage for passage in evidence.passages if 2 * len(wanted & _pairs(_whole(passage))) >= len(wanted)]
    better = [passage for passage in better if passage.kind is not PassageKind.RECORD]
    if better:
        rest = tuple(passage for passage in evidence.passages if passage is not better[0])
        return replace(evidence, passages=(better[0], *rest))
    if record is None or not any(record in one.records for one in names):
        return evidence
    about = named(_whole(top), shelf)
    return None if about and not any(record in one.records for one in about) else evidence


def _held(question: str, names: Sequence[Named], passage: Passage, shelf: Sequence[Record]) -> float | None:
    """The share of what is asked that an answer holds, 0..1, where its own question is about something else; else None.

    "充值的钱能退吗" is not answered by 能开发票吗 because that speaks of 充值 too, nor "坐垫能拆吗" by what does not
    speak of 拆.
    """
    asked = weighty(_without(question, names))
    own = passage.question or ""
    told = _without(passage.text, named(passage.text, shelf))
    shared = asked & weighty(_without(own, named(own, shelf)))
    deed = _DEED.search(folded(question))
    done = weighty(_without(deed["deed"], named(deed["deed"], shelf))) if deed else set()
    undone = bool(done) and not done & weighty(f"{own}{told}")
    if not asked or (shared and not undone):
        return None
    share = len(asked & weighty(f"{own}{told}")) / len(asked)
    return share if undone or share < MOSTLY else None


def _speaking_of_it(evidence: Evidence, names: Sequence[Named], shelf: Sequence[Record]) -> Passage | None:
    """Of the next best answers the one to whether the same may be done or happens: "技师会推销吗", 会办卡推销吗."""
    deed = _DEED.search(folded(evidence.question))
    done = weighty(_without(deed["deed"], named(deed["deed"], shelf))) if deed else set()
    asked = weighty(_without(evidence.question, names))
    for passage in evidence.passages[1:HEAD]:
        about = named(passage.question or "", shelf)
        fits = (
            not names
            or not about
            or any(record in one.records for one in names for other in about for record in other.records)
        )
        held = asked & weighty(f"{passage.question or ''}{passage.text}")
        if passage.kind is PassageKind.FAQ and fits and done & weighty(passage.question or ""):
            if 2 * len(held) >= len(asked):
                return passage
    return None


def _shares(question: str, passage: Passage) -> bool:
    """Whether both questions have more in common than how they ask."""
    asked, answered = (set(_EMPTY.sub("", folded(text))) - _MEASURING for text in (question, passage.question or ""))
    return bool(asked & answered)


def _is_hardly_told(evidence: Evidence, names: Sequence[Named]) -> bool:
    """Whether the search saw that next to nothing of what is asked of a product, or that so little, is spoken of."""
    top = evidence.passages[0]
    if evidence.told is None or top.kind is PassageKind.RECORD or same_question(evidence.question, top):
        return False
    if not weighty(_without(evidence.question, names)):
        return False
    if all(part.held < WORTH for part in evidence.told):
        return bool(names)
    own = [part for part in evidence.told if part.passage and part.passage.id == top.id]
    return any(WORTH <= part.held < 0.5 and part.likeness < HARDLY for part in own)


def _better_told(evidence: Evidence) -> Passage | None:
    """The sentence that speaks of what is asked, where the answer that was found in front does not."""
    top, parts = evidence.passages[0], evidence.told or ()
    if top.kind is not PassageKind.FAQ or same_question(evidence.question, top) or not parts or not parts[0].passage:
        return None
    if (
        parts[0].likeness < BETTER
        or parts[0].held < WORTH
        or any(part.passage and part.passage.id == top.id for part in parts)
    ):
        return None
    return replace(parts[0].passage, text=parts[0].text)


def _says_nothing_of_it(evidence: Evidence, names: Sequence[Named]) -> bool:
    """Whether the answer shares only "how long" with what is asked of one product: 台灯能用多久, 退款多久到账."""
    top = evidence.passages[0]
    if top.kind is PassageKind.RECORD or len(names) != 1 or len(names[0].records) != 1:
        return False
    asked = set(re.findall(r"[\u4e00-\u9fff]", _EMPTY.sub(" ", _without(evidence.question, names)))) - _MEASURING
    return bool(asked) and not asked & set(_whole(top))


def _is_about_others(evidence: Evidence, names: Sequence[Named], wanted: set[str], shelf: Sequence[Record]) -> bool:
    """Whether the answer is about other products or materials than the one product that is named."""
    record, top = evidence.record, evidence.passages[0]
    if record is None or top.kind is PassageKind.RECORD or not any((record,) == one.records for one in names):
        return False
    if _of_another_material(top, record, shelf):
        return True
    own = named(top.question or "", shelf)
    if own and not any(record in one.records for one in own):
        return True
    about = named(_whole(top), shelf)
    if not about or any(record in one.records for one in about):
        return False
    return any(wanted & _pairs(fact.text) for fact in record.facts)


def _of_another_material(passage: Passage, record: Record, shelf: Sequence[Record]) -> bool:
    """Whether the shop's question is about what others are made of: "羊羔绒会掉毛吗" is not about the woollen rug."""
    asked = _pairs(passage.question or "")
    own = _pairs("，".join(f"{fact.record_name}{fact.text}" for fact in record.facts)) | _pairs(record.kind)
    others = [fact for other in shelf if other.id != record.id and (fact := other.fact("material"))]
    return not asked & own and any(len(asked & _pairs(fact.text)) >= 2 for fact in others)


def _whole(passage: Passage) -> str:
    return f"{passage.heading or ''}{passage.question or ''}{passage.text}"


def _content(question: str, names: Sequence[Named]) -> set[str]:
    return _pairs(_EMPTY.sub(" ", _without(question, names)))


def _without(question: str, names: Sequence[Named]) -> str:
    plain = folded(question).lower()
    for one in reversed(names):
        plain = f"{plain[: one.start]} {plain[one.end :]}"
    return plain


def _pairs(text: str) -> set[str]:
    return {run[i : i + 2] for run in re.findall(r"[\u4e00-\u9fff]+", folded(text)) for i in range(len(run) - 1)}


def is_faq(evidence: Evidence) -> bool:
    """Whether the best passage is an answer that the shop wrote to a question."""
    return bool(evidence.passages) and evidence.passages[0].kind is PassageKind.FAQ


@dataclass(frozen=True, slots=True)
class Unanswered:
    """What is said where nothing answers the question, better than that it is not known."""

    decision: Decision
    sentences: tuple[Sentence, ...]


def unanswered(
    evidence: Evidence, shelf: Sequence[Record], memory: Remembers, *, record_id: str | None, today: date
) -> Unanswered | None:
    """The way out of a question that only points, of one in another language, and of one for goods not sold here."""
    question = evidence.question
    if is_foreign(question):
        text = choose(memory, "unknown/english", phrases.UNKNOWN_ENGLISH)
        return Unanswered(Decision.REFUSE, (Sentence(text, Emotion.APOLOGY),))
    if evidence.record is None or evidence.record.id == record_id:
        texts = [f"{passage.question or ''}{passage.text}" for passage in evidence.passages]
        if said := absent.answer(question, shelf, texts, memory, version=evidence.version, today=today):
            known = any(sentence.citations for sentence in said)
            return Unanswered(Decision.ANSWER if known else Decision.REFUSE, said)
    return None
