"""Measuring a mouth: babble is rendered frame by frame, and MediaPipe says what it sees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from avatar.face.colour import to_bgr
from avatar.face.mouth import mouth_at
from avatar.face.presenter import FRAME_RATE, Cue
from avatar.rigging.landmarks import FaceFinder
from avatar.scene.scene import Stage, create_stage
from avatar.voice.speech import SAMPLE_RATE, Viseme, VisemeSpan

_CONSONANTS = (Viseme.BMP, Viseme.F, Viseme.D, Viseme.G, Viseme.J, Viseme.ZH, Viseme.Z)
_VOWELS = (Viseme.A, Viseme.O, Viseme.E, Viseme.I, Viseme.U, Viseme.V, Viseme.ER)
_LEAD = SAMPLE_RATE // 2
_CLOSED = 0.12
"""Lips count as closed below this share of the way from rest to the widest opening."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What MediaPipe saw."""

    correlation: float
    """Opening of the inner lips against the intended opening, over all frames."""
    bilabials_closed: float
    """Share of b, p and m in which the lips were seen closed."""
    silence_opening: float
    """Mean opening before the sentence, as a share of the widest."""
    rounding: float
    """Correlation of the mouth's width with the intended spreading."""
    best_shift: int
    """Frames by which the picture must be moved for the best correlation; 0 is in step."""
    bilabials: int


def babble(seconds: float, seed: int) -> tuple[VisemeSpan, ...]:
    """Random syllables at the pace of a fast seller."""
    rng = np.random.default_rng(seed)
    spans, at = [], 0
    while at < seconds * SAMPLE_RATE:
        middle = at + round(rng.uniform(0.05, 0.09) * SAMPLE_RATE)
        end = middle + round(rng.uniform(0.10, 0.20) * SAMPLE_RATE)
        stress = float(rng.uniform(0.2, 1.0))
        consonant = _CONSONANTS[rng.choice(7, p=[0.3, *([0.7 / 6] * 6)])]
        spans += [VisemeSpan(consonant, at, middle, stress), VisemeSpan(_VOWELS[rng.integers(7)], middle, end, stress)]
        at = end
    return tuple(spans)


def measure_mouth(host: str | Stage, finder: FaceFinder, *, seconds: float, seed: int) -> Measured:
    """Render babble by a host in motion and measure the mouth in every frame."""
    stage = create_stage(host) if isinstance(host, str) else host
    spans = babble(seconds, seed)
    cue = Cue(_LEAD, spans)
    x, y, radius = stage.face_box
    reach = round(1.5 * radius)
    moments, seen, width, wanted, spread = [], [], [], [], []
    for k in range(round((seconds + 0.5) * FRAME_RATE)):
        sample = k * SAMPLE_RATE // FRAME_RATE
        frame = to_bgr(stage.frame(sample, (cue,)))
        faces = finder.find(frame[max(0, y - reach) : y + reach, max(0, x - reach) : x + reach])
        assert faces, f"no face in frame {k}"
        pose = mouth_at(sample - _LEAD, spans)
        moments.append(sample - _LEAD)
        seen.append(faces[0].mouth_opening)
        width.append(faces[0].mouth_width)
        wanted.append(pose.open)
        spread.append(pose.wide)
    opening, time = np.array(seen), np.array(moments)
    rest, widest = float(np.median(opening[time < -SAMPLE_RATE // 5])), float(np.percentile(opening, 98))
    share = (opening - rest) / (widest - rest)
    said = [span for span in spans if span.viseme is Viseme.BMP]
    near = [(time > span.start - 1000) & (time < span.end + 1000) for span in said]
    closed = [float(share[there].min()) < _CLOSED for there in near if there.any()]
    shifts = {s: float(np.corrcoef(opening[3 + s : len(opening) - 3 + s], wanted[3:-3])[0, 1]) for s in range(-3, 4)}
    return Measured(
        correlation=float(np.corrcoef(opening, wanted)[0, 1]),
        bilabials_closed=float(np.mean(closed)),
        silence_opening=float(share[time < -SAMPLE_RATE // 5].mean()),
        rounding=float(np.corrcoef(width, spread)[0, 1]),
        best_shift=max(shifts, key=lambda s: shifts[s]),
        bilabials=len(closed),
    )
