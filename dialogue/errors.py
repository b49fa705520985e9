"""Errors of the `dialogue` package: one base, so that a caller can catch all of them.

DialogueError
"""


class DialogueError(Exception):
    """Base of every error raised on purpose by `dialogue`; its text is one line a user can act on."""
