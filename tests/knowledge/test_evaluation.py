"""Judging replies, measuring, and the command that does it."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from knowledge import Decision, Evidence, Fact, Passage, PassageKind, Record, Source
from knowledge.command.evaluation_command import add_eval
from knowledge.evaluation.evaluation import Case, DatasetError, evaluate, invents, is_right, read_cases
from knowledge.evaluation.measure import mean, ndcg, recall_at, reciprocal_rank, share
from knowledge.library import Library
from tests.knowledge.merchant import open_library, write_shop

SOURCE = Source("x.csv", line=2)


def _evidence(text: str, *, decision: Decision = Decision.ANSWER, name: str = "甲") -> Evidence:
    fact = Fact("A", name, "price", "价格", text, text, SOURCE)
    record = Record("A", name, facts=(fact,))
    facts = (fact,) if decision is Decision.ANSWER else ()
    passage = Passage("p1", f"价格：{text}", PassageKind.RECORD, SOURCE, record_id="A")
    return Evidence("?", "m", "v1", decision, 0.9, (passage,), facts, record)


@pytest.mark.parametrize(
    ("reply", "answers", "right"),
    [
        ("459元", ("459",), True),
        ("￥４５９", ("459",), True),
        ("010-6513 7563", ("01065137563",), True),
        ("周一至周日 09：00-19:00", ("周一至周日09:00-19:00",), True),
        ("1459元", ("459",), True),
        ("399元", ("459",), False),
        ("", ("459",), False),
        ("459元" + "很好" * 50, ("459",), False),
        ("459元，另一款1699元", ("459",), False),
    ],
)
def test_a_reply_is_right_by_the_rule(reply: str, answers: tuple[str, ...], right: bool) -> None:
    assert is_right(reply, answers, {"1699"}) is right


def test_a_number_from_nowhere_is_invented() -> None:
    assert not invents("459元", _evidence("459元"))
    assert invents("499元", _evidence("459元"))


async def test_cases_are_judged_and_misses_are_named() -> None:
    cases = read_cases(
        "\n".join(
            json.dumps(line)
            for line in (
                {"id": "1", "question": "a", "answers": ["459"], "entity": "甲", "named_in_question": True},
                {"id": "2", "question": "b", "answers": ["1"], "entity": "乙", "named_in_question": False},
                {"id": "3", "question": "c", "answers": ["459"], "entity": "甲", "named_in_question": False},
                {"id": "4", "question": "d", "relevant": ["x.csv"]},
                {"id": "5", "question": "e", "answerable": False},
                {"id": "6", "question": "f", "answerable": True},
            )
        )
    )

    async def search(case: Case) -> Evidence:
        return _evidence("459元", decision=Decision.REFUSE if case.id in "35" else Decision.ANSWER)

    report = await evaluate(cases, search)
    values = {measure.name: measure.value for measure in report.measures}
    assert values["field_accuracy"] == pytest.approx(1 / 3)
    assert values["field_accuracy_named"] == 1.0
    assert values["recall@1"] == values["mrr@10"] == values["ndcg@10"] == 1.0
    assert values["refusal_precision"] == values["refusal_recall"] == 1.0
    assert values["false_refusals"] == 0.0
    assert [(miss.id, miss.kind) for miss in report.misses] == [("2", "wrong record"), ("3", "refused")]
    assert report.invented == 0
    assert report.below({"field_accuracy": 0.9, "recall@1": 0.9, "nothing": 0.5}) == [
        "field_accuracy: 0.333, at least 0.9 wanted",
        "nothing: not measured, at least 0.5 wanted",
    ]


@pytest.mark.parametrize("line", ["{", "[]", '{"question": "a"}', '{"id": 1, "answers": ["a"]}'])
def test_a_bad_line_is_named(line: str) -> None:
    good = '{"question": "a", "answerable": true}'
    with pytest.raises(DatasetError, match=r"cases\.jsonl:2"):
        read_cases(f"{good}\n{line}", name="cases.jsonl")


@given(st.lists(st.booleans(), max_size=60))
def test_a_share_lies_in_its_interval(outcomes: list[bool]) -> None:
    measure = share("x", outcomes)
    assert 0 <= measure.low <= measure.value <= measure.high <= 1
    assert measure.n == len(outcomes)


def test_the_interval_is_wilsons() -> None:
    measure = share("x", [True] * 9 + [False])
    assert (round(measure.low, 3), round(measure.high, 3)) == (0.596, 0.982)


def test_rank_measures() -> None:
    ranked = [False, True, False, True]
    assert recall_at(ranked, 2, k=3) == 0.5
    assert reciprocal_rank(ranked) == 0.5
    expected = (1 / math.log2(3) + 1 / math.log2(5)) / (1 + 1 / math.log2(3))
    assert ndcg(ranked, 2) == pytest.approx(expected)
    assert mean("m", [0.0, 1.0]).value == 0.5


@pytest.fixture
def library(tmp_path: Path) -> Library:
    library = open_library(tmp_path / "data")
    library.add("shop", [write_shop(tmp_path / "files")])
    library.publish("shop")
    return library


def _run(library: Library, tmp_path: Path, *options: str) -> tuple[int, str, str]:
    lines = [
        {"id": "1", "question": "纸月落地灯多少钱？", "answers": ["459元"], "entity": "纸月落地灯", "field": "价格"},
        {"id": "2", "question": "云朵沙发有什么颜色", "answers": ["奶白、燕麦"], "entity": "云朵沙发", "field": "颜色"},
    ]
    dataset = tmp_path / "cases.jsonl"
    dataset.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines), encoding="utf-8")
    app = typer.Typer()
    app.callback()(lambda: None)
    add_eval(app, lambda _: library)
    result = CliRunner().invoke(app, ["eval", "--dataset", str(dataset), "-m", "shop", *options])
    return result.exit_code, result.stdout, result.stderr


def test_the_command_measures_the_live_version(library: Library, tmp_path: Path) -> None:
    code, out, _ = _run(library, tmp_path, "--json", "--removed", "--min", "field_accuracy=0.9")
    body = json.loads(out)
    values = {measure["name"]: measure["value"] for measure in body["measures"]}
    assert code == 0
    assert values == {"field_accuracy": 1.0, "removed_declined": 1.0}
    assert body["invented"] == 0
    assert body["version"] == library.pointer("shop").published


def test_the_command_fails_below_a_minimum(library: Library, tmp_path: Path) -> None:
    code, out, err = _run(library, tmp_path, "--min", "recall@5=0.5")
    assert code == 1
    assert "field_accuracy: 1.000" in out
    assert "recall@5" in err


def test_wrong_usage_and_missing_files_are_told_apart(library: Library, tmp_path: Path) -> None:
    assert _run(library, tmp_path, "--min", "field_accuracy")[0] == 2
    app = typer.Typer()
    app.callback()(lambda: None)
    add_eval(app, lambda _: library)
    result = CliRunner().invoke(app, ["eval", "--dataset", str(tmp_path / "none.jsonl"), "-m", "shop"])
    assert result.exit_code == 1
    assert "none.jsonl" in result.stderr
