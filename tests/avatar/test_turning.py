"""A host's head truly turns: what a turn hides goes, what it shows comes, and nothing jumps on the way."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from avatar.face.colour import to_bgr
from avatar.face.host import HostError, Turns, load_host, read_host
from avatar.face.host_folder import BUILT_IN, host_folders
from avatar.face.performance import Performance, Pose
from avatar.face.presenter import Cue
from avatar.scene.scene import Stage, create_stage
from avatar.voice.speech import SAMPLE_RATE, Viseme, VisemeSpan

NAMES = [folder.name for folder in host_folders()]
FRAME = SAMPLE_RATE // 25


def _turns(stage: Stage) -> Turns:
    assert stage.host.turns is not None
    return stage.host.turns


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_host_turns_to_both_sides_and_no_field_folds_the_head(name: str) -> None:
    turns = load_host(name).turns
    assert turns is not None
    assert {key[0] > 0 for key in turns.keys if key[0]} == {True, False}
    for field in turns.fields:
        down, across = np.gradient(field, turns.step, axis=(0, 1))
        area = (1 + across[..., 0]) * (1 + down[..., 1]) - across[..., 1] * down[..., 0]
        assert area.min() > 0.02
        assert np.abs(field).max() > 20  # the nose goes where a turn of the head takes it, not where a tremor would
        assert np.abs(field[-10:]).max() < 3  # the clothes stay


@pytest.mark.parametrize("name", NAMES)
def test_a_turn_moves_the_near_more_than_the_far_and_changes_the_light(name: str) -> None:
    stage = create_stage(name)
    turns, shape = _turns(stage), stage.host.geometry
    right = turns.fields[[key[0] > 0 for key in turns.keys].index(True)]

    def moved(x: float, y: float) -> float:
        return float(-right[round(y / turns.step), round(x / turns.step), 0])

    nose = moved(shape.face[0], shape.face[1])
    side = moved(shape.face[0] - 0.8 * shape.radius[0], shape.face[1])
    assert nose > 1.5 * side
    x, y, radius = (round(value) for value in (*shape.face, shape.radius[0]))
    area = (slice(y - radius - turns.rect.y, y - turns.rect.y), slice(x - radius - turns.rect.x, x - turns.rect.x))
    one, other = turns.images[0][area].astype(int), turns.images[-1][area].astype(int)
    assert np.abs(one - other).mean() > 1


@pytest.mark.parametrize("name", NAMES)
def test_a_slow_turn_has_no_jump(name: str) -> None:
    stage = create_stage(name)
    steps, last = [], None
    for turn in np.linspace(-9, 9, 73):
        picture = to_bgr(stage.draw(Pose(turn=float(turn), nod=0.3 * float(turn)))).astype(np.int16)
        if last is not None:
            steps.append(float(np.abs(picture - last).mean()))
        last = picture
    assert max(steps) < 2.0 * float(np.median(steps))


def test_the_body_stays_while_the_head_turns() -> None:
    stage = create_stage("muchen")
    one, other = (to_bgr(stage.draw(Pose(turn=turn))).astype(int) for turn in (-8.0, 8.0))
    assert np.abs(one[1000:] - other[1000:]).mean() < 0.5
    assert np.abs(one[200:600, 200:520] - other[200:600, 200:520]).mean() > 4


def test_a_host_without_rendered_turns_still_turns() -> None:
    host = replace(load_host("xiaoqi"), turns=None)
    stage = Stage(host)
    assert np.abs(stage.draw(Pose(turn=6)).astype(int) - Stage(host).draw(Pose()).astype(int)).max() > 20


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 broken"])
def test_broken_turns_are_one_clear_error(tmp_path: Path, content: bytes) -> None:
    shutil.copytree(BUILT_IN / "muchen", tmp_path / "muchen")
    (tmp_path / "muchen" / "turns.npz").write_bytes(content)
    with pytest.raises(HostError, match="create the host again"):
        read_host(tmp_path / "muchen")


def test_what_is_left_for_a_later_frame_cannot_be_seen() -> None:
    """A stage redraws only what moved: it never strays from the picture drawn whole."""
    stage, whole, performance = create_stage("xiaoqi", seed=4), create_stage("xiaoqi"), Performance(seed=4)
    cue = (Cue(SAMPLE_RATE, tuple(VisemeSpan(Viseme.A, k * 9600, (k + 1) * 9600, 0.9) for k in range(10))),)
    for k in range(75):
        frame, pose = stage.frame(k * FRAME, cue), performance.pose(k * FRAME, cue)
        if k % 15 == 14:
            fresh = whole.draw(pose)
            assert np.abs(frame.astype(int) - fresh.astype(int)).mean() < 0.35


def test_speech_begins_and_ends_without_a_seam() -> None:
    """No frame around the beginning or the end of a sentence changes more than frames of idle life do, mouth apart."""
    stage = create_stage("xiaoqi", seed=9)
    spans = tuple(VisemeSpan(Viseme.I, k * 9600, (k + 1) * 9600, 0.5) for k in range(10))
    cues = (Cue(2 * SAMPLE_RATE, spans),)
    _, y, radius = stage.face_box
    changes, last = [], None
    for k in range(150):
        picture = stage.frame(k * FRAME, cues)[:1280].astype(np.int16)
        head = np.concatenate([picture[100 : y - radius // 3].ravel(), picture[y + radius : 1000].ravel()])
        if last is not None:
            changes.append(float(np.abs(head - last).mean()))
        last = head
    idle = np.array(changes[5:40])
    seams = np.array(changes[42:56] + changes[94:120])
    blink = 1.6  # a blink may fall into either stretch
    assert seams.max() < max(2.2 * idle.max(), blink)


def test_ten_minutes_of_idle_life_never_show_the_same_five_seconds_again() -> None:
    """Every five seconds are compared with all others, in what is seen of a pose: pixels of movement."""
    performance = Performance(seed=3)
    poses = [performance.pose(k * FRAME, ()) for k in range(0, 10 * 60 * 25, 5)]
    shown = np.array([(5 * p.turn, 5 * p.nod, 4 * p.tilt, 16 * p.lean, 4 * p.breath, 30 * p.lids) for p in poses])
    windows = np.array([shown[k : k + 25].ravel() for k in range(0, len(shown) - 25, 5)])
    for k in range(len(windows) - 5):
        assert np.abs(windows[k + 5 :] - windows[k]).max(1).min() > 3.0
