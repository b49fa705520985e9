"""WHEP over HTTP: statuses, headers and a real peer at the other end."""

import asyncio
import errno
import time

import aioice
import httpx
import pytest

from stream.viewer.peer import IceServer
from stream.viewer.whep import FRAGMENT_TYPE, SDP_TYPE
from tests.stream.live import Watcher, eventually, make_room, on_air
from tests.stream.test_whep import OFFER

SDP = {"Content-Type": SDP_TYPE}
FRAGMENT = {"Content-Type": FRAGMENT_TYPE}
CANDIDATE = "a=candidate:1 1 udp 1 192.0.2.9 5000 typ host"
END = "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789abcdefghijkl\r\na=end-of-candidates\r\n"


async def test_options_says_what_can_be_posted_to_whom() -> None:
    async with on_air(make_room()) as url, httpx.AsyncClient() as client:
        reply = await client.options(f"{url}/rooms/demo/whep")
    assert reply.status_code == 204
    assert reply.headers["accept-post"] == SDP_TYPE
    assert reply.headers["access-control-allow-origin"] == "*"
    assert "If-Match" in reply.headers["access-control-allow-headers"]
    assert {"PATCH", "DELETE"} <= set(reply.headers["access-control-allow-methods"].split(", "))


async def test_a_created_session_carries_location_etag_links_and_exposes_them() -> None:
    servers = (IceServer("turn:127.0.0.1:9?transport=udp", "user", "secret"),)
    async with on_air(make_room(ice_servers=servers)) as url, httpx.AsyncClient() as client:
        reply = await client.post(f"{url}/rooms/demo/whep", content=OFFER, headers=SDP)
    assert reply.status_code == 201
    assert reply.headers["link"].startswith('<turn:127.0.0.1:9?transport=udp>; rel="ice-server"; username="user"')
    assert reply.headers["content-type"] == SDP_TYPE
    assert reply.headers["location"].startswith("/rooms/demo/whep/")
    assert reply.headers["etag"].startswith('"')
    assert {"Location", "Link", "ETag"} <= set(reply.headers["access-control-expose-headers"].split(", "))
    assert "a=sendonly" in reply.text
    assert "H264/90000" in reply.text


@pytest.mark.parametrize(
    ("path", "body", "content_type", "status"),
    [
        ("/rooms/none/whep", OFFER, SDP_TYPE, 404),
        ("/rooms/demo/whep", OFFER, "application/json", 415),
        ("/rooms/demo/whep", "v=0", SDP_TYPE, 400),
        ("/rooms/demo/whep", OFFER.replace("udp 2122260223", "udp x"), SDP_TYPE, 400),
        ("/rooms/demo/whep", OFFER + "a" * 70_000, SDP_TYPE, 413),
    ],
)
async def test_a_wrong_post_has_its_status_and_one_line(path: str, body: str, content_type: str, status: int) -> None:
    room = make_room()
    async with on_air(room) as url, httpx.AsyncClient() as client:
        reply = await client.post(url + path, content=body, headers={"Content-Type": content_type})
        assert reply.status_code == status
        assert reply.text.count("\n") == 1
        assert reply.headers["access-control-allow-origin"] == "*"
        assert room.audience.half_open == 0


async def test_a_session_is_patched_and_deleted_as_the_draft_says() -> None:
    async with on_air(make_room()) as url, httpx.AsyncClient() as client:
        made = await client.post(f"{url}/rooms/demo/whep", content=OFFER, headers=SDP)
        resource, etag = url + made.headers["location"], made.headers["etag"]

        async def patch(body: str = END, **headers: str) -> int:
            return (await client.patch(resource, content=body, headers={**FRAGMENT, **headers})).status_code

        assert await patch() == 428
        assert await patch(**{"If-Match": '"other"'}) == 412
        assert await patch(**{"If-Match": etag, "Content-Type": "text/plain"}) == 415
        assert await patch("nonsense", **{"If-Match": etag}) == 400
        assert await patch(END.replace("a=end-of-candidates", CANDIDATE), **{"If-Match": etag}) == 204
        assert await patch(END.replace("abcd", "wxyz"), **{"If-Match": "*"}) == 400, "it never connected"
        assert (await client.get(resource)).status_code == 405
        assert (await client.delete(resource)).status_code == 200
        assert (await client.delete(resource)).status_code == 404
        assert await patch(**{"If-Match": etag}) == 404


async def test_the_viewer_limit_is_503_with_retry_after() -> None:
    async with on_air(make_room(max_viewers=1)) as url, httpx.AsyncClient() as client:
        assert (await client.post(f"{url}/rooms/demo/whep", content=OFFER, headers=SDP)).status_code == 201
        full = await client.post(f"{url}/rooms/demo/whep", content=OFFER, headers=SDP)
    assert full.status_code == 503
    assert int(full.headers["retry-after"]) > 0


async def test_a_bearer_token_is_asked_for_where_one_is_set() -> None:
    async with on_air(make_room(), token="t0ken") as url, httpx.AsyncClient() as client:
        refused = await client.post(f"{url}/rooms/demo/whep", content=OFFER, headers=SDP)
        taken = await client.post(
            f"{url}/rooms/demo/whep", content=OFFER, headers={**SDP, "Authorization": "Bearer t0ken"}
        )
    assert (refused.status_code, taken.status_code) == (401, 201)
    assert refused.headers["www-authenticate"] == "Bearer"


async def test_the_shop_s_own_watch_without_being_counted_also_where_a_token_is_asked_for() -> None:
    async def staff(name: str, secret: str) -> bool:
        return (name, secret) == ("demo", "desk")

    room = make_room()
    async with on_air(room, token="t0ken", staff=staff) as url:
        console, viewer = Watcher(url, token="desk"), Watcher(url, token="t0ken")
        try:
            await console.join()
            await eventually(lambda: room.audience.connected == 1)
            assert room.audience.watching == 0
            await viewer.join()
            await eventually(lambda: room.audience.connected == 2)
            assert room.audience.watching == 1
        finally:
            await console.close()
            await viewer.close()


async def test_a_peer_that_never_connects_is_dropped() -> None:
    room = make_room(half_open_s=0.3)
    async with on_air(room) as url, httpx.AsyncClient() as client:
        made = await client.post(f"{url}/rooms/demo/whep", content=OFFER, headers=SDP)
        assert room.audience.half_open == 1
        await eventually(lambda: not room.audience.viewers)
        assert room.audience.reaped == 1
        assert (await client.delete(url + made.headers["location"])).status_code == 404


async def test_a_body_that_does_not_come_is_408(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream.viewer.whep_router._BODY_S", 0.1)
    async with on_air(make_room()) as url:
        host, port = url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"POST /rooms/demo/whep HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\nv=0")
        answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)
        writer.close()
    assert answer.startswith(b"HTTP/1.1 408")


async def test_without_a_socket_left_it_is_503_and_not_the_viewers_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(*_: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    room = make_room()
    async with on_air(room) as url, httpx.AsyncClient() as client:
        monkeypatch.setattr(aioice.Connection, "gather_candidates", full)
        reply = await client.post(f"{url}/rooms/demo/whep", content=OFFER, headers=SDP)
        assert (reply.status_code, reply.headers["retry-after"]) == (503, "10")
        assert not room.audience.viewers


async def post_over_and_over(url: str, body: str, count: int) -> list[int]:
    """POST `count` times on one connection, with as little of a client as there can be; gives the statuses."""
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = (
        f"POST /rooms/demo/whep HTTP/1.1\r\nHost: x\r\nContent-Type: {SDP_TYPE}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    codes = []
    for _ in range(count):
        writer.write((head + body).encode())
        answer = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)).decode().lower()
        await reader.readexactly(int(answer.split("content-length: ")[1].split("\r\n")[0]))
        codes.append(int(answer.split()[1]))
    writer.close()
    return codes


RUBBISH = "v=0\r\n" + "a=x\r\n" * 12_000


@pytest.mark.parametrize(("body", "read"), [(OFFER, 201), (RUBBISH, 400)], ids=["answerable", "rubbish"])
async def test_a_thousand_offers_from_one_address_are_refused_unread_and_the_room_goes_on(body: str, read: int) -> None:
    room = make_room(half_open_s=0.5)
    async with on_air(room) as url:
        ticks, began, cpu = room.ticks, time.monotonic(), time.process_time()
        answers = await asyncio.gather(*(post_over_and_over(url, body, 100) for _ in range(10)))
        codes = [code for answer in answers for code in answer]
        took_s, cpu_s = time.monotonic() - began, time.process_time() - cpu
        taken = 1000 - codes.count(429)
        assert set(codes) <= {read, 429, 503}
        assert 40 <= taken <= 41 + 20 * took_s, "a burst of forty, then twenty a second"
        assert cpu_s < 6 + took_s, "this client's thousand requests and the room's own work included"
        assert room.ticks - ticks > 10 * took_s, "the program went on"
        await eventually(lambda: not room.audience.viewers)


async def test_an_ice_restart_keeps_the_picture_and_gives_a_new_etag() -> None:
    room = make_room()
    async with on_air(room) as url, httpx.AsyncClient() as client:
        watcher = Watcher(url)
        await watcher.join()
        await watcher.frame()
        transport = watcher.pc.getTransceivers()[0].receiver.transport.transport
        old = transport._connection
        fresh = aioice.Connection(ice_controlling=True)
        await fresh.gather_candidates()
        body = [f"a=ice-ufrag:{fresh.local_username}", f"a=ice-pwd:{fresh.local_password}"]
        body += [f"a=candidate:{candidate.to_sdp()}" for candidate in fresh.local_candidates]
        headers = {**FRAGMENT, "If-Match": "*"}
        reply = await client.patch(
            watcher.resource, content="\r\n".join([*body, "a=end-of-candidates"]), headers=headers
        )
        assert reply.status_code == 200
        assert reply.headers["etag"] not in ("", watcher.etag)
        lines = dict(line[2:].split(":", 1) for line in reply.text.splitlines() if line.startswith("a=ice-"))
        fresh.remote_username, fresh.remote_password = lines["ice-ufrag"], lines["ice-pwd"]
        for line in reply.text.splitlines():
            if line.startswith("a=candidate:"):
                await fresh.add_remote_candidate(aioice.Candidate.from_sdp(line[12:]))
        await fresh.add_remote_candidate(None)
        await asyncio.wait_for(fresh.connect(), 60)
        received = 0
        for _ in range(400):
            data = await asyncio.wait_for(fresh.recv(), 60)
            received += 127 < data[0] < 192
        assert received > 300, "media arrives on the new path"
        assert room.audience.connected == 1
        assert old is not fresh
        await fresh.close()
        await watcher.close()
