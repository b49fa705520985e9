"""The host's life: deterministic, never still, never repeating, and moved by what is said."""

import itertools

import numpy as np
import pytest

from avatar.face.mouth import CLOSED
from avatar.face.performance import Performance, Pose
from avatar.face.presenter import Cue
from avatar.voice.speech import SAMPLE_RATE, Emotion, Viseme, VisemeSpan

FRAME = SAMPLE_RATE // 25


def _idle(seed: int, seconds: float, start: float = 0.0) -> list[Pose]:
    performance = Performance(seed=seed)
    first = round(start * 25)
    return [performance.pose((first + k) * FRAME, ()) for k in range(round(seconds * 25))]


def _said(emotion: Emotion = Emotion.NEUTRAL, viseme: Viseme = Viseme.A) -> tuple[Cue, ...]:
    return (Cue(SAMPLE_RATE, (VisemeSpan(viseme, 0, 2 * SAMPLE_RATE, 0.9),), emotion),)


def test_the_same_seed_gives_the_same_show_and_another_seed_another() -> None:
    assert _idle(7, 3) == _idle(7, 3)
    assert _idle(7, 3) != _idle(8, 3)


def test_a_moment_looks_the_same_wherever_the_show_is_entered() -> None:
    assert _idle(3, 1, start=500.0)[-1] == Performance(seed=3).pose(round((500 * 25 + 24) * FRAME), ())


def test_nothing_repeats_within_ten_minutes() -> None:
    poses = _idle(1, 600)
    track = np.array([(p.turn, p.nod, p.tilt, p.lean) for p in poses])
    track = (track - track.mean(0)) / track.std(0)
    window = track[:125]
    for start in range(125, len(track) - 125, 5):
        assert np.abs(track[start : start + 125] - window).mean() > 0.1


def test_blinks_come_as_often_as_people_blink_and_close_the_eyes() -> None:
    lids = np.array([p.lids for p in _idle(5, 120)])
    begins = np.flatnonzero((lids[1:] > 0.3) & (lids[:-1] <= 0.3))
    assert 24 <= len(begins) <= 60
    assert lids.max() > 0.9


def test_the_mouth_is_closed_while_nobody_speaks() -> None:
    assert all(pose.mouth == CLOSED for pose in _idle(2, 4))


def test_speech_moves_the_mouth_only_while_it_lasts() -> None:
    performance = Performance()
    cues = _said()
    assert performance.pose(2 * SAMPLE_RATE, cues).mouth.open > 0.7
    assert performance.pose(round(3.5 * SAMPLE_RATE), cues).mouth.open < 0.01


def test_a_stressed_syllable_nods_the_head() -> None:
    def nod(stress: float) -> float:
        cue = Cue(0, (VisemeSpan(Viseme.A, SAMPLE_RATE, 2 * SAMPLE_RATE, stress),))
        return Performance().pose(SAMPLE_RATE, (cue,)).nod

    assert nod(0.9) > nod(0.1) + 0.3


@pytest.mark.parametrize("emotion", [e for e in Emotion if e is not Emotion.NEUTRAL])
def test_every_emotion_shows_in_the_face(emotion: Emotion) -> None:
    moment = 2 * SAMPLE_RATE
    neutral = Performance().pose(moment, _said(viseme=Viseme.REST))
    moved = Performance().pose(moment, _said(emotion, Viseme.REST))
    assert abs(moved.smile - neutral.smile) + abs(moved.brows - neutral.brows) > 0.25


def test_nobody_smiles_while_they_say_sorry() -> None:
    """The hosts at rest smile a little: that much has to be taken back."""
    for emotion, most in ((Emotion.APOLOGY, -0.35), (Emotion.EMPATHY, -0.15)):
        assert Performance().pose(2 * SAMPLE_RATE, _said(emotion, Viseme.REST)).smile < most


def test_emotion_comes_and_goes_without_a_jump() -> None:
    performance = Performance()
    cues = _said(Emotion.EXCITEMENT, Viseme.REST)
    brows = [performance.pose(k * FRAME, cues).brows for k in range(120)]
    assert max(abs(a - b) for a, b in itertools.pairwise(brows)) < 0.2


def test_listening_turns_the_eyes_to_the_comments_and_back() -> None:
    performance = Performance()
    poses = [performance.pose(k * FRAME, (), listening=25 <= k < 75) for k in range(150)]
    assert poses[70].gaze[1] > 0.5
    assert abs(poses[10].gaze[1]) < 0.5
    assert abs(poses[149].gaze[1]) < 0.5


def test_a_host_that_moves_by_itself_is_moved_less() -> None:
    def turns(moving: bool) -> list[float]:
        performance = Performance(seed=2, moving=moving)
        return [performance.pose(k * FRAME, ()).turn for k in range(1000)]

    assert 0.2 * np.std(turns(False)) < np.std(turns(True)) < 0.5 * np.std(turns(False))
