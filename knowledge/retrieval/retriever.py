"""One question in, honest evidence out: the record it is about, the facts it asks for, passages, and a decision."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol, Self

from knowledge.embedder import Embedder
from knowledge.evidence import Decision, Evidence, Passage, PassageKind, Told, Turn
from knowledge.folding import squeeze
from knowledge.question.field import Asked
from knowledge.question.question import Question, QuestionReader
from knowledge.question.reference import Resolution
from knowledge.record import Fact, Record
from knowledge.retrieval.clause import ClauseReader
from knowledge.retrieval.decision import DecisionModel, load_decision
from knowledge.retrieval.index.alike import telling
from knowledge.retrieval.index.opened import Index
from knowledge.retrieval.index.ranking import Ranker, Ranking, select
from knowledge.retrieval.reranker import Reranker, RerankerError

_log = logging.getLogger(__name__)

FAQ_MATCH = 0.62
"""Likeness from which the shop's own answer to the same question is preferred to a fact of a record."""
RARE = 3
"""Passages up to which a word tells what is asked about."""
HEAD = 8
"""Passages that are looked at for it."""
MAX_QUESTION = 500
"""Characters of a question that are read."""


class Source(Protocol):
    """What the retriever reads of a version; `content.Content` is one."""

    @property
    def version(self) -> str: ...
    @property
    def records(self) -> Sequence[Record]: ...
    def record(self, key: str) -> Record | None: ...
    def passages_by_id(self, ids: Iterable[str]) -> Iterator[Passage]: ...
    def passages_of(self, record_id: str) -> Sequence[Passage]: ...


class Retriever:
    """Searches one version of one merchant. Opened once, shared by every conversation; `close` releases the index."""

    def __init__(
        self,
        content: Source,
        *,
        index: Index,
        embedder: Embedder,
        merchant: str,
        decision: DecisionModel,
        reranker: Reranker | None = None,
    ) -> None:
        self._content = content
        self._index = index
        self._embedder = embedder
        self._merchant = merchant
        self._decision = decision
        self._reranker = reranker
        self._records = tuple(content.records)
        self._position = {record.id: at for at, record in enumerate(self._records)}
        self._questions = QuestionReader(self._records, embedder)
        self._clauses = ClauseReader(embedder)
        self._ranker = Ranker(index, embedder, content.passages_by_id)

    @classmethod
    def open(
        cls,
        content: Source,
        version_dir: Path,
        *,
        embedder: Embedder,
        merchant: str,
        chroma_url: str | None = None,
        reranker: Reranker | None = None,
    ) -> Self:
        """Open the index in `version_dir` for content read from the same folder. Blocking; raises KnowledgeError."""
        index = Index.open(version_dir, embedder=embedder, chroma_url=chroma_url)
        return cls(
            content,
            index=index,
            embedder=embedder,
            merchant=merchant,
            decision=load_decision(version_dir / "index"),
            reranker=reranker,
        )

    def over(self, content: Source) -> Self:
        """A retriever over other content of the same version, sharing this one's index; do not close it."""
        return type(self)(
            content,
            index=self._index,
            embedder=self._embedder,
            merchant=self._merchant,
            decision=self._decision,
            reranker=self._reranker,
        )

    def close(self) -> None:
        """Release the index; may be called twice."""
        self._index.close()

    async def search(
        self, question: str, *, product: str | None = None, limit: int = 6, history: Sequence[Turn] = ()
    ) -> Evidence:
        """Evidence for the question. `product` (id, name or alias) is what the customer is looking at: it is meant when
        neither the question nor the history names another record. `limit` bounds the passages."""
        return await asyncio.to_thread(self.search_now, question, product=product, limit=limit, history=history)

    def search_now(
        self, question: str, *, product: str | None = None, limit: int = 6, history: Sequence[Turn] = ()
    ) -> Evidence:
        """`search` for a caller that already is in a thread of its own. Blocking."""
        text = question.strip()[:MAX_QUESTION]
        given = self._content.record(product) if product else None
        reading = self._questions.read(text, given, history)
        record = reading.record
        own = tuple(self._content.passages_of(record.id)) if record is not None else ()
        record_id = record.id if record is not None else None
        ranking = self._ranker.rank(text, record_id=record_id, own=own)
        if record is not None and not reading.resolution.named:
            # With the name spoken of before its passages are found; without it we see whether they answer.
            ranking = _together(ranking, self._ranker.rank(f"{record.name} {text}", record_id=record_id, own=own))
        return self._decide(question, reading, ranking, limit)

    def _decide(self, question: str, reading: Question, ranking: Ranking, limit: int) -> Evidence:
        resolution, record = reading.resolution, reading.record
        ranked = self._reranked(reading.text, ranking)
        same = self._same(ranking, resolution)
        shop_wide = same is not None and (not resolution.named or not reading.facts)
        probability = self._decision.probability(ranking.signals)
        alike = ranking.alike
        swapped = alike is not None and alike.swapped and bool(ranked) and ranked[0][0].id == alike.passage.id
        parts = None if reading.facts or shop_wide else self._told(reading, ranking)

        def evidence(
            decision: Decision,
            confidence: float,
            *,
            passages: Sequence[tuple[Passage, float]] = (),
            facts: Sequence[Fact] = (),
            about: Record | None = None,
            ask: str | None = None,
            choices: Sequence[str] = (),
        ) -> Evidence:
            return Evidence(
                question=question,
                merchant=self._merchant,
                version=self._content.version,
                decision=decision,
                confidence=round(confidence, 4),
                passages=select(passages, limit=limit),
                facts=tuple(facts),
                record=about,
                ask=ask,
                choices=tuple(choices),
                near=None if decision is Decision.ANSWER else self._near(reading.text, ranking, resolution),
                told=parts,
            )

        if shop_wide and same is not None:
            rest = [pair for pair in ranked if pair[0].id != same.id]
            confidence = max(probability, ranking.likeness, FAQ_MATCH)
            about = record if resolution.named else None
            return evidence(Decision.ANSWER, confidence, passages=[(same, 1.0), *rest], about=about)
        if resolution.unknown is not None and ranking.likeness < FAQ_MATCH:
            told = not reading.asked or _tells_of(resolution.unknown, ranked)
            if resolution.named and told and not swapped and probability >= self._decision.answer_at:
                return evidence(Decision.ANSWER, probability, passages=ranked)
            if resolution.leaning:
                return evidence(Decision.ASK, 0.2, ask=_ask_name(reading.asked), choices=())
            return evidence(Decision.REFUSE, 1 - probability)
        if record is None and resolution.choices:
            names = [self._records[at].name for at in resolution.choices[:6]]
            return evidence(Decision.ASK, 0.4, passages=ranked, ask=_ask_which(names), choices=names)
        if record is not None and reading.facts:
            score = max(score for _, score in reading.facts)
            confidence = min(0.98, score * (0.5 + resolution.certainty / 2))
            facts = _with_promotion([fact for fact, _ in reading.facts], record)
            own = [pair for pair in ranked if pair[0].record_id == record.id]
            others = [pair for pair in ranked if pair[0].record_id != record.id]
            return evidence(Decision.ANSWER, confidence, passages=[*own, *others], facts=facts, about=record)
        strongest = reading.asked[0].score if reading.asked else 0.0
        if record is None and strongest >= 0.8 and self._records and probability < max(0.6, self._decision.answer_at):
            names = self._candidates(ranked)
            return evidence(
                Decision.ASK, probability, passages=ranked, ask=_ask_name(reading.asked, names), choices=names
            )
        if record is not None and strongest >= 0.8 and ranking.likeness < FAQ_MATCH:
            return evidence(Decision.REFUSE, 1 - probability, about=record)
        if record is not None and resolution.named:
            return evidence(Decision.ANSWER, max(probability, 0.6), passages=ranked, about=record)
        if swapped and probability >= self._decision.ask_at:
            return evidence(Decision.REFUSE, 1 - probability, about=record)
        if probability >= self._decision.answer_at:
            return evidence(Decision.ANSWER, probability, passages=ranked, about=record)
        if probability >= self._decision.ask_at and ranking.similar and ranking.likeness >= 0.25:
            meant = (ranking.alike.passage,) if ranking.alike else ()
            offered = list(dict.fromkeys(p.question for p in (*meant, *ranking.similar) if p.question))[:3]
            ask = f"您是想问“{offered[0]}”吗？"
            return evidence(Decision.ASK, probability, ask=ask, choices=offered)
        return evidence(Decision.REFUSE, 1 - probability)

    def _same(self, ranking: Ranking, resolution: Resolution) -> Passage | None:
        """The shop's own answer to this very question, in these words or in others, about what the question names."""
        alike = ranking.alike
        if ranking.likeness >= FAQ_MATCH and (not resolution.named or self._is_about(ranking.similar[0], resolution)):
            return ranking.similar[0]
        return alike.passage if alike and alike.same and self._is_about(alike.passage, resolution) else None

    def _near(self, text: str, ranking: Ranking, resolution: Resolution) -> Passage | None:
        """The answered question about the same matter: like it as a whole, or one with all its rare words.

        Of what else it says that one has to hold a third: 包装 alone does not make a question about gift wrapping.
        """
        alike = ranking.alike
        if alike and alike.related and self._is_about(alike.passage, resolution):
            return alike.passage
        said = telling(text) - self._questions.name_terms
        rare = {term for term in said if self._ranker.is_rare(term, most=RARE)}
        for passage, _ in ranking.ranked[:HEAD] if rare else ():
            if passage.kind is PassageKind.FAQ and passage.question and self._is_about(passage, resolution):
                whole = squeeze(f"{passage.question}{passage.text}")
                if all(term in whole for term in rare) and 3 * sum(term in whole for term in said) >= len(said):
                    return passage
        return None

    def _told(self, reading: Question, ranking: Ranking) -> tuple[Told, ...]:
        """The parts of the material that speak of what is asked, of the record it is about and of the whole shop."""
        found = [passage for passage, _ in ranking.ranked]
        held = dict.fromkeys(passage.record_id for passage in found if passage.record_id in self._position)
        return self._clauses.told(
            reading.text,
            asked="，".join(reading.masked),
            record=reading.record,
            records=[self._records[self._position[id_]] for id_ in held if id_ is not None],
            passages=[passage for passage in found if self._is_about(passage, reading.resolution)],
        )

    def _is_about(self, passage: Passage, resolution: Resolution) -> bool:
        """False where the passage's question names other records than the one that is asked about."""
        named = self._questions.named(passage.question or "")
        return not named or (resolution.record is None and not resolution.named) or resolution.record in named

    def _reranked(self, question: str, ranking: Ranking) -> Sequence[tuple[Passage, float]]:
        if self._reranker is None or len(ranking.ranked) < 2:
            return ranking.ranked
        head = ranking.ranked[:20]
        try:
            scores = self._reranker.score(question, [passage.text for passage, _ in head])
        except RerankerError as exc:
            _log.warning("reranker left out: %s", exc)
            return ranking.ranked
        order = sorted(range(len(head)), key=lambda at: -scores[at])
        values = sorted((score for _, score in head), reverse=True)
        return [*((head[at][0], values[place]) for place, at in enumerate(order)), *ranking.ranked[20:]]

    def _candidates(self, ranked: Sequence[tuple[Passage, float]]) -> list[str]:
        names: dict[str, None] = {}
        for passage, _ in ranked:
            if passage.record_id in self._position and passage.kind is PassageKind.RECORD:
                names.setdefault(self._records[self._position[passage.record_id]].name)
        for record in self._records:
            if len(names) >= 4:
                break
            names.setdefault(record.name)
        return list(names)[:4]


def _together(plain: Ranking, full: Ranking) -> Ranking:
    """The mean of two rankings, with the signals and the similar questions of the first."""
    scores: dict[str, float] = {}
    passages: dict[str, Passage] = {}
    for ranking in (plain, full):
        for passage, score in ranking.ranked:
            scores[passage.id] = scores.get(passage.id, 0.0) + score / 2
            passages[passage.id] = passage
    order = sorted(scores, key=lambda id_: (-scores[id_], id_))
    ranked = tuple((replace(passages[id_], score=round(scores[id_], 4)), scores[id_]) for id_ in order)
    return Ranking(ranked, plain.signals, plain.similar, plain.likeness, plain.alike)


def _tells_of(name: str, ranked: Sequence[tuple[Passage, float]]) -> bool:
    """Whether the best prose or answer speaks of what no record is called."""
    best = next((passage for passage, _ in ranked if passage.kind is not PassageKind.RECORD), None)
    return best is not None and name in squeeze(f"{best.question or ''}{best.text}")


def _with_promotion(facts: list[Fact], record: Record) -> list[Fact]:
    """A price is not the whole truth without the promotion beside it."""
    if facts and facts[0].name == "price":
        for name in ("promotion_price", "promotion_period"):
            also = record.fact(name)
            if also is not None and also not in facts:
                facts.append(also)
    return facts


def _ask_which(names: Sequence[str]) -> str:
    if len(names) == 1:
        return f"您问的是{names[0]}吗？"
    return f"您问的是哪一个：{'、'.join(names[:4])}？"


def _ask_name(asked: Sequence[Asked], names: Sequence[str] = ()) -> str:
    what = f"的{asked[0].column.title}" if asked else ""
    if names:
        return f"您想问哪一个{what}？比如{'、'.join(names[:3])}。"
    return f"您想问哪一个{what}？请告诉我它的名称，我查一下。"
