"""Photos and clips as people send them: read safely or refused in one line."""

import struct
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image as Canvas

from avatar.rigging.footage import read_footage
from avatar.rigging.portrait import HEIGHT, WIDTH, PortraitError, cut, read_clip, read_photo


def _noise(width: int, height: int) -> Canvas.Image:
    return Canvas.fromarray(np.random.default_rng(1).integers(0, 255, (height, width, 3), dtype=np.uint8))


def test_a_large_photo_is_made_smaller(tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    _noise(4000, 3000).save(path, quality=30)
    assert max(read_photo(path).shape) == 2560


def test_the_cameras_rotation_is_undone(tmp_path: Path) -> None:
    path = tmp_path / "turned.jpg"
    exif = Canvas.Exif()
    exif[0x0112] = 6
    _noise(60, 40).save(path, exif=exif)
    assert read_photo(path).shape[:2] == (60, 40)


def test_cmyk_palette_and_transparency_become_colours(tmp_path: Path) -> None:
    for mode, name in (("CMYK", "a.jpg"), ("P", "b.png"), ("RGBA", "c.png"), ("L", "d.png"), ("I;16", "e.png")):
        Canvas.new(mode, (30, 20)).save(tmp_path / name)
        assert read_photo(tmp_path / name).shape == (20, 30, 3)


def test_greys_of_16_bits_keep_their_shades(tmp_path: Path) -> None:
    path = tmp_path / "grey.png"
    Canvas.fromarray(np.full((20, 30), 0x6000, np.uint16)).save(path)
    assert np.unique(read_photo(path)).tolist() == [0x60]


def test_what_is_cut_out_stands_before_light_grey_whatever_colour_the_file_hides_there(tmp_path: Path) -> None:
    path = tmp_path / "cut.png"
    Canvas.new("RGBA", (30, 20), (255, 0, 0, 0)).save(path)
    photo = read_photo(path)
    assert photo.min() > 200
    assert np.ptp(photo[0, 0].astype(int)) < 10


def test_of_a_phones_photo_with_more_pictures_behind_it_the_first_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "phone.jpg"
    depth = Canvas.new("RGB", (15, 10))
    Canvas.new("RGB", (30, 20), (200, 150, 120)).save(path, format="MPO", save_all=True, append_images=[depth])
    assert read_photo(path).shape == (20, 30, 3)
    assert abs(int(read_photo(path)[10, 15, 2]) - 200) < 4


def _iphone(path: Path) -> None:
    path.write_bytes(b"\0\0\0\x24ftypheic\0\0\0\0mif1heic" + bytes(500))


def test_a_photo_given_as_a_clip_is_told_so(tmp_path: Path) -> None:
    for name, make in (("a.jpg", _noise(64, 48).save), ("b.png", _noise(64, 48).save), ("c.heic", _iphone)):
        make(tmp_path / name)  # type: ignore[operator]
        with pytest.raises(PortraitError, match="--photo"):
            list(read_clip(tmp_path / name))


def _truncated(path: Path) -> None:
    _noise(200, 200).save(path.with_suffix(".full.jpg"))
    path.write_bytes(path.with_suffix(".full.jpg").read_bytes()[:2000])


def _moving(path: Path) -> None:
    frames = [_noise(20, 20), Canvas.new("RGB", (20, 20))]
    frames[0].save(path, format="GIF", save_all=True, append_images=frames[1:])


def _enormous(path: Path) -> None:
    Canvas.new("1", (10000, 10001)).save(path, format="PNG")


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (_truncated, "cannot be read"),
        (_moving, "still photo"),
        (_enormous, "80 megapixels"),
        (_iphone, "HEIC.*另存为 jpg"),
        (lambda path: _clip(path, 5), "--clip"),
        (lambda path: path.write_bytes(b""), "cannot be read"),
        (lambda path: path.write_text("not a picture"), "cannot be read"),
        (lambda path: path.mkdir(), "cannot be read"),
        (lambda path: None, "no such file"),
    ],
)
def test_what_cannot_be_a_photo_is_refused_in_one_line(tmp_path: Path, make: object, word: str) -> None:
    path = tmp_path / "photo.jpg"
    make(path)  # type: ignore[operator]
    with pytest.raises(PortraitError, match=word) as refusal:
        read_photo(path)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("size", [(400, 1200), (1200, 400), (301, 207), (2000, 2000)])
def test_any_shape_is_cut_to_the_hosts_shape_without_a_gap(size: tuple[int, int]) -> None:
    photo = np.full((size[1], size[0], 3), 128, np.uint8)
    picture, scale, offset = cut(photo, (size[0] / 2, size[1] / 3), min(size) / 3)
    assert picture.shape == (HEIGHT, WIDTH, 3)
    assert int(picture.min()) > 100
    assert scale > 0 and offset[1] <= HEIGHT


def _clip(path: Path, frames: int, *, rate: int = 25, size: tuple[int, int] = (64, 48)) -> None:
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for k in range(frames):
            picture = np.full((size[1], size[0], 3), k % 255, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))


def test_a_clip_filmed_on_its_side_is_set_upright_as_its_file_says(tmp_path: Path) -> None:
    """A phone stores what it saw and, in the track's matrix (ISO 14496-12, 8.3.2), how to turn it."""
    path = tmp_path / "phone.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        picture = np.zeros((48, 64, 3), np.uint8)
        picture[:, :16] = 255
        for _ in range(25):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4 + 40
    for quarter, light in (((0, 1, -1, 0), "top"), ((0, -1, 1, 0), "bottom")):
        a, b, c, d = quarter
        data[at : at + 36] = struct.pack(">9i", a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30)
        path.write_bytes(data)
        still, moving = next(read_clip(path)), next(read_footage(path))
        for seen in (still, moving):
            assert seen.shape == (64, 48, 3)
            rows = seen[:8] if light == "top" else seen[-8:]
            assert rows.min() > 200 and np.median(seen) < 40


def test_a_clip_gives_five_stills_a_second(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    _clip(path, 130)
    stills = list(read_clip(path))
    assert 25 <= len(stills) <= 27
    assert stills[0].shape == (48, 64, 3)


def test_clips_that_are_too_short_too_long_or_none_are_refused(tmp_path: Path) -> None:
    short, long, sound, broken = (tmp_path / name for name in ("short.mp4", "long.mp4", "sound.wav", "broken.mp4"))
    _clip(short, 20)
    _clip(long, 5 * 62, rate=5)
    with av.open(str(sound), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.int16), layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
    broken.write_bytes(b"\0" * 500)
    for path, word in ((short, "at least 5"), (long, "60 seconds"), (sound, "no video"), (broken, "cannot be read")):
        with pytest.raises(PortraitError, match=word):
            list(read_clip(path))


def test_a_clip_that_says_it_is_too_long_is_refused_before_it_is_looked_at(tmp_path: Path) -> None:
    long = tmp_path / "long.mp4"
    _clip(long, 5 * 62, rate=5)
    with pytest.raises(PortraitError, match="60 seconds"):
        next(read_clip(long))
