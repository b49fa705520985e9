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
from knowledge.field import NEVER_ASKED, Asked, FieldReader
from knowledge.filler import EVERYDAY, Fillers, NameSpan
from knowledge.folding import name_key, squeeze
from knowledge.names import BASE, FULL, SHORT, Mention, NameIndex
from knowledge.record import Record

ANAPHOR = re.compile(
    r"它|他家|她家|这[家个款件种里儿边处间套条张只台门节位]|那[家个款件种里儿边处间套条张只台门节位]|[该此]|其|就去|就这|就要|刚才|刚刚|上面|前面|第[一二三四五六七八九十\d]|前者|后者|最后"
)
AROUND = re.compile(r"周边|附近|旁边|周围|邻近|左近|搭配|配套|配什么|配啥|一起买|除了")
LISTING = re.compile(r"有(什么|啥|哪些|别的|其他|其它|没有|几|没|好)|都有|还有|哪些|(有.*[吗么不]$)")
PICKING = re.compile(r"推荐|找|选|哪一?[个家款]|符合|满足|评分|[消价票]|想吃|想去|建议|适合")
SEARCHING = re.compile(r"推荐|介绍|找|物色|安排")
WONDERING = re.compile(
    r"有没有|有什么|有啥|有哪些|哪[家个款些里]|想[去要买吃住玩]|来一?[个款]|符合|满足|更好|看看|挑|选"
)
OFFERING = re.compile(r"推荐|为您|为你|给您|可以去|去|叫|就是|选择|适合|符合|不错|只有|建议|很好|挺好|怎么样|可以吗")
_LEANING = re.compile(r"它|[他她]家|这[家款]|[该此]")
URGING = re.compile(r"推荐|建议|考虑|[你您]们?去|[得能]去|去.{2,16}吧|适合|符合|很?不错|尝尝|试试")
ORDINAL = re.compile(r"第([一二三四五六七八九十]|\d+)[个家款件种条]?|(前者)|(后者)|(最后[一那]?[个家款件]?)")
SUPERLATIVE = re.compile(r"最便宜|便宜(的|点的|一点的)?那|最贵|贵的那|评分最高|最高分")
_INTRODUCED = re.compile(
    r"(?:推荐|名叫|叫做|叫|选择|选|去|到|住|要|买|看看|想问|请问|介绍|试试|考虑|有|找到|只有|就是|是|您|你|们|那|像|比如|说的?"
    r"|想吃|把|给|知道|对|觉得|喜欢|感觉|听说|还是|预订|订了|定好了|尝尝|帮我查|查一下|问下|问一下|那么|关于|[这那]个|^|[|])$"
)
"""What stands before a name that is brought up: "想去…", "推荐您…", the beginning of a clause."""
_CHOSEN = re.compile(r"(?:想去|要去|就去|打算去|选|选择|名叫|叫做|喜欢|尝尝)$")
_TAKEN_UP = re.compile(
    r"^(?:的?(?:周边|附近|旁边|周围)|就|吧|好了|不错|挺|很|这|怎么样|可以|吃|用餐|住|玩|游玩|看看|的|比较|也|听起来|应该|[|]|$)"
)
"""What stands behind a name that is taken up: "…就不错", "…的附近"."""
_QUALIFIED = re.compile(r"[(（][^()（）]{1,24}[)）]")
_NUMBERS = {char: number for number, char in enumerate("一二三四五六七八九十", 1)}

FEW = 12
"""Records of a kind that are offered when the kind is all we know."""
SURE = 0.9
"""Likeness of two spellings from which they are taken for the same name; below, we ask."""

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


@dataclass(frozen=True, slots=True)
class _Miss:
    """A name that came up and that no record has."""

    name: str
    kinds: frozenset[str]
    weight: float
    step: int


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
        words = {name_key(word) for words in self._kind_words.values() for word in words}
        self._all_kind_words = tuple(sorted(word for word in words if len(word) >= 2))
        self._fillers = Fillers(
            known={name_key(column.title) for column in fields.columns},
            items=_items(records),
            heads=names.prefixes,
            tails=names.tails | words,
        )
        self._columns = [frozenset((fact.name, fact.title) for fact in record.facts) for record in records]

    def resolve(self, question: str, history: Sequence[Turn], asked: Sequence[Asked]) -> Resolution:
        """The record the question is about. `asked` are the columns it asks for, most likely first."""
        squeezed = squeeze(question)
        trail = self._trail(history[-24:])
        here = self._mentions(question, squeezed, trail)
        spans = tuple((mention.start, mention.end) for mention in here)
        named = self._named(squeezed, here, trail, asked)
        if named is not None:
            return named
        span = self._unknown_in(
            question, squeezed, here, cue_at=self._cue_at(squeezed, asked), alone=not trail.candidates
        )
        if span is not None:
            name = squeezed[span.start : span.end]
            part = self._part_of_candidate(name, trail)
            if part is not None:
                return Resolution(part, certainty=0.8, named=True, spans=spans)
            similar = self._names.similar(name)
            if similar is not None and similar[1] >= SURE:
                return Resolution(similar[0], certainty=0.7, named=True, spans=spans)
            if similar is not None:
                return Resolution(None, choices=(similar[0],), named=True, spans=spans)
            return Resolution(None, unknown=name, named=True, spans=spans)
        return self._from_trail(squeezed, trail, asked)

    # -- the question itself ------------------------------------------------------------------------------------

    def _mentions(self, text: str, squeezed: str, trail: _Trail) -> list[Mention]:
        """Names in a text, those left out that are only a part of a longer, unknown one."""
        found = [
            mention
            for mention in self._names.find(squeezed)
            if mention.strength >= SHORT or any(record in trail.candidates for record in mention.records)
        ]
        qualifiers = _qualifiers(text)
        taken = [(mention.start, mention.end) for mention in found]
        spans = self._fillers.spans(squeezed, taken)
        return [mention for mention in found if not self._embedded(squeezed, mention, qualifiers, spans, trail)]

    def _embedded(
        self, squeezed: str, mention: Mention, qualifiers: Sequence[str], spans: Sequence[NameSpan], trail: _Trail
    ) -> bool:
        """Whether the name stands inside a longer one: "东来顺(某某店)", "某某酒店(雍和宫店)", "新国贸饭店三五堂"."""
        form, rest = squeezed[mention.start : mention.end], squeezed[mention.end :]
        if any(qualifier and rest.startswith(qualifier) for qualifier in qualifiers):
            return True
        if any(form in qualifier and form != qualifier and qualifier in squeezed for qualifier in qualifiers):
            inside = next(q for q in qualifiers if form in q)
            at = squeezed.find(inside)
            if at <= mention.start < at + len(inside):
                return True
        if self._followed_by_other_kind(form, rest, mention):
            return True
        if not self._may_end(squeezed, mention.end, beyond_kind=True):
            return True
        if mention.strength < FULL and any(record in trail.candidates for record in mention.records):
            return False
        if mention.strength < BASE and not self._may_end(squeezed, mention.end):
            return True
        right = next((span for span in spans if span.reach[0] == mention.end), None)
        if right is not None and right.tailed and right.weight >= 1:
            return True
        left = next((span for span in spans if span.reach[1] == mention.start), None)
        return (
            left is not None
            and left.weight >= (1 if mention.strength < FULL else 2)
            and mention.length <= (9 if mention.strength < FULL else 3)
        )

    def _may_end(self, squeezed: str, at: int, *, beyond_kind: bool = False) -> bool:
        """Whether a name may end here: an everyday word, a kind of thing or a column follows.

        `beyond_kind`: asks only whether the name may end behind the word for a kind that follows, if one does.
        """
        rest = squeezed[at:]
        kind = max((word for word in self._all_kind_words if rest.startswith(word)), key=len, default="")
        if beyond_kind:
            behind = at + len(kind)
            return not kind or self._fillers.explains(squeezed, behind) or squeezed[behind] in EVERYDAY
        return bool(kind) or self._fillers.explains(squeezed, at) or rest[:1] in EVERYDAY

    def _followed_by_other_kind(self, form: str, rest: str, mention: Mention) -> bool:
        """Whether a word for another kind of thing follows: "故宫餐厅" is not 故宫, "香山公园" not 香山饭店."""
        for kind, words in self._kind_words.items():
            for word in words:
                if not rest.startswith(word) or len(word) < 2:
                    continue
                if not any(
                    self._records[record].kind == kind or form + word in self._names.keys[record]
                    for record in mention.records
                ):
                    return True
        return False

    def _named(
        self,
        squeezed: str,
        here: Sequence[Mention],
        trail: _Trail,
        asked: Sequence[Asked],
    ) -> Resolution | None:
        usable = [mention for mention in here if not self._excluded(squeezed, mention)] or list(here)
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

    def _unknown_in(
        self, text: str, squeezed: str, here: Sequence[Mention], *, cue_at: int | None = None, alone: bool = False
    ) -> NameSpan | None:
        """The last stretch of a customer's text that looks like the name of something we do not have, or None.

        It owns what is asked for ("…的电话", at `cue_at`), or is brought up or taken up like a name. `alone`: nothing
        was said before, so that weaker signs suffice.
        """
        best: NameSpan | None = None
        taken = [(mention.start, mention.end) for mention in here]
        forced = _loose_qualifiers(text, squeezed, taken)
        for span in self._fillers.spans(squeezed, taken, forced=forced):
            owning = cue_at is not None and 0 <= cue_at - span.end and "|" not in squeezed[span.end : cue_at]
            direct = owning and cue_at is not None and cue_at - span.end <= 2
            before, after = squeezed[: span.reach[0]], squeezed[span.reach[1] :]
            brought = _INTRODUCED.search(before) is not None
            accepted = _TAKEN_UP.search(after) is not None
            likely = span.likely
            if (
                (direct and likely >= 2)
                or (likely >= 2.5 and brought and accepted)
                or (likely >= 2 and accepted and _CHOSEN.search(before) is not None)
                or (likely >= 3.5 and brought and (owning or span.tailed))
                or (likely >= 5 and brought)
                or any(start <= span.end - 1 < end for start, end in forced)
                or (alone and likely >= 3 and (brought or owning))
            ):
                best = span
        return best

    # -- what was said before -----------------------------------------------------------------------------------

    def _trail(self, history: Sequence[Turn]) -> _Trail:
        trail = _Trail()
        step = 0
        beside = searching = False
        cue_at: int | None = None
        wanted: frozenset[str] = frozenset()
        for turn in history:
            squeezed = squeeze(turn.text)
            mentions = self._mentions(turn.text, squeezed, trail)
            records = self._settle(mentions, trail)
            if turn.role == "user":
                searching = self._searches(squeezed)
                wanted = frozenset(self._kind_in(squeezed)) if searching else frozenset()
                beside = AROUND.search(squeezed) is not None
                beside = beside and LISTING.search(squeezed) is not None and PICKING.search(squeezed) is None
                cue_at = self._asks_at(squeezed)
                span = None if records else self._unknown_in(turn.text, squeezed, mentions, cue_at=cue_at)
                if span is not None and self._part_of_candidate(squeezed[span.start : span.end], trail) is None:
                    step += 1
                    name = squeezed[span.start : span.end]
                    trail.miss(name, self._kind_of_name(name), 3.4, step)
                if records:
                    step += 1
                for record in records:
                    trail.note(record, 3.4 if len(records) == 1 else 2.4, step)
                continue
            fresh = [record for record in records if record not in trail.candidates]
            if searching and wanted and all(mention.strength < BASE for mention in mentions):
                fresh = [record for record in fresh if self._records[record].kind in wanted]
            urged = URGING.search(squeezed) is not None
            aims = self._without_anchors(squeezed, mentions, records, trail)
            urging = not aims and not self._tells(squeezed, cue_at) and urged
            if (searching or urging) and not fresh and not self._suits(records, wanted):
                offered = self._offered(turn.text, squeezed, mentions)
                if offered is None and searching and OFFERING.search(squeezed):
                    offered = "、".join(sorted(wanted)) or squeezed[:12]
                if offered is not None:
                    step += 1
                    trail.miss(offered, wanted or self._kind_of_name(offered), 3.8, step)
                    continue
            if not records or (self._tells(squeezed, cue_at) and not urged):
                continue
            step += 1
            listed = fresh or aims or records
            alone, one_of_many = (2.2, 1.2) if beside else (3.8, 2.0)
            single = len(listed) == 1 and not self._in_list(squeezed, mentions)
            for record in listed:
                trail.note(record, alone if single else one_of_many, step)
            if len(records) > 1:
                trail.listed = list(dict.fromkeys(records))
        trail.steps = step
        return trail

    def _searches(self, squeezed: str) -> bool:
        """Whether the customer looks for something new, and does not ask about what is known already."""
        plain = squeezed
        for column in self._fields.columns:
            plain = plain.replace(name_key(column.title), "")
        if SEARCHING.search(plain):
            return True
        if self._asks_at(squeezed) is not None or _LEANING.search(plain):
            return False
        return WONDERING.search(plain) is not None

    def _tells(self, squeezed: str, cue_at: int | None) -> bool:
        """Whether an answer tells the fact that was asked for (`cue_at`), and so brings nothing up."""
        titles = (name_key(column.title) for column in self._fields.columns)
        return cue_at is not None and any(len(title) >= 2 and title in squeezed for title in titles)

    def _suits(self, records: Sequence[int], wanted: frozenset[str]) -> bool:
        return any(not wanted or self._records[record].kind in wanted for record in records)

    def _offered(self, text: str, squeezed: str, mentions: Sequence[Mention]) -> str | None:
        """What an answer to a search offers although no record is called so, or None."""
        best: NameSpan | None = None
        taken = [(mention.start, mention.end) for mention in mentions]
        for span in self._fillers.spans(squeezed, taken, forced=_loose_qualifiers(text, squeezed, taken)):
            if span.likely >= 2 and (best is None or span.weight > best.weight):
                best = span
        return squeezed[best.start : best.end] if best is not None else None

    def _without_anchors(
        self, squeezed: str, mentions: Sequence[Mention], records: Sequence[int], trail: _Trail
    ) -> list[int]:
        """The records that are not only the place something else is near ("甲的附近有乙": 乙)."""
        anchors = {
            record
            for mention in mentions
            if re.match(r"的?(?:周边|附近|旁边|周围)", squeezed[mention.end :])
            for record in self._settle([mention], trail)
        }
        return [record for record in records if record not in anchors]

    def _in_list(self, squeezed: str, mentions: Sequence[Mention]) -> bool:
        """Whether an unknown name stands beside a known one ("某某和定都阁都不错")."""
        spans = self._fillers.spans(squeezed, [(mention.start, mention.end) for mention in mentions])
        for span in spans:
            for mention in mentions:
                left, right = sorted(((span.start, span.end), (mention.start, mention.end)))
                between = squeezed[left[1] : right[0]]
                if between in ("和", "与", "或", "跟", "及", "还有", "或者", "以及") and span.weight >= 2:
                    return True
                if between == "|" and span.tailed:
                    return True
        return False

    def _kind_of_name(self, name: str) -> frozenset[str]:
        """The kinds whose words end the name; empty when unknown."""
        return frozenset(kind for kind, words in self._kind_words.items() if any(name.endswith(word) for word in words))

    def _asks_at(self, squeezed: str) -> int | None:
        """Where the customer asks for a fact, or None; with a number in it, it is a wish ("人均100到150元")."""
        if any(char.isdigit() for char in squeezed):
            return None
        asked = self._fields.read([squeezed])
        return self._cue_at(squeezed, asked) if asked and asked[0].score >= 0.8 else None

    def _settle(self, mentions: Sequence[Mention], trail: _Trail) -> list[int]:
        """One record for each mention: where a form is shared, the one spoken of before or named more fully."""
        records: list[int] = []
        for mention in mentions:
            known = [record for record in mention.records if record in trail.candidates]
            same = len({self._names.keys[record] for record in mention.records}) == 1
            if same and not known:
                records.append(mention.records[0])
            elif known:
                records.append(max(known, key=lambda record: trail.candidates[record].last))
        return records

    def _part_of_candidate(self, name: str, trail: _Trail) -> int | None:
        """The record spoken of before whose name this is a part of, or nearly is; None when it is a name of its own."""
        parts = {record: self._names.part_in(record, name) for record in trail.candidates}
        longest = max(parts.values(), default=0)
        if longest < 2 or longest < 0.7 * len(name):
            return None
        top = [record for record, length in parts.items() if length == longest]
        return max(top, key=lambda record: trail.candidates[record].last)

    def _from_trail(self, squeezed: str, trail: _Trail, asked: Sequence[Asked]) -> Resolution:
        ordinal = self._ordinal(squeezed, trail)
        if ordinal is not None:
            return Resolution(ordinal, certainty=0.9, leaning=True)
        kind = self._kind_in(squeezed)
        missing = [miss for miss in trail.missing if not kind or not miss.kinds or kind & miss.kinds]
        if not trail.candidates:
            return Resolution(None, unknown=missing[-1].name if missing else None, leaning=bool(missing))
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
        for miss in missing:
            weight = (
                miss.weight
                * 0.72 ** (trail.steps - miss.step)
                * (2.5 if kind and (not miss.kinds or kind & miss.kinds) else 1.0)
            )
            if weight > weights[best] or (miss.step > trail.candidates[best].last and kind and not kind & miss.kinds):
                return Resolution(None, unknown=miss.name, leaning=True)
        if kind and self._records[best].kind not in kind:
            offered = [at for at, record in enumerate(self._records) if record.kind in kind]
            if len(offered) <= FEW:
                return Resolution(None, choices=tuple(offered), leaning=True)
            return Resolution(None, unknown="、".join(sorted(kind)), leaning=True)
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


def _qualifiers(text: str) -> list[str]:
    """What stands in brackets, as it stands in the squeezed text ("五棵松店")."""
    return [key for match in _QUALIFIED.finditer(text) if len(key := name_key(match.group())) >= 2]


def _loose_qualifiers(text: str, squeezed: str, taken: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Where a name's bracket stands that belongs to no known name, with the two characters before it."""
    found: list[tuple[int, int]] = []
    for qualifier in _qualifiers(text):
        at = squeezed.find(qualifier)
        end = at + len(qualifier)
        names_something = qualifier.endswith(
            ("店", "馆", "区", "部", "园", "院", "厅", "城", "号", "款", "版", "宾馆", "酒店")
        )
        if at > 0 and names_something and not any(start < end and at < stop for start, stop in taken):
            found.append((max(0, at - 2), end))
    return found


class _Trail:
    """The records a conversation came across, in order."""

    def __init__(self) -> None:
        self.candidates: dict[int, _Candidate] = defaultdict(_Candidate)
        self.listed: list[int] = []
        self.missing: list[_Miss] = []
        self.steps = 0

    def miss(self, name: str, kinds: frozenset[str], weight: float, step: int) -> None:
        self.missing.append(_Miss(name, kinds, weight, step))

    def note(self, record: int, weight: float, step: int) -> None:
        candidate = self.candidates[record]
        kept = candidate.weight * 0.72 ** max(0, step - candidate.last) if candidate.last >= 0 else 0.0
        candidate.weight = max(weight, kept) + 0.2 * min(kept, weight)
        candidate.last = step


def _items(records: Sequence[Record], *, most: int = 50_000) -> set[str]:
    """Items of the catalogue's list-like values ("奶油炸糕", "健身房"): known words that are no names."""
    items: set[str] = set()
    for record in records:
        for fact in record.facts:
            parts = fact.text.split("、")
            if len(parts) >= 3 and len(items) < most:
                items.update(key for part in parts if 2 <= len(key := name_key(part)) <= 10)
            elif len(fact.text) <= 6 and fact.name not in NEVER_ASKED:
                items.add(name_key(fact.text))
    return items - {name_key(record.name) for record in records}


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
