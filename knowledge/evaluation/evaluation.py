"""`knowledge eval`: cases from JSON Lines, judged against what a search really returns.

Three kinds of case, told apart by their fields: a field question (`answers`), a retrieval question (`relevant`), a
scope question (`answerable`). The reply judged for a field question is the quotation of its facts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from knowledge.errors import KnowledgeError
from knowledge.evaluation.measure import Measure, mean, ndcg, recall_at, reciprocal_rank, share
from knowledge.evidence import Decision, Evidence, Turn
from knowledge.folding import fold, name_key
from knowledge.record import Record

BESIDE = 80
"""Characters a right reply may hold beside the answer."""

_NUMBER = re.compile(r"\d+(?:[.:]\d+)*")
_UNITS = re.compile(r"(?<=\d)(?:元|块钱?|分|rmb)|[¥$]")
_SIGNS = re.compile(r"[\s\-—–~～,，;；、:：()（）。.·]+")


class DatasetError(KnowledgeError):
    """A line of an evaluation file cannot be read."""


@dataclass(frozen=True, slots=True)
class Case:
    """One line of a dataset; which of the last three it has says what is measured."""

    id: str
    question: str
    history: tuple[Turn, ...] = ()
    product: str | None = None
    entity: str | None = None
    field: str | None = None
    named: bool | None = None
    answers: tuple[str, ...] = ()
    relevant: tuple[str, ...] = ()
    answerable: bool | None = None


@dataclass(frozen=True, slots=True)
class Miss:
    """One case that went wrong."""

    id: str
    question: str
    expected: str
    got: str
    kind: str
    """`wrong record`, `wrong field`, `refused`, `asked back`, `invented`, `not found`, `answered`."""


@dataclass(frozen=True, slots=True)
class Report:
    """All measures of one run and the cases that went wrong, worst kind first."""

    measures: tuple[Measure, ...]
    misses: tuple[Miss, ...] = ()
    invented: int = 0
    """Replies that hold a number which stands in no fact and no passage of their evidence."""
    notes: tuple[str, ...] = field(default=())

    def measure(self, name: str) -> Measure | None:
        """The measure of this name, or None where it was not taken."""
        return next((measure for measure in self.measures if measure.name == name), None)

    def below(self, minimum: Mapping[str, float]) -> list[str]:
        """One line for each minimum that is not reached, or whose measure was not taken."""
        short = []
        for name, least in minimum.items():
            measure = self.measure(name)
            if measure is None or measure.n == 0:
                short.append(f"{name}: not measured, at least {least} wanted")
            elif measure.value < least:
                short.append(f"{name}: {measure.value:.3f}, at least {least} wanted")
        return short

    def as_json(self) -> dict[str, Any]:
        """The report for programs; values are rounded to four places."""
        return {
            "measures": [
                {"name": m.name, "value": round(m.value, 4), "low": round(m.low, 4), "high": round(m.high, 4), "n": m.n}
                for m in self.measures
            ],
            "invented": self.invented,
            "misses": [
                {"id": m.id, "question": m.question, "expected": m.expected, "got": m.got, "kind": m.kind}
                for m in self.misses
            ],
        }


Search = Callable[[Case], Awaitable[Evidence]]


def read_cases(text: str, *, name: str = "dataset") -> list[Case]:
    """Cases from JSON Lines. Raises DatasetError naming the line."""
    cases: list[Case] = []
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), 1):
        if not line.strip():
            continue
        try:
            body = json.loads(line)
            case = Case(
                id=str(body.get("id", number)),
                question=body["question"],
                history=tuple(Turn(turn["role"], turn["text"]) for turn in body.get("history", ())),
                product=body.get("product"),
                entity=body.get("entity"),
                field=body.get("field"),
                named=body.get("named_in_question"),
                answers=tuple(map(str, body.get("answers", ()))),
                relevant=tuple(map(str, body.get("relevant", ()))),
                answerable=body.get("answerable"),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as exc:
            raise DatasetError(f"{name}:{number}: not a case ({type(exc).__name__}: {exc})") from exc
        if not case.answers and not case.relevant and case.answerable is None:
            raise DatasetError(f"{name}:{number}: neither answers nor relevant nor answerable")
        cases.append(case)
    return cases


async def evaluate(cases: Iterable[Case], search: Search, records: Sequence[Record] = ()) -> Report:
    """Search every case and measure. `records` lets a field reply be checked for values of other records."""
    judge = Judge(records)
    for case in cases:
        judge.take(case, await search(case))
    return judge.report()


class Judge:
    """Takes cases with their evidence one by one; pure."""

    def __init__(self, records: Sequence[Record] = ()) -> None:
        self._values = {key for record in records for fact in record.facts if len(key := _key(fact.text)) >= 3}
        self._right: list[tuple[Case, bool]] = []
        self._ranks: list[tuple[list[bool], int]] = []
        self._scope: list[tuple[bool, bool]] = []
        self._misses: list[Miss] = []
        self._invented = 0

    def take(self, case: Case, evidence: Evidence) -> None:
        """Judge one case."""
        reply = reply_of(evidence)
        if invents(reply, evidence):
            self._invented += 1
            self._misses.append(Miss(case.id, case.question, "", reply, "invented"))
        if case.answers:
            right = is_right(reply, case.answers, self._values) and evidence.decision is Decision.ANSWER
            self._right.append((case, right))
            if not right:
                self._misses.append(_field_miss(case, evidence, reply))
        if case.relevant:
            wanted = frozenset(case.relevant)
            hits = [
                bool(wanted & {passage.id, passage.source.file, str(passage.source)}) for passage in evidence.passages
            ]
            self._ranks.append((hits, len(wanted)))
            if not any(hits):
                self._misses.append(
                    Miss(case.id, case.question, "、".join(case.relevant), _shown(evidence), "not found")
                )
        if case.answerable is not None:
            declined = evidence.decision is not Decision.ANSWER
            self._scope.append((declined, case.answerable))
            if declined == case.answerable:
                kind = "refused" if declined else "answered"
                self._misses.append(Miss(case.id, case.question, "", _shown(evidence), kind))

    def report(self) -> Report:
        """The measures of everything taken so far; only kinds that occurred."""
        measures: list[Measure] = []
        if self._right:
            measures.append(share("field_accuracy", (right for _, right in self._right)))
            if any(case.named is not None for case, _ in self._right):
                measures.append(share("field_accuracy_named", (right for case, right in self._right if case.named)))
                measures.append(
                    share("field_accuracy_follow_up", (right for case, right in self._right if case.named is False))
                )
        if self._ranks:
            for k in (1, 3, 5):
                measures.append(mean(f"recall@{k}", (recall_at(hits, n, k=k) for hits, n in self._ranks)))
            measures.append(mean("mrr@10", (reciprocal_rank(hits) for hits, _ in self._ranks)))
            measures.append(mean("ndcg@10", (ndcg(hits, n) for hits, n in self._ranks)))
        if self._scope:
            measures.append(
                share("refusal_precision", (not answerable for declined, answerable in self._scope if declined))
            )
            measures.append(
                share("refusal_recall", (declined for declined, answerable in self._scope if not answerable))
            )
            measures.append(share("false_refusals", (declined for declined, answerable in self._scope if answerable)))
        order = ("invented", "answered", "wrong record", "wrong field", "not found", "asked back", "refused")
        misses = sorted(self._misses, key=lambda miss: order.index(miss.kind))
        return Report(tuple(measures), tuple(misses), self._invented)


def reply_of(evidence: Evidence) -> str:
    """What a speaker says to a field question: the facts quoted, or nothing."""
    if evidence.decision is not Decision.ANSWER:
        return ""
    return "；".join(fact.text for fact in evidence.facts)


def is_right(reply: str, answers: Sequence[str], other_values: Iterable[str] = ()) -> bool:
    """Whether the reply holds one of the answers, no other known value, and little beside it.

    Compared after folding width, case, spaces, punctuation and the units of money and ratings.
    """
    said = _key(reply)
    for answer in answers:
        wanted = _key(answer)
        if wanted and wanted in said:
            rest = said.replace(wanted, "", 1)
            return len(rest) <= BESIDE and not any(value in rest for value in (other_values if rest else ()))
    return False


def invents(reply: str, evidence: Evidence) -> bool:
    """Whether a number of the reply stands in no fact and no passage of the evidence, nor in its record's name."""
    known = {number for fact in evidence.facts for number in _NUMBER.findall(fold(fact.text))}
    for passage in evidence.passages:
        known.update(_NUMBER.findall(fold(passage.text)))
    if evidence.record is not None:
        known.update(_NUMBER.findall(fold(evidence.record.name)))
    return any(number not in known for number in _NUMBER.findall(fold(reply)))


def _key(text: str) -> str:
    return _SIGNS.sub("", _UNITS.sub("", fold(text)))


def _field_miss(case: Case, evidence: Evidence, reply: str) -> Miss:
    expected = f"{case.entity or ''} {case.field or ''} {'/'.join(case.answers)}".strip()
    if evidence.decision is Decision.REFUSE:
        kind = "refused"
    elif evidence.decision is Decision.ASK:
        kind = "asked back"
    elif case.entity and (evidence.record is None or name_key(evidence.record.name) != name_key(case.entity)):
        kind = "wrong record"
    else:
        kind = "wrong field"
    return Miss(case.id, case.question, expected, _shown(evidence), kind)


def _shown(evidence: Evidence) -> str:
    about = evidence.record.name if evidence.record else ""
    said = reply_of(evidence) or evidence.ask or (evidence.passages[0].text[:60] if evidence.passages else "")
    return f"{evidence.decision.value} {evidence.confidence:.2f} {about} {said}".strip()
