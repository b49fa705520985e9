"""Leads and their figures as lines for a terminal, Chinese."""

from __future__ import annotations

from datetime import date, datetime, tzinfo

from dialogue.contact import Field
from dialogue.lead import FunnelRow, LeadRow

PURPOSES = {"contact": "联系", "share": "转交"}
STATES = {"pending": "待确认", "granted": "已同意", "refused": "不同意", "withdrawn": "已撤回"}
_FIELDS = {
    Field.NAME: "称呼",
    Field.CITY: "城市",
    Field.BUDGET: "预算",
    Field.QUANTITY: "数量",
    Field.TIME: "时间",
    Field.PRODUCT: "商品",
    Field.STORE: "门店",
    Field.VISIT_TIME: "到店",
    Field.PARTY_SIZE: "人数",
}


def day_of(at_ms: int | None, zone: tzinfo, *, before: bool = False) -> date | None:
    """The day of a moment in `zone`; with `before`, of the moment just before it. None stays None."""
    return None if at_ms is None else datetime.fromtimestamp((at_ms - before) / 1000, zone).date()


def describe(row: LeadRow, zone: tzinfo) -> str:
    """One lead on one line."""
    when = datetime.fromtimestamp(row.created_at_ms / 1000, zone).strftime("%Y-%m-%d %H:%M")
    contacts = "、".join(f"{one.kind} {one.value}" for one in row.contacts) or "（还没有联系方式）"
    profile = "，".join(f"{_FIELDS[key]} {value}" for key, value in row.profile.items())
    consent = "，".join(f"{PURPOSES.get(key, key)}{STATES.get(value, value)}" for key, value in row.consent.items())
    return "  ".join(part for part in (when, row.merchant, row.channel, contacts, profile, consent, row.id) if part)


def describe_funnel(row: FunnelRow) -> str:
    """One group on one line."""
    wait = "—" if row.first_response_ms is None else f"{row.first_response_ms / 1000:.1f} 秒"
    cost = "—" if row.cost_per_lead_micros is None else f"{row.cost_per_lead_micros / 1e6:.4f}"
    return (
        f"{row.group}：会话 {row.conversations} → 开口 {row.spoke} → 留资 {row.left_contact}"
        f" → 有效 {row.valid_contact}；"
        f"首响 {wait}；回答 {row.answered}，反问 {row.asked_back}，拒答 {row.refused}，转人工 {row.handed_over}；"
        f"邀约 {row.offers}，被拒 {row.offers_refused}；单条成本 {cost}"
    )
