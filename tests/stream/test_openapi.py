"""The whole OpenAPI under schemathesis: made-up requests, right and wrong, against the real application.

Nothing answers 5xx, every answer is documented and of the documented shape, methods and credentials are respected.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from dialogue import Verdict
from dialogue.access import Role
from dialogue.lead import Postman
from stream.app import open_service
from stream.room.book import RoomSpec
from stream.room.room import Room
from stream.settings import Settings
from stream.site import create_app
from tests.stream.fakes import BarsStage, FakeLine, ListDirector, ToneVoice
from tests.stream.live import serving

SEED = "20261123"
SIGNED = "/api/channels/{merchant}/{channel}"
"""Called by platforms, whose signature stands for a token."""
HOOKS = """
import schemathesis

schemathesis.serializer.alias(["application/sdp", "application/trickle-ice-sdpfrag"], "text/plain")
"""
CONFIG = """
hooks = "sdp_hooks.py"
[generation]
max-examples = 6
[parameters]
"path.room" = "demo"
"path.name" = "demo"
[phases.stateful]
enabled = false
[checks.positive_data_acceptance]
# Some things no schema can say: whether a text is a contact, an SDP offer, a usable address.
expected-statuses = ["2xx", "400", "401", "403", "404", "409", "412", "415", "428", "503"]
"""


class Silent(Room):
    """A room that counts as on air and spends no time on it."""

    @property
    def live(self) -> bool:
        return True


def silent() -> Room:
    """One with an audience that can be asked for."""
    return Silent("demo", voice=ToneVoice(), make_stage=BarsStage, director=ListDirector([FakeLine("您好")], loop=True))


@dataclass
class StandIn:
    """A room set up for show: takes what an operator sends, says nothing, and has a real audience."""

    merchant: str = "demo"
    name: str = "demo"
    room: Room = field(default_factory=silent)

    def state(self) -> dict[str, object]:
        return {"name": self.name, "merchant": self.merchant, "state": "live"}

    async def comment(self, **comment: Any) -> None:
        return

    def check(self, text: str) -> Verdict:
        return Verdict(text)

    def say(self, text: str) -> None:
        return

    def rundown(self) -> dict[str, object]:
        return {"lap": 1, "product": None, "said": [], "now": None, "next": [], "products": []}

    def show(self, sku: str) -> bool:
        return sku == "SF-01"

    def pause(self) -> None:
        return

    def resume(self) -> None:
        return

    def interrupt(self) -> None:
        return

    def sign_off(self) -> None:
        return

    async def stop(self) -> None:
        return


class Rooms(dict[str, Any]):
    """Rooms that stay, however often they are stopped."""

    def pop(self, name: str, default: Any = None) -> Any:
        return self.get(name, default)


async def nowhere(host: str, port: int) -> list[str]:
    """No name resolves: a target that was made up is never reached."""
    raise OSError("no such host")


@dataclass(frozen=True)
class Running:
    """The served application."""

    url: str
    tokens: Mapping[str, str]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The application on loopback, in a thread of its own, with a shop, a lead and a token per role."""
    folder = tmp_path_factory.mktemp("openapi")
    started, ending = threading.Event(), threading.Event()
    found: list[Running] = []

    async def serve() -> None:
        postman = Postman(resolve=nowhere)
        async with open_service(Settings(data_dir=folder)) as service, aclosing(postman):
            service.postman = postman
            service.house.rooms = Rooms(demo=StandIn())
            await service.store.access.create_merchant("demo")
            await service.book.create(RoomSpec("demo", "demo"))
            talk = await service.store.open_conversation(merchant="demo", channel="chat", visitor="v")
            await service.store.receive(talk.id, client_id="a", text="我姓王，电话13812346021")
            tokens = {role: (await service.store.access.create_token("demo", role=role))[1] for role in Role}
            async with serving(create_app(service)) as url:
                found.append(Running(url, tokens))
                started.set()
                while not ending.is_set():  # noqa: ASYNC110 - set by another thread
                    await asyncio.sleep(0.05)

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    try:
        assert started.wait(60), "the application did not start"
        yield found[0]
    finally:
        ending.set()
        thread.join(30)


@pytest.mark.slow
def test_the_application_does_what_its_openapi_says(running: Running, tmp_path: Path) -> None:
    config = tmp_path / "schemathesis.toml"
    config.write_text(CONFIG)
    (tmp_path / "sdp_hooks.py").write_text(HOOKS)
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run"]
    command += [f"{running.url}/api/openapi.json", "--seed", SEED, "--generation-deterministic", "--no-color"]
    command += ["--header", f"Authorization: Bearer {running.tokens[Role.OWNER]}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=170, cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-12_000:] + done.stderr[-2_000:]


def test_a_viewer_may_change_nothing(running: Running) -> None:
    document = httpx.get(f"{running.url}/api/openapi.json").json()
    headers = {"Authorization": f"Bearer {running.tokens[Role.VIEWER]}"}
    tried = 0
    for path, operations in document["paths"].items():
        for method in operations.keys() & {"post", "put", "patch", "delete"}:
            if path.startswith("/api/") and path != SIGNED:
                answer = httpx.request(method, running.url + re.sub(r"{\w+}", "x", path), headers=headers)
                assert answer.status_code == 403, f"{method} {path}: {answer.status_code}"
                tried += 1
    assert tried > 10


def test_every_route_of_the_operators_asks_for_a_token(running: Running) -> None:
    document = httpx.get(f"{running.url}/api/openapi.json").json()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if path.startswith("/api/") and path != SIGNED:
                refusals = {"401"} if method == "get" else {"401", "403"}
                assert operation.get("security"), f"{method} {path} asks for no token"
                assert refusals <= set(operation["responses"]), f"{method} {path} documents no refusal"
