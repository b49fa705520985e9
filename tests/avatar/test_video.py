"""A product video from end to end, with a voice that hums."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image as Canvas

from avatar import AvatarError
from avatar.face.host import load_host
from avatar.video.filming import Look, Studio, Take
from avatar.video.script import Scene, parse_script
from avatar.video.video import Made, make_video
from avatar.voice.speech import SAMPLE_RATE, Emotion, Speech, Viseme, VisemeSpan

SCRIPT = parse_script("# 沙发\n## 一\n大家好。\n## 二\n商品: 沙发\n价格: 99\n背景: daylight\n只要九十九元。")
SMALL = Look(width=240, height=428)


class Hum:
    """A voice of half a second a sentence; `fail_at` breaks off at that sentence."""

    name = "hum"

    def __init__(self, fail_at: int | None = None) -> None:
        self.said = 0
        self._fail_at = fail_at

    async def speak(self, text: str, *, emotion: Emotion = Emotion.NEUTRAL) -> AsyncIterator[Speech]:
        self.said += 1
        if self.said == self._fail_at:
            raise AvatarError("the voice broke off")
        tone = (8000 * np.sin(np.arange(SAMPLE_RATE // 2) / 20)).astype(np.int16)
        yield Speech(tone, (VisemeSpan(Viseme.A, 0, len(tone), 0.5),), 0, True)

    async def aclose(self) -> None:
        return None


async def _make(out: Path, voice: Hum, steps: list[tuple[str, int, int]] | None = None) -> Made:
    host = load_host("xiaoqi")
    told = steps if steps is not None else []
    return await make_video(SCRIPT, out, host=host, voice=voice, look=SMALL, progress=lambda *step: told.append(step))


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_a_script_becomes_a_video_with_sound_captions_cover_and_label(tmp_path: Path) -> None:
    steps: list[tuple[str, int, int]] = []
    made = await _make(tmp_path / "out.mp4", Hum(), steps)
    with av.open(str(made.video)) as container:
        video, sound = container.streams.video[0], container.streams.audio[0]
        frames = [frame for frame in container.decode(video)]
        assert len(frames) == round(made.seconds * 25)
        assert (frames[0].width, frames[0].height) == (240, 428)
        assert [frame.pts for frame in frames] == sorted({frame.pts for frame in frames})
        assert sound.rate == SAMPLE_RATE
        label = json.loads(container.metadata["AIGC"])
    assert label["Label"] == "1" and label["ContentProducer"] == "zhanggui"
    assert "大家好。" in made.subtitles.read_text("utf-8")
    assert made.cover.read_bytes()[:2] == b"\xff\xd8"
    assert steps[-1][1] == steps[-1][2] == len(frames)
    assert _names(tmp_path) == ["out.jpg", "out.mp4", "out.srt"]


async def test_a_broken_off_video_continues_with_the_scenes_it_has_not_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import avatar.video.filming

    filmed: list[str] = []
    film = avatar.video.filming.film_scene

    def film_until_power_fails(take, part, *rest):  # type: ignore[no-untyped-def]
        filmed.append(take.scene.title)
        if len(filmed) == 2:
            raise AvatarError("power failed")
        film(take, part, *rest)

    monkeypatch.setattr(avatar.video.filming, "film_scene", film_until_power_fails)
    out = tmp_path / "out.mp4"
    with pytest.raises(AvatarError, match="power failed"):
        await _make(out, Hum())
    assert not out.exists()
    await _make(out, Hum())
    assert filmed == ["一", "二", "二"]
    assert out.exists()


async def test_a_failing_voice_leaves_no_video_behind_but_the_scenes_already_filmed(tmp_path: Path) -> None:
    with pytest.raises(AvatarError, match="broke off"):
        await _make(tmp_path / "out.mp4", Hum(fail_at=1))
    assert _names(tmp_path) == []
    with pytest.raises(AvatarError, match="broke off"):
        await _make(tmp_path / "out.mp4", Hum(fail_at=2))
    assert _names(tmp_path) == [".out.mp4.parts"]
    await _make(tmp_path / "out.mp4", Hum())
    assert _names(tmp_path) == ["out.jpg", "out.mp4", "out.srt"]


KILLED = """
import asyncio, sys
from pathlib import Path
from tests.avatar.test_video import Hum, _make
asyncio.run(_make(Path(sys.argv[1]), Hum()))
"""


async def test_a_killed_run_is_taken_up_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import avatar.video.filming

    out, parts = tmp_path / "out.mp4", tmp_path / ".out.mp4.parts"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", KILLED, str(out))
    try:
        async with asyncio.timeout(120):
            while not [part for part in parts.glob("*.mp4") if ".tmp" not in part.name]:
                assert process.returncode is None, "the video was finished before it could be killed"
                await asyncio.sleep(0.01)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
    done = {part.name: part.stat().st_mtime_ns for part in parts.glob("*.mp4") if ".tmp" not in part.name}
    filmed: list[str] = []
    film = avatar.video.filming.film_scene

    def count(take, part, *rest):  # type: ignore[no-untyped-def]
        filmed.append(part.name)
        film(take, part, *rest)

    monkeypatch.setattr(avatar.video.filming, "film_scene", count)
    made = await _make(out, Hum())
    assert not set(filmed) & set(done) and len(filmed) + len(done) == 2
    with av.open(str(made.video)) as container:
        assert sum(1 for _ in container.decode(container.streams.video[0])) == round(made.seconds * 25)


async def test_a_cover_never_overwrites_a_picture_of_the_script(tmp_path: Path) -> None:
    picture = tmp_path / "sofa.jpg"
    Canvas.new("RGB", (40, 40), (200, 30, 30)).save(picture)
    before = picture.read_bytes()
    for setting in ("商品: 沙发\n价格: 99\n图片: sofa.jpg", "背景: sofa.jpg"):
        script = parse_script(f"## 一\n{setting}\n请看。", folder=tmp_path)
        voice = Hum()
        with pytest.raises(AvatarError, match=r"sofa\.jpg"):
            await make_video(script, tmp_path / "sofa.mp4", host=load_host("xiaoqi"), voice=voice, look=SMALL)
        assert voice.said == 0
    assert picture.read_bytes() == before


def test_a_scene_is_filmed_again_when_its_background_picture_changed(tmp_path: Path) -> None:
    picture = tmp_path / "room.png"
    take = Take(Scene("一", ("请看。",)), 0, SAMPLE_RATE, np.zeros(SAMPLE_RATE, np.int16), (), ())
    studio = Studio(tmp_path, load_host("xiaoqi"), Look(240, 428, str(picture)))
    parts = set()
    for colour in ((200, 30, 30), (200, 30, 30), (30, 30, 200)):
        Canvas.new("RGB", (40, 40), colour).save(picture)
        parts.add(studio.part(take))
    assert len(parts) == 2


@pytest.mark.parametrize("name", ["out.avi", "missing/out.mp4", "folder.mp4"])
async def test_a_place_that_cannot_hold_a_video_is_refused_before_any_work(tmp_path: Path, name: str) -> None:
    voice = Hum()
    (tmp_path / "folder.mp4").mkdir()
    with pytest.raises(AvatarError):
        await _make(tmp_path / name, voice)
    assert voice.said == 0


@pytest.mark.parametrize(
    ("setting", "said"),
    [("背景: moon", "场景“二”：没有背景“moon”"), ("商品: 沙发\n价格: 99\n图片: torn.jpg", "场景“二”：.*torn.jpg")],
)
async def test_a_scene_that_cannot_be_shown_is_told_before_a_word_is_spoken(
    setting: str, said: str, tmp_path: Path
) -> None:
    (tmp_path / "torn.jpg").write_bytes(b"\xff\xd8 torn")
    script = parse_script(f"# 沙发\n## 一\n大家好。\n## 二\n{setting}\n请看。", folder=tmp_path)
    voice = Hum()
    with pytest.raises(AvatarError, match=said):
        await make_video(script, tmp_path / "out.mp4", host=load_host("xiaoqi"), voice=voice, look=SMALL)
    assert voice.said == 0
    assert _names(tmp_path) == ["torn.jpg"]
