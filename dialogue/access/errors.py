"""What goes wrong with shops and their settings."""

from dialogue.database import DatabaseError


class AccessError(DatabaseError):
    """No such merchant or token, or a setting that may not be made."""
