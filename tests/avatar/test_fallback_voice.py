"""A voice from afar with the embedded one behind it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from avatar.errors import AvatarError, NothingToSay
from avatar.voice.cached_voice import CachedVoice
from avatar.voice.edge_voice import EdgeVoice
from avatar.voice.fallback_voice import FallbackVoice
from avatar.voice.line_cache import LineCache
from avatar.voice.phoneme import Phonemizer
from avatar.voice.speech import Speech
from avatar.voice.text.normalise import Normaliser
from tests.avatar.voices import ToneVoice, assert_whole, said

TEXT = "第一句话。第二句话。第三句话。"


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def levels(chunks: list[Speech]) -> list[int]:
    return [int(chunk.pcm[0]) for chunk in chunks]


async def test_a_working_voice_says_everything() -> None:
    cloud, local = ToneVoice("cloud", level=1), ToneVoice("local", level=2)
    chunks = await said(FallbackVoice(cloud, local), TEXT)
    assert_whole(chunks)
    assert levels(chunks) == [1] * len(TEXT)
    assert local.asked == []


async def test_a_failing_voice_leaves_the_line_to_the_local_one() -> None:
    voice = FallbackVoice(ToneVoice("cloud", fail_at=0), ToneVoice("local", level=2))
    chunks = await said(voice, TEXT)
    assert_whole(chunks)
    assert levels(chunks) == [2] * len(TEXT)
    assert voice.figures.fallbacks == {("cloud", "failed"): 1}
    assert voice.last_failure == "连接中断"


async def test_an_engine_that_breaks_in_its_own_way_does_not_take_the_line_with_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    voice = FallbackVoice(ToneVoice("cloud", error=KeyError("audio")), ToneVoice("local", level=2))
    assert levels(await said(voice, "你好。")) == [2, 2, 2]
    assert voice.figures.fallbacks == {("cloud", "failed"): 1}
    assert "KeyError" in voice.last_failure
    assert caplog.records[0].exc_info


async def test_a_late_voice_is_not_waited_for() -> None:
    voice = FallbackVoice(ToneVoice("cloud", hang=True), ToneVoice("local", level=2), timeout_s=0.05)
    assert levels(await said(voice, "你好。")) == [2, 2, 2]


async def test_the_local_voice_gets_ready_while_the_first_is_slow() -> None:
    """Its sound is there at the moment the first one's time is up, not a rendering later."""
    local = ToneVoice("local", level=2, first_s=1.3)
    voice = FallbackVoice(ToneVoice("cloud", hang=True), local, timeout_s=1.5, head_start_s=0.05)
    loop = asyncio.get_running_loop()
    began = loop.time()
    speaking = voice.speak(TEXT)
    await anext(speaking)
    assert 1.5 <= loop.time() - began < 2.7, "asked when the time was up, it would have been 2.8 s"
    await speaking.aclose()
    assert local.asked == [TEXT]
    assert voice.figures.fallbacks == {("cloud", "late"): 1}


async def test_a_local_voice_that_was_not_needed_is_closed_again() -> None:
    cloud, local = ToneVoice("cloud", level=1, first_s=0.5), ToneVoice("local", level=2, first_s=60)
    voice = FallbackVoice(cloud, local, timeout_s=30, head_start_s=0.05)
    assert levels(await said(voice, "你好。")) == [1, 1, 1]
    assert local.asked == ["你好。"]
    assert not voice.figures.fallbacks
    assert not [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]


async def test_a_text_that_nobody_can_say_is_not_the_engines_failure() -> None:
    cloud = ToneVoice("cloud", level=1, silent="☆")
    voice = FallbackVoice(cloud, ToneVoice("local", level=2, silent="☆"))
    with pytest.raises(NothingToSay):
        await said(voice, "☆☆。")
    assert_whole(await said(voice, "你好。☆☆a。再见。"))
    assert_whole(await said(voice, "你好。☆☆a。"))
    assert not voice.figures.fallbacks


async def test_a_resting_voice_is_counted_as_such() -> None:
    clock = Clock()
    cloud = ToneVoice("cloud", fail_at=0)
    voice = FallbackVoice(cloud, ToneVoice("local"), rest_s=30, clock=clock)
    await said(voice, "一。")
    await said(voice, "二。")
    assert voice.figures.fallbacks == {("cloud", "failed"): 1, ("cloud", "resting"): 1}
    assert voice.figures.resting
    cloud.fail_at = None
    clock.now += 31
    await said(voice, "三。")
    assert not voice.figures.resting


async def test_what_was_heard_of_a_clause_is_not_said_again() -> None:
    local = ToneVoice("local", level=2)
    chunks = await said(FallbackVoice(ToneVoice("cloud", level=1, fail_at=2), local), TEXT)
    assert_whole(chunks)
    assert levels(chunks)[:2] == [1, 1]
    assert local.asked == ["第二句话。第三句话。"]


async def test_a_line_that_breaks_off_in_its_only_clause_ends_quietly() -> None:
    local = ToneVoice("local", level=2)
    chunks = await said(FallbackVoice(ToneVoice("cloud", level=1, fail_at=2), local), "只有一句。")
    assert_whole(chunks)
    assert local.asked == []


async def test_a_voice_that_failed_rests_before_it_is_tried_again() -> None:
    clock = Clock()
    cloud = ToneVoice("cloud", level=1, fail_at=0)
    voice = FallbackVoice(cloud, ToneVoice("local", level=2), rest_s=30, clock=clock)
    await said(voice, "一。")
    cloud.fail_at = None
    clock.now += 29
    assert levels(await said(voice, "二。")) == [2, 2]
    clock.now += 2
    assert levels(await said(voice, "三。")) == [1, 1]
    assert cloud.asked == ["一。", "三。"]


async def test_closing_closes_both() -> None:
    cloud, local = ToneVoice("cloud"), ToneVoice("local")
    await FallbackVoice(cloud, local).aclose()
    assert (cloud.closed, local.closed) == (1, 1)


async def test_edge_without_a_network_falls_back_at_once(tmp_path: Path) -> None:
    """The real client against a proxy that nobody runs: an error, no empty file, and the local voice speaks."""
    edge = EdgeVoice(
        "zh-CN-XiaoxiaoNeural",
        phonemizer=Phonemizer(cache_dir=tmp_path),
        normaliser=Normaliser(),
        proxy="http://127.0.0.1:9",
    )
    voice = FallbackVoice(edge, ToneVoice("local", level=2), timeout_s=30)
    chunks = await said(voice, "你好。")
    assert levels(chunks) == [2, 2, 2]
    assert "edge-tts" in voice.last_failure


async def test_a_repeated_line_is_played_from_disk(tmp_path: Path) -> None:
    inner = ToneVoice("voice")
    voice = CachedVoice(inner, LineCache(tmp_path))
    first = await said(voice, "你好。")
    second = await said(voice, "你好。")
    assert inner.asked == ["你好。"]
    assert np.array_equal(np.concatenate([c.pcm for c in first]), np.concatenate([c.pcm for c in second]))
    assert_whole(second)


async def test_a_line_is_kept_by_whoever_stops_at_its_last_chunk(tmp_path: Path) -> None:
    """As the room does."""
    inner = ToneVoice("voice")
    voice = CachedVoice(inner, LineCache(tmp_path))
    speaking = voice.speak("你好。")
    while not (await anext(speaking)).last:
        pass
    await speaking.aclose()
    await said(voice, "你好。")
    assert inner.asked == ["你好。"]
    assert (voice.figures.cache_hits, voice.figures.cache_misses) == (1, 1)


async def test_a_line_that_was_not_heard_to_its_end_is_not_kept(tmp_path: Path) -> None:
    voice = CachedVoice(ToneVoice("voice"), LineCache(tmp_path))
    speaking = voice.speak("你好。")
    await anext(speaking)
    await speaking.aclose()
    assert LineCache(tmp_path).bytes == 0


async def test_a_line_that_failed_is_not_kept(tmp_path: Path) -> None:
    voice = CachedVoice(ToneVoice("voice", fail_at=1), LineCache(tmp_path))
    with pytest.raises(AvatarError):
        await said(voice, "你好。")
    assert LineCache(tmp_path).bytes == 0


async def test_a_clause_of_digits_is_not_lost() -> None:
    cloud = ToneVoice("cloud", level=1)
    assert_whole(await said(FallbackVoice(cloud, ToneVoice("local")), "到手价多少？199！"))
    assert cloud.asked == ["到手价多少？", "199！"]
