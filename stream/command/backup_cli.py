"""`zhanggui backup`, `restore` and `migrate`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from stream.settings import Settings

DataDir = Annotated[Path | None, typer.Option("--data-dir", help="数据目录 / data folder", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")]
Force = Annotated[bool, typer.Option("--force", help="已有的也换掉 / replace what is there")]


def add_backup_commands(app: typer.Typer, settings_of: Callable[[Path | None], Settings]) -> None:
    """Adds the three commands to the root."""

    @app.command()
    def backup(
        file: Annotated[Path, typer.Argument(help="写到哪个文件，如 shop.zip / file to write")],
        keys: Annotated[
            bool, typer.Option("--keys/--no-keys", help="把密钥写到 文件名.keys / write the keys beside it")
        ] = True,
        force: Force = False,
        data_dir: DataDir = None,
        as_json: AsJson = False,
    ) -> None:
        """备份整家店，营业时也可以。/ Back up the whole shop, also while it is served."""
        from stream.backup.backup import back_up

        settings = settings_of(data_dir)
        made = back_up(settings, file, with_keys=keys, force=force)
        if as_json:
            done = {"file": str(made.file), "keys": str(made.keys) if made.keys else None, "bytes": made.size}
            typer.echo(json.dumps({**done, "files": made.files, "rows": made.rows}, ensure_ascii=False, indent=2))
            return
        counted = f"，{made.rows['leads']} 条线索、{made.rows['conversations']} 个会话" if "leads" in made.rows else ""
        typer.echo(f"已备份到 {made.file}（{made.size / 1e6:.1f} MB，{made.files} 个文件{counted}）")
        if made.keys:
            typer.echo(f"密钥在 {made.keys}：和备份分开放。两个都在才能恢复，缺了它联系方式打不开")
        else:
            typer.echo(f"没有写密钥：请另外保管 {settings.data_dir / 'keys'}，缺了它联系方式打不开")
        typer.echo("不含录像、HLS 切片、语音缓存和模型 / without recordings, segments, cached speech and models")

    @app.command()
    def restore(
        file: Annotated[Path, typer.Argument(help="备份文件 / the backup")],
        keys: Annotated[
            Path | None, typer.Option("--keys", help="密钥文件，默认 文件名.keys / its keys", show_default=False)
        ] = None,
        force: Force = False,
        data_dir: DataDir = None,
        as_json: AsJson = False,
    ) -> None:
        """恢复备份：先全部核对，再放进来。/ Restore a backup: all of it is checked first."""
        from stream.backup.restore import restore as bring_back

        done = bring_back(settings_of(data_dir), file, keys=keys, force=force)
        if as_json:
            kept = str(done.kept) if done.kept else None
            told = {"created_at": done.created_at, "files": done.files, "rows": done.rows, "kept": kept}
            typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
            return
        typer.echo(f"已恢复 {done.created_at} 的备份，{done.files} 个文件，已逐个核对")
        if done.kept:
            typer.echo(f"原来的移到了 {done.kept}，确认无误后可以删掉")

    @app.command()
    def migrate(
        to: Annotated[
            str | None,
            typer.Option("--to", help="搬到另一个空数据库，如 postgresql://… / move into another", show_default=False),
        ] = None,
        data_dir: DataDir = None,
        as_json: AsJson = False,
    ) -> None:
        """把数据库升到当前版本，或搬到另一个数据库。/ Bring the tables up to date, or move them."""
        from stream.backup.transfer import transfer, upgrade

        settings = settings_of(data_dir)
        if to is not None:
            rows = transfer(settings, to)
            if as_json:
                typer.echo(json.dumps({"rows": rows}, ensure_ascii=False, indent=2))
                return
            typer.echo(
                f"已搬过去 {sum(rows.values())} 行，逐表核对过。之后这样启动：ZHANGGUI_DATABASE_URL=… zhanggui serve"
            )
            return
        done = upgrade(settings)
        if as_json:
            typer.echo(json.dumps({"applied": list(done.applied), "version": done.version}, indent=2))
            return
        steps = f"做了第 {'、'.join(map(str, done.applied))} 步" if done.applied else "没有要做的"
        typer.echo(f"数据库是第 {done.version} 版，{steps} / tables are up to date")
