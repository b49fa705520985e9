"""A voice from afar with the embedded one behind it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from avatar.cached_voice import CachedVoice
from avatar.edge_voice import EdgeVoice
from avatar.errors import AvatarError
from avatar.fallback_voice import FallbackVoice
from avatar.line_cache import LineCache
from avatar.phoneme import Phonemizer
from avatar.speech import Speech
from avatar.text.normalise import Normaliser
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
    reasons: list[str] = []
    voice = FallbackVoice(ToneVoice("cloud", fail_at=0), ToneVoice("local", level=2), on_fallback=reasons.append)
    chunks = await said(voice, TEXT)
    assert_whole(chunks)
    assert levels(chunks) == [2] * len(TEXT)
    assert (voice.fallbacks, reasons) == (1, ["连接中断"])


async def test_a_late_voice_is_not_waited_for() -> None:
    voice = FallbackVoice(ToneVoice("cloud", hang=True), ToneVoice("local", level=2), timeout_s=0.05)
    assert levels(await said(voice, "你好。")) == [2, 2, 2]


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
    voice = FallbackVoice(edge, ToneVoice("local", level=2))
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
