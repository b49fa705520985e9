"""A table whose header reads like a catalogue becomes records; no column is lost."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.document import Row, Table
from knowledge.record import DateRange, Money, Record
from knowledge.table.catalogue import catalogue_roles, read_catalogue, short_names
from knowledge.table.column import recognise


def table(text: str, *, sheet: str | None = None) -> Table:
    lines = [tuple(cell.strip() for cell in line.split("|")) for line in text.strip().splitlines()]
    return Table(lines[0], tuple(Row(cells, number) for number, cells in enumerate(lines[1:], start=2)), sheet=sheet)


def records(text: str, *, file: str = "products.csv", mapping: dict[str, str] | None = None) -> tuple[Record, ...]:
    held = table(text)
    roles = catalogue_roles(held, mapping=mapping)
    assert roles is not None
    return read_catalogue(held, roles, file=file).records


def notes(text: str) -> tuple[str, ...]:
    held = table(text)
    roles = catalogue_roles(held)
    assert roles is not None
    return read_catalogue(held, roles, file="products.csv").notes


def text_of(record: Record, name: str) -> str:
    fact = record.fact(name)
    assert fact is not None, name
    return fact.text


def test_chinese_and_english_headers_mean_the_same() -> None:
    chinese = records("货号|品名|售价（元）|库存数量|颜色\nA1|台灯|99|5|白、黑")[0]
    english = records("SKU|Product name|Price (CNY)|Qty|Colors\nA1|台灯|99|5|白、黑")[0]
    for name in ("price", "stock", "colour"):
        assert chinese.fact(name) is not None
        assert chinese.fact(name).value == english.fact(name).value  # type: ignore[union-attr]
    assert chinese.id == english.id == "A1"


def test_every_column_is_kept_under_its_own_title_when_unknown() -> None:
    record = records("名称|价格|灯泡规格|星座\n台灯|99元|E27|水瓶")[0]
    assert text_of(record, "灯泡规格") == "E27"
    assert text_of(record, "星座") == "水瓶"


def test_a_catalogue_may_hold_hotels_or_classes() -> None:
    hotel = records("酒店名称|地址|联系电话|房价（元/晚）\n望江楼|江边路1号|010-5555666|558", file="酒店.csv")[0]
    lesson = records("课程名称|老师|上课时间|学费\n书法入门|王老师|周六 10:00|1200元", file="课程.csv")[0]
    assert (hotel.kind, text_of(hotel, "phone")) == ("酒店", "010-5555666")
    assert hotel.fact("price").value == Money(Decimal(558), "CNY", "晚")  # type: ignore[union-attr]
    assert text_of(lesson, "opening_hours") == "周六 10:00"


def test_the_kind_comes_from_the_category_column() -> None:
    assert records("名称|类目|价格\n云朵|沙发|99元")[0].kind == "沙发"


def test_a_mapping_overrides_what_was_recognised() -> None:
    record = records("款|到手|备注\n台灯|99|轻奢", mapping={"款": "name", "到手": "price", "备注": "style"})[0]
    assert record.name == "台灯"
    assert record.fact("price").value == Money(Decimal(99))  # type: ignore[union-attr]
    assert text_of(record, "style") == "轻奢"


def test_the_cost_is_never_taken_for_the_price() -> None:
    record = records("名称|成本价|采购价格|价格\n台灯|40|41|99元")[0]
    assert text_of(record, "price") == "99元"
    assert text_of(record, "成本价") == "40"


def test_an_original_price_beside_a_promotion_is_the_price() -> None:
    record = records("名称|原价|活动价\n台灯|129元|99元")[0]
    assert (text_of(record, "price"), text_of(record, "promotion_price")) == ("129元", "99元")


def test_two_promotion_columns_make_one_period() -> None:
    record = records("名称|促销价|活动开始时间|活动结束时间\n台灯|99|2026-11-01|2026-11-11")[0]
    period = record.fact("promotion_period")
    assert period is not None
    assert period.value == DateRange(date(2026, 11, 1), date(2026, 11, 11))
    assert period.text == "2026-11-01 至 2026-11-11"


@pytest.mark.parametrize(
    ("column", "start", "end"),
    [("活动结束时间", None, datetime(2026, 11, 11, 20)), ("活动开始时间", datetime(2026, 11, 11, 20), None)],
)
def test_one_promotion_column_makes_an_open_period(column: str, start: datetime | None, end: datetime | None) -> None:
    period = records(f"名称|促销价|{column}\n台灯|99|2026-11-11 20:00")[0].fact("promotion_period")
    assert period is not None and period.value == DateRange(start, end)
    assert period.title == column


def test_the_text_of_a_fact_is_the_cell() -> None:
    assert text_of(records("名称|价格\n台灯|￥ 99.00 元/件")[0], "price") == "￥ 99.00 元/件"


def test_a_second_row_with_a_used_sku_is_left_out_and_named() -> None:
    text = "编号|名称|价格\nA1|台灯|99元\nA1|台灯|89元\nA1|台灯|99元"
    assert [text_of(record, "price") for record in records(text)] == ["99元"]
    assert len(notes(text)) == 1
    assert "第3行" in notes(text)[0] and "A1" in notes(text)[0] and "第2行" in notes(text)[0]


def test_two_records_of_one_name_without_sku_are_both_kept() -> None:
    found = records("名称|地址\n新石器烤肉|北苑\n新石器烤肉|西单")
    assert [text_of(record, "address") for record in found] == ["北苑", "西单"]
    assert len({record.id for record in found}) == 2


def test_a_row_without_name_and_sku_is_named() -> None:
    assert notes("编号|名称|价格\n||99元")[0].startswith("第2行：没有名称也没有编号")


def test_short_names_drop_brackets_and_brand() -> None:
    assert short_names("栖木 云朵沙发（双人）", "栖木") == ("栖木 云朵沙发", "云朵沙发")
    assert "小云朵" in records("名称|简称|价格\n云朵沙发|小云朵、云朵|99元")[0].aliases


def test_a_table_of_fees_by_region_is_no_catalogue() -> None:
    assert catalogue_roles(table("类别|满99元|不满99元\n灯具|包邮|8元")) is None


titles = st.sampled_from(["名称", "价格", "库存", "颜色", "备注", "问题", "", "未知列", "Price", "促销价", "价格"])


@given(st.lists(titles, min_size=1, max_size=8))
def test_recognition_gives_each_column_exactly_one_role(header: list[str]) -> None:
    roles = recognise(header)
    assert [role.index for role in roles] == list(range(len(header)))
    canonical = [role.name for role in roles if role.name != role.title]
    assert len(canonical) == len(set(canonical))


@given(st.lists(st.lists(st.text("沙发灯1元 、-", max_size=6), min_size=4, max_size=4), max_size=8))
def test_no_cell_of_a_kept_row_is_lost(rows: list[list[str]]) -> None:
    held = Table(("名称", "价格", "颜色", "其他"), tuple(Row(tuple(cells), n) for n, cells in enumerate(rows, start=2)))
    roles = catalogue_roles(held)
    assert roles is not None
    found = read_catalogue(held, roles, file="a.csv")
    lines = {fact.source.line for record in found.records for fact in record.facts}
    for row in held.rows:
        if row.line in lines:
            said = {fact.text for record in found.records for fact in record.facts if fact.source.line == row.line}
            assert all(cell.strip() in said for cell in row.cells if cell.strip("- "))
