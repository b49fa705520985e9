"""Drafts are incremental, versions are immutable, and one pointer decides what is live."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from knowledge.content import Content
from knowledge.errors import KnowledgeError
from knowledge.library import Library
from knowledge.version.shelf import Shelf
from tests.knowledge.merchant import BigramEmbedder, open_library, write_shop


@pytest.fixture
def embedder() -> BigramEmbedder:
    return BigramEmbedder()


@pytest.fixture
def library(tmp_path: Path, embedder: BigramEmbedder) -> Library:
    return open_library(tmp_path / "data", embedder=embedder)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return write_shop(tmp_path / "shop")


def content_of(library: Library, version: str | None) -> Content:
    assert version is not None
    return library.open("shop", version)


def texts(library: Library, version: str | None) -> list[str]:
    content = content_of(library, version)
    try:
        return [f"{passage.question or ''}{passage.text}" for passage in content.passages]
    finally:
        content.close()


def snapshot(folder: Path) -> dict[str, bytes]:
    """Every file but those of Chroma, which keeps a log of its own beside the vectors."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files if "dense" not in path.parts}


def test_a_draft_is_not_live_until_it_is_published(library: Library, shop: Path) -> None:
    summary = library.add("shop", [shop])
    assert set(summary.added) == {"products.csv", "faq.csv", "policy.md"}
    assert (library.pointer("shop").published, library.pointer("shop").draft) == (None, summary.draft)
    assert library.publish("shop").version == summary.draft
    assert (library.pointer("shop").published, library.pointer("shop").draft) == (summary.draft, None)


def test_a_second_run_changes_and_embeds_nothing(library: Library, shop: Path, embedder: BigramEmbedder) -> None:
    first = library.add("shop", [shop])
    before = len(embedder.embedded)
    second = library.add("shop", [shop])
    assert set(second.unchanged) == {"products.csv", "faq.csv", "policy.md"}
    assert (second.draft, second.added, second.changed) == (None, (), ())
    assert library.pointer("shop").draft == first.draft
    assert len(embedder.embedded) == before


def test_one_file_given_alone_is_the_same_file_as_in_its_folder(library: Library, shop: Path) -> None:
    library.add("shop", [shop])
    assert library.add("shop", [shop / "faq.csv"]).unchanged == ("faq.csv",)


def test_only_what_changed_is_indexed_again(library: Library, shop: Path) -> None:
    library.add("shop", [shop])
    library.publish("shop")
    with (shop / "faq.csv").open("a", encoding="utf-8") as faq:
        faq.write("有停车位吗？,门口有三个车位。\n")
    totals = []
    summary = library.add("shop", [shop], progress=lambda done, total: totals.append(total))
    assert summary.changed == ("faq.csv",)
    assert set(totals) == {1}


def test_a_changed_file_replaces_what_it_said_before(library: Library, shop: Path) -> None:
    library.add("shop", [shop])
    products = shop / "products.csv"
    products.write_text(products.read_text("utf-8").replace("459元", "399元"), encoding="utf-8")
    said = "\n".join(texts(library, library.add("shop", [shop]).draft))
    assert "399元" in said and "459元" not in said


def test_drafts_build_upon_each_other(library: Library, shop: Path) -> None:
    library.add("shop", [shop / "faq.csv"])
    draft = library.add("shop", [shop / "policy.md"]).draft
    content = content_of(library, draft)
    assert [document.path for document in content.documents] == ["faq.csv", "policy.md"]
    content.close()
    assert len([path for path in (library.root / "shop").iterdir() if path.is_dir()]) == 1


def test_a_version_never_changes_after_it_was_built(library: Library, shop: Path) -> None:
    library.add("shop", [shop])
    version = library.publish("shop").version
    before = snapshot(library.directory("shop", version))
    library.remove("shop", ["faq.csv"])
    library.publish("shop")
    (shop / "policy.md").write_text("# 新\n\n全新的内容。\n", encoding="utf-8")
    library.add("shop", [shop])
    library.publish("shop")
    library.rollback("shop")
    with library.retriever("shop", version) as retriever:
        retriever.search_now("包邮吗？")
    assert snapshot(library.directory("shop", version)) == before


def test_a_dry_run_writes_nothing(library: Library, shop: Path, embedder: BigramEmbedder) -> None:
    summary = library.add("shop", [shop], dry_run=True)
    assert set(summary.added) == {"products.csv", "faq.csv", "policy.md"}
    assert (summary.draft, summary.records) == (None, 3)
    assert not embedder.embedded
    assert library.pointer("shop").draft is None


def test_removed_files_leave_the_content(library: Library, shop: Path) -> None:
    library.add("shop", [shop])
    library.publish("shop")
    summary = library.remove("shop", ["faq.*", "nothing.txt"])
    assert summary.removed == ("faq.csv",)
    assert summary.refused[0].name == "nothing.txt"
    assert not any("包邮" in text for text in texts(library, summary.draft))
    raw = (library.directory("shop", summary.draft or "") / "content.db").read_bytes()
    assert "满99元包邮".encode() not in raw


def test_rollback_goes_to_what_was_live_before_each_publication(library: Library, shop: Path) -> None:
    versions = []
    for number in range(3):
        (shop / "policy.md").write_text(f"# 第{number}版\n\n这是第{number}版的说明。\n", encoding="utf-8")
        library.add("shop", [shop])
        versions.append(library.publish("shop").version)
    assert library.rollback("shop").version == versions[1]
    assert library.rollback("shop").version == versions[0]
    with pytest.raises(KnowledgeError, match="第一个"):
        library.rollback("shop")
    assert library.rollback("shop", to=versions[2]).version == versions[2]
    assert [move.action for move in library.versions("shop")] == ["publish"] * 3 + ["rollback"] * 3


def test_a_file_that_broke_keeps_what_was_known_from_it(library: Library, shop: Path) -> None:
    library.add("shop", [shop])
    version = library.publish("shop").version
    (shop / "products.csv").write_bytes(b"PK\x03\x04 broken")
    summary = library.add("shop", [shop])
    assert [refused.name for refused in summary.refused] == ["products.csv"]
    assert summary.draft is None
    assert len(content_of(library, version).records) == 3


def test_the_mapping_is_remembered_for_the_next_time(library: Library, tmp_path: Path) -> None:
    odd = tmp_path / "odd.csv"
    odd.write_text("款,到手\n台灯,99元\n", encoding="utf-8")
    library.add("shop", [odd], mapping={"款": "name", "到手": "price"})
    odd.write_text("款,到手\n台灯,89元\n", encoding="utf-8")
    content = content_of(library, library.add("shop", [odd]).draft)
    fact = content.records[0].fact("price")
    content.close()
    assert fact is not None and fact.text == "89元"


def test_files_of_one_name_from_two_places_are_not_mixed_up(library: Library, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "note.md").write_text(f"这是{folder}的说明文字。", encoding="utf-8")
    summary = library.add("shop", [tmp_path / "a" / "note.md", tmp_path / "b" / "note.md"])
    assert (summary.added, [refused.name for refused in summary.refused]) == (("note.md",), ["note.md"])
    assert set(library.add("shop", [tmp_path]).added) == {"a/note.md", "b/note.md"}, "the library's own files are left"


def test_a_record_told_by_two_files_is_one_record(library: Library, shop: Path) -> None:
    library.add("shop", [shop])
    (shop / "stock.csv").write_text("商品名称,库存,发货地\n纸月落地灯,7,杭州\n", encoding="utf-8")
    content = content_of(library, library.add("shop", [shop]).draft)
    lamp = content.record("纸月落地灯")
    assert lamp is not None and lamp.id == "LP-01" and len(content.records) == 3
    facts = {fact.name: fact.text for fact in lamp.facts}
    assert (facts["stock"], facts["price"]) == ("7", "459元")
    assert {passage.source.file for passage in content.passages_of("LP-01")} == {"products.csv", "stock.csv"}
    content.close()


def test_an_answer_with_a_product_column_belongs_to_that_record(library: Library, shop: Path) -> None:
    (shop / "more.csv").write_text(
        "问题,答案,商品名称\n亮不亮？,十二瓦。,落地灯\n重吗？,不重。,没有的\n", encoding="utf-8"
    )
    content = content_of(library, library.add("shop", [shop]).draft)
    by_question = {passage.question: passage.record_id for passage in content.faqs}
    content.close()
    assert by_question["亮不亮？"] == "LP-01"
    assert by_question["重吗？"] is None


def test_a_changed_embedder_embeds_everything_again(tmp_path: Path, shop: Path) -> None:
    open_library(tmp_path / "data").add("shop", [shop])
    other = BigramEmbedder(identity="other", dimensions=32)
    library = open_library(tmp_path / "data", embedder=other)
    with (shop / "policy.md").open("a", encoding="utf-8") as policy:
        policy.write("\n## 换货\n\n换货也是七天。\n")
    draft = library.add("shop", [shop]).draft
    assert any("包邮吗" in text for text in other.embedded)
    with library.retriever("shop", draft or "") as retriever:
        assert retriever.search_now("包邮吗？").passages[0].text == "满99元包邮。"


def test_a_discarded_draft_is_gone(library: Library, shop: Path) -> None:
    draft = library.add("shop", [shop]).draft
    assert library.discard("shop") == draft
    assert library.pointer("shop").draft is None
    assert not library.directory("shop", draft or "").exists()
    with pytest.raises(KnowledgeError, match="没有待发布的草稿"):
        library.publish("shop")


def test_merchants_know_nothing_of_each_other(library: Library, shop: Path) -> None:
    library.add("shop", [shop])
    library.add("other", [shop / "policy.md"])
    assert library.pointer("shop").draft != library.pointer("other").draft
    assert [document.path for document in library.documents("other", draft=True)] == ["policy.md"]


@pytest.mark.parametrize("name", ["../other", "a/b", "", ".", "中文", "a" * 65])
def test_a_merchants_name_is_never_a_path(library: Library, shop: Path, name: str) -> None:
    with pytest.raises(KnowledgeError, match="商家名"):
        library.add(name, [shop])


def test_a_second_writer_waits_for_nobody_and_says_so(library: Library, shop: Path) -> None:
    with Shelf(library.root).locked("shop"), pytest.raises(KnowledgeError, match="另一个命令"):
        library.add("shop", [shop])


def test_what_a_killed_build_left_is_cleared_away(library: Library, shop: Path) -> None:
    left = library.root / "shop" / ".building-7"
    left.mkdir(parents=True)
    (left / "content.db").write_bytes(b"half")
    library.add("shop", [shop])
    assert not left.exists()


def test_a_draft_that_was_damaged_is_not_published(library: Library, shop: Path) -> None:
    draft = library.add("shop", [shop]).draft
    (library.directory("shop", draft or "") / "manifest.json").unlink()
    with pytest.raises(KnowledgeError, match="不完整"):
        library.publish("shop")
    assert library.pointer("shop").published is None


def test_only_the_last_versions_are_kept(tmp_path: Path, shop: Path) -> None:
    library = open_library(tmp_path / "data")
    library._kept_versions = 2
    for number in range(4):
        (shop / "policy.md").write_text(f"这是第{number}版的说明。", encoding="utf-8")
        library.add("shop", [shop])
        library.publish("shop")
    kept = [path.name for path in (library.root / "shop").iterdir() if path.is_dir()]
    assert len(kept) == 2
    assert library.rollback("shop").version in kept


def test_the_manifest_names_what_the_version_holds(library: Library, shop: Path) -> None:
    draft = library.add("shop", [shop]).draft
    manifest = json.loads((library.directory("shop", draft or "") / "manifest.json").read_text("utf-8"))
    assert (manifest["documents"], manifest["records"], manifest["embedder"]) == (3, 3, "bigrams")
    assert manifest["version"] == draft


def test_many_files_are_read_by_several_processes(tmp_path: Path, library: Library) -> None:
    from knowledge.intake.folder import gather
    from knowledge.intake.intake import read_files

    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(4):
        (folder / f"{number}.txt").write_text(f"这是第{number}个文件的说明。\n", encoding="utf-8")
    (folder / "bad.txt").write_bytes(b"\x89PNG" + bytes(100))
    found = gather([folder], limits=library.limits)
    intakes = list(read_files(found.files, held={}, mapping=None, limits=library.limits, processes=2))
    assert [intake.file.name for intake in intakes] == ["0.txt", "1.txt", "2.txt", "3.txt", "bad.txt"]
    assert [intake.reading is not None for intake in intakes] == [True] * 4 + [False]


def test_a_file_deleted_from_its_folder_is_named_and_removed_on_request(library: Library, shop: Path) -> None:
    library.add("shop", [shop])
    library.publish("shop")
    (shop / "faq.csv").unlink()
    told = library.add("shop", [shop])
    assert (told.vanished, told.removed, told.draft) == (("faq.csv",), (), None)
    assert library.add("shop", [shop / "policy.md"]).vanished == ()
    done = library.add("shop", [shop], mirror=True)
    assert (done.vanished, done.removed) == ((), ("faq.csv",))
    assert not any("包邮" in text for text in texts(library, done.draft))
    assert library.add("shop", [shop], mirror=True).removed == ()


def test_a_file_that_broke_in_its_folder_has_not_vanished(library: Library, shop: Path) -> None:
    library.add("shop", [shop])
    (shop / "faq.csv").write_bytes(b"\x89PNG broken")
    summary = library.add("shop", [shop], mirror=True)
    assert (summary.removed, [refused.name for refused in summary.refused]) == ((), ["faq.csv"])
