"""Phonemes and their durations to a track of mouth shapes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from avatar.voice.phoneme import Phoneme
from avatar.voice.speech import Viseme, VisemeSpan


def track(phonemes: Sequence[Phoneme], ends: Sequence[int], stress: Sequence[float]) -> tuple[VisemeSpan, ...]:
    """Return contiguous spans of mouth shapes.

    `ends` are the phonemes' end positions in samples (48 kHz), the first begins at 0; `stress` is per syllable, 0..1.
    Neighbouring equal shapes of one syllable are one span. Gaps and punctuation marks belong to the sound before them:
    whether a mouth closes is decided by the signal (`silenced`), not by the text.
    """
    spans: list[VisemeSpan] = []
    owner = -2
    start = 0
    for phoneme, end in zip(phonemes, ends, strict=True):
        if end <= start:
            continue
        gap = phoneme.syllable < 0
        same = bool(spans) and phoneme.viseme is spans[-1].viseme and phoneme.syllable == owner
        if same or (spans and gap):
            spans[-1] = VisemeSpan(spans[-1].viseme, spans[-1].start, end, spans[-1].stress)
        else:
            force = 0.0 if gap else stress[phoneme.syllable]
            spans.append(VisemeSpan(Viseme.REST if gap else phoneme.viseme, start, end, force))
            owner = phoneme.syllable
        start = end
    return tuple(spans)


def silenced(
    spans: Sequence[VisemeSpan], silent: Sequence[tuple[int, int]], *, end: int, offset: int = 0
) -> tuple[VisemeSpan, ...]:
    """Return the spans with every stretch of `silent` closed to REST, filled up to `end` and moved by `offset`.

    A stretch is (start, end) in samples, sorted and apart. Sounds shorter than 10 ms that are left over are dropped.
    """
    out: list[VisemeSpan] = []
    at = 0
    for start, stop in (*silent, (end, end)):
        for span in spans:
            begin, finish = max(span.start, at), min(span.end, start)
            if finish - begin >= 480:
                out.append(VisemeSpan(span.viseme, begin, finish, span.stress))
        if stop > start:
            out.append(VisemeSpan(Viseme.REST, start, stop))
        at = stop
    filled: list[VisemeSpan] = []
    for span in out:
        before = filled[-1].end if filled else 0
        if filled and filled[-1].viseme is Viseme.REST is span.viseme:
            filled[-1] = VisemeSpan(Viseme.REST, filled[-1].start, span.end)
        else:
            filled.append(VisemeSpan(span.viseme, before, span.end, span.stress))
    covered = filled[-1].end if filled else 0
    if covered < end:
        filled.append(VisemeSpan(Viseme.REST, covered, end))
    return tuple(VisemeSpan(s.viseme, s.start + offset, s.end + offset, s.stress) for s in filled)


def stresses(phonemes: Sequence[Phoneme], durations: Sequence[int], energy: NDArray[np.float32]) -> list[float]:
    """Return how strongly each syllable is spoken, 0..1, by its loudest frame against the sentence's other syllables.

    `durations` are frames of each phoneme, `energy` is the log energy of each of those frames.
    """
    count = 1 + max((phoneme.syllable for phoneme in phonemes), default=-1)
    peaks = np.full(count, -np.inf)
    at = 0
    for phoneme, frames in zip(phonemes, durations, strict=True):
        if phoneme.syllable >= 0 and frames:
            loudest = float(energy[at : at + frames].max(initial=-np.inf))
            peaks[phoneme.syllable] = max(peaks[phoneme.syllable], loudest)
        at += frames
    known = peaks[np.isfinite(peaks)]
    if not len(known):
        return [0.0] * count
    low, high = np.percentile(known, [10, 95])
    scaled = np.clip((np.where(np.isfinite(peaks), peaks, low) - low) / max(high - low, 0.5), 0, 1)
    return [round(float(value), 3) for value in 0.25 + 0.75 * scaled]
