"""One question's reply out of its evidence: the model's while it stays truthful, the embedded answerer's otherwise."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from datetime import date, datetime

from dialogue.answer import phrases
from dialogue.answer.answerer import CHAT, LIVE, EmbeddedAnswerer, Style
from dialogue.answer.wording import Memory, choose
from dialogue.audit import Auditor
from dialogue.conversation import Conversation
from dialogue.event import Emotion, Sentence
from dialogue.model.budget import Budget, Usage
from dialogue.model.model import Model, ModelError
from dialogue.safety.claim import claims
from dialogue.safety.compliance import ChannelRules
from dialogue.safety.gate import Gate
from dialogue.safety.prompt import compose
from dialogue.segmenter import Segmenter
from knowledge import Decision, Evidence, Turn

ENOUGH = 0.3
"""Share of the grounded answer's character pairs that a model's reply must hold to be left alone; twice as much where
the grounded answer states a figure."""
Names = Callable[[str], tuple[str, ...]]
"""The names of all records of a merchant."""


class Composer:
    """Speaks for the engine; holds the model and what it may cost."""

    def __init__(
        self,
        answerer: EmbeddedAnswerer,
        *,
        clock: Callable[[], datetime],
        model: Model | None,
        budget: Budget | None,
        names: Names,
        auditor: Auditor,
    ) -> None:
        self._answerer = answerer
        self._clock = clock
        self._model = model
        self._budget = budget
        self._names = names
        self._auditor = auditor

    async def sentences(
        self,
        conversation: Conversation,
        evidence: Evidence,
        history: tuple[Turn, ...],
        rules: ChannelRules,
        flagged: bool,
    ) -> AsyncGenerator[Sentence, None]:
        """The reply to one question: the model's while it stays truthful, the embedded answerer's otherwise."""
        today = self._clock()
        gate = Gate(evidence, rules, names=self._names(conversation.merchant), today=today)
        said: list[str] = []
        if evidence.decision is Decision.ANSWER and not flagged and self._may_spend(conversation):
            async with aclosing(self._modelled(conversation, evidence, gate, history, rules)) as sentences:
                async for sentence in sentences:
                    if sentence is None:
                        break
                    said.append(sentence.text)
                    yield sentence
                else:
                    if self._covers(said, evidence, today):
                        return
        style: Style = LIVE if rules.live else CHAT
        modelled = tuple(said)
        for sentence in self._answerer.answer(evidence, conversation, today=today, style=style):
            checked, broken = gate.lawful(sentence)
            for rule, words in broken:
                self._auditor.note(conversation, rule, "replaced" if checked else "dropped", words)
            if checked and checked.text not in said and not gate.repeats(checked.text, modelled):
                yield checked
                said.append(checked.text)
        if not said:
            yield Sentence(choose(conversation, "unknown", phrases.UNKNOWN), Emotion.APOLOGY)

    def _covers(self, said: Sequence[str], evidence: Evidence, today: date) -> bool:
        """Whether the model's reply holds what the evidence answers: a figure of it, or a good part of its words.

        "是的，有保修。" is true and does not tell how long.
        """
        if not said:
            return False
        own = self._answerer.answer(evidence, Memory(), today=today)
        wanted = {(c.kind, c.value) for sentence in own for c in claims(sentence.text)}
        told = {(c.kind, c.value) for text in said for c in claims(text)}
        if wanted & told:
            return True
        words = _pairs("".join(sentence.text for sentence in own))
        share = len(words & _pairs("".join(said))) / max(1, len(words))
        return share >= (ENOUGH if not wanted else 2 * ENOUGH)

    async def _modelled(
        self,
        conversation: Conversation,
        evidence: Evidence,
        gate: Gate,
        history: tuple[Turn, ...],
        rules: ChannelRules,
    ) -> AsyncGenerator[Sentence | None, None]:
        """The model's checked sentences; None as the last item when the embedded answerer has to go on."""
        assert self._model is not None  # noqa: S101  # _may_spend has looked
        prompt = compose(
            evidence, facts=gate.facts, history=history[-6:], summary=conversation.summary, live=rules.live
        )
        segmenter = Segmenter()
        limit = (LIVE if rules.live else CHAT).max_sentences
        count = 0
        try:
            async with aclosing(self._model.stream(prompt, spent=lambda u: self._spend(conversation, u))) as pieces:
                async for piece in pieces:
                    for text in segmenter.push(piece):
                        if self._echoes(text, evidence.question):
                            continue
                        sentence = self._checked(conversation, gate, text, prompt.canary)
                        yield sentence
                        count += 1
                        if sentence is None or count >= limit:
                            return
            for text in segmenter.flush():
                if self._echoes(text, evidence.question):
                    continue
                yield self._checked(conversation, gate, text, prompt.canary)
                count += 1
        except ModelError as exc:
            if exc.kind != "length" or not count:
                self._auditor.note(conversation, f"model/{exc.kind}", "embedded", "")
                yield None

    @staticmethod
    def _echoes(text: str, question: str) -> bool:
        """Whether the model only repeats what it was asked."""
        bare = re.sub(r"\W", "", text)
        return text.rstrip().endswith(("?", "？")) and len(bare) >= 2 and bare in re.sub(r"\W", "", question)

    def _checked(self, conversation: Conversation, gate: Gate, text: str, canary: str) -> Sentence | None:
        sentence, broken = gate.truthful(text, canary=canary)
        for rule, words in broken:
            self._auditor.note(conversation, rule, "replaced", words)
        return sentence

    def _may_spend(self, conversation: Conversation) -> bool:
        if self._model is None:
            return False
        if self._budget is None or self._budget.allow(conversation.merchant):
            return True
        self._auditor.note(conversation, "model/budget", "embedded", "")
        return False

    def _spend(self, conversation: Conversation, usage: Usage) -> None:
        if self._budget:
            self._budget.spend(usage, merchant=conversation.merchant, conversation=conversation.id)


def _pairs(text: str) -> set[str]:
    compact = re.sub(r"\W", "", text)
    return {compact[i : i + 2] for i in range(len(compact) - 1)}
