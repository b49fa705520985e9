"""The terminal client against a real server."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from stream.command.chat_client import ChatClosedError, chat
from stream.command.chat_transcript import Transcript
from tests.stream.chat.shop import MemoryStore, open_shop


async def _lines(*texts: str) -> AsyncIterator[str]:
    for text in texts:
        yield text


async def test_it_says_the_notice_the_answer_and_its_sources() -> None:
    written: list[str] = []
    async with open_shop() as shop:
        await chat(shop.url, lines=_lines("能拆洗吗\n", "\n"), write=written.append)
    text = "\n".join(written)
    assert written[0].startswith("〔回答由 AI 生成")
    assert "您问的是「能拆洗吗」。" in text
    assert "依据：care-guide.pdf、products.xlsx" in text


async def test_a_conversation_goes_on_after_a_restart() -> None:
    store = MemoryStore()
    async with open_shop(store=store) as shop:
        held = await chat(shop.url, lines=_lines("能拆洗吗"), write=lambda line: None)
    async with open_shop(store=store) as shop:
        held = await chat(shop.url, lines=_lines("怎么退换"), write=lambda line: None, transcript=held)
    assert [item.text for item in held.shown() if item.frame.get("role") == "visitor"] == ["能拆洗吗", "怎么退换"]
    assert len(store.rows) == 1


async def test_a_shop_that_is_not_there_is_one_clear_line() -> None:
    async with open_shop() as shop:
        with pytest.raises(ChatClosedError, match="没有这家店"):
            await chat(shop.url.replace("/demo", "/nobody"), lines=_lines("在吗"), write=lambda line: None)


async def test_a_server_that_is_not_there_is_one_clear_line() -> None:
    with pytest.raises(ChatClosedError, match=r"127\.0\.0\.1:9"):
        await chat("ws://127.0.0.1:9/ws/chat/demo", lines=_lines("在吗"), write=lambda line: None, attempts=1)


def test_a_transcript_refuses_what_the_protocol_never_does() -> None:
    held = Transcript()
    held.take({"type": "welcome", "conversation": "c", "token": "t", "seq": 0})
    held.take({"type": "message", "seq": 1, "role": "assistant", "text": "好"})
    with pytest.raises(ValueError, match="came"):
        held.take({"type": "message", "seq": 1, "role": "assistant", "text": "好"})
    with pytest.raises(ValueError, match="only 0 characters"):
        held.take({"type": "delta", "seq": 2, "offset": 4, "text": "好"})
