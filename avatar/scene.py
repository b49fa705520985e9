"""The stage: background, host, product card, captions and the AI label, composed into the frames of a programme."""

from __future__ import annotations

import re
from pathlib import Path
from typing import cast

import cv2
import numpy as np

from avatar.colour import Pixels, split_i420, to_i420
from avatar.errors import AvatarError
from avatar.host import Geometry, Host, load_host
from avatar.overlay import Overlay
from avatar.performance import Performance, Pose
from avatar.plate import CardPlate, Layout, ProductCard, draw_caption, draw_label
from avatar.presenter import FRAME_RATE, I420, Cue
from avatar.renderer import Renderer
from avatar.speech import SAMPLE_RATE

BACKGROUNDS = Path(__file__).parent / "backgrounds"
_FRAME_SAMPLES = SAMPLE_RATE // FRAME_RATE
LEAST_SHARE = 0.5
"""Least share of the frame's height that the host covers (Kuaishou's rule for digital hosts)."""


class SceneError(AvatarError):
    """A stage cannot be set up as asked."""


class Stage:
    """A host on a background: the `Performer` of a room.

    Rendering is deterministic for a seed and a sequence of calls. A stage serves one thread at a time; the returned
    frame is used again by the next call.
    """

    def __init__(
        self,
        host: Host,
        *,
        width: int = 720,
        height: int = 1280,
        background: str | Path = "studio",
        seed: int = 1,
        burn_captions: bool = False,
        burn_card: bool = False,
    ) -> None:
        """Set up the stage; raises `SceneError` for an unusable size or background."""
        if width % 2 or height % 2 or not 240 <= min(width, height) or max(width, height) > 3840:
            raise SceneError(f"frame size {width}x{height}: sides must be even, 240 to 3840 pixels")
        self.host = host
        self.width, self.height = width, height
        self._layout = Layout(width, height)
        self._burn_captions, self._burn_card = burn_captions, burn_card
        scale, offset = frame_host(host, width, height)
        check_framing(host.geometry, host.picture.shape[0], width, height, scale, offset)
        self._renderer = Renderer(host, width=width, height=height, scale=scale, offset=offset)
        self._backdrop = to_i420(_backdrop(background, host, width, height, scale, offset))
        shape = host.geometry
        self._face_box = (
            round(shape.face[0] * scale + offset[0]),
            round(shape.face[1] * scale + offset[1]),
            round((shape.chin - shape.face[1]) * 1.15 * scale),
        )
        self._performance = Performance(seed=seed, manner=host.manner)
        self._label = draw_label(self._layout)
        self._caption: Overlay | None = None
        self._caption_text: str | None = None
        self._card: CardPlate | None = None
        self._frame = self._backdrop.copy()
        self._last_sample: int | None = None
        self._dirty: list[tuple[int, int, int, int]] = []

    def frame(self, sample: int, cues: tuple[Cue, ...], *, listening: bool = False) -> I420:
        """Render the programme's picture at `sample`; see `avatar.presenter.Performer`."""
        pose = self._performance.pose(sample, cues, listening=listening)
        follows = sample - self._last_sample == _FRAME_SAMPLES if self._last_sample is not None else False
        plates = self._caption is not None or self._card is not None
        turn = sample // _FRAME_SAMPLES if follows and not plates else None
        self._last_sample = sample
        return self._compose(pose, sample, turn)

    def draw(self, pose: Pose, sample: int = 0) -> I420:
        """Render one given pose, with the plates as they stand at `sample`."""
        self._last_sample = None
        return self._compose(pose, sample, None)

    def _compose(self, pose: Pose, sample: int, turn: int | None) -> I420:
        self._restore()
        self._renderer.draw(pose, self._backdrop, self._frame, turn=turn)
        if self._card is not None and self._burn_card:
            self._card.lay(self._frame, sample)
        if self._caption is not None and self._burn_captions:
            self._caption.lay(self._frame)
            self._dirty.append(self._caption.box)
        self._label.lay(self._frame)
        self._dirty.append(self._label.box)
        return self._frame

    @property
    def face_box(self) -> tuple[int, int, int]:
        """Middle (x, y) and half side of a square around the host's face at rest, pixels of the frame."""
        return self._face_box

    def show_caption(self, text: str | None) -> None:
        """Show one clause as caption, or none; does nothing to the picture unless captions are burned in."""
        if not self._burn_captions or text == self._caption_text:
            return
        self._caption_text, self._last_sample = text, None
        card = self._card if self._burn_card else None
        gap = round(16 * self._layout.unit)
        bottom = card.top - gap if card is not None and self._layout.portrait else self._layout.card_bottom
        self._caption = draw_caption(text, self._layout, bottom=bottom) if text else None

    def show_card(self, card: ProductCard | None) -> None:
        """Show a product's card, or none; raises `avatar.AvatarError` when its picture cannot be read."""
        if not self._burn_card:
            return
        self._card, self._last_sample = CardPlate(card, self._layout) if card is not None else None, None
        self._frame[:] = self._backdrop
        text, self._caption_text = self._caption_text, None
        self.show_caption(text)

    def _restore(self) -> None:
        """Put the background back where plates covered it, so that translucent plates do not add up."""
        if self._card is not None and self._burn_card:
            self._dirty.append(self._card.box)
        for box in self._dirty:
            _copy_box(self._backdrop, self._frame, box)
        self._dirty.clear()


def create_stage(
    host: str = "xiaoqi",
    *,
    width: int = 720,
    height: int = 1280,
    hosts_dir: Path | None = None,
    background: str | Path = "studio",
    seed: int = 1,
    burn_captions: bool = False,
    burn_card: bool = False,
) -> Stage:
    """Set up a stage with a host by name, looked for in `hosts_dir` first and then among the shipped ones.

    `background` is the name of a shipped one, a colour `#rrggbb`, the path of a picture, or `own` for the blurred
    surroundings of a host made from a photo. Raises `avatar.AvatarError`.
    """
    return Stage(
        load_host(host, hosts_dir=hosts_dir),
        width=width,
        height=height,
        background=background,
        seed=seed,
        burn_captions=burn_captions,
        burn_card=burn_card,
    )


def frame_host(host: Host, width: int, height: int) -> tuple[float, tuple[float, float]]:
    """Return scale and offset that set the host centred into a frame, with room above the hair."""
    picture_height, picture_width = host.picture.shape[:2]
    shape = host.geometry
    if height >= width:
        scale = max(height / picture_height, width / picture_width)
        offset_y = min(0.0, 0.115 * height - shape.top * scale)
        offset_y = max(offset_y, height - picture_height * scale)
    else:
        shown = shape.chin + 1.75 * (shape.chin - shape.top) * 0.5 - shape.top
        scale = max(0.93 * height / shown * 0.80, 0.0)
        offset_y = max(0.07 * height - shape.top * scale, height - picture_height * scale)
    offset_x = width / 2 - shape.face[0] * scale
    if picture_width * scale >= width:
        offset_x = min(0.0, max(offset_x, width - picture_width * scale))
    if scale == 1.0:
        offset_x, offset_y = round(offset_x), round(offset_y)
    return scale, (offset_x, offset_y)


def check_framing(
    shape: Geometry, picture_height: int, width: int, height: int, scale: float, offset: tuple[float, float]
) -> None:
    """Raise `SceneError` unless the host covers half of the frame's height and stands in its middle."""
    top = max(0.0, shape.top * scale + offset[1])
    bottom = min(float(height), picture_height * scale + offset[1])
    if (bottom - top) / height < LEAST_SHARE:
        raise SceneError(
            f"the host covers {(bottom - top) / height:.0%} of the frame's height; at least 50 % are needed"
        )
    middle = shape.face[0] * scale + offset[0]
    if abs(middle - width / 2) > 0.12 * width:
        raise SceneError("the host does not stand in the middle of the frame; choose a picture with the face centred")


def background_names() -> list[str]:
    """Return the names of the shipped backgrounds."""
    return sorted(path.stem for path in BACKGROUNDS.glob("*.webp") if not path.stem.endswith("-wide"))


def _backdrop(
    background: str | Path, host: Host, width: int, height: int, scale: float, offset: tuple[float, float]
) -> Pixels:
    name = str(background)
    if match := re.fullmatch(r"#([0-9a-fA-F]{6})", name):
        red, green, blue = bytes.fromhex(match[1])
        return np.full((height, width, 3), (blue, green, red), np.uint8)
    if host.backdrop is not None and name in ("studio", "own"):
        matrix = np.array([[scale, 0, offset[0]], [0, scale, offset[1]]])
        return cast(
            Pixels,
            cv2.warpAffine(
                host.backdrop, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
            ),
        )
    if name == "own":
        raise SceneError(
            f"host {host.name} has no surroundings of its own; choose one of {', '.join(background_names())}"
        )
    path = BACKGROUNDS / f"{name}{'-wide' if width > height else ''}.webp"
    if not path.exists():
        path = Path(background)
        if not path.is_file():
            known = ", ".join(background_names())
            raise SceneError(f"no background {name!r}: give one of {known}, a colour like #e8e0d8 or a picture's path")
    return _cover(path, width, height)


def _cover(path: Path, width: int, height: int) -> Pixels:
    """Read a picture and let it cover the frame, cut evenly."""
    data = np.frombuffer(path.read_bytes(), np.uint8)
    picture = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    if picture is None:
        raise SceneError(f"{path}: no picture that can be read; use jpg, png or webp")
    scale = max(width / picture.shape[1], height / picture.shape[0])
    size = (max(width, round(picture.shape[1] * scale)), max(height, round(picture.shape[0] * scale)))
    method = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    grown = cv2.resize(picture, size, interpolation=method)
    x, y = (size[0] - width) // 2, (size[1] - height) // 2
    return cast(Pixels, np.ascontiguousarray(grown[y : y + height, x : x + width]))


def _copy_box(source: I420, target: I420, box: tuple[int, int, int, int]) -> None:
    for k, (a, b) in enumerate(zip(split_i420(source), split_i420(target), strict=True)):
        step = 1 if k == 0 else 2
        area = (slice(max(0, box[1] // step), box[3] // step), slice(max(0, box[0] // step), box[2] // step))
        b[area] = a[area]
