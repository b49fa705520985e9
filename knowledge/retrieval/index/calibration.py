"""Calibrates the decision on the merchant's own material, with questions made from it.

In scope: the material's questions said differently, and questions made from sentences and record fields. Out of scope:
the same questions asked of the material with their answer taken away (the hard ones), and questions no shop answers.
Everything is seeded by the text itself: equal material, equal thresholds.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from knowledge.embedder import Embedder
from knowledge.evidence import Passage, PassageKind
from knowledge.folding import fold
from knowledge.retrieval.decision import BUILT_IN, DecisionModel, Graded, fit
from knowledge.retrieval.index.ranking import Ranker

T = TypeVar("T")

MOST = 80
"""FAQ questions, and sentences, that are sampled: bounds the work at a few hundred searches."""

FOREIGN = (
    "明天会下雨吗",
    "今天星期几",
    "帮我写一首关于秋天的诗",
    "用Python写一个快速排序",
    "美国总统是谁",
    "一加一等于几",
    "世界杯冠军是哪个队",
    "附近有什么好看的电影",
    "怎么炒股能赚钱",
    "给我讲个笑话",
    "感冒了吃什么药",
    "高考分数线是多少",
    "怎么申请护照",
    "帮我翻译成英文",
    "比特币现在什么价",
    "火星上有水吗",
    "长城有多长",
    "怎么学好数学",
    "你觉得人生的意义是什么",
    "推荐一本小说",
    "飞机票怎么退",
    "房贷利率是多少",
    "怎么注册公司",
    "如何养金鱼",
    "地球到月亮多远",
    "最近有什么新闻",
    "宝马发动机怎么修",
    "考驾照要多少学时",
    "社保断交怎么补",
    "红烧肉怎么做",
)
"""Questions that no shop's material answers; a shop that does answer one of them loses nothing but a case."""

_SWAPS = (
    ("吗", "不"),
    ("怎么", "如何"),
    ("可以", "能不能"),
    ("什么", "啥"),
    ("多久", "多长时间"),
    ("多少", "几"),
    ("哪里", "哪儿"),
    ("支持", "能"),
    ("你们", "你家"),
    ("需要", "要"),
)
_SENTENCE = re.compile(r"[^。！？；\n]{6,40}")


_ABOUT = ("怎么样", "是什么", "怎么弄", "要注意什么", "有什么说明")


@dataclass(frozen=True, slots=True)
class Case:
    """One generated question."""

    question: str
    exclude: frozenset[str]
    """Passages taken away for it."""
    answerable: bool


def generate(passages: Iterable[Passage]) -> list[Case]:
    """Questions in and out of scope, made from the material. Deterministic."""
    faqs: dict[str, list[Passage]] = defaultdict(list)
    prose: list[Passage] = []
    for passage in passages:
        if passage.kind is PassageKind.FAQ and passage.question:
            faqs[fold(passage.text)].append(passage)
        elif passage.kind is PassageKind.TEXT and len(prose) < 50 * MOST:
            prose.append(passage)
    rng = random.Random(len(faqs) * 7919 + len(prose))  # noqa: S311 - sampling, not secrets
    cases: list[Case] = []
    for same_answer in _sample(list(faqs.values()), rng):
        passage = same_answer[0]
        question = passage.question or ""
        cases.append(Case(said_differently(question, rng), frozenset(), True))
        cases.append(Case(question, frozenset(one.id for one in same_answer), False))
    for passage in _sample(prose, rng):
        found = _SENTENCE.findall(passage.text)
        if found:
            sentence = rng.choice(found).strip(" ，、-#*|")
            cases.append(Case(shortened(sentence, rng), frozenset(), True))
        if passage.heading:
            cases.append(Case(passage.heading.split("/")[-1].strip() + rng.choice(_ABOUT), frozenset(), True))
    cases += [Case(question, frozenset(), False) for question in FOREIGN]
    return cases


def calibrate(ranker: Ranker, passages: Iterable[Passage], embedder: Embedder) -> DecisionModel:
    """Fit the decision to what the ranker finds for the generated questions. Blocking, a few seconds at most."""
    cases = [case for case in generate(passages) if case.question]
    vectors = embedder.embed([case.question for case in cases])
    measured = [
        Graded(
            ranker.rank(case.question, exclude=case.exclude, vector=vector).signals,
            case.answerable,
            near=bool(case.exclude),
        )
        for case, vector in zip(cases, vectors, strict=True)
    ]
    return fit(measured, prior=BUILT_IN)


def said_differently(question: str, rng: random.Random) -> str:
    """The question as another customer might put it: function words swapped, a word dropped, an opening added."""
    text = question.rstrip("？?。")
    for old, new in rng.sample(_SWAPS, len(_SWAPS)):
        if old in text:
            text = text.replace(old, new, 1)
            break
    if len(text) > 8:
        at = rng.randrange(1, len(text) - 2)
        text = text[:at] + text[at + 1 :]
    return rng.choice(("", "请问", "我想问下", "那")) + text + rng.choice(("", "？", "呀"))


def shortened(sentence: str, rng: random.Random) -> str:
    """A sentence of the material as the keywords a customer would ask with."""
    start = rng.randrange(0, max(1, len(sentence) // 3))
    return sentence[start : start + rng.choice((4, 6, 9))] + rng.choice(("是吗", "吗", "是怎么回事", "呢"))


def _sample(items: Sequence[T], rng: random.Random) -> list[T]:
    return list(items) if len(items) <= MOST else rng.sample(list(items), MOST)
