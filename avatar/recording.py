"""Sound that came as a file: decoded, levelled, given its mouth shapes, cut into chunks."""

from __future__ import annotations

import io
from collections.abc import Sequence

import av
import numpy as np
from numpy.typing import NDArray

from avatar.align import WordBoundary, align
from avatar.errors import AvatarError
from avatar.limiter import Limiter
from avatar.loudness import gain_to_target, loudness, pcm16
from avatar.phoneme import Phoneme
from avatar.speech import SAMPLE_RATE, Speech

_CHUNK = SAMPLE_RATE // 2
_SHORTEST = SAMPLE_RATE // 20
"""Less sound than 50 ms is an empty file."""


def decode(data: bytes) -> NDArray[np.float32]:
    """Return the sound of an audio file (wav, mp3, ogg, flac…) as mono floats at 48 kHz.

    Blocking. Raises `AvatarError` when it is no audio or holds next to none.
    """
    resampler = av.AudioResampler(format="fltp", layout="mono", rate=SAMPLE_RATE)
    parts: list[NDArray[np.float32]] = []
    try:
        with av.open(io.BytesIO(data), "r") as file:
            for frame in file.decode(audio=0):
                parts += [out.to_ndarray()[0] for out in resampler.resample(frame)]
        parts += [out.to_ndarray()[0] for out in resampler.resample(None)]
    except (av.FFmpegError, IndexError, ValueError) as exc:
        raise AvatarError(f"收到的不是可用的音频（{len(data)} 字节）") from exc
    samples = np.concatenate(parts) if parts else np.zeros(0, np.float32)
    if len(samples) < _SHORTEST or not np.abs(samples).max() > 1e-3:
        raise AvatarError(f"收到的音频是空的（{len(data)} 字节）")
    return samples


def speeches(
    samples: NDArray[np.float32], phonemes: Sequence[Phoneme], boundaries: Sequence[WordBoundary] = ()
) -> list[Speech]:
    """Return the recording at -16 LUFS as chunks of half a second with aligned visemes. Blocking."""
    spans = align(phonemes, samples, boundaries)
    level = loudness(samples, SAMPLE_RATE)
    pcm = pcm16(Limiter().push(samples * np.float32(gain_to_target(level)), last=True))
    return [
        Speech(
            pcm[start : start + _CHUNK],
            tuple(span for span in spans if start <= span.start < start + _CHUNK),
            start,
            start + _CHUNK >= len(pcm),
        )
        for start in range(0, len(pcm), _CHUNK)
    ]
