"""The whole way with the real knowledge of the demo shop: question, search, evidence, answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dialogue import Conversation, Director, Engine, LineKind, LiveDesk, Rundown, Sentence
from dialogue.live.comment import Comment
from dialogue.safety.grounding import Grounding
from knowledge import KnowledgeBase, Record
from tests.dialogue.attack import NOON, attempts, leaked
from tests.dialogue.demo import MERCHANT, corpus, demo_engine, demo_shop

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo-shop")


@pytest.fixture
async def shop(folder: Path) -> AsyncIterator[tuple[KnowledgeBase, tuple[Record, ...]]]:
    async with demo_shop(folder) as opened:
        yield opened


async def _reply(engine: Engine, conversation: Conversation, text: str) -> str:
    events = [event async for event in engine.reply(conversation, text, channel="chat")]
    return "".join(event.text for event in events if isinstance(event, Sentence))


async def test_a_customers_visit(shop: tuple[KnowledgeBase, tuple[Record, ...]]) -> None:
    engine, conversation = demo_engine(*shop), Conversation(id="v1", merchant=MERCHANT)
    for question, *expected in (
        ("你好，云朵沙发多少钱？", "1299元", "1699元"),
        ("有什么颜色", "奶白、燕麦、苔绿"),
        ("包邮吗？", "满99元包邮"),
        ("边几承重多少", "30kg"),
        ("青釉梅瓶还剩几个", "9件"),
        ("预算200能买什么灯", "小满台灯（199元）"),
        ("展厅在哪里", "良渚街道梦栖路18号"),
        ("有没有冰箱卖", "资料|依据|哪一"),
    ):
        said = await _reply(engine, conversation, question)
        for words in expected:
            assert any(word in said for word in words.split("|")), (question, said)


async def test_attacks_on_the_demo_shop_leak_nothing(shop: tuple[KnowledgeBase, tuple[Record, ...]]) -> None:
    knowledge, records = shop
    engine = demo_engine(knowledge, records)
    known = corpus(records, [f"{p.question} {p.text}" for p in await knowledge.faqs(MERCHANT)])
    for number, attempt in enumerate(attempts()):
        said = await _reply(engine, Conversation(id=f"a{number}", merchant=MERCHANT), attempt.text)
        assert said and leaked(said, corpus=known) is None, (attempt, said)


async def test_every_line_of_the_script_stands_in_the_facts(shop: tuple[KnowledgeBase, tuple[Record, ...]]) -> None:
    knowledge, records = shop
    rundown = Rundown.from_records(records, shop="栖木家居", today=NOON.date())
    for index, record in enumerate(rundown.records):
        evidence = await knowledge.search(record.name, merchant=MERCHANT, product=record.id)
        grounding = Grounding(evidence, today=NOON.date())
        for line in rundown.segment(index, lap=1):
            faults = {fault.kind for fault in grounding.check(line.text)} & {"number", "date", "phone", "contradiction"}
            assert evidence.record is None or evidence.record.id != record.id or not faults, (line, faults)


async def test_a_live_comment_is_answered_about_the_product_on_show(
    shop: tuple[KnowledgeBase, tuple[Record, ...]],
) -> None:
    desk = LiveDesk(demo_engine(*shop), merchant=MERCHANT, room="demo")
    director = Director(Rundown.from_records(shop[1], today=NOON.date()), desk.answer)
    desk.product = lambda: director.product
    lines = director.lines()
    assert director.show("QM-LP01")
    while (await anext(lines)).kind is not LineKind.SCRIPT:
        continue
    director.comment(Comment("c1", "小李", "这个多少钱？"))
    said = ""
    async for line in lines:
        if line.kind is not LineKind.ANSWER:
            break
        said += line.text
    assert "359元" in said


async def test_a_detail_of_a_named_product_is_answered_with_that_detail_alone(
    shop: tuple[KnowledgeBase, tuple[Record, ...]],
) -> None:
    engine = demo_engine(*shop)
    said = await _reply(engine, Conversation(id="d1", merchant=MERCHANT), "吧椅脚踏悬空吗")
    assert "坐着腿不悬空" in said and "529" not in said
