"""The part of the material that speaks of what is asked: by its characters, rare ones first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from knowledge import Fact, Passage, PassageKind, Record, Source, Told
from knowledge.embedder import Vectors
from knowledge.retrieval.clause import ClauseReader

SHEET = Source("products.csv")


class Level:
    """An embedder that finds every text equally near to every other."""

    identity = "level"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return np.full((len(texts), 4), 0.5, np.float32)


def _record(id: str, name: str, *facts: tuple[str, str]) -> Record:
    return Record(id, name, facts=tuple(Fact(id, name, title, title, text, text, SHEET) for title, text in facts))


CLOCK = _record("C1", "静音挂钟", ("卖点", "扫秒机芯没有滴答声，放卧室也不吵；一节五号电池用一年"), ("颜色", "白蜡木"))
RUG = _record("R1", "麦田地毯", ("卖点", "背面有天然乳胶防滑"), ("颜色", "浅灰"))
PROSE = Passage("p", "木料来自有FSC认证的林场。床品单独洗，腿下垫防压片。", PassageKind.TEXT, SHEET, heading="工坊")
REFUND = Passage("f", "每一单都有运费险。", PassageKind.FAQ, SHEET, question="退货运费谁出")


def _told(asked: str, *, record: Record | None = None) -> tuple[Told, ...]:
    reader = ClauseReader(Level())
    return reader.told(asked, asked=asked, record=record, records=(CLOCK, RUG), passages=(PROSE, REFUND))


def test_a_part_of_a_fact_answers_what_no_column_is_called() -> None:
    first = _told("用什么电池")[0]
    assert first.fact is not None and first.fact.record_id == "C1"
    assert first.text == "一节五号电池用一年" and first.held == 1.0


def test_a_sentence_of_prose_is_found_by_a_word_in_letters() -> None:
    first = _told("有fsc认证吗")[0]
    assert first.passage == PROSE and first.text == "木料来自有FSC认证的林场。" and first.held == 1.0


def test_what_stands_apart_counts_less() -> None:
    first = _told("有没有床垫")[0]
    assert first.passage == PROSE and first.held == 0.5


def test_nothing_speaks_of_what_the_material_never_mentions() -> None:
    assert all(part.held < 0.5 for part in _told("防火吗"))
    assert _told("多少流明") == ()


def test_of_one_record_only_its_own_facts_and_what_is_said_for_all_are_looked_at() -> None:
    assert not any(part.fact and part.fact.record_id == "C1" for part in _told("用什么电池", record=RUG))
    assert _told("有运费险没", record=RUG)[0].passage == REFUND


def test_the_name_alone_tells_nothing() -> None:
    assert _told("挂钟") == ()


def test_one_character_that_says_it_all_is_marked() -> None:
    assert _told("滑不滑")[0].single and not _told("电池")[0].single


def test_vectors_of_parts_are_remembered() -> None:
    embedder = Level()
    reader = ClauseReader(embedder)
    for _ in range(2):
        reader.told("用什么电池", asked="用什么电池", record=None, records=(CLOCK,), passages=())
    assert embedder.asked.count("一节五号电池用一年") == 1
