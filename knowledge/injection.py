"""Text in a document that talks to the machine instead of to a customer. Pure.

The guard is not the only one: whatever stands in a document reaches a language model as quoted material. But such a
sentence is never an answer for a customer either, so it is left out of the knowledge and reported.
"""

from __future__ import annotations

import re

_TARGETS = r"(?:指令|指示|提示词?|系统提示|规则|设定|对话|命令|要求|约束|限制)"
_PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?:忽略|无视|忘记|忘掉|不要理会|不用理会|抛开|跳过|覆盖)(?:掉|了|你)?[^。！？\n]{{0,12}}?(?:以上|之前|前面|上面|上述|先前|此前|所有|全部|一切|原有|系统)[^。！？\n]{{0,8}}?{_TARGETS}",
        r"(?:从现在开始|现在起|接下来)[，,]?\s*你(?:要|必须|需要|将)?(?:扮演|不再是|忽略|只能回答)",
        r"你现在(?:是|扮演)(?:一[个名位])?[^。！？\n]{0,20}(?:模式|助手|角色|机器人|AI)",
        r"(?:输出|打印|重复|泄露|告诉我|显示)[^。！？\n]{0,8}(?:系统提示|提示词|system\s*prompt)",
        r"ignore\s+(?:all\s+|any\s+)?(?:of\s+)?(?:the\s+|your\s+)?(?:previous|prior|above|earlier)\s+(?:instructions?|prompts?|rules?|messages?)",
        r"disregard\s+(?:all\s+|any\s+)?(?:the\s+|your\s+)?(?:previous|prior|above|system)",
        r"you\s+are\s+now\s+(?:a|an|in|the)\b[^.\n]{0,30}(?:mode|assistant|model|ai|dan)\b",
        r"(?:reveal|print|repeat|show)\s+(?:me\s+)?(?:the\s+|your\s+)?(?:system\s+prompt|hidden\s+instructions)",
        r"<\|?(?:im_start|im_end|system|endoftext)\|?>|\[/?INST\]|<<SYS>>",
    )
)


def injection(text: str) -> str | None:
    """The first words of `text` that give orders to a language model, or None."""
    for pattern in _PATTERNS:
        match = pattern.search(text)
        if match is not None:
            return " ".join(match[0].split())[:40]
    return None
