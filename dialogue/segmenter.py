"""Text into sentences, whole or while it is still arriving."""

from __future__ import annotations

import re

MAX_SENTENCE = 120
"""Characters after which a sentence is broken at its last comma, so that speech can begin."""

_END = re.compile(r"(?:[。！？!?；;…]+|\n+)[”’」』）)\]】]*")
_SOFT = re.compile(r"[，、,：:]")


class Segmenter:
    """Cuts a stream of text into sentences. `push` gives those that are complete, `flush` the rest."""

    def __init__(self, *, max_length: int = MAX_SENTENCE) -> None:
        self._max_length = max_length
        self._buffer = ""

    def push(self, text: str) -> list[str]:
        """Add text; returns the sentences that ended in it, without surrounding space."""
        self._buffer += text
        sentences: list[str] = []
        while True:
            cut = self._cut()
            if cut is None:
                return sentences
            sentence, self._buffer = self._buffer[:cut].strip(), self._buffer[cut:]
            if sentence:
                sentences.append(sentence)

    def flush(self) -> list[str]:
        """The unfinished rest as a last sentence, if there is one."""
        sentence, self._buffer = self._buffer.strip(), ""
        return [sentence] if sentence else []

    def _cut(self) -> int | None:
        for end in _END.finditer(self._buffer):
            # The mark at the very end may still grow ("？！", a closing quote): wait for what follows.
            if end.end() < len(self._buffer):
                return end.end()
        if len(self._buffer) > self._max_length:
            soft = [m.end() for m in _SOFT.finditer(self._buffer, 0, self._max_length)]
            return soft[-1] if soft else self._max_length
        return None


def sentences(text: str) -> list[str]:
    """The sentences of a whole text, each with its closing mark."""
    segmenter = Segmenter(max_length=max(MAX_SENTENCE, 1))
    return segmenter.push(text) + segmenter.flush()


def clauses(text: str) -> list[str]:
    """The clauses of a text: cut at commas too, marks dropped."""
    return [part for part in re.split(r"[，、,。！？!?；;…\n]+", text) if part.strip()]


def spoken(text: str) -> str:
    """A sentence for the ear: a semicolon at its end becomes a full stop."""
    return f"{text[:-1]}。" if text and text[-1] in "；;" else text


def finished(text: str) -> str:
    """The text with a closing mark, so that it can stand as a sentence."""
    text = text.strip()
    return text if not text or text[-1] in "。！？!?…；;”’」』）)" else f"{text}。"
