"""`zhanggui avatar preview` and `check` as a merchant sees them."""

import re
from pathlib import Path

import cv2
import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from avatar.command.cli import create_app
from avatar.command.host_cli import _FINDINGS
from avatar.rigging import quality
from tests.avatar.test_voice_cli import Settings


def _app(folder: Path) -> typer.Typer:
    return create_app(lambda _: Settings(folder, folder))


def test_a_preview_is_drawn_in_the_size_asked_for(tmp_path: Path) -> None:
    wish = ["preview", "xiaoqi", "--size", "16:9", "--out", str(tmp_path / "sheets")]
    result = CliRunner().invoke(_app(tmp_path), wish)
    assert result.exit_code == 0, result.output
    sheets = {path.stem: cv2.imread(str(path)).shape[:2] for path in (tmp_path / "sheets").glob("*.png")}
    assert sheets.keys() == {f"xiaoqi-{sheet}" for sheet in ("visemes", "emotions", "strip", "still")}
    assert sheets["xiaoqi-still"] == (720, 1280)
    assert sheets["xiaoqi-strip"] == (5 * 240, 5 * 426)  # ten seconds, every tenth of 250 pictures


def test_every_finding_has_a_name_in_chinese() -> None:
    source = Path(quality.__file__).read_text("utf-8")
    assert set(re.findall(r'_finding\(\s*"([^"]+)"', source)) == _FINDINGS.keys()


@pytest.mark.model
def test_a_report_names_what_was_looked_at(tmp_path: Path, models_dir: Path) -> None:
    photo = tmp_path / "wall.png"
    cv2.imwrite(str(photo), np.full((400, 300, 3), 180, np.uint8))
    app = create_app(lambda _: Settings(models_dir, tmp_path))
    result = CliRunner().invoke(app, ["check", "--photo", str(photo)])
    assert result.exit_code == 1
    assert re.search(r"^不行  找到人脸", result.output, re.MULTILINE)
