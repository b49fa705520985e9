"""Does a sentence stand in the evidence? Each number, price, date, phone, name and promise is checked.

Strict on purpose: a sentence that is wrongly doubted is replaced by a quotation, a wrong price is a broken promise.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from dialogue.safety.claim import Claim, ClaimKind, claims
from dialogue.safety.numeral import folded
from dialogue.safety.promise import PROMISES, Promise, denied, polarity
from dialogue.safety.promotion import ended
from dialogue.segmenter import clauses
from knowledge import DateRange, Evidence, Fact, Money

SUPPORT = 0.34
"""Least share of a sentence's character pairs that stand in evidence, question or courtesy."""
CLAUSE_SUPPORT = 0.2
"""The same share for each clause alone: one invented clause does not hide among true ones."""
SUPPORT_FROM = 4
"""Characters, names of records and checked claims not counted, from which on the share is asked for."""
OBJECT = 0.3
"""Least share of a promise's other character pairs that stand beside the same promise in the evidence."""
_BOUND = frozenset({"free", "gift", "discount", "compensation"})

_ECHOED = frozenset({"free", "gift", "everything", "agreed", "health", "income", "person"})
"""Not even in a refusal does a sentence repeat these where the evidence does not hold the words."""

_HAN_PAIR = re.compile(r"[\u4e00-\u9fff]+")
_PROMOTED = re.compile(r"活动价|促销价|优惠价|券后|到手价|折后|特价|直播价|秒杀价|限时价")
_LISTED = re.compile(r"原价|标价|日常价|平时价|平时卖|吊牌价|划线价")
_COURTESY = (
    "您好亲欢迎光临感谢咨询请问需要帮您了解介绍一下看看可以告诉我们这款商品的是有在哦呢呀如果想要知道更多随时问我"
    "根据店铺资料记录目前现在价格为您推荐考虑喜欢的话直接下单即可非常适合使用还有什么其他问题吗不客气祝购物愉快"
    "页面为准详情具体情况建议联系客服关于这个问题回答如下没有提到暂时无法确认抱歉另外同时以及而且包括主要特别"
    "现在的活动价和原价售价标价活动时间是活动到截止到库存还有现货尺寸颜色材质承重保修发货售后"
)


class FaultKind(StrEnum):
    """Why a sentence may not leave."""

    NUMBER = "number"
    DATE = "date"
    PHONE = "phone"
    NAME = "name"
    PROMISE = "promise"
    CONTRADICTION = "contradiction"
    OWNER = "owner"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class Fault:
    """One claim that does not stand in the evidence."""

    kind: FaultKind
    text: str


@dataclass(frozen=True, slots=True)
class _Known:
    """A number of the evidence and whose it is."""

    value: str
    unit: str
    owner: str | None
    loose: bool = False
    """Written without a unit in a fact: fits a price, a count, or no unit."""


class Grounding:
    """Checks sentences against one `Evidence`.

    `names` are the names of all records of the merchant (a record that exists but is not in the evidence may not be
    talked about); `today` decides whether a promotion still runs.
    """

    def __init__(self, evidence: Evidence, *, names: Iterable[str] = (), today: date | None = None) -> None:
        self._evidence = evidence
        self._numbers: set[_Known] = set()
        self._dates: set[str] = set()
        self._clocks: set[str] = set()
        self._phones: set[str] = set()
        self._owners: dict[str, str] = {}
        self._promoted: set[str] = set()
        self._listed: set[str] = set()
        self._over = False
        """Whether a promotion of the evidence is over, so that nobody may say it runs."""
        texts: list[str] = []
        facts = _facts(evidence)
        for fact in facts:
            if ended(fact, facts, today):
                self._over = True
                continue
            self._fact(fact)
            texts.append(f"{fact.record_name}{fact.title}{fact.text}")
        for passage in evidence.passages:
            self._read(passage.text, passage.record_id)
            texts.append(f"{passage.heading or ''}\n{passage.question or ''}\n{passage.text}")
        if evidence.record:
            self._owners[folded(evidence.record.name)] = evidence.record.id
            for alias in evidence.record.aliases:
                self._owners[folded(alias)] = evidence.record.id
            texts.append(" ".join((evidence.record.name, *evidence.record.aliases, evidence.record.kind)))
        self._text = folded("\n".join(texts))
        self._compact = re.sub(r"\s+", "", self._text).lower()
        self._foreign = tuple(
            name for name in map(folded, names) if len(name) >= 2 and name.lower() not in self._text.lower()
        )
        self._pairs = _pairs(self._text) | _pairs(folded(evidence.question)) | _pairs(_COURTESY)

    def check(self, sentence: str) -> tuple[Fault, ...]:
        """All faults of a sentence; empty when it may leave."""
        text = folded(sentence)
        faults = [fault for claim in claims(sentence) if (fault := self._claim(claim, text))]
        faults += [Fault(FaultKind.NAME, name) for name in self._foreign if name in text]
        faults += self._prices(text)
        faults += self._promises(text)
        if not faults and not self._supported(self._nameless(_unchecked(text))):
            faults.append(Fault(FaultKind.UNSUPPORTED, sentence))
        return tuple(faults)

    def _supported(self, bare: str) -> bool:
        if len(bare) >= SUPPORT_FROM and self.support(bare) < SUPPORT:
            return False
        return all(self.support(c) >= CLAUSE_SUPPORT for c in clauses(bare) if len(c.strip()) >= SUPPORT_FROM)

    def support(self, text: str) -> float:
        """Share of the sentence's character pairs that are known, 0..1."""
        pairs = _pairs(folded(text))
        return len(pairs & self._pairs) / len(pairs) if pairs else 1.0

    def _nameless(self, text: str) -> str:
        """The text without the names of records: naming a product supports nothing that is said of it."""
        for name in sorted(self._owners, key=len, reverse=True):
            text = text.replace(name, " ") if name else text
        return text.strip()

    def _fact(self, fact: Fact) -> None:
        self._owners[folded(fact.record_name)] = fact.record_id
        loose = not isinstance(fact.value, str | tuple)
        for claim in claims(fact.text):
            if claim.kind is ClaimKind.NUMBER:
                self._numbers.add(_Known(claim.value, claim.unit, fact.record_id, loose and not claim.unit))
                if "promotion" in fact.name or _PROMOTED.search(fact.title) or "促销" in fact.title:
                    self._promoted.add(claim.value)
                elif fact.name == "price" or isinstance(fact.value, Money):
                    self._listed.add(claim.value)
        self._read(fact.text, fact.record_id)
        if isinstance(fact.value, DateRange):
            self._dates.update(_day(d) for d in (fact.value.start, fact.value.end) if d)
        elif isinstance(fact.value, date):
            self._dates.add(_day(fact.value))

    def _read(self, text: str, owner: str | None) -> None:
        for claim in claims(text):
            match claim.kind:
                case ClaimKind.NUMBER:
                    self._numbers.add(_Known(claim.value, claim.unit, owner))
                case ClaimKind.DATE:
                    self._dates.add(claim.value)
                case ClaimKind.CLOCK:
                    self._clocks.add(claim.value)
                case ClaimKind.PHONE:
                    self._phones.add(claim.value)
                case _:
                    pass  # codes and names are looked up in the text itself

    def _claim(self, claim: Claim, sentence: str) -> Fault | None:
        match claim.kind:
            case ClaimKind.NUMBER:
                return self._number(claim, sentence)
            case ClaimKind.DATE:
                known = any(d == claim.value or d.endswith(claim.value.lstrip("-")) for d in self._dates)
                return None if known or self._literal(claim) else Fault(FaultKind.DATE, claim.text)
            case ClaimKind.CLOCK:
                known = claim.value in self._clocks or _afternoon(claim.value) in self._clocks
                return None if known else Fault(FaultKind.DATE, claim.text)
            case ClaimKind.PHONE:
                known = any(claim.value in (p, p.removeprefix("86")) for p in self._phones)
                return None if known else Fault(FaultKind.PHONE, claim.text)
            case ClaimKind.CODE | ClaimKind.NAME:
                return None if claim.value in self._compact else Fault(FaultKind.NAME, claim.text)

    def _same_object(self, promise: Promise, clause: str, known: list[str]) -> bool:
        """Whether a promise is made of the same thing as in the evidence, not of something else."""
        mine = _pairs(promise.pattern.sub(" ", self._nameless(clause)))
        theirs = set().union(*(_pairs(promise.pattern.sub(" ", c)) for c in known))
        return not mine or len(mine & theirs) >= OBJECT * len(mine)

    def _number(self, claim: Claim, sentence: str) -> Fault | None:
        fits = [known for known in self._numbers if known.value == claim.value and _same_unit(known, claim)]
        if not fits:
            return Fault(FaultKind.NUMBER, claim.text)
        named = {owner for name, owner in self._owners.items() if name and name in sentence}
        if not named and self._evidence.record:
            named = {self._evidence.record.id}
        if named and not any(known.owner is None or known.owner in named for known in fits):
            return Fault(FaultKind.OWNER, claim.text)
        return None

    def _literal(self, claim: Claim) -> bool:
        return re.sub(r"\s+", "", claim.text).lower() in self._compact

    def _prices(self, text: str) -> list[Fault]:
        faults: list[Fault] = []
        if self._over and not self._promoted:
            hits = (_PROMOTED.search(c) for c in clauses(text) if not re.search(r"没有|结束|过期|已过|不再|无", c))
            faults += [Fault(FaultKind.CONTRADICTION, hit[0]) for hit in hits if hit]
        if not (self._promoted and self._listed):
            return faults
        for clause in clauses(text):
            money = [c for c in claims(clause) if c.kind is ClaimKind.NUMBER and c.unit == "元"]
            both = bool(_PROMOTED.search(clause)) and bool(_LISTED.search(clause))
            for claim in money if not both else []:
                half = (
                    claim.value in self._listed - self._promoted
                    and not _LISTED.search(clause)
                    and not self._tells(text)
                )
                swapped_up = _PROMOTED.search(clause) and claim.value in self._listed - self._promoted
                swapped_down = _LISTED.search(clause) and claim.value in self._promoted - self._listed
                if half or swapped_up or swapped_down:
                    faults.append(Fault(FaultKind.CONTRADICTION, claim.text))
        return faults

    def _tells(self, text: str) -> bool:
        """Whether the promotion's price is said too: the price that was is no answer while a lower one holds."""
        return any(c.kind is ClaimKind.NUMBER and c.value in self._promoted for c in claims(text))

    def _promises(self, text: str) -> list[Fault]:
        faults = []
        for clause in clauses(text):
            for promise in PROMISES:
                word = promise.found(clause)
                if word is None:
                    continue
                if denied(clause):
                    if promise.name in _ECHOED and word not in self._compact:
                        faults.append(Fault(FaultKind.PROMISE, word))
                    continue
                fault = self._promise(promise, word, clause)
                if fault:
                    faults.append(fault)
        return faults

    def _promise(self, promise: Promise, word: str, clause: str) -> Fault | None:
        known = [c for c in clauses(self._text) if promise.made(c, word)]
        if not known:
            return Fault(FaultKind.PROMISE, word)
        said = polarity(promise, clause)
        if said not in {polarity(promise, c) for c in known}:
            return Fault(FaultKind.CONTRADICTION, word)
        if promise.name in _BOUND and not self._same_object(promise, clause, known):
            return Fault(FaultKind.PROMISE, word)
        return None


def _unchecked(text: str) -> str:
    """What no other check has looked at: without the claims, and without the clauses that only state a limit."""
    kept = "，".join(clause for clause in clauses(text) if not denied(clause))
    for claim in claims(text):
        kept = kept.replace(claim.text, " ")
    return kept


def _facts(evidence: Evidence) -> list[Fact]:
    own = evidence.record.facts if evidence.record else ()
    return [*evidence.facts, *own]


def _day(value: datetime | date) -> str:
    return f"{value.year}-{value.month:02d}-{value.day:02d}"


def _afternoon(clock: str) -> str:
    hour, _, minute = clock.partition(":")
    return f"{(int(hour) + 12) % 24:02d}:{minute}"


def _same_unit(known: _Known, claim: Claim) -> bool:
    if known.unit == claim.unit or not claim.unit:
        return True
    return not known.unit and (known.loose or claim.unit in ("cm", "mm", "件", "天"))


def _pairs(text: str) -> set[str]:
    return {run[i : i + 2] for run in _HAN_PAIR.findall(text) for i in range(len(run) - 1)}
