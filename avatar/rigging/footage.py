"""The moving pictures of a merchant's clip, at the pace of a programme: upright, of one size, one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np

from avatar.face.host import Image
from avatar.face.presenter import FRAME_RATE
from avatar.rigging.portrait import PortraitError, upright

_LEAST_RATE = 15.0
"""Pictures a second below which movement stutters."""


def check_rate(path: Path) -> None:
    """Raise `PortraitError` where a clip has too few pictures a second."""
    with av.open(str(path)) as container:
        _rate(path, container.streams.video[0])


def read_footage(path: Path) -> Iterator[Image]:
    """Yield the clip's BGR pictures, to be shown at 25 a second; holds one at a time. Raises `PortraitError`.

    Steady clips of 22 to 31 pictures a second are taken one for one, of 44 to 62 every other one: a slight slow motion
    is smoother than pictures left out now and then. Every other clip is sampled by its own time stamps.
    """
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            mean, told = _rate(path, stream), float(stream.guessed_rate or 0)
            steady = told > 0 and abs(mean / told - 1) < 0.02
            every = 1 if steady and 22 <= mean <= 31 else 2 if steady and 44 <= mean <= 62 else 0
            if every:
                for k, frame in enumerate(container.decode(stream)):
                    if k % every == 0:
                        yield _picture(frame)
                return
            due = 0
            for frame in container.decode(stream):
                now = float(frame.time or 0.0)
                if now * FRAME_RATE + 0.5 < due:
                    continue
                picture = _picture(frame)
                # A pause in the time stamps is shown as one: the picture stands still, at most for half a second.
                for _ in range(min(max(1, int(now * FRAME_RATE + 0.5) - due + 1), FRAME_RATE // 2)):
                    yield picture
                due = int(now * FRAME_RATE + 0.5) + 1
    except (av.error.FFmpegError, ValueError, IndexError) as exc:
        raise PortraitError(
            f"{path.name}：视频读不出来，请另存为 mp4 / the clip cannot be read ({exc}); save it again as mp4"
        ) from exc


def _rate(path: Path, stream: av.VideoStream) -> float:
    mean = float(stream.average_rate or 0)
    if 0 < mean < _LEAST_RATE:
        raise PortraitError(
            f"{path.name}：每秒只有 {mean:.0f} 帧，请用 25 或 30 帧拍 / "
            f"{mean:.0f} pictures a second; film with 25 or 30"
        )
    return mean


def _picture(frame: av.VideoFrame) -> Image:
    turn = int(getattr(frame, "rotation", 0) or 0)
    return upright(np.ascontiguousarray(frame.to_ndarray(format="bgr24")), turn)
