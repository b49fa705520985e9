"""A number of pieces against the typed stock; another of the kind by size; what sells, only by figures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dialogue.answer import absent, availability, colour, ordering, popularity, variant
from dialogue.answer.wording import Memory
from knowledge import Decision, Evidence, Fact, Passage, PassageKind, Record, Source

SOURCE = Source(file="goods.xlsx", line=2)


def _record(number: int, name: str, kind: str, **facts: str) -> Record:
    sku = f"A{number}"
    titles = {"stock": "库存", "dimensions": "尺寸", "colour": "颜色", "material": "材质", "sales": "销量"}
    return Record(
        id=sku,
        name=name,
        kind=kind,
        aliases=(),
        facts=tuple(Fact(sku, name, key, titles[key], text, text, SOURCE) for key, text in facts.items()),
    )


SMALL = _record(1, "晴川小桌", "桌子", stock="12", dimensions="80×60cm", colour="白、灰", material="可加桌垫")
LARGE = _record(2, "长汀大桌", "桌子", stock="3", dimensions="1.8米×90cm", colour="胡桃木色")
LAMP = _record(3, "听雨吊灯", "灯具", stock="200", dimensions="直径40cm")
SHELF = (SMALL, LARGE, LAMP)


def _evidence(question: str, *passages: Passage) -> Evidence:
    return Evidence(question, "m", "v1", Decision.ANSWER, 0.9, passages)


def _faq(question: str, text: str) -> Passage:
    return Passage("p", text, PassageKind.FAQ, SOURCE, question)


@pytest.mark.parametrize(
    ("question", "told", "untold"),
    [
        ("长汀大桌要五张有吗", ("库存3件|有3件", "5件"), "12"),
        ("晴川小桌来10张够吗", ("12件", "10件"), "转人工"),
        ("桌子要10张有货吗", ("12件", "3件", "转人工"), "200"),
        ("买一百张有货吗", ("12件", "3件", "转人工"), "200"),
        ("一百个有货吗", ("听雨吊灯（200件）", "100件"), "晴川"),
        ("要五百个有货吗", ("听雨吊灯", "200件", "转人工"), "晴川"),
    ],
)
def test_pieces_are_held_against_the_stock(question: str, told: tuple[str, ...], untold: str) -> None:
    said = availability.answer(question, SHELF, Memory("t"))
    text = "".join(sentence.text for sentence in said)
    assert all(any(word in text for word in words.split("|")) for words in told) and untold not in text, text
    assert all(sentence.citations for sentence in said if "件" in sentence.text)


@pytest.mark.parametrize("question", ["长汀大桌有货吗", "桌子有什么颜色", "买10张有优惠吗", "五张多少钱"])
def test_without_a_number_of_pieces_the_stock_is_left_to_the_search(question: str) -> None:
    assert availability.answer(question, SHELF, Memory("t")) == ()


@pytest.mark.parametrize(
    ("text", "current", "previous", "meant"),
    [
        ("那个小的呢", LARGE, "长汀大桌多少钱", "晴川小桌多少钱"),
        ("大的有货吗", SMALL, "晴川小桌多少钱", "长汀大桌有货吗"),
        ("小的呢", None, "桌子多少钱", "晴川小桌多少钱"),
        ("那个小的呢", SMALL, "晴川小桌多少钱", "那个小的呢"),
        ("那个小的呢", None, "你好", "那个小的呢"),
        ("小的听雨吊灯呢", SMALL, "晴川小桌多少钱", "小的听雨吊灯呢"),
        ("大家都说好", SMALL, "晴川小桌多少钱", "大家都说好"),
    ],
)
def test_the_smaller_one_is_found_by_its_measures(text: str, current: Record | None, previous: str, meant: str) -> None:
    assert variant.resolved(text, SHELF, current=current, previous=previous) == meant


def test_other_sizes_are_told_as_they_stand() -> None:
    said = "".join(s.text for s in variant.answer("听雨吊灯有大点的吗", SHELF, Memory("t")))
    assert "直径40cm" in said and "定制" in said
    assert variant.answer("听雨吊灯多大", SHELF, Memory("t")) == ()


def test_no_ranking_is_made_up() -> None:
    asked = _evidence("哪款卖得最好")
    said = "".join(s.text for s in popularity.answer(asked, SHELF, Memory("t"), today=None))
    assert "销量" in said or "排行" in said
    assert not any(word in said for word in ("最", "第一", "热销"))
    told = (
        *SHELF[:2],
        replace(LAMP, facts=(*LAMP.facts, Fact("A3", "听雨吊灯", "sales", "月销量", "320", "320件", SOURCE))),
    )
    assert "听雨吊灯月销量320件" in "".join(s.text for s in popularity.answer(asked, told, Memory("t"), today=None))
    own = _evidence("哪款卖得最好", _faq("哪款比较热销？", "小桌今年卖得多。"))
    assert popularity.answer(own, SHELF, Memory("t"), today=None) == ()


def test_the_shops_own_way_to_order_comes_first() -> None:
    own = _faq("怎么下单？", "打开小程序，选好后付款。")
    other = _faq("会降价吗？", "下单后15天内退差价。")
    assert ordering.answer(_evidence("怎么买", other), Memory("t"))
    assert ordering.answer(_evidence("怎么买", other, own), Memory("t")) == ()
    front = ordering.evidence_of(_evidence("怎么买", other, own))
    assert front and front.passages[0] is own


@pytest.mark.parametrize("question", ["怎么买划算", "在哪买的木料", "拍照怎么好看", "下单后多久发货", "买两张多少钱"])
def test_other_questions_with_buying_in_them_are_not_about_ordering(question: str) -> None:
    assert not ordering.asked(question)


def test_goods_not_sold_are_said_to_be_absent_and_mentions_quoted() -> None:
    said = "".join(s.text for s in absent.answer("有桌垫吗", SHELF, (), Memory("t")))
    assert "晴川小桌的材质“可加桌垫”" in said and "灯具" in said
    plain = "".join(s.text for s in absent.answer("卖窗帘吗", SHELF, (), Memory("t")))
    assert "窗帘" not in plain and "灯具" in plain
    assert absent.answer("有异味吗", SHELF, (), Memory("t")) == ()
    assert absent.answer("有窗帘吗", SHELF, ("窗帘另售",), Memory("t")) == ()


def test_a_colour_of_a_kind_names_who_has_it() -> None:
    assert "".join(s.text for s in colour.answer("有没有灰色的桌子", SHELF, Memory("t"))).count("晴川小桌") == 1
    none = "".join(s.text for s in colour.answer("桌子有红色吗", SHELF, Memory("t")))
    assert "白、灰" in none and "胡桃木色" in none and "资料里" in none
