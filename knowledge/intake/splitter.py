"""Running text → passages of at most a few hundred characters that begin and end where a sentence does. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from knowledge.document import Block

_SEPARATORS = ["\n\n", "\n", "。", "！", "？", "!", "?", "；", ";", ". ", "，", ",", "、", " ", ""]
_BLANKS = re.compile(r"[ \t\u00a0\u3000]+")


def split_blocks(blocks: Iterable[Block], *, limit: int = 400) -> Iterator[Block]:
    """Blocks of at most `limit` characters: neighbours under one heading are joined, long ones are cut at sentences.

    A joined block stands where its first part stood. Nothing is dropped and nothing overlaps.
    """
    # Here and not above: who only reads knowledge does not wait for this import.
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    splitter = RecursiveCharacterTextSplitter(
        separators=_SEPARATORS, chunk_size=limit, chunk_overlap=0, keep_separator="end", strip_whitespace=True
    )
    waiting: list[Block] = []
    length = 0
    for block in blocks:
        text = tidy(block.text)
        if not text:
            continue
        same = waiting and (waiting[0].heading, waiting[0].page, waiting[0].sheet) == (
            block.heading,
            block.page,
            block.sheet,
        )
        if waiting and (not same or length + 1 + len(text) > limit):
            yield _joined(waiting)
            waiting, length = [], 0
        if len(text) > limit:
            for part in splitter.split_text(text):
                yield Block(part, block.heading, block.page, block.line, block.sheet)
            continue
        waiting.append(Block(text, block.heading, block.page, block.line, block.sheet))
        length += len(text) + (1 if length else 0)
    if waiting:
        yield _joined(waiting)


def tidy(text: str) -> str:
    """Spaces folded, line ends unified, empty lines and ends taken off; the words stay as they are."""
    lines = (_BLANKS.sub(" ", line).strip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    return "\n".join(line for line in lines if line)


def _joined(blocks: list[Block]) -> Block:
    first = blocks[0]
    return Block("\n".join(block.text for block in blocks), first.heading, first.page, first.line, first.sheet)
