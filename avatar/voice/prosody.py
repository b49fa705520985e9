"""How a feeling sounds: pace, pitch and pauses of a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from avatar.voice.speech import Emotion


@dataclass(frozen=True, slots=True)
class Prosody:
    """Factors on a voice's neutral delivery."""

    speed: float = 1.0
    """Above 1 is faster."""
    pitch: float = 1.0
    """Above 1 is higher."""
    melody: float = 1.0
    """Above 1 the pitch moves further up and down around its middle."""
    pause: float = 1.0
    """Length of pauses at punctuation."""


PROSODY: Mapping[Emotion, Prosody] = {
    Emotion.NEUTRAL: Prosody(),
    Emotion.JOY: Prosody(speed=1.04, pitch=1.03, melody=1.1, pause=0.9),
    Emotion.EXCITEMENT: Prosody(speed=1.14, pitch=1.05, melody=1.15, pause=0.75),
    Emotion.EMPATHY: Prosody(speed=0.93, pitch=0.98, melody=0.95, pause=1.25),
    Emotion.APOLOGY: Prosody(speed=0.92, pitch=0.97, melody=0.9, pause=1.3),
    Emotion.SURPRISE: Prosody(speed=1.02, pitch=1.06, melody=1.2, pause=1.1),
}

PAUSES_MS: Mapping[str, int] = {",": 120, ";": 220, ":": 180, ".": 320, "!": 320, "?": 340}
"""Neutral pause after a clause or sentence, by its punctuation mark (half-width), in ms."""


def pause_ms(mark: str, prosody: Prosody) -> int:
    """Return how long to pause after a clause that ends with `mark`."""
    return round(PAUSES_MS.get(mark, 160) * prosody.pause)
