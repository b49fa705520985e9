"""What a careful colleague would ask about before a version goes live."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from knowledge.content import Content
from knowledge.evidence import Decision, Evidence
from knowledge.library import Library
from knowledge.lint import Finding, Severity, lint, unanswered
from tests.knowledge.merchant import open_library, write_shop

TODAY = date(2026, 11, 23)


class Shelf:
    """A folder of files and the findings on them."""

    def __init__(self, folder: Path) -> None:
        self.folder = write_shop(folder / "shop")
        self.library: Library = open_library(folder / "data")

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, encoding="utf-8")

    def content(self) -> Content:
        draft = self.library.add("shop", [self.folder]).draft or self.library.pointer("shop").draft
        assert draft is not None
        return self.library.open("shop", draft)

    def findings(self, rule: str, *, today: date = TODAY) -> list[Finding]:
        content = self.content()
        try:
            return [finding for finding in lint(content, today=today) if finding.rule == rule]
        finally:
            content.close()


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    yield Shelf(tmp_path)


def test_a_clean_shop_has_no_findings_but_hints(shelf: Shelf) -> None:
    content = shelf.content()
    assert [finding for finding in lint(content, today=TODAY) if finding.severity is not Severity.HINT] == []
    content.close()


def test_two_files_that_disagree_on_a_price_are_found(shelf: Shelf) -> None:
    shelf.write("prices.csv", "商品名称,价格\n纸月落地灯,429元\n")
    (finding,) = shelf.findings("price-conflict")
    assert finding.severity is Severity.ERROR
    assert "459元" in finding.text and "429元" in finding.text and "prices.csv" in finding.text


def test_equal_prices_written_differently_do_not_disagree(shelf: Shelf) -> None:
    shelf.write("prices.csv", "商品名称,价格\n纸月落地灯,￥459.00\n")
    assert shelf.findings("price-conflict") == []


def test_an_answer_with_another_price_than_the_catalogue_is_found(shelf: Shelf) -> None:
    shelf.write("more.csv", "问题,答案\n纸月落地灯多少钱？,现在只要299元。\n云朵沙发贵吗？,云朵沙发活动价1299元。\n")
    (finding,) = shelf.findings("price-conflict")
    assert "299元" in finding.text and finding.source == "more.csv:2"


def test_an_expired_promotion_is_found_the_day_after_it_ended(shelf: Shelf) -> None:
    assert shelf.findings("promotion-expired", today=date(2027, 12, 31)) == []
    (finding,) = shelf.findings("promotion-expired", today=date(2028, 1, 1))
    assert "云朵沙发" in finding.text and "2027-12-31" in finding.text


def test_a_promotion_that_costs_more_or_never_ends_is_found(shelf: Shelf) -> None:
    shelf.write(
        "more.csv",
        "名称,价格,促销价,促销时间\n甲凳,99元,109元,2026-11-01 至 2026-12-01\n乙凳,99元,89元,\n丙凳,99元,89元,下周\n",
    )
    assert "甲凳" in shelf.findings("promotion-not-lower")[0].text
    assert "乙凳" in shelf.findings("promotion-without-period")[0].text
    assert "丙凳" in shelf.findings("promotion-period-unclear")[0].text


def test_a_forbidden_claim_is_found_wherever_it_stands(shelf: Shelf) -> None:
    shelf.write("claims.md", "# 介绍\n\n我们是全网销量第一的家居店。\n\n第一次使用请充满电，这是最后一步。\n")
    shelf.write("more.csv", "名称,价格,卖点\n椅子,99元,国家级工艺；坐着舒服\n")
    found = {finding.source: finding.text for finding in shelf.findings("advertising-law")}
    assert set(found) == {"claims.md:3", "more.csv:2"}
    assert "《广告法》第九条第三项" in found["claims.md:3"]


def test_one_question_with_two_answers_is_found(shelf: Shelf) -> None:
    shelf.write("more.csv", "问题,答案\n包邮吗,不包邮。\n可以开发票吗,可以开电子发票，下单时备注抬头。\n")
    (conflict,) = shelf.findings("question-conflict")
    (double,) = shelf.findings("question-duplicate")
    assert "包邮吗" in conflict.text and "faq.csv:2" in conflict.text
    assert "发票" in double.text


def test_an_answer_about_a_product_that_does_not_exist_is_found(shelf: Shelf) -> None:
    shelf.write(
        "more.csv",
        "问题,答案,商品名称\n亮吗？,十二瓦。,月光台灯\nSF-09有货吗？,SF-09下周到货。,\n有“星空沙发”吗？,“云朵沙发”更合适。,\n",
    )
    texts = "\n".join(finding.text for finding in shelf.findings("unknown-product"))
    assert "亮吗" in texts and "SF-09" in texts and "星空沙发" in texts and "云朵沙发" not in texts


def test_columns_that_are_the_merchants_own_business_are_found(shelf: Shelf) -> None:
    shelf.write("more.csv", "名称,价格,进货价,供应商\n椅子,99元,40元,某某厂\n")
    assert {finding.text.split("”")[0] for finding in shelf.findings("internal-column")} == {"“进货价", "“供应商"}


def test_a_record_without_a_price_among_priced_ones_is_found(shelf: Shelf) -> None:
    shelf.write("more.csv", "编号,名称,类目,价格\nZ1,方凳,凳子,\nZ2,圆凳,凳子,99元\n")
    assert "方凳" in shelf.findings("price-missing")[0].text


def test_what_could_not_be_read_is_found_again(shelf: Shelf) -> None:
    shelf.write("more.csv", "编号,名称,价格\nZ1,方凳,99元\nZ1,圆凳,89元\n")
    assert "Z1" in shelf.findings("left-out")[0].text


def test_example_rows_of_the_template_are_found(shelf: Shelf) -> None:
    from knowledge.table.template import write_template

    write_template(shelf.folder / "template.xlsx")
    assert len(shelf.findings("example-row")) == 2


def test_questions_that_nothing_can_answer_are_found() -> None:
    def search(question: str) -> Evidence:
        decision = Decision.REFUSE if "停车" in question else Decision.ANSWER
        return Evidence(question, "shop", "v1", decision, 0.9)

    (finding,) = unanswered(["有停车位吗？", "包邮吗？"], search)
    assert "停车位" in finding.text


def test_the_gravest_findings_come_first(shelf: Shelf) -> None:
    shelf.write("claims.md", "# 介绍\n\n我们是最好的家居店。\n")
    shelf.write("prices.csv", "商品名称,价格,库存\n纸月落地灯,429元,1\n")
    content = shelf.content()
    order = [list(Severity).index(finding.severity) for finding in lint(content, today=TODAY)]
    content.close()
    assert order == sorted(order) and len(order) >= 3
