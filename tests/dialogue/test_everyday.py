"""Questions as customers of the demo shop type them: each stands for a class that was once answered badly."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dialogue import Conversation, Done, Sentence
from dialogue.colloquial import paraphrases, plain, points_at_nothing
from knowledge import KnowledgeBase, Record
from tests.dialogue.demo import MERCHANT, demo_engine, demo_shop

TALKS: tuple[tuple[tuple[str, str, str], ...], ...] = (
    (("云朵沙发和纸月落地灯差多少钱", "answer", "940元"),),
    (("山丘比云朵贵多少", "answer", "1300元"),),
    (("云朵单人沙发和山丘双人沙发哪个好", "answer", "180kg"),),
    (("云朵沙发和北欧沙发哪个好", "answer", "云朵单人沙发"),),
    (("云朵单人沙发跟弧光餐桌哪个贵", "answer", "1299元"),),
    (("餐桌能坐几个人", "answer", "坐4到6人"),),
    (("买三个云朵沙发多少钱", "answer", "3897元"),),
    (("餐桌要两张，再来四把吧椅，总价多少", "answer", "6914元"),),
    (("云朵沙发100个多少钱", "answer", "36件"),),
    (("两个沙发加一个落地灯一共多少", "answer", "哪"),),
    (("可以退吗", "answer", "7天内"),),
    (("买回去不喜欢能退不", "answer", "7天内"),),
    (("花瓶碎了怎么办", "answer", "24小时内"),),
    (("收到破损了咋整", "answer", "24小时内"),),
    (("花瓶能装水吗", "refuse", ""), ("高多少", "answer", "26cm")),
    (("新疆能发吗", "answer", "能送"),),
    (("发广东几天到", "answer", "3到6天"),),
    (("今天下单什么时候发货", "answer", "48小时"),),
    (("地毯能机洗吗", "answer", "不要机洗"),),
    (("沙发咋清洗", "answer", "拆"),),
    (("支持微信支付吗", "answer", "微信"),),
    (("门店在哪", "answer", "梦栖路18号"),),
    (("有没有双人的", "answer", "山丘双人沙发"), ("多少钱", "answer", "2599元")),
    (("有抽屉的桌子", "answer", "半山书桌"),),
    (("小满台灯", "answer", "199元"), ("来2个多少钱", "answer", "398元"), ("那个有什么颜色", "answer", "米白")),
    (("云朵沙发承重多少 我200斤", "answer", "180kg"),),
    (("别人家才卖999", "refuse", "页面"),),
    (("有没有冰箱", "refuse", "沙发"),),
    (("这个怎么样", "ask", "哪"),),
    (("今天天气怎么样", "smalltalk", "店"),),
    (("我的快递到哪了", "smalltalk", "转人工"),),
    (("can you refund my sofa", "refuse", "human"),),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo-shop")


@pytest.fixture
async def shop(folder: Path) -> AsyncIterator[tuple[KnowledgeBase, tuple[Record, ...]]]:
    async with demo_shop(folder) as opened:
        yield opened


@pytest.mark.slow
async def test_everyday_questions_are_answered_as_a_merchant_would(
    shop: tuple[KnowledgeBase, tuple[Record, ...]],
) -> None:
    engine = demo_engine(*shop)
    wrong = []
    for number, talk in enumerate(TALKS):
        conversation = Conversation(id=f"e{number}", merchant=MERCHANT)
        for question, decision, words in talk:
            said, decided = "", ""
            async for event in engine.reply(conversation, question, channel="chat"):
                said += event.text if isinstance(event, Sentence) else ""
                decided = event.decision if isinstance(event, Done) else decided
            if decided != decision or words not in said or "弧光" in said or "北欧" in said or "冰箱" in said:
                wrong.append((question, decided, said))
    assert not wrong


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("多钱", "多少钱"),
        ("它高多少", "它多高"),
        ("承重多少", "承重多少"),
        ("坏了咋整", "坏了怎么办"),
        ("价格", "价格"),
    ],
)
def test_spelling_is_made_plain_and_nothing_else(typed: str, meant: str) -> None:
    assert plain(typed) == meant


def test_a_question_is_put_otherwise_only_where_its_class_is_known() -> None:
    assert "能送到西藏吗" in paraphrases("西藏发货吗")
    assert paraphrases("怎么清洗", name="地毯")[0] == "地毯怎么洗"
    assert paraphrases("怎么清洗") == ()
    assert paraphrases("坏了保修多久") == ()
    assert paraphrases("这款是什么材质") == ()


def test_only_what_says_nothing_of_its_own_points_at_nothing() -> None:
    assert all(points_at_nothing(text) for text in ("这个怎么样", "第二个是什么", "？", "质量怎么样"))
    assert not any(points_at_nothing(text) for text in ("这个沙发怎么样", "包邮吗", "它能机洗吗"))
