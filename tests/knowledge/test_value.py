"""Cells become typed values only when the whole cell says exactly that."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.codec import facts_from_json, facts_to_json
from knowledge.record import DateRange, Dimensions, Fact, Money, Source, Value
from knowledge.table.column import ValueKind
from knowledge.table.value import infer_kind, parse_value

days = st.dates(date(1990, 1, 1), date(2090, 1, 1))
values: st.SearchStrategy[Value] = st.one_of(
    st.text(),
    st.integers(),
    st.booleans(),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.builds(
        Money,
        st.decimals(allow_nan=False, allow_infinity=False),
        st.sampled_from(["CNY", "USD"]),
        st.none() | st.text(),
    ),
    st.builds(DateRange, st.none() | days, st.none() | days),
    days,
    st.datetimes().map(lambda at: at.replace(fold=0)),
    st.lists(st.text()).map(tuple),
    st.builds(
        Dimensions, st.lists(st.decimals(allow_nan=False, allow_infinity=False)).map(tuple), st.none() | st.text()
    ),
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1699元", Money(Decimal(1699))),
        ("¥1,299.00", Money(Decimal("1299.00"))),
        ("￥89／件", Money(Decimal(89), per="件")),
        ("558元/晚", Money(Decimal(558), per="晚")),
        ("US$20", Money(Decimal(20), "USD")),
        ("1.2万元", Money(Decimal(12000))),
        ("1354", Money(Decimal(1354))),
    ],
)
def test_money_keeps_amount_currency_and_unit(text: str, expected: Money) -> None:
    value = parse_value(text, ValueKind.MONEY)
    assert isinstance(value, Money)
    assert (value.amount, value.currency, value.per) == (expected.amount, expected.currency, expected.per)


@pytest.mark.parametrize("text", ["199元起", "199-299元", "面议", "约200元", "199元（含税）", "2件199元"])
def test_a_price_that_is_not_one_amount_stays_text(text: str) -> None:
    assert parse_value(text, ValueKind.MONEY) == text


def test_the_unit_in_the_title_is_the_prices_unit() -> None:
    assert parse_value("20", ValueKind.MONEY, unit="美元/晚") == Money(Decimal(20), "USD", "晚")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-01 至 2026-11-11", DateRange(date(2026, 11, 1), date(2026, 11, 11))),
        ("2026年11月1日-11日", DateRange(date(2026, 11, 1), date(2026, 11, 11))),
        ("2026.11.1~12.31", DateRange(date(2026, 11, 1), date(2026, 12, 31))),
        ("即日起至2026/12/31", DateRange(None, date(2026, 12, 31))),
        ("2026-11-01起", DateRange(date(2026, 11, 1), None)),
        ("2026-11-01", date(2026, 11, 1)),
        ("2026-11-01 08:30", datetime(2026, 11, 1, 8, 30)),
        ("20261101", date(2026, 11, 1)),
    ],
)
def test_periods_and_days_are_read(text: str, expected: Value) -> None:
    assert parse_value(text, ValueKind.DATES) == expected


@pytest.mark.parametrize(
    "text", ["11月1日", "长期有效", "2026-02-30", "2026-11-01 至 2026-11-11（会员）", "13800138000"]
)
def test_a_day_without_year_or_with_something_beside_it_stays_text(text: str) -> None:
    assert parse_value(text, ValueKind.DATES) == text


def test_sizes_carry_their_unit() -> None:
    assert parse_value("宽82×深86×高78cm", ValueKind.DIMENSIONS) == Dimensions(
        (Decimal(82), Decimal(86), Decimal(78)), "cm"
    )
    assert parse_value("180kg", ValueKind.DIMENSIONS) == Dimensions((Decimal(180),), "kg")
    assert parse_value("宽82cm，高3m", ValueKind.DIMENSIONS) == "宽82cm，高3m"


def test_lists_are_split_at_the_strongest_separator() -> None:
    assert parse_value("外套可拆洗，易打理；坐垫回弹", ValueKind.LIST) == ("外套可拆洗，易打理", "坐垫回弹")


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["有", "无", "有"], ValueKind.FLAG),
        (["36", "0", "1200"], ValueKind.INTEGER),
        (["4.5", "4", "3.9"], ValueKind.NUMBER),
        (["007", "123"], ValueKind.TEXT),
        (["13800138000", "010-88886666"], ValueKind.TEXT),
        (["100元", "¥200"], ValueKind.MONEY),
        (["5cm", "12cm"], ValueKind.DIMENSIONS),
        (["红、白", "黑、灰"], ValueKind.LIST),
        ([], ValueKind.TEXT),
    ],
)
def test_an_unknown_column_is_typed_only_when_every_cell_fits(cells: list[str], kind: ValueKind) -> None:
    assert infer_kind(cells) is kind


@given(st.text(max_size=60), st.sampled_from(list(ValueKind)))
def test_no_cell_breaks_the_reader_and_no_digit_is_invented(text: str, kind: ValueKind) -> None:
    value = parse_value(text, kind)
    if isinstance(value, Money) and "万" not in text:
        assert format(value.amount, "f").replace(".", "").isdigit()


@given(st.integers(0, 10**9), st.sampled_from(["", "元", "¥"]))
def test_a_whole_amount_survives_reading(amount: int, mark: str) -> None:
    text = f"{mark}{amount}" if mark == "¥" else f"{amount}{mark}"
    value = parse_value(text, ValueKind.MONEY)
    assert isinstance(value, Money) and value.amount == amount


@given(values, st.text(), st.text(min_size=1))
def test_a_fact_survives_storage(value: Value, text: str, title: str) -> None:
    fact = Fact("id", "name", title, title, value, text, Source("a.csv", None, None, 3))
    stored = facts_to_json((fact,))
    assert facts_from_json(stored, record_id="id", record_name="name", file="a.csv") == (fact,)
