"""Clips as cameras write them, at the pace of a programme."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from avatar.rigging.footage import read_footage
from avatar.rigging.portrait import PortraitError


def _clip(
    path: Path, times: list[float], *, rate: int = 25, size: tuple[int, int] = (64, 48), codec: str = "libx264"
) -> Path:
    """Write pictures that are shown at `times`, seconds; each is a little lighter than the one before."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p" if codec == "libx264" else "yuv444p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for k, at in enumerate(times):
            frame = av.VideoFrame.from_ndarray(np.full((size[1], size[0], 3), 20 + k % 200, np.uint8), format="rgb24")
            frame.pts, frame.time_base = round(at * 1000), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(("rate", "expected"), [(24, 120), (25, 125), (30, 150), (60, 150), (50, 125)])
def test_steady_clips_are_taken_one_for_one_or_every_other(tmp_path: Path, rate: int, expected: int) -> None:
    path = _clip(tmp_path / "clip.mp4", [k / rate for k in range(5 * rate)], rate=rate)
    assert abs(sum(1 for _ in read_footage(path)) - expected) <= 1


def test_a_clip_of_changing_rate_keeps_its_own_time(tmp_path: Path) -> None:
    quick = [k / 40 for k in range(80)]
    slow = [2 + k / 16 for k in range(48)]
    path = _clip(tmp_path / "clip.mp4", quick + slow, rate=40)
    pictures = list(read_footage(path))
    assert abs(len(pictures) - 125) <= 3
    levels = [int(picture.mean()) for picture in pictures]
    assert levels == sorted(levels)
    assert abs(levels[50] - levels[0] - 80 * 219 / 255) < 16  # two seconds in, the 80 quick pictures are over


def test_a_pause_in_the_time_stamps_is_not_endless(tmp_path: Path) -> None:
    path = _clip(tmp_path / "clip.mp4", [k / 24 for k in range(240)] + [16 + k / 24 for k in range(240)], rate=24)
    assert 490 < sum(1 for _ in read_footage(path)) < 530


def test_too_few_pictures_a_second_are_refused_in_one_line(tmp_path: Path) -> None:
    path = _clip(tmp_path / "clip.mp4", [k / 8 for k in range(48)], rate=8)
    with pytest.raises(PortraitError, match="pictures a second") as refusal:
        list(read_footage(path))
    assert "\n" not in str(refusal.value)


def test_odd_sizes_are_read(tmp_path: Path) -> None:
    path = _clip(tmp_path / "clip.mkv", [k / 25 for k in range(50)], size=(63, 47), codec="ffv1")
    assert next(read_footage(path)).shape == (47, 63, 3)


def test_files_without_pictures_are_refused_in_one_line(tmp_path: Path) -> None:
    sound, broken, cut = (tmp_path / name for name in ("sound.wav", "broken.mp4", "cut.mp4"))
    with av.open(str(sound), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.int16), layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
    broken.write_bytes(bytes(500))
    whole = _clip(tmp_path / "whole.mp4", [k / 25 for k in range(50)]).read_bytes()
    cut.write_bytes(whole[: len(whole) // 3])
    for path in (sound, broken, cut, tmp_path / "missing.mp4"):
        with pytest.raises(PortraitError) as refusal:
            list(read_footage(path))
        assert "\n" not in str(refusal.value)
