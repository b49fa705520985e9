"""Chinese lettering: text becomes a picture with transparency.

The typeface is Noto Sans SC (SIL Open Font License 1.1), shipped by the package `pylopdf-fonts-zh-cn`.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from PIL import Image as Canvas
from PIL import ImageDraw, ImageFont

Colour = tuple[int, int, int]
WHITE: Colour = (255, 255, 255)


@lru_cache(maxsize=64)
def font(size: int) -> ImageFont.FreeTypeFont:
    """Return the typeface at `size` pixels an em."""
    path = Path(str(files("pylopdf_fonts_zh_cn"))) / "NotoSansSC-Regular.otf"
    # The simple layout engine takes any text; the complex one refuses some and Chinese needs none of it.
    return ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC)


def text_width(text: str, size: int, *, weight: float = 0.0) -> int:
    """Return the advance width of one line in pixels; `weight` is the extra stroke of a bolder cut."""
    return round(font(size).getlength(text) + 2 * weight)


def write(
    canvas: Canvas.Image,
    position: tuple[float, float],
    text: str,
    *,
    size: int,
    colour: Colour = WHITE,
    weight: float = 0.0,
    anchor: str = "ls",
) -> None:
    """Write one line onto an RGBA canvas; `position` is the point that `anchor` (Pillow's) names."""
    ImageDraw.Draw(canvas).text(
        position,
        text,
        font=font(size),
        fill=(*colour, 255),
        anchor=anchor,
        stroke_width=weight,
        stroke_fill=(*colour, 255),
    )


def wrap(text: str, size: int, width: int, *, lines: int, weight: float = 0.0) -> list[str]:
    """Break `text` into at most `lines` lines of `width` pixels, never before a closing mark; cut the rest with …."""
    closing = "，。！？；：、）》」』”’…,.!?;:)%"
    out: list[str] = []
    line = ""
    for character in text.strip():
        fits = text_width(line + character, size, weight=weight) <= width
        if fits or (character in closing and line):
            line += character
            continue
        if character.isascii() and character.isalnum() and line[-1:].isascii() and line[-1:].isalnum():
            cut = len(line)
            while cut > 0 and line[cut - 1].isascii() and line[cut - 1].isalnum():
                cut -= 1
            if cut > 0:
                out.append(line[:cut].rstrip())
                line = line[cut:] + character
                continue
        out.append(line.rstrip())
        line = character.lstrip()
    if line:
        out.append(line)
    if len(out) > lines:
        out = out[:lines]
        while out[-1] and text_width(out[-1] + "…", size, weight=weight) > width:
            out[-1] = out[-1][:-1]
        out[-1] += "…"
    return out


def glyph_height(text: str, size: int) -> int:
    """Return the height of the ink of the lowest glyph in `text`, spaces left out, in pixels."""
    boxes = [font(size).getbbox(character) for character in text if not character.isspace()]
    return round(min(bottom - top for _, top, _, bottom in boxes))
