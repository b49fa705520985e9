"""Clips of a person who is nobody: a shipped host filmed by a hand-held camera in a room."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import av
import cv2
import numpy as np

from avatar.face.colour import to_bgr
from avatar.face.host import Image, load_host
from avatar.face.performance import Performance, Pose
from avatar.scene.scene import Stage
from avatar.voice.speech import SAMPLE_RATE


def filmed(
    seconds: float, *, rate: int = 25, host: str = "xiaoqi", seed: int = 3, period_s: float = 4.0
) -> Iterator[Image]:
    """Yield the clip's pictures, 720x1280 BGR: the person sways by a dozen pixels and blinks; light and noise vary."""
    stage = Stage(load_host(host), background="daylight", seed=seed)
    performance = Performance(seed=seed)
    noise = np.random.default_rng(seed)
    grain = noise.normal(0, 1.5, (8, 1280, 720, 1)).astype(np.float32)
    for k in range(round(seconds * rate)):
        at = k / rate
        pose = performance.pose(round(at * SAMPLE_RATE), ())
        said = Pose(turn=1.5 * pose.turn, tilt=1.5 * pose.tilt, nod=1.5 * pose.nod, lids=pose.lids, lean=pose.lean)
        picture = to_bgr(stage.draw(said))
        phase = 2 * np.pi * at / period_s
        matrix = cv2.getRotationMatrix2D((360, 900), 0.9 * np.sin(phase), 1.04)
        matrix[:, 2] += (7 * np.sin(phase + 0.6), 4 * np.cos(phase))
        picture[60:170, 30:275] = picture[60:170, 20:21]  # nobody films a label
        moved = cv2.warpAffine(picture, matrix, (720, 1280), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        light = 1 + 0.02 * np.sin(phase / 2)
        yield np.clip(moved * light + grain[noise.integers(8)], 0, 255).astype(np.uint8)


def write_clip(path: Path, pictures: Iterable[Image], *, rate: int = 25) -> Path:
    """Encode pictures of even size as mp4."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate, options={"preset": "veryfast", "crf": "16"})
        for k, picture in enumerate(pictures):
            if k == 0:
                stream.height, stream.width, stream.pix_fmt = *picture.shape[:2], "yuv420p"
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="bgr24")))
        container.mux(stream.encode(None))
    return path
