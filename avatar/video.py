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
import cv2
import numpy as np
from numpy.typing import NDArray

from avatar.colour import to_bgr
from avatar.errors import AvatarError
from avatar.host import Host
from avatar.plate import Layout, draw_caption
from avatar.presenter import FRAME_RATE, Cue
from avatar.scene import Stage
from avatar.script import Scene, Script
from avatar.speech import SAMPLE_RATE, VisemeSpan, Voice
from avatar.subtitle import Caption, captions, to_srt

_FRAME = SAMPLE_RATE // FRAME_RATE
_LEAD, _GAP, _TAIL = round(0.4 * SAMPLE_RATE), round(0.28 * SAMPLE_RATE), round(0.6 * SAMPLE_RATE)
_ENCODING = {"preset": "veryfast", "crf": "21", "g": str(2 * FRAME_RATE), "bf": "0"}

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done and how much there is."""


class VideoError(AvatarError):
    """A video could not be made."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a video is to look."""

    width: int = 720
    height: int = 1280
    background: str = "studio"
    captions: bool = True
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Made:
    """What was written."""

    video: Path
    subtitles: Path
    cover: Path
    seconds: float


@dataclass(frozen=True, slots=True)
class _Take:
    """A scene with its sound, on the video's timeline."""

    scene: Scene
    start: int
    end: int
    pcm: NDArray[np.int16]
    cues: tuple[Cue, ...]
    captions: tuple[Caption, ...]


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
    if out.suffix.lower() != ".mp4":
        raise VideoError(f"{out}：视频的文件名须以 .mp4 结尾 / the video's name must end in .mp4")
    if not out.parent.is_dir():
        raise VideoError(f"没有文件夹 {out.parent}：请先建好，或换一个位置 / no such folder; make it first")
    folder = out.with_name(f".{out.name}.parts")
    takes = await _perform(script, voice, _Studio(folder, host, look), progress)
    return await asyncio.to_thread(_finish, script, out, folder, host, takes, look, producer)


async def _perform(script: Script, voice: Voice, studio: _Studio, progress: Progress) -> list[_Take]:
    """Speak scene after scene, and film each while the next one is spoken: the work of two processors."""
    sentences = sum(len(scene.sentences) for scene in script.scenes)
    takes: list[_Take] = []
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
            filming = asyncio.create_task(asyncio.to_thread(studio.film, take, at // _FRAME, progress))
        if filming is not None:
            await filming
    finally:
        # A scene that is being filmed when the voice fails is finished: the next run has it.
        if filming is not None and not filming.done():
            await asyncio.wait([filming])
    return takes


async def _speak(scene: Scene, begin: int, voice: Voice, said: Callable[[int], None]) -> _Take:
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
    end = -(-(position + _TAIL) // _FRAME) * _FRAME
    parts.append(np.zeros(end - position, np.int16))
    return _Take(scene, begin, end, np.concatenate(parts), tuple(cues), tuple(shown))


class _Studio:
    """Films takes into a folder, unless an earlier run has done so."""

    def __init__(self, folder: Path, host: Host, look: Look) -> None:
        self._folder, self._host, self._look = folder, host, look
        self._frames = 0

    def film(self, take: _Take, known: int, progress: Progress) -> None:
        """Film a take; `known` is how many frames all takes so far have."""
        self._folder.mkdir(exist_ok=True)
        part = _part(self._folder, take, self._host, self._look)
        if not part.exists():
            _film_scene(
                take, part, self._host, self._look, lambda frames: progress("picture", self._frames + frames, known)
            )
        self._frames += (take.end - take.start) // _FRAME
        progress("picture", self._frames, known)


def _finish(script: Script, out: Path, folder: Path, host: Host, takes: list[_Take], look: Look, producer: str) -> Made:
    """Join the filmed takes, and write captions and cover beside the video."""
    shown = [caption for take in takes for caption in take.captions]
    subtitles, cover = out.with_suffix(".srt"), out.with_suffix(".jpg")
    subtitles.write_text(to_srt(shown), encoding="utf-8")
    cover.write_bytes(_cover(script.title, takes[0], host, look))
    unfinished = folder / "joined.mp4"
    parts = [_part(folder, take, host, look) for take in takes]
    _join(parts, np.concatenate([take.pcm for take in takes]), unfinished, script.title, producer)
    os.replace(unfinished, out)
    shutil.rmtree(folder)
    return Made(out, subtitles, cover, takes[-1].end / SAMPLE_RATE)


def _part(folder: Path, take: _Take, host: Host, look: Look) -> Path:
    return folder / f"{_fingerprint(take, host, look)}.mp4"


def _fingerprint(take: _Take, host: Host, look: Look) -> str:
    """Name all that shapes a scene's pictures."""
    digest = hashlib.sha256(repr((take.scene, take.start, take.end, take.cues, take.captions, look)).encode())
    digest.update(host.name.encode())
    digest.update(host.picture.tobytes())
    if take.scene.card is not None and take.scene.card.picture is not None:
        digest.update(take.scene.card.picture.read_bytes())
    return digest.hexdigest()[:24]


def _film_scene(take: _Take, part: Path, host: Host, look: Look, filmed: Callable[[int], None]) -> None:
    stage = Stage(
        host,
        width=look.width,
        height=look.height,
        background=take.scene.background or look.background,
        seed=look.seed,
        burn_captions=look.captions,
        burn_card=True,
    )
    stage.show_card(take.scene.card)
    unfinished = part.with_suffix(".tmp.mp4")
    try:
        with av.open(str(unfinished), "w") as container:
            stream = container.add_stream("libx264", rate=FRAME_RATE, options=_ENCODING)
            stream.width, stream.height, stream.pix_fmt = look.width, look.height, "yuv420p"
            stream.codec_context.colorspace = stream.codec_context.color_primaries = stream.codec_context.color_trc = 1
            stream.codec_context.color_range = 1
            for k in range((take.end - take.start) // _FRAME):
                sample = take.start + k * _FRAME
                text = next((c.text for c in take.captions if c.start <= sample < c.end), None)
                stage.show_caption(text)
                near = tuple(cue for cue in take.cues if abs(cue.start - sample) < 30 * SAMPLE_RATE)
                frame = av.VideoFrame.from_ndarray(stage.frame(sample, near), format="yuv420p")
                frame.pts = k
                frame.time_base = Fraction(1, FRAME_RATE)
                container.mux(stream.encode(frame))
                if k % FRAME_RATE == 0:
                    filmed(k)
            container.mux(stream.encode(None))
    except (OSError, av.error.FFmpegError) as exc:
        raise VideoError(
            f"{part.parent}：画面写不进去，请看磁盘空间和文件夹权限，再跑一次会接着做 / "
            f"a scene could not be written ({exc})"
        ) from exc
    os.replace(unfinished, part)


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


def _cover(title: str, take: _Take, host: Host, look: Look) -> bytes:
    """Draw a cover: the host's first smile with the title where captions stand."""
    stage = Stage(
        host,
        width=look.width,
        height=look.height,
        background=take.scene.background or look.background,
        seed=look.seed,
        burn_card=True,
    )
    stage.show_card(take.scene.card)
    frame = stage.frame(take.start, ()).copy()
    layout = Layout(look.width, look.height)
    overlay = draw_caption(title, layout, bottom=round(0.66 * look.height))
    if overlay is not None:
        overlay.lay(frame)
    return bytes(cv2.imencode(".jpg", to_bgr(frame), [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes())
