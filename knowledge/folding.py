"""Text made comparable: one width, one case, no spaces; and the terms the sparse index counts.

Everything here is a plain function of its arguments.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

SEPARATORS = frozenset("，。？！；、,?!;\n\r\t")
"""What ends a clause; kept by `squeeze` as "|" so that a name never matches across two clauses."""

_RUN = re.compile(r"[㐀-䶿一-鿿\U00020000-\U0002ffff]+|[0-9]+(?:\.[0-9]+)*|[^\W\d_㐀-鿿]+")
_CLAUSE = re.compile(r"[，。？！；,?!;\n\r…~]+")


_ASKING_WORDS = re.compile(
    r"请问|麻烦|你好|您好|你们家?|您们|我们|咱们|怎么样|怎么办|怎么|怎样|如何|什么|为什么|是不是|有没有|能不能|可不可以|会不会|可以|多少|几个"
    r"|哪里|哪儿|哪个|哪些|哪款|这个|那个|这款|那款|一下|一个|告诉|想问|想要|知道|时候|[吗呢吧啊呀么嘛啦]"
)


def content_of(question: str) -> str:
    """The question without the words that only make it a question, or unchanged when nothing else is left."""
    left = _ASKING_WORDS.sub(" ", question)
    return left if any(char.isalnum() for char in left) else question


def fold(text: str) -> str:
    """NFKC, lower case, every space removed: the form in which two texts are compared."""
    return "".join(unicodedata.normalize("NFKC", text).lower().split())


def squeeze(text: str) -> str:
    """The folded text with letters and digits only; a clause's end becomes "|", every other sign vanishes."""
    out: list[str] = []
    for char in unicodedata.normalize("NFKC", text).lower():
        if char.isalnum():
            out.append(char)
        elif char in SEPARATORS and out and out[-1] != "|":
            out.append("|")
    return "".join(out).strip("|")


def name_key(name: str) -> str:
    """A name as `squeeze` would show it inside a sentence, with no separator left in it."""
    return "".join(char for char in unicodedata.normalize("NFKC", name).lower() if char.isalnum())


def clauses(text: str) -> list[str]:
    """The sentence cut at its punctuation, empty parts dropped."""
    return [part.strip() for part in _CLAUSE.split(text) if part.strip()]


def terms(text: str) -> Iterator[str]:
    """Sparse terms of a text in order: character bigrams of Chinese runs, whole words and numbers otherwise.

    A Chinese run of one character yields that character, so that no text is without terms.
    """
    for match in _RUN.finditer(unicodedata.normalize("NFKC", text).lower()):
        run = match.group()
        if not _is_han(run[0]) or len(run) == 1:
            yield run
        else:
            for start in range(len(run) - 1):
                yield run[start : start + 2]


def _is_han(char: str) -> bool:
    return "㐀" <= char <= "鿿" or char >= "\U00020000"
