"""Passage vectors in Chroma: a folder of its own in each version, or a collection on a Chroma server.

Vectors always come from our embedder: Chroma's own default would fetch a model. Its telemetry stays off. `chromadb` is
imported when a store is opened, not before: it costs half a second.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import httpx
import numpy as np

from knowledge.embedder import Embedder, Vectors
from knowledge.errors import KnowledgeError

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.models.Collection import Collection

BATCH = 256
TIMEOUT_S = 60.0
"""Longest wait for a Chroma server."""
_COLLECTION = "passages"


class DenseIndex:
    """Nearest passages by cosine, in process or on a server. Safe for several threads; `close` releases the files."""

    def __init__(self, client: Client, collection: Collection) -> None:
        self._client = client
        self._collection = collection
        self._count = collection.count()

    def __len__(self) -> int:
        return self._count

    def search(self, vector: Vectors, *, limit: int) -> list[tuple[str, float]]:
        """(passage id, cosine) of the nearest passages, best first; `vector` has shape (dimensions,)."""
        if not self._count:
            return []
        try:
            found = self._collection.query(
                query_embeddings=vector[np.newaxis], n_results=min(limit, self._count), include=["distances"]
            )
        except Exception as exc:  # Chroma raises errors of several libraries
            raise KnowledgeError(f"the vector store did not answer: {type(exc).__name__}: {exc}") from exc
        distances = found["distances"] or [[]]
        return [(id_, 1.0 - float(distance)) for id_, distance in zip(found["ids"][0], distances[0], strict=True)]

    def vectors(self, ids: Sequence[str]) -> dict[str, Vectors]:
        """The stored vectors of these passages; unknown ids are left out."""
        if not ids:
            return {}
        found = self._collection.get(ids=list(ids), include=["embeddings"])
        rows = found["embeddings"]
        return (
            {}
            if rows is None
            else {id_: np.asarray(row, np.float32) for id_, row in zip(found["ids"], rows, strict=True)}
        )

    def close(self) -> None:
        """Release the store; may be called twice."""
        _close(self._client)


def open_dense(folder: Path, *, name: str, url: str | None = None) -> DenseIndex:
    """Open the vectors of one version: from `folder`, or collection `name` at the Chroma server `url`."""
    client = _connect(folder, url)
    try:
        collection = client.get_collection(name if url else _COLLECTION, embedding_function=None)
        return DenseIndex(client, collection)
    except Exception as exc:
        _close(client)
        where = url or folder
        raise KnowledgeError(f"{where}: no vectors of this version ({exc}); publish the material again") from exc


def write_dense(
    folder: Path,
    *,
    name: str,
    url: str | None = None,
    previous: Path | None,
    previous_name: str | None,
    added: Iterable[tuple[str, str]],
    removed: Sequence[str],
    embedder: Embedder,
    progress: Callable[[int], None],
) -> None:
    """Write the vectors of a new version; those of the previous one are copied, not computed again.

    `added` are (passage id, text) and are embedded in batches; `progress` gets the number done so far.
    """
    if url is None and previous is not None:
        shutil.copytree(previous, folder)
    client = _connect(folder, url)
    try:
        if url is not None and name in {known.name for known in client.list_collections()}:
            client.delete_collection(name)  # left behind by a build that was broken off
        collection = client.get_or_create_collection(
            name if url else _COLLECTION,
            embedding_function=None,
            configuration={"hnsw": {"space": "cosine", "ef_construction": 100, "ef_search": 64, "max_neighbors": 16}},
        )
        if url is not None and previous_name is not None:
            _copy(client.get_collection(previous_name, embedding_function=None), collection, set(removed))
        else:
            for batch in _batched(removed):
                collection.delete(ids=batch)
        done = 0
        for pairs in _batched(added):
            vectors = embedder.embed([text for _, text in pairs])
            collection.upsert(ids=[passage_id for passage_id, _ in pairs], embeddings=vectors)
            done += len(pairs)
            progress(done)
    except KnowledgeError:
        raise
    except Exception as exc:
        raise KnowledgeError(f"{url or folder}: the vectors could not be written: {type(exc).__name__}: {exc}") from exc
    finally:
        _close(client)


def drop_dense(*, name: str, url: str) -> None:
    """Delete a version's collection from a Chroma server; a version that is not there is no error."""
    client = _connect(Path(), url)
    try:
        if name in {known.name for known in client.list_collections()}:
            client.delete_collection(name)
    finally:
        _close(client)


def _connect(folder: Path, url: str | None) -> Client:
    import chromadb
    from chromadb.config import Settings

    logging.getLogger("chromadb.telemetry").setLevel(logging.CRITICAL)
    settings = Settings(anonymized_telemetry=False)
    try:
        if url is None:
            return cast("Client", chromadb.PersistentClient(path=str(folder), settings=settings))
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        host = parts.hostname or url
        client = chromadb.HttpClient(
            host=host, port=parts.port or (443 if secure else 8000), ssl=secure, settings=settings
        )
        for session in _sessions(cast("Client", client)):
            session.timeout = TIMEOUT_S
        return cast("Client", client)
    except Exception as exc:
        where = f"Chroma server {url}" if url else str(folder)
        raise KnowledgeError(f"{where}: cannot be opened ({type(exc).__name__}: {exc})") from exc


def _sessions(client: Client) -> list[httpx.Client]:
    """The connections of a client of a server: Chroma neither bounds their waits nor closes them itself."""
    servers = (getattr(owner, "_server", None) for owner in (client, getattr(client, "_admin_client", None)))
    sessions = (getattr(server, "_session", None) for server in servers)
    return [session for session in sessions if isinstance(session, httpx.Client)]


def _close(client: Client) -> None:
    sessions = _sessions(client)
    client.close()
    for session in sessions:
        session.close()


def _copy(source: Collection, target: Collection, leave_out: set[str]) -> None:
    total, at = source.count(), 0
    while at < total:
        page = source.get(limit=1_000, offset=at, include=["embeddings"])
        rows: Any = page["embeddings"]
        keep = [index for index, id_ in enumerate(page["ids"]) if id_ not in leave_out]
        if keep:
            target.upsert(ids=[page["ids"][index] for index in keep], embeddings=np.asarray(rows)[keep])
        at += 1_000


def _batched(items: Iterable[tuple[str, str]] | Sequence[str]) -> Iterator[list[Any]]:
    iterator = iter(items)
    while batch := list(islice(iterator, BATCH)):
        yield batch
