"""Answer, ask back or refuse: several signals, one calibrated probability, thresholds that belong to the version.

A cosine alone cannot tell a question the material answers from one it does not. The signals here are combined by a
logistic model; `fit` adjusts it to a merchant's own material (see `calibration`), and the result is stored with the
version's index, so that an answer can be explained later.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass, fields
from pathlib import Path

import numpy as np

from knowledge.errors import KnowledgeError

DECISION_FILE = "decision.json"


@dataclass(frozen=True, slots=True)
class Signals:
    """How well the best passages fit a question, each 0..1."""

    dense: float = 0.0
    """Cosine of the nearest passage."""
    coverage: float = 0.0
    """Share of the question's term weight that the best passage holds."""
    strength: float = 0.0
    """BM25 of the best passage for each unit of the question's weight, squashed to 0..1."""
    question: float = 0.0
    """Likeness of the question to the nearest FAQ question, by terms."""
    margin: float = 0.0
    """Lead of the best passage over the fifth."""
    agreement: float = 0.0
    """1 when vectors and bigrams prefer the same passage, else 0."""


@dataclass(frozen=True, slots=True)
class DecisionModel:
    """Weights of the signals and the two thresholds on the probability."""

    weights: tuple[float, ...]
    bias: float
    answer_at: float = 0.5
    ask_at: float = 0.3
    cases: int = 0
    """Generated questions it was fitted on; 0 for the built-in model."""

    def probability(self, signals: Signals) -> float:
        """Probability, 0..1, that the passages answer the question."""
        total = self.bias + sum(w * x for w, x in zip(self.weights, astuple(signals), strict=True))
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))


@dataclass(frozen=True, slots=True)
class Graded:
    """The signals of a question whose answer is known to be in the material or not."""

    signals: Signals
    answerable: bool
    near: bool = False
    """Asked of the material with its own answer taken away."""


BUILT_IN = DecisionModel(weights=(5.0, 4.0, 1.5, 3.0, 0.5, 1.0), bias=-5.2)
"""For a version with too little material to calibrate on."""


def fit(
    cases: Sequence[Graded],
    *,
    prior: DecisionModel = BUILT_IN,
    false_answers: float = 0.02,
    near_answers: float = 0.15,
    hold: float = 2.0,
    rounds: int = 50,
) -> DecisionModel:
    """Fit the weights to what was measured and set the thresholds.

    The weights are held near `prior` (ridge, strength `hold`), so that a few cases cannot turn a signal around.
    `answer_at` is the lowest probability at which at most `false_answers` of the foreign questions and `near_answers`
    of the questions robbed of their answer would be answered: some of those another passage does answer. Never above
    what half of the answerable ones reach. Deterministic.
    """
    answerable = sum(1 for case in cases if case.answerable)
    if answerable < 8 or len(cases) - answerable < 8:
        return prior
    x = np.array([astuple(case.signals) for case in cases], np.float64)
    y = np.array([case.answerable for case in cases], np.float64)
    balance = np.where(y > 0, 0.5 / y.mean(), 0.5 / (1 - y.mean()))
    start = np.array([*prior.weights, prior.bias])
    design = np.hstack([x, np.ones((len(x), 1))])
    theta = start.copy()
    ridge = np.diag([hold] * len(prior.weights) + [hold / 10])
    for _ in range(rounds):
        p = 1 / (1 + np.exp(-np.clip(design @ theta, -30, 30)))
        gradient = design.T @ (balance * (p - y)) + ridge @ (theta - start)
        hessian = design.T @ (design * (balance * p * (1 - p))[:, None]) + ridge
        step = np.linalg.solve(hessian, gradient)
        theta -= step
        if float(np.abs(step).max()) < 1e-8:
            break
    weights = tuple(round(float(w), 6) for w in theta[:-1])
    fitted = DecisionModel(weights=weights, bias=round(float(theta[-1]), 6), cases=len(cases))
    reached = [(case, fitted.probability(case.signals)) for case in cases]
    yes = [p for case, p in reached if case.answerable]
    near = [p for case, p in reached if not case.answerable and case.near]
    foreign = [p for case, p in reached if not case.answerable and not case.near]
    strict = max(
        float(np.quantile(foreign, 1 - false_answers)) if foreign else 0.0,
        float(np.quantile(near, 1 - near_answers)) if near else 0.0,
    )
    answer_at = max(0.2, min(strict + 1e-6, float(np.quantile(yes, 0.5)), 0.9))
    return DecisionModel(
        weights=fitted.weights,
        bias=fitted.bias,
        answer_at=round(answer_at, 6),
        ask_at=round(answer_at * 0.6, 6),
        cases=len(cases),
    )


def save_decision(folder: Path, model: DecisionModel) -> None:
    """Store the model beside the index of its version."""
    body = {"signals": [field.name for field in fields(Signals)], **asdict(model)}
    (folder / DECISION_FILE).write_text(json.dumps(body, ensure_ascii=False, indent=1), "utf-8")


def load_decision(folder: Path) -> DecisionModel:
    """The model stored with a version's index; raises KnowledgeError when it does not fit this program's signals."""
    path = folder / DECISION_FILE
    if not path.exists():
        return BUILT_IN
    try:
        body = json.loads(path.read_text("utf-8"))
        if body.pop("signals") != [field.name for field in fields(Signals)]:
            raise ValueError("other signals")
        return DecisionModel(**{**body, "weights": tuple(body["weights"])})
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise KnowledgeError(f"{path}: cannot be read ({exc}); publish the material again") from exc
