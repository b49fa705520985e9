"""What the merchant says their columns mean: a small file beside the tables, for titles nobody could guess."""

from __future__ import annotations

import json
from pathlib import Path

from knowledge.document import RefusedError
from knowledge.errors import KnowledgeError
from knowledge.limits import Limits
from knowledge.parsers.plain import decode


def read_mapping(path: Path) -> dict[str, str]:
    """Column title → meaning, from a JSON object or a two-column csv; raises KnowledgeError naming the file."""
    try:
        text = decode(path.read_bytes(), limits=Limits())
        if path.suffix.lower() == ".json":
            found = json.loads(text)
            if not isinstance(found, dict) or not all(isinstance(said, str) for said in found.values()):
                raise KnowledgeError(f'{path}：列名对照要写成 {{"列名": "含义"}}')
            return found
        rows = [line.replace("，", ",").split(",", 1) for line in text.splitlines() if line.strip()]
    except OSError as exc:
        raise KnowledgeError(f"{path}：打不开（{exc.strerror}）") from exc
    except (ValueError, RefusedError) as exc:
        raise KnowledgeError(f"{path}：列名对照读不懂（{exc}）") from exc
    if any(len(row) != 2 for row in rows):
        raise KnowledgeError(f"{path}：每行要写成“列名,含义”")
    return {title.strip(): meaning.strip() for title, meaning in rows if title.strip() != "列名"}
