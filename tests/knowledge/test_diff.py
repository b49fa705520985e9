"""A diff says in human words what customers would notice."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowledge.errors import KnowledgeError
from knowledge.version.diff import describe
from tests.knowledge.merchant import open_library, write_shop


def test_changes_are_told_in_words(tmp_path: Path) -> None:
    library, shop = open_library(tmp_path / "data"), write_shop(tmp_path / "shop")
    library.add("shop", [shop])
    library.publish("shop")
    products, faq, policy = (shop / name for name in ("products.csv", "faq.csv", "policy.md"))
    changed = products.read_text("utf-8").replace("459元", "399元").replace("58,暖白", ",暖白")
    products.write_text(changed + "ST-01,圆凳,,凳子,129元,,,5,白\n", encoding="utf-8")
    faq.write_text("问题,答案\n包邮吗？,满59元包邮。\n有停车位吗？,有三个。\n", encoding="utf-8")
    policy.write_text("# 售后\n\n## 退货\n\n收货后15天内可以退货。\n", encoding="utf-8")
    (shop / "story.md").write_text("# 故事\n\n两个木匠开了这家店。\n", encoding="utf-8")
    library.add("shop", [shop])
    lines = describe(library.diff("shop"))
    assert lines[0] == "纸月落地灯：价格 459元 → 399元"
    assert "纸月落地灯：去掉库存（原来是 58）" in lines
    assert "新增商品 1 个：“圆凳”" in lines
    assert "修改答案 1 个：“包邮吗？”" in lines
    assert "新增问答 1 个：“有停车位吗？”" in lines
    assert "移除问答 2 个：“可以开发票吗？”、“怎么联系人工客服？”" in lines
    assert "policy.md：文字新增 1 段、移除 2 段" in lines
    assert "新增文件 story.md" in lines


def test_a_moved_row_is_no_change(tmp_path: Path) -> None:
    library, shop = open_library(tmp_path / "data"), write_shop(tmp_path / "shop")
    library.add("shop", [shop])
    library.publish("shop")
    head, first, *rest = (shop / "products.csv").read_text("utf-8").splitlines()
    (shop / "products.csv").write_text("\n".join([head, *rest, first]), encoding="utf-8")
    library.add("shop", [shop])
    diff = library.diff("shop")
    assert diff.empty
    assert describe(diff) == ["内容没有变化"]


def test_the_first_draft_is_compared_with_nothing(tmp_path: Path) -> None:
    library, shop = open_library(tmp_path / "data"), write_shop(tmp_path / "shop")
    with pytest.raises(KnowledgeError, match="没有草稿"):
        library.diff("shop")
    library.add("shop", [shop])
    diff = library.diff("shop")
    assert diff.before is None
    assert diff.records_added == ("云朵沙发", "山丘沙发", "纸月落地灯")


def test_two_published_versions_can_be_compared(tmp_path: Path) -> None:
    library, shop = open_library(tmp_path / "data"), write_shop(tmp_path / "shop")
    library.add("shop", [shop])
    first = library.publish("shop").version
    library.remove("shop", ["faq.csv"])
    second = library.publish("shop").version
    assert len(library.diff("shop", before=first, after=second).answers) == 3
    assert library.diff("shop", before=second, after=first).files_added == ("faq.csv",)
