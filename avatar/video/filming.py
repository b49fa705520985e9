"""Filming scenes: a take (a scene with its sound) becomes a part, a picture-only mp4 named after all that shaped it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from avatar.errors import AvatarError
from avatar.face.colour import to_bgr
from avatar.face.host import Host
from avatar.face.presenter import FRAME_RATE, Cue
from avatar.scene.plate import Layout, draw_caption
from avatar.scene.scene import Stage
from avatar.video.script import Scene, Script
from avatar.video.subtitle import Caption
from avatar.voice.speech import SAMPLE_RATE

FRAME_SAMPLES = SAMPLE_RATE // FRAME_RATE
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
class Take:
    """A scene with its sound, on the video's timeline."""

    scene: Scene
    start: int
    end: int
    pcm: NDArray[np.int16]
    cues: tuple[Cue, ...]
    captions: tuple[Caption, ...]

    @property
    def frames(self) -> int:
        """How many pictures it has."""
        return (self.end - self.start) // FRAME_SAMPLES


class Studio:
    """One host, filmed in one look: takes become parts in a folder, unless an earlier run has done so."""

    def __init__(self, folder: Path, host: Host, look: Look) -> None:
        self._folder, self._host, self._look = folder, host, look
        self._frames = 0
        self._last: Stage | None = None

    def rehearse(self, script: Script) -> None:
        """Set up every background and card once: what cannot be shown is told before minutes of speaking, not after.

        Raises `VideoError` with the scene at fault.
        """
        for scene in script.scenes:
            try:
                self._stage(scene).show_card(scene.card)
            except AvatarError as exc:
                raise _in_scene(scene, exc) from exc

    def film(self, take: Take, known: int, progress: Progress) -> None:
        """Film a take; `known` is how many frames all takes so far have."""
        self._folder.mkdir(exist_ok=True)
        part = self.part(take)
        if not part.exists():
            film_scene(
                take, part, self._stage(take.scene), lambda done: progress("picture", self._frames + done, known)
            )
        self._frames += take.frames
        progress("picture", self._frames, known)

    def part(self, take: Take) -> Path:
        """Return the file of a take, named after all that shapes its pictures."""
        scene = take.scene
        digest = hashlib.sha256(repr((scene, take.start, take.end, take.cues, take.captions, self._look)).encode())
        digest.update(self._host.name.encode())
        digest.update(self._host.picture.tobytes())
        if scene.card is not None and scene.card.picture is not None:
            digest.update(scene.card.picture.read_bytes())
        background = Path(scene.background or self._look.background)
        if background.is_file():
            digest.update(background.read_bytes())
        return self._folder / f"{digest.hexdigest()[:24]}.mp4"

    def cover(self, title: str, take: Take) -> bytes:
        """Draw a cover, a JPEG: the host's first smile with the title where captions stand."""
        stage = self._stage(take.scene)
        stage.show_card(take.scene.card)
        frame = stage.frame(take.start, ()).copy()
        layout = Layout(self._look.width, self._look.height)
        overlay = draw_caption(title, layout, bottom=round(0.66 * self._look.height))
        if overlay is not None:
            overlay.lay(frame)
        return bytes(cv2.imencode(".jpg", to_bgr(frame), [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes())

    def _stage(self, scene: Scene) -> Stage:
        look = self._look
        self._last = Stage(
            self._host,
            width=look.width,
            height=look.height,
            background=scene.background or look.background,
            seed=look.seed,
            burn_captions=look.captions,
            burn_card=True,
            like=self._last,
        )
        return self._last


def _in_scene(scene: Scene, error: AvatarError) -> VideoError:
    return VideoError(f"场景“{scene.title}”：{error}")


def film_scene(take: Take, part: Path, stage: Stage, filmed: Callable[[int], None]) -> None:
    """Film a take into a part; `filmed` is told the frames once a second. Raises `VideoError`."""
    stage.show_card(take.scene.card)
    unfinished = part.with_suffix(".tmp.mp4")
    try:
        with av.open(str(unfinished), "w") as container:
            stream = container.add_stream("libx264", rate=FRAME_RATE, options=_ENCODING)
            stream.width, stream.height, stream.pix_fmt = stage.width, stage.height, "yuv420p"
            stream.codec_context.colorspace = stream.codec_context.color_primaries = stream.codec_context.color_trc = 1
            stream.codec_context.color_range = 1
            for k in range(take.frames):
                sample = take.start + k * FRAME_SAMPLES
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
