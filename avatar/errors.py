"""Errors of the `avatar` package: one base, so that a caller can catch all of them.

AvatarError
├── NothingToSay    the text holds no letter that can be spoken
├── SceneError      a stage cannot be set up as asked
└── VoiceFailure    an engine did not speak; another may
"""


class AvatarError(Exception):
    """Base of every error raised on purpose by `avatar`; its text is one line a user can act on."""


class NothingToSay(AvatarError):
    """The text holds nothing that can be spoken: it is empty, or only emoji and punctuation."""

    def __init__(self) -> None:
        super().__init__("没有可以念出来的文字，请写一句话 / nothing to say")


class SceneError(AvatarError):
    """A stage cannot be set up as asked."""


class VoiceFailure(AvatarError):
    """A voice could not speak. `reason` is one of `REASONS`, short enough for a metric's label."""

    def __init__(self, message: str, *, reason: str):
        super().__init__(message)
        self.reason = reason


REASONS = ("late", "unreachable", "refused", "empty", "broken", "implausible", "unfinished", "failed", "resting")
"""late: no sound in time; refused: the server said no; empty, broken: no sound, no audio file; implausible: far too
long or too short for its text; unfinished: broke off; resting: failed a moment ago and is not asked again yet."""
