"""Errors of the `stream` package: one base, so that a caller can catch all of them.

StreamError
"""


class StreamError(Exception):
    """Base of every error raised on purpose by `stream`; its text is one line a user can act on."""
