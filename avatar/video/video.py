"""Product videos: a script is spoken, performed, captioned and stored as an mp4 that says it was made by a machine.

A scene is filmed into a part beside the output while the next one is spoken; then all parts and the sound are joined.
A part is named after all that shaped it, so that a broken-off run continues with the scenes it has not done.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from avatar.face.host import Host
from avatar.face.presenter import FRAME_RATE, Cue
from avatar.video.filming import FRAME_SAMPLES, Look, Progress, Studio, Take, VideoError
from avatar.video.script import Scene, Script
from avatar.video.subtitle import captions, to_srt
from avatar.voice.speech import SAMPLE_RATE, VisemeSpan, Voice

_LEAD, _GAP, _TAIL = round(0.4 * SAMPLE_RATE), round(0.28 * SAMPLE_RATE), round(0.6 * SAMPLE_RATE)


@dataclass(frozen=True, slots=True)
class Made:
    """What was written."""

    video: Path
    subtitles: Path
    cover: Path
    seconds: float


async def make_video(
    script: Script,
    out: Path,
    *,
    host: Host,
    voice: Voice,
    look: Look,
    producer: str = "zhanggui",
    progress: Progress = lambda what, done, total: None,
) -> Made:
    """Make `out` (.mp4), with captions beside it (.srt) and a cover (.jpg).

    `producer` names the maker in the `AIGC` metadata that GB 45438-2025 asks for. Raises `AvatarError`; what was done
    before a failure is used by the next run with the same script.
    """
    await asyncio.to_thread(_check_place, out, script, look)
    folder = out.with_name(f".{out.name}.parts")
    studio = Studio(folder, host, look)
    await asyncio.to_thread(studio.rehearse, script)
    takes = await _perform(script, voice, studio, progress)
    return await asyncio.to_thread(_finish, script, out, folder, studio, takes, producer)


def _check_place(out: Path, script: Script, look: Look) -> None:
    """Raise `VideoError` where the video, or the cover beside it, cannot lie."""
    if out.suffix.lower() != ".mp4":
        raise VideoError(f"{out}：视频的文件名须以 .mp4 结尾 / the video's name must end in .mp4")
    if not out.parent.is_dir():
        raise VideoError(f"没有文件夹 {out.parent}：请先建好，或换一个位置 / no such folder; make it first")
    if out.is_dir():
        raise VideoError(f"{out}：那里已经有一个文件夹，请换个文件名 / that is a folder; choose another name")
    cover = out.with_suffix(".jpg")
    if any(_same(cover, picture) for picture in _pictures(script, look)):
        raise VideoError(
            f"{cover}：封面会盖掉这张图片，请给视频换个文件名 / "
            "the cover would overwrite this picture; give the video another name"
        )


def _pictures(script: Script, look: Look) -> list[Path]:
    """Return the files that a script shows."""
    cards = [scene.card.picture for scene in script.scenes if scene.card is not None and scene.card.picture is not None]
    return cards + [Path(name) for name in {look.background, *(scene.background or "" for scene in script.scenes)}]


def _same(one: Path, other: Path) -> bool:
    return one.exists() and other.is_file() and one.samefile(other)


async def _perform(script: Script, voice: Voice, studio: Studio, progress: Progress) -> list[Take]:
    """Speak scene after scene, and film each while the next one is spoken: the work of two processors."""
    sentences = sum(len(scene.sentences) for scene in script.scenes)
    takes: list[Take] = []
    at, spoken, filming = 0, 0, None
    try:
        for scene in script.scenes:

            def said(done: int, before: int = spoken) -> None:
                progress("voice", before + done, sentences)

            take = await _speak(scene, at, voice, said)
            takes.append(take)
            at, spoken = take.end, spoken + len(scene.sentences)
            if filming is not None:
                await filming
            filming = asyncio.create_task(asyncio.to_thread(studio.film, take, at // FRAME_SAMPLES, progress))
        if filming is not None:
            await filming
    finally:
        # A scene that is being filmed when the voice fails is finished: the next run has it.
        if filming is not None and not filming.done():
            await asyncio.wait([filming])
    return takes


async def _speak(scene: Scene, begin: int, voice: Voice, said: Callable[[int], None]) -> Take:
    """Speak a scene that begins at a sample of the video's timeline."""
    parts, cues, shown = [np.zeros(_LEAD, np.int16)], [], []
    position = begin + _LEAD
    for done, sentence in enumerate(scene.sentences, 1):
        pcm: list[NDArray[np.int16]] = []
        visemes: list[VisemeSpan] = []
        async with aclosing(voice.speak(sentence, emotion=scene.emotion)) as chunks:  # type: ignore[type-var]
            async for chunk in chunks:
                pcm.append(chunk.pcm)
                visemes += chunk.visemes
        sound = np.concatenate(pcm)
        cues.append(Cue(position, tuple(visemes), scene.emotion))
        shown += captions(sentence, visemes, position, len(sound))
        parts += [sound, np.zeros(_GAP, np.int16)]
        position += len(sound) + _GAP
        said(done)
    end = -(-(position + _TAIL) // FRAME_SAMPLES) * FRAME_SAMPLES
    parts.append(np.zeros(end - position, np.int16))
    return Take(scene, begin, end, np.concatenate(parts), tuple(cues), tuple(shown))


def _finish(script: Script, out: Path, folder: Path, studio: Studio, takes: list[Take], producer: str) -> Made:
    """Join the filmed takes, and write captions and cover beside the video."""
    shown = [caption for take in takes for caption in take.captions]
    subtitles, cover = out.with_suffix(".srt"), out.with_suffix(".jpg")
    subtitles.write_text(to_srt(shown), encoding="utf-8")
    cover.write_bytes(studio.cover(script.title, takes[0]))
    unfinished = folder / "joined.mp4"
    parts = [studio.part(take) for take in takes]
    _join(parts, np.concatenate([take.pcm for take in takes]), unfinished, script.title, producer)
    os.replace(unfinished, out)
    shutil.rmtree(folder)
    return Made(out, subtitles, cover, takes[-1].end / SAMPLE_RATE)


def _join(parts: list[Path], pcm: NDArray[np.int16], out: Path, title: str, producer: str) -> None:
    """Join the scenes' pictures without encoding them again, and lay the sound beside them."""
    label = {
        "Label": "1",
        "ContentProducer": producer,
        "ProduceID": hashlib.sha256(pcm.tobytes()).hexdigest()[:32],
        "ReservedCode1": "",
        "ContentPropagator": "",
        "PropagateID": "",
        "ReservedCode2": "",
    }
    try:
        with av.open(str(out), "w", options={"movflags": "+faststart+use_metadata_tags"}) as container:
            container.metadata["title"] = title
            container.metadata["AIGC"] = json.dumps(label, ensure_ascii=False)
            with av.open(str(parts[0])) as first:
                video = container.add_stream_from_template(first.streams.video[0])
            sound = container.add_stream("aac", rate=SAMPLE_RATE, layout="mono")
            sound.bit_rate = 128_000
            ticks = 0
            for part in parts:
                with av.open(str(part)) as scene:
                    stream = scene.streams.video[0]
                    base = stream.time_base or Fraction(1, 12800)
                    step = int(Fraction(1, FRAME_RATE) / base)
                    for packet in scene.demux(stream):
                        if packet.dts is None:
                            continue
                        packet.pts = packet.dts = ticks * step
                        packet.duration = step
                        packet.time_base = base
                        packet.stream = video
                        container.mux(packet)
                        ticks += 1
            frame = av.AudioFrame.from_ndarray(pcm[None], format="s16", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, 0, Fraction(1, SAMPLE_RATE)
            container.mux(sound.encode(frame))
            container.mux(sound.encode(None))
    except (OSError, av.error.FFmpegError) as exc:
        raise VideoError(
            f"{out}：视频写不进去，请看磁盘空间和文件夹权限，再跑一次会接着做 / the video could not be written ({exc})"
        ) from exc
