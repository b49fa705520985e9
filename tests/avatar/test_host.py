"""Hosts on disk: the shipped ones are whole, the broken ones say so."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from avatar.face.host import HostError, load_host, read_host, write_host
from avatar.face.host_folder import BUILT_IN, host_folders


@pytest.mark.parametrize("folder", list(host_folders()), ids=lambda folder: folder.name)
def test_a_shipped_host_is_whole_and_is_nobody(folder: Path) -> None:
    host = read_host(folder)
    assert host.picture.shape[2] == 4
    assert 0.0 in host.mouth.rows and 0.0 in host.mouth.columns
    assert host.mouth.rows[0] < 0 and host.mouth.rows[-1] == 1.0
    assert host.eyes.rows[0] == 0.0 and host.eyes.rows[-1] == 1.0
    assert host.eyes.columns == (-1.0, 0.0, 1.0)
    assert host.bite is not None
    assert host.consent is None
    assert host.voice and host.title and host.gender in {"female", "male"}


def test_no_black_hole_gapes_between_neck_and_collar() -> None:
    host = load_host("muchen")
    assert host.turns is not None
    x, y = host.turns.rect.x, host.turns.rect.y
    for x0, x1 in ((368, 396), (644, 668)):
        seen = host.picture[684:712, x0:x1, 3] > 250
        heads = [host.picture[684:712, x0:x1, :3], *host.turns.images[:, 684 - y : 712 - y, x0 - x : x1 - x]]
        for head in heads:
            assert np.percentile(head[seen].max(1), 2) > 40


def test_a_host_survives_being_stored(tmp_path: Path) -> None:
    host = load_host("xiaoqi")
    write_host(host, tmp_path, quality=95)
    again = read_host(tmp_path)
    assert again.geometry == host.geometry
    assert again.mouth.rows == host.mouth.rows
    assert np.abs(again.picture.astype(int) - host.picture).mean() < 3


def test_the_merchants_own_host_is_found_before_a_shipped_one(tmp_path: Path) -> None:
    shutil.copytree(BUILT_IN / "xiaoqi", tmp_path / "xiaoqi")
    meta = json.loads((tmp_path / "xiaoqi" / "host.json").read_text("utf-8"))
    (tmp_path / "xiaoqi" / "host.json").write_text(json.dumps(meta | {"title": "自有"}), "utf-8")
    assert load_host("xiaoqi", hosts_dir=tmp_path).title == "自有"
    assert load_host("xiaoqi").title != "自有"


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("host.json", b"{"),
        ("host.json", b'{"format": 99}'),
        ("host.json", b"[]"),
        ("picture.webp", b""),
        ("picture.webp", b"RIFF"),
        ("mouth.webp", b"no picture"),
    ],
)
def test_broken_files_are_one_clear_error(tmp_path: Path, file: str, content: bytes) -> None:
    folder = tmp_path / "xiaoqi"
    shutil.copytree(BUILT_IN / "xiaoqi", folder)
    (folder / file).write_bytes(content)
    with pytest.raises(HostError, match="xiaoqi"):
        read_host(folder)
