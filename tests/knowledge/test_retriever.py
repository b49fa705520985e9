"""Searching one version: records, facts, follow-ups, refusals, removal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest

from knowledge import Decision, KnowledgeError, Passage, Turn
from knowledge.embedder import UniversalSentenceEmbedder
from knowledge.retrieval.decision import BUILT_IN
from knowledge.retrieval.index import Index, build_index, drop_index
from knowledge.retrieval.reranker import RerankerError
from knowledge.retrieval.retriever import Retriever
from tests.knowledge.catalogue import MemoryContent, faq, prose, record_passages, town
from tests.knowledge.merchant import BigramEmbedder

FAQS = [
    faq(1, "可以开发票吗？", "可以，前台开电子发票。"),
    faq(2, "几点退房？", "中午12点前退房。"),
    faq(3, "可以带宠物吗？", "小型犬可以，收50元清洁费。"),
    faq(4, "怎么取消预订？", "入住前一天18点前可以免费取消。"),
]
PROSE = [
    prose(1, "雨季出门请带伞，石板街雨天湿滑。景区内有免费雨伞可借。", "出行提示"),
    prose(2, "夜游船每晚19点和20点各一班，在码头上船，成人60元。", "夜游船"),
]


@pytest.fixture(scope="module")
def embedder() -> UniversalSentenceEmbedder:
    return UniversalSentenceEmbedder()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, embedder: UniversalSentenceEmbedder) -> Iterator[Retriever]:
    folder = tmp_path_factory.mktemp("town") / "v1"
    records = town()
    content = MemoryContent(records, [*record_passages(records), *FAQS, *PROSE])
    build_index(
        folder,
        previous_dir=None,
        added=content.passages,
        removed=(),
        records=records,
        embedder=embedder,
        passages=lambda: content.passages,
    )
    retriever = Retriever.open(content, folder, embedder=embedder, merchant="town")
    yield retriever
    retriever.close()


async def test_a_field_question_quotes_the_fact_with_its_source(shop: Retriever) -> None:
    evidence = await shop.search("荷塘餐厅的电话是多少")
    assert evidence.decision is Decision.ANSWER
    assert [fact.text for fact in evidence.facts] == ["0571-70000002"]
    assert str(evidence.facts[0].source) == "town.csv:9"
    assert evidence.record is not None
    assert evidence.record.name == "荷塘餐厅"
    assert (evidence.merchant, evidence.version) == ("town", "v1")


async def test_a_follow_up_is_answered_for_the_record_spoken_of(shop: Retriever) -> None:
    history = [Turn("user", "推荐一家餐馆"), Turn("assistant", "推荐您去半山餐厅。")]
    evidence = await shop.search("它几点营业", history=history)
    assert [fact.text for fact in evidence.facts] == ["11:00-22:00"]


async def test_an_ellipsis_asks_the_same_of_another_record(shop: Retriever) -> None:
    history = [Turn("user", "荷塘餐厅的电话是多少"), Turn("assistant", "0571-70000002")]
    evidence = await shop.search("那渔歌餐厅呢", history=history)
    assert [fact.text for fact in evidence.facts] == ["0571-70000004"]


async def test_the_product_on_show_is_meant_when_nothing_else_is_named(shop: Retriever) -> None:
    assert [fact.text for fact in (await shop.search("多少钱", product="临江塔")).facts] == ["30"]
    named = await shop.search("听雨书院门票多少钱", product="临江塔")
    assert [fact.text for fact in named.facts] == ["10"]


async def test_an_faq_is_answered_as_written_even_beside_a_record(shop: Retriever) -> None:
    evidence = await shop.search("可以开发票吗", product="临江大酒店")
    assert evidence.decision is Decision.ANSWER
    assert evidence.facts == ()
    assert evidence.passages[0].text == "可以，前台开电子发票。"


async def test_prose_is_found(shop: Retriever) -> None:
    evidence = await shop.search("夜游船在码头几点上船")
    assert evidence.decision is Decision.ANSWER
    assert evidence.passages[0].id == "text-2"


@pytest.mark.parametrize("question", ["帮我写一首诗", "比特币今天涨了吗", "海棠书屋餐厅的电话是多少", "宝马X5多少钱"])
async def test_what_the_material_does_not_hold_is_not_answered(shop: Retriever, question: str) -> None:
    evidence = await shop.search(question)
    assert evidence.decision is not Decision.ANSWER
    assert evidence.facts == ()


async def test_a_fact_the_record_does_not_have_is_refused(shop: Retriever) -> None:
    evidence = await shop.search("临江塔的营业时间是几点到几点")
    assert evidence.decision is Decision.REFUSE
    assert evidence.facts == ()


async def test_an_open_price_question_asks_which(shop: Retriever) -> None:
    evidence = await shop.search("价格是多少")
    assert evidence.decision is Decision.ASK
    assert evidence.ask
    assert evidence.choices


async def test_a_shared_name_offers_the_branches(shop: Retriever) -> None:
    evidence = await shop.search("临江快捷酒店的价格")
    assert evidence.decision is Decision.ASK
    assert set(evidence.choices) == {"临江快捷酒店(南站店)", "临江快捷酒店(北站店)"}


async def test_passages_are_distinct_and_bounded(shop: Retriever) -> None:
    evidence = await shop.search("临江大酒店有会议室吗", limit=3)
    ids = [passage.id for passage in evidence.passages]
    assert 0 < len(ids) <= 3
    assert len(set(ids)) == len(ids)
    assert evidence.passages[0].record_id == evidence.record.id if evidence.record else False


async def test_a_removed_record_stops_answering(
    shop: Retriever, embedder: UniversalSentenceEmbedder, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("removal")
    records = town()
    before = MemoryContent(records, record_passages(records))
    left = tuple(record for record in records if record.name != "荷塘餐厅")
    after = MemoryContent(left, record_passages(left), version="v2")
    gone = next(record.id for record in records if record.name == "荷塘餐厅")
    for version, content, previous, added, removed in (
        ("v1", before, None, list(before.passages), []),
        ("v2", after, root / "v1", [], [f"record-{gone}"]),
    ):
        build_index(
            root / version,
            previous_dir=previous,
            added=added,
            removed=removed,
            records=content.records,
            embedder=embedder,
            passages=partial(list, content.passages),
        )
    with Index.open(root / "v2", embedder=embedder) as index:
        assert len(index.dense) == len(index.sparse) == len(left)
        assert f"record-{gone}" not in index.dense.vectors([f"record-{gone}"])
    retriever = Retriever.open(after, root / "v2", embedder=embedder, merchant="town")
    try:
        evidence = await retriever.search("荷塘餐厅的电话是多少")
        assert evidence.decision is not Decision.ANSWER
        assert "0571-70000002" not in repr(evidence)
    finally:
        retriever.close()


async def test_the_content_decides_what_exists(shop: Retriever) -> None:
    left = tuple(record for record in town() if record.name != "荷塘餐厅")
    evidence = await shop.over(MemoryContent(left, [*record_passages(left), *FAQS])).search("荷塘餐厅的电话是多少")
    assert evidence.decision is not Decision.ANSWER
    assert "0571-70000002" not in repr(evidence)


def _build(folder: Path, embedder: BigramEmbedder, passages: Sequence[Passage], previous: Path | None = None) -> None:
    build_index(
        folder,
        previous_dir=previous,
        added=passages if previous is None else [],
        removed=(),
        records=(),
        embedder=embedder,
        passages=lambda: passages,
    )


def test_nothing_unchanged_is_embedded_again(tmp_path: Path) -> None:
    embedder = BigramEmbedder()
    _build(tmp_path / "v1", embedder, PROSE)
    embedder.embedded.clear()
    _build(tmp_path / "v2", embedder, PROSE, tmp_path / "v1")
    assert not any("雨季" in text for text in embedder.embedded if len(text) > 20)
    with Index.open(tmp_path / "v2", embedder=embedder) as index:
        assert len(index.dense) == len(PROSE)


def test_another_embedder_embeds_everything_again_and_never_mixes(tmp_path: Path) -> None:
    _build(tmp_path / "v1", BigramEmbedder(), PROSE)
    other = BigramEmbedder(identity="other", dimensions=32)
    with pytest.raises(KnowledgeError, match="indexed with bigrams"):
        Index.open(tmp_path / "v1", embedder=other)
    _build(tmp_path / "v2", other, PROSE, tmp_path / "v1")
    with Index.open(tmp_path / "v2", embedder=other) as index:
        assert len(index.dense) == len(PROSE)
        assert {len(vector) for vector in index.dense.vectors([PROSE[0].id]).values()} == {32}


def test_a_failed_build_leaves_no_index(tmp_path: Path) -> None:
    class Broken(BigramEmbedder):
        def embed(self, texts: Sequence[str]) -> object:  # type: ignore[override]
            raise KnowledgeError("no vectors today")

    with pytest.raises(KnowledgeError, match="no vectors today"):
        _build(tmp_path / "v1", Broken(), PROSE)
    assert not (tmp_path / "v1" / "index").exists()


def test_dropping_an_index_on_disk_is_nothing_to_do(tmp_path: Path) -> None:
    _build(tmp_path / "v1", BigramEmbedder(), PROSE)
    drop_index(tmp_path / "v1")
    assert (tmp_path / "v1" / "index" / "index.json").exists()


class _Backwards:
    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        return [float(len(texts) - 1 - at) * -1 for at in range(len(texts))]


class _Down:
    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        raise RerankerError("down")


def test_a_reranker_changes_the_order_and_may_fail(tmp_path: Path) -> None:
    embedder = BigramEmbedder()
    passages = [prose(1, "云朵沙发可以机洗"), prose(2, "沙发坐垫可以机洗"), prose(3, "机洗沙发外套")]
    _build(tmp_path / "v1", embedder, passages)
    content = MemoryContent((), passages)
    with Index.open(tmp_path / "v1", embedder=embedder) as index:
        first = {}
        for label, reranker in (("none", None), ("backwards", _Backwards()), ("down", _Down())):
            retriever = Retriever(
                content, index=index, embedder=embedder, merchant="m", decision=BUILT_IN, reranker=reranker
            )
            first[label] = retriever.search_now("云朵沙发可以机洗吗").passages[0].id
    assert first["none"] == first["down"] == "text-1"
    assert first["backwards"] != "text-1"


def test_a_question_in_other_words_gets_the_shops_answer(shop: Retriever) -> None:
    evidence = shop.search_now("狗狗能一起住吗")
    told = [*evidence.passages[:1], *([evidence.near] if evidence.near else [])]
    assert any(passage.question == "可以带宠物吗？" for passage in told)
