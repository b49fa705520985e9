"""Sound that came as files, one a clause: decoded, levelled, given its mouth shapes, cut into chunks."""

from __future__ import annotations

import io
import wave
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

import av
import numpy as np
from numpy.typing import NDArray

from avatar.errors import NothingToSay, VoiceFailure
from avatar.voice.align import WordBoundary, align
from avatar.voice.limiter import Limiter
from avatar.voice.loudness import gain_to_target, loudness, pcm16
from avatar.voice.phoneme import Phoneme
from avatar.voice.speech import SAMPLE_RATE, Speech
from avatar.voice.text.clause import clauses

_CHUNK = SAMPLE_RATE // 2
_SHORTEST = SAMPLE_RATE // 20
"""Less sound than 50 ms is an empty file."""
_LONGEST_S = 120
"""No clause takes so long: decoding ends here, so that a small file cannot fill the memory."""
_SYLLABLE_S = (0.05, 1.2)
"""Nobody speaks faster or slower than this; `_MARGIN_S` of silence around a clause is allowed besides."""
_MARGIN_S = 3.0
_RATES = range(4_000, 384_001)
"""Hz: a header that claims another rate is damaged, and would make a little sound fill the memory."""
_PASSES = 4


async def recorded(text: str, record: Callable[[str], Awaitable[list[Speech]]]) -> AsyncGenerator[Speech, None]:
    """Yield a line of normalised `text` clause by clause; `record` returns the chunks of one.

    Raises `NothingToSay` when it holds no clause.
    """
    pieces = clauses(text)
    if not pieces:
        raise NothingToSay
    position = 0
    for index, piece in enumerate(pieces):
        for chunk in await record(piece.text):
            yield chunk.moved(position, last=chunk.last and index == len(pieces) - 1)
        position += chunk.start + len(chunk.pcm)


def decode(data: bytes) -> NDArray[np.float32]:
    """Return the sound of an audio file (wav, mp3, ogg, flac…) as mono floats at 48 kHz.

    Blocking. Raises `VoiceFailure` when it is no audio, holds next to none or more than two minutes.
    """
    resampler = av.AudioResampler(format="fltp", layout="mono", rate=SAMPLE_RATE)
    parts: list[NDArray[np.float32]] = []
    length = 0
    try:
        with av.open(io.BytesIO(data), "r") as file:
            for frame in file.decode(audio=0):
                if frame.sample_rate not in _RATES:
                    raise ValueError(f"{frame.sample_rate} Hz")
                parts += [out.to_ndarray()[0] for out in resampler.resample(frame)]
                length += sum(len(part) for part in parts[-1:])
                if length > _LONGEST_S * SAMPLE_RATE:
                    raise VoiceFailure(
                        f"收到的音频超过 {_LONGEST_S} 秒 / more sound than a sentence has", reason="implausible"
                    )
        parts += [out.to_ndarray()[0] for out in resampler.resample(None)]
    except (av.FFmpegError, IndexError, ValueError) as exc:
        reason = "broken" if data else "empty"
        raise VoiceFailure(f"收到的不是可用的音频（{len(data)} 字节） / no audio file", reason=reason) from exc
    samples = np.concatenate(parts) if parts else np.zeros(0, np.float32)
    if len(samples) < _SHORTEST or not np.abs(samples).max() > 1e-3:
        raise VoiceFailure(f"收到的音频是空的（{len(data)} 字节） / an audio file without sound", reason="empty")
    return samples


def with_header(pcm: bytes, rate: int) -> bytes:
    """Return bare samples (16 bits, little-endian, mono) as a wav file of `rate` Hz."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(pcm[: len(pcm) // 2 * 2])
    return out.getvalue()


def levelled(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the recording at -16 LUFS with its peaks limited; what the limiter takes off is made up for."""
    gain = gain_to_target(loudness(samples, SAMPLE_RATE))
    for _ in range(_PASSES):
        limited = Limiter().push(samples * np.float32(gain), last=True)
        more = gain_to_target(loudness(limited, SAMPLE_RATE))
        if abs(more - 1) < 0.02:
            break
        gain *= min(more, 2.0)
    return limited


def speeches(
    samples: NDArray[np.float32], phonemes: Sequence[Phoneme], boundaries: Sequence[WordBoundary] = ()
) -> list[Speech]:
    """Return the recording at -16 LUFS as chunks of half a second with aligned visemes. Blocking.

    Raises `VoiceFailure` when it is so short or so long that it cannot be what was asked for.
    """
    syllables = max((phoneme.syllable for phoneme in phonemes), default=0) + 1
    seconds = len(samples) / SAMPLE_RATE
    if not syllables * _SYLLABLE_S[0] <= seconds <= syllables * _SYLLABLE_S[1] + _MARGIN_S:
        raise VoiceFailure(
            f"收到 {seconds:.1f} 秒音频，与 {syllables} 个音节不符 / far too long or short for its text",
            reason="implausible",
        )
    spans = align(phonemes, samples, boundaries)
    pcm = pcm16(levelled(samples))
    return [
        Speech(
            pcm[start : start + _CHUNK],
            tuple(span for span in spans if start <= span.start < start + _CHUNK),
            start,
            start + _CHUNK >= len(pcm),
        )
        for start in range(0, len(pcm), _CHUNK)
    ]
