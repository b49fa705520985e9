"""The room socket's protocol without a socket."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.room.protocol import MAX_COMMENT_CHARS, CommentFrame, Hello, ProtocolError, parse


def test_a_comment_is_read() -> None:
    frame = parse('{"type":"comment","client_id":"c1","text":"多少钱"}')
    assert isinstance(frame, CommentFrame) and frame.text == "多少钱"


def test_hello_may_ask_for_what_was_missed() -> None:
    frame = parse('{"type":"hello","protocol":1,"after_seq":7}')
    assert isinstance(frame, Hello) and frame.after_seq == 7


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("not json", "bad_json"),
        ("[1]", "bad_frame"),
        ('{"type":"dance"}', "bad_frame"),
        ('{"type":"comment","client_id":"","text":"x"}', "bad_frame"),
        (json.dumps({"type": "comment", "client_id": "c", "text": "   "}), "empty"),
        (json.dumps({"type": "comment", "client_id": "c", "text": "好" * (MAX_COMMENT_CHARS + 1)}), "too_long"),
        (json.dumps({"type": "comment", "client_id": "c", "text": "好" * 100_000}), "too_large"),
        ("[" * 5_000, "bad_json"),
    ],
)
def test_each_bad_frame_has_its_own_code(raw: str, code: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        parse(raw)
    assert caught.value.to_json()["code"] == code


@given(st.text(max_size=300))
def test_no_text_breaks_the_parser(raw: str) -> None:
    try:
        parse(raw)
    except ProtocolError as error:
        assert error.message
