"""Errors of the `knowledge` package: one base, so that a caller can catch all of them.

KnowledgeError
"""


class KnowledgeError(Exception):
    """Base of every error raised on purpose by `knowledge`; its text is one line a user can act on."""
