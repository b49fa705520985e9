"""Claims, columns and rows that must not reach a customer, and what could not be read. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from knowledge.advertising import find_claims
from knowledge.content import Content
from knowledge.evidence import PassageKind
from knowledge.lint.finding import Finding, Severity
from knowledge.table.template import EXAMPLE

_NUMERALS = {"1": "一", "2": "二", "3": "三", "8": "八", "9": "九", "17": "十七"}
_INTERNAL = re.compile(
    r"成本|进货价|进价|采购价|供货价|供应商|利润|毛利|佣金|内部|底价|cost|margin|supplier", re.IGNORECASE
)


def forbidden_claims(content: Content) -> Iterator[Finding]:
    """Claims that advertising law forbids, in answers, texts and facts; each sentence once."""
    seen: set[tuple[str, str]] = set()
    for passage in content.passages:
        if passage.kind is PassageKind.RECORD or (passage.record_id and passage.kind is PassageKind.TEXT):
            continue
        yield from _claims(passage.text, str(passage.source), seen)
    for record in content.records:
        for fact in record.facts:
            if isinstance(fact.value, str | tuple):
                yield from _claims(fact.text, str(fact.source), seen, owner=f"{record.name}的{fact.title}：")


def internal_columns(content: Content) -> Iterator[Finding]:
    """Columns that look like the merchant's own business: everything in the knowledge may be told to a customer."""
    seen: set[tuple[str, str]] = set()
    for record in content.records:
        for fact in record.facts:
            key = (fact.source.file, fact.title)
            if key not in seen and _INTERNAL.search(fact.title):
                seen.add(key)
                text = f"“{fact.title}”像是内部信息，收录后顾客问到就会回答：请删掉这一列"
                yield Finding(Severity.ERROR, "internal-column", text, str(fact.source))


def forgotten_examples(content: Content) -> Iterator[Finding]:
    """Example rows of the template that were left in."""
    for record in content.records:
        if EXAMPLE in record.name:
            text = f"“{record.name}”是模板里的示例行：请删掉"
            yield Finding(Severity.ERROR, "example-row", text, str(record.facts[0].source) if record.facts else "")
    for passage in content.faqs:
        if passage.question and EXAMPLE in passage.question:
            yield Finding(Severity.ERROR, "example-row", "模板里的示例问答还在：请删掉", str(passage.source))


def left_out(content: Content) -> Iterator[Finding]:
    """What could not be read of the files of this version."""
    for document in content.documents:
        for note in document.notes[:20]:
            yield Finding(Severity.HINT, "left-out", note, document.path)


def _claims(text: str, source: str, seen: set[tuple[str, str]], *, owner: str = "") -> Iterator[Finding]:
    for claim in find_claims(text):
        start, end = max(claim.start - 8, 0), claim.start + len(claim.text) + 8
        around = " ".join(text[start:end].split())
        if (claim.text, around) not in seen:
            seen.add((claim.text, around))
            article, _, item = claim.article.partition(".")
            law = f"《广告法》第{_NUMERALS[article]}条" + (f"第{_NUMERALS[item]}项" if item else "")
            said = f"{owner}“{claim.text}”是{claim.why}（{law}），请换一种说法：…{around}…"
            yield Finding(Severity.ERROR, "advertising-law", said, source)
