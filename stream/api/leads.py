"""REST for leads: masked lists, revealing, consent, CSV, a customer's rights. Who saw or took out more is audited."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from dialogue.access import Bearer, Role
from dialogue.database import AuditRow
from dialogue.lead import ConsentState, FormError, LeadRow, Purpose
from dialogue.store import Store
from stream.api.bearer import ANY_MERCHANT, DENIED, FOUND, Gate, own, shop_of
from stream.api.period import Merchant, Moment, Offset, zone_of

_CSV = "text/csv; charset=utf-8"
LeadId = Annotated[str, Path(pattern=r"^lead_[0-9a-f]{32}$")]


class ContactQuery(BaseModel):
    """A customer's contact as the shop knows it; in the body, so that it stands in no log."""

    model_config = ConfigDict(extra="forbid")
    contact: str = Field(min_length=1, max_length=200, description="a number, an e-mail, `wechat:ID` or `qq:NUMBER`")


class Erased(BaseModel):
    """How many leads were erased, with all that belonged to them."""

    erased: int


class ConsentChange(BaseModel):
    """A consent given or withdrawn elsewhere, as by telephone."""

    model_config = ConfigDict(extra="forbid")
    purpose: Purpose
    state: ConsentState


class Subject(BaseModel):
    """Everything held about one person."""

    leads: list[dict[str, object]]


def create_lead_router(store: Store, gate: Gate) -> APIRouter:
    """`/api/leads…`, `/api/customers…`, `/api/audit`. A viewer reads masked, an operator reveals, an owner exports."""
    leads = store.leads
    router = APIRouter(prefix="/api", tags=["leads"], responses=DENIED)
    Viewer = Annotated[Bearer, Depends(gate.needs(Role.VIEWER))]
    Operator = Annotated[Bearer, Depends(gate.needs(Role.OPERATOR))]
    Owner = Annotated[Bearer, Depends(gate.needs(Role.OWNER))]

    def actor(bearer: Bearer) -> str:
        return f"api:{bearer.token_id}"

    @router.get("/leads", responses=FOUND)
    async def list_leads(
        bearer: Viewer,
        merchant: Merchant = None,
        complete: bool | None = None,
        since_ms: Moment = None,
        until_ms: Moment = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
        offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    ) -> list[LeadRow]:
        """The newest first, contacts masked."""
        wanted = merchant or (None if bearer.merchant == ANY_MERCHANT else bearer.merchant)
        if wanted is not None:
            own(bearer, wanted)
        return await leads.list(
            wanted, complete=complete, since_ms=since_ms, until_ms=until_ms, limit=limit, offset=offset
        )

    @router.get("/leads/{lead_id}", responses=FOUND)
    async def get_lead(bearer: Viewer, lead_id: LeadId, merchant: Merchant = None) -> LeadRow:
        """One lead with its history, masked."""
        row = await leads.get(shop_of(bearer, merchant), lead_id)
        if row is None:
            raise HTTPException(404, "没有这条线索")
        return row

    @router.post("/leads/{lead_id}/reveal", responses=FOUND)
    async def reveal(bearer: Operator, lead_id: LeadId, merchant: Merchant = None) -> LeadRow:
        """The lead with its contacts in clear. Audited."""
        rows = await leads.reveal(shop_of(bearer, merchant), [lead_id], actor=actor(bearer))
        if not rows:
            raise HTTPException(404, "没有这条线索")
        return rows[0]

    @router.put("/leads/{lead_id}/consent", responses=FOUND)
    async def set_consent(bearer: Operator, lead_id: LeadId, body: ConsentChange, merchant: Merchant = None) -> LeadRow:
        """Note what the customer said elsewhere: `granted` lets out, `refused` and `withdrawn` keep in. Audited."""
        shop = shop_of(bearer, merchant)
        try:
            await leads.set_consent(shop, lead_id, body.purpose, body.state, actor=actor(bearer))
        except FormError as exc:
            raise HTTPException(404, "没有这条线索") from exc
        row = await leads.get(shop, lead_id)
        if row is None:
            raise HTTPException(404, "没有这条线索")
        return row

    @router.post(
        "/leads.csv",
        responses={**FOUND, 200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
        response_class=Response,
    )
    async def export(
        bearer: Owner,
        merchant: Merchant = None,
        since_ms: Moment = None,
        until_ms: Moment = None,
        utc_offset_minutes: Offset = 480,
    ) -> Response:
        """CSV for Excel and WPS of every lead that agreed to be contacted; times in the given offset. Audited."""
        text, count = await leads.export_csv(
            shop_of(bearer, merchant),
            actor=actor(bearer),
            zone=zone_of(utc_offset_minutes),
            since_ms=since_ms,
            until_ms=until_ms,
        )
        headers = {
            "Content-Disposition": 'attachment; filename="leads.csv"',
            "Cache-Control": "no-store",
            "X-Lead-Count": str(count),
        }
        return Response(text.encode(), media_type=_CSV, headers=headers)

    @router.post("/customers/export", responses={**FOUND, 400: {"description": "not a contact"}})
    async def subject(bearer: Owner, body: ContactQuery, merchant: Merchant = None) -> Subject:
        """Everything held about the person with this contact, for that person. Audited."""
        shop = shop_of(bearer, merchant)
        try:
            found = await leads.export_contact(shop, body.contact, actor=actor(bearer))
        except FormError as exc:
            raise HTTPException(400, _NO_CONTACT) from exc
        if not found:
            raise HTTPException(404, "没有这个联系方式的线索")
        return Subject(leads=[dict(one) for one in found])

    @router.post("/customers/erase", responses={**FOUND, 400: {"description": "not a contact"}})
    async def erase(bearer: Owner, body: ContactQuery, merchant: Merchant = None) -> Erased:
        """Erase every lead with this contact, its consents and the customer's words. Cannot be undone. Audited."""
        shop = shop_of(bearer, merchant)
        try:
            count = await leads.erase_contact(shop, body.contact, actor=actor(bearer))
        except FormError as exc:
            raise HTTPException(400, _NO_CONTACT) from exc
        if not count:
            raise HTTPException(404, "没有这个联系方式的线索")
        return Erased(erased=count)

    @router.get("/audit", responses=FOUND)
    async def audits(
        bearer: Owner, merchant: Merchant = None, limit: Annotated[int, Query(ge=1, le=500)] = 100
    ) -> list[AuditRow]:
        """Who revealed, exported, erased or changed what, the newest first."""
        return list(await leads.audits(shop_of(bearer, merchant), limit=limit))

    return router


_NO_CONTACT = "这不是联系方式：写手机号、邮箱、wechat:微信号 或 qq:号码"
