"""Spoken lines on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from avatar.voice.fingerprint import fingerprint
from avatar.voice.line_cache import LineCache, LineKey
from avatar.voice.speech import Speech, Viseme, VisemeSpan


def line(seconds: float, seed: int = 0) -> list[Speech]:
    pcm = np.random.default_rng(seed).integers(-1000, 1000, int(seconds * 48_000)).astype(np.int16)
    spans = (VisemeSpan(Viseme.A, 0, 4_800, 0.5), VisemeSpan(Viseme.REST, 4_800, len(pcm)))
    half = len(pcm) // 2
    return [Speech(pcm[:half], spans, 0, False), Speech(pcm[half:], (), half, True)]


def key(text: str) -> LineKey:
    return LineKey("voice", text, "neutral")


def test_a_kept_line_comes_back_to_the_sample(tmp_path: Path) -> None:
    cache = LineCache(tmp_path)
    said = line(2.5)
    cache.put(key("你好"), said)
    back = cache.get(key("你好"))
    assert back is not None
    assert np.array_equal(np.concatenate([c.pcm for c in back]), np.concatenate([c.pcm for c in said]))
    assert [span for c in back for span in c.visemes] == list(said[0].visemes)
    assert [c.last for c in back] == [False, False, True]
    assert [c.start for c in back] == [0, 48_000, 96_000]


@pytest.mark.parametrize("other", [LineKey("voice", "你好", "joy"), LineKey("other", "你好", "neutral"), key("你好！")])
def test_another_voice_text_or_feeling_is_another_line(tmp_path: Path, other: LineKey) -> None:
    cache = LineCache(tmp_path)
    cache.put(key("你好"), line(0.2))
    assert cache.get(other) is None


def test_half_a_surrogate_pair_in_the_text_is_no_error(tmp_path: Path) -> None:
    cache = LineCache(tmp_path)
    cache.put(key("\ud83d你好"), line(0.2))
    assert cache.get(key("\ud83d你好")) is not None
    assert cache.get(key("你好")) is None


def test_a_release_that_reads_otherwise_does_not_play_old_lines(tmp_path: Path) -> None:
    before = {}
    for name in ("before", "after"):
        (tmp_path / name / "text").mkdir(parents=True)
        (tmp_path / name / "text" / "readings.txt").write_text(f"长裙 {name}", encoding="utf-8")
        before[name] = fingerprint("lexicon", folder=tmp_path / name)
    assert before["before"] != before["after"]
    assert fingerprint("lexicon", folder=tmp_path / "before") == before["before"]
    assert fingerprint("another lexicon", folder=tmp_path / "before") != before["before"]


def test_the_line_not_used_for_longest_goes_first(tmp_path: Path) -> None:
    cache = LineCache(tmp_path, max_bytes=250_000)
    cache.put(key("a"), line(1))
    cache.put(key("b"), line(1))
    assert cache.get(key("a")) is not None
    cache.put(key("c"), line(1))
    assert cache.get(key("b")) is None
    assert cache.get(key("a")) is not None
    assert cache.bytes <= 250_000
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) == cache.bytes


def test_the_bound_holds_across_restarts(tmp_path: Path) -> None:
    LineCache(tmp_path).put(key("a"), line(1))
    cache = LineCache(tmp_path, max_bytes=150_000)
    cache.put(key("b"), line(1))
    assert cache.get(key("a")) is None
    assert cache.get(key("b")) is not None


def test_a_line_larger_than_the_bound_is_not_kept(tmp_path: Path) -> None:
    cache = LineCache(tmp_path, max_bytes=1_000)
    cache.put(key("a"), line(1))
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("damage", [b"", b"ZGLN1\n\xff\xff\xff\xff", b"something else"])
def test_a_damaged_file_counts_as_missing_and_goes(tmp_path: Path, damage: bytes) -> None:
    cache = LineCache(tmp_path)
    cache.put(key("a"), line(0.2))
    (path,) = tmp_path.iterdir()
    path.write_bytes(damage)
    assert cache.get(key("a")) is None
    assert not path.exists()


def test_a_line_cut_short_counts_as_missing(tmp_path: Path) -> None:
    cache = LineCache(tmp_path)
    cache.put(key("a"), line(0.2))
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-10])
    assert cache.get(key("a")) is None


def test_a_line_with_one_wrong_bit_counts_as_missing(tmp_path: Path) -> None:
    cache = LineCache(tmp_path)
    cache.put(key("a"), line(0.2))
    (path,) = tmp_path.iterdir()
    data = bytearray(path.read_bytes())
    data[-5_000] ^= 1
    path.write_bytes(data)
    assert cache.get(key("a")) is None


def test_what_a_crash_left_unfinished_goes_at_the_next_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(self: Path, target: Path) -> None:
        raise KeyboardInterrupt

    cache = LineCache(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", dies)
        with pytest.raises(KeyboardInterrupt):
            cache.put(key("a"), line(0.2))
    assert any(tmp_path.iterdir())
    LineCache(tmp_path)
    assert not any(tmp_path.iterdir())


def test_a_full_disk_loses_the_line_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    cache = LineCache(tmp_path)
    monkeypatch.setattr(Path, "replace", full)
    cache.put(key("a"), line(0.2))
    assert not any(tmp_path.iterdir())
    assert cache.bytes == 0


def test_a_line_that_cannot_be_read_counts_as_missing(tmp_path: Path) -> None:
    cache = LineCache(tmp_path)
    (tmp_path / (key("a").name + ".line")).mkdir()
    assert cache.get(key("a")) is None
