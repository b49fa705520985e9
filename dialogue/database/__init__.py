"""Where conversations and leads are kept: tables, migrations, the sealing of contacts, one writer."""

from dialogue.database.cipher import KeyRing, KeyRingError
from dialogue.database.engine import DatabaseBusyError, DatabaseError, open_engines, translated
from dialogue.database.migration import MigrationError, migrate
from dialogue.database.writer import Writer

__all__ = [
    "DatabaseBusyError",
    "DatabaseError",
    "KeyRing",
    "KeyRingError",
    "MigrationError",
    "Writer",
    "migrate",
    "open_engines",
    "translated",
]
