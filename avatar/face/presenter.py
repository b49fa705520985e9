"""The contract of a host's face: visemes and time in, a picture out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from avatar.voice.speech import Emotion, VisemeSpan

FRAME_RATE = 25
"""Frames per second of every program; 1,920 audio samples a frame."""

I420 = NDArray[np.uint8]
"""A picture as encoders take it: planar YUV 4:2:0, BT.709 limited range, shape (height * 3 // 2, width)."""


@dataclass(frozen=True, slots=True)
class Cue:
    """A sentence laid on the program's timeline: what the face needs to know to perform it."""

    start: int
    """Program sample (48 kHz) at which the sentence's first sample is played."""
    visemes: tuple[VisemeSpan, ...]
    emotion: Emotion = Emotion.NEUTRAL


class Performer(Protocol):
    """A host that can be looked at: pure, deterministic for its seed, no I/O inside a frame."""

    width: int
    height: int

    def frame(self, sample: int, cues: tuple[Cue, ...], *, listening: bool = False) -> I420:
        """Render the host at program time `sample`.

        `cues` holds the sentences around `sample` (past ones may be dropped after a second; a cue may grow while
        its sentence is still being synthesised). With `listening` the host looks attentive while a comment is read.
        The returned array may be reused by the next call: copy it to keep it.
        """
        ...
