"""How a sentence is meant, from its words: what the host's face and voice will show."""

from __future__ import annotations

import re

from dialogue.event import Emotion

_RULES: tuple[tuple[Emotion, re.Pattern[str]], ...] = (
    (Emotion.APOLOGY, re.compile(r"抱歉|对不起|不好意思|是我们的问题|给您添麻烦|没能帮到")),
    (Emotion.EMPATHY, re.compile(r"理解您|我明白|别着急|让您久等|辛苦您|听到这个|换作是我|先别急|您的心情")),
    (Emotion.SURPRISE, re.compile(r"哇|没想到|竟然|居然|真的吗")),
    (Emotion.EXCITEMENT, re.compile(r"活动价|促销价|优惠价|限时|福利|立减|上新|重点来了|划算")),
    (Emotion.JOY, re.compile(r"欢迎|您好呀|你好呀|很高兴|谢谢|感谢|太好了|祝您|开心|不客气|哈哈|喜欢")),
)


def emotion_of(text: str, *, default: Emotion = Emotion.NEUTRAL) -> Emotion:
    """The emotion a sentence's words carry; an apology outweighs joy. `default` where they carry none."""
    return next((emotion for emotion, pattern in _RULES if pattern.search(text)), default)
