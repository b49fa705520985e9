"""The command line as a whole: every command of the contract is there, takes `--data-dir`, and lists as JSON."""

from __future__ import annotations

import html
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from stream import cli
from tests.demo_server import zhanggui

CONTRACT = {
    "": "demo serve doctor chat video backup restore migrate",
    "models": "list fetch",
    "merchant": "create list remove",
    "token": "create list revoke",
    "knowledge": "template add list remove search lint diff publish rollback eval",
    "leads": "list export erase stats replay rotate-key",
    "avatar": "create list check preview",
    "room": "create list start stop say pause resume",
}
ROOT = Path(__file__).resolve().parents[1]
ELSEWHERE = {("models", "list"), ("models", "fetch"), ("knowledge", "template")}
"""Commands that touch no merchant's data."""


@pytest.fixture(scope="module")
def root() -> Any:
    """The whole tree of commands."""
    cli._mount()
    return typer.main.get_command(cli.app)


def walk(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command with its words; a group is what holds commands."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from walk(command, (*path, name))
        else:
            yield (*path, name), command


def test_every_command_of_the_contract_is_there(root: Any) -> None:
    known = {path for path, _ in walk(root)}
    wanted = {(*group.split(), name) for group, names in CONTRACT.items() for name in names.split()}
    assert wanted <= known


def test_every_command_takes_a_data_folder_and_says_what_it_does(root: Any) -> None:
    for path, command in walk(root):
        options = {option for parameter in command.params for option in parameter.opts}
        assert path in ELSEWHERE or "--data-dir" in options, f"zhanggui {' '.join(path)} takes no --data-dir"
        assert command.help, f"zhanggui {' '.join(path)} has no help"


def test_every_listing_takes_json(root: Any) -> None:
    for path, command in walk(root):
        if path[-1] == "list":
            options = {option for parameter in command.params for option in parameter.opts}
            assert "--json" in options, f"zhanggui {' '.join(path)} takes no --json"


def test_a_shop_is_backed_up_and_brought_back_by_command(tmp_path: Path) -> None:
    first, second, file = tmp_path / "first", tmp_path / "second", tmp_path / "shop.zip"
    assert zhanggui("merchant", "create", "shop", "--data-dir", str(first)).returncode == 0
    made = zhanggui("backup", str(file), "--json", "--data-dir", str(first))
    assert json.loads(made.stdout)["rows"]["merchants"] == 1 and file.with_name("shop.zip.keys").exists()
    done = zhanggui("restore", str(file), "--json", "--data-dir", str(second))
    assert json.loads(done.stdout)["rows"]["merchants"] == 1
    again = zhanggui("restore", str(file), "--data-dir", str(second))
    assert again.returncode == 1 and len(again.stderr.strip().splitlines()) == 1
    assert "zhanggui.db" in again.stderr and "--force" in again.stderr
    listed = zhanggui("merchant", "list", "--json", "--data-dir", str(second))
    assert [row["id"] for row in json.loads(listed.stdout)] == ["shop"]
    upgraded = zhanggui("migrate", "--json", "--data-dir", str(second))
    assert json.loads(upgraded.stdout)["applied"] == []
    assert zhanggui("backup", "--data-dir", str(second)).returncode == 2


def _shown() -> Iterator[tuple[str, list[str]]]:
    """Each command line that the README, the manuals and the pages show, with the file it stands in."""
    files = [
        ROOT / "README.md",
        *sorted((ROOT / "docs").glob("*.md")),
        *sorted((ROOT / "stream" / "web").rglob("*.html")),
    ]
    for file in files:
        text = html.unescape(re.sub(r"</?(?:code|pre|button)[^>]*>", "\n", file.read_text("utf-8")))
        for line in text.replace("\\\n", " ").splitlines():
            found = re.match(r"(?:[A-Z_]+=\S+ )*zhanggui ((?:[a-z-]+)(?: .*)?)$", line.strip())
            if found and "`" not in line:
                typed = re.split(r"\s[<>|]\s", found[1])[0]  # the rest is the shell's
                yield file.name, shlex.split(typed, comments=True)


def test_every_command_line_shown_to_a_merchant_can_be_typed(root: Any) -> None:
    """Its words name a command, its options are that command's, and nothing required is missing."""
    shown = list(_shown())
    assert len(shown) > 40
    for file, words in shown:
        line, command, rest = f"{file}: zhanggui {' '.join(words)}", root, list(words)
        while hasattr(command, "commands"):
            assert rest and rest[0] in command.commands, line
            command = command.commands[rest.pop(0)]
        options = {
            option: parameter for parameter in command.params for option in parameter.opts + parameter.secondary_opts
        }
        given, values = set(), 0
        while rest:
            word = rest.pop(0)
            if word.startswith("-"):
                name, has_value, _ = word.partition("=")
                assert name in options, f"{line}: {name}"
                given.add(options[name].name)
                if not has_value and not options[name].is_flag:
                    assert rest, f"{line}: {name} wants a value"
                    rest.pop(0)
            else:
                values += 1
        wanted = [p for p in command.params if p.required and p.opts[0].startswith("-")]
        assert all(parameter.name in given for parameter in wanted), f"{line}: {[p.opts for p in wanted]}"
        arguments = [p for p in command.params if not p.opts[0].startswith("-")]
        assert values >= sum(p.required for p in arguments), f"{line}: an argument is missing"
        assert values <= len(arguments) or any(p.nargs == -1 for p in arguments), f"{line}: too many arguments"
