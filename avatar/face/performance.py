"""What the host's body does at a moment: mouth, lids, brows, gaze, head, breath and sway.

Everything is a function of program time, the sentences around it and a seed, so a show can be rendered again exactly.
Idle life is drawn from random values that never repeat; speech adds small head moves on stressed syllables.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from avatar.face.mouth import CLOSED, MouthPose, mouth_at
from avatar.face.noise import chance, drift, ease
from avatar.face.presenter import Cue
from avatar.voice.speech import SAMPLE_RATE, Emotion

_SWAY, _LEAN, _TILT, _TURN, _NOD, _BREATH, _BLINK, _SACCADE, _BROW = range(9)

BLINK_SLOT = 3.4
"""Seconds: one blink begins somewhere in each slot, as people in conversation blink 15 to 20 times a minute."""
_HELD = 0.06
"""Gaze per degree of turn: the eyes stay with the lens while the head moves under them."""
_CLOSING, _CLOSED, _OPENING = 0.09, 0.05, 0.17


@dataclass(frozen=True, slots=True)
class Pose:
    """One moment of the host, in units of the performance and not of pixels."""

    mouth: MouthPose = CLOSED
    lids: float = 0.0
    """0 open .. 1 closed."""
    brows: float = 0.0
    """-1 drawn together in sympathy .. 1 raised."""
    smile: float = 0.0
    """Added to the width of the mouth: -0.5 .. 0.5."""
    gaze: tuple[float, float] = (0.0, 0.0)
    """Right and down as seen by the viewer, -1..1 of the eye's small range."""
    turn: float = 0.0
    """Head about its vertical axis, degrees; positive to the viewer's right."""
    nod: float = 0.0
    """Head forwards, degrees; positive looks down."""
    tilt: float = 0.0
    """Head in the picture plane, degrees; positive clockwise."""
    lean: float = 0.0
    """Body from the hips, degrees; positive clockwise."""
    breath: float = 0.0
    """0 out .. 1 in."""


@dataclass(frozen=True, slots=True)
class _Mood:
    smile: float
    brows: float
    energy: float
    motion: float
    tilt: float = 0.0
    nod: float = 0.0


_MOODS: dict[Emotion, _Mood] = {
    Emotion.NEUTRAL: _Mood(0.0, 0.0, 1.0, 1.0),
    Emotion.JOY: _Mood(0.38, 0.30, 1.06, 1.25, tilt=0.6),
    Emotion.EXCITEMENT: _Mood(0.30, 0.65, 1.15, 1.6),
    Emotion.EMPATHY: _Mood(-0.22, -0.65, 0.88, 0.7, tilt=2.0, nod=1.0),
    Emotion.APOLOGY: _Mood(-0.42, -0.85, 0.82, 0.6, tilt=0.8, nod=2.6),
    Emotion.SURPRISE: _Mood(0.05, 1.0, 1.12, 1.2, nod=-1.6),
}


class Performance:
    """Turns program time and sentences into poses.

    `listening` eases in and out over about a third of a second, which is the only state kept between calls; seeking
    in time settles it at once.
    """

    def __init__(self, *, seed: int = 1, moving: bool = False) -> None:
        """Take the random seed, and whether the host moves by itself: then only a little sway is added."""
        self._seed = seed
        self._sway = 0.35 if moving else 1.0
        self._attention = 0.0
        self._last_sample: int | None = None

    def pose(self, sample: int, cues: Sequence[Cue], *, listening: bool = False) -> Pose:
        """Return the host's pose at program time `sample` (48 kHz)."""
        seconds = sample / SAMPLE_RATE
        attention = self._attend(sample, listening)
        mood, presence = _mood(sample, cues)
        mouth = CLOSED
        accent = 0.0
        for cue in cues:
            position = sample - cue.start
            if not cue.visemes or position < -SAMPLE_RATE or position > cue.visemes[-1].end + SAMPLE_RATE:
                continue
            said = mouth_at(position, cue.visemes, energy=_MOODS[cue.emotion].energy)
            if (abs(said.open), abs(said.wide), said.bite) > (abs(mouth.open), abs(mouth.wide), mouth.bite):
                mouth = said
            accent += _accent(position, cue)
        seed = self._seed
        motion = (0.75 + 0.45 * presence) * mood.motion * self._sway
        turn = 3.4 * drift(seed, _TURN, seconds, 2.6) * motion + 0.8 * drift(seed, _TURN + 20, seconds, 0.9) * presence
        nod = 1.3 * drift(seed, _NOD, seconds, 1.9) * motion + 1.5 * min(accent, 1.0) * mood.motion
        tilt = 1.3 * drift(seed, _TILT, seconds, 3.1) * motion
        gaze_x, gaze_y = self._gaze(seconds, attention)
        return Pose(
            mouth=mouth,
            lids=self._blink(seconds),
            brows=max(-1.0, min(mood.brows + 0.30 * min(accent, 1.0) * presence + 0.22 * attention, 1.0))
            + 0.05 * drift(seed, _BROW, seconds, 1.7),
            smile=mood.smile * (1.0 - 0.55 * max(0.0, mouth.open)),
            gaze=(gaze_x - turn * _HELD, gaze_y - nod * 0.03),
            turn=turn + 1.6 * attention,
            nod=nod + mood.nod + 1.9 * attention,
            tilt=tilt + mood.tilt - 1.6 * attention,
            lean=0.30 * drift(seed, _SWAY, seconds, 3.3) + 0.10 * drift(seed, _LEAN, seconds, 1.6) * presence,
            breath=self._breath(seconds),
        )

    def _attend(self, sample: int, listening: bool) -> float:
        target = 1.0 if listening else 0.0
        if self._last_sample is None or not 0 <= sample - self._last_sample <= SAMPLE_RATE:
            self._attention = target
        else:
            step = (sample - self._last_sample) / SAMPLE_RATE
            self._attention += (target - self._attention) * (1.0 - math.exp(-step / 0.22))
        self._last_sample = sample
        return ease(self._attention)

    def _breath(self, seconds: float) -> float:
        phase = seconds / 4.1 + 0.35 * drift(self._seed, _BREATH, seconds, 6.5)
        depth = 0.85 + 0.15 * drift(self._seed, _BREATH + 20, seconds, 8.0)
        return depth * (0.5 - 0.5 * math.cos(2 * math.pi * (phase + 0.06 * math.sin(2 * math.pi * phase))))

    def _blink(self, seconds: float) -> float:
        slot = int(seconds // BLINK_SLOT)
        return max(self._blink_in(slot, seconds), self._blink_in(slot - 1, seconds))

    def _blink_in(self, slot: int, seconds: float) -> float:
        start = (slot + 0.75 * chance(self._seed, _BLINK, slot)) * BLINK_SLOT
        depth = 1.0 if chance(self._seed, _BLINK + 20, slot) > 0.08 else 0.72
        shut = depth * _lid(seconds - start)
        if chance(self._seed, _BLINK + 40, slot) < 0.16:  # people sometimes blink twice
            shut = max(shut, _lid(seconds - start - 0.42))
        return shut

    def _gaze(self, seconds: float, attention: float) -> tuple[float, float]:
        x, y = self._fixation(seconds)
        return x * (1 - attention) - 0.75 * attention, y * (1 - attention) + (0.85 + 0.15 * y) * attention

    def _fixation(self, seconds: float) -> tuple[float, float]:
        """Small jumps between fixations near the lens; the eye takes about 40 ms to jump."""
        slot_length = 1.25
        slot = int(seconds // slot_length)
        start = (slot + 0.6 * chance(self._seed, _SACCADE, slot)) * slot_length
        share = ease((seconds - start) / 0.045 + 0.5)
        (ax, ay), (bx, by) = self._fixation_point(slot - 1), self._fixation_point(slot)
        return ax + (bx - ax) * share, ay + (by - ay) * share

    def _fixation_point(self, slot: int) -> tuple[float, float]:
        reach = 0.16 if chance(self._seed, _SACCADE + 20, slot) > 0.14 else 0.55
        angle = 2 * math.pi * chance(self._seed, _SACCADE + 40, slot)
        return reach * math.cos(angle), 0.5 * reach * math.sin(angle)


def _lid(since: float) -> float:
    if since <= 0.0 or since >= _CLOSING + _CLOSED + _OPENING:
        return 0.0
    if since < _CLOSING:
        return ease(since / _CLOSING)
    return 1.0 - ease((since - _CLOSING - _CLOSED) / _OPENING)


def _mood(sample: int, cues: Sequence[Cue]) -> tuple[_Mood, float]:
    """Blend the moods of the sentences around `sample`, and tell how much the host is speaking, 0..1."""
    total = smile = brows = energy = motion = tilt = nod = presence = 0.0
    for cue in cues:
        if not cue.visemes:
            continue
        before = (sample - cue.start) / SAMPLE_RATE
        after = (sample - cue.start - cue.visemes[-1].end) / SAMPLE_RATE
        share = ease(before / 0.35 + 0.8) * ease(1.0 - after / 0.8)
        mood = _MOODS[cue.emotion]
        total += share
        smile, brows, energy = smile + share * mood.smile, brows + share * mood.brows, energy + share * mood.energy
        motion, tilt, nod = motion + share * mood.motion, tilt + share * mood.tilt, nod + share * mood.nod
        presence = max(presence, share)
    rest = max(0.0, 1.0 - total)
    total += rest
    still = _MOODS[Emotion.NEUTRAL]
    return (
        _Mood(
            smile / total,
            brows / total,
            (energy + rest * still.energy) / total,
            (motion + rest * still.motion) / total,
            tilt / total,
            nod / total,
        ),
        presence,
    )


def _accent(position: float, cue: Cue) -> float:
    """A soft downward beat of the head on stressed syllables, at most one every 0.6 s."""
    beat = 0.0
    last = -SAMPLE_RATE
    for span in cue.visemes:
        if span.start > position + SAMPLE_RATE // 4:
            break
        if span.stress < 0.6 or span.start - last < 0.6 * SAMPLE_RATE:
            continue
        last = span.start
        since = (position - span.start) / SAMPLE_RATE
        beat += span.stress * ease((since + 0.16) / 0.20) * ease(1.0 - (since - 0.04) / 0.34)
    return beat
