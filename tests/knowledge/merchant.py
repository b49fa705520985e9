"""A small merchant for the tests: files, an embedder that needs no weights, and a library over them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sqlalchemy import create_engine

from knowledge.embedder import Vectors
from knowledge.library import Library
from knowledge.limits import Limits

CATALOGUE = """编号,商品名称,简称,类目,价格,促销价,促销时间,库存,颜色
SF-01,云朵沙发,小云朵,沙发,1699元,1299元,2026-11-01 至 2027-12-31,36,奶白、燕麦
SF-02,山丘沙发,,沙发,2999元,,,14,燕麦
LP-01,纸月落地灯,落地灯,灯具,459元,,,58,暖白
"""
ANSWERS = """问题,答案
包邮吗？,满99元包邮。
可以开发票吗？,可以开电子发票，下单时备注抬头。
怎么联系人工客服？,说一声转人工，九点到二十一点有同事接。
"""
POLICY = """# 售后

## 退货

收货后7天内可以无理由退货，包装完好即可。

## 保修

沙发框架保修五年，灯具保修两年。
"""


class BigramEmbedder:
    """Hashes character bigrams into unit vectors: deterministic, no weights; counts what it was asked to embed."""

    def __init__(self, *, identity: str = "bigrams", dimensions: int = 64) -> None:
        self.identity = identity
        self.embedded: list[str] = []
        self._dimensions = dimensions

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.embedded.extend(texts)
        vectors = np.zeros((len(texts), self._dimensions), np.float32)
        for row, text in enumerate(texts):
            for left, right in zip(text, text[1:] + "$", strict=True):
                digest = hashlib.blake2b((left + right).encode(), digest_size=4).digest()
                vectors[row, int.from_bytes(digest, "big") % self._dimensions] += 1.0
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.maximum(norms, 1e-9), np.float32)


def write_shop(folder: Path) -> Path:
    """The three files of the shop in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "products.csv").write_text(CATALOGUE, encoding="utf-8")
    (folder / "faq.csv").write_text(ANSWERS, encoding="utf-8")
    (folder / "policy.md").write_text(POLICY, encoding="utf-8")
    return folder


def open_library(data: Path, *, embedder: BigramEmbedder | None = None, limits: Limits | None = None) -> Library:
    """A library below `data` with its own SQLite database."""
    data.mkdir(parents=True, exist_ok=True)
    engine = create_engine(f"sqlite:///{data / 'zhanggui.db'}", connect_args={"timeout": 30})
    made = embedder or BigramEmbedder()
    return Library(data / "knowledge", engine=engine, create_embedder=lambda: made, limits=limits)
