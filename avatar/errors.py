"""Errors of the `avatar` package: one base, so that a caller can catch all of them.

AvatarError
"""


class AvatarError(Exception):
    """Base of every error raised on purpose by `avatar`; its text is one line a user can act on."""
