"""Where words end in written Chinese: the likeliest division by the counts of some sixty thousand common words.

It is there for captions, which must not break inside a word, and costs less than 1 MB of memory. A voice that reads
polyphones needs a full dictionary and brings its own.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

_LONGEST = 4
_TOTAL = 26
"""Binary logarithm of the count of all words."""
_UNKNOWN = 1
"""That of a character which is not in the list."""
_HAN = re.compile(r"[㐀-鿿]+")


def word_ends(text: str) -> frozenset[int]:
    """Return the positions (1..len(text) - 1) between two Han characters at which one word ends and the next begins."""
    ends: set[int] = set()
    for run in _HAN.finditer(text):
        at = run.start()
        for length in _divide(run[0]):
            at += length
            ends.add(at)
        ends.discard(run.end())
    return frozenset(ends)


@lru_cache(maxsize=256)
def _divide(run: str) -> tuple[int, ...]:
    """Return the lengths of the words of a run of Han characters."""
    codes = np.frombuffer(run.encode("utf-16-le"), "<u2").astype(np.uint64)
    counts = [_counts(codes, length) for length in range(1, min(_LONGEST, len(run)) + 1)]
    best = [0.0] + [float("-inf")] * len(run)
    back = [0] * (len(run) + 1)
    for begin in range(len(run)):
        for length, known in enumerate(counts, 1):
            if begin + length > len(run):
                break
            count = int(known[begin])
            if not count and length > 1:
                continue
            value = best[begin] + max(count, _UNKNOWN) - _TOTAL
            if value > best[begin + length]:
                best[begin + length], back[begin + length] = value, length
    lengths = []
    at = len(run)
    while at:
        lengths.append(back[at])
        at -= back[at]
    return tuple(reversed(lengths))


def _counts(codes: NDArray[np.uint64], length: int) -> NDArray[np.uint8]:
    """Return the logarithm of the count of the word of `length` characters at each place; 0 where there is none."""
    keys, counts = _words()
    asked = _keys(np.lib.stride_tricks.sliding_window_view(codes, length))
    found = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
    return np.where(keys[found] == asked, counts[found], 0).astype(np.uint8)


def _keys(characters: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Pack words of up to four characters, (n, length), into one number each."""
    keys = np.zeros(len(characters), np.uint64)
    for column in range(characters.shape[1]):
        keys = (keys << np.uint64(16)) | characters[:, column]
    return keys


@lru_cache(maxsize=1)
def _words() -> tuple[NDArray[np.uint64], NDArray[np.uint8]]:
    """Read the list: the packed words in order, and the logarithm of each one's count; the shop's come first."""
    keys, counts = [], []
    for line in resources.files("avatar.voice.text").joinpath("words.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        length, count, words = line.split(" ")
        codes = np.frombuffer(words.encode("utf-16-le"), "<u2").astype(np.uint64)
        keys.append(_keys(codes.reshape(-1, int(length))))
        counts.append(np.full(len(keys[-1]), int(count), np.uint8))
    joined = np.concatenate(keys)
    order = np.argsort(joined, kind="stable")  # of two entries the first counts
    return joined[order], np.concatenate(counts)[order]
