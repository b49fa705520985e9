"""WHEP over HTTP: a thin shell around `stream.viewer.whep` and a room's audience."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Protocol

from fastapi import APIRouter, Request, Response

from stream.viewer.whep import (
    BODY_MAX,
    EXPOSED,
    FRAGMENT_TYPE,
    SDP_TYPE,
    Refusal,
    check_bearer,
    check_offer,
    link_headers,
    parse_fragment,
)

if TYPE_CHECKING:
    from stream.viewer.audience import Audience

_BODY_S = 10.0
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": EXPOSED,
}


_LINE: dict[str, Any] = {"text/plain": {"schema": {"type": "string"}}}


def _documented(*refusals: int, **answers: str | None) -> dict[int | str, dict[str, Any]]:
    """For the OpenAPI: refusals are one line of text; `_201="application/sdp"` is an answer with that body or none."""
    found: dict[int | str, dict[str, Any]] = {code: {"description": "one line", "content": _LINE} for code in refusals}
    for name, media_type in answers.items():
        body = {} if media_type is None else {"content": {media_type: {"schema": {"type": "string"}}}}
        found[int(name[1:])] = {"description": "done", **body}
    return found


def _body_of(media_type: str) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {media_type: {"schema": {"type": "string"}}}}}


class HasAudience(Protocol):
    """What the router needs of a room."""

    @property
    def audience(self) -> Audience: ...


Staff = Callable[[str, str], Awaitable[bool]]
"""Whether a bearer token is one of the shop's that runs this room."""


async def _nobody(room: str, secret: str) -> bool:
    return False


def whep_router(
    find: Callable[[str], HasAudience | None], *, token: str | None = None, staff: Staff = _nobody
) -> APIRouter:
    """`OPTIONS` and `POST /rooms/{room}/whep`, `PATCH` and `DELETE` on the session.

    `find` gives the running room of a name, or None. With `token`, requests need `Authorization: Bearer`: this token,
    or one of the `staff`, who watch without being counted.
    """
    router = APIRouter(tags=["viewer"])

    async def admit(room: str, request: Request) -> bool:
        """Whether one of the staff asks. Raises `Refusal` 401 for anybody who may not watch."""
        authorization = request.headers.get("authorization", "")
        secret = authorization[len("bearer ") :].strip() if authorization.lower().startswith("bearer ") else ""
        if secret and await staff(room, secret):
            return True
        check_bearer(authorization, token)
        return False

    def audience(room: str) -> Audience:
        found = find(room)
        if found is None:
            raise Refusal(404, "no such room is live")
        return found.audience

    @router.options("/rooms/{room}/whep", status_code=204)
    async def options(room: str) -> Response:
        return offered("OPTIONS, POST")

    @router.options("/rooms/{room}/whep/{session}", status_code=204)
    async def session_options(room: str, session: str) -> Response:
        return offered("DELETE, OPTIONS, PATCH")

    def offered(methods: str) -> Response:
        return _reply(
            204,
            {
                "Accept-Post": SDP_TYPE,
                "Accept-Patch": FRAGMENT_TYPE,
                "Allow": methods,
                "Access-Control-Allow-Methods": "OPTIONS, POST, PATCH, DELETE",
                "Access-Control-Allow-Headers": "Authorization, Content-Type, If-Match",
                "Access-Control-Max-Age": "86400",
            },
        )

    @router.post(
        "/rooms/{room}/whep",
        status_code=201,
        response_class=Response,
        responses=_documented(400, 401, 404, 408, 413, 415, 429, 503, _201=SDP_TYPE),
        openapi_extra=_body_of(SDP_TYPE),
    )
    async def post(room: str, request: Request) -> Response:
        try:
            uncounted = await admit(room, request)
            place = audience(room)
            address = request.client.host if request.client else ""
            place.knock(address)
            offer = check_offer(request.headers.get("content-type"), await _body(request), address)
            session, answer = await place.join(offer, address, counted=not uncounted)
        except Refusal as refusal:
            return _refuse(refusal)
        reply = _reply(
            201,
            {"Location": f"/rooms/{room}/whep/{session.id}", "ETag": session.etag, "Accept-Patch": FRAGMENT_TYPE},
            answer,
            SDP_TYPE,
        )
        for link in link_headers((s.url, s.username, s.credential) for s in place.ice_servers):
            reply.headers.append("Link", link)
        return reply

    @router.patch(
        "/rooms/{room}/whep/{session}",
        status_code=204,
        response_class=Response,
        responses=_documented(400, 401, 404, 408, 412, 413, 415, 428, 429, 503, _200=FRAGMENT_TYPE, _204=None),
        openapi_extra=_body_of(FRAGMENT_TYPE),
    )
    async def patch(room: str, session: str, request: Request) -> Response:
        try:
            await admit(room, request)
            place = audience(room)
            place.find(session)
            address = request.client.host if request.client else ""
            fragment = parse_fragment(request.headers.get("content-type"), await _body(request), address)
            answer = await place.patch(session, request.headers.get("if-match"), fragment)
            etag = place.find(session).session.etag
        except Refusal as refusal:
            return _refuse(refusal)
        if answer is None:
            return _reply(204, {"ETag": etag})
        return _reply(200, {"ETag": etag}, answer, FRAGMENT_TYPE)

    @router.delete("/rooms/{room}/whep/{session}", response_class=Response, responses=_documented(401, 404, _200=None))
    async def delete(room: str, session: str, request: Request) -> Response:
        try:
            await admit(room, request)
            await audience(room).leave(session)
        except Refusal as refusal:
            return _refuse(refusal)
        return _reply(200, {})

    return router


async def _body(request: Request) -> bytes:
    """The body, read no further and waited for no longer than allowed. Raises `Refusal` 413 or 408."""
    body = bytearray()
    try:
        async with asyncio.timeout(_BODY_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > BODY_MAX:
                    raise Refusal(413, f"the body is larger than {BODY_MAX} bytes")
    except TimeoutError as exc:
        raise Refusal(408, f"the body did not come within {_BODY_S:.0f} s", Connection="close") from exc
    return bytes(body)


def _refuse(refusal: Refusal) -> Response:
    return _reply(refusal.status, refusal.headers, f"{refusal}\n", "text/plain; charset=utf-8")


def _reply(status: int, headers: dict[str, str], body: str = "", media_type: str | None = None) -> Response:
    return Response(body, status_code=status, headers={**_CORS, **headers}, media_type=media_type)
