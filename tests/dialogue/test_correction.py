"""Customers who correct themselves: what they take back is no contact, what they say last is."""

from __future__ import annotations

import pytest

from dialogue.contact import find


@pytest.mark.parametrize(
    ("earlier", "text", "values"),
    [
        ((), "13812346021，不对，是13812346022", ["13812346022"]),
        ((), "我电话13812346021 写错了 13812346022", ["13812346022"]),
        ((), "微信abc_1234，打错了，是abc_12345", ["abc_12345"]),
        ((), "QQ812940573不对 812940574", ["812940574"]),
        (("我微信abc_1234",), "打错了，是abc_12345", ["abc_12345"]),
        ((), "13812346021，打不通就打13812346022", ["13812346021", "13812346022"]),
        ((), "微信abc_1234，电话13812346021", ["abc_1234", "13812346021"]),
        ((), "13812346021，微信不对，是abc_12345", ["13812346021", "abc_12345"]),
        ((), "不对", []),
        (("这款多少钱",), "不对，abc_12345 这款", []),
    ],
)
def test_the_last_word_counts(earlier: tuple[str, ...], text: str, values: list[str]) -> None:
    found = find(text, earlier=earlier)
    assert [one.value for one in found.contacts] == values
    for one in found.contacts:
        start, end = one.span
        assert text[start:end].lower() == one.value


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("13812346021打我就行", True),
        ("13812346021 打我", True),
        ("不加微信，13812346021打电话吧", True),
        ("问下运费，我13812346021", True),
        ("13812346021刚才给我打电话", False),
        ("13812346021打来问我要验证码", False),
        ("你们销售 13812346021 说有九折", False),
        ("13812346021这个是空号", False),
    ],
)
def test_a_call_to_me_is_no_call_from_me(text: str, found: bool) -> None:
    assert [one.value for one in find(text).contacts] == (["13812346021"] if found else [])
