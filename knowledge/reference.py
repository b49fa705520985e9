"""Which record a question is about: named in it, or left to what was said before ("它多少钱", "第二个呢", "地址在哪").

The reading order of a conversation is kept as a list of mentions, the customer's and ours, and each candidate is
weighed by how it came up: chosen by the customer, recommended alone, one of a list, found around something else. A
name that no record has is a candidate as well: when it wins, we ask back instead of answering for another record.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from knowledge.evidence import Turn
from knowledge.field import Asked, FieldReader
from knowledge.filler import Fillers
from knowledge.folding import name_key, squeeze
from knowledge.names import FULL, SHORT, Mention, NameIndex
from knowledge.record import Record

ANAPHOR = re.compile(
    r"它|他家|她家|这[家个款件种里儿边处间套条张只台门节位]|那[家个款件种里儿边处间套条张只台门节位]|[该此]|其|就去|就这|就要|刚才|刚刚|上面|前面|第[一二三四五六七八九十\d]|前者|后者|最后"
)
AROUND = re.compile(r"周边|附近|旁边|周围|邻近|左近|搭配|配套|配什么|配啥|一起买|除了")
LISTING = re.compile(r"有(什么|啥|哪些|别的|其他|其它|没有|几|没|好)|都有|还有|哪些|(有.*[吗么不]$)")
PICKING = re.compile(r"推荐|找|选|哪一?[个家款]|符合|满足|评分|[消价票]|想吃|想去|建议|适合")
SEARCHING = re.compile(r"推荐|介绍|找|有没有|有什么|有哪些|哪[家个款些]|想[去要买吃住玩]|来一?[个款]")
CORRECTING = re.compile(r"不是|换成|改成|说错|发错|应该是")
ORDINAL = re.compile(r"第([一二三四五六七八九十]|\d+)[个家款件种条]?|(前者)|(后者)|(最后[一那]?[个家款件]?)")
SUPERLATIVE = re.compile(r"最便宜|便宜(的|点的|一点的)?那|最贵|贵的那|评分最高|最高分")
_UNKNOWN_BEFORE = re.compile(
    r"(?:推荐|名叫|叫做|叫|选择|选|去|到|住|在|要|买|吃|看看|想问|请问|介绍|试试|考虑|和|与|有|找到|您|你|就|是)$"
)
_QUALIFIED = re.compile(r"[(（][^)）]{1,20}(?:店|馆|部|区|款|版|号)[)）]")
_NUMBERS = {char: number for number, char in enumerate("一二三四五六七八九十", 1)}

ALIKE = (
    ("酒店", "宾馆", "旅馆", "旅店", "民宿", "客栈", "住的地方", "住宿"),
    ("餐馆", "餐厅", "饭店", "饭馆", "馆子", "食堂", "吃饭的地方", "美食"),
    ("景点", "景区", "景观", "名胜", "公园", "博物馆", "玩的地方"),
    ("课程", "课", "班", "培训"),
    ("手机", "电话机", "机型"),
)
"""Words people use for the same kind of thing; joined with the catalogue's own kinds."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """What the question is about."""

    record: int | None
    """Position in the catalogue, or None."""
    choices: tuple[int, ...] = ()
    """With `record` None: the records it may be, to ask back."""
    unknown: str | None = None
    """A name in the conversation that no record has and that the question seems to be about."""
    certainty: float = 0.0
    """0..1."""
    named: bool = False
    """The question itself names the record."""
    leaning: bool = False
    """The question leans on what was said before."""
    spans: tuple[tuple[int, int], ...] = ()
    """Where names stand in the squeezed question."""


@dataclass(slots=True)
class _Candidate:
    weight: float = 0.0
    last: int = -1


class ReferenceResolver:
    """Resolves questions against one version's records. Immutable."""

    def __init__(self, records: Sequence[Record], names: NameIndex, fields: FieldReader) -> None:
        self._records = records
        self._names = names
        self._fields = fields
        self._kind_words = _kind_words(records, names)
        extra = {name_key(word) for words in self._kind_words.values() for word in words}
        extra |= {name_key(column.title) for column in fields.columns}
        self._fillers = Fillers(extra)
        self._columns = [frozenset((fact.name, fact.title) for fact in record.facts) for record in records]

    def resolve(self, question: str, history: Sequence[Turn], asked: Sequence[Asked]) -> Resolution:
        """The record the question is about. `asked` are the columns it asks for, most likely first."""
        squeezed = squeeze(question)
        here = self._mentions(squeezed)
        spans = tuple((mention.start, mention.end) for mention in here)
        trail = self._trail(history[-24:])
        named = self._named(question, squeezed, here, trail, asked)
        if named is not None:
            return named
        cue_at = self._cue_at(squeezed, asked)
        unknown = self._unknown_in(squeezed, spans, cue_at=cue_at, alone=not trail.candidates)
        anaphor = ANAPHOR.search(squeezed) is not None
        if unknown is not None and not (anaphor and self._part_of_candidate(squeezed, trail) is not None):
            similar = self._similar(squeezed)
            if similar is not None:
                return Resolution(similar, certainty=0.7, named=True, spans=spans)
            return Resolution(None, unknown=unknown, named=True, spans=spans)
        chosen = self._from_trail(squeezed, trail, asked)
        return chosen

    # -- the question itself ------------------------------------------------------------------------------------

    def _mentions(self, squeezed: str) -> list[Mention]:
        return [mention for mention in self._names.find(squeezed) if mention.strength >= SHORT]

    def _named(
        self,
        question: str,
        squeezed: str,
        here: Sequence[Mention],
        trail: _Trail,
        asked: Sequence[Asked],
    ) -> Resolution | None:
        usable = [mention for mention in here if not self._continues(question, squeezed, mention, trail)]
        usable = [mention for mention in usable if not self._excluded(squeezed, mention)] or usable
        if not usable:
            return None
        spans = tuple((mention.start, mention.end) for mention in here)
        best = max(usable, key=lambda mention: (self._fitting(mention, asked), mention.strength >= 0.9, mention.start))
        records = [record for record in best.records if self._fits(record, asked)] or list(best.records)
        if len(records) == 1:
            return Resolution(records[0], certainty=best.strength, named=True, spans=spans)
        recent = [record for record in records if record in trail.candidates]
        if recent:
            latest = max(recent, key=lambda record: trail.candidates[record].last)
            return Resolution(latest, certainty=0.85, named=True, spans=spans)
        parts = {record: self._names.part_in(record, squeezed) for record in records}
        longest = max(parts.values())
        top = [record for record in records if parts[record] == longest]
        if len(top) == 1 and longest > best.length:
            return Resolution(top[0], certainty=0.75, named=True, spans=spans)
        return Resolution(None, choices=tuple(records), named=True, spans=spans)

    def _continues(self, question: str, squeezed: str, mention: Mention, trail: _Trail) -> bool:
        """Whether the name is only the beginning of a longer, unknown one ("东来顺(某某店)", "鸟巢酒店")."""
        rest = squeezed[mention.end :]
        if mention.strength < FULL and any(record in trail.candidates for record in mention.records):
            return False
        longer = squeezed[mention.start : mention.end + 3]
        if any(self._names.keys[record].startswith(longer) for record in mention.records):
            return False
        residues = self._fillers.residues(squeezed, [(mention.start, mention.end)])
        follows = any(
            residue.start == mention.end and self._ends_like_a_name(squeezed[mention.start : residue.end])
            for residue in residues
        )
        return follows or any(
            rest.startswith(name_key(bracket.group())[:6]) for bracket in _QUALIFIED.finditer(question)
        )

    def _cue_at(self, squeezed: str, asked: Sequence[Asked]) -> int | None:
        """Where the question asks, or None."""
        if not asked:
            return None
        return self._fields.cue_at(asked[0].column, squeezed)

    @staticmethod
    def _excluded(squeezed: str, mention: Mention) -> bool:
        return squeezed[max(0, mention.start - 2) : mention.start].endswith(("除了", "不是", "不要", "不去"))

    def _fits(self, record: int, asked: Sequence[Asked]) -> bool:
        strong = [one for one in asked if one.score >= 0.65]
        return not strong or any((one.column.name, one.column.title) in self._columns[record] for one in strong)

    def _fitting(self, mention: Mention, asked: Sequence[Asked]) -> bool:
        return any(self._fits(record, asked) for record in mention.records)

    def _similar(self, squeezed: str) -> int | None:
        found = self._names.find_similar(squeezed)
        if not found or (len(found) > 1 and found[1].strength > found[0].strength - 0.02):
            return None
        return found[0].records[0]

    def _unknown_in(
        self, squeezed: str, spans: Sequence[tuple[int, int]], *, cue_at: int | None = None, alone: bool = False
    ) -> str | None:
        """A stretch that looks like the name of something we do not have, or None.

        It is introduced like a name ("想去…", "名叫…") or owns what is asked for ("…的电话", `cue_at`). `alone`:
        nothing was said before, so anything else unexplained in the asking clause counts as well.
        """
        best: str | None = None
        for residue in self._fillers.residues(squeezed, spans):
            start, end, weight = residue.start, residue.end, residue.unexplained
            introduced = _UNKNOWN_BEFORE.search(squeezed[max(0, start - 3) : start]) is not None
            owning = cue_at is not None and end <= cue_at and "|" not in squeezed[start:cue_at]
            direct = owning and cue_at is not None and cue_at - end <= 2
            named = self._ends_like_a_name(squeezed[start:end])
            if (
                (weight >= 2 and direct)
                or (weight >= 3 and introduced and (named or owning))
                or (weight >= 4 and named)
                or (alone and weight >= 3 and (introduced or owning))
            ):
                best = squeezed[start:end]
        return best

    def _ends_like_a_name(self, stretch: str) -> bool:
        return any(stretch.endswith(suffix) and len(stretch) > len(suffix) for suffix in self._names.suffixes)

    # -- what was said before -----------------------------------------------------------------------------------

    def _trail(self, history: Sequence[Turn]) -> _Trail:
        trail = _Trail()
        step = 0
        beside = searching = False
        for turn in history:
            squeezed = squeeze(turn.text)
            mentions = self._mentions(squeezed)
            records = self._settle(mentions, trail)
            if turn.role == "user":
                searching = SEARCHING.search(squeezed) is not None
                beside = AROUND.search(squeezed) is not None
                beside = beside and LISTING.search(squeezed) is not None and PICKING.search(squeezed) is None
                if records:
                    step += 1
                for record in records:
                    trail.note(record, 3.4 if len(records) == 1 else 2.4, step)
                continue
            if searching and not mentions:
                unknown = self._unknown_in(squeezed, ())
                if unknown is not None:
                    step += 1
                    trail.unknown, trail.unknown_at = unknown, step
            if not records:
                continue
            step += 1
            listed = [record for record in records if record not in trail.candidates] or records
            alone, one_of_many = (2.2, 1.2) if beside else (3.8, 2.0)
            for record in listed:
                trail.note(record, alone if len(listed) == 1 else one_of_many, step)
            if len(records) > 1:
                trail.listed = list(dict.fromkeys(records))
        trail.steps = step
        return trail

    def _settle(self, mentions: Sequence[Mention], trail: _Trail) -> list[int]:
        """One record for each mention: where a form is shared, the one spoken of before or named more fully."""
        records: list[int] = []
        for mention in mentions:
            known = [record for record in mention.records if record in trail.candidates]
            if len(mention.records) == 1:
                records.append(mention.records[0])
            elif known:
                records.append(max(known, key=lambda record: trail.candidates[record].last))
        return records

    def _part_of_candidate(self, squeezed: str, trail: _Trail) -> int | None:
        parts = {record: self._names.part_in(record, squeezed) for record in trail.candidates}
        longest = max(parts.values(), default=0)
        if longest < 2:
            return None
        top = [record for record, length in parts.items() if length == longest]
        return max(top, key=lambda record: trail.candidates[record].last)

    def _from_trail(self, squeezed: str, trail: _Trail, asked: Sequence[Asked]) -> Resolution:
        ordinal = self._ordinal(squeezed, trail)
        if ordinal is not None:
            return Resolution(ordinal, certainty=0.9, leaning=True)
        if not trail.candidates:
            return Resolution(None, unknown=trail.unknown, leaning=trail.unknown is not None)
        kind = self._kind_in(squeezed)
        weights: dict[int, float] = {}
        for record, candidate in trail.candidates.items():
            age = trail.steps - candidate.last
            weight = candidate.weight * 0.72**age
            if kind:
                weight *= 2.5 if self._records[record].kind in kind else 0.2
            if not self._fits(record, asked):
                weight *= 0.15
            part = self._names.part_in(record, squeezed)
            if part >= 2:
                weight *= 2.0 + part
            weights[record] = weight
        ranked = sorted(weights, key=lambda record: (-weights[record], -trail.candidates[record].last))
        best = ranked[0]
        if trail.unknown is not None and trail.unknown_at >= trail.candidates[best].last:
            return Resolution(None, unknown=trail.unknown, leaning=True)
        share = weights[best] / sum(weights.values())
        return Resolution(best, choices=tuple(ranked[:4]), certainty=min(0.95, 0.4 + share / 2), leaning=True)

    @staticmethod
    def _ordinal(squeezed: str, trail: _Trail) -> int | None:
        found = ORDINAL.search(squeezed)
        if found is None or not trail.listed:
            return None
        if found.group(2):
            at = 0
        elif found.group(3) or found.group(4):
            at = len(trail.listed) - 1
        else:
            number = found.group(1)
            at = (_NUMBERS[number] if number in _NUMBERS else int(number)) - 1
        return trail.listed[at] if 0 <= at < len(trail.listed) else None

    def _kind_in(self, squeezed: str) -> set[str]:
        """The kinds whose word stands last in the question: "这家酒店", "那款沙发"."""
        last: tuple[int, int] = (-1, 0)
        kinds: set[str] = set()
        for kind, words in self._kind_words.items():
            for word in words:
                at = squeezed.rfind(word)
                if at < 0:
                    continue
                place = (at + len(word), len(word))
                if place > last:
                    last, kinds = place, {kind}
                elif place == last:
                    kinds.add(kind)
        return kinds


class _Trail:
    """The records a conversation came across, in order."""

    def __init__(self) -> None:
        self.candidates: dict[int, _Candidate] = defaultdict(_Candidate)
        self.listed: list[int] = []
        self.unknown: str | None = None
        self.unknown_at = -1
        self.steps = 0

    def note(self, record: int, weight: float, step: int) -> None:
        candidate = self.candidates[record]
        kept = candidate.weight * 0.72 ** max(0, step - candidate.last) if candidate.last >= 0 else 0.0
        candidate.weight = max(weight, kept) + 0.2 * min(kept, weight)
        candidate.last = step


def _kind_words(records: Sequence[Record], names: NameIndex) -> dict[str, tuple[str, ...]]:
    """Words for each kind: its own, what people call it, and an end of names that only this kind has."""
    words: dict[str, set[str]] = {record.kind: {name_key(record.kind)} for record in records}
    ends: dict[str, Counter[str]] = defaultdict(Counter)
    for record, base in zip(records, names.bases, strict=True):
        for length in (2, 3):
            if len(base) > length:
                ends[base[-length:]][record.kind] += 1
    for end, kinds in ends.items():
        (kind, count), total = kinds.most_common(1)[0], sum(kinds.values())
        if total >= 5 and count >= 0.9 * total:
            words[kind].add(end)
    for kind, own in words.items():
        for group in ALIKE:
            if kind in group:
                own.update(group)
    return {
        kind: tuple(sorted(word for word in own if len(word) >= 2 or len(words) > 1)) for kind, own in words.items()
    }
