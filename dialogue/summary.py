"""What a human colleague reads when taking over: the conversation in a few lines, contacts masked."""

from __future__ import annotations

from dialogue.audit import masked
from dialogue.conversation import Conversation
from dialogue.handoff import Reason
from dialogue.message import Role

_REASONS = {
    Reason.ASKED: "顾客要求人工",
    Reason.COMPLAINT: "顾客投诉",
    Reason.REFUND: "顾客要退款",
    Reason.LOW_EVIDENCE: "连续几个问题资料里没有答案",
    Reason.OPERATOR: "同事主动接管",
}


def summarise(conversation: Conversation, *, questions: int = 4) -> str:
    """Why, about what, and what was asked last; at most some 300 characters."""
    lines = []
    if conversation.handoff.reason:
        lines.append(f"原因：{_REASONS[conversation.handoff.reason]}")
    if conversation.record_id:
        lines.append(f"商品：{conversation.record_id}")
    if conversation.summary:
        lines.append(conversation.summary)
    asked = [masked(m.text)[:60] for m in conversation.history if m.role is Role.USER][-questions:]
    if asked:
        lines.append("最近的话：" + " / ".join(asked))
    return "；".join(lines)
