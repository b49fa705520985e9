"""A photo becomes a host: the person is cut out of the picture, the face gets its articulations."""

from __future__ import annotations

from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar.face.host import Geometry, Host, Image
from avatar.rigging.landmarks import CHIN, FOREHEAD, LEFT_EYE, LEFT_IRIS, RIGHT_EYE, RIGHT_IRIS, Face, outline
from avatar.rigging.lids import eye_patches
from avatar.rigging.lips import bite_patches, lower_rect, mouth_patches
from avatar.rigging.matte import cut_out
from avatar.rigging.portrait import cut
from avatar.rigging.segmenter import PersonFinder


def build_host(
    photo: Image,
    face: Face,
    *,
    name: str,
    title: str,
    gender: str,
    voice: str,
    consent: dict[str, Any],
    people: PersonFinder | None,
) -> Host:
    """Build a host from a BGR photo and the one face in it, whose lips are closed and whose eyes are open.

    Without `people` the person is cut out by colour, which is coarser.
    """
    picture, scale, offset = frame_photo(photo, face)
    placed = moved(face, scale, offset)
    clear, alpha = cut_out(picture, placed, people)
    lower = lower_rect(placed)
    return Host(
        name=name,
        title=title,
        gender=gender,
        voice=voice,
        picture=cast(Image, np.dstack([clear, alpha])),
        geometry=_geometry(placed, alpha),
        mouth=mouth_patches(picture, placed),
        eyes=eye_patches(picture, placed, bottom=lower.y),
        bite=bite_patches(picture, placed),
        backdrop=_backdrop(picture, alpha),
        consent=consent,
    )


def frame_photo(photo: Image, face: Face) -> tuple[Image, float, tuple[float, float]]:
    """Cut a photo to a host's shape around its face; see `avatar.rigging.portrait.cut`."""
    middle = (float(face.points[168, 0] + face.points[13, 0]) / 2, float(face.points[168, 1] + face.points[13, 1]) / 2)
    return cut(photo, middle, face.size)


def moved(face: Face, scale: float, offset: tuple[float, float]) -> Face:
    """Return a face as it lies in the cut picture."""
    points = face.points * scale
    points[:, 0] += offset[0]
    points[:, 1] += offset[1]
    return Face(points, face.blendshapes)


def _geometry(face: Face, alpha: NDArray[np.uint8]) -> Geometry:
    points = face.points
    chin = float(points[CHIN, 1])
    x, brow_y = float(points[FOREHEAD, 0]), float(points[FOREHEAD, 1])
    column = alpha[:, max(0, int(x) - 20) : int(x) + 20].max(1)
    rows = np.flatnonzero(column > 128)
    top = int(min(rows[0] if rows.size else brow_y, brow_y))
    top = max(top, int(brow_y - 0.5 * face.size))
    half_face = float(points[454, 0] - points[234, 0]) / 2
    middle_y = float(points[168, 1] + points[13, 1]) / 2
    irises = tuple(points[list(indices), :2].mean(0) for indices in (LEFT_IRIS, RIGHT_IRIS))
    eye = outline(face, LEFT_EYE)
    other = outline(face, RIGHT_EYE)
    half_width = float(np.linalg.norm(eye[0] - eye[8]) + np.linalg.norm(other[0] - other[8])) / 4
    half_height = float(np.ptp(eye[:, 1]) + np.ptp(other[:, 1])) / 4
    return Geometry(
        top=top,
        face=(float(points[168, 0] + points[13, 0]) / 2, middle_y),
        radius=(1.30 * half_face, (chin - top) / 2),
        chin=chin,
        shoulders=chin + 0.42 * face.size,
        eyes=((float(irises[0][0]), float(irises[0][1])), (float(irises[1][0]), float(irises[1][1]))),
        opening=(half_width, half_height),
    )


def _backdrop(picture: Image, alpha: NDArray[np.uint8]) -> Image:
    """Fill the place of the person with its surroundings, from coarse to fine, and blur all of it a little."""
    open_ = (cv2.dilate(alpha, np.ones((25, 25), np.uint8)) < 8).astype(np.float32)
    filled = picture.astype(np.float32) * open_[..., None]
    levels: list[tuple[Any, Any]] = [(filled, open_)]
    while min(levels[-1][0].shape[:2]) > 4:
        colour, weight = levels[-1]
        size = (max(1, colour.shape[1] // 2), max(1, colour.shape[0] // 2))
        levels.append(
            (
                cv2.resize(colour, size, interpolation=cv2.INTER_AREA),
                cv2.resize(weight, size, interpolation=cv2.INTER_AREA),
            )
        )
    colour, weight = levels[-1]
    total = max(float(weight.sum()), 1e-6)
    result = np.broadcast_to(colour.reshape(-1, 3).sum(0) / total, colour.shape).astype(np.float32)
    for colour, weight in reversed(levels):
        size = (colour.shape[1], colour.shape[0])
        grown = cv2.GaussianBlur(cv2.resize(result, size, interpolation=cv2.INTER_LINEAR), (0, 0), 1.5)
        share = np.clip(weight, 0, 1)[..., None]
        result = colour + grown * (1 - share)
    soft = cv2.GaussianBlur(result, (0, 0), 3.0)
    return cast(Image, np.clip(np.rint(soft), 0, 255).astype(np.uint8))
