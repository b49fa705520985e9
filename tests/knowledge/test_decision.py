"""The decision: fitted to generated questions, stored with the version."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge import KnowledgeError
from knowledge.retrieval.decision import BUILT_IN, DECISION_FILE, Graded, Signals, fit, load_decision, save_decision
from knowledge.retrieval.index.calibration import FOREIGN, generate
from tests.knowledge.catalogue import faq, prose

_GOOD = Signals(dense=0.8, coverage=0.9, strength=0.7, question=0.8, margin=0.5, agreement=1.0)
_POOR = Signals(dense=0.4, coverage=0.1, strength=0.1, question=0.1, margin=0.1, agreement=0.0)


def test_the_built_in_model_tells_good_from_poor() -> None:
    assert BUILT_IN.probability(_GOOD) > BUILT_IN.answer_at
    assert BUILT_IN.probability(_POOR) < BUILT_IN.ask_at


def test_few_cases_keep_the_built_in_model() -> None:
    assert fit([Graded(_GOOD, True), Graded(_POOR, False)]) == BUILT_IN


def test_a_fitted_model_separates_what_it_was_fitted_on() -> None:
    cases = [Graded(Signals(dense=0.7 + at / 200, coverage=0.6, question=0.5), True) for at in range(20)]
    cases += [Graded(Signals(dense=0.3 + at / 200, coverage=0.2), False, near=at % 2 == 0) for at in range(20)]
    model = fit(cases)
    assert model.cases == 40
    assert all((model.probability(case.signals) >= model.answer_at) == case.answerable for case in cases)
    assert fit(cases) == model


def test_of_the_questions_robbed_of_their_answer_only_few_would_be_answered() -> None:
    """They look nearly as good as the answerable ones; foreign questions alone would let most of them through."""
    cases = [Graded(Signals(dense=0.70 + at / 200, coverage=0.7, question=0.6), True) for at in range(40)]
    near = [Graded(Signals(dense=0.60 + at / 200, coverage=0.5, question=0.4), False, near=True) for at in range(40)]
    foreign = [Graded(Signals(dense=0.20 + at / 400, coverage=0.0), False) for at in range(40)]
    model = fit([*cases, *near, *foreign])
    share = sum(model.probability(case.signals) >= model.answer_at for case in near) / len(near)
    assert share <= 0.15
    assert sum(model.probability(case.signals) >= model.answer_at for case in cases) >= len(cases) / 2


@given(st.lists(st.floats(0, 1), min_size=6, max_size=6))
def test_a_probability_is_one(values: list[float]) -> None:
    assert 0 <= BUILT_IN.probability(Signals(*values)) <= 1


def test_the_model_is_stored_with_its_version(tmp_path: Path) -> None:
    assert load_decision(tmp_path) == BUILT_IN
    model = fit([Graded(_GOOD, True)] * 9 + [Graded(_POOR, False)] * 9)
    save_decision(tmp_path, model)
    assert load_decision(tmp_path) == model
    (tmp_path / DECISION_FILE).write_text("{", encoding="utf-8")
    with pytest.raises(KnowledgeError, match="decision"):
        load_decision(tmp_path)


def test_questions_are_generated_in_and_out_of_scope() -> None:
    passages = [
        faq(1, "可以开发票吗？", "可以开。"),
        faq(2, "能开票吗？", "可以开。"),
        prose(1, "沙发可以机洗，水温三十度以下。"),
    ]
    cases = generate(passages)
    robbed = [case for case in cases if case.exclude]
    assert [case.exclude for case in robbed] == [frozenset({"faq-1", "faq-2"})]
    assert not any(case.answerable for case in robbed)
    assert sum(case.answerable for case in cases) >= 2
    assert {case.question for case in cases if not case.answerable and not case.exclude} == set(FOREIGN)
    assert generate(passages) == cases
