"""`zhanggui avatar {list,preview,check,create}`: hosts to look at, and making one's own."""

from __future__ import annotations

import getpass
import json
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Protocol

import typer

from avatar.command.frame_size import SIZES_HELP, frame_size
from avatar.command.native_log import native_logs_hidden
from avatar.errors import AvatarError
from avatar.face.host import load_host
from avatar.face.host_folder import host_folders
from avatar.rigging.landmarks import FaceFinder
from avatar.rigging.segmenter import PersonFinder

DataDir = Annotated[Path | None, typer.Option("--data-dir", help="数据文件夹")]
AsJson = Annotated[bool, typer.Option("--json", help="以 JSON 输出")]
Photo = Annotated[Path | None, typer.Option("--photo", help="一张正面照片")]
Clip = Annotated[Path | None, typer.Option("--clip", help="一段 5 到 60 秒的正面视频")]


class HostSettings(Protocol):
    """What the commands need to know."""

    @property
    def models_dir(self) -> Path:
        """Folder of fetched models."""
        ...

    @property
    def data_dir(self) -> Path:
        """The product's data folder; hosts lie in `hosts` below it."""
        ...


_FINDINGS = {
    "face": "找到人脸",
    "orientation": "照片方向",
    "one face": "只有一人",
    "size": "脸的大小",
    "tilt": "头的歪斜",
    "frontal": "正对镜头",
    "light": "光线",
    "closed mouth": "闭着嘴",
    "whole face": "脸拍全",
    "sharpness": "清晰",
    "colour": "彩色",
    "eyes": "看得见眼睛",
    "mouth": "看得见嘴",
}
"""What each finding of `avatar.rigging.quality` is called on the terminal."""
_STEPS = {"look": "看每一帧", "store": "接成循环"}
Reporting = Callable[[], AbstractContextManager[None]]


def add_host_commands(
    app: typer.Typer, open_settings: Callable[[Path | None], HostSettings], reporting: Reporting
) -> None:
    """Add the commands to `app`; `reporting` turns an `AvatarError` into one line and exit code 1."""

    @app.command("list")
    def list_hosts(data_dir: DataDir = None, as_json: AsJson = False) -> None:
        """列出所有主播形象与背景。"""
        from avatar.scene.backdrop import background_names

        with reporting():
            own = open_settings(data_dir).data_dir / "hosts"
            rows = []
            for folder in host_folders(own):
                host = load_host(folder.name, hosts_dir=own)
                rows.append(
                    {
                        "name": host.name,
                        "title": host.title,
                        "gender": host.gender,
                        "voice": host.voice,
                        "own": folder.parent == own,
                        "consent": host.consent,
                    }
                )
            if as_json:
                typer.echo(json.dumps({"hosts": rows, "backgrounds": background_names()}, ensure_ascii=False))
                return
            for row in rows:
                typer.echo(f"{row['name']:16} {row['title']}  声音 {row['voice']}{'  自有' if row['own'] else ''}")
            typer.echo(f"背景：{'、'.join(background_names())}，或颜色 #rrggbb，或图片路径")

    @app.command("preview")
    def preview(
        host: Annotated[str, typer.Argument(help="主播名称")] = "xiaoqi",
        out: Annotated[Path, typer.Option("--out", "-o", help="写到这个文件夹")] = Path("preview"),
        background: Annotated[str, typer.Option("--background", help="背景")] = "studio",
        size: Annotated[str, typer.Option("--size", help=SIZES_HELP)] = "9:16",
        data_dir: DataDir = None,
    ) -> None:
        """生成样张：口型表、表情表、十秒连续画面和一张定妆照。"""
        import cv2

        from avatar.face.colour import to_bgr
        from avatar.face.performance import Pose
        from avatar.scene.scene import create_stage
        from avatar.video.preview import emotion_sheet, strip, viseme_sheet

        with reporting():
            own = open_settings(data_dir).data_dir / "hosts"
            width, height = frame_size(size)
            stage = create_stage(host, width=width, height=height, hosts_dir=own, background=background)
            out.mkdir(parents=True, exist_ok=True)
            sheets = {
                "visemes": viseme_sheet(stage),
                "emotions": emotion_sheet(stage),
                "strip": strip(stage),
                "still": to_bgr(stage.draw(Pose())),
            }
            for name, sheet in sheets.items():
                path = out / f"{host}-{name}.png"
                path.write_bytes(cv2.imencode(".png", sheet)[1].tobytes())
                typer.echo(str(path))

    @app.command("check")
    def check(photo: Photo = None, clip: Clip = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
        """检查一张照片或一段视频能不能做成主播，并给出建议。"""
        from avatar.rigging.create import QualityError, check_clip, check_photo

        with reporting(), native_logs_hidden():
            source = _one_of(photo, clip)
            with _finder(open_settings(data_dir)) as finder:
                quality = check_clip(source, finder) if clip else check_photo(source, finder)
            rows = [
                {"name": f.name, "passed": f.passed, "measured": f.measured, "advice": f.advice}
                for f in quality.findings
            ]
            if as_json:
                typer.echo(json.dumps({"accepted": quality.accepted, "findings": rows}, ensure_ascii=False))
            else:
                for f in quality.findings:
                    wide = _FINDINGS[f.name] + "\u3000" * (5 - len(_FINDINGS[f.name]))
                    typer.echo(f"{'通过' if f.passed else '不行'}  {wide} {f.measured:16} {f.advice}".rstrip())
            if not quality.accepted:
                raise QualityError(source.name, quality)

    @app.command("create")
    def create(
        name: Annotated[str, typer.Argument(help="主播名称：小写字母、数字和连字符")],
        photo: Photo = None,
        clip: Clip = None,
        title: Annotated[str, typer.Option("--title", help="显示的名字")] = "",
        voice: Annotated[str, typer.Option("--voice", help="配的声音；不写就按 --gender 选")] = "",
        gender: Annotated[str, typer.Option("--gender", help="female 或 male")] = "",
        person: Annotated[str, typer.Option("--person", help="画面中的人的姓名")] = "",
        consent: Annotated[bool, typer.Option("--consent", help="确认已取得画面中的人的书面同意")] = False,
        confirmed_by: Annotated[str, typer.Option("--confirmed-by", help="确认人")] = "",
        data_dir: DataDir = None,
    ) -> None:
        """用一张照片或一段视频做自己的主播（先检查质量，并确认书面同意）。"""
        from rich.progress import Progress

        from avatar.rigging.create import CONSENT_TEXT, Consent, create_host

        with reporting(), native_logs_hidden():
            source = _one_of(photo, clip)
            typer.echo(CONSENT_TEXT)
            if not consent:
                raise AvatarError(
                    "没有确认书面同意：请加上 --consent 和 --person 姓名 / "
                    "the written consent is not confirmed; add --consent and --person"
                )
            timbre = _timbre(voice, gender)
            settings = open_settings(data_dir)
            with _finder(settings) as finder, _people(settings) as people, Progress(transient=True) as bar:
                task = bar.add_task("准备", total=None)

                def progress(what: str, done: int, total: int) -> None:
                    bar.update(task, description=_STEPS[what], completed=done, total=total or None)

                host = create_host(
                    source,
                    clip=clip is not None,
                    name=name,
                    title=title or name,
                    gender=gender,
                    voice=timbre,
                    consent=Consent(person, confirmed_by or getpass.getuser(), datetime.now(UTC)),
                    hosts_dir=settings.data_dir / "hosts",
                    finder=finder,
                    people=people,
                    progress=progress,
                )
            typer.echo(f"已做好主播 {host.name}；看样张：zhanggui avatar preview {host.name}")


def _timbre(voice: str, gender: str) -> str:
    """Return the name of the embedded voice asked for, or of one that suits the host; raises `AvatarError`."""
    from avatar.voice.kokoro.voice import VOICES

    if gender not in ("", "female", "male"):
        raise AvatarError(f"--gender {gender} 不能用，可选：female、male / no such gender; choose one of these")
    name = voice.removeprefix("kokoro:") or ("zm_yunxi" if gender == "male" else "zf_xiaobei")
    known = [one.name for one in VOICES]
    if name not in known:
        raise AvatarError(f"没有名为 {voice} 的声音，可选：{'、'.join(known)} / no such voice; choose one of these")
    return name


def _one_of(photo: Path | None, clip: Path | None) -> Path:
    given = [path for path in (photo, clip) if path is not None]
    if len(given) != 1:
        raise AvatarError(
            "请给一张照片（--photo）或一段视频（--clip），二者选一 / "
            "give a photo (--photo) or a clip (--clip), not both"
        )
    return given[0]


def _people(settings: HostSettings) -> AbstractContextManager[PersonFinder | None]:
    """Return what cuts people out, or None where its model was not fetched."""
    from avatar.models.catalogue import SEGMENTER, open_models

    models = open_models(settings.models_dir)
    if not models.present(SEGMENTER):
        typer.echo("没有人像抠图模型（zhanggui models fetch）：轮廓会粗一些", err=True)
        return nullcontext(None)
    return PersonFinder(models.folder(SEGMENTER) / "selfie_segmentation.tflite")


def _finder(settings: HostSettings) -> FaceFinder:
    from avatar.models.catalogue import LANDMARKER, open_models

    return FaceFinder(open_models(settings.models_dir).folder(LANDMARKER) / "face_landmarker.task")
