"""`zhanggui avatar lexicon …`: the merchant's own words, without an editor."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated, Protocol

import typer

from avatar.voice.lexicon import load_lexicon, with_entry, without_entry

DataDir = Annotated[Path | None, typer.Option("--data-dir", help="数据文件夹")]
AsJson = Annotated[bool, typer.Option("--json", help="以 JSON 输出")]

FILE = "lexicon.txt"
"""Name of the lexicon in the data folder."""


class LexiconSettings(Protocol):
    """What the commands need to know."""

    @property
    def data_dir(self) -> Path:
        """The product's data folder."""
        ...


def add_lexicon_commands(
    app: typer.Typer,
    open_settings: Callable[[Path | None], LexiconSettings],
    reporting: Callable[[], AbstractContextManager[None]],
) -> None:
    """Add the sub-commands; `reporting` turns errors into one line."""
    lexicon = typer.Typer(help="自己的读音：列出、加上、删去（改完从下一句起生效）", no_args_is_help=True)
    app.add_typer(lexicon, name="lexicon")

    @lexicon.command("list")
    def listed(data_dir: DataDir = None, as_json: AsJson = False) -> None:
        """列出自己的读音和说法。"""
        with reporting():
            path = open_settings(data_dir).data_dir / FILE
            found = load_lexicon(path)
        rows = [{"written": word, "pinyin": " ".join(said)} for word, said in found.pronunciations.items()]
        rows += [{"written": word, "spoken": said} for word, said in found.replacements.items()]
        if as_json:
            typer.echo(json.dumps(rows, ensure_ascii=False))
            return
        for row in rows:
            typer.echo(
                f"{row['written']} = {row['pinyin']}" if "pinyin" in row else f"{row['written']} => {row['spoken']}"
            )
        if not rows:
            typer.echo(f"还没有自己的读音（{path}）。加一条：zhanggui avatar lexicon add 乐町 le4 ting3")

    @lexicon.command("add")
    def add(
        written: Annotated[str, typer.Argument(help="怎么写的，例如 乐町")],
        said: Annotated[list[str], typer.Argument(help="怎么念：每个字一个带声调数字的拼音，或者换成别的字")],
        data_dir: DataDir = None,
    ) -> None:
        """加一条读音（乐町 le4 ting3）或说法（QIMU 栖木）；已有的会换成新的。"""
        with reporting():
            path = open_settings(data_dir).data_dir / FILE
            text, line = with_entry(_read(path), written, " ".join(said), str(path))
            _write(path, text)
        typer.echo(f"{line}（{path}，从下一句起生效；试听：zhanggui avatar say {written}）")

    @lexicon.command("remove")
    def remove(
        written: Annotated[str, typer.Argument(help="怎么写的，例如 乐町")],
        data_dir: DataDir = None,
    ) -> None:
        """删去一条。"""
        with reporting():
            path = open_settings(data_dir).data_dir / FILE
            _write(path, without_entry(_read(path), written, str(path)))
        typer.echo(f"已删去 {written}（{path}，从下一句起生效）")


def _read(path: Path) -> str:
    load_lexicon(path)  # a file that cannot be used is said before it is changed
    return path.read_text(encoding="utf-8-sig") if path.exists() else ""


def _write(path: Path, text: str) -> None:
    """Replace the file whole: a crash leaves the old one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, prefix=f".{FILE}.", delete=False) as file:
        file.write(text)
    try:
        os.replace(file.name, path)
    except OSError:
        os.unlink(file.name)
        raise
