"""The mouth over time: phoneme spans in, a small mouth pose out.

A pose lives in a plane of two articulators (how far the jaw is open, how far the lips are spread or rounded) and one
special gesture (the lower lip under the upper teeth). Neighbouring spans blend by a weighted smoothing kernel, after
Cohen and Massaro, "Modeling coarticulation in synthetic visual speech" (1993): vowels dominate consonants, rounding
starts earlier than the jaw. Bilabials are not blended but enforced: b, p and m close the lips whatever surrounds them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from avatar.voice.speech import SAMPLE_RATE, Viseme, VisemeSpan

_PRESSED = -0.25
"""`MouthPose.open` of lips pressed together; the lower end of its range."""

JAW_REACH = 0.050 * SAMPLE_RATE
"""Half width of the jaw's smoothing kernel, samples."""
LIP_REACH = 0.095 * SAMPLE_RATE
"""Half width of the lips' smoothing kernel, samples: rounding is prepared early."""
BITE_REACH = 0.045 * SAMPLE_RATE
LEAD = 0.065 * SAMPLE_RATE
"""How much the mouth is ahead of the sound: articulators move before they are heard, a vowel is loudest at its
beginning, long before the jaw is back, and a frame is seen on average half its duration after its time. Measured on the
embedded voice (`tests/bench/bench_face.py`): with it the opening and the vowels' loudness peak together."""
CLOSURE_RAMP = 0.045 * SAMPLE_RATE
"""Time in which lips close before a bilabial and part after it."""
CLOSURE_HOLD = 0.044 * SAMPLE_RATE
"""Least time of full closure: more than one frame at 25 fps, so that no frame misses it."""


@dataclass(frozen=True, slots=True)
class MouthPose:
    """What the lips do at one moment."""

    open: float = 0.0
    """-0.25 lips pressed together .. 0 closed and relaxed .. 1 jaw wide open."""
    wide: float = 0.0
    """-1 rounded .. 0 relaxed .. 1 spread."""
    bite: float = 0.0
    """0..1: lower lip under the upper teeth."""


CLOSED = MouthPose()


@dataclass(frozen=True, slots=True)
class _Target:
    open: float
    wide: float
    weight: float
    """How strongly the shape resists its neighbours."""
    bite: float = 0.0


_TARGETS: dict[Viseme, _Target] = {
    Viseme.REST: _Target(0.0, 0.0, 1.0),
    Viseme.BMP: _Target(0.0, 0.0, 0.30),
    Viseme.F: _Target(0.10, 0.10, 0.8, bite=1.0),
    Viseme.D: _Target(0.22, 0.15, 0.45),
    Viseme.G: _Target(0.26, 0.0, 0.35),
    Viseme.J: _Target(0.14, 0.55, 0.60),
    Viseme.ZH: _Target(0.14, -0.45, 0.75),
    Viseme.Z: _Target(0.12, 0.45, 0.75),
    Viseme.A: _Target(0.95, 0.12, 1.2),
    Viseme.O: _Target(0.50, -0.80, 1.2),
    Viseme.E: _Target(0.45, 0.20, 1.0),
    Viseme.I: _Target(0.20, 0.90, 1.1),
    Viseme.U: _Target(0.14, -1.00, 1.3),
    Viseme.V: _Target(0.11, -0.92, 1.3),
    Viseme.ER: _Target(0.40, -0.20, 0.9),
}

_STRESSED = frozenset({Viseme.A, Viseme.O, Viseme.E, Viseme.ER})


def intended_opening(viseme: Viseme) -> float:
    """Return how far a viseme alone opens the mouth, 0..1; what a measurement of rendered frames is held against."""
    return _TARGETS[viseme].open


def mouth_at(position: float, spans: Iterable[VisemeSpan], *, energy: float = 1.0) -> MouthPose:
    """Return the mouth at `position`, in samples from the sentence's start.

    `spans` may be given in any order and may leave gaps, which count as rest. `energy` scales how far the jaw opens
    (about 0.8 subdued .. 1.2 excited).
    """
    closing = position + LEAD / 2
    position = position + LEAD
    near = [
        span for span in spans if span.end > position - 0.3 * SAMPLE_RATE and span.start < position + 0.3 * SAMPLE_RATE
    ]
    opening = _blend(position, near, JAW_REACH, lambda span: _opening(span) * energy)
    width = _blend(position, near, LIP_REACH, lambda span: _TARGETS[span.viseme].wide)
    bite = _blend(closing, near, BITE_REACH, lambda span: _TARGETS[span.viseme].bite, weighted=False)
    closure = max((_closure(closing, span) for span in near if span.viseme is Viseme.BMP), default=0.0)
    opening += (_PRESSED - opening) * closure
    return MouthPose(open=min(opening, 1.0), wide=max(-1.0, min(width * (1.0 - 0.3 * closure), 1.0)), bite=bite)


def _opening(span: VisemeSpan) -> float:
    target = _TARGETS[span.viseme].open
    return target * (0.84 + 0.22 * span.stress) if span.viseme in _STRESSED else target


def _blend(
    position: float,
    spans: Sequence[VisemeSpan],
    reach: float,
    value: Callable[[VisemeSpan], float],
    *,
    weighted: bool = True,
) -> float:
    total = weight = covered = 0.0
    for span in spans:
        share = _kernel_cdf((span.end - position) / reach) - _kernel_cdf((span.start - position) / reach)
        if share <= 0.0:
            continue
        covered += share
        share *= _TARGETS[span.viseme].weight if weighted else 1.0
        total += share * value(span)
        weight += share
    rest = max(0.0, 1.0 - covered)
    return float(total / (weight + rest)) if weight + rest > 0 else 0.0


def _kernel_cdf(x: float) -> float:
    """Share of a raised-cosine-like kernel (smoothstep's derivative) that lies left of `x`, in half widths."""
    t = min(max((x + 1.0) / 2.0, 0.0), 1.0)
    return t * t * (3.0 - 2.0 * t)


def _closure(position: float, span: VisemeSpan) -> float:
    middle = (span.start + span.end) / 2
    half = max(span.end - span.start, CLOSURE_HOLD) / 2
    beyond = abs(position - middle) - half
    if beyond <= 0.0:
        return 1.0
    return 1.0 - _kernel_cdf(2.0 * beyond / CLOSURE_RAMP - 1.0)
