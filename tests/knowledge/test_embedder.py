"""Embedders: unit vectors from the default, from LangChain and from an OpenAI-compatible server."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding, Embeddings

from knowledge.embedder import EmbedderError, LangChainEmbedder, OpenAIEmbedder, create_embedder


class _Embeddings(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        texts = body["input"]
        rows = [{"index": at, "embedding": [float(len(text)), 1.0, 0.0]} for at, text in enumerate(texts)]
        if body["model"] == "ragged":
            rows[0]["embedding"] = [1.0]
        known = body["model"] in ("m", "ragged")
        answer = json.dumps({"data": rows[::-1], "model": "m", "usage": {}, "object": "list"} if known else {})
        self.send_response(200 if known else 404)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(answer.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def base_url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Embeddings)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_default_gives_unit_vectors_in_the_order_asked() -> None:
    embedder = create_embedder()
    texts = ["沙发可以拆洗吗，拆下来以后怎么装回去", "拆洗", "落地灯"]
    together, alone = embedder.embed(texts), embedder.embed(texts[1:2])
    assert together.shape == (3, 512)
    assert together.dtype == np.float32
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    assert float(together[1] @ alone[0]) > 0.99
    assert embedder.embed([]).shape == (0, 512)


def test_any_langchain_embeddings_will_do() -> None:
    embedder = LangChainEmbedder(DeterministicFakeEmbedding(size=16), identity="fake-16")
    assert embedder.identity == "fake-16"
    assert np.allclose(np.linalg.norm(embedder.embed(["甲", "乙"]), axis=1), 1, atol=1e-5)


def test_a_langchain_provider_is_made_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "langchain_ollama.py").write_text(
        "from langchain_core.embeddings import DeterministicFakeEmbedding\n"
        "class OllamaEmbeddings(DeterministicFakeEmbedding):\n"
        "    def __init__(self, model, base_url): super().__init__(size=len(model + base_url))\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    embedder = create_embedder("langchain", model="ollama:bge", base_url="http://127.0.0.1:1", api_key="none")
    monkeypatch.delitem(sys.modules, "langchain_ollama")
    assert embedder.identity == "langchain:ollama:bge"
    assert embedder.embed(["甲"]).shape == (1, len("bge" + "http://127.0.0.1:1"))


@pytest.mark.parametrize(
    ("model", "told"),
    [("mistralai:mistral-embed", "langchain-mistralai"), ("nobody:x", "nobody"), ("", "Must specify model name")],
)
def test_a_langchain_provider_that_cannot_be_made_says_what_is_missing(model: str, told: str) -> None:
    with pytest.raises(EmbedderError, match=told) as raised:
        create_embedder("langchain", model=model)
    assert "\n" not in str(raised.value)


def test_a_vendors_error_becomes_ours() -> None:
    class Broken(Embeddings):
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            raise RuntimeError("quota")

        def embed_query(self, text: str) -> list[float]:
            raise RuntimeError("quota")

    with pytest.raises(EmbedderError, match="quota"):
        LangChainEmbedder(Broken(), identity="broken").embed(["甲"])


def test_a_server_is_asked_in_batches_and_its_order_restored(base_url: str) -> None:
    embedder = OpenAIEmbedder(base_url=base_url, model="m", batch=2)
    vectors = embedder.embed(["a", "bb", "ccc"])
    assert embedder.identity == "openai:m"
    assert np.allclose(vectors[:, 0] / vectors[:, 1], [1, 2, 3], atol=1e-5)
    embedder.close()


@pytest.mark.parametrize("model", ["unknown", "ragged"])
def test_a_server_without_usable_vectors_is_an_error(base_url: str, model: str) -> None:
    embedder = OpenAIEmbedder(base_url=base_url, model=model)
    with pytest.raises(EmbedderError):
        embedder.embed(["a", "bb"])
    embedder.close()


def test_an_unknown_name_says_what_there_is() -> None:
    with pytest.raises(EmbedderError, match="openai, use"):
        create_embedder("word2vec")
    with pytest.raises(EmbedderError, match="base_url"):
        create_embedder("openai")
