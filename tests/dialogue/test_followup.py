"""Questions that lean on what was said before, and places that parcels go to."""

from __future__ import annotations

import pytest

from dialogue.answer.area import place_of, told
from dialogue.answer.followup import holds, joined, leans, pointed
from knowledge import Passage, PassageKind, Source
from tests.dialogue.shop import RECORDS


def _faq(question: str, answer: str) -> Passage:
    return Passage(question, answer, PassageKind.FAQ, Source("faq.csv"), question)


def test_an_ordinal_stands_for_what_was_offered_there() -> None:
    assert pointed("第二个保修几年", ("小满台灯", "纸月落地灯")) == "纸月落地灯保修几年"
    assert pointed("后者多高", ("小满台灯", "纸月落地灯")) == "纸月落地灯多高"
    assert pointed("第三个呢", ("小满台灯", "纸月落地灯")) == "第三个呢"
    assert pointed("第二个月能退吗", ("小满台灯", "纸月落地灯")) == "第二个月能退吗"


def test_a_product_named_now_takes_the_place_of_the_one_before() -> None:
    assert joined("云朵沙发怎么保养", "那落地灯呢", RECORDS) == "落地灯怎么保养"
    assert joined("四楼收多少搬运费", "那五楼呢", RECORDS) == "四楼收多少搬运费，五楼"


def test_only_short_or_leaning_questions_lean() -> None:
    assert leans("那五楼呢") and leans("防水吗")
    assert not leans("你们家的书桌下个月会不会再做活动")


def test_an_answer_to_a_follow_up_holds_what_it_says() -> None:
    assert holds("四楼起每层加收20元", "那五楼呢")
    assert not holds("口径4.5×高26cm", "会漏水么")


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("能寄香港吗", "满59元包邮；新疆另算，港澳台暂时不发。"),
        ("三亚包邮吗", "海岛另算运费。"),
        ("发到乌鲁木齐几天", "新疆5到8天。"),
        ("发四川几天到", "江浙沪1到2天，其他地区3天。"),
    ],
)
def test_a_place_is_answered_by_what_speaks_of_its_region(question: str, answer: str) -> None:
    place = place_of(question)
    assert place is not None
    found = told([_faq("怎么联系", "打电话，发信息也行。"), _faq("运费怎么算，几天能到？", answer)], question, place)
    assert found is not None and found.text == answer


def test_nothing_is_said_of_a_place_abroad_that_the_shop_does_not_speak_of() -> None:
    place = place_of("能寄到美国吗")
    assert place is not None and told([_faq("包邮吗？", "满99元包邮。")], "能寄到美国吗", place) is None


def test_a_place_without_a_parcel_is_none() -> None:
    assert place_of("放我们广东会不会发霉") is None
    assert place_of("是新西兰羊毛吗") is None
