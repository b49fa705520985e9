"""What an error says to a client that speaks English. The Chinese line is written where the error is raised."""

from __future__ import annotations

from dialogue import Locale
from stream.chat.outgoing import Problem

LINES = {
    "rate_limited": "Too fast; please wait a moment and send it again",
    "busy": "Your earlier questions are still being answered; please send it again in a moment",
    "not_saved": "It could not be saved; please send it again in a moment",
    "too_long": "The message is too long; please send it in parts",
    "too_large": "The frame is longer than allowed",
    "bad_json": "This is not a JSON object in a text frame",
    "bad_frame": "A field of the frame is missing or wrong",
    "unknown_type": "There is no frame of this type",
    "lead_invalid": "This does not look right, please check it",
    "consent_required": "Nothing was saved, as the box was not ticked",
    "answer_failed": "I cannot answer right now; your question is noted",
    "unknown_seq": "There is no message with this seq yet",
    "hello_first": "The first frame must be hello",
    "token_required": "Going on with a conversation needs its token",
    "token_invalid": "This conversation cannot be gone on with; please begin again without the token",
    "token_expired": "The token has run out; please begin again without it",
    "origin": "This website may not embed the shop's chat; its owner has to allow it",
    "unknown_merchant": "There is no such shop",
    "timeout": "Nothing was heard for too long; reconnect to go on",
    "slow_reader": "The connection is too slow; reconnect to go on",
    "replaced": "The conversation is open in too many places; the oldest was disconnected",
    "protocol": "This version of the protocol is not spoken here",
    "overloaded": "Too many people are here right now; please come back in a moment",
    "unavailable": "The conversation cannot be opened right now; please try again in a moment",
}
"""Error code → its line."""

_FIELDS = {
    "phone": "This mobile number does not look right, please check it",
    "landline": "This phone number does not look right, please check it",
    "wechat": "This WeChat ID does not look right, please check it",
    "qq": "This QQ number does not look right, please check it",
    "email": "This e-mail address does not look right, please check it",
}
"""The field of a form → its line."""


def told(problem: Problem, locale: Locale | None) -> Problem:
    """The problem in the client's language; in both while it has not said which (`None`)."""
    if locale is Locale.ZH:
        return problem
    line = LINES.get(problem.code, problem.message)
    if problem.code == "lead_invalid" and problem.field:
        line = _FIELDS.get(problem.field, line)
    if problem.code == "rate_limited" and problem.retry_after_ms:
        line = f"Too fast; please send it again in {problem.retry_after_ms / 1000:.1f} s"
    text = line if locale is Locale.EN else f"{problem.message} / {line}"
    return problem.model_copy(update={"message": text})
