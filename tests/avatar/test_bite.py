"""An f takes the lips as rounded or spread as its neighbours have them."""

from pathlib import Path

import numpy as np
import pytest

from avatar.face.bite import COLUMNS, approach, lips
from avatar.face.host import read_host
from avatar.face.host_folder import host_folders
from avatar.face.mouth import mouth_at
from avatar.voice.speech import SAMPLE_RATE, Viseme, VisemeSpan

MS = SAMPLE_RATE // 1000


def _f_between(vowel: Viseme) -> tuple[VisemeSpan, ...]:
    return (
        VisemeSpan(vowel, 0, 160 * MS, 0.6),
        VisemeSpan(Viseme.F, 160 * MS, 250 * MS, 0.6),
        VisemeSpan(vowel, 250 * MS, 420 * MS, 0.6),
    )


def test_between_rounded_vowels_the_lips_stay_as_rounded_as_they_are() -> None:
    mouth = mouth_at(180 * MS, _f_between(Viseme.U))
    _, wide, column, share = approach(mouth.open, mouth.wide, mouth.bite, roundest=-1.0)
    assert share > 0.9
    assert column < -0.4
    assert wide == pytest.approx(mouth.wide, abs=0.02)
    assert wide == pytest.approx(lips(column), abs=0.02)


def test_between_spread_vowels_and_on_older_hosts_the_spread_bite_is_shown() -> None:
    for vowel, roundest in ((Viseme.A, -1.0), (Viseme.U, 0.0)):
        mouth = mouth_at(180 * MS, _f_between(vowel))
        _, wide, column, share = approach(mouth.open, mouth.wide, mouth.bite, roundest=roundest)
        assert (column, share) == (0.0, pytest.approx(1.0, abs=0.1))
        assert wide == pytest.approx(lips(0.0), abs=0.02)


def test_without_a_bite_nothing_is_moved() -> None:
    assert approach(0.4, -0.6, 0.0, roundest=-1.0)[:2] == (0.4, -0.6)


@pytest.mark.parametrize("folder", list(host_folders()), ids=lambda folder: folder.name)
def test_a_shipped_host_has_a_rounded_and_a_spread_bite(folder: Path) -> None:
    bite = read_host(folder).bite
    assert bite is not None
    assert bite.columns == COLUMNS
    height, width = bite.images.shape[2:4]
    corner = (slice(height // 8, height // 3), slice(width // 5, width * 2 // 5))
    rounded, spread = (bite.images[0, k][corner].astype(int) for k in (0, 1))
    assert np.abs(rounded - spread).mean() > 3, "a corner of the mouth is where the other picture has a cheek"
