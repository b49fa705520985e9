"""Whether a question means the same as one that the shop has answered, in other words. Pure.

Bigrams find "可以开发票吗" for "能开发票么"; for "男的能来做吗" and "男士可以做吗" it takes the vectors of both
questions. What vectors cannot tell is that one thing was put for another: "牛奶过敏能吃吗" is near "对花生过敏能吃吗".
So an answer counts as the same only where nothing of weight is left over on both sides.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from knowledge.evidence import Passage
from knowledge.folding import content_of, fold, terms

SAME = 0.66
"""Strength from which a question is taken for the same."""
RELATED = 0.7
"""Strength from which the answer is about the same matter."""
WITHIN = 0.2
"""Cosine below the nearest within which the words decide."""
_FLOOR = 0.25
"""Cosine of unrelated questions, where there are too few to measure it."""
_FUNCTION = frozenset(
    "的了吗呢吧啊呀么嘛啦哦喔哈不没有是能会可以要得到来去做用给让把被和跟与就都也还再又很太最更这那个些种样么怎什如何哪谁几多少请问想知道我你您他她它们家店里在对于从过着下上一二两三点时候久大不行好买卖收费钱后完先全现人另外"
)
"""Characters that only make a question, or ask what every question asks."""


@dataclass(frozen=True, slots=True)
class Alike:
    """The answered question that is nearest to the one asked."""

    passage: Passage
    strength: float
    """0..1 and more: how near it is, and how much nearer than the next."""
    differs: bool
    """Something else is asked about than there."""
    swapped: bool = False
    """The same is asked of another thing: of milk what is answered for peanuts."""

    @property
    def same(self) -> bool:
        """Whether its answer answers the question."""
        return self.strength >= SAME and not self.differs

    @property
    def related(self) -> bool:
        """Whether its answer at least is about the same matter."""
        return self.strength >= RELATED


def nearest(question: str, faqs: Sequence[tuple[Passage, float]]) -> Alike | None:
    """The nearest of the FAQ passages, given with the cosine of their question to this one; None without any.

    Cosines are read against what is usual among these questions, so that the scale of the embedder does not matter.
    """
    ranked = sorted(faqs, key=lambda pair: (-pair[1], pair[0].id))
    if not ranked:
        return None
    best, cosine = ranked[0]
    differs = _differs(question, best)
    if differs:
        best = _closest(question, [passage for passage, other in ranked[:4] if other >= cosine - WITHIN])
    others = [other for passage, other in ranked[1:] if passage.text != best.text]
    floor = max(_FLOOR, median(others[2:])) if len(others) >= 6 else _FLOOR
    lead = cosine - (others[0] if others else floor)
    span = max(1e-6, 1 - floor)
    strength = (cosine - floor) / span + lead / span
    return Alike(best, round(strength, 4), differs, _swapped(question, best.question or ""))


def telling(text: str) -> set[str]:
    """The pairs of characters of a question that may be its subject ("顺丰", "指定"), without those that only ask."""
    return {term for term in terms(content_of(text)) if len(term) == 2 and not set(term) & (_FUNCTION - {"到"})}


def _closest(question: str, passages: Sequence[Passage]) -> Passage:
    """Of passages nearly as near, the one that holds most of what is asked: the address, or the opening hours."""
    asked = set(_weighty(question))

    def held(passage: Passage) -> int:
        return len(asked & set(fold(f"{passage.question or ''}{passage.text}")))

    return max(passages, key=held)


def _differs(question: str, passage: Passage) -> bool:
    """Whether both sides hold something of weight that the other lacks."""
    asked, answered = _weighty(question), _weighty(passage.question or "")
    whole = set(fold(f"{passage.question or ''}{passage.text}"))
    left = [char for char in asked if char not in whole]
    other = [char for char in answered if char not in asked]
    return len(left) >= 2 or bool(left and other) or (len(asked) < 2 <= len(other))


def _swapped(question: str, answered: str) -> bool:
    """Whether two questions are the same but for one word of each."""
    asked, there = _weighty(question), _weighty(answered)
    left = [char for char in asked if char not in there]
    other = [char for char in there if char not in asked]
    return len(left) >= 2 and len(other) >= 2 and len(left) < len(asked) and len(asked) - len(left) >= len(left)


def _weighty(text: str) -> list[str]:
    return [char for char in re.sub(r"[\W_]", "", fold(text)) if char not in _FUNCTION]
