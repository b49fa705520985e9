"""What leaves is lawful."""

from __future__ import annotations

import pytest

from dialogue.safety.compliance import CONTACT_ELSEWHERE, PLATFORM_RULES, comply

EVIDENCE = "库存36件 承重180kg 最亮一档是12瓦 客服热线400-820-5566"


@pytest.mark.parametrize(
    "sentence",
    [
        "这款是全网最低价。",
        "我们是行业第一的品牌。",
        "这是最好的沙发。",
        "国家级工艺。",
        "顶级面料，独一无二。",
        "全国销量第一！",
        "NO.1的选择。",
    ],
)
def test_absolute_terms_are_replaced(sentence: str) -> None:
    verdict = comply(sentence, evidence_text=EVIDENCE)
    assert verdict.broken[0][0] == "advertising/absolute"
    assert verdict.text and not comply(verdict.text, evidence_text=EVIDENCE).broken


@pytest.mark.parametrize(
    "sentence",
    [
        "这个枕头能治疗颈椎病。",
        "睡这个可以增强免疫力。",
        "稳赚不赔，年化收益很高。",
        "保证不会坏。",
        "永不褪色。",
        "摆在家里招财辟邪。",
        "人民大会堂专供。",
    ],
)
def test_medical_financial_and_other_forbidden_promises_are_dropped(sentence: str) -> None:
    assert comply(sentence).text is None


def test_urgency_needs_a_figure_of_the_merchant() -> None:
    assert comply("只剩3件，手慢无！", evidence_text=EVIDENCE).text is None
    assert comply("还剩36件。", evidence_text=EVIDENCE).broken == ()


@pytest.mark.parametrize(
    "sentence",
    [
        "最亮一档是12瓦。",
        "最大承重180kg。",
        "第一次洗请单独用冷水。",
        "最近活动价359元。",
        "最后一步点提交。",
        "最快明天到。",
        "最低一档不刺眼。",
        "婴儿可以贴身用。",
        "它不能治疗失眠。",
    ],
)
def test_harmless_uses_stay(sentence: str) -> None:
    assert comply(sentence, evidence_text=EVIDENCE).broken == ()


def test_the_shops_own_phone_is_held_back_where_a_platform_forbids_it() -> None:
    said = "客服热线400-820-5566。"
    assert comply(said, evidence_text=EVIDENCE).text == said
    assert comply(said, evidence_text=EVIDENCE, rules=PLATFORM_RULES).text == CONTACT_ELSEWHERE


@pytest.mark.parametrize(
    "sentence",
    ["她的电话是13912345678。", "加我微信abc12345。", "身份证110101199003074514。", "邮箱li.lei@example.com。"],
)
def test_personal_data_that_is_not_the_shops_never_leaves(sentence: str) -> None:
    verdict = comply(sentence, evidence_text=EVIDENCE)
    assert verdict.text is None
    assert verdict.broken[0][0].startswith("privacy/")
