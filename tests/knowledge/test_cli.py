"""The command line: exit codes, one line an error, JSON for programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from knowledge.command.cli import create_app
from knowledge.library import Library
from tests.knowledge.merchant import open_library, write_shop


class Terminal:
    """Runs commands on one data folder."""

    def __init__(self, data: Path) -> None:
        def open_here(path: Path | None) -> Library:
            return open_library(path or data)

        self._app = create_app(open_here)
        self._runner = CliRunner()

    def run(self, *args: object, code: int = 0) -> str:
        result = self._runner.invoke(self._app, [str(arg) for arg in args])
        assert result.exit_code == code, result.output
        return result.output if code == 0 else result.stderr

    def json(self, *args: object, code: int = 0) -> Any:
        result = self._runner.invoke(self._app, [*(str(arg) for arg in args), "--json"])
        assert result.exit_code == code, result.output
        return json.loads(result.stdout)


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path / "data")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return write_shop(tmp_path / "shop")


def test_add_search_publish_and_back(terminal: Terminal, shop: Path) -> None:
    assert "草稿 v1-" in terminal.run("add", shop, "--merchant", "shop")
    assert "已发布 v1-" in terminal.run("publish", "--merchant", "shop")
    assert "459元" in terminal.run("search", "纸月落地灯多少钱", "--merchant", "shop")
    assert "移除 1" in terminal.run("remove", "faq.csv", "--merchant", "shop", "--publish")
    assert "已退回到 v1-" in terminal.run("rollback", "--merchant", "shop")


def test_add_can_publish_at_once(terminal: Terminal, shop: Path) -> None:
    assert "已发布 v1-" in terminal.run("add", shop, "-m", "shop", "--publish")
    again = terminal.run("add", shop, "-m", "shop", "--publish")
    assert "没有变化 3" in again and "不需要新的草稿" in again


def test_every_listing_speaks_json(terminal: Terminal, shop: Path) -> None:
    added = terminal.json("add", shop, "-m", "shop", "--publish")
    assert (added["records"], len(added["added"]), added["published"]) == (3, 3, added["draft"])
    listed = terminal.json("list", "-m", "shop")
    assert [document["path"] for document in listed["documents"]] == ["faq.csv", "policy.md", "products.csv"]
    assert listed["published"] == added["draft"]
    assert terminal.json("list", "-m", "shop", "--versions")["history"][0]["action"] == "publish"
    found = terminal.json("search", "包邮吗？", "-m", "shop")
    assert (found["decision"], found["passages"][0]["source"]) == ("answer", "faq.csv:2")
    terminal.run("remove", "faq.csv", "-m", "shop")
    assert len(terminal.json("diff", "-m", "shop")["answers"]) == 3
    assert isinstance(terminal.json("lint", "-m", "shop", "--quick"), list)


def test_a_refused_file_is_one_line_and_the_rest_is_done(terminal: Terminal, shop: Path) -> None:
    (shop / "broken.xlsx").write_bytes(b"PK\x03\x04 no")
    output = terminal.run("add", shop, "-m", "shop")
    assert [line for line in output.splitlines() if line.startswith("拒绝 broken.xlsx：")]
    assert "新增 3；拒绝 1" in output
    terminal.run("add", shop, "-m", "shop", "--strict", code=1)
    terminal.run("add", shop / "broken.xlsx", "-m", "shop", code=1)


@pytest.mark.parametrize(
    "args",
    [
        ("publish", "-m", "shop"),
        ("rollback", "-m", "shop"),
        ("diff", "-m", "shop"),
        ("lint", "-m", "shop"),
        ("search", "包邮吗", "-m", "shop"),
        ("list", "-m", "../shop"),
        ("rollback", "-m", "shop", "--to", "v9"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_1(terminal: Terminal, args: tuple[str, ...]) -> None:
    error = terminal.run(*args, code=1)
    assert error.startswith("错误：") and len(error.strip().splitlines()) == 1


def test_wrong_usage_is_exit_2(terminal: Terminal, shop: Path) -> None:
    terminal.run("add", shop, code=2)
    terminal.run("nonsense", code=2)
    terminal.run("add", shop, "-m", "shop", "--publish", "--dry-run", code=2)


def test_a_dry_run_says_what_would_happen(terminal: Terminal, shop: Path) -> None:
    assert "没有写入任何东西" in terminal.run("add", shop, "-m", "shop", "--dry-run")
    assert terminal.json("list", "-m", "shop", "--draft")["documents"] == []


def test_the_data_folder_can_be_chosen(terminal: Terminal, shop: Path, tmp_path: Path) -> None:
    terminal.run("add", shop, "-m", "shop", "--data-dir", tmp_path / "elsewhere")
    assert terminal.json("list", "-m", "shop")["draft"] is None
    assert terminal.json("list", "-m", "shop", "--data-dir", tmp_path / "elsewhere")["draft"]


def test_a_mapping_file_explains_odd_columns(terminal: Terminal, tmp_path: Path) -> None:
    odd, mapping = tmp_path / "odd.csv", tmp_path / "mapping.csv"
    odd.write_text("款,到手\n台灯,99元\n", encoding="utf-8")
    mapping.write_text("列名,含义\n款,name\n到手,price\n", encoding="utf-8")
    assert terminal.json("add", odd, "-m", "shop", "--mapping", mapping)["records"] == 1
    mapping.write_text("只有一列\n", encoding="utf-8")
    assert "列名,含义" in terminal.run("add", odd, "-m", "shop", "--mapping", mapping, code=1)


def test_lint_fails_a_script_only_when_told_to(terminal: Terminal, shop: Path) -> None:
    (shop / "claims.md").write_text("# 介绍\n\n我们是最好的家居店。\n", encoding="utf-8")
    terminal.run("add", shop, "-m", "shop")
    assert "广告法" in terminal.run("lint", "-m", "shop", "--quick")
    terminal.run("lint", "-m", "shop", "--quick", "--strict", code=1)
    assert "没有发布" in terminal.run("publish", "-m", "shop", "--strict", code=1)
    assert terminal.json("list", "-m", "shop")["published"] is None
    assert "检查出 1 个错误" in terminal.run("publish", "-m", "shop")


def test_the_template_can_be_filled_in_and_added(terminal: Terminal, tmp_path: Path) -> None:
    assert "知识库模板.xlsx" in terminal.run("template", tmp_path)
    assert "已经存在" in terminal.run("template", tmp_path, code=1)
    added = terminal.json("add", tmp_path / "知识库模板.xlsx", "-m", "shop")
    assert (added["records"], added["refused"], added["notes"]) == (1, [], [])


def test_an_interrupt_says_that_nothing_live_was_touched(
    terminal: Terminal, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Library, "add", interrupted)
    assert "已发布的版本不受影响" in terminal.run("add", shop, "-m", "shop", code=1)


def test_limits_can_be_set(terminal: Terminal, shop: Path) -> None:
    assert "超过 2 行" in terminal.run("add", shop / "products.csv", "-m", "shop", "--max-rows", 2, code=1)
    assert terminal.json("add", shop, "-m", "shop", "--max-rows", 100)["refused"] == []


def test_a_deleted_file_can_be_mirrored(terminal: Terminal, shop: Path) -> None:
    terminal.run("add", shop, "-m", "shop", "--publish")
    (shop / "faq.csv").unlink()
    assert "注意 faq.csv" in terminal.run("add", shop, "-m", "shop")
    assert "移除 faq.csv" in terminal.run("add", shop, "-m", "shop", "--mirror", "--publish")
