"""Plain text, and how bytes become text at all."""

from __future__ import annotations

import codecs
import re

from knowledge.document import Block, Parsed, RefusedError
from knowledge.limits import Limits
from knowledge.parsers.outline import headed

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_CONTROL_BYTES = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
_MAGIC = {
    b"PK\x03\x04": "zip 压缩文件（xlsx、docx 或压缩包）",
    b"%PDF": "pdf",
    b"\x89PNG": "图片",
    b"\xff\xd8\xff": "图片",
    b"GIF8": "图片",
    b"\x7fELF": "程序",
    b"MZ": "程序",
    b"\xd0\xcf\x11\xe0": "旧版 Office 文件",
    b"\x1f\x8b": "压缩文件",
    b"Rar!": "压缩文件",
}


def decode(data: bytes, *, limits: Limits) -> str:
    """UTF-8 (with or without BOM), UTF-16 with BOM, or GB18030; raises `RefusedError` for anything else."""
    for magic, what in _MAGIC.items():
        if data.startswith(magic):
            raise RefusedError(f"内容不是文字，看起来是{what}：请改成正确的扩展名")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "gb18030")
        if data.count(0) > len(data) // 1000 or len(_CONTROL_BYTES.findall(data)) > 2 + len(data) // 100:
            raise RefusedError("内容不是文字（含有二进制数据）：请检查文件")
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        break
    else:
        raise RefusedError("文字编码既不是 UTF-8 也不是 GB18030：请另存为 UTF-8")
    control = len(_CONTROL.findall(text))
    private = sum("\ue000" <= char <= "\uf8ff" for char in text[:20_000])
    if control > 2 + len(text) // 1000 or private > 2 + min(len(text), 20_000) // 100:
        raise RefusedError("内容不是文字（含有二进制数据）：请检查文件")
    if len(text) > limits.text_chars:
        raise RefusedError(f"文字 {len(text)} 个字，超过上限 {limits.text_chars} 个字：请拆成几个文件")
    return _CONTROL.sub("", text)


def parse_plain(text: str) -> Parsed:
    """Paragraphs, parted by empty lines; a file without empty lines has one paragraph a line."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    spaced = any(not line.strip() for line in lines[:-1])
    paragraphs: list[tuple[str, int]] = []
    start, held = 0, list[str]()
    for number, line in enumerate([*lines, ""], start=1):
        if line.strip():
            start = start if held else number
            held.append(line)
        if held and (not spaced or not line.strip()):
            paragraphs.append(("\n".join(held), start))
            held = []
    found = headed([text for text, _ in paragraphs])
    return Parsed(blocks=tuple(Block(text, heading, line=paragraphs[index][1]) for index, heading, text in found))
