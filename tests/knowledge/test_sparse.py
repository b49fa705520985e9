"""The sparse index: what it finds, and that a change costs what changed."""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.folding import terms
from knowledge.retrieval.index.sparse import MERGE_AT, SparseIndex, write_sparse

TEXTS = [("a", "云朵沙发可以机洗"), ("b", "落地灯保修两年"), ("c", "满99元包邮 wifi"), ("d", "沙发坐垫塌陷免费换芯")]


def _ids(index: SparseIndex, question: str) -> list[str]:
    return [hit.id for hit in index.search(question, limit=10)]


def test_finds_the_passage_that_shares_most_bigrams(tmp_path: Path) -> None:
    write_sparse(tmp_path / "v1", previous=None, added=TEXTS, removed=())
    index = SparseIndex(tmp_path / "v1")
    assert _ids(index, "沙发能机洗吗")[0] == "a"
    assert _ids(index, "WIFI") == ["c"]
    assert index.search("量子力学", limit=5) == []


def test_coverage_is_the_share_of_the_question_that_is_held(tmp_path: Path) -> None:
    write_sparse(tmp_path / "v1", previous=None, added=TEXTS, removed=())
    index = SparseIndex(tmp_path / "v1")
    assert index.search("落地灯保修", limit=1)[0].coverage == 1.0
    assert 0 < index.search("落地灯多重", limit=1)[0].coverage < 1


def test_removed_and_replaced_passages_are_gone(tmp_path: Path) -> None:
    write_sparse(tmp_path / "v1", previous=None, added=TEXTS, removed=())
    write_sparse(tmp_path / "v2", previous=tmp_path / "v1", added=[("b", "台灯保修一年")], removed=["a"])
    index = SparseIndex(tmp_path / "v2")
    assert len(index) == 3
    assert "a" not in _ids(index, "云朵沙发可以机洗")
    assert _ids(index, "落地灯") == []
    assert _ids(index, "台灯保修一年")[0] == "b"
    assert _ids(SparseIndex(tmp_path / "v1"), "云朵沙发可以机洗")[0] == "a"


def test_unchanged_segments_are_linked_not_written_again(tmp_path: Path) -> None:
    write_sparse(tmp_path / "v1", previous=None, added=TEXTS, removed=())
    write_sparse(tmp_path / "v2", previous=tmp_path / "v1", added=[("e", "新的一段")], removed=())
    one, other = (tmp_path / version / "s000001" / "docs.npy" for version in ("v1", "v2"))
    assert os.stat(one).st_ino == os.stat(other).st_ino


def test_many_small_changes_are_merged(tmp_path: Path) -> None:
    write_sparse(tmp_path / "v0", previous=None, added=TEXTS, removed=())
    for number in range(1, 3 * MERGE_AT):
        write_sparse(
            tmp_path / f"v{number}",
            previous=tmp_path / f"v{number - 1}",
            added=[(f"n{number}", f"第{number}号新品上架")],
            removed=[f"n{number - 2}"],
        )
    last = tmp_path / f"v{3 * MERGE_AT - 1}"
    assert len([path for path in last.iterdir() if path.is_dir()]) <= MERGE_AT
    assert len(SparseIndex(last)) == len(TEXTS) + 2
    assert _ids(SparseIndex(last), "云朵沙发可以机洗")[0] == "a"


def test_a_text_without_terms_is_kept_and_never_found(tmp_path: Path) -> None:
    write_sparse(tmp_path / "v1", previous=None, added=[("x", "！！！")], removed=())
    index = SparseIndex(tmp_path / "v1")
    assert len(index) == 1
    assert _ids(index, "！！！") == []


_TEXT = st.text(alphabet="云朵沙发落地灯保修包邮abc19", min_size=1, max_size=12)


@settings(max_examples=25, deadline=None)
@given(steps=st.lists(st.dictionaries(st.sampled_from("pqrst"), st.none() | _TEXT, max_size=4), min_size=1, max_size=5))
def test_incremental_equals_built_at_once(tmp_path_factory: object, steps: list[dict[str, str | None]]) -> None:
    root: Path = tmp_path_factory.mktemp("sparse")  # type: ignore[attr-defined]
    held: dict[str, str] = {}
    previous: Path | None = None
    for number, step in enumerate(steps):
        folder = root / f"v{number}"
        added = [(id_, text) for id_, text in step.items() if text is not None]
        removed = [id_ for id_, text in step.items() if text is None]
        write_sparse(folder, previous=previous, added=added, removed=removed)
        for id_ in removed:
            held.pop(id_, None)
        held.update(added)
        previous = folder
    assert previous is not None
    write_sparse(root / "fresh", previous=None, added=sorted(held.items()), removed=())
    grown, fresh = SparseIndex(previous), SparseIndex(root / "fresh")
    assert len(grown) == len(held) == len(fresh)
    for text in held.values():
        expected = {id_ for id_, other in held.items() if set(terms(text)) & set(terms(other))}
        assert {hit.id for hit in grown.search(text, limit=10)} == expected
        assert {hit.id for hit in fresh.search(text, limit=10)} == expected
