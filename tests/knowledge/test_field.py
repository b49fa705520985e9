"""Which fact a question asks for."""

from __future__ import annotations

import pytest

from knowledge import Fact, Record, Source
from knowledge.folding import clauses, fold
from knowledge.question.field import FieldReader, choose
from tests.knowledge.catalogue import town


def titles(question: str, record: Record, records: tuple[Record, ...]) -> list[str]:
    spoken = [fold(clause) for clause in clauses(question)]
    return [fact.title for fact, _ in choose(FieldReader(records).read(spoken), record.facts, spoken)]


@pytest.mark.parametrize(
    ("question", "record", "expected"),
    [
        ("多少钱一晚", 0, ["价格"]),
        ("怎么联系", 0, ["电话"]),
        ("在什么地方呀", 0, ["地址"]),
        ("属于什么类型的", 0, ["酒店类型"]),
        ("有健身房吗", 0, ["设施"]),
        ("几点开门", 7, ["营业时间"]),
        ("一个人大概花多少钱", 7, ["人均消费"]),
        ("要买票吗，门票多少", 11, ["门票"]),
        ("一般玩多久", 11, ["游玩时间"]),
        ("大家打几分", 11, ["评分"]),
        ("电话和地址是多少", 7, ["电话", "地址"]),
        ("评分4.5分以上的就好，门票多少钱", 11, ["门票"]),
        ("你好", 0, []),
    ],
)
def test_the_asked_fact_is_found(question: str, record: int, expected: list[str]) -> None:
    records = town()
    assert titles(question, records[record], records) == expected


def test_a_column_nobody_foresaw_is_found_by_its_title() -> None:
    source = Source("x.csv", line=2)
    columns = (("发酵天数", "45"), ("坛子容量", "5升"), ("上课教室", "302"))
    facts = tuple(Fact("A", "甲", title, title, text, text, source) for title, text in columns)
    record = Record("A", "甲", "酱菜", (), facts)
    assert titles("发酵天数是多少", record, (record,)) == ["发酵天数"]
    assert titles("甲的坛子容量有多大", record, (record,)) == ["坛子容量"]
    assert titles("在哪个教室上", record, (record,)) == ["上课教室"]


def _of(*columns: tuple[str, str, str]) -> Record:
    source = Source("x.csv", line=2)
    return Record(
        "A", "甲", "物", (), tuple(Fact("A", "甲", name, title, text, text, source) for name, title, text in columns)
    )


def test_of_two_columns_for_sizes_the_one_with_a_length_tells_how_long() -> None:
    box = _of(("size", "规格", "带铲子和踏板"), ("dimensions", "尺寸", "长50宽40高42cm"))
    assert titles("多大", box, (box,)) == ["尺寸"]
    assert titles("什么规格", box, (box,)) == ["规格"]


def test_a_column_of_a_time_is_asked_for_by_what_is_done_then() -> None:
    lesson = _of(("opening_hours", "上课时间", "周二19:00"), ("保持时间", "保持时间", "3周"))
    assert titles("啥时候上课", lesson, (lesson,)) == ["上课时间"]
    assert titles("能保持多久", lesson, (lesson,)) == ["保持时间"]
