"""xlsx and docx are zip files: opened here, and only after their table of contents was weighed."""

from __future__ import annotations

import io
import zipfile

from knowledge.document import RefusedError
from knowledge.limits import MEBIBYTE, Limits


def open_archive(data: bytes, *, limits: Limits) -> zipfile.ZipFile:
    """The zip in `data`; raises `RefusedError` for a damaged, encrypted or exploding one.

    zipfile never unpacks more of a member than its stated size, so the stated sizes may be trusted.
    """
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise RefusedError("文件有密码，或者是旧版 Office 格式：请去掉密码后另存为 .xlsx 或 .docx")
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as exc:
        raise RefusedError("文件已损坏，打不开：请用 Office 或 WPS 打开后重新保存") from exc
    members = archive.infolist()
    if len(members) > 10_000:
        raise RefusedError(f"压缩包里有 {len(members)} 个文件，不像是表格或文档")
    total = sum(member.file_size for member in members)
    if total > limits.unpacked_bytes:
        raise RefusedError(
            f"解压后有 {total / MEBIBYTE:.0f} MB，超过上限 {limits.unpacked_bytes / MEBIBYTE:.0f} MB（可能是压缩炸弹）"
        )
    for member in members:
        if member.flag_bits & 0x1:
            raise RefusedError("文件有密码：请去掉密码后再添加")
        if member.file_size > MEBIBYTE and member.file_size > limits.unpacked_ratio * max(member.compress_size, 1):
            raise RefusedError(f"“{member.filename}”压缩了 {limits.unpacked_ratio} 倍以上，可能是压缩炸弹")
    return archive
