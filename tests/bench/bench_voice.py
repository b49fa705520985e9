"""How intelligible the voices are: fifty selling sentences, transcribed by Whisper base, compared by toned pinyin.

`python -m tests.bench.bench_voice [voice …]`; needs the model `whisper-base`. Five CPU minutes a voice.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from faster_whisper import WhisperModel  # type: ignore[import-untyped]
from numpy.typing import NDArray

from avatar.models.catalogue import WHISPER, open_models
from avatar.voice.kokoro.voice import VOICES
from avatar.voice.loudness import loudness
from avatar.voice.phoneme import Phonemizer
from avatar.voice.speech import SAMPLE_RATE, Voice
from avatar.voice.text.normalise import Normaliser
from avatar.voice.voice import create_voice
from tests.bench.table import Row, print_table

MODELS = Path(os.environ.get("ZHANGGUI_MODELS_DIR") or Path.home() / ".cache" / "zhanggui" / "models")
SENTENCES = Path(__file__).with_name("selling_sentences.txt").read_text(encoding="utf-8").split("\n")[:50]
PROMPT = "以下是普通话的句子，使用简体中文。"


def rows(voices: tuple[str, ...] = tuple(voice.name for voice in VOICES)) -> Iterator[Row]:
    """Toned-pinyin error of each voice, what is left of it without tones, and loudness."""
    whisper = WhisperModel(
        str(open_models(MODELS).folder(WHISPER)),
        device="cpu",
        compute_type="int8",
        cpu_threads=2,
        local_files_only=True,
    )
    normaliser = Normaliser()
    with tempfile.TemporaryDirectory() as folder:
        phonemizer = Phonemizer(cache_dir=Path(folder))
        for name in voices:
            voice = create_voice(f"kokoro:{name}", models_dir=MODELS, cache_dir=Path(folder), cache_bytes=0)
            errors = syllables = toneless = 0
            levels = []
            for sentence in SENTENCES:
                pcm = asyncio.run(_spoken(voice, sentence))
                levels.append(loudness(pcm, SAMPLE_RATE))
                heard = _transcribed(whisper, pcm)
                meant = phonemizer.pinyin(normaliser.spoken(sentence))
                got = phonemizer.pinyin(normaliser.spoken(heard))
                wrong = distance(meant, got)
                errors, syllables = errors + wrong, syllables + len(meant)
                toneless += distance([one[:-1] for one in meant], [one[:-1] for one in got])
                if wrong and "-v" in sys.argv:
                    print(f"{wrong:2} {sentence} → {heard}", file=sys.stderr)
            default = " (default voice)" if name == "zf_xiaobei" else ""
            yield (
                f"toned-pinyin error, {name}{default}",
                "≤ 5 %" if default else "–",
                f"{errors / syllables:.1%} ({errors} of {syllables} syllables, Whisper base, n = {len(SENTENCES)}); "
                f"{toneless / syllables:.1%} without tones",
            )
            spread = np.abs(np.array(levels) + 16)
            yield (
                f"loudness of sentences, {name}",
                "−16 LUFS ± 1",
                f"median {np.median(levels):.1f}, furthest off {spread.max():.1f} dB, "
                f"{np.mean(spread <= 1):.0%} within",
            )


def distance(meant: list[str], got: list[str]) -> int:
    """Levenshtein distance between two sequences of syllables."""
    row = list(range(len(got) + 1))
    for i, one in enumerate(meant, 1):
        above, row = row, [i] + [0] * len(got)
        for j, other in enumerate(got, 1):
            row[j] = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (one != other))
    return row[-1]


async def _spoken(voice: Voice, text: str) -> NDArray[np.float32]:
    parts = [chunk.pcm async for chunk in voice.speak(text)]
    return np.concatenate(parts).astype(np.float32) / np.float32(32768)


def _transcribed(whisper: WhisperModel, pcm: NDArray[np.float32]) -> str:
    resampler = av.AudioResampler(format="flt", layout="mono", rate=16_000)
    frame = av.AudioFrame.from_ndarray(pcm[None], format="flt", layout="mono")
    frame.sample_rate = SAMPLE_RATE
    sound = np.concatenate([out.to_ndarray()[0] for part in (frame, None) for out in resampler.resample(part)])
    segments, _ = whisper.transcribe(
        sound, language="zh", beam_size=5, initial_prompt=PROMPT, condition_on_previous_text=False
    )
    return "".join(segment.text for segment in segments)


if __name__ == "__main__":
    chosen = tuple(argument for argument in sys.argv[1:] if argument != "-v")
    print_table(rows(chosen) if chosen else rows())
