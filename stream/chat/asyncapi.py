"""The chat protocol as an AsyncAPI 3.0 document, made from the very models that parse and write the frames."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import models_json_schema

from stream.chat import incoming, outgoing
from stream.chat.frame import PROTOCOL
from stream.chat.limit import ChatLimits
from stream.chat.session import CloseCode

_FROM_CLIENT = (
    incoming.Hello,
    incoming.Say,
    incoming.LeadAnswer,
    incoming.HandoffRequest,
    incoming.TypingHint,
    incoming.Feedback,
    incoming.Stop,
    incoming.Ping,
)
_FROM_SERVER = (
    outgoing.Welcome,
    outgoing.Ack,
    outgoing.TypingState,
    outgoing.Delta,
    outgoing.Message,
    outgoing.Retract,
    outgoing.LeadFormCard,
    outgoing.LeadSaved,
    outgoing.HandoffState,
    outgoing.Problem,
    outgoing.Pong,
)
_CLOSE = {
    CloseCode.GOING_AWAY: "the server stops or restarts; come back and resume",
    CloseCode.BAD_FRAMES: "no hello first, or too many unusable frames",
    CloseCode.TOKEN: "the token is missing, not ours or has run out; start again without one",
    CloseCode.FORBIDDEN: "this origin may not embed the shop's chat",
    CloseCode.UNKNOWN_MERCHANT: "there is no such merchant",
    CloseCode.TIMEOUT: "silent or reading too slowly; come back and resume",
    CloseCode.REPLACED: "the conversation is open in too many places",
    CloseCode.PROTOCOL: "this protocol version is not spoken here",
    CloseCode.TOO_MANY: "too many sockets from one address; wait for retry_after_ms",
    CloseCode.OVERLOADED: "no room at the moment; come back later and resume",
}

_ERRORS = {
    "rate_limited": "too fast; send the same again after retry_after_ms",
    "busy": "earlier messages are still being answered; send the same again after retry_after_ms",
    "not_saved": "could not be stored; send the same again after retry_after_ms",
    "too_long": "the text is longer than welcome.text_limit; send it in parts",
    "too_large": "the frame is longer than allowed",
    "bad_json": "not a JSON object in a text frame",
    "bad_frame": "a field is missing or wrong",
    "unknown_type": "there is no frame of this type",
    "lead_invalid": "a field of the form is not usable; field says which",
    "consent_required": "a form was sent without consent; nothing was stored",
    "answer_failed": "the message is stored, its answer failed",
    "unknown_seq": "there is no message with this seq yet",
    "hello_first": "the first frame must be hello; closes with 4400",
    "token_required": "a conversation was named without its token; closes with 4401",
    "token_invalid": "the token is not ours, of another conversation, or of one that was erased; closes with 4401",
    "token_expired": "the token has run out; closes with 4401",
    "origin": "this origin may not embed the shop's chat; closes with 4403",
    "unknown_merchant": "there is no such merchant; closes with 4404",
    "timeout": "silent for too long; closes with 4408",
    "slow_reader": "too many frames were left unread; closes with 4408",
    "replaced": "the conversation was opened in too many places; closes with 4409",
    "protocol": "this protocol version is not spoken here; closes with 4426",
    "overloaded": "too many sockets are open; closes with 4503",
    "unavailable": "the conversation cannot be opened at the moment; closes with 4503",
}
"""What `error.code` may be, and what it means. Clients should take an unknown one as a plain message."""


def asyncapi_document(*, host: str = "127.0.0.1:8700", limits: ChatLimits | None = None) -> dict[str, Any]:
    """The whole document as JSON values. `host` is the authority clients reach the server under."""
    limits = limits or ChatLimits()
    models = (*_FROM_CLIENT, *_FROM_SERVER)
    _, definitions = models_json_schema(
        [(model, "validation") for model in models], ref_template="#/components/schemas/{model}"
    )
    schemas = {name: _closed_type(schema) for name, schema in definitions["$defs"].items()}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Zhanggui chat",
            "version": f"{PROTOCOL}.0.0",
            "description": "Private messages with a shop's AI agent and its human colleagues. JSON objects in text "
            "frames; `type` names the kind; unknown fields are ignored. See docs/chat-protocol.md.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {"shop": {"host": host, "protocol": "ws"}},
        "channels": {
            "chat": {
                "address": "/ws/chat/{merchant}",
                "description": f"One conversation. Frames of at most {limits.frame_chars} characters, texts of at "
                f"most {limits.text_chars}.",
                "parameters": {"merchant": {"description": "The merchant's id."}},
                "messages": {_key(model): {"$ref": f"#/components/messages/{_key(model)}"} for model in models},
                "x-close-codes": {str(int(code)): text for code, text in _CLOSE.items()},
                "x-error-codes": _ERRORS,
            }
        },
        "operations": {
            "fromClient": _operation("receive", "What a client may send.", _FROM_CLIENT),
            "fromServer": _operation("send", "What the server sends.", _FROM_SERVER),
        },
        "components": {
            "messages": {
                _key(model): {
                    "name": model.model_fields["type"].default,
                    "summary": (model.__doc__ or "").split("\n")[0],
                    "payload": {"$ref": f"#/components/schemas/{model.__name__}"},
                }
                for model in models
            },
            "schemas": schemas,
        },
    }


def _operation(action: str, summary: str, models: tuple[Any, ...]) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": "#/channels/chat"},
        "summary": summary,
        "messages": [{"$ref": f"#/channels/chat/messages/{_key(model)}"} for model in models],
    }


def _key(model: Any) -> str:
    side = "client" if model in _FROM_CLIENT else "server"
    return f"{side}.{model.model_fields['type'].default}"


def _closed_type(schema: dict[str, Any]) -> dict[str, Any]:
    """`type` is always there on the wire, although Python gives it a default."""
    if "type" in schema.get("properties", {}):
        schema["required"] = sorted({*schema.get("required", []), "type"})
    return schema
