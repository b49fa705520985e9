"""The gate before the customer: nothing leaves that is not truthful, lawful and discreet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import cached_property

from dialogue.emotion import emotion_of
from dialogue.event import Citation, Sentence
from dialogue.safety.claim import claims
from dialogue.safety.compliance import ChannelRules, comply
from dialogue.safety.grounding import Grounding
from dialogue.safety.injection import leaks
from dialogue.safety.promotion import ended
from dialogue.safety.prompt import RULES
from knowledge import Evidence, Fact

Broken = tuple[tuple[str, str], ...]
"""(`family/name`, the words) per broken rule."""


class Gate:
    """Checks the sentences of one reply against one evidence and one channel's rules."""

    def __init__(
        self, evidence: Evidence, rules: ChannelRules, *, names: Iterable[str] = (), today: date | None = None
    ) -> None:
        self._evidence = evidence
        self._rules = rules
        self._names = tuple(names)
        self._today = today
        own = evidence.record.facts if evidence.record else ()
        every = tuple(dict.fromkeys((*evidence.facts, *own)))
        self.facts: tuple[Fact, ...] = tuple(fact for fact in every if not ended(fact, every, today))
        """The facts that may be said today: those asked for first, then the record's others."""
        lines = [f"{f.record_name}{f.title}{f.text}" for f in self.facts]
        lines += [f"{p.question or ''}{p.text}" for p in evidence.passages]
        self._text = "\n".join(lines)

    @cached_property
    def _grounding(self) -> Grounding:
        """Read from the evidence when the first sentence of a model has to be checked."""
        return Grounding(self._evidence, names=self._names, today=self._today)

    def truthful(self, text: str, *, canary: str) -> tuple[Sentence | None, Broken]:
        """A model's sentence as it may leave, or None with the rules it broke."""
        leak = leaks(text, prompt=RULES, evidence_text=self._text, canary=canary)
        if leak:
            return None, (("leak/prompt", leak),)
        faults = self._grounding.check(text)
        if faults:
            return None, tuple((f"grounding/{fault.kind}", fault.text) for fault in faults)
        record = self._evidence.record
        sentence = Sentence(text, emotion_of(text), self._citations(text), record.id if record else None)
        return self.lawful(sentence)

    def lawful(self, sentence: Sentence) -> tuple[Sentence | None, Broken]:
        """A grounded sentence as the law and the channel allow it, or None when nothing of it may leave."""
        verdict = comply(sentence.text, evidence_text=self._text, rules=self._rules)
        if not verdict.broken:
            return sentence, ()
        if verdict.text is None:
            return None, verdict.broken
        mended = Sentence(verdict.text, sentence.emotion, sentence.citations, sentence.record_id)
        return mended, verdict.broken

    def repeats(self, text: str, said: Sequence[str]) -> bool:
        """Whether the sentence only says claims that were said already."""
        if not said:
            return False
        known = {(c.kind, c.value) for line in said for c in claims(line)}
        mine = {(c.kind, c.value) for c in claims(text)}
        return text in said or (bool(mine) and mine <= known)

    def _citations(self, text: str) -> tuple[Citation, ...]:
        """The facts whose words the sentence holds, else the passage nearest to the question."""
        version = self._evidence.version
        quoted = [fact for fact in self.facts if fact.text.strip() and fact.text.strip() in text][:3]
        if quoted:
            return tuple(
                Citation(f.source.file, f"{f.title}：{f.text}", f.source.sheet, f.source.page, f.source.line, version)
                for f in quoted
            )
        if not self._evidence.passages:
            return ()
        top = self._evidence.passages[0]
        source = top.source
        return (Citation(source.file, top.text[:200], source.sheet, source.page, source.line, version),)
