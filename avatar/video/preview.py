"""Contact sheets: pictures that let a person judge a host at a glance."""

from __future__ import annotations

from typing import cast

import numpy as np
from PIL import Image as Canvas

from avatar.face.colour import Pixels, to_bgr
from avatar.face.mouth import mouth_at
from avatar.face.performance import Pose
from avatar.face.presenter import FRAME_RATE, Cue
from avatar.scene.lettering import write
from avatar.scene.scene import Stage
from avatar.voice.speech import SAMPLE_RATE, Emotion, Viseme, VisemeSpan

_SYLLABLES: tuple[tuple[Viseme, Viseme], ...] = (
    (Viseme.BMP, Viseme.A),
    (Viseme.D, Viseme.I),
    (Viseme.J, Viseme.V),
    (Viseme.F, Viseme.U),
    (Viseme.ZH, Viseme.O),
    (Viseme.Z, Viseme.E),
    (Viseme.G, Viseme.ER),
    (Viseme.BMP, Viseme.I),
)


def viseme_sheet(stage: Stage) -> Pixels:
    """Return every viseme, held, as a sheet of faces (BGR)."""
    tiles = []
    for viseme in Viseme:
        span = VisemeSpan(viseme, 0, SAMPLE_RATE, 0.8)
        pose = Pose(mouth=mouth_at(SAMPLE_RATE / 2, [span]))
        tiles.append((viseme.value, _face(stage, pose)))
    return _sheet(tiles, 5)


def emotion_sheet(stage: Stage) -> Pixels:
    """Return every emotion, silent and speaking, lids, gaze, turns and nods, each in four states (BGR)."""
    tiles = []
    awake = _awake(stage)
    for emotion in Emotion:
        for k, (said, moment) in enumerate(((Viseme.REST, 0.5), (Viseme.A, 0.5))):
            cue = Cue(awake, (VisemeSpan(said, 0, SAMPLE_RATE, 0.8),), emotion)
            frame = stage.frame(awake + round(moment * SAMPLE_RATE), (cue,))
            tiles.append((emotion.value + (" a" if k else ""), _cut_face(stage, to_bgr(frame))))
    tiles += [(f"lids {lids}", _face(stage, Pose(lids=lids))) for lids in (0.25, 0.5, 0.75, 1.0)]
    tiles += [(f"gaze {x},{y}", _face(stage, Pose(gaze=(x, y)))) for x, y in ((-1, 0), (1, 0), (0, -1), (0, 1))]
    tiles += [(f"turn {degrees}", _face(stage, Pose(turn=degrees))) for degrees in (-10, -5, 5, 10)]
    tiles += [(f"nod {degrees}", _face(stage, Pose(nod=degrees))) for degrees in (-6, -3, 3, 6)]
    return _sheet(tiles, 5)


def strip(stage: Stage, *, seconds: float = 10.0, start_s: float = 0.0, every: int = 10) -> Pixels:
    """Return every `every`-th frame of a stretch in which the host is silent, speaks and listens (BGR)."""
    cues = demo_cues(round((start_s + 0.2 * seconds) * SAMPLE_RATE), seconds * 0.5)
    tiles = []
    least = min(stage.width, stage.height)
    for i in range(round(seconds * FRAME_RATE)):
        sample = round(start_s * SAMPLE_RATE) + i * SAMPLE_RATE // FRAME_RATE
        frame = stage.frame(sample, cues, listening=i > 0.8 * seconds * FRAME_RATE)
        if i % every == 0:
            tiles.append((f"{i / FRAME_RATE:.2f}", _shrink(to_bgr(frame), max(1, round(least / 240)))))
    return _sheet(tiles, 9 if stage.height >= stage.width else 5)


def demo_cues(start: int, seconds: float, emotion: Emotion = Emotion.NEUTRAL) -> tuple[Cue, ...]:
    """Return one sentence of babble that goes through all visemes."""
    spans, at = [], 0
    for k in range(int(seconds / 0.22)):
        consonant, vowel = _SYLLABLES[k % len(_SYLLABLES)]
        middle, end = at + round(0.07 * SAMPLE_RATE), at + round(0.22 * SAMPLE_RATE)
        stress = 0.9 if k % 4 == 0 else 0.4
        spans += [VisemeSpan(consonant, at, middle, stress), VisemeSpan(vowel, middle, end, stress)]
        at = end
    return (Cue(start, tuple(spans), emotion),)


def _awake(stage: Stage) -> int:
    """Return a sample half a second after which the eyes of a host who blinks by themselves are open."""
    movement = stage.host.movement
    if movement is None:
        return 0
    later = np.roll(movement.shut, -FRAME_RATE // 2)
    return int(np.argmin(later)) * SAMPLE_RATE // FRAME_RATE


def _face(stage: Stage, pose: Pose) -> Pixels:
    return _cut_face(stage, to_bgr(stage.draw(pose)))


def _cut_face(stage: Stage, frame: Pixels) -> Pixels:
    x, y, radius = stage.face_box
    return np.ascontiguousarray(frame[max(0, y - radius) : y + radius, max(0, x - radius) : x + radius])


def _shrink(picture: Pixels, factor: int) -> Pixels:
    height, width = picture.shape[0] // factor * factor, picture.shape[1] // factor * factor
    blocks = picture[:height, :width].reshape(height // factor, factor, width // factor, factor, 3)
    return cast(Pixels, blocks.mean((1, 3)).astype(np.uint8))


def _sheet(tiles: list[tuple[str, Pixels]], columns: int) -> Pixels:
    height, width = tiles[0][1].shape[:2]
    rows = -(-len(tiles) // columns)
    sheet = Canvas.new("RGBA", (columns * width, rows * height), (24, 24, 26, 255))
    for k, (name, picture) in enumerate(tiles):
        x, y = k % columns * width, k // columns * height
        sheet.paste(Canvas.fromarray(picture[..., ::-1]), (x, y))
        write(sheet, (x + 6, y + 18), name, size=18, weight=2, colour=(0, 0, 0))
        write(sheet, (x + 6, y + 18), name, size=18)
    return np.ascontiguousarray(np.asarray(sheet.convert("RGB"))[..., ::-1])
