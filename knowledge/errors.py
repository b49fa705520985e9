"""Errors of the `knowledge` package: one base, so that a caller can catch all of them.

KnowledgeError
└── LibraryError
"""


class KnowledgeError(Exception):
    """Base of every error raised on purpose by `knowledge`; its text is one line a user can act on."""


class LibraryError(KnowledgeError):
    """A command cannot be carried out; nothing was changed."""
