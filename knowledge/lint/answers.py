"""Questions answered twice, for products that do not exist, or not at all. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from knowledge.content import Content
from knowledge.evidence import Decision, Evidence, Passage, PassageKind
from knowledge.lint.finding import Finding, Severity
from knowledge.record import Record
from knowledge.table.merging import folded_name

EVERYDAY_QUESTIONS = (
    "什么时候发货？",
    "发什么快递？",
    "运费多少？",
    "可以退货吗？",
    "怎么换货？",
    "有质量问题怎么办？",
    "保修多久？",
    "可以开发票吗？",
    "怎么付款？",
    "有什么优惠？",
    "怎么联系人工客服？",
    "客服几点上班？",
    "你们店在哪里？",
    "是正品吗？",
    "可以定制吗？",
    "大概几天能到？",
)
"""What customers of most shops ask first; a shop's own list may be given instead."""
_QUOTED = re.compile(r"[「『“《【](?P<name>[^「」『』“”《》【】]{2,20})[」』”》】]")


def duplicate_questions(content: Content) -> Iterator[Finding]:
    """One question answered twice: differently is an error, alike is a hint."""
    asked: dict[tuple[str, str], list[Passage]] = {}
    for passage in content.faqs:
        asked.setdefault((_bare(passage.question or ""), passage.record_id or ""), []).append(passage)
    for passages in asked.values():
        if len(passages) < 2:
            continue
        places = "、".join(str(passage.source) for passage in passages)
        if len({folded_name(passage.text) for passage in passages}) > 1:
            text = f"“{passages[0].question}”有 {len(passages)} 个不同的答案（{places}）：只留一个"
            yield Finding(Severity.ERROR, "question-conflict", text, str(passages[-1].source))
        else:
            text = f"“{passages[0].question}”重复了 {len(passages)} 次（{places}）"
            yield Finding(Severity.HINT, "question-duplicate", text, str(passages[-1].source))


def unknown_products(content: Content) -> Iterator[Finding]:
    """Answers about a product, by its column, SKU or quoted name, that the catalogue does not have."""
    known = {record.id for record in content.records}
    if not known:
        return
    names = {folded_name(name) for record in content.records for name in (record.name, *record.aliases)}
    shapes = _code_shapes(content.records)
    endings = {name[-2:] for name in names if len(name) >= 4}
    pointed = content.pointing_nowhere()
    for passage in content.passages:
        if passage.kind is PassageKind.RECORD:
            continue
        said = f"{passage.question or ''}\n{passage.text}"
        if passage.id in pointed:
            text = f"这条内容写明属于某个商品，但商品表里没有它：{(passage.question or passage.text)[:30]}"
            yield Finding(Severity.WARNING, "unknown-product", text, str(passage.source))
        strangers = [code for shape in shapes for code in shape.findall(said) if code not in known]
        strangers += [
            match["name"]
            for match in _QUOTED.finditer(said)
            if folded_name(match["name"])[-2:] in endings and folded_name(match["name"]) not in names
        ]
        for stranger in dict.fromkeys(strangers):
            text = f"提到了“{stranger}”，商品表里没有这个商品：请改正，或者补上商品"
            yield Finding(Severity.WARNING, "unknown-product", text, str(passage.source))


def unanswered(questions: Iterable[str], search: Callable[[str], Evidence]) -> Iterator[Finding]:
    """Customer questions that nothing in the version can answer."""
    for question in questions:
        evidence = search(question)
        if evidence.decision is Decision.REFUSE:
            text = f"顾客常问“{question}”，知识库里找不到答案：请在问答表里加一条"
            yield Finding(Severity.WARNING, "unanswered-question", text, "")


def _bare(question: str) -> str:
    """A question without marks and closing particles: "包邮吗？" and "包邮么" are one."""
    return re.sub(r"\W", "", folded_name(question)).rstrip("吗呢啊呀吧么的了")


def _code_shapes(records: Sequence[Record]) -> list[re.Pattern[str]]:
    """Patterns of the SKUs in use ("QM-SF01" → QM-[A-Z]{2}\\d{2}); plain numbers are no shape."""
    shapes = set()
    for record in records:
        if record.fact("sku") is None or not re.search(r"[A-Za-z]", record.id) or not re.search(r"\d", record.id):
            continue
        prefix = re.match(r"[A-Za-z]+", record.id)
        if prefix is None:
            continue
        rest = re.sub(r"[A-Za-z]+", lambda m: f"[A-Za-z]{{{len(m[0])}}}", re.escape(record.id[prefix.end() :]))
        shapes.add(re.escape(prefix[0]) + re.sub(r"(?<!\{)\d+(?!\})", lambda m: rf"\d{{{len(m[0])}}}", rest))
    return [re.compile(rf"(?<![A-Za-z0-9]){shape}(?![A-Za-z0-9])") for shape in sorted(shapes)[:100]]
