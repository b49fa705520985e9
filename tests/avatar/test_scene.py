"""The stage: frames for the encoder, with the host large and centred and the label always on top."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Canvas

from avatar import AvatarError, Emotion, ProductCard, Stage, create_stage
from avatar.face.colour import to_bgr
from avatar.face.host import load_host
from avatar.face.mouth import MouthPose
from avatar.face.performance import Pose
from avatar.face.presenter import Cue
from avatar.scene.backdrop import background_names
from avatar.scene.lettering import glyph_height
from avatar.scene.plate import AI_LABEL, CardPlate, Layout
from avatar.voice.speech import SAMPLE_RATE, Viseme, VisemeSpan


@pytest.fixture(scope="module")
def stage() -> Stage:
    return create_stage("xiaoqi", burn_captions=True, burn_card=True)


def _label_text(frame: np.ndarray, layout: Layout) -> np.ndarray:
    """The brightest pixels of the label's plate: its letters."""
    top, left = layout.label_top, layout.left
    unit = layout.unit
    return frame[top : top + round(64 * unit), left : left + round(190 * unit)].astype(int)


def test_a_frame_is_i420_of_the_asked_size(stage: Stage) -> None:
    frame = stage.frame(0, ())
    assert frame.shape == (1920, 720)
    assert frame.dtype == np.uint8


def test_rendering_is_deterministic() -> None:
    def show() -> list[bytes]:
        stage = create_stage("xiaoqi", width=360, height=640, seed=4)
        cue = Cue(0, (VisemeSpan(Viseme.A, 0, SAMPLE_RATE, 0.7),), Emotion.JOY)
        return [stage.frame(k * 1920, (cue,)).tobytes() for k in range(5)]

    assert show() == show()


def test_the_mouth_moves_in_the_picture_and_the_background_does_not(stage: Stage) -> None:
    shut = stage.draw(Pose()).copy()
    wide = stage.draw(Pose(mouth=MouthPose(open=1.0))).copy()
    changed = np.abs(shut[:1280].astype(int) - wide[:1280]).max(1)
    rows = np.flatnonzero(changed > 20)
    assert 440 < rows.min() < rows.max() < 720
    moved = stage.draw(Pose(turn=4, tilt=2, lean=1, breath=1)).copy()
    assert np.array_equal(shut[:60], moved[:60])
    assert not np.array_equal(shut[300:700], moved[300:700])


@pytest.mark.parametrize("size", [(720, 1280), (1080, 1920), (1280, 720), (1920, 1080)])
def test_the_label_is_large_enough_in_every_format(size: tuple[int, int]) -> None:
    stage = create_stage("xiaoqi", width=size[0], height=size[1])
    layout = Layout(*size)
    letters = _label_text(stage.frame(0, ()), layout) > 200
    heights = np.flatnonzero(letters.any(1))
    assert np.ptp(heights) + 1 >= 0.05 * min(size)
    plate_size = next(s for s in range(10, 200) if glyph_height(AI_LABEL, s) >= 0.05 * min(size))
    assert glyph_height(AI_LABEL, plate_size) >= 0.05 * min(size)


def test_the_label_stays_on_top_of_everything(stage: Stage) -> None:
    layout = Layout(720, 1280)
    stage.show_card(None)
    before = _label_text(stage.frame(0, ()), layout) > 200
    stage.show_caption("一句很长很长很长很长很长很长很长很长很长很长很长很长很长很长很长很长很长的话")
    stage.show_card(ProductCard("云朵沙发", "1,299"))
    after = _label_text(stage.frame(0, ()), layout) > 200
    stage.show_caption(None)
    stage.show_card(None)
    assert (before & after).sum() > 0.97 * before.sum()


def test_plates_leave_no_trace_when_they_go(stage: Stage) -> None:
    clean = stage.frame(0, ()).copy()
    stage.show_caption("三十度以下机洗就可以")
    stage.show_card(ProductCard("云朵沙发", "1,299", "1,699", note="余 36 件", ends_in_s=90))
    covered = stage.frame(0, ()).copy()
    stage.show_caption(None)
    stage.show_card(None)
    assert not np.array_equal(clean, covered)
    assert np.array_equal(clean, stage.frame(0, ()))


def test_the_countdown_counts_programme_time_and_ends(stage: Stage) -> None:
    stage.show_card(ProductCard("云朵沙发", "1,299", ends_in_s=3))
    pictures = []
    for second in range(5):
        stage.frame(second * SAMPLE_RATE, ())
        card = stage.draw(Pose(), second * SAMPLE_RATE)
        pictures.append(card[940:1160, 70:650].copy())
    stage.show_card(None)
    assert not np.array_equal(pictures[0], pictures[1])
    assert np.array_equal(pictures[3], pictures[4])


def test_captions_and_card_are_left_out_unless_asked_for() -> None:
    stage = create_stage("xiaoqi", width=360, height=640)
    clean = stage.frame(0, ()).copy()
    stage.show_caption("你好")
    stage.show_card(ProductCard("云朵沙发", "1,299"))
    assert np.array_equal(clean, stage.frame(0, ()))


def test_there_are_three_studios_and_colours_and_pictures(tmp_path: Path) -> None:
    assert len(background_names()) >= 3
    blue = to_bgr(create_stage("xiaoqi", width=360, height=640, background="#0000ff").draw(Pose()))
    assert blue[5, 5, 0] > 245 and blue[5, 5, 2] < 10
    path = tmp_path / "wall.png"
    Canvas.new("RGB", (50, 40), (0, 200, 0)).save(path)
    green = to_bgr(create_stage("xiaoqi", width=360, height=640, background=path).draw(Pose()))
    assert abs(int(green[5, 5, 1]) - 200) < 4


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"host": "nobody"}, "xiaoqi"),
        ({"background": "moon"}, "studio"),
        ({"background": "own"}, "surroundings"),
        ({"width": 721}, "even"),
        ({"width": 100, "height": 100}, "240"),
    ],
)
def test_a_wrong_wish_says_what_there_is(change: dict[str, object], word: str) -> None:
    wish = {"host": "xiaoqi", "width": 360, "height": 640, "background": "studio"} | change
    with pytest.raises(AvatarError, match=word):
        create_stage(**wish)  # type: ignore[arg-type]


def test_a_card_with_a_broken_picture_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    with pytest.raises(AvatarError, match=r"broken\.jpg"):
        CardPlate(ProductCard("云朵沙发", "1,299", picture=broken), Layout(720, 1280))


@pytest.mark.parametrize("size", [(720, 1280), (1280, 720)])
def test_the_host_stands_in_the_middle_and_covers_half_the_height(size: tuple[int, int]) -> None:
    host = load_host("xiaoqi")
    stage = Stage(host, width=size[0], height=size[1])
    empty = Stage(host, width=size[0], height=size[1])._backdrop
    x, y, radius = stage.face_box
    assert abs(x - size[0] / 2) < 0.05 * size[0]
    changed = np.abs(stage.draw(Pose())[: size[1], x - 2 : x + 2].astype(int) - empty[: size[1], x - 2 : x + 2]).max(1)
    assert np.count_nonzero(changed > 4) > 0.5 * size[1]
    assert 0 < y - radius and y + radius < size[1]


@pytest.mark.parametrize("name", ["xiaoqi", "muchen"])
def test_a_stage_made_from_one_that_is_over_shows_the_same_as_a_fresh_one(name: str) -> None:
    host = load_host(name)
    spans = tuple(VisemeSpan(Viseme.A, k * 9600, (k + 1) * 9600, 0.9) for k in range(10))
    cues = (Cue(0, spans),)
    used = Stage(host, width=360, height=640, seed=3)
    for k in range(40):
        used.frame(k * SAMPLE_RATE // 25, cues)
    again = Stage(host, width=360, height=640, background="daylight", seed=5, like=used)
    fresh = Stage(host, width=360, height=640, background="daylight", seed=5)
    for k in range(30):
        one, other = (stage.frame(k * SAMPLE_RATE // 25, cues) for stage in (again, fresh))
        assert np.abs(one.astype(int) - other.astype(int)).mean() < 0.05
