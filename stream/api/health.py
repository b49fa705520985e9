"""For machines: is the process alive, is it ready, what does it cost?"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Header, HTTPException, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

Probe = Callable[[], Awaitable[str | None]]
"""None when all is well, else one line that says what is wrong."""


def create_health_router(
    *, probes: Mapping[str, Probe], registry: CollectorRegistry, metrics_token: str | None
) -> APIRouter:
    """`/healthz` (the loop answers), `/readyz` (every probe passes, else 503) and `/metrics` (Prometheus text)."""
    router = APIRouter(tags=["machine"])

    @router.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @router.get("/readyz", responses={503: {"description": "not ready; `problems` says why"}})
    async def readyz(response: Response) -> dict[str, object]:
        problems = {name: problem for name, probe in probes.items() if (problem := await probe()) is not None}
        if problems:
            response.status_code = 503
        return {"status": "not ready" if problems else "ready", "problems": problems}

    text: dict[int | str, dict[str, Any]] = {
        200: {"description": "Prometheus text", "content": {"text/plain": {"schema": {"type": "string"}}}},
        401: {"description": "a metrics token is set and was not shown"},
    }

    @router.get("/metrics", responses=text, response_class=Response)
    async def metrics(authorization: Annotated[str | None, Header()] = None) -> Response:
        if metrics_token is not None and not hmac.compare_digest(
            (authorization or "").encode(), f"Bearer {metrics_token}".encode()
        ):
            raise HTTPException(401, "metrics need a token", headers={"WWW-Authenticate": "Bearer"})
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return router
