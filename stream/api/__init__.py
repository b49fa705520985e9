"""The operator's REST: `/api`, bearer tokens, OpenAPI at `/api/openapi.json`; and `/healthz`, `/readyz`, `/metrics`."""

from stream.api.bearer import Gate
from stream.api.funnel import create_funnel_router
from stream.api.health import create_health_router
from stream.api.knowledge import create_knowledge_router
from stream.api.leads import create_lead_router
from stream.api.outbox import create_outbox_router
from stream.api.rooms import create_room_api

__all__ = [
    "Gate",
    "create_funnel_router",
    "create_health_router",
    "create_knowledge_router",
    "create_lead_router",
    "create_outbox_router",
    "create_room_api",
]
