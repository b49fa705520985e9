"""Who may do what."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a token allows. Each role may do what the ones after it may."""

    OWNER = "owner"
    """Everything, with tokens, revealing, export and erasing."""
    OPERATOR = "operator"
    """Answer customers, run rooms, see leads, reveal one (audited)."""
    VIEWER = "viewer"
    """Read lists and figures, contacts masked."""

    def allows(self, needed: Role) -> bool:
        """True when this role includes `needed`."""
        order = list(Role)
        return order.index(self) <= order.index(needed)


@dataclass(frozen=True, slots=True)
class MerchantRow:
    """A shop."""

    id: str
    name: str
    created_at_ms: int
    removed_at_ms: int | None
    origins: tuple[str, ...] = ()
    """Pages (`https://shop.example`) that may embed its chat, besides the server's own; `*` is any."""


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token without its secret, which is shown once and kept only as a hash."""

    id: str
    merchant: str
    role: Role
    label: str
    created_at_ms: int
    expires_at_ms: int | None
    revoked_at_ms: int | None


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whom a valid token stands for."""

    token_id: str
    merchant: str
    role: Role
