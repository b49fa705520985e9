"""Frames: what is let in, what goes out, and the document that describes both."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.chat import ChatLimits, CloseCode, asyncapi_document
from stream.chat.frame import FrameError
from stream.chat.incoming import CLIENT_TYPES, Say, parse
from stream.chat.outgoing import Message, Problem, encode, from_stored

DOCUMENT = asyncapi_document()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


@given(st.text(max_size=200))
def test_any_text_is_a_frame_or_one_clear_line(raw: str) -> None:
    try:
        parse(raw)
    except FrameError as exc:
        assert "\n" not in str(exc)
        assert exc.code in {"bad_json", "unknown_type", "bad_frame", "too_long"}


@given(st.sampled_from(CLIENT_TYPES), st.dictionaries(st.text(max_size=12), JSON, max_size=6), JSON, JSON)
def test_any_object_is_a_frame_or_one_clear_line(kind: str, extra: dict[str, Any], text: Any, client_id: Any) -> None:
    raw = json.dumps({**extra, "type": kind, "text": text, "client_id": client_id})
    try:
        frame = parse(raw)
    except FrameError as exc:
        assert "\n" not in str(exc)
        return
    assert frame.type == kind


def test_a_message_is_trimmed_and_made_storable() -> None:
    frame = parse(json.dumps({"type": "message", "client_id": "a", "text": "  你好\x00  "}))
    assert isinstance(frame, Say)
    assert frame.text == "你好"


@pytest.mark.parametrize("name", ["text", "client_id", "type"])
def test_half_an_emoji_is_refused_and_not_sent_back(name: str) -> None:
    frame = {"type": "message", "client_id": "a", "text": "好", name: "\ud83d"}
    with pytest.raises(FrameError) as refused:
        parse(json.dumps(frame))
    encode(Problem(code=refused.value.code, message=str(refused.value), client_id=refused.value.client_id))


def test_deeply_nested_json_is_refused() -> None:
    with pytest.raises(FrameError):
        parse("[" * 100_000)


def test_a_length_is_counted_in_code_points() -> None:
    raw = json.dumps({"type": "message", "client_id": "a", "text": "🛋" * 5})
    assert isinstance(parse(raw, text_limit=5), Say)
    with pytest.raises(FrameError) as refused:
        parse(raw, text_limit=4)
    assert (refused.value.code, refused.value.client_id) == ("too_long", "a")


def test_internal_events_are_not_told() -> None:
    assert from_stored("feedback", 3, {"seq": 1, "score": 1}) is None


def test_stored_payloads_may_hold_more_than_is_told() -> None:
    frame = from_stored("message", 3, {"role": "assistant", "text": "好", "decision": "answer"}, at_ms=5)
    assert frame == Message(seq=3, role="assistant", text="好", at_ms=5)
    assert "decision" not in encode(frame)


def test_the_document_names_every_frame_and_close_code() -> None:
    assert DOCUMENT["asyncapi"] == "3.0.0"
    channel = DOCUMENT["channels"]["chat"]
    assert {int(code) for code in channel["x-close-codes"]} == {int(code) for code in CloseCode}
    named = {message["name"] for message in DOCUMENT["components"]["messages"].values()}
    assert set(CLIENT_TYPES) < named
    assert len(channel["messages"]) == 19


def test_every_reference_of_the_document_leads_somewhere() -> None:
    for reference in re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(DOCUMENT)):
        place: Any = DOCUMENT
        for part in reference.split("/"):
            place = place[part]


def test_the_manual_names_every_frame_error_code_and_close_code() -> None:
    manual = (Path(__file__).parents[3] / "docs" / "chat-protocol.md").read_text(encoding="utf-8")
    names = [message["name"] for message in DOCUMENT["components"]["messages"].values()]
    for word in [*names, *(str(int(code)) for code in CloseCode), "lead_invalid", "rate_limited", "answer_failed"]:
        assert f"`{word}`" in manual or f"| {word} |" in manual, word
    assert f"{ChatLimits().frame_chars:,}" in manual
