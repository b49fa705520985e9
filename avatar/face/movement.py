"""A clip host's own movement: stored as one seamless round, decoded picture by picture from memory.

Beside the host's other files lie

    movement.mp4   the round, H.264 without B-frames and without loops in its decoder, 25 pictures a second
    outline.mp4    which of it is the person, at half size (may be missing)
    movement.json  where the face is in each picture, and what the lids do

A round is held as it is stored, compressed, and at most six decoded pictures at a time: memory does not grow with the
length of the clip beyond `MOST_BYTES`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
from numpy.typing import NDArray

from avatar.errors import AvatarError
from avatar.face.colour import Pixels
from avatar.face.presenter import FRAME_RATE, I420

MOST_BYTES = 48 << 20
"""Most bytes of a stored round."""
_MOST_RATE = 6_000_000
Places = NDArray[np.float32]
"""(n, 2, 3): for each picture the affine map from the host's picture to that picture, pixels."""
KEY = FRAME_RATE
"""Pictures between those that can be decoded without another."""


class MovementError(AvatarError):
    """A host's movement is missing or broken."""


@dataclass(frozen=True, slots=True)
class Movement:
    """What is known of a round without decoding it."""

    folder: Path
    places: Places
    shut: NDArray[np.float32]
    """(n,): how far the person's own lids are closed, 0..1."""
    light: NDArray[np.float32]
    """(n, 3): how much Y', Cb and Cr of the face differ from the host's picture."""
    box: tuple[int, int, int, int]
    """Left, top, right and bottom of all that the person ever covers, pixels."""
    kind: str
    """`fade` or `fro`: how the round closes."""
    outlined: bool
    """Whether the person can be told from the surroundings."""

    def __len__(self) -> int:
        return len(self.places)


class Footage:
    """Decodes the pictures of an mp4 from memory; not safe for use by two threads at once."""

    def __init__(self, path: Path) -> None:
        """Read the compressed pictures; raises `MovementError`."""
        try:
            with av.open(str(path)) as container:
                stream = container.streams.video[0]
                self._packets = [packet for packet in container.demux(stream) if packet.size]
                context = stream.codec_context
                keys = [k if packet.is_keyframe else 0 for k, packet in enumerate(self._packets)]
                before = list(accumulate(keys, max))
                self._reader, self._spare = (_Reader(path, self._packets, before, context) for _ in range(2))
        except (OSError, av.error.FFmpegError, IndexError) as exc:
            raise MovementError(
                f"{path}：主播的动作读不出来，请重新做这个主播 / "
                f"the movement cannot be read ({exc}); create the host again"
            ) from exc
        if not self._packets or not self._packets[0].is_keyframe:
            raise MovementError(
                f"{path}：主播的动作是空的，请重新做这个主播 / the movement is empty; create the host again"
            )

    def __len__(self) -> int:
        return len(self._packets)

    @property
    def bytes(self) -> int:
        """Size of the compressed pictures."""
        return sum(packet.size for packet in self._packets)

    def at(self, number: int, *, soon: int | None = None) -> tuple[Pixels, ...]:
        """Return the planes of a picture, Y', Cb, Cr or Y' alone, valid until the next call.

        The next picture costs one decoding, any other those from the key picture before it. What will be asked for
        `soon` instead of a next one is made ready meanwhile, by one decoding a call.
        """
        if self._spare.far(number) < self._reader.far(number):
            self._reader, self._spare = self._spare, self._reader
        planes = self._reader.at(number)
        if soon is not None and soon > 0:
            self._spare.approach(soon - 1)
        return planes


class _Reader:
    """One decoder over a round's compressed pictures."""

    def __init__(self, path: Path, packets: Sequence[Any], keys: Sequence[int], context: av.VideoCodecContext) -> None:
        """`keys` tells for each picture the last at or before it that can be decoded by itself."""
        self._path, self._packets, self._keys = path, packets, keys
        self._decoder = cast(av.VideoCodecContext, av.CodecContext.create(context.name, "r"))
        self._decoder.extradata = context.extradata
        self._decoder.thread_count = 1
        self._at = -1
        self._planes: tuple[Pixels, ...] = ()

    def far(self, number: int) -> int:
        """How many pictures must be decoded to have this one."""
        return max(0, number + 1 - self._begin(number))

    def at(self, number: int) -> tuple[Pixels, ...]:
        """The planes of a picture, after as many decodings as `far` says."""
        begin = self._begin(number)
        if begin > number:
            return self._planes
        if begin != self._at + 1 or number == 0:
            self._decoder.flush_buffers()
        frame: av.VideoFrame | None = None
        try:
            for k in range(begin, number + 1):
                frame = next(iter(self._decoder.decode(self._packets[k])), None)
        except av.error.FFmpegError as exc:
            raise MovementError(
                f"{self._path}：第 {number} 帧坏了，请重新做这个主播 / "
                f"picture {number} is broken ({exc}); create the host again"
            ) from exc
        if frame is None:
            raise MovementError(
                f"{self._path}：缺第 {number} 帧，请重新做这个主播 / picture {number} is missing; create the host again"
            )
        self._at = number
        self._planes = tuple(_view(plane) for plane in frame.planes)
        return self._planes

    def approach(self, number: int) -> None:
        """Decode the next of the pictures on the way to this one; nothing when it is there."""
        begin = self._begin(number)
        if begin <= number:
            self.at(begin)

    def _begin(self, number: int) -> int:
        """The first picture to decode: the one behind the last, or the key picture, whichever is nearer."""
        return self._at + 1 if self._keys[number] <= self._at <= number else self._keys[number]


class Recorder:
    """Writes a round's pictures; a context manager."""

    def __init__(self, path: Path, width: int, height: int, count: int, *, grey: bool = False) -> None:
        """Take the pictures' size and how many will come: the rate follows from `MOST_BYTES`."""
        self._container = av.open(str(path), "w")
        limit = min(_MOST_RATE, int(0.9 * 8 * MOST_BYTES * FRAME_RATE / max(count, 1)))
        options = {"preset": "faster", "tune": "fastdecode", "crf": "22", "g": str(KEY), "bf": "0", "refs": "1"}
        options |= {"maxrate": str(limit), "bufsize": str(limit)}
        self._stream = self._container.add_stream("libx264", rate=FRAME_RATE, options=options)
        self._stream.width, self._stream.height = width, height
        self._stream.pix_fmt = "gray" if grey else "yuv420p"
        self._format = self._stream.pix_fmt
        self._count = 0
        self._closed = False

    def push(self, picture: I420) -> None:
        """Write the next picture: I420, or (height, width) where the round is grey."""
        frame = av.VideoFrame.from_ndarray(picture, format=self._format)
        frame.pts, frame.time_base = self._count, Fraction(1, FRAME_RATE)
        self._container.mux(self._stream.encode(frame))
        self._count += 1

    def close(self) -> None:
        """Finish the file; may be called twice."""
        if not self._closed:
            self._closed = True
            self._container.mux(self._stream.encode(None))
            self._container.close()

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self.close()


def write_movement(movement: Movement) -> None:
    """Write what is known of a round beside its pictures."""
    told = {
        "kind": movement.kind,
        "box": movement.box,
        "places": np.round(movement.places.reshape(-1, 6).astype(float), 5).tolist(),
        "shut": np.round(movement.shut.astype(float), 2).tolist(),
        "light": np.round(movement.light.astype(float), 1).tolist(),
    }
    (movement.folder / "movement.json").write_text(json.dumps(told) + "\n", encoding="utf-8")


def read_movement(folder: Path) -> Movement:
    """Read what is known of the round in `folder`; raises `OSError`, `ValueError`, `KeyError` where it is broken."""
    told = json.loads((folder / "movement.json").read_text(encoding="utf-8"))
    left, top, right, bottom = (int(value) for value in told["box"])
    movement = Movement(
        folder,
        np.array(told["places"], np.float32).reshape(-1, 2, 3),
        np.array(told["shut"], np.float32),
        np.array(told["light"], np.float32).reshape(-1, 3),
        (left, top, right, bottom),
        str(told["kind"]),
        (folder / "outline.mp4").exists(),
    )
    if not len(movement) or not len(movement) == len(movement.shut) == len(movement.light):
        raise ValueError("movement.json does not fit together")
    return movement


def _view(plane: av.video.plane.VideoPlane) -> Pixels:
    rows = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)  # type: ignore[call-overload]
    return cast(Pixels, rows[:, : plane.width])
