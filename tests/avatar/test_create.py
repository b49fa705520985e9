"""A merchant's own host, made from a picture of our own rendered host: nobody real is in the tests."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as Canvas

from avatar.errors import AvatarError
from avatar.face.colour import to_bgr
from avatar.face.host import Image, load_host
from avatar.face.mouth import MouthPose
from avatar.face.performance import Pose
from avatar.models.catalogue import LANDMARKER, SEGMENTER, open_models
from avatar.rigging.create import Consent, QualityError, check_clip, check_photo, create_host
from avatar.rigging.landmarks import LEFT_EYE, RIGHT_EYE, FaceFinder
from avatar.rigging.lids import eye_patches
from avatar.rigging.lips import mouth_patches
from avatar.rigging.matte import cut_out
from avatar.rigging.portrait import PortraitError
from avatar.rigging.segmenter import PersonFinder
from avatar.scene.scene import Stage
from tests.avatar.clips import write_clip

pytestmark = pytest.mark.model
CONSENT = Consent("小栖", "店主", datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture(scope="module")
def finder(models_dir: Path) -> Iterator[FaceFinder]:
    with FaceFinder(open_models(models_dir).folder(LANDMARKER) / "face_landmarker.task") as found:
        yield found


@pytest.fixture(scope="module")
def portrait() -> Image:
    """A room photo, 1,300 pixels square, with the shipped host in its middle."""
    host = load_host("xiaoqi").picture[:1240]
    photo = np.empty((1300, 1300, 3), np.float32)
    photo[:] = np.linspace((190, 200, 210), (150, 160, 180), 1300)[:, None]
    place = photo[60:1300, 130:1170]
    alpha = host[..., 3:].astype(np.float32) / 255
    place[:] = host[..., :3] * alpha + place * (1 - alpha)
    return photo.astype(np.uint8)


def _save(picture: Image, path: Path) -> Path:
    Canvas.fromarray(np.ascontiguousarray(picture[..., ::-1])).save(path, quality=92)
    return path


def _make(source: Path, hosts: Path, finder: FaceFinder, *, clip: bool = False, **change: object) -> None:
    wish = {"name": "shop", "title": "店主", "gender": "", "voice": "zf_xiaobei", "consent": CONSENT} | change
    create_host(source, clip=clip, hosts_dir=hosts, finder=finder, **wish)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory, portrait: Image, finder: FaceFinder) -> Path:
    folder = tmp_path_factory.mktemp("own")
    _make(_save(portrait, folder / "photo.jpg"), folder / "hosts", finder)
    return folder / "hosts"


def test_a_photo_becomes_a_host_that_speaks_and_blinks(own: Path, finder: FaceFinder) -> None:
    stage = Stage(load_host("shop", hosts_dir=own), background="own")
    shut, opened, blinked = (
        finder.find(to_bgr(stage.draw(pose)))[0] for pose in (Pose(), Pose(mouth=MouthPose(open=1.0)), Pose(lids=1.0))
    )
    assert shut.mouth_opening < 0.02
    assert opened.mouth_opening > 0.05
    assert blinked.blendshapes["eyeBlinkLeft"] > shut.blendshapes["eyeBlinkLeft"] + 0.3
    rounded = finder.find(to_bgr(stage.draw(Pose(mouth=MouthPose(open=0.3, wide=-1)))))[0]
    spread = finder.find(to_bgr(stage.draw(Pose(mouth=MouthPose(open=0.3, wide=1)))))[0]
    assert spread.mouth_width > 1.15 * rounded.mouth_width


def test_a_closed_eye_shows_no_white(portrait: Image, finder: FaceFinder) -> None:
    """The eye's white reaches beyond the landmarks: lids drawn to these alone leave it in both corners."""
    face = finder.find(portrait)[0]
    eyes = eye_patches(portrait, face, bottom=portrait.shape[0])

    def white(upper_face: Image, eye: tuple[int, ...]) -> int:
        points = face.points[list(eye), :2] - (eyes.rect.x, eyes.rect.y)
        (x0, y0), (x1, y1) = points.min(0).astype(int) - 10, points.max(0).astype(int) + 10
        lab = cv2.cvtColor(np.ascontiguousarray(upper_face[y0:y1, x0:x1]), cv2.COLOR_BGR2LAB)
        return int(((lab[..., 0] > 90) & (lab[..., 1] < 133) & (lab[..., 2] < 133)).sum())

    for eye in (LEFT_EYE, RIGHT_EYE):
        assert white(eyes.images[0, 1], eye) > 100
        assert white(eyes.images[-1, 1], eye) < 10


def test_painted_teeth_take_the_colour_of_the_photos_light(portrait: Image, finder: FaceFinder) -> None:
    """White teeth in a picture taken by lamp light look blue."""
    face = finder.find(portrait)[0]
    lamp = np.clip(portrait * np.array([0.62, 0.86, 1.0]), 0, 255).astype(np.uint8)
    blue = []
    for photo in (portrait, lamp):
        mouth = mouth_patches(photo, face)
        x, y = (face.points[13, :2] - (mouth.rect.x, mouth.rect.y)).astype(int)
        inside = mouth.images[-1, 2, y - 4 : y + int(0.06 * face.size), x - 8 : x + 8].reshape(-1, 3).astype(float)
        teeth = inside[inside.min(1) >= np.percentile(inside.min(1), 80)].mean(0)
        blue.append(teeth[0] / teeth[2])
    assert blue[0] > 0.75
    assert blue[1] < blue[0] - 0.12


def test_at_rest_the_host_looks_like_the_photo(own: Path) -> None:
    host = load_host("shop", hosts_dir=own)
    frame = to_bgr(Stage(host, background="own").draw(Pose()))
    photo = host.picture[..., :3]
    inside = np.zeros(photo.shape[:2], bool)
    inside[300:1100, 250:470] = True
    assert np.abs(frame.astype(int) - photo)[inside].mean() < 3


@pytest.mark.parametrize("by_model", [True, False])
def test_the_outline_is_that_of_the_person(
    portrait: Image, finder: FaceFinder, models_dir: Path, by_model: bool
) -> None:
    truth = np.zeros(portrait.shape[:2], np.float32)
    truth[60:1300, 130:1170] = load_host("xiaoqi").picture[:1240, :, 3] / 255
    face = finder.find(portrait)[0]
    model = open_models(models_dir).folder(SEGMENTER) / "selfie_segmentation.tflite"
    with PersonFinder(model) as people:
        clear, alpha = cut_out(portrait, face, people if by_model else None)
    found = alpha.astype(np.float32) / 255
    overlap = np.minimum(found, truth).sum() / np.maximum(found, truth).sum()
    assert overlap > (0.96 if by_model else 0.90)
    inside = cv2.erode(truth, np.ones((41, 41), np.uint8)) > 0.99
    assert found[inside].mean() > 0.995
    assert np.abs(clear.astype(int) - portrait)[inside].mean() < 0.5


def test_in_a_wide_frame_shoulders_that_the_photo_cuts_fade_out(own: Path) -> None:
    host = load_host("shop", hosts_dir=own)
    frame = to_bgr(Stage(host, width=1280, height=720, background="#00ff00").draw(Pose())).astype(int)
    for beside in (frame[150:, :400], frame[150:, -400:]):
        assert np.abs(beside - (0, 255, 0)).max() < 8
    row = frame[650, 400:880].astype(float)
    assert np.abs(np.diff(row, axis=0)).max(axis=1)[:60].max() < 40  # no hard edge where the photo ends


def test_the_consent_is_recorded_with_the_host(own: Path) -> None:
    consent = json.loads((own / "shop" / "host.json").read_text("utf-8"))["consent"]
    assert consent["person"] == "小栖"
    assert consent["confirmed_by"] == "店主"
    assert consent["at"] == "2026-01-01T00:00:00+00:00"
    assert "书面同意" in consent["text"]


@pytest.mark.parametrize(
    "change",
    [{"name": "../x"}, {"name": "Shop"}, {"name": "xiaoqi"}, {"consent": Consent(" ", "店主", CONSENT.at)}],
)
def test_a_wrong_name_or_no_consent_leaves_nothing_behind(
    change: dict[str, object], tmp_path: Path, portrait: Image, finder: FaceFinder
) -> None:
    with pytest.raises(AvatarError):
        _make(_save(portrait, tmp_path / "photo.jpg"), tmp_path / "hosts", finder, **change)
    assert not (tmp_path / "hosts").exists()


def _sunglasses(photo: Image, points: np.ndarray) -> Image:
    picture = photo.copy()
    for iris in (468, 473):
        centre = tuple(int(v) for v in points[iris, :2])
        cv2.ellipse(picture, centre, (70, 55), 0, 0, 360, (12, 12, 12), -1)
    return picture


def _mask(photo: Image, points: np.ndarray) -> Image:
    picture = photo.copy()
    x, y = points[13, :2].astype(int)
    cv2.rectangle(picture, (x - 110, y - 45), (x + 110, y + 75), (200, 150, 90), -1)
    return picture


def _mouth_open(photo: Image, points: np.ndarray) -> Image:
    stage = Stage(load_host("xiaoqi"), background="daylight")
    return to_bgr(stage.draw(Pose(mouth=MouthPose(open=0.9))))


def _hand(photo: Image, points: np.ndarray) -> Image:
    """Four fingers of the person's own colour lie over the mouth."""
    picture = photo.copy()
    x, y = points[13, :2].astype(int)
    cheek = points[50, :2].astype(int)
    skin = 0.95 * np.median(photo[cheek[1] - 5 : cheek[1] + 5, cheek[0] - 5 : cheek[0] + 5].reshape(-1, 3), 0)
    for k in range(4):
        for colour, thick in ((skin * (1 - 0.03 * k), -1), (0.8 * skin, 2)):
            cv2.ellipse(picture, (x + 10, y - 25 + k * 32), (130, 19), -8, 0, 360, colour.tolist(), thick)
    return cv2.GaussianBlur(picture, (0, 0), 1.2)


def _beard(photo: Image, points: np.ndarray) -> Image:
    x, y = points[13, :2]
    jaw = points[[172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397], :2]
    hull = cv2.convexHull(np.vstack([jaw, [[x - 95, y - 25], [x + 95, y - 25], [x, y - 40]]]).astype(np.int32))
    where = np.zeros(photo.shape[:2], np.uint8)
    cv2.fillConvexPoly(where, hull, 255)
    share = cv2.GaussianBlur(where, (0, 0), 6)[..., None] / 263.0
    hair = np.array([30, 36, 46]) + np.random.default_rng(1).normal(0, 14, photo.shape[:2])[..., None]
    return np.clip(photo * (1 - share) + hair * share, 0, 255).astype(np.uint8)


def _profile(photo: Image, points: np.ndarray) -> Image:
    """One half of the face is seen narrow, as when the head is turned."""
    height, width = photo.shape[:2]
    nose = points[1, 0]
    at = [0, nose - 170, nose - 120, nose + 200, width]
    columns = np.interp(np.arange(width), at, [0, nose - 170, nose, nose + 170, width]).astype(np.float32)
    rows = np.arange(height, dtype=np.float32)[:, None]
    return cv2.remap(photo, np.tile(columns, (height, 1)), np.tile(rows, (1, width)), cv2.INTER_LINEAR)


def _two(photo: Image, points: np.ndarray) -> Image:
    return np.hstack([photo, photo[:, ::-1]])


def _far_away(photo: Image, points: np.ndarray) -> Image:
    """The person stands so far away that no face is found in the whole photo."""
    room = np.full((1300, 1300, 3), (170, 180, 190), np.uint8)
    room[500:800, 500:800] = cv2.resize(photo, (300, 300), interpolation=cv2.INTER_AREA)
    return room


def _grey(photo: Image, points: np.ndarray) -> Image:
    return cv2.cvtColor(cv2.cvtColor(photo, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)


def _dark(photo: Image, points: np.ndarray) -> Image:
    return (photo * 0.15).astype(np.uint8)


@pytest.mark.parametrize(
    ("spoil", "advice"),
    [
        (lambda photo, points: np.full((800, 600, 3), 180, np.uint8), "没有找到人脸"),
        (_two, "两张脸"),
        (lambda photo, points: cv2.resize(photo, (400, 400)), "太小"),
        (_far_away, "太小"),
        (_grey, "黑白"),
        (lambda photo, points: cv2.GaussianBlur(photo, (0, 0), 9), "模糊"),
        (lambda photo, points: np.ascontiguousarray(np.rot90(photo)), "方向|歪"),
        (_dark, "光线"),
        (_sunglasses, "墨镜|眼睛|没有找到人脸"),
        (_mask, "挡住|没有找到人脸"),
        (_hand, "手、口罩"),
        (_beard, "胡须"),
        (_profile, "正对镜头"),
        (lambda photo, points: np.ascontiguousarray(photo[::-1, ::-1]), "方向"),
        (_mouth_open, "张开"),
        (lambda photo, points: np.ascontiguousarray(photo[:, 560:]), "没有拍全|偏向|没有找到"),
    ],
)
def test_a_bad_photo_gets_advice_and_leaves_nothing_behind(
    spoil: object, advice: str, tmp_path: Path, portrait: Image, finder: FaceFinder
) -> None:
    points = finder.find(portrait)[0].points
    path = _save(spoil(portrait, points), tmp_path / "photo.jpg")  # type: ignore[operator]
    quality = check_photo(path, finder)
    assert not quality.accepted
    with pytest.raises(QualityError, match=advice):
        _make(path, tmp_path / "hosts", finder)
    assert re.fullmatch(r"[^/]*[一-鿿][^/]* / [ -~]*[a-z]{2}[ -~]*", quality.advice), "Chinese first, then English"
    assert not (tmp_path / "hosts").exists()


@pytest.mark.parametrize(("spoil", "cause"), [(_dark, "light"), (_grey, "colour"), (_profile, "frontal")])
def test_only_the_cause_is_told_not_what_follows_from_it(
    spoil: object, cause: str, tmp_path: Path, portrait: Image, finder: FaceFinder
) -> None:
    spoilt = spoil(portrait, finder.find(portrait)[0].points)  # type: ignore[operator]
    quality = check_photo(_save(spoilt, tmp_path / "photo.jpg"), finder)
    assert [finding.name for finding in quality.findings if not finding.passed] == [cause]


def test_a_good_photo_passes_every_check(tmp_path: Path, portrait: Image, finder: FaceFinder) -> None:
    quality = check_photo(_save(portrait, tmp_path / "photo.jpg"), finder)
    assert quality.accepted, quality.advice


def test_a_refused_clip_is_told_what_most_of_it_lacks(tmp_path: Path, portrait: Image, finder: FaceFinder) -> None:
    sideways = np.ascontiguousarray(np.rot90(portrait))
    wall = np.full_like(sideways, 150)
    clip = write_clip(tmp_path / "clip.mp4", [wall] * 4 + [sideways] * 22, rate=5)
    with pytest.raises(QualityError, match=r"方向|歪"):
        check_clip(clip, finder)


def test_a_check_refuses_a_clip_with_too_few_pictures_as_making_a_host_does(
    tmp_path: Path, portrait: Image, finder: FaceFinder
) -> None:
    clip = write_clip(tmp_path / "clip.mp4", [portrait] * 50, rate=10)
    with pytest.raises(PortraitError, match="10 帧"):
        check_clip(clip, finder)
    with pytest.raises(PortraitError, match="10 帧"):
        _make(clip, tmp_path / "hosts", finder, clip=True)
    assert not (tmp_path / "hosts").exists()
