"""Questions that lean on what was said before: "那五楼呢", "第一个保修几年". Pure.

What they leave out is put in from the question before, or from the products that were named last.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from dialogue.answer.naming import named
from dialogue.safety.numeral import folded
from knowledge import Passage, Record

LONGEST = 14
"""Characters up to which a question may lean on the one before."""
_LEANS = re.compile(
    r"^\W*(?:那|那么|要是|如果|万一|还有|也)|呢\W*$|^\W*(?:要|想要|有没有|能不能)?[^，。]{1,6}的(?:话)?(?:呢|吗|么|行吗|可以吗)?\W*$"
)
HELD = 0.4
"""Share of a follow-up's characters that its answer has to hold."""
_SHORT = 7
"""Characters up to which every question may."""
_EMPTY = frozenset("的了吗呢吧啊呀么嘛那要是如果有没不能可以会行话还也这个我你您它在就都说想问")
_ORDINAL = re.compile(
    r"(?:第([一二三四五1-5])(?:个|款|种|张|把|盏|条|件|瓶|盒|袋|项|套)|(前者|前面(?:那|这)?个|前一个)|(后者|后面(?:那|这)?个|后一个|最后(?:那|一|这)?个))"
)


def leans(question: str) -> bool:
    """Whether a question may leave out what it is about."""
    plain = re.sub(r"[\W_]", "", question)
    return len(plain) <= _SHORT or (len(plain) <= LONGEST and _LEANS.search(question) is not None)


def joined(previous: str, question: str, records: Sequence[Record]) -> str:
    """The question with what the one before it asked; a product named now takes the place of the one named then."""
    now, then = named(question, records), named(previous, records)
    rest = re.sub(r"^\W*那么?|呢\W*$|[?？]", "", question)
    if not now or not then or re.sub(r"[\W_]", "", _without(rest, records)):
        return f"{previous}，{rest}"
    plain = folded(previous)
    for one in reversed(then):
        plain = f"{plain[: one.start]}{now[0].word if one is then[0] else ''}{plain[one.end :]}"
    return plain


def says(passage: Passage, question: str) -> bool:
    """Whether a passage holds a word of the follow-up itself, so that it may answer it."""
    whole = f"{passage.question or ''}{passage.text}"
    return holds(whole, question)


def holds(text: str, question: str) -> bool:
    """Whether a good part of what a follow-up says stands in a text."""
    said = [char for char in re.sub(r"[\W_]", "", question) if char not in _EMPTY]
    return bool(said) and sum(char in text for char in said) >= HELD * len(said)


def pointed(text: str, offered: Sequence[str]) -> str:
    """The text with "第二个" put by the name of what was offered in that place; the text where nothing was."""
    found = _ORDINAL.search(folded(text))
    if not found or len(offered) < 2 or re.search(r"第.{1,2}个(?:月|小时|星期|问题)", text):
        return text
    if found[1]:
        at = int(found[1]) - 1 if found[1].isdigit() else "一二三四五".index(found[1])
    else:
        at = 0 if found[2] else len(offered) - 1
    if at >= len(offered):
        return text
    plain = folded(text)
    return f"{plain[: found.start()]}{offered[at]}{plain[found.end() :]}"


def _without(text: str, records: Sequence[Record]) -> str:
    plain = folded(text)
    for one in reversed(named(text, records)):
        plain = plain[: one.start] + plain[one.end :]
    return "".join(char for char in plain if char not in _EMPTY)
