"""What goes wrong is said in one line: Chinese first, English beside it, with what to do."""

import ast
import re
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from avatar.command.cli import create_app, reporting
from avatar.command.video_cli import add_video_command
from avatar.errors import AvatarError
from tests.avatar.test_voice_cli import Settings

AVATAR = Path(__file__).parents[2] / "avatar"
TOLD = {"AvatarError", "CarrierError", "HostError", "MovementError", "PortraitError", "SceneError", "ScriptError"}
TOLD |= {"VideoError", "VoiceFailure"}


def _raised(path: Path) -> list[tuple[int, str]]:
    """Return the lines and the constant parts of the errors a user is told."""
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and isinstance(node.exc.func, ast.Name):
            if node.exc.func.id in TOLD and node.exc.args:
                parts = [one.value for one in ast.walk(node.exc.args[0]) if isinstance(one, ast.Constant)]
                if parts:  # else it passes on what was told before
                    found.append((node.lineno, "".join(str(part) for part in parts)))
    return found


def test_every_error_is_told_in_chinese_first_with_english_beside() -> None:
    told = [(path.name, *one) for path in AVATAR.rglob("*.py") for one in _raised(path)]
    assert len(told) > 60
    wrong = [
        one
        for one in told
        if not re.search(r"[一-鿿]", one[2].split(" / ")[0]) or not re.search(r" / .*[a-z]{2}", one[2])
    ]
    assert wrong == []
    assert [one for one in told if "\n" in one[2]] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["video", "out.mp4", "--script", "none.md"], "none.md：没有这个脚本文件"),
        (["video", "out.mp4", "--script", "none.md", "--size", "4:3"], "可选：9:16、16:9"),
        (["avatar", "create", "shop", "--photo", "a.jpg", "--clip", "a.mp4"], "二者选一"),
        (["avatar", "create", "shop", "--photo", "a.jpg"], "--consent"),
        (["avatar", "create", "shop", "--photo", "a.jpg", "--consent", "--voice", "nobody"], "nobody"),
        (["avatar", "create", "shop", "--photo", "a.jpg", "--consent", "--gender", "robot"], "robot"),
        (["avatar", "preview", "nobody"], "没有名为“nobody”的主播，可选："),
        (["avatar", "preview", "xiaoqi", "--size", "1:1"], "可选：9:16、16:9"),
        (["avatar", "preview", "xiaoqi", "--background", "moon"], "没有背景“moon”，请用"),
    ],
)
def test_a_command_says_what_is_wrong_in_one_line(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = typer.Typer()
    app.add_typer(create_app(lambda _: Settings(tmp_path, tmp_path)), name="avatar")
    add_video_command(app, lambda _: Settings(tmp_path, tmp_path), reporting)
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 1
    wrong = [line for line in result.output.splitlines() if line.startswith("错误：")]
    assert len(wrong) == 1
    assert said in wrong[0]
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PermissionError(13, "Permission denied", "/shop/out.mp4"), "/shop/out.mp4 不能读写"),
        (AvatarError("第一行\n第二行"), "第一行 第二行"),
    ],
)
def test_an_error_is_one_line_whatever_it_says(error: Exception, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit), reporting():
        raise error
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert told.startswith(f"错误：{said}")
