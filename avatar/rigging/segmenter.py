"""Where a person is in a picture: MediaPipe's selfie segmentation (250 kB), on the CPU in about 10 ms.

The published model lacks the note that tells MediaPipe how to feed it (RGB, 0..1); the note is added when it is loaded.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from avatar.errors import AvatarError
from avatar.face.host import Image

Mask = NDArray[np.float32]
"""Height x width, 0 surroundings .. 1 person."""

_SIDE = 512
"""Longest side of what the model is shown, pixels: it looks at 256."""


class PersonFinder:
    """Tells a person from the surroundings in single pictures; close it, or use it as a context manager."""

    def __init__(self, model: Path) -> None:
        """Load the model file; raises `AvatarError` when it is missing or broken."""
        from mediapipe.tasks import python as tasks  # type: ignore[import-untyped]
        from mediapipe.tasks.python import vision  # type: ignore[import-untyped]

        try:
            self._segmenter: Any = vision.ImageSegmenter.create_from_options(
                vision.ImageSegmenterOptions(
                    base_options=tasks.BaseOptions(model_asset_buffer=_described(model.read_bytes())),
                    output_category_mask=False,
                    output_confidence_masks=True,
                )
            )
        except (OSError, RuntimeError, ValueError, IndexError) as exc:
            raise AvatarError(
                f"人像抠图模型 {model} 读不出来，请运行 zhanggui models fetch / "
                f"the person model cannot be read ({exc}); fetch the models"
            ) from exc

    def find(self, picture: Image) -> Mask:
        """Return how surely each pixel of a BGR picture belongs to a person, in the picture's size."""
        import mediapipe as mp  # type: ignore[import-untyped]

        height, width = picture.shape[:2]
        scale = min(1.0, _SIDE / max(height, width))
        small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        rgb = np.ascontiguousarray(cv2.cvtColor(small, cv2.COLOR_BGR2RGB))
        found = self._segmenter.segment(mp.Image(image_format=mp.ImageFormat.SRGB, data=rgb))
        mask = np.array(found.confidence_masks[0].numpy_view(), np.float32).reshape(small.shape[:2])
        return cast(Mask, cv2.resize(mask, (width, height), interpolation=cv2.INTER_LINEAR))

    def close(self) -> None:
        """Free the model; may be called twice."""
        if self._segmenter is not None:
            self._segmenter.close()
            self._segmenter = None

    def __enter__(self) -> PersonFinder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _described(model: bytes) -> bytes:
    """Return a TensorFlow Lite model with the metadata MediaPipe asks for: an RGB picture in, divided by 255."""
    import flatbuffers  # type: ignore[import-untyped]
    from mediapipe.tasks.metadata import metadata_schema_py_generated as notes  # type: ignore[import-untyped]
    from mediapipe.tasks.metadata import schema_py_generated as schema

    scaling = notes.ProcessUnitT()
    scaling.optionsType = notes.ProcessUnitOptions.NormalizationOptions
    scaling.options = notes.NormalizationOptionsT()
    scaling.options.mean, scaling.options.std = [0.0], [255.0]
    told, mask = notes.TensorMetadataT(), notes.TensorMetadataT()
    for tensor, colours in ((told, notes.ColorSpaceType.RGB), (mask, notes.ColorSpaceType.GRAYSCALE)):
        tensor.content = notes.ContentT()
        tensor.content.contentPropertiesType = notes.ContentProperties.ImageProperties
        tensor.content.contentProperties = notes.ImagePropertiesT()
        tensor.content.contentProperties.colorSpace = colours
    told.processUnits = [scaling]
    graph = notes.SubGraphMetadataT()
    graph.inputTensorMetadata, graph.outputTensorMetadata = [told], [mask]
    whole = notes.ModelMetadataT()
    whole.subgraphMetadata = [graph]
    builder = flatbuffers.Builder(0)
    builder.Finish(whole.Pack(builder), b"M001")

    described = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(bytearray(model), 0))
    buffer, entry = schema.BufferT(), schema.MetadataT()
    buffer.data = np.frombuffer(bytes(builder.Output()), np.uint8)
    described.buffers.append(buffer)
    entry.name, entry.buffer = "TFLITE_METADATA", len(described.buffers) - 1
    described.metadata = [*(described.metadata or []), entry]
    builder = flatbuffers.Builder(0)
    builder.Finish(described.Pack(builder), b"TFL3")
    return bytes(builder.Output())
