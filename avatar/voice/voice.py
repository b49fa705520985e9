"""Choosing a voice by its name."""

from __future__ import annotations

from pathlib import Path

from avatar.errors import AvatarError
from avatar.models.catalogue import open_models
from avatar.voice.cached_voice import CachedVoice
from avatar.voice.fallback_voice import FallbackVoice
from avatar.voice.fingerprint import fingerprint
from avatar.voice.lexicon import Lexicon
from avatar.voice.lexicon_file import LexiconFile
from avatar.voice.line_cache import LineCache
from avatar.voice.speech import Voice
from avatar.voice.voice_figures import VoiceFigures

ENGINES = ("kokoro", "edge", "openai")
DEFAULT_TIMBRE = "zf_xiaobei"
LINES_BYTES = 256 << 20
"""Default bound of the spoken lines kept on disk: about three quarters of an hour."""


def check_voice(name: str, *, allow_cloud: bool = False, base_url: str | None = None) -> None:
    """Whether `create_voice` knows this name and may open it; nothing is loaded. Raises `AvatarError` with what there
    is."""
    from avatar.voice.kokoro.voice import VOICES

    engine, _, timbre = name.partition(":")
    if engine not in ENGINES:
        raise AvatarError(
            f"没有名为 {name} 的声音；可选：{'、'.join(ENGINES)}，例如 kokoro:zf_xiaoxiao / no such voice"
        )
    if engine == "kokoro" and timbre and timbre not in (voice.name for voice in VOICES):
        raise AvatarError(
            f"没有名为 {timbre} 的音色；可选：{'、'.join(voice.name for voice in VOICES)} / no such voice"
        )
    if engine != "kokoro" and not allow_cloud:
        raise AvatarError(
            f"声音 {engine} 会把文字发到外部服务器，须先打开云端语音：ZHANGGUI_CLOUD_VOICE=true / cloud voices are off"
        )
    if engine == "openai" and not base_url:
        raise AvatarError(
            "声音 openai 需要服务器地址（base_url），例如 https://api.openai.com/v1 / the server's address is missing"
        )


def create_voice(
    name: str = "kokoro",
    *,
    models_dir: Path,
    cache_dir: Path,
    cache_bytes: int = LINES_BYTES,
    lexicon: Lexicon | LexiconFile | None = None,
    threads: int = 1,
    allow_cloud: bool = False,
    base_url: str | None = None,
    api_key: str = "",
    model: str = "tts-1",
    stand_in: str = DEFAULT_TIMBRE,
    figures: VoiceFigures | None = None,
) -> Voice:
    """Open a voice by name: `kokoro[:zf_xiaobei]`, `edge[:zh-CN-XiaoxiaoNeural]` or `openai[:alloy]`.

    Blocking, two or three seconds, a first word spoken to nobody included: call it before serving or from a thread.
    `models_dir` holds fetched models; spoken lines are kept under `cache_dir`, at most `cache_bytes` of them (0 keeps
    none). `lexicon` holds the merchant's own words, or follows the file they stand in; `figures` are written by the
    voice as it speaks.

    `edge` and `openai` send the text to a server: they need `allow_cloud`, and fall back to the embedded voice within a
    second when they fail or are late: to the timbre `stand_in`. `openai` takes `base_url`, `api_key` and `model`.
    Raises `AvatarError` for an unknown name, a missing model or a cloud voice that is not switched on.
    """
    from avatar.voice.kokoro import create_kokoro
    from avatar.voice.phoneme import Phonemizer
    from avatar.voice.text.normalise import Normaliser

    check_voice(name, allow_cloud=allow_cloud, base_url=base_url)
    engine, _, timbre = name.partition(":")
    own = lexicon.lexicon if isinstance(lexicon, LexiconFile) else lexicon or Lexicon()
    figures = figures or VoiceFigures()
    normaliser = Normaliser(own.replacements)
    phonemizer = Phonemizer(own.pronunciations, cache_dir=cache_dir)
    local = create_kokoro(
        (timbre or DEFAULT_TIMBRE) if engine == "kokoro" else stand_in,
        models=open_models(models_dir),
        normaliser=normaliser,
        phonemizer=phonemizer,
        threads=threads,
        figures=figures,
    )
    local.warm()
    cache = LineCache(cache_dir / "lines", max_bytes=cache_bytes) if cache_bytes else None
    figures.cache_bytes = cache.bytes if cache else 0

    def learn(words: Lexicon) -> None:
        normaliser.learn(words.replacements)
        phonemizer.learn(words.pronunciations)

    def remembering(voice: Voice, *, server: str = "") -> Voice:
        def shaping() -> str:
            words = lexicon.current(learn) if isinstance(lexicon, LexiconFile) else own
            return fingerprint(sorted(words.pronunciations.items()), sorted(words.replacements.items()), server)

        return CachedVoice(voice, cache, fingerprint=shaping, figures=figures)

    if engine == "kokoro":
        return remembering(local)
    cloud: Voice
    server = ""
    if engine == "edge":
        from avatar.voice.edge_voice import DEFAULT_EDGE_VOICE, EdgeVoice

        cloud = EdgeVoice(timbre or DEFAULT_EDGE_VOICE, phonemizer=phonemizer, normaliser=normaliser)
    else:
        from avatar.voice.openai_voice import OpenAIVoice

        server = base_url or ""  # two servers may call different voices by one name
        cloud = OpenAIVoice(
            timbre or "alloy",
            base_url=server,
            api_key=api_key,
            model=model,
            phonemizer=phonemizer,
            normaliser=normaliser,
        )
    return FallbackVoice(remembering(cloud, server=server), remembering(local), figures=figures)
