"""A second, slower look at the best passages, off unless a user switches it on.

`CrossEncoderReranker` runs a local model of sentence-transformers' form; `RemoteReranker` asks any server with the
`/rerank` route that vLLM, Infinity, Jina and Cohere share.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import httpx

from knowledge.errors import KnowledgeError


class RerankerError(KnowledgeError):
    """The reranker gave no usable scores."""


class Reranker(Protocol):
    """Scores how well each text answers the question."""

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        """One score for each text, higher is better, comparable inside one call; raises RerankerError."""
        ...


class CrossEncoder(Protocol):
    """What is used of a `sentence_transformers.CrossEncoder`: hand one in, the weights are the user's own."""

    def predict(self, pairs: list[tuple[str, str]]) -> Any: ...


class CrossEncoderReranker:
    """Reranks with a cross-encoder in this process."""

    def __init__(self, model: CrossEncoder) -> None:
        self._model = model

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        """See `Reranker.score`."""
        if not texts:
            return []
        scores = [float(score) for score in self._model.predict([(question, text) for text in texts])]
        if len(scores) != len(texts):
            raise RerankerError(f"the cross-encoder scored {len(scores)} of {len(texts)} passages")
        return scores


class RemoteReranker:
    """Reranks at a server: POST `{base_url}/rerank` with `query` and `documents`, answered with `results`."""

    def __init__(
        self,
        *,
        base_url: str,
        model: str,
        api_key: str | None = None,
        timeout_s: float = 5.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._model = model
        self._url = base_url.rstrip("/") + "/rerank"
        self._client = httpx.Client(timeout=timeout_s, headers=headers, transport=transport)

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        """See `Reranker.score`."""
        if not texts:
            return []
        body = {"model": self._model, "query": question, "documents": list(texts), "top_n": len(texts)}
        try:
            answer = self._client.post(self._url, json=body)
            answer.raise_for_status()
            results = answer.json()["results"]
            scores = {int(result["index"]): float(result["relevance_score"]) for result in results}
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as exc:
            raise RerankerError(f"{self._url}: {type(exc).__name__}: {exc}") from exc
        if set(scores) != set(range(len(texts))):
            raise RerankerError(f"{self._url}: scored {len(scores)} of {len(texts)} passages")
        return [scores[index] for index in range(len(texts))]

    def close(self) -> None:
        """Close the connections; may be called twice."""
        self._client.close()
