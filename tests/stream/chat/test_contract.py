"""The contract with strangers: the AsyncAPI document, the manual's example client, and what is really sent.

`asyncapi-3.0.0.schema.json.gz` is the official schema of AsyncAPI 3.0.0 (npm `@asyncapi/specs` 6.11.1, Apache-2.0),
without its examples.
"""

from __future__ import annotations

import ast
import asyncio
import gzip
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, Draft202012Validator

from stream.chat import asyncapi_document
from tests.stream.chat.shop import client, open_shop

HERE = Path(__file__).parent
MANUAL = (HERE.parents[2] / "docs" / "chat-protocol.md").read_text(encoding="utf-8")
DOCUMENT = asyncapi_document()


def _validator(key: str) -> Draft202012Validator:
    reference = DOCUMENT["components"]["messages"][key]["payload"]["$ref"]
    return Draft202012Validator({"$ref": reference, "components": DOCUMENT["components"]})


def test_the_document_is_asyncapi_3_by_the_official_schema() -> None:
    schema = json.loads(gzip.decompress((HERE / "asyncapi-3.0.0.schema.json.gz").read_bytes()))
    assert [error.message for error in Draft7Validator(schema).iter_errors(DOCUMENT)] == []
    broken = {**DOCUMENT, "channels": {"chat": {"address": 3}}}
    assert list(Draft7Validator(schema).iter_errors(broken))


def test_every_payload_is_a_sound_json_schema() -> None:
    for schema in DOCUMENT["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("example", re.findall(r"^[→←] (\{.*?\})$", MANUAL.replace("\n   ", ""), re.M))
def test_the_manual_s_frames_are_as_the_document_says(example: str) -> None:
    frame = json.loads(example.replace("…", "x"))
    side = "client" if f"→ {example[:20]}" in MANUAL else "server"
    _validator(f"{side}.{frame['type']}").validate(frame)


async def test_everything_the_server_sends_is_as_the_document_says() -> None:
    async with open_shop(window_s=2.0) as shop, client(shop) as visitor:
        await visitor.send(type="message", client_id="a", text="要报价")
        await visitor.next("lead_form")
        lead = {"phone": "13805716021"}
        await visitor.send(type="lead", client_id="b", fields=lead, consent={"granted": True})
        await visitor.next("lead_saved")
        await visitor.send(type="message", client_id="c", text="能洗吗")
        await visitor.next("delta")
        await visitor.send(type="message", client_id="d", text="多少钱")
        await visitor.next("retract")
        await visitor.send(type="message", client_id="e", text="找人工")
        await visitor.next("handoff")
        await visitor.send(type="lead", client_id="f", fields={"phone": "1"}, consent={"granted": True})
        await visitor.next("error")
        await visitor.send(type="ping")
        await visitor.next("pong")
    for frame in visitor.frames:
        _validator(f"server.{frame['type']}").validate(frame)
    assert {frame["type"] for frame in visitor.frames} == {
        name.removeprefix("server.") for name in DOCUMENT["components"]["messages"] if name.startswith("server.")
    }


async def test_the_manual_s_client_talks_to_a_real_server() -> None:
    (program,) = re.findall(r"```python\n(.*?)```", MANUAL, re.S)
    async with open_shop(window_s=0.0) as shop:
        address = "ws://127.0.0.1:8700/ws/chat/demo"
        assert address in program
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", program.replace(address, shop.url),
            cwd=HERE.parents[2], stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        async with asyncio.timeout(30):
            said: bytes = (await process.communicate())[0]
    assert process.returncode == 0, said.decode()
    assert "您问的是「能拆洗吗」" in said.decode()


def test_the_document_names_what_a_client_may_send() -> None:
    frames: list[dict[str, Any]] = [
        {"type": "hello", "protocol": 1},
        {"type": "message", "client_id": "a", "text": "在吗"},
        {"type": "lead", "client_id": "a", "fields": {}, "consent": {"granted": False}},
        {"type": "handoff", "client_id": "a"},
        {"type": "typing"},
        {"type": "feedback", "seq": 1, "score": -1},
        {"type": "stop"},
        {"type": "ping"},
    ]
    for frame in frames:
        _validator(f"client.{frame['type']}").validate(frame)
    assert list(_validator("client.message").iter_errors({"type": "message", "text": "在吗"}))


def _said() -> set[str]:
    """Every `code` that the chat's own modules put into an error."""
    found = set()
    for file in Path(sys.modules["stream.chat"].__file__ or "").parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                given = [word.value for word in node.keywords if word.arg == "code"]
                given += node.args[:1] if node.func.id in ("FrameError", "TokenError") else []
                found |= {str(one.value) for one in given if isinstance(one, ast.Constant)}
    return found


def test_every_error_is_explained_in_the_manual_and_the_document() -> None:
    explained = DOCUMENT["channels"]["chat"]["x-error-codes"]
    assert {"rate_limited", "token_expired", "slow_reader"} <= _said()
    assert _said() == explained.keys()
    assert [code for code in explained if f"`{code}`" not in MANUAL] == []
