"""Merchants, roles and bearer tokens."""

from dialogue.access.registry import AccessError, Registry
from dialogue.access.rows import Bearer, MerchantRow, Role, TokenRow

__all__ = ["AccessError", "Bearer", "MerchantRow", "Registry", "Role", "TokenRow"]
