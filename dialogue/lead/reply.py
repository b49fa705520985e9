"""Reading a customer's answer to the consent question: yes, no, or something else. Pure.

A consent must be meant: plain words (同意, 不同意, 别联系我) count whenever they come; 可以 and 好 only right after the
question, and 好 only when nothing else is said with it. Whatever is not clear leaves the consent pending, so that
nothing goes out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dialogue.lead.consent import ConsentState


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer to the consent question; `alone` when the message says nothing besides."""

    state: ConsentState
    alone: bool


_LONGEST = 40
"""Code points of a clause that may still be a yes or a no."""
_CLAUSE = re.compile(r"[^,，。.!！?？~～;；、\n]+[?？]?")
_ASKS = re.compile(r"[?？]|[吗么呢]\s*$|可不可以|能不能|行不行|好不好|要不要|是不是|怎么|为什么|什么|多少|哪")
_SOFT = r"(?:的|了|啦|吧|啊|呀|哦|哈|哒|嘛|呢|please|thanks?|谢谢|感谢|\s)*"
_REACH = (
    r"(?:那|就|请|麻烦|你们?|您|尽快|早点|快点?|随时|直接|今天|明天|后天|今晚|周末|上午|中午|下午|晚上|有空|方便|的?时候|再|来)*"
    r"(?:联系|打给|打电话给|给我打|回|加|call)(?:我|me)?(?:电话)?(?:就行|就好|即可|都行)?"
)
_POLITE = re.compile(
    rf"\s*(?:{_REACH}|谢谢(?:你|您|亲)?|谢啦|多谢|感谢|麻烦(?:你|您)?了?|辛苦了?|亲|"
    rf"thanks?(?: you)?|thx|please|呵呵|嘻嘻|哈+)?{_SOFT}",
    re.IGNORECASE,
)
_LEAD = r"(?:我们?|嗯+|好的?|是的?|行|那|就|当然|完全|非常|都|也|i|yes|ok|\s)*"
_AGREED = re.compile(
    rf"{_LEAD}(?:同意|授权|agreed?|(?:可以|没问题|能|欢迎){_REACH}){_SOFT}(?:同意|可以|好的?)?{_SOFT}(?:{_REACH})?{_SOFT}",
    re.IGNORECASE,
)
_FIRM = re.compile(rf"{_LEAD}(?:可以|没问题|没意见){_SOFT}(?:可以|好的?)?{_SOFT}(?:{_REACH})?{_SOFT}", re.IGNORECASE)
_GOOD = re.compile(
    r"(?=.*(?:好|行|嗯|ok|yes|yeah|yep|sure|成|中|1|👌|👍|🆗))"
    r"(?:好|行|嗯|okk?|okay|yes|yeah|yep|sure|[成中1👌👍🆗我那就滴嘞的了啦吧啊呀哦哈哒嘛呢]|是的|当然|谢谢|please|thanks|\s)+",
    re.IGNORECASE,
)
_FORBIDDEN = re.compile(
    r"不(?:太|是很|是|怎么)?同意|同意不了|拒绝|\bdisagree\b|\b(?:don.?t|do not|never) (?:call|contact|agree)\b|"
    r"(?:别|不要|不用|不必|不需要|不想|不许|无需|勿)(?:再|你们|给我|来|跟我|被)*(?:联系|打给|打电话|打扰|打我|来电|加我|骚扰)|"
    r"删(?:掉|除|了)?(?:我|掉)?的?(?:电话|手机|号码|联系方式|微信|信息|资料|数据)|"
    r"(?:电话|手机|号码|联系方式|微信|信息|资料|数据)(?:都|给我|全部|请|马上|立刻)*删",
    re.IGNORECASE,
)
_REFUSED = re.compile(
    r"(?:那|就|还是|暂时|先|暂|我|请|嗯|哦|还|\s)*"
    r"(?:不可以|不行|不要|不用|不需要|不必|不了|不方便|不太方便|不想|不好|不|别|别打|no|nope|算了)"
    rf"(?:联系|打)?{_SOFT}",
    re.IGNORECASE,
)


def read_reply(text: str, *, at_once: bool = True) -> Reply | None:
    """Reads `text`, which came right after the consent question (`at_once`) or when more had been said since."""
    clauses = [clause.strip() for clause in _CLAUSE.findall(text) if clause.strip()]
    plain = [clause for clause in clauses if not _ASKS.search(clause)]
    if any(_FORBIDDEN.search(clause) for clause in plain):
        return Reply(ConsentState.REFUSED, all(_says_no(clause) or _means(clause, _POLITE) for clause in clauses))
    alone = all(_means(clause, _AGREED, _FIRM, _GOOD, _POLITE) for clause in clauses)
    if any(_means(clause, _AGREED) for clause in plain):
        return Reply(ConsentState.GRANTED, alone)
    if not at_once or not plain or plain[0] is not clauses[0]:
        return None
    if _means(clauses[0], _FIRM) or (alone and _means(clauses[0], _GOOD)):
        return Reply(ConsentState.GRANTED, alone)
    if _means(clauses[0], _REFUSED) and all(_says_no(clause) or _means(clause, _POLITE) for clause in clauses):
        return Reply(ConsentState.REFUSED, True)
    return None


def _means(clause: str, *patterns: re.Pattern[str]) -> bool:
    return len(clause) <= _LONGEST and any(pattern.fullmatch(clause) for pattern in patterns)


def _says_no(clause: str) -> bool:
    return _means(clause, _REFUSED) or _FORBIDDEN.search(clause) is not None
