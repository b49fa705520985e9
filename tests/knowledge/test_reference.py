"""Which record a question is about."""

from __future__ import annotations

import pytest

from knowledge import Record, Turn
from knowledge.folding import clauses, fold
from knowledge.question.field import FieldReader
from knowledge.question.names import NameIndex
from knowledge.question.reference import ReferenceResolver, Resolution
from tests.knowledge.catalogue import town

RECORDS = town()


def resolve(question: str, *history: str, records: tuple[Record, ...] = RECORDS) -> Resolution:
    """Resolve with a history that begins with the customer and alternates."""
    fields = FieldReader(records)
    turns = [Turn("user" if number % 2 == 0 else "assistant", text) for number, text in enumerate(history)]
    asked = fields.read([fold(clause) for clause in clauses(question)])
    return ReferenceResolver(records, NameIndex(records), fields).resolve(question, turns, asked)


def name(resolution: Resolution, records: tuple[Record, ...] = RECORDS) -> str | None:
    return None if resolution.record is None else records[resolution.record].name


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("荷塘餐厅的电话是多少？", "荷塘餐厅"),
        ("你好，我想去临江快捷酒店（南站店）住，价格多少", "临江快捷酒店(南站店)"),
        ("听雨大酒店在哪儿", "临江听雨大酒店"),
        ("除了临江塔，听雨书院的门票多少钱？", "听雨书院"),
    ],
)
def test_a_named_record_is_found(question: str, expected: str) -> None:
    resolution = resolve(question)
    assert name(resolution) == expected
    assert resolution.named


def test_a_shared_name_is_asked_back() -> None:
    resolution = resolve("临江快捷酒店的电话")
    assert resolution.record is None
    assert {RECORDS[at].name for at in resolution.choices} == {"临江快捷酒店(南站店)", "临江快捷酒店(北站店)"}


def test_a_shared_name_is_the_one_spoken_of() -> None:
    assert name(resolve("临江快捷酒店的电话", "推荐一家酒店", "临江快捷酒店(北站店)不错")) == "临江快捷酒店(北站店)"


@pytest.mark.parametrize(
    ("history", "question", "expected"),
    [
        (("想找家餐馆", "推荐您去荷塘餐厅。"), "它电话多少？", "荷塘餐厅"),
        (("想找家餐馆", "推荐荷塘餐厅和渔歌餐厅。"), "第二个呢，电话多少", "渔歌餐厅"),
        (("想找家餐馆", "推荐荷塘餐厅和渔歌餐厅。"), "前者的地址", "荷塘餐厅"),
        (
            ("想找家餐馆", "推荐荷塘餐厅和渔歌餐厅。", "去渔歌餐厅吧，周边有什么景点", "有临江塔、听雨书院。"),
            "这家餐馆几点营业",
            "渔歌餐厅",
        ),
        (("我住临江大酒店", "好的。", "帮我推荐一家餐馆", "推荐您去半山餐厅。"), "它在哪里", "半山餐厅"),
        (("我住临江大酒店", "好的。", "帮我推荐一家餐馆", "推荐您去半山餐厅。"), "酒店的电话呢", "临江大酒店"),
    ],
    ids=["last named", "second", "former", "chosen among", "last recommended", "only one of that kind"],
)
def test_a_follow_up_leans_on_what_was_said(history: tuple[str, ...], question: str, expected: str) -> None:
    assert name(resolve(question, *history)) == expected


def test_a_name_nobody_has_is_unknown() -> None:
    resolution = resolve("我想去海棠书屋餐厅吃饭，请问海棠书屋餐厅的电话是多少")
    assert resolution.record is None
    assert resolution.unknown is not None


def test_a_sibling_is_not_answered_for_a_branch_nobody_has() -> None:
    resolution = resolve("临江快捷酒店(西站店)的电话是多少？")
    assert resolution.record is None


def test_a_longer_name_is_not_its_beginning() -> None:
    assert name(resolve("荷花塘餐厅的电话是多少")) != "荷花塘"


@pytest.mark.parametrize("gone", ["荷塘餐厅", "渔歌餐厅", "半山餐厅"])
def test_a_recommended_record_that_was_removed_is_not_replaced_by_another(gone: str) -> None:
    left = tuple(record for record in RECORDS if record.name != gone)
    resolution = resolve(
        "它电话多少", "我住临江大酒店", "好的。", "帮我推荐一家餐馆", f"推荐您去{gone}。", records=left
    )
    assert resolution.record is None


def test_nothing_said_and_nothing_named_is_nobody() -> None:
    resolution = resolve("多少钱")
    assert resolution.record is None
    assert resolution.unknown is None
