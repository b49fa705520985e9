"""The live caption: clauses of a line, whole words, nothing lost."""

from stream.program.caption import CLAUSE_MAX, clause_at, clauses, width


def test_a_long_clause_is_cut_between_words() -> None:
    shown = [clause.text for clause in clauses("第一件卖出去的东西是一张给邻居孩子做作业用的小书桌")]
    assert len(shown) == 2
    assert all(width(text) <= CLAUSE_MAX for text in shown)
    assert "".join(shown) == "第一件卖出去的东西是一张给邻居孩子做作业用的小书桌"
    assert any("邻居" in text for text in shown) and any("东西" in text for text in shown)


def test_clauses_follow_one_another_through_the_line() -> None:
    parts = clauses("外罩可以拆下来洗，三十度以下机洗，阴干不变形。")
    assert [part.begin for part in parts] == sorted(part.begin for part in parts)
    assert clause_at(parts, 0, 100) == parts[0]
    assert clause_at(parts, 99, 100) == parts[-1]
