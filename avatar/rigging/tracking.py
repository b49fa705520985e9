"""Where the face is in every picture of a clip, without tremble: what lets a rig made from one picture follow all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar.face.movement import Places
from avatar.rigging.landmarks import LEFT_EYE, RIGHT_EYE, Face, outline

_BONES = (
    *(168, 6, 197, 195, 5, 4, 1, 2, 98, 327, 129, 358, 49, 279),  # nose
    *(33, 133, 362, 263, 130, 359, 226, 446),  # corners of the eyes
    *(117, 346, 50, 280, 205, 425, 187, 411, 234, 454, 127, 356),  # cheeks and temples
)
"""Points that neither lips nor lids nor brows move."""
_CALM = 1.6
"""Standard deviation in pictures of the smoothing over time."""


@dataclass(frozen=True, slots=True)
class Track:
    """What a face does over the pictures of a clip."""

    places: Places
    shut: NDArray[np.float32]
    """(n,): how far the person's own lids are closed, 0..1."""
    attitude: NDArray[np.float32]
    """(n, 3): turn, nod and tilt in degrees, up to a constant."""

    def taken(self, first: int, last: int) -> Track:
        """Return the track of the pictures `first` to `last`, without the last."""
        return Track(self.places[first:last], self.shut[first:last], self.attitude[first:last])


class Tracker:
    """Collects faces picture by picture and gives the smoothed track of all of them."""

    def __init__(self, still: Face) -> None:
        """Take the face, in pixels, of the still that the rig is made of."""
        bones = still.points[list(_BONES), :2]
        self._from = np.hstack([bones, np.ones((len(bones), 1))])
        self._places: list[NDArray[np.float64] | None] = []
        self._shut: list[float] = []
        self._attitude: list[tuple[float, float, float]] = []

    def push(self, face: Face | None) -> None:
        """Take the face of the next picture, or None where none was found."""
        if face is None:
            self._places.append(None)
            self._shut.append(self._shut[-1] if self._shut else 0.0)
            self._attitude.append(self._attitude[-1] if self._attitude else (0.0, 0.0, 0.0))
            return
        solved = np.linalg.lstsq(self._from, face.points[list(_BONES), :2], rcond=None)[0]
        self._places.append(np.asarray(solved.T, np.float64))
        blink = max(face.blendshapes.get("eyeBlinkLeft", 0.0), face.blendshapes.get("eyeBlinkRight", 0.0))
        self._shut.append(min(1.0, max(0.0, (blink - 0.25) / 0.4)))
        self._attitude.append(attitude(face))

    @property
    def seen(self) -> list[bool]:
        """For each picture whether a face was found."""
        return [place is not None for place in self._places]

    def track(self) -> Track:
        """Return the smoothed track; needs at least one face."""
        known = [k for k, place in enumerate(self._places) if place is not None]
        at = np.arange(len(self._places))
        flat = np.array([self._places[k] for k in known]).reshape(len(known), 6)
        whole = np.stack([np.interp(at, known, flat[:, column]) for column in range(6)], 1)
        return Track(
            _smoothed(whole).reshape(-1, 2, 3).astype(np.float32),
            np.array(self._shut, np.float32),
            _smoothed(np.array(self._attitude, np.float64)).astype(np.float32),
        )


def attitude(face: Face) -> tuple[float, float, float]:
    """Estimate how a head is held: turn, nod and tilt in degrees, up to a constant."""
    points = face.points
    left, right = outline(face, LEFT_EYE).mean(0), outline(face, RIGHT_EYE).mean(0)
    span = float(np.linalg.norm(right - left))
    tilt = float(np.degrees(np.arctan2(right[1] - left[1], right[0] - left[0])))
    middle = (left + right) / 2
    turn = float(np.degrees(np.arcsin(np.clip((points[1, 0] - middle[0]) / span, -1, 1)))) * 0.9
    nod = float((points[1, 1] - middle[1]) / span * 60)
    return turn, nod, tilt


def _smoothed(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Smooth columns over time without delay."""
    reach = int(4 * _CALM)
    padded = np.pad(values, ((reach, reach), (0, 0)), mode="reflect" if len(values) > reach else "edge")
    kernel = cv2.getGaussianKernel(2 * reach + 1, _CALM).ravel()
    columns = [np.convolve(padded[:, k], kernel, mode="valid") for k in range(values.shape[1])]
    return cast(NDArray[np.float64], np.stack(columns, 1))
