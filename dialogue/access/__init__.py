"""Merchants, roles and bearer tokens."""

from dialogue.access.errors import AccessError
from dialogue.access.origin import read_origin
from dialogue.access.registry import Registry
from dialogue.access.rows import Bearer, MerchantRow, Role, TokenRow

__all__ = ["AccessError", "Bearer", "MerchantRow", "Registry", "Role", "TokenRow", "read_origin"]
