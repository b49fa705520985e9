"""Names, cities, budgets, quantities, times and visits, as customers put them; and contacts in odd places."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialogue.contact import Contact, ContactKind, Detail, Field, find, mask, may_continue, read_contact
from dialogue.contact.fold import fold


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("我姓王", Field.NAME, "王"),
        ("免贵姓欧阳", Field.NAME, "欧阳"),
        ("我是张先生", Field.NAME, "张先生"),
        ("李女士 13812346021", Field.NAME, "李女士"),
        ("我叫李雷，电话13812346021", Field.NAME, "李雷"),
        ("联系人：陈静 电话13812346021", Field.NAME, "陈静"),
        ("叫我小陈", Field.NAME, "小陈"),
        ("我在杭州", Field.CITY, "杭州"),
        ("寄到四川省成都可以吗", Field.CITY, "成都"),
        ("坐标深圳", Field.CITY, "深圳"),
        ("广州", Field.CITY, "广州"),
        ("预算5000以内", Field.BUDGET, "5000以内"),
        ("预算大概8千左右", Field.BUDGET, "8千左右"),
        ("预算3000到5000", Field.BUDGET, "3000到5000"),
        ("不超过2万", Field.BUDGET, "不超过2万"),
        ("要2套", Field.QUANTITY, "2套"),
        ("来三把椅子", Field.QUANTITY, "三把"),
        ("想订200张", Field.QUANTITY, "200张"),
        ("明天下午3点联系我", Field.TIME, "明天下午3点"),
        ("周六上午有空", Field.TIME, "周六上午"),
        ("方便时间是晚上8点后", Field.TIME, "晚上8点后"),
        ("周日下午两点到店看看", Field.VISIT_TIME, "周日下午两点"),
        ("到店看样，我们3个人", Field.PARTY_SIZE, "3个人"),
        ("一家四口过去", Field.PARTY_SIZE, "四口"),
        ("想去你们的天河店看看", Field.STORE, "天河店"),
    ],
)
def test_a_wish_is_read(text: str, field: Field, value: str) -> None:
    details = {one.field: one for one in find(text).details}
    assert field in details, details
    assert details[field].value == value
    start, end = details[field].span
    assert text[start:end].strip() == value


@pytest.mark.parametrize(
    "text",
    [
        "你好",
        "这款多少钱",
        "先生您好",
        "王者荣耀",
        "北京烤鸭味的吗",
        "有5000以上的吗",
        "2个颜色有区别吗",
        "三天内发货吗",
        "你们店在哪",
        "去哪家店",
        "网店吗",
    ],
)
def test_where_nothing_is_wished_nothing_is_read(text: str) -> None:
    found = {one.field: one.value for one in find(text).details}
    assert not found.keys() & {Field.NAME, Field.CITY, Field.BUDGET, Field.STORE, Field.QUANTITY}, found


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        (ContactKind.PHONE, "13812346021", "138****6021"),
        (ContactKind.PHONE, "+85291234567", "+85****4567"),
        (ContactKind.WECHAT, "abc123", "ab****23"),
        (ContactKind.QQ, "12345", "12****45"),
        (ContactKind.EMAIL, "lilei@example.com", "li****@example.com"),
        (ContactKind.EMAIL, "ab@example.com", "****@example.com"),
        (ContactKind.LANDLINE, "02088886666", "020****6666"),
    ],
)
def test_a_contact_is_masked(kind: ContactKind, value: str, shown: str) -> None:
    assert mask(kind, value) == shown


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (ContactKind.PHONE, "138 1234 6021", "13812346021"),
        (ContactKind.PHONE, "+86 138-1234-6021", "13812346021"),
        (ContactKind.PHONE, "一三八一二三四六零二一", "13812346021"),
        (ContactKind.PHONE, "12345678901", None),
        (ContactKind.PHONE, "13812346021 13912345678", None),
        (ContactKind.LANDLINE, "020-88886666", "02088886666"),
        (ContactKind.WECHAT, "Zhang_San88", "zhang_san88"),
        (ContactKind.WECHAT, "ab", None),
        (ContactKind.WECHAT, "微信", None),
        (ContactKind.QQ, "12345678", "12345678"),
        (ContactKind.QQ, "abc", None),
        (ContactKind.EMAIL, "A@Example.com", "a@example.com"),
        (ContactKind.EMAIL, "a@example.com b", None),
    ],
)
def test_a_form_field_is_checked(kind: ContactKind, text: str, value: str | None) -> None:
    assert read_contact(kind, text) == value


def test_only_a_possible_second_part_looks_back() -> None:
    assert may_continue("12346021") and may_continue("后面是6021") and may_continue("zhang_san88")
    assert not may_continue("这款多少钱") and not may_continue("订单 12346021 到哪了")


@pytest.mark.parametrize(
    ("asked", "text", "found"),
    [
        ("方便留个微信吗？", "xiaotao6688", [("wechat", "xiaotao6688")]),
        ("请问您的微信号是多少", "13812346021", [("wechat", "13812346021")]),
        ("您的QQ号是多少呢？", "55667788", [("qq", "55667788")]),
        ("您要哪一款？", "xiaotao6688", []),
        ("我们的微信是 qimu_home。", "xiaotao6688", []),
        ("方便留个微信吗？", "好的", []),
        ("方便留个微信吗？", "多少钱 model2026x", []),
        ("方便留个电话吗？", "13812346021", [("phone", "13812346021")]),
    ],
)
def test_a_bare_account_counts_only_when_it_was_asked_for(asked: str, text: str, found: list[tuple[str, str]]) -> None:
    assert [(one.kind, one.value) for one in find(text, asked=asked).contacts] == found


def test_spans_point_into_the_original() -> None:
    text = "电话１３８\u200b１２３４—６０２１哦"
    [contact] = find(text).contacts
    assert text[slice(*contact.span)] == "１３８\u200b１２３４—６０２１"


@given(st.text(max_size=80))
def test_folding_keeps_every_place(text: str) -> None:
    folded = fold(text)
    assert len(folded.text) == len(folded.starts) == len(folded.ends)
    assert all(0 <= start < end <= len(text) for start, end in zip(folded.starts, folded.ends, strict=True))
    assert list(folded.starts) == sorted(folded.starts)


@settings(max_examples=300, deadline=None)
@given(
    st.text("0123456789一二三四五六七八九零幺 -.,，+微信vxq@:：吗我的电话号订单a_Zcom。", max_size=60),
    st.lists(st.text("0123456789 一二微信:", max_size=12), max_size=3),
)
def test_any_text_is_read_without_an_error_and_with_valid_spans(text: str, earlier: list[str]) -> None:
    found = find(text, earlier=earlier)
    read: list[Contact | Detail] = [*found.contacts, *found.details]
    for one in read:
        assert 0 <= one.span[0] < one.span[1] <= len(text)
        assert one.value
    assert found == find(text, earlier=earlier)


@settings(max_examples=200)
@given(
    st.from_regex(r"1(3[0-9]|5[0-35-9]|8[0-9])[0-9]{8}", fullmatch=True), st.sampled_from(["", " ", "-", ".", "\u200b"])
)
def test_every_common_mobile_is_found_however_it_is_parted(number: str, gap: str) -> None:
    text = f"我电话{gap.join((number[:3], number[3:7], number[7:]))}谢谢"
    assert [one.value for one in find(text).contacts] == [number]


def test_a_hostile_text_is_read_in_linear_time() -> None:
    """Doubling the text may not quadruple the work; generous, so that only a runaway pattern fails."""
    for piece in (
        "1 ",
        "微信",
        "13812346021 ",
        "a@",
        "加我微信是：",
        "微信a",
        "138-",
        "一",
        "预算1到",
        "q q ",
        "电话是",
    ):
        started = time.process_time()
        find(piece * (8000 // len(piece)))
        assert time.process_time() - started < 2, piece
