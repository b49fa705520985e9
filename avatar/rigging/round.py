"""A clip becomes a round: every picture is set as the host's, followed, joined to a loop and stored.

The clip's pictures wait in a temporary file while the loop is chosen, so memory does not grow with the clip's length.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar.face.colour import to_i420, to_yuv
from avatar.face.host import Host, Image
from avatar.face.morph import between
from avatar.face.movement import Movement, Recorder, write_movement
from avatar.rigging.footage import read_footage
from avatar.rigging.landmarks import Face, FaceFinder
from avatar.rigging.loop import Loop, plan_loop
from avatar.rigging.matte import soften
from avatar.rigging.portrait import HEIGHT, WIDTH, PortraitError, place
from avatar.rigging.segmenter import Mask, PersonFinder
from avatar.rigging.tracking import Track, Tracker

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done and how much there is."""

_LEAST = 100
"""Least number of usable pictures in a row."""
_FARTHEST_TURN = 20.0
"""Degrees about the still's from which on a rig made of one still no longer fits."""
_LOOK_EVERY = 5
"""Pictures after which the whole picture is searched where the face was lost."""


def film_round(
    source: Path,
    still: Face,
    host: Host,
    *,
    scale: float,
    offset: tuple[float, float],
    folder: Path,
    finder: FaceFinder,
    people: PersonFinder | None,
    progress: Progress,
) -> Movement:
    """Store the movement of the clip `source` in `folder`, for a host whose rig was made of one of its stills.

    `still` is the face in the host's picture; `scale` and `offset` set the clip's pictures as the host's. Raises
    `PortraitError` when too little of the clip can be used.
    """
    with tempfile.TemporaryFile(dir=folder) as file:
        shelf = _Shelf(file)
        track, features = _follow(source, still, shelf, scale, offset, finder, progress)
        first, last = _usable(source, track, shelf.seen, still)
        track, features = track.taken(first, last), features[first:last]
        loop = plan_loop(features, track.shut)
        return _store(shelf, first, track, loop, host, folder, people, progress)


class _Shelf:
    """The clip's pictures on disk, any of them at hand."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._ends = [0]
        self.seen: list[bool] = []

    def push(self, picture: Image) -> None:
        data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 96])[1].tobytes()
        self._file.write(data)
        self._ends.append(self._ends[-1] + len(data))

    def at(self, number: int) -> Image:
        self._file.seek(self._ends[number])
        data = self._file.read(self._ends[number + 1] - self._ends[number])
        return cast(Image, cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR))


def _follow(
    source: Path,
    still: Face,
    shelf: _Shelf,
    scale: float,
    offset: tuple[float, float],
    finder: FaceFinder,
    progress: Progress,
) -> tuple[Track, NDArray[np.float32]]:
    """Shelve every picture, follow the face and note what each looks like."""
    tracker = Tracker(still)
    looks = []
    rest = middle = (float(still.points[168, 0]), float(still.points[168, 1]))
    reach = 1.15 * still.size
    for number, raw in enumerate(read_footage(source)):
        picture = place(raw, scale, offset)
        shelf.push(picture)
        face = _find(finder, picture, middle, reach)
        tracker.push(face)
        if face is not None:
            middle = (float(face.points[168, 0]), float(face.points[168, 1]))
        looks.append(_look_of(picture, rest, still.size))
        if number % 25 == 0:
            progress("look", number, 0)
    shelf.seen = tracker.seen
    if not any(shelf.seen):
        raise PortraitError(
            f"{source.name}：视频里找不到脸，请让脸一直在画面里 / "
            "the face is lost; film again with the face in view throughout"
        )
    return tracker.track(), np.array(looks, np.float32)


def _find(finder: FaceFinder, picture: Image, middle: tuple[float, float], reach: float) -> Face | None:
    """Look for the face around where it was, which is surer and faster than in the whole picture."""
    x0, y0 = max(0, int(middle[0] - reach)), max(0, int(middle[1] - reach))
    x1, y1 = min(WIDTH, int(middle[0] + reach)), min(HEIGHT, int(middle[1] + reach))
    faces = finder.find(np.ascontiguousarray(picture[y0:y1, x0:x1]))
    if not faces:
        return None
    points = faces[0].points + np.array([x0, y0, 0.0])
    return Face(points, faces[0].blendshapes)


def _look_of(picture: Image, middle: tuple[float, float], size: float) -> NDArray[np.float32]:
    """Describe a picture: a coarse grey image of the whole and a finer one of where the head is at rest.

    Distances between descriptions are grey levels.
    """
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    whole = cv2.resize(grey, (36, 64), interpolation=cv2.INTER_AREA).astype(np.float32).ravel()
    half = int(0.75 * size)
    x, y = int(middle[0]), int(middle[1])
    head = grey[max(0, y - half) : y + half, max(0, x - half) : x + half]
    fine = cv2.resize(head, (32, 32), interpolation=cv2.INTER_AREA).astype(np.float32).ravel()
    return np.concatenate([whole / np.sqrt(whole.size), fine / np.sqrt(fine.size)])


def _usable(source: Path, track: Track, seen: list[bool], still: Face) -> tuple[int, int]:
    """Return the longest stretch in which the face is seen and not turned too far: first, and one after the last."""
    turned = np.abs(track.attitude[:, 0] - float(np.median(track.attitude[:, 0]))) > _FARTHEST_TURN
    lost = ~np.array(seen)
    # A face lost for a picture or two is interpolated; longer gaps end the stretch.
    gone = np.convolve(lost, np.ones(3), mode="same") >= 3
    usable = ~(turned | gone)
    best, begin = (0, 0), None
    for k, good in enumerate([*usable.tolist(), False]):
        if good and begin is None:
            begin = k
        elif not good and begin is not None:
            best = max(best, (begin, k), key=lambda part: part[1] - part[0])
            begin = None
    if best[1] - best[0] < _LEAST:
        seconds = (best[1] - best[0]) / 25
        raise PortraitError(
            f"{source.name}：能用的连续画面只有 {seconds:.1f} 秒，至少要 4 秒：请一直面向镜头，不要转头或遮住脸 "
            "/ too little of the clip can be used; face the camera throughout"
        )
    return best


def _store(
    shelf: _Shelf,
    first: int,
    track: Track,
    loop: Loop,
    host: Host,
    folder: Path,
    people: PersonFinder | None,
    progress: Progress,
) -> Movement:
    """Write the round's pictures and the person's outline, and what the rig needs to know of each."""
    count = len(loop)
    share = loop.share[:, None, None]
    places = track.places[loop.first] * (1 - share) + track.places[loop.second] * share
    shut = np.maximum(track.shut[loop.first], track.shut[loop.second])
    light = _Light(host)
    lights = []
    outliner = _Outliner(people) if people is not None else None
    outlines = Recorder(folder / "outline.mp4", WIDTH // 2, HEIGHT // 2, count, grey=True) if outliner else None
    try:
        with Recorder(folder / "movement.mp4", WIDTH, HEIGHT, count) as pictures:
            for k in range(count):
                picture = shelf.at(first + int(loop.first[k]))
                if loop.share[k] > 0:
                    picture = between(picture, shelf.at(first + int(loop.second[k])), [float(loop.share[k])])[0]
                pictures.push(to_i420(picture))
                lights.append(light.difference(picture, places[k]))
                if outliner is not None and outlines is not None:
                    outlines.push(outliner.outline(picture))
                if k % 25 == 0:
                    progress("store", k, count)
    finally:
        if outlines is not None:
            outlines.close()
    movement = Movement(
        folder,
        places.astype(np.float32),
        shut.astype(np.float32),
        _around(np.array(lights, np.float32)),
        outliner.box if outliner is not None else (0, 0, WIDTH, HEIGHT),
        loop.kind,
        outliner is not None,
    )
    write_movement(movement)
    progress("store", count, count)
    return movement


class _Light:
    """How much lighter and differently coloured the face is in a picture than in the host's."""

    _SHARE = 0.25

    def __init__(self, host: Host) -> None:
        still = cv2.resize(host.picture[..., :3], None, fx=self._SHARE, fy=self._SHARE, interpolation=cv2.INTER_AREA)
        self._still = small = cast(Image, still)
        rect = host.mouth.rect
        ring = np.zeros(small.shape[:2], np.uint8)
        x0, y0 = round(rect.x * self._SHARE), round(rect.y * self._SHARE)
        x1, y1 = round((rect.x + rect.width) * self._SHARE), round((rect.y + rect.height) * self._SHARE)
        # The cheeks beside the mouth: skin in every picture, whatever lips and chin do.
        band = max(2, (x1 - x0) // 6)
        middle = (2 * y0 + y1) // 3
        ring[y0:middle, x0 + band // 2 : x0 + band // 2 + band] = 255
        ring[y0:middle, x1 - band // 2 - band : x1 - band // 2] = 255
        self._ring = ring
        self._size = (int(small.shape[1]), int(small.shape[0]))

    def difference(self, picture: Image, place_: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the mean difference of Y', Cb and Cr on the cheeks."""
        small = cv2.resize(picture, self._size, interpolation=cv2.INTER_AREA)
        matrix = place_.astype(np.float64).copy()
        matrix[:, 2] *= self._SHARE
        back = cast(Image, cv2.warpAffine(small, matrix, self._size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP))
        there = self._ring > 0
        seen, still = to_yuv(back[there][None]).astype(float), to_yuv(self._still[there][None]).astype(float)
        return cast(NDArray[np.float64], np.median(seen - still, axis=1)[0])


class _Outliner:
    """Draws the person's outline picture by picture, calm over time."""

    def __init__(self, people: PersonFinder) -> None:
        self._people = people
        self._mask: Mask | None = None
        self._reach: list[tuple[int, int, int, int]] = []

    def outline(self, picture: Image) -> Image:
        """Return the person's alpha at half size."""
        mask = self._people.find(picture)
        if self._mask is not None:
            # What hardly differs from the picture before is noise; what differs much is movement.
            trust = np.clip(np.abs(mask - self._mask) / 0.5, 0.45, 1.0)
            mask = self._mask + (mask - self._mask) * trust
        self._mask = mask
        alpha = soften(mask, picture, scale=0.5)
        rows, columns = np.flatnonzero(alpha.max(1) > 2), np.flatnonzero(alpha.max(0) > 2)
        if rows.size and columns.size:
            self._reach.append((int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1))
        return alpha

    @property
    def box(self) -> tuple[int, int, int, int]:
        """All that was ever covered, in pixels of the host's picture."""
        if not self._reach:
            return (0, 0, WIDTH, HEIGHT)
        reach = np.array(self._reach)
        low, high = reach[:, :2].min(0) * 2 - 4, reach[:, 2:].max(0) * 2 + 4
        return (max(0, int(low[0])), max(0, int(low[1])), min(WIDTH, int(high[0])), min(HEIGHT, int(high[1])))


def _around(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Smooth columns over time; the round has no ends."""
    reach = min(12, len(values) - 1)
    kernel = cv2.getGaussianKernel(2 * reach + 1, 4.0).ravel()
    wrapped = np.concatenate([values[-reach:], values, values[:reach]])
    columns = [np.convolve(wrapped[:, k], kernel, mode="valid") for k in range(values.shape[1])]
    return np.stack(columns, 1).astype(np.float32)
