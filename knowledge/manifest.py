"""What a version says about itself, in `manifest.json` beside its content."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from knowledge.errors import KnowledgeError

MANIFEST_FILE = "manifest.json"
SCHEMA = 1


class ContentError(KnowledgeError):
    """A version directory is missing, unfinished or was written by a newer program."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a version says about itself."""

    version: str
    merchant: str
    number: int
    """1-based count of the versions of this merchant."""
    parent: str | None
    """The version this one was derived from."""
    created_at: str
    """UTC, ISO 8601."""
    digest: str
    """SHA-256 over all passages and records: equal content, equal digest."""
    embedder: str
    documents: int
    passages: int
    records: int
    schema: int = SCHEMA

    @classmethod
    def read(cls, directory: Path) -> Manifest:
        """The manifest of a version directory; raises `ContentError`."""
        path = directory / MANIFEST_FILE
        try:
            fields = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError as exc:
            raise ContentError(f"知识版本不完整，缺少 {path}：请重新执行 knowledge add") from exc
        except ValueError as exc:
            raise ContentError(f"知识版本的清单已损坏：{path}") from exc
        if fields.get("schema") != SCHEMA:
            raise ContentError(f"知识版本 {path.parent.name} 的格式是 {fields.get('schema')}，本程序只认识 {SCHEMA}")
        return cls(**fields)

    def to_json(self) -> str:
        """The manifest as it stands on the disk."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1)
