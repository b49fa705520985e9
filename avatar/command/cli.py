"""`zhanggui avatar …`: voices to listen to and hosts to look at."""

from __future__ import annotations

import asyncio
import json
import sys
import wave
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from typing import Annotated, Protocol

import numpy as np
import typer

from avatar.command.host_cli import add_host_commands
from avatar.command.lexicon_cli import FILE, add_lexicon_commands
from avatar.errors import AvatarError
from avatar.voice.lexicon import Lexicon, load_lexicon
from avatar.voice.speech import SAMPLE_RATE, Emotion
from avatar.voice.text.normalise import MOST_CHARACTERS
from avatar.voice.voice import create_voice

DataDir = Annotated[Path | None, typer.Option("--data-dir", help="数据文件夹")]
AsJson = Annotated[bool, typer.Option("--json", help="以 JSON 输出")]


class Secret(Protocol):
    """A key that does not print itself."""

    def get_secret_value(self) -> str:
        """Return the key."""
        ...


class AvatarSettings(Protocol):
    """What the commands need to know; the product's settings have it."""

    @property
    def models_dir(self) -> Path:
        """Folder of fetched models."""
        ...

    @property
    def data_dir(self) -> Path:
        """The product's data folder."""
        ...

    @property
    def cloud_voice(self) -> bool:
        """Whether text may be sent to a cloud voice."""
        ...

    @property
    def speech_base_url(self) -> str | None:
        """Server of the `openai` voices."""
        ...

    @property
    def speech_api_key(self) -> Secret:
        """Its key."""
        ...


def create_app(open_settings: Callable[[Path | None], AvatarSettings]) -> typer.Typer:
    """Return the command group; `open_settings` is given `--data-dir`."""
    app = typer.Typer(help="主播：声音与形象", no_args_is_help=True)

    @app.command("voices")
    def voices(data_dir: DataDir = None, as_json: AsJson = False) -> None:
        """列出可用的声音。"""
        from avatar.models.catalogue import MANDARIN, open_models
        from avatar.voice.kokoro.voice import VOICES

        ready = open_models(open_settings(data_dir).models_dir).present(MANDARIN)
        rows = [
            {"name": f"kokoro:{voice.name}", "title": voice.title, "gender": voice.gender, "ready": ready}
            for voice in VOICES
        ]
        if as_json:
            typer.echo(json.dumps(rows, ensure_ascii=False))
            return
        for row in rows:
            typer.echo(f"{row['name']:22} {row['title']}（{row['gender']}）{'' if ready else '  未下载'}")
        typer.echo("edge[:音色]             微软 Edge 朗读（云端，须打开云端语音）")
        typer.echo("openai[:音色]           任何 OpenAI 兼容的 /audio/speech（云端，须打开云端语音）")

    @app.command("say")
    def say(
        text: Annotated[str, typer.Argument(help="要说的话")],
        out: Annotated[Path, typer.Option("--out", "-o", help="写到这个 wav 文件")] = Path("voice.wav"),
        voice: Annotated[str, typer.Option("--voice", help="声音，例如 kokoro:zm_yunxi")] = "kokoro",
        emotion: Annotated[Emotion, typer.Option("--emotion", help="情绪")] = Emotion.NEUTRAL,
        data_dir: DataDir = None,
        as_json: AsJson = False,
    ) -> None:
        """试听：把一句话说进 wav 文件，写出每个字怎么念，并报告首个声音的延迟。"""
        with reporting():
            told = asyncio.run(_say(open_settings(data_dir), voice, text, emotion, out))
        if as_json:
            typer.echo(json.dumps(told, ensure_ascii=False))
        else:
            typer.echo(f"念作：{told['spoken']}\n拼音：{told['pinyin']}")
            typer.echo(f"{out}：{told['seconds']:.1f} 秒，首个声音 {told['first_sound_ms']:.0f} 毫秒")

    add_lexicon_commands(app, open_settings, reporting)
    add_host_commands(app, open_settings, reporting)
    return app


class reporting:
    """Context manager: an `AvatarError` becomes one line on stderr and exit code 1."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, AvatarError | OSError):
            print(f"错误：{_told(error)}", file=sys.stderr)
            raise typer.Exit(1) from error


def _told(error: BaseException) -> str:
    """Return an error's text as one line; of a file that cannot be used it names the file."""
    if isinstance(error, OSError) and error.filename:
        told = f"{error.filename} 不能读写，请看磁盘空间和权限 / {error.strerror}"
    elif isinstance(error, OSError):
        told = f"磁盘或网络出错，请稍后再试 / {error}"
    else:
        told = str(error)
    return " ".join(told.split())


async def _say(settings: AvatarSettings, name: str, text: str, emotion: Emotion, out: Path) -> dict[str, float | str]:
    if len(text) > MOST_CHARACTERS:
        raise AvatarError(
            f"这段话有 {len(text)} 个字，一次最多说 {MOST_CHARACTERS} 个，请分成几段 / too long; divide it"
        )
    if not out.parent.is_dir():
        raise AvatarError(f"没有文件夹 {out.parent}：请先建好，或换一个 --out / no such folder")
    lexicon = load_lexicon(settings.data_dir / FILE)
    voice = await asyncio.to_thread(
        create_voice,
        name,
        models_dir=settings.models_dir,
        cache_dir=settings.data_dir / "speech",
        lexicon=lexicon,
        allow_cloud=settings.cloud_voice,
        base_url=settings.speech_base_url,
        api_key=settings.speech_api_key.get_secret_value(),
    )
    loop = asyncio.get_running_loop()
    try:
        began, first, parts = loop.time(), 0.0, []
        async with aclosing(voice.speak(text, emotion=emotion)) as chunks:  # type: ignore[type-var]
            async for chunk in chunks:
                first = first or loop.time() - began
                parts.append(chunk.pcm)
    finally:
        await voice.aclose()
    pcm = np.concatenate(parts)
    with wave.open(str(out), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(pcm.tobytes())
    spoken, pinyin = await asyncio.to_thread(_read, text, lexicon, settings.data_dir / "speech")
    return {
        "file": str(out),
        "voice": voice.name,
        "seconds": len(pcm) / SAMPLE_RATE,
        "first_sound_ms": first * 1000,
        "spoken": spoken,
        "pinyin": pinyin,
    }


def _read(text: str, lexicon: Lexicon, cache_dir: Path) -> tuple[str, str]:
    """What is said for `text`, and its pinyin."""
    from avatar.voice.phoneme import Phonemizer
    from avatar.voice.text.normalise import Normaliser

    spoken = Normaliser(lexicon.replacements).spoken(text)
    return spoken, " ".join(Phonemizer(lexicon.pronunciations, cache_dir=cache_dir).pinyin(spoken))
