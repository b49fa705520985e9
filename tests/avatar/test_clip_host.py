"""A host made from a clip moves as the person did, without a seam, and says what it is told."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest

from avatar.errors import SceneError
from avatar.face.clip_renderer import _quiet
from avatar.face.colour import split_i420, to_bgr
from avatar.face.host import Host, HostError, load_host, read_host
from avatar.face.mouth import MouthPose
from avatar.face.movement import KEY, MOST_BYTES, Footage, Movement
from avatar.face.performance import Pose
from avatar.face.wander import leap, wander
from avatar.models.catalogue import LANDMARKER, SEGMENTER, open_models
from avatar.rigging.create import Consent, create_host
from avatar.rigging.landmarks import FaceFinder
from avatar.rigging.portrait import PortraitError
from avatar.rigging.segmenter import PersonFinder
from avatar.scene.scene import Stage
from avatar.voice.speech import SAMPLE_RATE
from tests.avatar.clips import filmed, write_clip
from tests.avatar.lip_sync import measure_mouth

pytestmark = [pytest.mark.model, pytest.mark.slow, pytest.mark.timeout(900)]
CONSENT = Consent("小栖", "店主", datetime(2026, 1, 1, tzinfo=UTC))
FRAME = SAMPLE_RATE // 25


@pytest.fixture(scope="module")
def finder(models_dir: Path) -> Iterator[FaceFinder]:
    with FaceFinder(open_models(models_dir).folder(LANDMARKER) / "face_landmarker.task") as found:
        yield found


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory, models_dir: Path, finder: FaceFinder) -> Host:
    folder = tmp_path_factory.mktemp("clip")
    clip = write_clip(folder / "clip.mp4", filmed(5.2, period_s=2.4))
    with PersonFinder(open_models(models_dir).folder(SEGMENTER) / "selfie_segmentation.tflite") as people:
        return create_host(
            clip,
            clip=True,
            name="shop",
            title="店主",
            gender="",
            voice="zf_xiaobei",
            consent=CONSENT,
            hosts_dir=folder / "hosts",
            finder=finder,
            people=people,
        )


def _movement(host: Host) -> Movement:
    assert host.movement is not None
    return host.movement


def _changes(frames: list[np.ndarray]) -> np.ndarray:
    small = [cv2.resize(frame, (180, 320), interpolation=cv2.INTER_AREA).astype(float) for frame in frames]
    return np.array([np.abs(a - b).mean() for a, b in zip(small, [*small[1:], small[0]], strict=True)])


def test_the_round_closes_without_a_seam(host: Host) -> None:
    footage = Footage(_movement(host).folder / "movement.mp4")
    changes = _changes([footage.at(k)[0].copy() for k in range(len(footage))])
    fade = min(30, len(changes) // 3)
    assert changes[-fade:].max() <= changes[:-fade].max()
    assert changes[-fade:].mean() <= 1.05 * changes[:-fade].mean()
    assert np.median(changes) > 0.2  # it does move


def test_what_the_viewer_sees_has_no_jump_where_the_direction_changes(host: Host) -> None:
    order, count = wander(_movement(host)), len(_movement(host))
    turns = [k for k in range(1, 3000) if order[k] != (order[k - 1] + 1) % count][:6]
    assert len(turns) == 6
    footage = Footage(_movement(host).folder / "movement.mp4")
    ordinary = _changes([footage.at(k)[0].copy() for k in range(len(footage))]).max()
    stage = Stage(host, background="own")
    for turn in turns:
        # Both are the same moment, stored twice: they differ by what compression made of each, no more.
        before, after = (split_i420(stage.frame(k * FRAME, ()))[0].copy() for k in (turn - 1, turn))
        assert _changes([before, after])[0] <= ordinary


def test_a_picture_that_was_prepared_costs_one_decoding_and_is_the_same(host: Host) -> None:
    path = _movement(host).folder / "movement.mp4"
    order, footage, fresh = wander(_movement(host)), Footage(path), Footage(path)
    costs, leaps = [], 0
    for place in range(1500):
        number, soon = int(order[place]), leap(order, place, within=KEY)
        costs.append(min(footage._reader.far(number), footage._spare.far(number)))
        planes = footage.at(number, soon=soon)
        if place and number != order[place - 1] + 1:
            leaps += 1
            assert all(np.array_equal(a, b) for a, b in zip(planes, fresh.at(number), strict=True))
    assert leaps >= 5
    assert max(costs) == 1


def test_the_round_is_stored_compressed(host: Host) -> None:
    footage = Footage(_movement(host).folder / "movement.mp4")
    assert footage.bytes < MOST_BYTES / 60 * len(footage) / 25
    decoded = len(footage) * 720 * 1280 * 3 // 2
    assert footage.bytes < decoded / 20


def test_the_mouth_says_what_it_is_told_while_the_person_moves(host: Host, finder: FaceFinder) -> None:
    measured = measure_mouth(Stage(host, background="own"), finder, seconds=8, seed=5)
    assert measured.correlation >= 0.85
    assert measured.bilabials_closed >= 0.95
    assert measured.best_shift == 0


def test_the_mouth_stays_on_the_face(host: Host, finder: FaceFinder) -> None:
    """Against the clip's own lips: the rig's closed mouth lies where they were, in every tenth picture."""
    stage, footage = Stage(host, background="own"), Footage(_movement(host).folder / "movement.mp4")
    order = wander(_movement(host))
    for k in range(0, len(footage), 10):
        shown = finder.find(to_bgr(stage.draw(Pose(), k * FRAME)))[0]
        planes = footage.at(int(order[k]))
        own = np.concatenate([plane.reshape(-1) for plane in planes]).reshape(1920, 720)
        real = finder.find(to_bgr(own))[0]
        for corner in (61, 291, 13):
            assert np.linalg.norm(shown.points[corner, :2] - real.points[corner, :2]) < 6


def test_a_frame_is_the_same_whenever_it_is_drawn(host: Host) -> None:
    count = len(wander(_movement(host)))
    stage = Stage(host, background="daylight")
    shown = {k: stage.draw(Pose(mouth=MouthPose(open=0.5)), k * FRAME).copy() for k in (0, 1, 2, 30, 31)}
    for k in (31, 2, count, count + 30, 1):
        again = Stage(host, background="daylight").draw(Pose(mouth=MouthPose(open=0.5)), k * FRAME)
        assert np.array_equal(again, shown[k % count])


@pytest.mark.parametrize(
    ("size", "background"),
    [((720, 1280), "studio"), ((1080, 1920), "own"), ((1280, 720), "daylight"), ((360, 640), "own")],
)
def test_it_stands_on_any_background_at_any_size(
    host: Host, finder: FaceFinder, size: tuple[int, int], background: str
) -> None:
    stage = Stage(host, width=size[0], height=size[1], background=background)
    frame = to_bgr(stage.frame(10 * FRAME, ()))
    x, y, radius = stage.face_box
    face = finder.find(np.ascontiguousarray(frame[max(0, y - 2 * radius) : y + 2 * radius]))[0]
    assert face.mouth_opening < 0.03
    assert abs(face.points[168, 0] - x) < 0.06 * size[0]


def test_on_another_background_nothing_of_the_own_one_is_left(host: Host) -> None:
    green = to_bgr(Stage(host, background="#00ff00").draw(Pose(), 5 * FRAME)).astype(int)
    corners = np.concatenate([green[300:420, :60].reshape(-1, 3), green[300:420, -60:].reshape(-1, 3)])
    assert np.abs(corners - (0, 255, 0)).max() < 12


def test_no_blink_is_added_to_the_persons_own(host: Host) -> None:
    shut = np.zeros(500, np.float32)
    shut[100:106] = 1.0
    rare = replace(_movement(host), places=np.zeros((500, 2, 3), np.float32), shut=shut)
    allowed = _quiet(rare)
    assert allowed[92:114].max() == 0.0
    assert allowed[300] == 1.0
    shut[300:306] = shut[400:406] = 1.0
    assert _quiet(replace(rare, shut=shut)).max() == 0.0


def test_without_an_outline_only_the_own_background_is_offered(host: Host, tmp_path: Path) -> None:
    plain = replace(host, movement=replace(_movement(host), outlined=False))
    Stage(plain, background="own").draw(Pose())
    with pytest.raises(SceneError, match="background own"):
        Stage(plain, background="daylight")


@pytest.mark.parametrize("file", ["movement.mp4", "movement.json"])
def test_a_broken_movement_is_one_clear_error(host: Host, tmp_path: Path, file: str) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    for path in _movement(host).folder.iterdir():
        (folder / path.name).write_bytes(b"broken" if path.name == file else path.read_bytes())
    with pytest.raises(Exception, match="create the host again") as error:
        Stage(read_host(folder), background="own")
    assert "\n" not in str(error.value)


def test_a_clip_in_which_the_face_is_soon_hidden_leaves_nothing_behind(
    tmp_path: Path, finder: FaceFinder, host: Host
) -> None:
    stage = Stage(load_host("xiaoqi"), background="daylight")
    seen = to_bgr(stage.draw(Pose()))
    pictures = [seen] * 40 + [np.full_like(seen, 128)] * 90
    clip = write_clip(tmp_path / "clip.mp4", pictures)
    with pytest.raises(PortraitError, match="面向镜头"):
        create_host(
            clip,
            clip=True,
            name="shop",
            title="",
            gender="",
            voice="",
            consent=CONSENT,
            hosts_dir=tmp_path / "hosts",
            finder=finder,
        )
    assert not (tmp_path / "hosts").exists()


def test_a_host_that_does_not_move_has_no_movement() -> None:
    from avatar.face.clip_renderer import ClipRenderer

    with pytest.raises(HostError, match="no movement"):
        ClipRenderer(load_host("xiaoqi"), width=720, height=1280, scale=1, offset=(0, 0), as_filmed=True)
