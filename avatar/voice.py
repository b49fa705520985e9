"""Choosing a voice by its name."""

from __future__ import annotations

from pathlib import Path

from avatar.catalogue import open_models
from avatar.phoneme import Phonemizer, Pronunciations
from avatar.speech import Voice
from avatar.text.normalise import Normaliser

DEFAULT_VOICE = "zf_xiaobei"


def create_voice(
    name: str = "kokoro",
    *,
    models_dir: Path,
    cache_dir: Path,
    pronunciations: Pronunciations | None = None,
    threads: int = 1,
) -> Voice:
    """Open the voice `name`: `kokoro` or `kokoro:zf_xiaobei`.

    Blocking, about two seconds: call it before serving or from a thread. `models_dir` holds fetched models,
    `cache_dir` what may be thrown away. Raises `AvatarError` for an unknown name or a missing model.
    """
    from avatar.kokoro import create_kokoro

    _, _, timbre = name.partition(":")
    return create_kokoro(
        timbre or DEFAULT_VOICE,
        models=open_models(models_dir),
        normaliser=Normaliser(),
        phonemizer=Phonemizer(pronunciations, cache_dir=cache_dir),
        threads=threads,
    )
