"""A customer who corrects what they typed: the last word counts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol, TypeVar

from dialogue.contact.kind import ContactKind

_WRONG = r"(?:不对|不是这个|(?:打|写|说|发|输|记|填)错|错了|错啦|更正|改成|改为)"
_CORRECTED = re.compile(_WRONG)
_AGAIN = re.compile(
    rf"[\s,。.…~]*(?:呃|啊|哎|额|哦)?[\s,。]*{_WRONG}(?:了|啦)?[\s,。.!:…~]*(?:一下)?(?:这次)?(?:应该|正确的?|对的)?(?:是|为)?[\s:,]*"
)


class _Found(Protocol):
    @property
    def kind(self) -> ContactKind: ...
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...


_Any = TypeVar("_Any", bound=_Found)


def without_corrected(text: str, found: Sequence[_Any]) -> list[_Any]:
    """`found` in folded `text`, less each contact that is followed by its own correction: 138…21，不对，是138…22."""
    ordered = sorted(found, key=lambda one: one.start)
    kept = []
    for index, one in enumerate(ordered):
        later = next(
            (other for other in ordered[index + 1 :] if other.kind == one.kind and other.start >= one.end), None
        )
        if later is None or not _CORRECTED.search(text, one.end, later.start):
            kept.append(one)
    return kept


def correction_end(text: str, start: int = 0) -> int | None:
    """Where the words end that take back what stood before `start` of folded `text` (打错了，是), or None."""
    match = _AGAIN.match(text, start)
    return match.end() if match else None
