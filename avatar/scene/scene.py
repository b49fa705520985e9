"""The stage: background, host, product card, captions and the AI label, composed into the frames of a programme."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from avatar.errors import SceneError
from avatar.face.clip_renderer import ClipRenderer, side_fade
from avatar.face.colour import Pixels, split_i420, to_i420
from avatar.face.host import Geometry, Host, load_host
from avatar.face.performance import Performance, Pose
from avatar.face.presenter import FRAME_RATE, I420, Cue
from avatar.face.renderer import Renderer
from avatar.scene.backdrop import surroundings
from avatar.scene.overlay import Overlay
from avatar.scene.plate import CardPlate, Layout, ProductCard, draw_caption, draw_label
from avatar.voice.speech import SAMPLE_RATE

_FRAME_SAMPLES = SAMPLE_RATE // FRAME_RATE
Box = tuple[int, int, int, int]
"""Left, top, right and bottom in pixels of the frame, even."""
LEAST_SHARE = 0.5
"""Least share of the frame's height that the host covers (Kuaishou's rule for digital hosts)."""


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
        like: Stage | None = None,
    ) -> None:
        """Set up the stage; raises `SceneError` for an unusable size or background.

        The host's pictures take a second and a half to make ready. They are taken from `like`, a stage that is over,
        where it showed the same host in the same size.
        """
        if width % 2 or height % 2 or not 240 <= min(width, height) or max(width, height) > 3840:
            raise SceneError(
                f"画面大小 {width}x{height} 不能用：两边须是 240 到 3840 之间的偶数像素，例如 720x1280 / "
                "frame size: sides must be even, 240 to 3840 pixels"
            )
        self.host = host
        self.width, self.height = width, height
        self._layout = Layout(width, height)
        self._burn_captions, self._burn_card = burn_captions, burn_card
        scale, offset = frame_host(host, width, height)
        check_framing(host.geometry, host.picture.shape[0], width, height, scale, offset)
        self._moving: ClipRenderer | None
        self._renderer: ClipRenderer | Renderer
        self._as_filmed = _as_filmed(host, background, width, height, scale, offset)
        shown = (width, height, self._as_filmed)
        if like is not None and like.host is host and shown == (like.width, like.height, like._as_filmed):
            self._moving, self._renderer = like._moving, like._renderer
        else:
            self._moving = self._moving_host(scale, offset)
            drawn = _with_soft_sides(host, width, scale, offset)
            self._renderer = self._moving or Renderer(drawn, width=width, height=height, scale=scale, offset=offset)
        self._backdrop = to_i420(surroundings(background, host, width, height, scale, offset))
        shape = host.geometry
        self._face_box = (
            round(shape.face[0] * scale + offset[0]),
            round(shape.face[1] * scale + offset[1]),
            round((shape.chin - shape.face[1]) * 1.15 * scale),
        )
        self._performance = Performance(seed=seed, moving=self._moving is not None)
        self._label = draw_label(self._layout)
        self._caption: Overlay | None = None
        self._caption_text: str | None = None
        self._card: CardPlate | None = None
        self._frame = self._backdrop.copy()
        self._last_sample: int | None = None
        self._under: list[tuple[Box, list[Pixels]]] = []
        """What the plates of the last frame cover, put back before the next one: translucent plates must not add up."""

    def _moving_host(self, scale: float, offset: tuple[float, float]) -> ClipRenderer | None:
        if self.host.movement is None:
            return None
        size = {"width": self.width, "height": self.height}
        return ClipRenderer(self.host, **size, scale=scale, offset=offset, as_filmed=self._as_filmed)

    def frame(self, sample: int, cues: tuple[Cue, ...], *, listening: bool = False) -> I420:
        """Render the programme's picture at `sample`; see `avatar.face.presenter.Performer`."""
        pose = self._performance.pose(sample, cues, listening=listening)
        follows = self._last_sample is not None and 0 <= sample - self._last_sample <= SAMPLE_RATE
        self._last_sample = sample
        return self._compose(pose, sample, sample // _FRAME_SAMPLES if follows else None)

    def draw(self, pose: Pose, sample: int = 0) -> I420:
        """Render one given pose, with the plates as they stand at `sample`."""
        self._last_sample = None
        return self._compose(pose, sample, None)

    def _compose(self, pose: Pose, sample: int, turn: int | None) -> I420:
        for box, planes in self._under:
            _put(self._frame, box, planes)
        if self._moving is not None:
            self._moving.ready(sample // _FRAME_SAMPLES)
        self._renderer.draw(pose, self._backdrop, self._frame, turn=turn)
        card = self._card if self._burn_card else None
        caption = self._caption if self._burn_captions else None
        boxes = [plate.box for plate in (card, caption, self._label) if plate is not None]
        self._under = [(box, _cut(self._frame, box)) for box in boxes]
        if card is not None:
            card.lay(self._frame, sample)
        if caption is not None:
            caption.lay(self._frame)
        self._label.lay(self._frame)
        return self._frame

    @property
    def face_box(self) -> tuple[int, int, int]:
        """Middle (x, y) and half side of a square around the host's face at rest, pixels of the frame."""
        return self._face_box

    def show_caption(self, text: str | None) -> None:
        """Show one clause as caption, or none; does nothing to the picture unless captions are burned in."""
        if not self._burn_captions or text == self._caption_text:
            return
        self._caption_text = text
        card = self._card if self._burn_card else None
        gap = round(16 * self._layout.unit)
        bottom = card.top - gap if card is not None and self._layout.portrait else self._layout.card_bottom
        self._caption = draw_caption(text, self._layout, bottom=bottom) if text else None

    def show_card(self, card: ProductCard | None) -> None:
        """Show a product's card, or none; raises `avatar.AvatarError` when its picture cannot be read."""
        if not self._burn_card:
            return
        self._card = CardPlate(card, self._layout) if card is not None else None
        text, self._caption_text = self._caption_text, None
        self.show_caption(text)


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
        # No gap below the picture when the hair stands at its place.
        scale = max(0.93 * height / shown * 0.80, 0.93 * height / (picture_height - shape.top))
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
            f"主播只占画面高度的 {(bottom - top) / height:.0%}，至少要一半：请换一张人更大的照片 / "
            f"the host covers {(bottom - top) / height:.0%} of the frame's height; at least 50 % are needed"
        )
    middle = shape.face[0] * scale + offset[0]
    if abs(middle - width / 2) > 0.12 * width:
        raise SceneError(
            "主播没有站在画面中间：请换一张脸居中的照片 / "
            "the host does not stand in the middle of the frame; choose a picture with the face centred"
        )


def _with_soft_sides(host: Host, width: int, scale: float, offset: tuple[float, float]) -> Host:
    """Let shoulders that the picture cuts off fade out where its sides lie inside the frame."""
    columns = host.picture.shape[1]
    covers = offset[0] <= 0 and offset[0] + columns * scale >= width - 1
    if covers or not host.picture[:, [0, -1], 3].any():
        return host
    picture = host.picture.copy()
    picture[..., 3] = np.rint(picture[..., 3] * (side_fade(columns) / 255.0)).astype(np.uint8)
    return replace(host, picture=picture)


def _as_filmed(
    host: Host, background: str | Path, width: int, height: int, scale: float, offset: tuple[float, float]
) -> bool:
    """Whether a host that moves by itself keeps what was filmed: where that is asked for and covers the frame."""
    if host.movement is None:
        return False
    rows, columns = host.picture.shape[:2]
    covers = offset[0] <= 0 and offset[1] <= 0 and offset[0] + columns * scale >= width - 1
    own = str(background) in ("studio", "own") and covers and offset[1] + rows * scale >= height - 1
    if not own and not host.movement.outlined:
        raise SceneError(
            f"主播 {host.name} 做的时候没有抠图模型：请用背景 own 和竖屏，或运行 zhanggui models fetch 后重新做 / "
            "made without the model that cuts people out: use background own and a portrait frame, or fetch the "
            "models and create the host again"
        )
    return own


def _cut(frame: I420, box: Box) -> list[Pixels]:
    """Return copies of the three planes inside a box of the frame."""
    return [plane[area].copy() for plane, area in _areas(frame, box)]


def _put(frame: I420, box: Box, planes: list[Pixels]) -> None:
    for (plane, area), kept in zip(_areas(frame, box), planes, strict=True):
        plane[area] = kept


def _areas(frame: I420, box: Box) -> list[tuple[Pixels, tuple[slice, slice]]]:
    areas = []
    for plane, step in zip(split_i420(frame), (1, 2, 2), strict=True):
        area = (slice(max(0, box[1] // step), box[3] // step), slice(max(0, box[0] // step), box[2] // step))
        areas.append((plane, area))
    return areas
