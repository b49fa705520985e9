"""Pdf: the text of each page, put back into paragraphs; pages without text are reported as unread."""

from __future__ import annotations

import io
import logging
import re
import unicodedata

from pypdf import PdfReader
from pypdf.errors import PyPdfError

from knowledge.document import Block, Parsed, RefusedError
from knowledge.limits import Limits
from knowledge.parsers.outline import headed

_RADICALS = str.maketrans(
    # CJK Radicals Supplement has no compatibility mapping in Unicode; these are the forms that fonts in use emit
    # (Unicode 15.1, EquivalentUnifiedIdeograph.txt).
    {
        "⺀": "冫", "⺁": "厂", "⺄": "乙", "⺆": "冂", "⺈": "刀", "⺊": "卜", "⺋": "㔾", "⺌": "小", "⺍": "小",
        "⺎": "尢", "⺐": "尢", "⺒": "巳", "⺓": "幺", "⺕": "彐", "⺖": "忄", "⺗": "心", "⺘": "扌", "⺙": "攵",
        "⺛": "旡", "⺝": "月", "⺞": "歹", "⺟": "母", "⺠": "民", "⺡": "氵", "⺢": "氺", "⺣": "灬", "⺤": "爫",
        "⺥": "爫", "⺨": "犭", "⺩": "王", "⺪": "疋", "⺫": "罒", "⺬": "示", "⺭": "礻", "⺮": "竹", "⺯": "糹",
        "⺰": "纟", "⺱": "罓", "⺲": "罒", "⺳": "网", "⺶": "羊", "⺷": "羊", "⺸": "羊", "⺹": "耂", "⺺": "肀",
        "⺼": "月", "⺽": "臼", "⺾": "艹", "⺿": "艹", "⻀": "艹", "⻁": "虎", "⻂": "衤", "⻃": "覀", "⻄": "西",
        "⻅": "见", "⻆": "角", "⻇": "角", "⻈": "讠", "⻉": "贝", "⻊": "足", "⻋": "车", "⻌": "辶", "⻍": "辶",
        "⻎": "辶", "⻏": "阝", "⻐": "钅", "⻑": "長", "⻒": "镸", "⻓": "长", "⻔": "门", "⻖": "阝", "⻘": "青",
        "⻙": "韦", "⻚": "页", "⻛": "风", "⻜": "飞", "⻝": "食", "⻟": "飠", "⻠": "饣", "⻢": "马", "⻣": "骨",
        "⻤": "鬼", "⻥": "鱼", "⻦": "鸟", "⻧": "卤", "⻨": "麦", "⻩": "黄", "⻪": "黾", "⻫": "斉", "⻬": "齐",
        "⻭": "歯", "⻮": "齿", "⻯": "竜", "⻰": "龙", "⻱": "龜", "⻲": "亀", "⻳": "龟",
    }
)  # fmt: skip
_COMPATIBLE = re.compile("[\u2f00-\u2fd5\uf900-\ufaff\ufb00-\ufb06]")
_ENDED = tuple("。！？!?；;：:…”’」』）)")
_SHORT_LINE = 0.75
"""A line shorter than this share of the page's widest ends a paragraph even without a full stop."""


def parse_pdf(data: bytes, *, limits: Limits) -> Parsed:
    """Blocks with their page; raises `RefusedError` for a locked, damaged or wholly scanned file."""
    # pypdf reports every oddity of a damaged file as a log line; what matters is told by this function's result.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = PdfReader(io.BytesIO(data), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise RefusedError("pdf 有密码：请去掉密码后再添加")
        count = len(reader.pages)
    except RefusedError:
        raise
    except (PyPdfError, *_DAMAGE) as exc:
        raise RefusedError("pdf 已损坏，打不开：请重新导出") from exc
    if count > limits.pages:
        raise RefusedError(f"{count} 页，超过上限 {limits.pages} 页：请拆成几个文件")
    blocks: list[Block] = []
    unread: list[int] = []
    damaged: list[int] = []
    length = 0
    for number in range(1, count + 1):
        try:
            text = tidy_characters(reader.pages[number - 1].extract_text())
        except (PyPdfError, *_DAMAGE):
            damaged.append(number)
            continue
        length += len(text)
        if length > limits.text_chars:
            raise RefusedError(f"文字超过上限 {limits.text_chars} 个字：请拆成几个文件")
        if len("".join(text.split())) < 2:
            unread.append(number)
        blocks.extend(Block(said, heading, page=number) for _, heading, said in headed(paragraphs(text)))
    if not blocks:
        raise RefusedError("pdf 里没有文字，像是扫描图片：请提供可以选中文字的版本，或者把文字打出来")
    notes = []
    if unread:
        notes.append(f"{_pages(unread)}没有文字（扫描图片或空白页），没有读取")
    if damaged:
        notes.append(f"{_pages(damaged)}已损坏，没有读取")
    return Parsed(blocks=tuple(blocks), notes=tuple(notes))


def tidy_characters(text: str) -> str:
    """Radicals and compatibility forms, which fonts leave in a pdf's text, become the characters people type."""
    return _COMPATIBLE.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text.translate(_RADICALS))


def paragraphs(text: str) -> list[str]:
    """Lines of a page joined where a sentence was broken at the margin; Chinese without a space between."""
    lines = [line.strip() for line in text.splitlines()]
    widest = max((_width(line) for line in lines), default=0)
    joined: list[str] = []
    going_on = False
    for line in lines:
        if not line:
            going_on = False
            continue
        if going_on and joined:
            space = " " if joined[-1][-1].isascii() and line[0].isascii() else ""
            joined[-1] += space + line
        else:
            joined.append(line)
        going_on = not line.endswith(_ENDED) and _width(line) >= widest * _SHORT_LINE
    return joined


def _width(line: str) -> int:
    return sum(1 if char.isascii() else 2 for char in line)


def _pages(numbers: list[int]) -> str:
    some = "、".join(str(number) for number in numbers[:10]) + ("等" if len(numbers) > 10 else "")
    return f"第{some}页（共 {len(numbers)} 页）" if len(numbers) > 1 else f"第{some}页"


_DAMAGE = (
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    IndexError,
    RecursionError,
    OSError,
    AssertionError,
    MemoryError,
)
"""What pypdf lets through from damaged files."""
