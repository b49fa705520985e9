"""Leads as CSV that opens right in Excel and WPS.

UTF-8 with a byte order mark, CRLF line ends, every cell quoted (RFC 4180). A cell that a spreadsheet would take for a
formula (`=`, `+`, `-`, `@`, tab, return, also full-width and behind spaces) gets an apostrophe in front (OWASP, "CSV
Injection"); digits that Excel would turn into another number, losing some or a leading zero, or into a date (2-3 pieces
become 2 March), get a leading tab, which Excel and WPS show as plain text.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from datetime import datetime, tzinfo

from dialogue.contact import ContactKind, Field
from dialogue.lead.rows import LeadRow

BOM = "\ufeff"
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
_NUMERIC = re.compile(r"\d{6,}|0\d+|\d{1,4}[-/]\d{1,2}(?:[-/]\d{1,4})?|\d+e\d+", re.IGNORECASE)
_HEAD = ("编号", "留资时间", "渠道", "称呼", "手机", "座机", "微信", "QQ", "邮箱", "城市", "预算", "数量", "期望时间",
         "意向商品", "到店门店", "到店时间", "到店人数", "转交授权")  # fmt: skip
_KINDS = (ContactKind.PHONE, ContactKind.LANDLINE, ContactKind.WECHAT, ContactKind.QQ, ContactKind.EMAIL)
_FIELDS = (Field.CITY, Field.BUDGET, Field.QUANTITY, Field.TIME, Field.PRODUCT, Field.STORE, Field.VISIT_TIME,
           Field.PARTY_SIZE)  # fmt: skip


def as_csv(rows: Iterable[LeadRow], *, zone: tzinfo) -> str:
    """The leads as one CSV text with its byte order mark; times are shown in `zone`."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(_HEAD)
    for row in rows:
        values = {kind: "、".join(one.value for one in row.contacts if one.kind == kind) for kind in _KINDS}
        profile = dict(row.profile)
        if row.product and Field.PRODUCT not in profile:
            profile[Field.PRODUCT] = row.product
        cells = [
            row.id,
            datetime.fromtimestamp(row.created_at_ms / 1000, zone).strftime("%Y-%m-%d %H:%M:%S"),
            row.channel,
            profile.get(Field.NAME, ""),
            *(values[kind] for kind in _KINDS),
            *(profile.get(name, "") for name in _FIELDS),
            "是" if row.consent.get("share") == "granted" else "否",
        ]
        writer.writerow([safe_cell(cell) for cell in cells])
    return BOM + out.getvalue()


def safe_cell(text: str) -> str:
    """The text as a cell that no spreadsheet calculates or rounds."""
    if text.lstrip(" \u3000\u00a0").startswith(_FORMULA):
        return "'" + text
    if _NUMERIC.fullmatch(text):
        return "\t" + text
    return text
