"""Where conversations and leads are kept: tables, migrations, the sealing of contacts, one writer."""

from dialogue.database.audit import AuditRow
from dialogue.database.cipher import KeyRing, KeyRingError
from dialogue.database.engine import DatabaseBusyError, DatabaseError, open_engines, translated
from dialogue.database.migration import STEPS, MigrationError, migrate
from dialogue.database.transaction import Transaction
from dialogue.database.writer import Writer

__all__ = [
    "STEPS",
    "AuditRow",
    "DatabaseBusyError",
    "DatabaseError",
    "KeyRing",
    "KeyRingError",
    "MigrationError",
    "Transaction",
    "Writer",
    "migrate",
    "open_engines",
    "translated",
]
