"""Fusing rankings, variety, and the reranker at a server."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.retrieval.fusion import dice, distinct, fuse, varied
from knowledge.retrieval.reranker import CrossEncoderReranker, RemoteReranker, RerankerError

_SCORES = st.dictionaries(st.sampled_from("abcdef"), st.floats(-5, 5), max_size=6)


@given(_SCORES, _SCORES)
def test_fused_scores_are_normal_and_cover_both(dense: dict[str, float], sparse: dict[str, float]) -> None:
    fused = fuse(dense, sparse)
    assert set(fused) == set(dense) | set(sparse)
    assert all(0 <= score <= 1 for score in fused.values())


def test_the_best_of_both_wins() -> None:
    fused = fuse({"a": 0.9, "b": 0.8, "c": 0.1}, {"b": 12.0, "c": 3.0})
    assert max(fused, key=lambda id_: fused[id_]) == "b"


def test_the_same_text_counts_once() -> None:
    assert distinct(["包邮 吗", "包邮吗", "退货"], str) == ["包邮 吗", "退货"]


def test_variety_prefers_what_is_new() -> None:
    ranked = [("满99元包邮到家", 1.0), ("满99元包邮到家门", 0.95), ("退货七天", 0.9)]
    assert [text for text, _ in varied(ranked, str, limit=2)] == ["满99元包邮到家", "退货七天"]


def test_likeness_of_questions() -> None:
    assert dice("包邮吗", "包邮吗") == 1.0
    assert dice("包邮吗", "落地灯") == 0.0


def _remote(answer: httpx.Response) -> RemoteReranker:
    return RemoteReranker(base_url="http://x/v1", model="m", transport=httpx.MockTransport(lambda _: answer))


def test_a_server_scores_by_index() -> None:
    body = {"results": [{"index": 1, "relevance_score": 0.9}, {"index": 0, "relevance_score": 0.2}]}
    reranker = _remote(httpx.Response(200, json=body))
    assert reranker.score("q", ["a", "b"]) == [0.2, 0.9]
    assert reranker.score("q", []) == []
    reranker.close()


@pytest.mark.parametrize("answer", [httpx.Response(500), httpx.Response(200, json={}), httpx.Response(200, text="x")])
def test_a_server_without_scores_is_an_error(answer: httpx.Response) -> None:
    with pytest.raises(RerankerError):
        _remote(answer).score("q", ["a"])


def test_a_cross_encoder_is_handed_in() -> None:
    class Model:
        def predict(self, pairs: list[tuple[str, str]]) -> list[float]:
            return [float(len(text)) for _, text in pairs]

    assert CrossEncoderReranker(Model()).score("q", ["aa", "b"]) == [2.0, 1.0]
