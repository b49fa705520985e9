"""Which parser reads which file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from knowledge.document import Parsed, RefusedError
from knowledge.limits import MEBIBYTE, Limits

FORMATS = ("csv", "docx", "htm", "html", "json", "jsonl", "markdown", "md", "pdf", "text", "tsv", "txt", "xlsm", "xlsx")
"""File endings that are read."""

_ALMOST = {
    "doc": "这是旧版 Word 文件，请用 Word 或 WPS 另存为 .docx",
    "xls": "这是旧版 Excel 文件，请用 Excel 或 WPS 另存为 .xlsx",
    "et": "这是 WPS 表格文件，请另存为 .xlsx",
    "wps": "这是 WPS 文字文件，请另存为 .docx",
    "ppt": "幻灯片还不能读取，请导出为 .pdf",
    "pptx": "幻灯片还不能读取，请导出为 .pdf",
    "rtf": "请另存为 .docx 或 .txt",
    "pages": "请导出为 .docx",
    "numbers": "请导出为 .xlsx",
}


def parse(data: bytes, path: Path, *, limits: Limits, mapping: Mapping[str, str] | None = None) -> Parsed:
    """Read the bytes of the file `path`; raises `RefusedError` with the reason when that is not possible.

    Whatever a library makes of a damaged file, the caller sees a `RefusedError`.
    """
    kind = path.suffix.lower().lstrip(".")
    if kind not in FORMATS:
        known = "、".join(("md", "txt", "csv", "xlsx", "docx", "pdf", "html", "json", "jsonl"))
        raise RefusedError(
            _ALMOST.get(kind, f"不认识的格式 .{kind}；可以用：{known}" if kind else f"没有扩展名；可以用：{known}")
        )
    if len(data) > limits.file_bytes:
        raise RefusedError(f"文件 {len(data) / MEBIBYTE:.0f} MB，超过上限 {limits.file_bytes / MEBIBYTE:.0f} MB")
    if not data.strip(b"\xef\xbb\xbf \t\r\n"):
        raise RefusedError("文件是空的")
    if kind in ("xlsx", "xlsm"):
        from knowledge.parsers.sheet import parse_sheet

        return parse_sheet(data, limits=limits, mapping=mapping)
    if kind == "docx":
        from knowledge.parsers.word import parse_word

        return parse_word(data, limits=limits)
    if kind == "pdf":
        from knowledge.parsers.pdf import parse_pdf

        return parse_pdf(data, limits=limits)
    if kind in ("html", "htm"):
        from knowledge.parsers.page import parse_page

        return parse_page(data, limits=limits)
    from knowledge.parsers.plain import decode

    text = decode(data, limits=limits)
    if kind in ("csv", "tsv"):
        from knowledge.parsers.delimited import parse_delimited

        return parse_delimited(text, tab=kind == "tsv", limits=limits, mapping=mapping)
    if kind in ("json", "jsonl"):
        from knowledge.parsers.objects import parse_objects

        return parse_objects(text, lines=kind == "jsonl", limits=limits)
    if kind in ("md", "markdown"):
        from knowledge.parsers.markdown import parse_markdown

        return parse_markdown(text, limits=limits)
    from knowledge.parsers.plain import parse_plain

    return parse_plain(text)
