"""Extractive compression: the sentences of a passage that answer a question, word for word and in order."""

from __future__ import annotations

import math
import re
from collections import Counter

from dialogue.safety.numeral import folded
from dialogue.segmenter import finished, sentences

_FILLER = re.compile(
    r"请问|你们|我们|您好|你好|想问|一下|可以|怎么|什么|多少|有没有|是不是|能不能|吗|呢|吧|啊|呀|的|了|是|我|你|您|？|\?|，|。|！"
)


def _pairs(text: str) -> Counter[str]:
    compact = re.sub(r"[^\w]", "", folded(text).lower())
    return Counter(compact[i : i + 2] for i in range(len(compact) - 1))


def compress(text: str, question: str, *, limit: int = 2, characters: int = 140) -> list[str]:
    """At most `limit` sentences (`characters` in all) of `text`, those nearest to the question, in their own order.

    Nearness is the share of the question's character pairs that a sentence holds, rarer pairs counting more, damped by
    the sentence's length. A table row or heading counts as a sentence. Only an empty text gives an empty list.
    """
    parts = [part for line in text.splitlines() for part in sentences(line) if not re.fullmatch(r"[\s|:\-#*]*", part)]
    parts = [_plain(part) for part in parts]
    parts = [part for part in parts if not is_title(part)] or parts
    if not parts:
        return []
    wanted = _pairs(_FILLER.sub(" ", question)) or _pairs(question)
    rows = [_pairs(part) for part in parts]
    spread = Counter(pair for row in rows for pair in row)
    weights = {pair: math.log(1 + len(rows) / spread[pair]) for pair in wanted if pair in spread}
    scores = [
        sum(weight for pair, weight in weights.items() if pair in row) / math.sqrt(8 + sum(row.values()))
        for row in rows
    ]
    order = sorted(range(len(parts)), key=lambda i: (-scores[i], i))
    best = scores[order[0]]
    chosen: list[int] = []
    used = 0
    for index in order:
        if len(chosen) == limit or (chosen and scores[index] < 0.5 * best):
            break
        if chosen and used + len(parts[index]) > characters:
            continue
        chosen.append(index)
        used += len(parts[index])
    said = [finished(parts[i]) for i in sorted(chosen)]
    return [*said[:-1], finished(said[-1].rstrip("；;"))]


def is_title(part: str) -> bool:
    """Whether a part only names what follows it: short, without a sign of its own."""
    return len(part) <= 12 and re.search(r"[，。；：,.;:!！?？、\d]", part) is None


def _plain(line: str) -> str:
    """A line without Markdown's marks; a table row becomes its cells."""
    line = re.sub(r"^\s*(?:#+|[-*+]|\d+[.、)])\s+", "", line.strip())
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    if len(cells) > 1:
        line = "，".join(cell for cell in cells if cell)
    return re.sub(r"[*_`]{1,3}", "", line).strip()
