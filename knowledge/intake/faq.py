"""Questions with their answers: from a table, from "问：… 答：…", from questions as headings or lines. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

from knowledge.document import Block, Table
from knowledge.table.catalogue import place
from knowledge.table.column import Role, recognise
from knowledge.table.value import split_list

_ASKED = re.compile(r"^\s*(?:\d{1,3}\s*[.、)）]\s*)?(?:问题|提问|问|q|question)\s*\d*\s*[:：.、]\s*(?P<text>.+)$", re.I)
_ANSWERED = re.compile(r"^\s*(?:答案|回答|答复|答|a|answer)\s*\d*\s*[:：.、]\s*(?P<text>.*)$", re.I)
_INLINE = re.compile(r"(?<=[？?。\s])\s*(?=(?:答案|回答|答|A)\s*[:：])")
_NUMBER = re.compile(r"^\s*(?:第?[一二三四五六七八九十\d]{1,3}\s*[条问.、)）:：]|[-*•·])\s*")
_QUESTION = re.compile(r"[^。！!；;\n]{2,40}[？?]\s*$")
_QUESTION_HEADING = re.compile(
    r"[^。！!；;\n]{2,40}(?:[？?]|吗|怎么办|怎么算|多少钱|多久)\s*$|(?:怎么|如何|为什么|能不能|可不可以|有没有|是否)[^。！!；;\n]{2,30}$"
)
LONGEST_ANSWER = 800
"""Characters below a question in a heading up to which they are its answer; more is prose."""
FEWEST_LINES = 3
"""Questions on lines of their own that make a document one of questions and answers."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One answered question."""

    question: str
    answer: str
    """As the merchant wrote it."""
    variants: tuple[str, ...] = ()
    """Further phrasings of the question."""
    about: str | None = None
    """Name or SKU of the record the pair belongs to, as written."""
    heading: str | None = None
    page: int | None = None
    line: int | None = None
    sheet: str | None = None


def faq_roles(table: Table, *, mapping: Mapping[str, str] | None = None) -> tuple[Role, ...] | None:
    """The roles of the columns if the table holds questions and answers, else None."""
    roles = recognise(table.header, mapping=mapping)
    return roles if {"question", "answer"} <= {role.name for role in roles} else None


def read_pairs(table: Table, roles: Sequence[Role]) -> tuple[tuple[Pair, ...], tuple[str, ...]]:
    """(pairs, notes): a row with a question and no answer, or the reverse, is left out and noted."""
    at = {role.name: role.index for role in roles}
    pairs: list[Pair] = []
    notes = []
    for row in table.rows:
        question, answer = row.cells[at["question"]].strip(), row.cells[at["answer"]].strip()
        if not question and not answer:
            continue
        if not question or not answer:
            missing = "答案" if question else "问题"
            notes.append(f"{place(table, row)}：缺少{missing}，这一行没有收录")
            continue
        about = next((cell for name in ("sku", "name") if name in at and (cell := row.cells[at[name]].strip())), None)
        variants = split_list(row.cells[at["variants"]]) if "variants" in at else None
        category = row.cells[at["category"]].strip() if "category" in at else ""
        pairs.append(
            Pair(
                question=" ".join(question.split()),
                answer=answer,
                variants=variants or (),
                about=about,
                heading=category or table.title,
                page=table.page,
                line=row.line,
                sheet=table.sheet,
            )
        )
    return tuple(pairs), tuple(notes)


def take_pairs(blocks: Iterable[Block]) -> tuple[tuple[Pair, ...], tuple[Block, ...]]:
    """(pairs, what is left): "问：…" followed by "答：…" becomes a pair; an answer may go on over several lines.

    Lines after an answer belong to it until an empty line, a heading or the next question. A question as a heading is
    answered by what stands right below it, and questions on lines of their own by the paragraph that follows.
    """
    marked, unmarked = _marked(blocks)
    headed, left = _headed(unmarked)
    lined, rest = _lined(left)
    return (*marked, *headed, *lined), rest


def _headed(blocks: Iterable[Block]) -> tuple[list[Pair], list[Block]]:
    """The pairs whose question is the innermost heading."""
    pairs: list[Pair] = []
    rest: list[Block] = []
    for (heading, sheet), group in groupby(blocks, key=lambda block: (block.heading, block.sheet)):
        below = list(group)
        above, _, last = (heading or "").rpartition(" > ")
        question = _NUMBER.sub("", last).strip()
        answer = "\n".join(block.text.strip() for block in below).strip()
        if _QUESTION_HEADING.fullmatch(question) and 0 < len(answer) <= LONGEST_ANSWER:
            first = below[0]
            pairs.append(Pair(question, answer, (), None, above or None, first.page, first.line, sheet))
        else:
            rest += below
    return pairs, rest


def _lined(blocks: Sequence[Block]) -> tuple[list[Pair], tuple[Block, ...]]:
    """The pairs whose question is a line of its own, in a document that has several of them."""
    parts = [part for block in blocks for part in _parted(block)]
    found = [
        (asked, told)
        for asked, told in pairwise(parts)
        if _is_question(asked.text) and not _is_question(told.text) and asked.heading == told.heading
    ]
    if len(found) < FEWEST_LINES:
        return [], tuple(blocks)
    taken = {id(block) for pair in found for block in pair}
    pairs = [
        Pair(_NUMBER.sub("", a.text).strip(), told.text.strip(), (), None, a.heading, a.page, a.line, a.sheet)
        for a, told in found
    ]
    return pairs, tuple(part for part in parts if id(part) not in taken)


def _parted(block: Block) -> tuple[Block, ...]:
    """A question on a block's first line, and the lines below it; else the block as it is."""
    first, _, below = block.text.strip().partition("\n")
    if not below.strip() or not _is_question(first):
        return (block,)
    return replace(block, text=first), replace(block, text=below)


def _is_question(line: str) -> bool:
    return _QUESTION.fullmatch(_NUMBER.sub("", line.strip())) is not None


def _marked(blocks: Iterable[Block]) -> tuple[list[Pair], list[Block]]:
    """The pairs that are marked as such, "问：… 答：…"."""
    pairs: list[Pair] = []
    rest: list[Block] = []
    asked: tuple[Block, str] | None = None
    answer: list[str] = []

    def close() -> None:
        nonlocal asked, answer
        if asked is not None:
            block, question = asked
            if answer and "".join(answer).strip():
                text = "\n".join(answer).strip()
                pairs.append(Pair(question, text, (), None, block.heading, block.page, block.line, block.sheet))
            else:
                rest.append(Block(block.text, block.heading, block.page, block.line, block.sheet))
        asked, answer = None, []

    for block in blocks:
        if asked is not None and answer:
            if block.heading != asked[0].heading or not _ANSWERED.match(block.text):
                close()
        plain: list[str] = []
        for line in _INLINE.sub("\n", block.text).split("\n"):
            question, answered = _ASKED.match(line), _ANSWERED.match(line)
            if question:
                close()
                asked = (Block(line, block.heading, block.page, block.line, block.sheet), question["text"].strip())
            elif asked is not None and answered and not answer:
                answer.append(answered["text"].strip())
            elif asked is not None and answer and line.strip():
                answer.append(line.strip())
            elif asked is not None and not answer and not line.strip():
                continue
            else:
                close()
                plain.append(line)
        if any(line.strip() for line in plain):
            rest.append(Block("\n".join(plain), block.heading, block.page, block.line, block.sheet))
    close()
    return pairs, rest
