"""A shop's settings as its owner changes them: by command and by REST, and what the chat makes of them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import typer
from fastapi import FastAPI
from typer.testing import CliRunner
from websockets.asyncio.client import connect

from dialogue.access import Role
from dialogue.command.access_cli import create_merchant_app
from dialogue.command.channel_cli import create_channel_app
from dialogue.store import Store
from stream.api import Gate
from stream.api.merchants import create_merchant_router
from stream.chat import ChatHub, ChatShop, TokenSigner, create_chat_router
from tests.stream.chat.shop import ScriptedReplier
from tests.stream.chat.test_platform import serving

SECRET = "whsec_" + "a2V5" * 8


@dataclass
class Rest:
    """The routes over a real store, and tokens for them."""

    http: httpx.AsyncClient
    store: Store
    owner: dict[str, str]
    viewer: dict[str, str]
    stranger: dict[str, str]


@asynccontextmanager
async def _rest(folder: Path) -> AsyncIterator[Rest]:
    async with await Store.open(folder) as store:
        tokens = []
        for merchant, role in (("demo", Role.OWNER), ("demo", Role.VIEWER), ("other", Role.OWNER)):
            await store.access.ensure_merchant(merchant)
            secret = (await store.access.create_token(merchant, role=role))[1]
            tokens.append({"Authorization": f"Bearer {secret}"})
        app = FastAPI()
        app.include_router(create_merchant_router(store, Gate(store.access.verify, machine_token="m" * 32)))
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://shop") as http:
            yield Rest(http, store, *tokens)


async def test_an_owner_sets_the_origins_and_others_may_only_look(tmp_path: Path) -> None:
    async with _rest(tmp_path) as rest:
        path, body = "/api/merchants/demo", {"origins": ["https://Shop.example/"]}
        changed = await rest.http.patch(path, json=body, headers=rest.owner)
        assert changed.json() == {"id": "demo", "name": "demo", "origins": ["https://shop.example"]}
        assert (await rest.http.get(path, headers=rest.viewer)).json() == changed.json()
        assert (await rest.http.patch(path, json=body, headers=rest.viewer)).status_code == 403
        assert (await rest.http.patch(path, json=body, headers=rest.stranger)).status_code == 404
        assert (await rest.http.patch(path, json=body)).status_code == 401
        wrong = await rest.http.patch(path, json={"origins": ["shop.example"]}, headers=rest.owner)
        assert (wrong.status_code, "https://shop.example" in wrong.json()["detail"]) == (409, True)


async def test_a_platform_is_joined_listed_without_its_secret_and_left(tmp_path: Path) -> None:
    async with _rest(tmp_path) as rest:
        path = "/api/merchants/demo/channels"
        body = {"address": "https://platform.example/in?key=hidden"}
        made = await rest.http.put(f"{path}/weshop", json=body, headers=rest.owner)
        assert made.json()["inbound"] == "/api/channels/demo/weshop"
        assert made.json()["secret"].startswith("whsec_")
        listed = await rest.http.get(path, headers=rest.viewer)
        assert [row["name"] for row in listed.json()] == ["weshop"]
        assert not {"hidden", made.json()["secret"]} & set(json.dumps(listed.json()).split('"'))
        assert "hidden" not in listed.text
        given = await rest.http.put(f"{path}/weshop", json={**body, "secret": SECRET}, headers=rest.owner)
        assert "secret" not in given.json()
        assert (await rest.http.put(f"{path}/chat", json=body, headers=rest.owner)).status_code == 409
        assert (await rest.http.delete(f"{path}/weshop", headers=rest.viewer)).status_code == 403
        assert (await rest.http.delete(f"{path}/weshop", headers=rest.owner)).status_code == 204
        assert (await rest.http.delete(f"{path}/weshop", headers=rest.owner)).status_code == 404


@pytest.mark.parametrize(
    ("origin", "opens"),
    [("https://shop.example", True), ("https://evil.example", False), ("http://shop.example", False), (None, True)],
)
async def test_only_the_origins_in_the_store_may_open_a_socket(tmp_path: Path, origin: str | None, opens: bool) -> None:
    async with await Store.open(tmp_path) as store:
        await store.access.ensure_merchant("demo")
        await store.access.set_merchant("demo", origins=["https://shop.example"], actor="test")

        async def shop(merchant: str) -> ChatShop | None:
            row = await store.access.merchant(merchant)
            return None if row is None else ChatShop(merchant, row.name, origins=row.origins)

        hub = ChatHub(store=store, forms=store.leads, replier=ScriptedReplier())
        app = FastAPI()
        app.include_router(create_chat_router(hub=hub, shops=shop, signer=TokenSigner(b"k" * 32)))
        headers = {} if origin is None else {"Origin": origin}
        async with (
            serving(app) as port,
            connect(f"ws://127.0.0.1:{port}/ws/chat/demo", additional_headers=headers) as socket,
        ):
            await socket.send('{"type":"hello","protocol":1}')
            first = json.loads(await socket.recv())
            assert (first["type"], first.get("code")) == (("welcome", None) if opens else ("error", "origin"))
        await hub.aclose()


def _command(folder: Path) -> typer.Typer:
    async def open_store(data_dir: Path | None) -> Store:
        return await Store.open(data_dir or folder)

    app = typer.Typer()
    app.add_typer(create_merchant_app(open_store), name="merchant")
    app.add_typer(create_channel_app(open_store), name="channel")
    return app


def test_the_commands_set_and_list_origins(tmp_path: Path) -> None:
    app, runner = _command(tmp_path), CliRunner()
    assert runner.invoke(app, ["merchant", "create", "demo"]).exit_code == 0
    done = runner.invoke(app, ["merchant", "set", "demo", "--origin", "https://shop.example", "--name", "栖木"])
    assert "https://shop.example" in done.stdout
    (row,) = json.loads(runner.invoke(app, ["merchant", "list", "--json"]).stdout)
    assert (row["name"], row["origins"]) == ("栖木", ["https://shop.example"])
    assert "https://shop.example" in runner.invoke(app, ["merchant", "list"]).stdout
    wrong = runner.invoke(app, ["merchant", "set", "demo", "--origin", "shop.example"])
    assert (wrong.exit_code, wrong.stderr.count("\n")) == (1, 1)
    assert runner.invoke(app, ["merchant", "set", "demo"]).exit_code == 2
    assert runner.invoke(app, ["merchant", "set", "demo", "--no-origins"]).exit_code == 0
    assert json.loads(runner.invoke(app, ["merchant", "list", "--json"]).stdout)[0]["origins"] == []


def test_the_commands_join_list_and_leave_a_platform(tmp_path: Path) -> None:
    app, runner = _command(tmp_path), CliRunner()
    runner.invoke(app, ["merchant", "create", "demo"])
    added = runner.invoke(app, ["channel", "add", "weshop", "https://platform.example/in"])
    assert "/api/channels/demo/weshop" in added.stdout
    assert "whsec_" in added.stdout
    (row,) = json.loads(runner.invoke(app, ["channel", "list", "--json"]).stdout)
    assert (row["name"], row["waiting"], row["lost"]) == ("weshop", 0, 0)
    assert "secret" not in row
    assert runner.invoke(app, ["channel", "remove", "weshop"]).exit_code == 0
    assert runner.invoke(app, ["channel", "remove", "weshop"]).exit_code == 1
    assert "还没有接入平台" in runner.invoke(app, ["channel", "list"]).stdout
