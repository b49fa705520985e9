"""Merchants and the tokens of their people, reached as `store.access`."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Row, or_, select, update

from dialogue.access.errors import AccessError
from dialogue.access.origin import read_origin
from dialogue.access.rows import Bearer, MerchantRow, Role, TokenRow
from dialogue.database.audit import audit
from dialogue.database.schema import merchants, tokens
from dialogue.database.transaction import Run, Transaction, new_id

_MERCHANT_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_NAME_LIMIT = 60
ORIGINS_LIMIT = 50
_TOKEN = re.compile(r"zg_[A-Za-z0-9_-]{43}")


class Registry:
    """Merchants and tokens of one store."""

    def __init__(self, read: Run, write: Run) -> None:
        self._read, self._write = read, write

    async def create_merchant(self, merchant: str, *, name: str = "") -> MerchantRow:
        """Makes a shop, or brings a removed one back. Raises `AccessError` for a bad id or one in use.

        An id is 1 to 63 of a–z, 0–9, `-` and `_`; it stands in addresses and folder names.
        """
        if not _MERCHANT_ID.fullmatch(merchant):
            raise AccessError(
                f"商家编号 {merchant[:80]!r} 用不了，只用 a-z、0-9、- 和 _，最多 63 个 / "
                "merchant id is not usable; take a-z, 0-9, - and _, at most 63"
            )
        return await self._write(lambda tx: _create_merchant(tx, merchant, name or merchant))

    async def ensure_merchant(self, merchant: str, *, name: str = "") -> MerchantRow:
        """The shop, made if it is not there yet."""
        found = await self.merchant(merchant)
        if found is not None:
            return found
        try:
            return await self.create_merchant(merchant, name=name)
        except AccessError:
            again = await self.merchant(merchant)
            if again is None:
                raise
            return again

    async def merchant(self, merchant: str) -> MerchantRow | None:
        """The shop, or None when there is none or it was removed."""
        return next((row for row in await self.merchants() if row.id == merchant), None)

    async def merchants(self, *, removed: bool = False) -> list[MerchantRow]:
        """All shops by id; with `removed` also those taken away."""

        def work(tx: Transaction) -> list[MerchantRow]:
            query = select(merchants).order_by(merchants.c.id)
            if not removed:
                query = query.where(merchants.c.removed_at_ms.is_(None))
            return [_merchant(row) for row in tx.connection.execute(query)]

        return await self._read(work)

    async def set_merchant(
        self, merchant: str, *, name: str | None = None, origins: Sequence[str] | None = None, actor: str
    ) -> MerchantRow:
        """Changes what is given; `origins` replaces the whole list. Raises `AccessError` naming what is wrong.

        An origin is `https://shop.example`, `http://…` or `*`; it is kept as browsers send it, each once.
        """
        allowed = None if origins is None else list(dict.fromkeys(read_origin(one) for one in origins))
        if allowed is not None and len(allowed) > ORIGINS_LIMIT:
            raise AccessError(
                f"允许的网站最多 {ORIGINS_LIMIT} 个，这里有 {len(allowed)} 个 / "
                f"at most {ORIGINS_LIMIT} origins are kept, here are {len(allowed)}"
            )
        if name is not None and not 0 < len(name.strip()) <= _NAME_LIMIT:
            raise AccessError(f"店名要 1–{_NAME_LIMIT} 个字 / a shop's name has 1 to {_NAME_LIMIT} characters")

        def work(tx: Transaction) -> MerchantRow:
            values: dict[str, Any] = {} if name is None else {"name": name.strip()}
            if allowed is not None:
                values["origins"] = json.dumps(allowed)
            same = (merchants.c.id == merchant, merchants.c.removed_at_ms.is_(None))
            if values:
                tx.connection.execute(update(merchants).where(*same).values(values))
            row = tx.connection.execute(select(merchants).where(*same)).one_or_none()
            if row is None:
                raise AccessError(
                    f"没有商家 {merchant!r}，看看有哪些 / "
                    "there is no merchant of this name; see: zhanggui merchant list"
                )
            if values:
                detail = ", ".join(sorted(values))
                audit(tx, merchant=merchant, actor=actor, action="merchant.set", subject=merchant, detail=detail)
            return _merchant(row)

        return await self._write(work)

    async def remove_merchant(self, merchant: str, *, actor: str) -> None:
        """Closes a shop and revokes its tokens; its leads stay until they are erased. Raises `AccessError`."""

        def work(tx: Transaction) -> None:
            gone = tx.connection.execute(
                update(merchants)
                .where(merchants.c.id == merchant, merchants.c.removed_at_ms.is_(None))
                .values(removed_at_ms=tx.now_ms)
            )
            if gone.rowcount == 0:
                raise AccessError(
                    f"没有商家 {merchant!r}，看看有哪些 / "
                    "there is no merchant of this name; see: zhanggui merchant list"
                )
            tx.connection.execute(
                update(tokens)
                .where(tokens.c.merchant == merchant, tokens.c.revoked_at_ms.is_(None))
                .values(revoked_at_ms=tx.now_ms)
            )
            audit(tx, merchant=merchant, actor=actor, action="merchant.remove", subject=merchant)

        await self._write(work)

    async def create_token(
        self, merchant: str, *, role: Role, label: str = "", lifetime_s: int | None = None, actor: str = "cli"
    ) -> tuple[TokenRow, str]:
        """Makes a token; returns its row and the secret, which cannot be read again. Raises `AccessError`."""
        secret = "zg_" + secrets.token_urlsafe(32)

        def work(tx: Transaction) -> TokenRow:
            alive = select(merchants.c.id).where(merchants.c.id == merchant, merchants.c.removed_at_ms.is_(None))
            if tx.connection.execute(alive).one_or_none() is None:
                raise AccessError(
                    f"没有商家 {merchant!r}，先新建 / "
                    "there is no merchant of this name; make it with: zhanggui merchant create"
                )
            expires = None if lifetime_s is None else tx.now_ms + lifetime_s * 1000
            row = TokenRow(new_id("tok"), merchant, role, label, tx.now_ms, expires, None)
            tx.connection.execute(
                tokens.insert().values(
                    id=row.id,
                    merchant=merchant,
                    role=role,
                    label=label,
                    hash=_hash(secret),
                    created_at_ms=tx.now_ms,
                    expires_at_ms=expires,
                )
            )
            audit(tx, merchant=merchant, actor=actor, action="token.create", subject=row.id, detail=str(role))
            return row

        return await self._write(work), secret

    async def tokens(self, merchant: str | None = None) -> list[TokenRow]:
        """Tokens, the newest first, revoked ones too."""

        def work(tx: Transaction) -> list[TokenRow]:
            query = select(tokens).order_by(tokens.c.created_at_ms.desc(), tokens.c.id)
            if merchant is not None:
                query = query.where(tokens.c.merchant == merchant)
            return [_token(row) for row in tx.connection.execute(query)]

        return await self._read(work)

    async def revoke_token(self, token_id: str, *, actor: str = "cli") -> None:
        """Ends a token at once. Raises `AccessError` when there is none with this id that still works."""

        def work(tx: Transaction) -> None:
            row = tx.connection.execute(
                select(tokens).where(tokens.c.id == token_id, tokens.c.revoked_at_ms.is_(None))
            ).one_or_none()
            if row is None:
                raise AccessError(
                    f"没有这个还有效的令牌 {token_id!r} / "
                    "there is no working token of this id; see: zhanggui token list"
                )
            tx.connection.execute(update(tokens).where(tokens.c.id == token_id).values(revoked_at_ms=tx.now_ms))
            audit(tx, merchant=row.merchant, actor=actor, action="token.revoke", subject=token_id)

        await self._write(work)

    async def verify(self, secret: str) -> Bearer | None:
        """Whom a bearer token stands for; None when it is unknown, expired or revoked, or its shop is gone."""
        if not _TOKEN.fullmatch(secret):
            return None

        def work(tx: Transaction) -> Bearer | None:
            row = tx.connection.execute(
                select(tokens)
                .join(merchants, merchants.c.id == tokens.c.merchant)
                .where(
                    tokens.c.hash == _hash(secret),
                    tokens.c.revoked_at_ms.is_(None),
                    merchants.c.removed_at_ms.is_(None),
                    or_(tokens.c.expires_at_ms.is_(None), tokens.c.expires_at_ms > tx.now_ms),
                )
            ).one_or_none()
            return None if row is None else Bearer(row.id, row.merchant, Role(row.role))

        return await self._read(work)


def _create_merchant(tx: Transaction, merchant: str, name: str) -> MerchantRow:
    row = tx.connection.execute(select(merchants).where(merchants.c.id == merchant)).one_or_none()
    if row is not None and row.removed_at_ms is None:
        raise AccessError(f"商家 {merchant!r} 已经有了 / the merchant exists already; see: zhanggui merchant list")
    if row is not None:
        tx.connection.execute(update(merchants).where(merchants.c.id == merchant).values(name=name, removed_at_ms=None))
        return replace(_merchant(row), name=name, removed_at_ms=None)
    tx.connection.execute(merchants.insert().values(id=merchant, name=name, created_at_ms=tx.now_ms))
    return MerchantRow(merchant, name, tx.now_ms, None)


def _merchant(row: Row[Any]) -> MerchantRow:
    return MerchantRow(row.id, row.name, row.created_at_ms, row.removed_at_ms, tuple(json.loads(row.origins)))


def _token(row: Row[Any]) -> TokenRow:
    return TokenRow(
        row.id, row.merchant, Role(row.role), row.label, row.created_at_ms, row.expires_at_ms, row.revoked_at_ms
    )


def _hash(secret: str) -> str:
    """SHA-256 is enough: the secret holds 256 random bits, there is nothing to guess."""
    return hashlib.sha256(secret.encode()).hexdigest()
