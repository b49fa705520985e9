"""`zhanggui video`: a script becomes an mp4."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated, Protocol

import typer

from avatar.command.frame_size import SIZES_HELP, frame_size


class VideoSettings(Protocol):
    """What the command needs to know."""

    @property
    def data_dir(self) -> Path:
        """The product's data folder; own hosts lie in `hosts` below it."""
        ...

    @property
    def models_dir(self) -> Path:
        """Folder of fetched models."""
        ...


Reporting = Callable[[], AbstractContextManager[None]]


def add_video_command(
    app: typer.Typer, open_settings: Callable[[Path | None], VideoSettings], reporting: Reporting
) -> None:
    """Add the command to `app`; `reporting` turns an `AvatarError` into one line and exit code 1."""

    @app.command("video")
    def video(
        out: Annotated[Path, typer.Argument(help="写到这个 mp4 文件")],
        script: Annotated[Path, typer.Option("--script", help="脚本（Markdown）")],
        host: Annotated[str, typer.Option("--host", help="主播名称")] = "xiaoqi",
        voice: Annotated[str, typer.Option("--voice", help="声音；不写就用主播的声音")] = "",
        background: Annotated[str, typer.Option("--background", help="背景")] = "studio",
        size: Annotated[str, typer.Option("--size", help=SIZES_HELP)] = "9:16",
        captions: Annotated[bool, typer.Option("--captions/--no-captions", help="把字幕烧进画面")] = True,
        producer: Annotated[str, typer.Option("--producer", help="写进 AIGC 标识的制作者")] = "zhanggui",
        seed: Annotated[int, typer.Option("--seed", help="动作的随机种子")] = 1,
        data_dir: Annotated[Path | None, typer.Option("--data-dir", help="数据文件夹")] = None,
    ) -> None:
        """用脚本生成商品短视频：配音、口型、商品卡、字幕和封面。断了再跑会接着做。"""
        from rich.progress import Progress

        from avatar.face.host import load_host
        from avatar.video.filming import Look
        from avatar.video.script import read_script
        from avatar.video.video import make_video
        from avatar.voice.voice import create_voice

        with reporting():
            width, height = frame_size(size)
            settings = open_settings(data_dir)
            text = read_script(script)
            person = load_host(host, hosts_dir=settings.data_dir / "hosts")
            speaker = create_voice(
                voice or f"kokoro:{person.voice}",
                models_dir=settings.models_dir,
                cache_dir=settings.data_dir / "speech",
                threads=2,
            )
            names = {"voice": "配音", "picture": "画面"}
            with Progress() as bar:
                tasks = {what: bar.add_task(name, total=None) for what, name in names.items()}

                def progress(what: str, done: int, total: int) -> None:
                    bar.update(tasks[what], completed=done, total=total)

                async def make() -> str:
                    try:
                        look = Look(width, height, background, captions, seed)
                        made = await make_video(
                            text, out, host=person, voice=speaker, look=look, producer=producer, progress=progress
                        )
                    finally:
                        await speaker.aclose()
                    return f"{made.video}（{made.seconds:.1f} 秒）、{made.subtitles.name}、{made.cover.name}"

                told = asyncio.run(make())
            typer.echo(told)
