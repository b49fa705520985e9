"""The kinds of things a catalogue holds (酒店, 沙发), by the words customers use for them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from knowledge.folding import name_key
from knowledge.question.names import NameIndex
from knowledge.record import Record

ALIKE = (
    ("酒店", "宾馆", "旅馆", "旅店", "民宿", "客栈", "住的地方", "住宿"),
    ("餐馆", "餐厅", "饭店", "饭馆", "馆子", "食堂", "吃饭的地方", "美食"),
    ("景点", "景区", "景观", "名胜", "公园", "博物馆", "玩的地方"),
    ("课程", "课", "班", "培训"),
    ("手机", "电话机", "机型"),
)
"""Words people use for the same kind of thing; joined with the catalogue's own kinds."""


class Kinds:
    """The words for each kind of one catalogue. Immutable."""

    def __init__(self, records: Sequence[Record], names: NameIndex) -> None:
        self._words = _words(records, names)
        self.words = frozenset(name_key(word) for words in self._words.values() for word in words)
        """The words of all kinds."""
        self._long_words = tuple(sorted(word for word in self.words if len(word) >= 2))

    def of_name(self, name: str) -> frozenset[str]:
        """The kinds whose words end the name; empty when unknown."""
        return frozenset(kind for kind, words in self._words.items() if any(name.endswith(word) for word in words))

    def last_in(self, squeezed: str) -> set[str]:
        """The kinds whose word stands last in the question: "这家酒店", "那款沙发"."""
        last: tuple[int, int] = (-1, 0)
        kinds: set[str] = set()
        for kind, words in self._words.items():
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

    def word_at_start(self, rest: str) -> str:
        """The longest word for a kind, of two characters or more, that the text begins with; "" for none."""
        return max((word for word in self._long_words if rest.startswith(word)), key=len, default="")

    def at_start(self, rest: str) -> Iterator[tuple[str, str]]:
        """Each kind with a word of it, of two characters or more, that the text begins with."""
        for kind, words in self._words.items():
            for word in words:
                if len(word) >= 2 and rest.startswith(word):
                    yield kind, word


def _words(records: Sequence[Record], names: NameIndex) -> dict[str, tuple[str, ...]]:
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
