"""Janus as an own process, behind the few lines of WHIP that it lacks."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request, Response

PLUGINS = Path("/usr/lib/x86_64-linux-gnu/janus")
JCFG = """
general: {{ configs_folder = "{folder}" plugins_folder = "{plugins}/plugins" transports_folder = "{plugins}/transports"
  events_folder = "{folder}" loggers_folder = "{folder}" debug_level = 3 debug_colors = false
  log_to_stdout = false log_to_file = "{folder}/janus.log" pid_file = "{folder}/janus.pid" }}
media: {{ ipv6 = false rtp_port_range = "{ports}" }}
nat: {{ nice_debug = false ice_ignore_list = "fe80,vmnet" }}
plugins: {{ disable = "{disabled}" }}
transports: {{ disable = "{transports}" }}
"""
HTTP = 'general: {{ json = "compact" base_path = "/janus" http = true port = {port} ip = "127.0.0.1" https = false }}\n'
ROOM = (
    'general: {{ }}\nroom-{room}: {{ description = "sale" publishers = 1 videocodec = "h264" audiocodec = "opus" }}\n'
)
ROOM_ID = 1234


def start_janus(folder: Path, port: int) -> subprocess.Popen[bytes]:
    """Janus with the videoroom plugin only; left out where it is not installed."""
    program = shutil.which("janus")
    if program is None:
        pytest.skip("no Janus: apt-get install janus")
    plugins = next((path.parent for path in Path("/usr/lib").rglob("janus/plugins") if path.is_dir()), PLUGINS)
    disabled = ",".join(p.name for p in (plugins / "plugins").glob("*.so") if "videoroom" not in p.name)
    transports = ",".join(p.name for p in (plugins / "transports").glob("*.so") if "http" not in p.name)
    folder.mkdir()
    (folder / "janus.jcfg").write_text(
        JCFG.format(folder=folder, plugins=plugins, ports="20000-40000", disabled=disabled, transports=transports)
    )
    (folder / "janus.transport.http.jcfg").write_text(HTTP.format(port=port))
    (folder / "janus.plugin.videoroom.jcfg").write_text(ROOM.format(room=ROOM_ID))
    return subprocess.Popen(
        [program, "-F", str(folder), "-C", str(folder / "janus.jcfg")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


class Handle:
    """A session with one handle at the videoroom plugin."""

    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        self._client, self._url = client, url
        self._session = self._handle = ""
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._poll: asyncio.Task[None] | None = None

    async def open(self) -> None:
        made = await self._post(self._url, {"janus": "create"})
        self._session = f"{self._url}/{made['data']['id']}"
        attached = await self._post(self._session, {"janus": "attach", "plugin": "janus.plugin.videoroom"})
        self._handle = f"{self._session}/{attached['data']['id']}"
        self._poll = asyncio.create_task(self._events())

    async def ask(self, body: dict[str, Any], jsep: dict[str, Any] | None = None) -> dict[str, Any]:
        """Send a message; gives the event that answers it."""
        transaction = secrets.token_hex(6)
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[transaction] = future
        message = {"janus": "message", "body": body, "transaction": transaction, **({"jsep": jsep} if jsep else {})}
        reply = await self._post(self._handle, message)
        if reply["janus"] == "success":
            return reply
        return await asyncio.wait_for(future, 60)

    async def close(self) -> None:
        if self._poll is not None:
            self._poll.cancel()
            await asyncio.gather(self._poll, return_exceptions=True)
        await self._post(self._session, {"janus": "destroy"})

    async def _post(self, url: str, message: dict[str, Any]) -> dict[str, Any]:
        message.setdefault("transaction", secrets.token_hex(6))
        return dict((await self._client.post(url, json=message)).json())

    async def _events(self) -> None:
        while True:
            event = (await self._client.get(f"{self._session}?maxev=1", timeout=60)).json()
            future = self._waiting.get(event.get("transaction", ""))
            if event.get("janus") == "event" and future is not None and not future.done():
                future.set_result(event)


def whip_gateway(janus: str, seen: list[str]) -> FastAPI:
    """WHIP in front of a Janus room: a redirect, a token, one publisher."""
    app = FastAPI()
    handles: dict[str, Handle] = {}
    client = httpx.AsyncClient()

    @app.options("/whip/sale")
    async def options() -> Response:
        return Response(status_code=204, headers={"Accept-Post": "application/sdp"})

    @app.post("/whip/sale")
    async def moved() -> Response:
        return Response(status_code=307, headers={"Location": "/whip/here"})

    @app.post("/whip/here")
    async def publish(request: Request) -> Response:
        seen.append(request.headers.get("authorization", ""))
        handle = Handle(client, janus)
        await handle.open()
        await handle.ask({"request": "join", "ptype": "publisher", "room": ROOM_ID, "display": "host"})
        offer = {"type": "offer", "sdp": (await request.body()).decode()}
        event = await handle.ask({"request": "publish"}, offer)
        name = secrets.token_hex(8)
        handles[name] = handle
        headers = {"Location": f"/whip/here/{name}"}
        return Response(event["jsep"]["sdp"], 201, headers, "application/sdp")

    @app.delete("/whip/here/{name}")
    async def end(name: str) -> Response:
        seen.append("deleted")
        await handles.pop(name).close()
        return Response(status_code=200)

    return app
