"""Mouth shapes for speech that came without phoneme durations: from its word boundaries, or from the signal alone.

The text's phonemes have typical lengths (means over Kokoro's own durations). They are laid over the stretches in which
the signal is loud; pauses in the text are matched to silences first, so an error does not travel past a pause.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avatar.voice.phoneme import Phoneme
from avatar.voice.speech import VisemeSpan
from avatar.voice.viseme import silenced, track

Samples = NDArray[np.float32]

_STEP = 480
"""Samples of an energy frame: 10 ms."""
_BELOW_PEAK_DB = 32.0
_SILENCE_STEPS = 8
"""Frames of quiet that count as a pause."""
_CLICK_STEPS = 3
_MARKS = ",.!?;:"
_FINAL = 0.75
"""The loud part of a phrase's last syllable is so much of a usual one: its end fades under the threshold."""

_LENGTHS: Mapping[str, float] = {
    **dict.fromkeys("pbtdkɡ", 1.6), **dict.fromkeys("ʨʦꭧɕsʂfxh", 2.0), **dict.fromkeys("mnlŋɻ", 1.6),
    **dict.fromkeys("jwɥ", 1.5), **dict.fromkeys("aeiouyɤəɛɔʊɨɚ", 2.2), "ʰ": 0.8, **dict.fromkeys("→↗↓↘", 2.3),
    **dict.fromkeys("ˈˌː", 0.4), " ": 0.6,
}  # fmt: skip
"""Typical length of a symbol in frames of 25 ms; others count 2."""


@dataclass(frozen=True, slots=True)
class WordBoundary:
    """A word and where the engine says it lies, in samples at 48 kHz."""

    text: str
    start: int
    end: int


def align(
    phonemes: Sequence[Phoneme], samples: Samples, boundaries: Sequence[WordBoundary] = ()
) -> tuple[VisemeSpan, ...]:
    """Return the mouth shapes of `samples` (mono, 48 kHz), contiguous from 0 to its end."""
    loud, energy = _loudness_frames(samples)
    silent = _silences(loud, len(samples))
    if not phonemes or not loud.any():
        return silenced((), [(0, len(samples))], end=len(samples)) if len(samples) else ()
    anchors = _anchors(phonemes, boundaries) or _phrases(phonemes, silent, len(samples))
    ends = [0] * len(phonemes)
    for first, last, start, end in anchors:
        _lay(phonemes, ends, first, last, *_inside(silent, start, end))
        if first:  # nothing of this stretch may begin earlier: what comes before lasts until then
            ends[first - 1] = start
    ends = [int(at) for at in np.maximum.accumulate(ends)]
    spans = track(phonemes, ends, _stress(phonemes, ends, energy))
    return silenced(spans, silent, end=len(samples))


def _loudness_frames(samples: Samples) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    count = len(samples) // _STEP
    frames = samples[: count * _STEP].reshape(count, _STEP).astype(np.float64)
    level = 10 * np.log10((frames**2).mean(axis=1) + 1e-10)
    threshold = max(-60.0, float(level.max(initial=-100)) - _BELOW_PEAK_DB)
    return level > threshold, level


def _silences(loud: NDArray[np.bool_], end: int) -> list[tuple[int, int]]:
    """Pauses as (start, end) in samples; at either end of the signal any quiet counts, and what is left of a frame.

    A click of up to 30 ms between two pauses does not part them.
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], ~loud, [False]]).astype(np.int8))).reshape(-1, 2)
    found: list[tuple[int, int]] = []
    for a, b in edges.tolist():
        if b - a < _SILENCE_STEPS and 0 < a and b < len(loud):
            continue
        start, stop = a * _STEP, (end if b == len(loud) else b * _STEP)
        if found and start - found[-1][1] <= _CLICK_STEPS * _STEP:
            found[-1] = (found[-1][0], stop)
        else:
            found.append((start, stop))
    return found


def _anchors(phonemes: Sequence[Phoneme], boundaries: Sequence[WordBoundary]) -> list[tuple[int, int, int, int]]:
    """(first phoneme, last + 1, start, end) of every word the engine reported; empty when they do not fit the text."""
    starts: dict[int, int] = {}
    for index, phoneme in enumerate(phonemes):
        starts.setdefault(phoneme.syllable, index)
    starts.pop(-1, None)
    count = len(starts)
    found, syllable = [], 0
    for word in boundaries:
        many = len(re.findall(r"[㐀-鿿]|[A-Za-z]+", word.text))
        if not many:
            continue
        if syllable + many > count:
            return []
        after = starts.get(syllable + many, len(phonemes))
        found.append((starts[syllable], after, word.start, word.end))
        syllable += many
    return found if syllable == count else []


def _phrases(
    phonemes: Sequence[Phoneme], silent: Sequence[tuple[int, int]], end: int
) -> list[tuple[int, int, int, int]]:
    """Match the text's phrases to the stretches of speech between silences, in order, by their lengths."""
    texts: list[tuple[int, int, float]] = []
    first = 0
    for index, phoneme in enumerate(phonemes):
        after_mark = index > 0 and phonemes[index - 1].symbol in _MARKS and phoneme.symbol == " "
        if index + 1 == len(phonemes) or after_mark:
            texts.append((first, index + 1, sum(_length(p) for p in phonemes[first : index + 1])))
            first = index + 1
    sounds: list[tuple[int, int]] = []
    at = 0
    for quiet, stop in (*silent, (end, end)):
        if quiet > at:
            sounds.append((at, quiet))
        at = stop
    whole_text = sum(length for *_, length in texts) or 1.0
    whole_sound = sum(b - a for a, b in sounds) or 1
    text_shares = [length / whole_text for *_, length in texts]
    sound_shares = [(b - a) / whole_sound for a, b in sounds]
    if len(texts) <= len(sounds):
        groups = _partition(text_shares, sound_shares)
        return [(t[0], t[1], sounds[a][0], sounds[b - 1][1]) for t, (a, b) in zip(texts, groups, strict=True)]
    groups = _partition(sound_shares, text_shares)
    return [(texts[a][0], texts[b - 1][1], s[0], s[1]) for s, (a, b) in zip(sounds, groups, strict=True)]


def _partition(few: Sequence[float], many: Sequence[float]) -> list[tuple[int, int]]:
    """Split `many` into len(`few`) runs, none empty, whose sums lie nearest to `few` (least squares)."""
    run = np.concatenate([[0.0], np.cumsum(many)])
    cost = np.full((len(few) + 1, len(many) + 1), np.inf)
    cost[0, 0] = 0
    back = np.zeros(cost.shape, int)
    for i, share in enumerate(few, 1):
        for j in range(i, len(many) - len(few) + i + 1):
            options = cost[i - 1, i - 1 : j] + (run[j] - run[i - 1 : j] - share) ** 2
            best = int(options.argmin())
            cost[i, j], back[i, j] = options[best], best + i - 1
    groups, j = [], len(many)
    for i in range(len(few), 0, -1):
        groups.append((int(back[i, j]), j))
        j = int(back[i, j])
    return groups[::-1]


def _inside(silent: Sequence[tuple[int, int]], start: int, end: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Map of sounding time to signal time within start..end, as points for `np.interp`: silences take no time."""
    times, marks, passed, at = [0.0], [float(start)], 0.0, start
    for quiet, stop in silent:
        if stop <= start or quiet >= end:
            continue
        passed += max(0, quiet - at)
        times += [passed, passed + 1e-3]
        marks += [float(max(quiet, start)), float(min(stop, end))]
        at = min(stop, end)
    times.append(passed + max(0, end - at))
    marks.append(float(end))
    return np.array(times), np.array(marks)


def _lay(
    phonemes: Sequence[Phoneme],
    ends: list[int],
    first: int,
    last: int,
    times: NDArray[np.float64],
    marks: NDArray[np.float64],
) -> None:
    final = max((phoneme.syllable for phoneme in phonemes[first:last]), default=-1)
    lengths = np.cumsum([_length(p) * (_FINAL if p.syllable == final else 1) for p in phonemes[first:last]])
    scaled = lengths / max(float(lengths[-1]), 1e-6) * times[-1]
    for index, at in zip(range(first, last), np.interp(scaled, times, marks), strict=True):
        ends[index] = int(at)


def _length(phoneme: Phoneme) -> float:
    return 0.0 if phoneme.symbol in _MARKS else _LENGTHS.get(phoneme.symbol, 2.0)


def _stress(phonemes: Sequence[Phoneme], ends: Sequence[int], energy: NDArray[np.float64]) -> list[float]:
    count = 1 + max((phoneme.syllable for phoneme in phonemes), default=-1)
    peaks = np.full(count, -100.0)
    start = 0
    for phoneme, end in zip(phonemes, ends, strict=True):
        if phoneme.syllable >= 0:
            part = energy[start // _STEP : max(start // _STEP + 1, end // _STEP)]
            peaks[phoneme.syllable] = max(peaks[phoneme.syllable], float(part.max(initial=-100)))
        start = end
    low, high = np.percentile(peaks, [10, 95])
    return [round(float(value), 3) for value in 0.25 + 0.75 * np.clip((peaks - low) / max(high - low, 6.0), 0, 1)]
