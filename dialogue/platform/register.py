"""The platforms a merchant has joined: where their answers go, and the secret both sides sign with."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, select

from dialogue.database.audit import audit
from dialogue.database.schema import channels, conversations, deliveries, merchants
from dialogue.database.transaction import Transaction
from dialogue.errors import DialogueError
from dialogue.lead.target import Target, TargetError, TargetKind, check_target

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,30}")
OWN_CHANNELS = frozenset({"chat", "live"})
"""The product's own channels: other rules hold there, so no platform may be called so."""
LIMIT = 32
"""Platforms of one merchant."""


class PlatformError(DialogueError):
    """A platform's settings are not usable, or there is no such platform; the text says which and how to mend it."""


@dataclass(frozen=True, slots=True)
class JoinedChannel:
    """One platform of one merchant. `address` takes the answers (POST), `secret` (`whsec_…`) signs both ways."""

    merchant: str
    name: str
    address: str
    secret: str = field(repr=False)
    created_at_ms: int
    waiting: int = 0
    """Conversations with something that has not reached the platform yet."""
    lost: int = 0
    """Messages that were given up."""
    last_error: str = ""
    """What went wrong last, while something waits or after it was given up."""

    @property
    def inbound(self) -> str:
        """The path of this server that the platform posts its customers' messages to."""
        return f"/api/channels/{self.merchant}/{self.name}"

    def to_json(self) -> dict[str, Any]:
        """The channel for programs: without its secret, and without what an address hides in its query."""
        target = Target(self.name, self.merchant, TargetKind.WEBHOOK, self.name, self.address)
        return {
            "merchant": self.merchant,
            "name": self.name,
            "address": target.shown_address,
            "inbound": self.inbound,
            "waiting": self.waiting,
            "lost": self.lost,
            "last_error": self.last_error,
            "created_at_ms": self.created_at_ms,
        }


def add(tx: Transaction, merchant: str, *, name: str, address: str, secret: str, actor: str) -> JoinedChannel:
    """Joins a platform, or changes one that is joined. Raises `PlatformError`."""
    if not _NAME.fullmatch(name) or name in OWN_CHANNELS:
        raise PlatformError(
            f"渠道名 {name[:40]!r} 用不了 / "
            "channel name is not usable; take a-z, 0-9, - and _, at most 31, and not chat or live"
        )
    try:
        check_target(TargetKind.WEBHOOK, address, secret)
    except TargetError as exc:
        raise PlatformError(f"{name}: {exc}") from exc
    alive = select(merchants.c.id).where(merchants.c.id == merchant, merchants.c.removed_at_ms.is_(None))
    if tx.connection.execute(alive).one_or_none() is None:
        raise PlatformError(
            f"没有商家 {merchant!r}，先新建 / there is no merchant of this name; make it with: zhanggui merchant create"
        )
    known = [row.name for row in read(tx, merchant)]
    if name not in known and len(known) >= LIMIT:
        raise PlatformError(
            f"一家店最多接 {LIMIT} 个渠道，先移除一个 / a merchant has at most {LIMIT} channels; remove one first"
        )
    config = tx.seal({"address": address, "secret": secret}, channels.c.config)
    same = and_(channels.c.merchant == merchant, channels.c.name == name)
    if name in known:
        tx.connection.execute(channels.update().where(same).values(config=config))
    else:
        row = {"merchant": merchant, "name": name, "config": config, "created_at_ms": tx.now_ms}
        tx.connection.execute(channels.insert().values(row))
    # What had to wait because of the old address is tried at the new one at once.
    tx.connection.execute(deliveries.update().where(_of(merchant, name)).values(attempts=0, next_at_ms=tx.now_ms))
    audit(tx, merchant=merchant, actor=actor, action="channel.add", subject=name)
    return next(row for row in read(tx, merchant) if row.name == name)


def remove(tx: Transaction, merchant: str, name: str, *, actor: str) -> None:
    """Leaves a platform; what waits for it is dropped. Raises `PlatformError` when there is none of this name."""
    gone = tx.connection.execute(delete(channels).where(channels.c.merchant == merchant, channels.c.name == name))
    if gone.rowcount == 0:
        raise PlatformError(
            f"这家店没有渠道 {name[:40]!r} / there is no such channel of this merchant; see: zhanggui channel list"
        )
    tx.connection.execute(delete(deliveries).where(_of(merchant, name)))
    audit(tx, merchant=merchant, actor=actor, action="channel.remove", subject=name)


def read(tx: Transaction, merchant: str | None = None) -> list[JoinedChannel]:
    """The platforms joined by this merchant, or by all that have not been removed, with how delivery goes."""
    query = (
        select(channels)
        .join(merchants, merchants.c.id == channels.c.merchant)
        .where(merchants.c.removed_at_ms.is_(None))
        .order_by(channels.c.merchant, channels.c.name)
    )
    if merchant is not None:
        query = query.where(channels.c.merchant == merchant)
    rows = list(tx.connection.execute(query))
    if not rows:
        return []
    late = and_(conversations.c.last_seq > deliveries.c.done_seq, deliveries.c.last_error != "")
    counted = (
        select(
            deliveries.c.merchant,
            deliveries.c.channel,
            func.sum(deliveries.c.lost).label("lost"),
            func.count().filter(late).label("waiting"),
            func.max(deliveries.c.last_error).label("last_error"),
        )
        .join(conversations, conversations.c.id == deliveries.c.conversation_id)
        .group_by(deliveries.c.merchant, deliveries.c.channel)
    )
    state = {(one.merchant, one.channel): one for one in tx.connection.execute(counted)}
    found = []
    for row in rows:
        one = state.get((row.merchant, row.name))
        config = tx.unseal(row.config, channels.c.config)
        counts = (int(one.waiting), int(one.lost), str(one.last_error)) if one is not None else (0, 0, "")
        found.append(
            JoinedChannel(row.merchant, row.name, config["address"], config["secret"], row.created_at_ms, *counts)
        )
    return found


def find(tx: Transaction, merchant: str, name: str) -> JoinedChannel | None:
    """The platform as it is set up (without counting what waits), None when it is not joined."""
    row = tx.connection.execute(
        select(channels)
        .join(merchants, merchants.c.id == channels.c.merchant)
        .where(merchants.c.removed_at_ms.is_(None), channels.c.merchant == merchant, channels.c.name == name)
    ).one_or_none()
    if row is None:
        return None
    config = tx.unseal(row.config, channels.c.config)
    return JoinedChannel(row.merchant, row.name, config["address"], config["secret"], row.created_at_ms)


def _of(merchant: str, name: str) -> ColumnElement[bool]:
    return and_(deliveries.c.merchant == merchant, deliveries.c.channel == name)
