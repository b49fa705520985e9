"""The names in a text: those of records, and those that no record has.

A known name counts only where it stands by itself, not inside a longer name ("故宫餐厅" is not 故宫); a stretch that no
everyday word explains and that is brought up, taken up or asked about like a name is an unknown one.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Sequence

from knowledge.folding import name_key
from knowledge.question.field import NEVER_ASKED
from knowledge.question.filler import EVERYDAY, Fillers, NameSpan
from knowledge.question.kind import Kinds
from knowledge.question.names import BASE, FULL, SHORT, Mention, NameIndex
from knowledge.record import Record

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


class MentionReader:
    """Reads the names in texts about one catalogue. Immutable."""

    def __init__(self, records: Sequence[Record], names: NameIndex, kinds: Kinds, titles: Iterable[str]) -> None:
        """`titles` of columns are words that stand in no name."""
        self._records = records
        self._names = names
        self._kinds = kinds
        self._fillers = Fillers(
            known={name_key(title) for title in titles},
            items=_items(records),
            heads=names.prefixes,
            tails=names.tails | kinds.words,
        )

    def known(self, text: str, squeezed: str, spoken: Container[int]) -> list[Mention]:
        """Names of records in a text, those left out that are only a part of a longer, unknown one.

        `spoken` are the records that came up before: for them a weaker form of the name suffices.
        """
        found = [
            mention
            for mention in self._names.find(squeezed)
            if mention.strength >= SHORT or any(record in spoken for record in mention.records)
        ]
        qualifiers = _qualifiers(text)
        taken = [(mention.start, mention.end) for mention in found]
        spans = self._fillers.spans(squeezed, taken)
        return [mention for mention in found if not self._embedded(squeezed, mention, qualifiers, spans, spoken)]

    def unknown(
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

    def offered(self, text: str, squeezed: str, mentions: Sequence[Mention]) -> str | None:
        """What an answer to a search offers although no record is called so, or None."""
        best: NameSpan | None = None
        taken = [(mention.start, mention.end) for mention in mentions]
        for span in self._fillers.spans(squeezed, taken, forced=_loose_qualifiers(text, squeezed, taken)):
            if span.likely >= 2 and (best is None or span.weight > best.weight):
                best = span
        return squeezed[best.start : best.end] if best is not None else None

    def beside_unknown(self, squeezed: str, mentions: Sequence[Mention]) -> bool:
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

    def _embedded(
        self,
        squeezed: str,
        mention: Mention,
        qualifiers: Sequence[str],
        spans: Sequence[NameSpan],
        spoken: Container[int],
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
        if mention.strength < FULL and any(record in spoken for record in mention.records):
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
        kind = self._kinds.word_at_start(rest)
        if beyond_kind:
            behind = at + len(kind)
            return not kind or self._fillers.explains(squeezed, behind) or squeezed[behind] in EVERYDAY
        return bool(kind) or self._fillers.explains(squeezed, at) or rest[:1] in EVERYDAY

    def _followed_by_other_kind(self, form: str, rest: str, mention: Mention) -> bool:
        """Whether a word for another kind of thing follows: "故宫餐厅" is not 故宫, "香山公园" not 香山饭店."""
        return any(
            not any(
                self._records[record].kind == kind or form + word in self._names.keys[record]
                for record in mention.records
            )
            for kind, word in self._kinds.at_start(rest)
        )


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
