"""The claims of a text are found and normalised."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogue.safety.claim import ClaimKind, claims


def _values(text: str, kind: ClaimKind) -> list[tuple[str, str]]:
    return [(claim.value, claim.unit) for claim in claims(text) if claim.kind is kind]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("卖1,299.00元", [("1299", "元")]),
        ("¥399", [("399", "元")]),
        ("三百九十九块钱", [("399", "元")]),
        ("打五折", [("5", "折")]),
        ("羊毛百分之八十", [("80", "%")]),
        ("宽82厘米", [("82", "cm")]),
        ("7天内", [("7", "天")]),
        ("七天无理由", [("7", "天")]),
        ("1.2万元", [("12000", "元")]),
    ],
)
def test_numbers_with_their_units(text: str, expected: list[tuple[str, str]]) -> None:
    assert _values(text, ClaimKind.NUMBER) == expected


@pytest.mark.parametrize("text", ["一款不错的沙发", "一起看看", "祝您一天愉快", "两位慢慢挑"])
def test_ways_of_speaking_are_no_claims(text: str) -> None:
    assert claims(text) == ()


@pytest.mark.parametrize(
    "text", ["电话13812345678", "电话138-1234-5678", "一三八一二三四五六七八", "幺三八幺二三四五六七八"]
)
def test_a_phone_is_found_however_it_is_written(text: str) -> None:
    assert _values(text, ClaimKind.PHONE) == [("13812345678", "")]


def test_dates_and_times_of_day() -> None:
    assert _values("2026年11月1日到12月31日", ClaimKind.DATE) == [("2026-11-01", ""), ("-12-31", "")]
    assert _values("每天9:00到晚上9点半", ClaimKind.CLOCK) == [("09:00", ""), ("09:30", "")]


def test_codes_and_quoted_names() -> None:
    assert ("qm-sf01", "") in _values("型号QM-SF01", ClaimKind.CODE)
    assert _values("这款“云朵沙发”", ClaimKind.NAME) == [("云朵沙发", "")]


@given(st.text(max_size=200))
def test_any_text_is_read_without_an_error(text: str) -> None:
    for claim in claims(text):
        assert claim.value
