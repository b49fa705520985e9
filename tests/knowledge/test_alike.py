"""Whether a question means the same as one that the shop has answered."""

from __future__ import annotations

import pytest

from knowledge.retrieval.index.alike import nearest
from tests.knowledge.catalogue import faq

FAR = [(faq(number, f"别的第{number}件事？", f"答{number}。"), 0.2) for number in range(10, 18)]


def test_a_question_in_other_words_is_the_same() -> None:
    alike = nearest("男的能来做吗", [(faq(1, "男士可以做吗？", "可以，有单独的房间。"), 0.88), *FAR])
    assert alike is not None and alike.same and alike.passage.question == "男士可以做吗？"


@pytest.mark.parametrize(
    ("question", "answered"),
    [
        ("牛奶过敏能吃吗", faq(1, "对花生过敏能吃吗？", "每盒不含花生，严重的请不要吃。")),
        ("木耳怎么炒", faq(1, "木耳怎么泡？", "冷水泡两小时。")),
        ("有床吗", faq(1, "床品起球吗？", "正常洗不起球。")),
    ],
)
def test_another_thing_in_the_same_words_is_not_the_same(question: str, answered: object) -> None:
    alike = nearest(question, [(answered, 0.85), *FAR])  # type: ignore[list-item]
    assert alike is not None and alike.related and not alike.same


def test_one_word_put_for_another_is_noticed() -> None:
    peanuts = faq(1, "对花生过敏能吃吗？", "每盒不含花生。")
    asked = [nearest(question, [(peanuts, 0.85), *FAR]) for question in ("牛奶过敏能吃吗", "花生过敏的能不能吃")]
    assert [alike.swapped for alike in asked if alike] == [True, False]


def test_what_is_as_near_as_everything_else_is_not_related() -> None:
    alike = nearest(
        "晚上热不热", [(faq(number, f"第{number}件事怎么样？", f"答{number}。"), 0.71) for number in range(9)]
    )
    assert alike is not None and not alike.related


def test_without_answered_questions_nothing_is_near() -> None:
    assert nearest("几点开门", []) is None
