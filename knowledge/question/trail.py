"""What a conversation came across before the question, in order: its records, its lists, names that no record has.

Each candidate is weighed by how it came up (chosen by the customer, recommended alone, one of a list, found around
something else), and fades with every step that passes it by.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from knowledge.evidence import Turn
from knowledge.folding import name_key, squeeze
from knowledge.question.field import FieldReader
from knowledge.question.kind import Kinds
from knowledge.question.mention import MentionReader
from knowledge.question.names import BASE, Mention, NameIndex
from knowledge.record import Record

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
_NUMBERS = {char: number for number, char in enumerate("一二三四五六七八九十", 1)}

FADING = 0.72
"""What is left of a weight after each step."""


@dataclass(frozen=True, slots=True)
class Miss:
    """A name that came up and that no record has."""

    name: str
    kinds: frozenset[str]
    weight: float
    step: int


@dataclass(slots=True)
class Candidate:
    """A record that came up."""

    weight: float = 0.0
    last: int = -1
    """The step at which it came up last."""


class Trail:
    """The records a conversation came across, in order."""

    def __init__(self) -> None:
        self.candidates: dict[int, Candidate] = defaultdict(Candidate)
        self.listed: list[int] = []
        """The records of the last list."""
        self.missing: list[Miss] = []
        self.steps = 0

    def miss(self, name: str, kinds: frozenset[str], weight: float, step: int) -> None:
        """Note a name that no record has."""
        self.missing.append(Miss(name, kinds, weight, step))

    def note(self, record: int, weight: float, step: int) -> None:
        """Note a record; one that comes up again keeps a part of what it had."""
        candidate = self.candidates[record]
        kept = candidate.weight * FADING ** max(0, step - candidate.last) if candidate.last >= 0 else 0.0
        candidate.weight = max(weight, kept) + 0.2 * min(kept, weight)
        candidate.last = step

    def faded(self, weight: float, step: int) -> float:
        """What is left at the end of a weight that was given at `step`."""
        return weight * FADING ** (self.steps - step)

    def latest(self, records: Iterable[int]) -> int:
        """The one of these candidates that came up last; the first of several."""
        return max(records, key=lambda record: self.candidates[record].last)

    def ordinal(self, squeezed: str) -> int | None:
        """The record of the last list that is counted out ("第二个", "前者", "最后那家"), or None."""
        found = ORDINAL.search(squeezed)
        if found is None or not self.listed:
            return None
        if found.group(2):
            at = 0
        elif found.group(3) or found.group(4):
            at = len(self.listed) - 1
        else:
            number = found.group(1)
            at = (_NUMBERS[number] if number in _NUMBERS else int(number)) - 1
        return self.listed[at] if 0 <= at < len(self.listed) else None

    def part_of(self, name: str, names: NameIndex) -> int | None:
        """The record spoken of before whose name this is a part of, or nearly is; None when it is a name of its own."""
        parts = {record: names.part_in(record, name) for record in self.candidates}
        longest = max(parts.values(), default=0)
        if longest < 2 or longest < 0.7 * len(name):
            return None
        top = [record for record, length in parts.items() if length == longest]
        return self.latest(top)


class TrailReader:
    """Reads what was said into a trail. Immutable."""

    def __init__(
        self, records: Sequence[Record], names: NameIndex, fields: FieldReader, kinds: Kinds, mentions: MentionReader
    ) -> None:
        self._records = records
        self._names = names
        self._fields = fields
        self._kinds = kinds
        self._reader = mentions

    def read(self, history: Sequence[Turn]) -> Trail:
        """The trail of these turns, oldest first."""
        trail = Trail()
        step = 0
        beside = searching = False
        cue_at: int | None = None
        wanted: frozenset[str] = frozenset()
        for turn in history:
            squeezed = squeeze(turn.text)
            mentions = self._reader.known(turn.text, squeezed, trail.candidates)
            records = self._settle(mentions, trail)
            if turn.role == "user":
                searching = self._searches(squeezed)
                wanted = frozenset(self._kinds.last_in(squeezed)) if searching else frozenset()
                beside = AROUND.search(squeezed) is not None
                beside = beside and LISTING.search(squeezed) is not None and PICKING.search(squeezed) is None
                cue_at = self._asks_at(squeezed)
                span = None if records else self._reader.unknown(turn.text, squeezed, mentions, cue_at=cue_at)
                if span is not None and trail.part_of(squeezed[span.start : span.end], self._names) is None:
                    step += 1
                    name = squeezed[span.start : span.end]
                    trail.miss(name, self._kinds.of_name(name), 3.4, step)
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
                offered = self._reader.offered(turn.text, squeezed, mentions)
                if offered is None and searching and OFFERING.search(squeezed):
                    offered = "、".join(sorted(wanted)) or squeezed[:12]
                if offered is not None:
                    step += 1
                    trail.miss(offered, wanted or self._kinds.of_name(offered), 3.8, step)
                    continue
            if not records or (self._tells(squeezed, cue_at) and not urged):
                continue
            step += 1
            listed = fresh or aims or records
            alone, one_of_many = (2.2, 1.2) if beside else (3.8, 2.0)
            single = len(listed) == 1 and not self._reader.beside_unknown(squeezed, mentions)
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

    def _without_anchors(
        self, squeezed: str, mentions: Sequence[Mention], records: Sequence[int], trail: Trail
    ) -> list[int]:
        """The records that are not only the place something else is near ("甲的附近有乙": 乙)."""
        anchors = {
            record
            for mention in mentions
            if re.match(r"的?(?:周边|附近|旁边|周围)", squeezed[mention.end :])
            for record in self._settle([mention], trail)
        }
        return [record for record in records if record not in anchors]

    def _asks_at(self, squeezed: str) -> int | None:
        """Where the customer asks for a fact, or None; with a number in it, it is a wish ("人均100到150元")."""
        if any(char.isdigit() for char in squeezed):
            return None
        asked = self._fields.read([squeezed])
        return self._fields.cue_at(asked[0].column, squeezed) if asked and asked[0].score >= 0.8 else None

    def _settle(self, mentions: Sequence[Mention], trail: Trail) -> list[int]:
        """One record for each mention: where a form is shared, the one spoken of before or named more fully."""
        records: list[int] = []
        for mention in mentions:
            known = [record for record in mention.records if record in trail.candidates]
            same = len({self._names.keys[record] for record in mention.records}) == 1
            if same and not known:
                records.append(mention.records[0])
            elif known:
                records.append(trail.latest(known))
        return records
