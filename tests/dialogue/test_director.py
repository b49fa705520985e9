"""The director: what the host says next."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from dialogue import (
    Comment,
    CommentState,
    Director,
    Done,
    Emotion,
    Event,
    Line,
    LineKind,
    LiveDesk,
    Rundown,
    Sentence,
)
from tests.dialogue.attack import shop_engine
from tests.dialogue.shop import MERCHANT, RECORDS, TODAY


async def _answer(text: str) -> AsyncIterator[Event]:
    yield Sentence(f"{text}，第一句。", Emotion.JOY, (), "QM-RG01")
    yield Sentence("第二句。")
    yield Done("answer")


def _rundown() -> Rundown:
    return Rundown.from_records(RECORDS, shop="栖木家居", today=TODAY)


async def _take(lines: AsyncIterator[Line], count: int) -> list[Line]:
    return [await anext(lines) for _ in range(count)]


async def _until(lines: AsyncIterator[Line], kind: LineKind, limit: int = 60) -> Line:
    for _ in range(limit):
        line = await anext(lines)
        if line.kind is kind:
            return line
    raise AssertionError(f"no {kind} line came")


async def test_the_notice_is_spoken_first_and_the_script_goes_on_and_on() -> None:
    director = Director(_rundown(), _answer)
    lines = await _take(director.lines(), 300)
    assert lines[0].kind is LineKind.OPENING and "AI 数字人主播" in lines[0].text
    assert {line.sku for line in lines if line.sku} == {"QM-SF01", "QM-LP01", "QM-RG01"}
    assert sum("AI 数字人主播" in line.text for line in lines) >= 3


async def test_a_comment_is_answered_at_the_next_sentence_and_the_script_goes_on() -> None:
    director = Director(_rundown(), _answer)
    lines = director.lines()
    before = (await _take(lines, 4))[-1]
    assert director.comment(Comment("c1", "小李", "多少钱")) is CommentState.QUEUED
    lead, first, last, after = await _take(lines, 4)
    assert [line.kind for line in (lead, first, last, after)] == [LineKind.ANSWER] * 3 + [LineKind.SCRIPT]
    assert "小李" in lead.text and "多少钱" in lead.text
    assert (lead.last, first.last, last.last) == (False, False, True)
    assert first.comment_id == "c1" and first.question == "多少钱" and first.sku == "QM-RG01"
    assert after.sku == before.sku


async def test_the_states_of_all_grouped_comments_are_told() -> None:
    states: list[tuple[str, CommentState]] = []
    director = Director(_rundown(), _answer, on_state=lambda comment, state: states.append((comment, state)))
    lines = director.lines()
    await _take(lines, 3)
    director.comment(Comment("c1", "小李", "多少钱"))
    director.comment(Comment("c2", "阿花", "多少钱呀"))
    answers = await _take(lines, 3)
    await anext(lines)
    assert answers[0].comment_ids == ("c1", "c2")
    assert states == [(c, s) for s in (CommentState.ANSWERING, CommentState.ANSWERED) for c in ("c1", "c2")]


async def test_an_interrupt_voids_the_answer_under_way() -> None:
    director = Director(_rundown(), _answer)
    lines = director.lines()
    await _take(lines, 3)
    director.comment(Comment("c1", "小李", "多少钱"))
    await _take(lines, 2)
    assert director.interrupt() == 1
    line = await anext(lines)
    assert line.generation == 1 and line.kind is LineKind.SCRIPT


async def test_an_interrupt_ends_the_wait_for_a_slow_answer() -> None:
    closed = asyncio.Event()

    async def slow(text: str) -> AsyncIterator[Event]:
        try:
            await asyncio.Event().wait()
            yield Done("answer")
        finally:
            closed.set()

    director = Director(_rundown(), slow, answer_timeout_s=60)
    lines = director.lines()
    await _take(lines, 3)
    director.comment(Comment("c1", "小李", "多少钱"))
    await anext(lines)
    waiting = asyncio.ensure_future(anext(lines))
    await asyncio.sleep(0)
    director.interrupt()
    async with asyncio.timeout(30):
        line = await waiting
    assert line.kind is LineKind.SCRIPT and line.generation == 1
    assert closed.is_set()


async def test_a_failing_or_hanging_answer_ends_in_an_apology() -> None:
    async def broken(text: str) -> AsyncIterator[Event]:
        raise RuntimeError("broken")
        yield Done("answer")

    async def hanging(text: str) -> AsyncIterator[Event]:
        await asyncio.Event().wait()
        yield Done("answer")

    for answer in (broken, hanging):
        director = Director(_rundown(), answer, answer_timeout_s=0.01)
        lines = director.lines()
        await _take(lines, 3)
        director.comment(Comment("c1", "小李", "多少钱"))
        lead, apology, after = await _take(lines, 3)
        assert (lead.kind, apology.emotion, apology.last) == (LineKind.ANSWER, Emotion.APOLOGY, True)
        assert after.kind is LineKind.SCRIPT


async def test_the_operator_speaks_before_comments_and_script() -> None:
    director = Director(_rundown(), _answer)
    lines = director.lines()
    await _take(lines, 3)
    director.comment(Comment("c1", "小李", "多少钱"))
    assert director.say("大家记得点关注。今晚八点见")
    first, second, third = await _take(lines, 3)
    assert (first.text, first.last) == ("大家记得点关注。", False)
    assert (second.text, second.last) == ("今晚八点见。", True)
    assert third.kind is LineKind.ANSWER


async def test_operators_words_are_bounded() -> None:
    director = Director(_rundown(), _answer)
    assert not director.say("好。" * 51)
    assert not director.say("  ")


async def test_a_pause_holds_everything_but_the_operator() -> None:
    director = Director(_rundown(), _answer)
    lines = director.lines()
    await _take(lines, 3)
    director.pause()
    director.comment(Comment("c1", "小李", "多少钱"))
    waiting = asyncio.ensure_future(anext(lines))
    await asyncio.sleep(0.01)
    assert not waiting.done()
    director.say("稍等一下")
    assert (await waiting).kind is LineKind.OPERATOR
    director.resume()
    assert (await anext(lines)).kind is LineKind.ANSWER


async def test_a_flood_of_comments_does_not_silence_the_script() -> None:
    director = Director(_rundown(), _answer)
    lines = director.lines()
    await _take(lines, 3)
    questions = ("包邮吗", "可以开发票吗", "有几种颜色", "承重多少斤", "什么材质", "多久发货", "有没有展厅")
    for number, question in enumerate(questions):
        director.comment(Comment(str(number), f"观众{number}", question))
    kinds = [line.kind for line in await _take(lines, 25)]
    assert LineKind.SCRIPT in kinds[:11]


async def test_a_product_can_be_called_up() -> None:
    director = Director(_rundown(), _answer)
    lines = director.lines()
    await _take(lines, 4)
    assert director.show("QM-RG01")
    assert (await anext(lines)).sku == "QM-RG01"
    assert director.product == "QM-RG01"
    assert not director.show("unknown")


async def test_a_product_that_was_called_up_is_told_once_and_the_next_one_follows() -> None:
    director = Director(_rundown(), _answer)
    lines = director.lines()
    await _take(lines, 4)
    assert director.show("QM-LP01")
    told = [line for line in await _take(lines, 40) if line.part == "hook"]
    assert [line.sku for line in told[:3]] == ["QM-LP01", "QM-RG01", "QM-SF01"]


async def test_what_comes_is_known_until_it_is_heard() -> None:
    director = Director(_rundown(), _answer)
    lines = director.lines()
    pulled = [line for line in await _take(lines, 6) if line.kind is LineKind.SCRIPT]
    coming = director.upcoming(20)
    assert coming[: len(pulled)] == tuple(pulled), "handed out, not heard yet"
    director.heard(pulled[1])
    assert director.upcoming(20) == coming[2:]
    assert (await anext(lines)).text == coming[len(pulled)].text
    assert director.order[0] == ("QM-SF01", RECORDS[0].name)
    director.show("QM-RG01")
    assert {line.sku for line in director.upcoming(20)} == {"QM-RG01"}


async def test_the_lap_counts_tellings_of_the_whole_rundown() -> None:
    director = Director(_rundown(), _answer)
    async for line in director.lines():
        if line.part == "again":
            break
        assert director.lap == 0
    assert director.lap == 1


async def test_closing_says_goodbye_and_ends() -> None:
    director = Director(_rundown(), _answer)
    lines = director.lines()
    await _take(lines, 4)
    director.close()
    rest = [line async for line in lines]
    assert rest and all(line.kind is LineKind.CLOSING for line in rest) and rest[-1].last


async def test_a_room_without_products_waits_for_comments() -> None:
    director = Director(Rundown.from_records(()), _answer)
    lines = director.lines()
    await _take(lines, 2)
    waiting = asyncio.ensure_future(anext(lines))
    await asyncio.sleep(0)
    director.comment(Comment("c1", "小李", "包邮吗"))
    assert (await waiting).kind is LineKind.ANSWER


async def test_the_engine_answers_about_the_product_on_show() -> None:
    desk = LiveDesk(shop_engine(), merchant=MERCHANT, room="demo")
    director = Director(_rundown(), desk.answer)
    desk.product = lambda: director.product
    lines = director.lines()
    await _until(lines, LineKind.SCRIPT)
    director.comment(Comment("c1", "小李", "这个多少钱"))
    said = "".join(line.text for line in await _take(lines, 2))
    assert "1299元" in said
    director.comment(Comment("c2", "阿花", "你们卖冰箱吗"))
    said = "".join(line.text for line in await _take(lines, 2))
    assert "资料" in said or "依据" in said or "不上来" in said
