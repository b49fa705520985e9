"""Plates: the lettered pictures of a programme, namely the AI label, the caption and the product card.

Sizes follow the picture's short side, so that plates look the same in portrait, landscape, 720p and 1080p. Players on
phones cut about a tenth off each side of a 9:16 picture and lay controls over its head and foot: plates keep clear.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from PIL import Image as Canvas
from PIL import ImageDraw, ImageOps

from avatar.errors import AvatarError
from avatar.face.presenter import I420
from avatar.scene.lettering import Colour, font, text_width, wrap, write
from avatar.scene.line import divide
from avatar.scene.overlay import Overlay
from avatar.voice.speech import SAMPLE_RATE
from avatar.voice.text.word import word_ends

AI_LABEL = "AI 生成"
"""Text of the visible label that GB 45438-2025 asks for on synthetic video."""

_CAPTION_LINES = 3
_INK: tuple[int, int, int, int] = (16, 17, 20, 168)
_CARD: tuple[int, int, int, int] = (20, 21, 25, 214)
_EDGE = 46
"""How much lighter than its inside a plate's edge is, 0..255."""
_GAPS = " ·•・-—|｜/，,、（(【["
_PRICE: Colour = (255, 138, 112)
_AMBER: Colour = (247, 192, 107)
_QUIET: Colour = (176, 178, 184)


@dataclass(frozen=True, slots=True)
class ProductCard:
    """What the card of a product shows. All texts come from the merchant's record and are shown as they are."""

    title: str
    price: str
    """As written in the record, for example `1,299`."""
    original_price: str | None = None
    """Struck through beside the price."""
    picture: Path | None = None
    note: str | None = None
    """One short line, for example the stock: `余 36 件`."""
    ends_in_s: float | None = None
    """Seconds from now until the promotion ends; counted down on the card, hidden at zero."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where plates lie in a frame, pixels."""

    width: int
    height: int

    @property
    def unit(self) -> float:
        """One 720th of the short side."""
        return min(self.width, self.height) / 720

    @property
    def portrait(self) -> bool:
        """Whether the frame is as high as wide or higher."""
        return self.height >= self.width

    @property
    def left(self) -> int:
        """Left edge of plates; in portrait within what phone players leave free."""
        return round(self.width * (0.11 if self.portrait else 0.035))

    @property
    def label_top(self) -> int:
        """Upper edge of the AI label."""
        return round(self.height * (0.077 if self.portrait else 0.05))

    @property
    def card_bottom(self) -> int:
        """Lower edge of the product card."""
        return round(self.height * (0.90 if self.portrait else 0.93))

    @property
    def plate_width(self) -> int:
        """Greatest width of a caption or card."""
        return round(self.width * 0.78) if self.portrait else round(self.width * 0.36)


def draw_label(layout: Layout) -> Overlay:
    """Draw the AI label; its lowest glyph is at least 5 % of the short side high (GB 45438-2025, 4.3)."""
    size = _label_size(min(layout.width, layout.height))
    pad = round(18 * layout.unit)
    canvas = _plate((text_width(AI_LABEL, size) + 2 * pad, round(size * 1.28)), round(12 * layout.unit), _INK)
    write(canvas, (pad, canvas.height / 2), AI_LABEL, size=size, anchor="lm")
    return Overlay(canvas, (layout.left, layout.label_top))


def draw_caption(text: str, layout: Layout, *, bottom: int) -> Overlay | None:
    """Draw a caption of at most three lines that ends at height `bottom`; None for an empty text.

    In landscape it stands to the right of the product card's place.
    """
    size, pad, weight = _caption_type(layout)
    lines = caption_lines(text, layout)
    if not lines:
        return None
    first = _caption_left(layout)
    step = round(size * 1.36)
    inner = math.ceil(max(text_width(line, size, weight=weight) for line in lines))
    canvas = _plate((inner + 2 * pad, step * len(lines) + pad), round(14 * layout.unit), _INK)
    for i, line in enumerate(lines):
        write(canvas, (pad, pad / 2 + step * (i + 0.5)), line, size=size, weight=weight, anchor="lm")
    x = first if layout.portrait else max(first, (layout.width - canvas.width) // 2)
    return Overlay(canvas, (x, bottom - canvas.height))


def caption_lines(text: str, layout: Layout) -> list[str]:
    """Break a caption into up to three lines of about equal length; a pause at its end is not written.

    Words stay whole. What does not fit into three lines is cut with ….
    """
    size, pad, weight = _caption_type(layout)
    right = layout.left + layout.plate_width if layout.portrait else layout.width - layout.left
    room = right - _caption_left(layout) - 2 * pad
    text = " ".join(text.split()).rstrip("，。；：、,; ")
    letters = font(size)
    lines = divide(text, [letters.getlength(character) for character in text], room - 2 * weight, most=_CAPTION_LINES)
    return wrap(text, size, room, lines=_CAPTION_LINES, weight=weight) if lines is None else lines


def _caption_type(layout: Layout) -> tuple[int, int, float]:
    """Return the size of a caption's letters, the space around them and how much bolder they are, pixels."""
    return round(38 * layout.unit), round(20 * layout.unit), 0.4 * layout.unit


def _caption_left(layout: Layout) -> int:
    return layout.left if layout.portrait else layout.left + layout.plate_width + round(20 * layout.unit)


class CardPlate:
    """A product card on screen; only its countdown is drawn again, once a second."""

    def __init__(self, card: ProductCard, layout: Layout) -> None:
        """Draw the card. Raises `AvatarError` when its picture cannot be read."""
        u = layout.unit
        self._card, self._layout, self._unit = card, layout, u
        self._start: int | None = None
        self._second: int | None = None
        self._clock: Overlay | None = None
        side, pad = round(150 * u), round(16 * u)
        height = side + 2 * pad
        self._plate = self._draw(height, side, pad)

    @property
    def top(self) -> int:
        """Upper edge of the card in the frame, pixels."""
        return self._plate.box[1]

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom of the card in the frame, pixels."""
        return self._plate.box

    def lay(self, frame: I420, sample: int) -> None:
        """Blend the card into an I420 frame at program time `sample`; the countdown starts with the first frame."""
        self._plate.lay(frame)
        if self._card.ends_in_s is None:
            return
        if self._start is None:
            self._start = sample
        left = int(self._card.ends_in_s - (sample - self._start) / SAMPLE_RATE)
        if left != self._second:
            self._second = left
            self._clock = self._draw_clock(left) if left > 0 else None
        if self._clock is not None:
            self._clock.lay(frame)

    def _draw(self, height: int, side: int, pad: int) -> Overlay:
        card, layout, u = self._card, self._layout, self._unit
        canvas = _plate((layout.plate_width, height), round(20 * u), _CARD)
        x = pad
        if card.picture is not None:
            thumb = _thumbnail(card.picture, side, round(12 * u))
            canvas.alpha_composite(thumb, (pad, pad))
            x += side + pad
        room = layout.plate_width - x - pad
        title, size = _title(card.title, room, u)
        write(canvas, (x, pad + 22 * u), title, size=size, weight=0.5, anchor="lm")
        base = pad + 88 * u
        write(canvas, (x, base), "¥", size=round(28 * u), colour=_PRICE, weight=0.5)
        at = x + text_width("¥", round(28 * u)) + 4 * u
        write(canvas, (at, base), card.price, size=round(46 * u), colour=_PRICE, weight=0.5)
        at += text_width(card.price, round(46 * u)) + 16 * u
        if card.original_price:
            self._write_old_price(canvas, card.original_price, at, base, layout.plate_width - pad)
        self._clock_place = (x, round(pad + 108 * u))
        if card.note:
            shift = self._clock_width(int(card.ends_in_s)) + 16 * u if card.ends_in_s is not None else 0.0
            note, size = _note(card.note, room - shift, u)
            write(canvas, (x + shift, pad + 129 * u), note, size=size, colour=_QUIET, anchor="lm")
        return Overlay(canvas, (layout.left, layout.card_bottom - height))

    def _write_old_price(self, canvas: Canvas.Image, price: str, at: float, base: float, right: float) -> None:
        """Write the former price struck through at `at`, smaller where `right` is near, and not at all beyond it."""
        u, old = self._unit, f"¥{price}"
        for size in (round(26 * u), round(22 * u), round(19 * u)):
            width = text_width(old, size)
            if at + width > right:
                continue
            write(canvas, (at, base), old, size=size, colour=_QUIET)
            line = base - 0.33 * size
            ImageDraw.Draw(canvas).line((at, line, at + width, line), fill=(*_QUIET, 255), width=max(2, round(2 * u)))
            break

    def _clock_width(self, left: int) -> float:
        """Return the width of the countdown with its words, pixels."""
        cell = font(round(28 * self._unit)).getlength("0")
        cells = sum(1.0 if character.isdigit() else 0.55 for character in _clock_text(left))
        return text_width("距结束", round(24 * self._unit)) + 8 * self._unit + cell * cells

    def _draw_clock(self, left: int) -> Overlay:
        u = self._unit
        size = round(28 * u)
        text = _clock_text(left)
        canvas = Canvas.new("RGBA", (round(220 * u), round(42 * u)), (0, 0, 0, 0))
        words = "距结束"
        write(canvas, (0, canvas.height / 2), words, size=round(24 * u), colour=_AMBER, anchor="lm")
        at = float(text_width(words, round(24 * u)) + 8 * u)
        cell = font(size).getlength("0")
        for character in text:
            step = cell if character.isdigit() else cell * 0.55
            write(
                canvas, (at + step / 2, canvas.height / 2), character, size=size, colour=_AMBER, weight=0.5, anchor="mm"
            )
            at += step
        left_x, top_y = self._plate.box[0], self._plate.box[1]
        return Overlay(canvas, (left_x + self._clock_place[0], top_y + self._clock_place[1]))


def _clock_text(left: int) -> str:
    """Write seconds as minutes and seconds, with hours only where there are any."""
    hours, rest = divmod(left, 3600)
    minutes = f"{rest // 60:02d}:{rest % 60:02d}"
    return f"{hours:02d}:{minutes}" if hours else minutes


def _title(title: str, room: float, unit: float) -> tuple[str, int]:
    """Return a product's title as it fits into `room` pixels, and its size: smaller before it is cut."""
    for size in (round(30 * unit), round(27 * unit), round(25 * unit)):
        if text_width(title.strip(), size, weight=0.5) <= room:
            return title.strip(), size
    size = round(27 * unit)
    cut = wrap(title, size, int(room), lines=1, weight=0.5)[0]
    if not cut.endswith("…"):
        return cut, size
    # A whole word is left, and no mark between it and the sign that says the title goes on.
    title, kept = title.strip(), len(cut) - 1
    gaps = {at for at in range(1, kept + 1) if title[at - 1] in _GAPS or title[at] in _GAPS}
    ends = [at for at in gaps | word_ends(title) if kept // 2 < at <= kept]
    shown = title[: max(ends, default=kept)]
    opened = max(shown.rfind("（"), shown.rfind("("), shown.rfind("【"))
    if opened > kept // 2 and not any(mark in shown[opened:] for mark in "）)】"):
        shown = shown[:opened]  # what stands in brackets is shown whole or not at all
    return shown.rstrip(_GAPS) + "…", size


def _note(note: str, room: float, unit: float) -> tuple[str, int]:
    """Return a card's note as it fits into `room` pixels, and its size: smaller before it is cut, no mere stump."""
    for size in (round(26 * unit), round(23 * unit)):
        if text_width(note.strip(), size) <= room:
            return note.strip(), size
    size = round(23 * unit)
    cut = wrap(note, size, int(room), lines=1)[0]
    return cut if len(cut) > 4 else "", size


def _label_size(short_side: int) -> int:
    least = 0.05 * short_side
    size = round(least)
    while min(_ink(character, size) for character in AI_LABEL if not character.isspace()) < least:
        size += 1
    return size


def _ink(character: str, size: int) -> float:
    _, top, _, bottom = font(size).getbbox(character)
    return bottom - top


def _plate(size: tuple[int, int], radius: int, fill: tuple[int, int, int, int], *, edged: bool = True) -> Canvas.Image:
    """A rounded rectangle with smooth corners and an edge a shade lighter, which sets it off a dark background."""
    whole = (0, 0, size[0] * 4 - 1, size[1] * 4 - 1)
    mask = Canvas.new("L", (size[0] * 4, size[1] * 4), 0)
    ImageDraw.Draw(mask).rounded_rectangle(whole, radius * 4, fill=fill[3])
    plate = Canvas.new("RGBA", size, (*fill[:3], 255))
    if edged:
        edge = Canvas.new("L", mask.size, 0)
        ImageDraw.Draw(edge).rounded_rectangle(whole, radius * 4, outline=255, width=max(4, round(0.28 * radius)))
        plate.paste(tuple(min(255, part + _EDGE) for part in fill[:3]), (0, 0), edge.reduce(4))
    plate.putalpha(mask.reduce(4))
    return plate


def _thumbnail(path: Path, side: int, radius: int) -> Canvas.Image:
    try:
        with Canvas.open(path) as opened:
            opened.draft("RGB", (side * 2, side * 2))
            picture = ImageOps.fit(ImageOps.exif_transpose(opened).convert("RGB"), (side, side)).convert("RGBA")
    except (OSError, ValueError, Canvas.DecompressionBombError) as exc:
        raise AvatarError(
            f"商品图片 {path} 读不出来，请用 jpg、png 或 webp / the product picture cannot be read ({exc})"
        ) from exc
    mask = _plate((side, side), radius, (0, 0, 0, 255), edged=False).getchannel("A")
    picture.putalpha(mask)
    return picture
