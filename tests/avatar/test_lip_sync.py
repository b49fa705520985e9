"""Measured on rendered frames by MediaPipe: the mouth does what the sounds ask."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from avatar.face.host_folder import host_folders
from avatar.models.catalogue import LANDMARKER, open_models
from avatar.rigging.landmarks import FaceFinder
from tests.avatar.lip_sync import measure_mouth

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def finder(models_dir: Path) -> Iterator[FaceFinder]:
    with FaceFinder(open_models(models_dir).folder(LANDMARKER) / "face_landmarker.task") as found:
        yield found


@pytest.mark.parametrize("name", [folder.name for folder in host_folders()])
def test_the_mouth_opens_with_the_sounds_and_closes_at_every_bilabial(name: str, finder: FaceFinder) -> None:
    measured = measure_mouth(name, finder, seconds=12, seed=5)
    assert measured.correlation >= 0.85
    assert measured.bilabials_closed >= 0.95
    assert measured.silence_opening < 0.12
    assert measured.rounding >= 0.7
    assert abs(measured.best_shift) <= 1
