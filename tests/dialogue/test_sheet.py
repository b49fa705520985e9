"""The CSV: what a spreadsheet must not calculate, round or garble."""

from __future__ import annotations

import csv
import io
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogue.contact import ContactKind, Field
from dialogue.lead import ContactRow, LeadRow
from dialogue.lead.sheet import as_csv, safe_cell


def lead(**profile: str) -> LeadRow:
    return LeadRow(
        id="lead_1",
        merchant="demo",
        channel="chat",
        conversation_id=None,
        variant="ask",
        product="SOFA-1",
        complete=True,
        contacts=(
            ContactRow(ContactKind.PHONE, "13812346021", None, None, None),
            ContactRow(ContactKind.PHONE, "+85291234567", None, None, None),
            ContactRow(ContactKind.LANDLINE, "02088886666-801", None, None, None),
        ),
        profile={Field(key): value for key, value in profile.items()},
        consent={"contact": "granted"},
        created_at_ms=1_795_000_000_000,
        updated_at_ms=1_795_000_000_000,
    )


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＋1", "　=1", " =cmd|'/C calc'!A0", "－1"],
)
def test_a_formula_is_neutralised(text: str) -> None:
    assert safe_cell(text) == "'" + text


def test_digits_stay_as_they_are_written() -> None:
    assert safe_cell("13812346021") == "\t13812346021"
    assert safe_cell("02088886666") == "\t02088886666"
    assert safe_cell("李雷") == "李雷"
    for mistaken in ("2-3", "12/6", "2026-12-6", "007", "1E10"):
        assert safe_cell(mistaken) == "\t" + mistaken
    for plain in ("2-3人", "10:30", "1.5万", "020-88886666"):
        assert safe_cell(plain) == plain
    assert safe_cell("3") == "3"


@given(st.text())
def test_no_cell_starts_as_a_formula(text: str) -> None:
    cell = safe_cell(text)
    assert cell.endswith(text)
    assert not cell.lstrip(" \u3000\u00a0").startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))


def test_the_file_has_a_byte_order_mark_and_reads_back() -> None:
    text = as_csv([lead(name='李"雷",\n', city="=HYPERLINK(1)")], zone=UTC)
    assert text.startswith("\ufeff") and "\r\n" in text
    head, row = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    cells = dict(zip(head, row, strict=True))
    assert cells["称呼"] == '李"雷",\n'
    assert cells["城市"] == "'=HYPERLINK(1)"
    assert cells["手机"] == "13812346021、+85291234567"
    assert cells["座机"] == "02088886666-801"
    assert cells["意向商品"] == "SOFA-1"
    assert cells["留资时间"] == "2026-11-18 11:06:40"
