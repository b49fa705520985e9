"""Where a face is and what it does: MediaPipe's face landmarker (478 points, 52 blendshapes).

The model file `face_landmarker.task` comes through `avatar.models.catalogue`; detection runs on the CPU in about 15 ms.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar.errors import AvatarError
from avatar.face.host import Image

UPPER_LIP, LOWER_LIP = 13, 14
"""Points at the middle of the lips' inner edges."""
LEFT_CORNER, RIGHT_CORNER = 61, 291
"""Corners of the mouth, left and right as seen by the viewer."""
CHIN, FOREHEAD, NOSE_TIP = 152, 10, 1
OUTER_LIPS = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146)
INNER_LIPS = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95)
"""Closed outlines that start at the left corner and run over the upper lip first."""
LEFT_EYE = (33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7)
RIGHT_EYE = (263, 466, 388, 387, 386, 385, 384, 398, 362, 382, 381, 380, 374, 373, 390, 249)
"""Closed outlines of the lids that start at the outer corner and run over the upper lid first."""
LEFT_IRIS, RIGHT_IRIS = (468, 469, 470, 471, 472), (473, 474, 475, 476, 477)
FACE_OVAL = (
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377),
    *(152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
)


@dataclass(frozen=True, slots=True)
class Face:
    """One face found in a picture."""

    points: NDArray[np.float64]
    """(478, 3): x, y in pixels, depth in pixels of about the same scale, smaller is nearer."""
    blendshapes: dict[str, float]
    """MediaPipe's 52 scores, 0..1, for example `jawOpen`."""

    @property
    def size(self) -> float:
        """Distance from forehead to chin, pixels."""
        return float(np.linalg.norm(self.points[FOREHEAD, :2] - self.points[CHIN, :2]))

    @property
    def mouth_opening(self) -> float:
        """Distance of the lips' inner edges as a share of the face's height; about 0 closed, 0.2 wide open."""
        return float(np.linalg.norm(self.points[UPPER_LIP, :2] - self.points[LOWER_LIP, :2])) / self.size

    @property
    def mouth_width(self) -> float:
        """Distance of the corners of the mouth as a share of the face's height."""
        return float(np.linalg.norm(self.points[LEFT_CORNER, :2] - self.points[RIGHT_CORNER, :2])) / self.size


class FaceFinder:
    """Finds faces in single pictures; close it, or use it as a context manager."""

    def __init__(self, model: Path, *, most: int = 2) -> None:
        """Load the model file; raises `AvatarError` when it is missing or broken."""
        from mediapipe.tasks import python as tasks  # type: ignore[import-untyped]
        from mediapipe.tasks.python import vision  # type: ignore[import-untyped]

        try:
            self._detector: Any = vision.FaceLandmarker.create_from_options(
                vision.FaceLandmarkerOptions(
                    base_options=tasks.BaseOptions(model_asset_buffer=model.read_bytes()),
                    output_face_blendshapes=True,
                    num_faces=most,
                    min_face_detection_confidence=0.4,
                )
            )
        except (OSError, RuntimeError, ValueError) as exc:
            raise AvatarError(
                f"人脸模型 {model} 读不出来，请运行 zhanggui models fetch / "
                f"the face model cannot be read ({exc}); fetch the models"
            ) from exc

    def find(self, picture: Image) -> list[Face]:
        """Return the faces in a BGR picture, the largest first."""
        import mediapipe as mp  # type: ignore[import-untyped]

        height, width = picture.shape[:2]
        rgb = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
        found = self._detector.detect(mp.Image(image_format=mp.ImageFormat.SRGB, data=np.ascontiguousarray(rgb)))
        faces = []
        for marks, shapes in zip(found.face_landmarks, found.face_blendshapes, strict=True):
            points = np.array([(p.x * width, p.y * height, p.z * width) for p in marks])
            faces.append(Face(points, {shape.category_name: float(shape.score) for shape in shapes}))
        return sorted(faces, key=lambda face: -face.size)

    def close(self) -> None:
        """Free the model; may be called twice."""
        if self._detector is not None:
            self._detector.close()
            self._detector = None

    def __enter__(self) -> FaceFinder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def outline(face: Face, indices: tuple[int, ...]) -> NDArray[np.float32]:
    """Return the named points of a face, (n, 2), pixels."""
    return cast(NDArray[np.float32], face.points[list(indices), :2].astype(np.float32))
