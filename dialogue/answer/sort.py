"""The sort of answer that a question wants (a time, a number of people, a price, an age), and whether a text is one."""

from __future__ import annotations

import re

from dialogue.safety.numeral import folded

_SORTS: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = tuple(
    (re.compile(asks), re.compile(tells))
    for asks, tells in (
        (
            r"多久|几天|多长时间|几个?小时|几分钟|几个?月",
            r"[0-9一二两三四五六七八九十半几]\s*个?(?:工作)?(?:天|日|小时|分钟|月|年|周|星期|点|:|号)|当[天日]|[次隔][天日]|即[刻时日]|立[即刻]|随时|长期|不限|终身|永久|不过期|每",
        ),
        (
            r"(?:多少|[0-9几一二两三四五六七八九十])个?人(?:坐|睡|用|[吗么不]|$)|(?:坐|睡)[^，]{0,3}个人",
            r"[0-9几一二两三四五六七八九十]\s*(?:个|位|名)?(?:人|顾客)|[0-9一二两三四五六七八九十][位名]|座|男|女",
        ),
        (r"多少钱|几块钱|要钱|什么价|收费|加钱", r"元|块|免|不收|不加|不另|价|费|%|折"),
        (
            r"什么时候|啥时候|何时|几点|哪[天日]",
            r"[0-9一二两三四五六七八九十半]|周|星期|每|随时|当[天日]|[次隔][天日]|[前后]|即[刻时日]|立[即刻]|马上",
        ),
        (r"几岁|多少岁|[0-9]岁", r"岁|孩|童|成年"),
    )
)
"""What asks for a sort of answer, and how one of that sort speaks."""


def of_other_sort(question: str, text: str) -> bool:
    """Whether a time, a number of people, a price or an age is asked for, and the text holds none."""
    asked = folded(question)
    return any(asks.search(asked) and not tells.search(text) for asks, tells in _SORTS)
