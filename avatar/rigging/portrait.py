"""A merchant's own photo or clip, read safely and cut to the shape of a host's picture."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import av
import cv2
import numpy as np
from PIL import Image as Canvas
from PIL import ImageOps

from avatar.errors import AvatarError
from avatar.face.host import Image

WIDTH, HEIGHT = 720, 1280
"""Size of the picture of a host made from a photo."""
_MOST_PIXELS = 80_000_000
_WORK_SIDE = 2560
_BEHIND = (222, 219, 215)
_HEIF = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
"""What a HEIC or HEIF file calls itself (ISO 23008-12)."""
_STILL = ("image2", "jpeg_pipe", "png_pipe", "webp_pipe", "bmp_pipe", "tiff_pipe")
"""What FFmpeg calls the format of a file that is one still picture."""
_LONGEST_CLIP_S, _SHORTEST_CLIP_S = 60.5, 4.7


class PortraitError(AvatarError):
    """A photo or clip cannot be used; the text says why and what to do."""


def read_photo(path: Path) -> Image:
    """Read a still photo as BGR, upright, its long side at most 2,560 pixels. Raises `PortraitError`."""
    try:
        with warnings.catch_warnings(), _open(path) as opened:
            # Phones store a picture's depth or brightness behind it (MPO): the first picture is the photo.
            if getattr(opened, "n_frames", 1) > 1 and opened.format not in ("MPO", "TIFF"):
                raise PortraitError(
                    f"{path.name}：这是动图，请给一张照片，或用 --clip 给一段视频 / "
                    "a moving picture; give one still photo, or a video with --clip"
                )
            if opened.width * opened.height > _MOST_PIXELS:
                size = f"{opened.width}x{opened.height}"
                raise PortraitError(
                    f"{path.name}：{size} 超过 8000 万像素，请先缩小 / more than 80 megapixels; make it smaller first"
                )
            opened.draft("RGB", (_WORK_SIDE, _WORK_SIDE))
            picture = _narrow(ImageOps.exif_transpose(opened))
            picture.thumbnail((_WORK_SIDE, _WORK_SIDE), Canvas.Resampling.LANCZOS)
            rgb = np.asarray(_solid(picture).convert("RGB"))
    except FileNotFoundError as exc:
        raise PortraitError(f"{path}：没有这个文件 / no such file") from exc
    except (Canvas.DecompressionBombError, Canvas.DecompressionBombWarning) as exc:
        raise PortraitError(
            f"{path.name}：超过 8000 万像素，请先缩小 / more than 80 megapixels; make it smaller first"
        ) from exc
    except (OSError, ValueError, SyntaxError) as exc:
        raise _unread(path, exc) from exc
    return np.ascontiguousarray(rgb[..., ::-1])


def _unread(path: Path, cause: Exception) -> PortraitError:
    """Say what a file is that Pillow cannot read, as far as its first bytes tell: ISO 14496-12, 4.3."""
    kind, brand = _head(path)
    if kind == b"ftyp" and brand in _HEIF:
        return PortraitError(
            f"{path.name}：这是 HEIC 照片，请在手机或电脑上另存为 jpg；iPhone 也可以在“设置、相机、格式”里选"
            "“兼容性最佳”再拍 / a HEIC photo; save it as jpg, or set the iPhone's camera to Most Compatible"
        )
    if kind == b"ftyp" or path.suffix.lower() in (".mp4", ".mov", ".mkv", ".webm", ".avi"):
        return PortraitError(f"{path.name}：这是视频，请用 --clip 给它 / a video; give it with --clip")
    return PortraitError(
        f"{path.name}：照片读不出来，请另存为 jpg 或 png / "
        f"the photo cannot be read ({cause}); save it again as jpg or png"
    )


def _head(path: Path) -> tuple[bytes, bytes]:
    """Return what kind of box a file begins with, and its brand; empty where it cannot be read."""
    try:
        with path.open("rb") as file:
            head = file.read(12)
    except OSError:
        return b"", b""
    return head[4:8], head[8:12]


def _narrow(picture: Canvas.Image) -> Canvas.Image:
    """Return greys of 16 bits as 8: Pillow would cut them off at white."""
    if not picture.mode.startswith("I;16"):
        return picture
    return Canvas.fromarray((np.asarray(picture, np.uint16) >> 8).astype(np.uint8))


def _solid(picture: Canvas.Image) -> Canvas.Image:
    """Set what is cut out before light grey: the colours that a file holds where nothing is seen are any."""
    if not picture.has_transparency_data:
        return picture
    cut_out = picture.convert("RGBA")
    return Canvas.alpha_composite(Canvas.new("RGBA", cut_out.size, _BEHIND), cut_out)


def _open(path: Path) -> Canvas.Image:
    warnings.simplefilter("error", Canvas.DecompressionBombWarning)
    return Canvas.open(path)


def read_clip(path: Path, *, every_s: float = 0.2) -> Iterator[Image]:
    """Yield stills of a clip of 5 to 60 seconds, one every `every_s` of its own time. Raises `PortraitError`.

    Only one still is held at a time, whatever the clip's length. The length is known, and judged, at the end.
    """
    seen = 0
    last = 0.0
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise PortraitError(f"{path.name}：文件里没有画面 / no video in this file")
            if container.format.name in _STILL or _head(path)[1] in _HEIF:
                raise _no_clip(path)
            stream = container.streams.video[0]
            # What the file says of itself spares a minute's looking; that it may say nothing is why frames count too.
            if stream.duration and float(stream.duration * (stream.time_base or 0)) > _LONGEST_CLIP_S:
                raise _too_long(path)
            wanted = 0.0
            for frame in container.decode(stream):
                last = float(frame.time or 0.0)
                if last > _LONGEST_CLIP_S:
                    raise _too_long(path)
                if last + 1e-6 < wanted:
                    continue
                wanted = last + every_s
                turn = int(getattr(frame, "rotation", 0) or 0)
                seen += 1
                yield upright(np.ascontiguousarray(frame.to_ndarray(format="bgr24")), turn)
    except FileNotFoundError as exc:
        raise PortraitError(f"{path}：没有这个文件 / no such file") from exc
    except (av.error.FFmpegError, ValueError) as exc:
        if _head(path)[1] in _HEIF:
            raise _no_clip(path) from exc
        raise PortraitError(
            f"{path.name}：视频读不出来，请另存为 mp4 / the clip cannot be read ({exc}); save it again as mp4"
        ) from exc
    if last < _SHORTEST_CLIP_S or not seen:
        raise PortraitError(
            f"{path.name}：只有 {last:.1f} 秒，至少要 5 秒 / {last:.1f} seconds of video; at least 5 are needed"
        )


def _no_clip(path: Path) -> PortraitError:
    return PortraitError(
        f"{path.name}：这是一张图片，照片请用 --photo 给，或者给一段 mp4 视频 / "
        "a picture; give a photo with --photo, or a video as mp4"
    )


def _too_long(path: Path) -> PortraitError:
    return PortraitError(f"{path.name}：超过 60 秒，请先剪短 / longer than 60 seconds; cut it first")


def cut(photo: Image, face: tuple[float, float], size: float) -> tuple[Image, float, tuple[float, float]]:
    """Cut a photo so that the face stands where hosts have theirs.

    `face` is the middle of the face and `size` the distance from forehead to chin. Returns the picture of 720x1280, and
    the scale and offset that map the photo onto it. What the photo does not cover is continued from its edges, softly.
    """
    height, width = photo.shape[:2]
    wish = 0.27 * HEIGHT / size
    least = max(WIDTH / width, HEIGHT / height)
    scale = max(wish, min(least, 1.5 * wish))
    offset = (WIDTH / 2 - face[0] * scale, 0.38 * HEIGHT - face[1] * scale)
    offset = (
        _inside(offset[0], WIDTH - width * scale),
        _inside(offset[1], HEIGHT - height * scale, strict=True),
    )
    return place(photo, scale, offset), scale, offset


def place(photo: Image, scale: float, offset: tuple[float, float]) -> Image:
    """Set a picture into 720x1280 as `cut` would; further pictures of a clip are set as its best one."""
    height, width = photo.shape[:2]
    matrix = np.array([[scale, 0, offset[0]], [0, scale, offset[1]]])
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    source = photo
    if scale < 0.6:
        source = cast(Image, cv2.GaussianBlur(photo, (0, 0), 0.35 / scale))
        method = cv2.INTER_LINEAR
    picture = cv2.warpAffine(source, matrix, (WIDTH, HEIGHT), flags=method, borderMode=cv2.BORDER_REPLICATE)
    inside = cv2.warpAffine(
        np.full((height, width), 255, np.uint8), matrix, (WIDTH, HEIGHT), flags=cv2.INTER_NEAREST, borderValue=0
    )
    if int(inside.min()) == 0:
        soft = cv2.GaussianBlur(picture, (0, 0), 24)
        share = cv2.GaussianBlur(cv2.erode(inside, np.ones((15, 15), np.uint8)), (0, 0), 6)[..., None] / 255.0
        picture = np.rint(picture * share + soft * (1 - share)).astype(np.uint8)
    return cast(Image, picture)


def _inside(offset: float, least: float, *, strict: bool = False) -> float:
    """Move a picture's edge so that no gap opens, if the picture is large enough; a lower gap is always closed."""
    if least <= 0:
        return min(0.0, max(offset, least))
    return least if strict else offset


def upright(picture: Image, degrees: int) -> Image:
    """Return a clip's picture turned by what its file says, its long side at most 1,280 pixels."""
    return _fit(_turned(picture, degrees))


def _fit(picture: Image) -> Image:
    side = max(picture.shape[:2])
    if side <= _WORK_SIDE // 2:
        return picture
    scale = _WORK_SIDE / 2 / side
    return cast(Image, cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))


def _turned(picture: Image, degrees: int) -> Image:
    quarter = {90: cv2.ROTATE_90_COUNTERCLOCKWISE, -90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180}
    code = quarter.get(degrees if degrees != -180 else 180)
    return picture if code is None else cast(Image, cv2.rotate(picture, code))
