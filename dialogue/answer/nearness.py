"""What a question has in common with a text, by characters and pairs of them. Pure."""

from __future__ import annotations

import re

from dialogue.safety.numeral import folded
from knowledge import Evidence, Passage, Record

_PRESENT = re.compile(
    r"介绍|怎么样|说说|讲讲|讲一下|说一下|好不好|值得买|有什么(?:特点|优点|好处)|这(?:款|个|件|张|盏)|它|详细|了解"
)
_FILLER = re.compile(r"请问|你们|我们|一下|可以|怎么|什么|多少|有没有|是不是|能不能|[吗呢吧啊呀的了是我你您能有会]")


_NUMBERED = re.compile(r"[0-9一二两三四五六七八九十几]+[个只张把条件种]")
_ONLY_ASKS = frozenset(
    "的了吗呢吧啊呀么嘛啦哦不没有是能会可以要得到来去做用给让把被和跟与就都也还再又很太最更这那个些种样怎什如何哪谁几多少请问想知道我你您他她它们"
    "家店里在对于从过着下上一二两三四五六七八九十点时候久大小行好买卖钱后完先全现人另外吃喝拿带吧咋啥嗯喂老板时间收"
)
"""Characters that only make a question, or stand in every one."""


def weighty(text: str) -> set[str]:
    """The characters of a text that may say what it is about."""
    return {char for char in re.findall(r"[\u4e00-\u9fff]", folded(text)) if char not in _ONLY_ASKS}


def same_question(question: str, passage: Passage) -> bool:
    """Whether the FAQ's question is the customer's, nearly word for word (Dice over character pairs)."""
    ours, theirs = (pairs(folded(text)) for text in (question, passage.question or ""))
    return bool(ours and theirs) and 2 * len(ours & theirs) / (len(ours) + len(theirs)) >= 0.6


def beyond(question: str, record: Record) -> str:
    """What the question asks beside naming the record; empty when it asks to be told about it."""
    plain = folded(question)
    for name in sorted((record.name, record.id, *record.aliases), key=len, reverse=True):
        plain = plain.replace(name, " ") if name else plain
    return re.sub(r"[\W_]", "", _FILLER.sub("", _PRESENT.sub("", _NUMBERED.sub("", re.sub(r"[不没]\W*$", "", plain)))))


def overlap(wanted: str, text: str) -> float:
    """How much of the wanted words stands in a text: 1 for a shared pair of characters, 0.4 for a single one."""
    plain = folded(text)
    return len(pairs(wanted) & pairs(plain)) + 0.4 * len({char for char in wanted if char in plain})


def foreign(question: str, passage: Passage) -> bool:
    """Whether the passage shares not one meaningful character with the question: found by accident."""
    wanted = re.sub(r"[\W_]", "", _FILLER.sub("", folded(question)))
    return bool(wanted) and not overlap(wanted, f"{passage.heading or ''}{passage.question or ''}{passage.text}")


def nearest(evidence: Evidence) -> Passage | None:
    """The passage that holds most of the question's words, or None when none holds a third of them."""
    wanted = pairs(_FILLER.sub("", folded(evidence.question)))
    if not wanted:
        return None
    shares = [
        (len(wanted & pairs(folded(f"{p.heading or ''}{p.question or ''}{p.text}"))), p) for p in evidence.passages
    ]
    best = max(shares, key=lambda pair: pair[0], default=None)
    return best[1] if best and best[0] >= len(wanted) / 3 else None


def pairs(text: str) -> set[str]:
    """All pairs of neighbouring characters of a text, without punctuation."""
    compact = re.sub(r"\W", "", text.lower())
    return {compact[i : i + 2] for i in range(len(compact) - 1)}
