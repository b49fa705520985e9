"""Written numbers become one value."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogue.safety.numeral import arabic, chinese, folded

_DIGITS = "零一二三四五六七八九"


def _written(value: int) -> str:
    """A number below 100,000 as Chinese writes it in full."""
    if value == 0:
        return "零"
    text, gap = "", False
    for place, unit in ((10_000, "万"), (1_000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, value = divmod(value, place)
        if digit:
            text += ("零" if gap else "") + _DIGITS[digit] + unit
            gap = False
        elif text:
            gap = True
    return text


@given(st.integers(0, 99_999))
def test_every_number_written_in_full_is_read_back(value: int) -> None:
    assert chinese(_written(value)) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [("三千五", "3500"), ("两百", "200"), ("一点五", "1.5"), ("二零二六", "2026"), ("十二", "12"), ("一万二", "12000")],
)
def test_short_and_spoken_forms(text: str, value: str) -> None:
    assert chinese(text) == Decimal(value)


@pytest.mark.parametrize("text", ["", "点", "一点", "三三百", "甲"])
def test_what_is_no_number_gives_none(text: str) -> None:
    assert chinese(text) is None


def test_thousands_separators_and_scales() -> None:
    assert arabic("1,299.00") == Decimal("1299.00")
    assert arabic("1.2万") == Decimal(12_000)


def test_folding_removes_width_and_invisible_characters() -> None:
    assert folded("１３９\u200b１２ＡＢ") == "13912AB"
