"""The speaker alone: what it says when, without a clock but the program's ticks."""

import asyncio

from stream.program.program import LineStarted, Program
from stream.program.speaker import Speaker
from tests.stream.fakes import FakeLine, ListDirector, ToneVoice
from tests.stream.live import eventually


class Stage:
    """A program driven as fast as the test likes, and what was heard of it."""

    def __init__(self, lines: list[FakeLine], *, delay_s: float = 0.0, ahead_s: float = 6.0) -> None:
        self.director = ListDirector(lines)
        self.voice = ToneVoice(delay_s=delay_s)
        self.program = Program(pause_ms=0)
        self.speaker = Speaker(self.program, self.voice, self.director, ahead_s=ahead_s, patience_s=0.05)
        self.heard: list[str] = []
        self.samples = 0
        self.task = asyncio.create_task(self.speaker.run())

    async def play(self, ticks: int) -> None:
        for _ in range(ticks):
            tick = self.program.tick()
            self.samples += int((tick.pcm != 0).sum())
            self.heard += [event.line.text for event in tick.events if isinstance(event, LineStarted)]
            self.speaker.tick()
            await asyncio.sleep(0.002)

    async def ready(self, seconds: float = 0.5) -> None:
        """Wait until so much is spoken ahead of what is heard."""
        await eventually(lambda: self.program.ahead >= seconds * 48_000)

    async def end(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


async def test_the_voice_waits_when_it_is_far_enough_ahead() -> None:
    stage = Stage([FakeLine("很" * 50), FakeLine("好" * 50)], ahead_s=2.0)
    await stage.ready(2.0)
    await asyncio.sleep(0.1)
    assert 2.0 <= stage.program.ahead / 48_000 < 2.5
    assert stage.voice.spoken == ["很" * 50]
    await stage.play(20)
    assert 2.0 <= stage.program.ahead / 48_000 < 2.5
    await stage.end()


async def test_a_line_nobody_heard_makes_way_and_is_said_after_the_answer() -> None:
    stage = Stage([FakeLine("甲甲甲"), FakeLine("乙"), FakeLine("丙")])
    await stage.ready()
    await stage.play(5)
    stage.director.answers.put_nowait(FakeLine("答", kind="answer"))
    stage.speaker.make_way()
    await stage.play(120)
    assert stage.heard == ["甲甲甲", "答", "乙", "丙"]
    await stage.end()


async def test_lines_that_are_left_out_are_not_said_and_the_one_being_heard_is_finished() -> None:
    stage = Stage([FakeLine("甲甲甲"), FakeLine("乙"), FakeLine("丙")])
    await stage.ready()
    await stage.play(5)
    stage.director.answers.put_nowait(FakeLine("丁", kind="script"))
    stage.speaker.leave_out()
    await stage.play(120)
    assert stage.heard == ["甲甲甲", "丁"]
    assert stage.samples > 4 * 9600 * 0.97
    await stage.end()


async def test_a_second_question_does_not_cut_the_answer_that_is_being_spoken() -> None:
    stage = Stage([FakeLine("甲" * 8), FakeLine("乙")])
    await stage.ready()
    await stage.play(5)
    stage.voice.delay_s = 0.02
    stage.director.answers.put_nowait(FakeLine("一二三四五六七八九十", kind="answer"))
    stage.speaker.make_way()
    await stage.play(10)
    stage.speaker.make_way()
    await stage.play(220)
    assert stage.heard[:2] == ["甲" * 8, "一二三四五六七八九十"]
    # A sine touches zero now and then; what is missing would be whole syllables.
    assert stage.samples > (8 + 10) * 9600 * 0.97
    await stage.end()


async def test_without_an_answer_in_time_the_script_goes_on() -> None:
    stage = Stage([FakeLine("甲甲甲"), FakeLine("乙")])
    await stage.ready()
    await stage.play(5)
    stage.speaker.make_way()
    await stage.play(120)
    assert stage.heard == ["甲甲甲", "乙"]
    await stage.end()


async def test_an_interrupt_at_the_sentence_lets_the_voice_finish_it() -> None:
    stage = Stage([FakeLine("一二三四五六七八九十"), FakeLine("乙")], delay_s=0.02)
    await stage.ready()
    await stage.play(5)
    stage.program.interrupt(stage.director.interrupt(), at_sentence=True)
    stage.speaker.interrupt()
    await stage.play(160)
    assert stage.samples > 10 * 9600 * 0.97
    await stage.end()


async def test_an_interrupt_ends_the_voice_and_what_was_parked() -> None:
    stage = Stage([FakeLine("甲" * 20), FakeLine("乙"), FakeLine("丙")], delay_s=0.01)
    await stage.ready()
    await stage.play(5)
    stage.program.interrupt(stage.director.interrupt())
    stage.speaker.interrupt()
    await stage.play(100)
    assert stage.heard == ["甲" * 20, "乙", "丙"]
    assert stage.samples < 20 * 9600 * 0.5
    await stage.end()


async def test_a_question_after_a_line_that_the_voice_failed_on_is_answered() -> None:
    stage = Stage([FakeLine("甲"), FakeLine("乙" * 9), FakeLine("丙")])
    stage.voice.failing = 2
    await stage.ready()
    await stage.play(5)
    stage.director.answers.put_nowait(FakeLine("答", kind="answer"))
    stage.speaker.make_way()
    await stage.play(160)
    assert stage.heard == ["乙" * 9, "答", "丙"]
    await stage.end()


async def test_lines_that_the_voice_failed_on_are_forgotten() -> None:
    stage = Stage([FakeLine("甲"), FakeLine("乙")])
    stage.voice.failing = 4
    await eventually(lambda: stage.speaker.failures == 4)
    async with asyncio.timeout(60):
        while stage.speaker._unheard:
            await stage.play(1)
    await stage.end()
