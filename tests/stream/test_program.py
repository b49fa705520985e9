"""The program: sound is the master, mouth shapes follow it, old generations vanish."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from avatar import SAMPLE_RATE, Speech, Viseme, VisemeSpan
from stream.program.clock import FRAME_SAMPLES, TICK_SAMPLES
from stream.program.program import LineEnded, LineStarted, Program, Tick
from stream.program.utterance import Utterance
from tests.stream.fakes import FakeLine


def speech(samples: int, *, start: int = 0, last: bool = True, level: int = 1000) -> Speech:
    span = VisemeSpan(Viseme.A, start, start + samples)
    return Speech(np.full(samples, level, np.int16), (span,), start, last)


def run(program: Program, ticks: int) -> list[Tick]:
    return [program.tick() for _ in range(ticks)]


def sound(ticks: list[Tick]) -> np.ndarray:
    return np.concatenate([tick.pcm for tick in ticks])


def opened(program: Program, text: str, generation: int = 0) -> Utterance:
    return program.open(FakeLine(text, generation))


def test_every_other_tick_orders_a_frame_at_its_own_sample() -> None:
    ticks = run(Program(), 6)
    assert [tick.frame.sample if tick.frame else None for tick in ticks] == [0, None, 1920, None, 3840, None]


def test_silence_when_nothing_is_said() -> None:
    assert not sound(run(Program(), 10)).any()


def test_lines_follow_each_other_with_the_pause_between() -> None:
    program = Program(pause_ms=40)
    for text in "ab":
        program.push(opened(program, text), speech(TICK_SAMPLES))
    heard = sound(run(program, 10)) != 0
    assert heard.sum() == 2 * TICK_SAMPLES
    begins = np.flatnonzero(np.diff(heard.astype(int)) == 1)
    assert begins[1] - begins[0] == 3 * TICK_SAMPLES


def test_a_line_is_announced_at_its_first_sample_and_ended_after_its_last() -> None:
    program = Program(pause_ms=30)
    program.push(opened(program, "a"), speech(1000))
    events = [event for tick in run(program, 6) for event in tick.events]
    assert [type(event) for event in events] == [LineStarted, LineEnded]
    assert [event.sample for event in events] == [1440, 2440]


def test_a_late_voice_moves_the_rest_of_the_line_and_its_mouth_back() -> None:
    program = Program(pause_ms=0)
    utterance = opened(program, "ab")
    program.push(utterance, speech(TICK_SAMPLES, last=False))
    run(program, 4)
    program.push(utterance, speech(TICK_SAMPLES, start=TICK_SAMPLES))
    tick = program.tick()
    assert program.underruns == 1
    assert tick.pcm.all()
    assert tick.frame is not None
    spans = [(cue.start + span.start, cue.start + span.end) for cue in tick.frame.cues for span in cue.visemes]
    assert spans == [(0, TICK_SAMPLES), (4 * TICK_SAMPLES, 5 * TICK_SAMPLES)]


def test_an_interrupt_is_silent_from_the_next_tick_but_one_and_closes_the_mouth() -> None:
    program = Program(pause_ms=0)
    program.push(opened(program, "long"), speech(SAMPLE_RATE))
    run(program, 5)
    program.interrupt(1)
    fade = program.tick()
    assert np.flatnonzero(fade.pcm)[-1] < 480
    after = program.tick()
    assert not after.pcm.any()
    assert after.frame is not None
    assert all(cue.start + span.end <= 5 * TICK_SAMPLES for cue in after.frame.cues for span in cue.visemes)
    assert fade.events == (LineEnded(FakeLine("long"), 5 * TICK_SAMPLES, finished=False),)


def test_an_interrupt_at_the_sentence_lets_it_end_and_drops_the_rest() -> None:
    program = Program(pause_ms=0)
    program.push(opened(program, "now"), speech(4 * TICK_SAMPLES))
    program.push(opened(program, "later"), speech(4 * TICK_SAMPLES))
    program.tick()
    program.interrupt(1, at_sentence=True)
    assert np.count_nonzero(sound(run(program, 10))) == 3 * TICK_SAMPLES


def test_sound_of_an_old_generation_is_refused() -> None:
    program = Program()
    utterance = opened(program, "old")
    program.interrupt(2)
    assert not program.push(utterance, speech(100))
    assert not program.push(opened(program, "older", 1), speech(100))
    assert program.idle


def test_a_late_interrupt_of_an_old_generation_brings_none_back() -> None:
    program = Program(pause_ms=0)
    program.interrupt(3)
    program.interrupt(1)
    assert program.generation == 3
    assert opened(program, "a", 2).dropped and not opened(program, "b", 3).dropped


def test_a_line_of_a_newer_generation_cuts_in_after_the_sentence() -> None:
    program = Program(pause_ms=0)
    program.push(opened(program, "now"), speech(2 * TICK_SAMPLES))
    program.push(opened(program, "stale"), speech(2 * TICK_SAMPLES, level=2000))
    program.tick()
    program.push(opened(program, "answer", 1), speech(2 * TICK_SAMPLES, level=3000))
    heard = sound(run(program, 8))
    assert set(np.unique(heard)) == {0, 1000, 3000}


def test_an_unheard_line_can_be_withdrawn_and_a_heard_one_not() -> None:
    program = Program(pause_ms=0)
    heard, unheard = opened(program, "a"), opened(program, "b")
    program.push(heard, speech(2 * TICK_SAMPLES))
    program.tick()
    assert not program.withdraw(heard)
    assert program.withdraw(unheard)
    run(program, 3)
    assert program.idle


def test_ahead_counts_the_sound_not_yet_played() -> None:
    program = Program(pause_ms=0)
    program.push(opened(program, "a"), speech(3 * TICK_SAMPLES))
    program.tick()
    assert program.ahead == 2 * TICK_SAMPLES


def test_after_a_standstill_whole_frames_are_left_out() -> None:
    program = Program()
    program.skip(51)
    assert program.sample == 52 * TICK_SAMPLES
    assert program.tick().frame is not None


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("push"), st.integers(1, 5000)),
            st.tuples(st.just("tick"), st.integers(1, 12)),
            st.tuples(st.just("interrupt"), st.booleans()),
            st.tuples(st.just("skip"), st.integers(1, 9)),
        ),
        max_size=40,
    )
)
def test_the_clock_never_bends_and_nothing_is_heard_twice(steps: list[tuple[str, int]]) -> None:
    program = Program(pause_ms=20)
    generation, pushed, heard, left_out, ticks = 0, 0, 0, 0, 0
    events: list[LineStarted | LineEnded] = []
    for step, amount in steps:
        if step == "push":
            program.push(opened(program, str(ticks), generation), speech(amount))
            pushed += amount
        elif step == "interrupt":
            generation += 1
            program.interrupt(generation, at_sentence=bool(amount))
        elif step == "skip":
            before = program.sample
            program.skip(amount)
            left_out += program.sample - before
        else:
            for tick in run(program, amount):
                assert tick.sample == ticks * TICK_SAMPLES + left_out
                assert (tick.frame is not None) == (tick.sample % FRAME_SAMPLES == 0)
                heard += int(np.count_nonzero(tick.pcm))
                events += tick.events
                ticks += 1
    assert heard <= pushed
    samples = [event.sample for event in events]
    assert samples == sorted(samples)
