"""REST over the leads: who may see, take out, erase and pass on what, and what is written down about it."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from pathlib import Path

import httpx
import pytest

from dialogue.model.budget import Spent, Usage
from tests.dialogue.receiver import receiver
from tests.stream.console import Console, bearing, open_console

PHONE = "13805716021"


async def lead(console: Console, *consent: str, visitor: str = "v1", phone: str = PHONE) -> str:
    row = await console.store.open_conversation(merchant="demo", channel="chat", visitor=visitor)
    fields = {"phone": phone, "name": "王小明"}
    return (await console.store.leads.submit(row.id, client_id="f", fields=fields, consent=consent)).lead_id


async def audited(console: Console) -> list[tuple[str, str]]:
    answer = await console.http.get("/api/audit", headers=bearing(console.owner))
    return [(row["action"], row["subject"]) for row in answer.json()]


async def test_a_lead_is_masked_until_an_operator_reveals_it(tmp_path: Path) -> None:
    async with open_console(tmp_path) as console:
        lead_id = await lead(console)
        viewer, operator = bearing(console.viewer), bearing(console.operator)
        shown = await console.http.get(f"/api/leads/{lead_id}", headers=viewer)
        assert shown.json()["contacts"][0]["value"] == "138****6021" and shown.json()["history"]
        assert PHONE not in shown.text and "王小明" not in shown.text
        assert (await console.http.post(f"/api/leads/{lead_id}/reveal", headers=viewer)).status_code == 403
        clear = (await console.http.post(f"/api/leads/{lead_id}/reveal", headers=operator)).json()
        assert (clear["contacts"][0]["value"], clear["profile"]["name"]) == (PHONE, "王小明")
        assert ("lead.reveal", lead_id) in await audited(console)
        stranger = bearing(console.stranger)
        for path, call in ((f"/api/leads/{lead_id}", "GET"), (f"/api/leads/{lead_id}/reveal", "POST")):
            assert (await console.http.request(call, path, headers=stranger)).status_code == 404
        assert (await console.http.get("/api/leads?merchant=demo", headers=stranger)).status_code == 404


async def test_only_an_owner_takes_the_file_and_it_holds_who_agreed(tmp_path: Path) -> None:
    async with open_console(tmp_path) as console:
        await lead(console, "contact")
        await lead(console, visitor="v2", phone="13912345678")
        assert (await console.http.post("/api/leads.csv", headers=bearing(console.operator))).status_code == 403
        answer = await console.http.post("/api/leads.csv", headers=bearing(console.owner))
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert answer.content.startswith(b"\xef\xbb\xbf") and answer.headers["x-lead-count"] == "1"
        [row] = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""))
        assert row["手机"].strip() == PHONE
        assert ("lead.csv", "demo") in await audited(console)


async def test_a_person_is_shown_and_erased_by_contact(tmp_path: Path) -> None:
    async with open_console(tmp_path) as console:
        await lead(console, "contact")
        owner, body = bearing(console.owner), {"contact": PHONE}
        held = (await console.http.post("/api/customers/export", headers=owner, json=body)).json()
        assert held["leads"][0]["consents"]
        for call in ("export", "erase"):
            refused = await console.http.post(f"/api/customers/{call}", headers=bearing(console.operator), json=body)
            assert refused.status_code == 403
            nonsense = await console.http.post(f"/api/customers/{call}", headers=owner, json={"contact": "。。。"})
            assert nonsense.status_code == 400
        assert (await console.http.post("/api/customers/erase", headers=owner, json=body)).json() == {"erased": 1}
        assert (await console.http.post("/api/customers/erase", headers=owner, json=body)).status_code == 404
        assert (await console.http.get("/api/leads", headers=owner)).json() == []


async def test_a_consent_given_by_telephone_is_noted_and_audited(tmp_path: Path) -> None:
    async with open_console(tmp_path) as console:
        lead_id = await lead(console)
        path, operator = f"/api/leads/{lead_id}/consent", bearing(console.operator)
        body = {"purpose": "contact", "state": "granted"}
        assert (await console.http.put(path, headers=bearing(console.viewer), json=body)).status_code == 403
        assert (await console.http.put(path, headers=operator, json=body)).json()["consent"] == {"contact": "granted"}
        assert ("lead.consent", lead_id) in await audited(console)
        other = path.replace(lead_id, "lead_" + "0" * 32)
        assert (await console.http.put(other, headers=operator, json=body)).status_code == 404


async def test_a_target_is_made_tried_and_removed_and_dead_messages_go_again(tmp_path: Path) -> None:
    async with open_console(tmp_path) as console, receiver(200) as there:
        owner = bearing(console.owner)
        new = {"kind": "webhook", "address": there.url, "label": "客户系统"}
        assert (await console.http.post("/api/targets", headers=bearing(console.operator), json=new)).status_code == 403
        made = await console.http.post("/api/targets", headers=owner, json=new)
        assert made.status_code == 201 and made.json()["secret"].startswith("whsec_")
        [listed] = (await console.http.get("/api/targets", headers=bearing(console.viewer))).json()
        assert "secret" not in listed and listed["label"] == "客户系统"
        path = f"/api/targets/{listed['id']}"
        assert (await console.http.post(f"{path}/test", headers=owner)).json() == {"delivered": True, "problem": ""}
        assert json.loads(there.seen[0][1])["type"] == "lead.test"
        there.statuses = [410]
        await lead(console, "contact", "share")
        failed = (await console.http.post(f"{path}/test", headers=owner)).json()
        assert not failed["delivered"] and "410" in failed["problem"]
        [waiting] = (await console.http.get("/api/outbox?state=pending", headers=owner)).json()
        assert PHONE not in json.dumps(waiting)
        assert (await console.http.delete(path, headers=owner)).status_code == 204
        assert (await console.http.delete(path, headers=owner)).status_code == 404
        assert (await console.http.post(f"{path}/test", headers=owner)).status_code == 404
        replayed = await console.http.post("/api/outbox/replay", headers=bearing(console.operator), json={})
        assert replayed.json() == {"replayed": 0}
        bad = {"kind": "webhook", "address": "gopher://x"}
        assert (await console.http.post("/api/targets", headers=owner, json=bad)).status_code == 400


async def test_the_figures_come_by_group_with_cost_and_open_questions(tmp_path: Path) -> None:
    async with open_console(tmp_path) as console:
        talk = await console.visit("能开专票吗？我电话13805716021")
        today = date.today()
        await console.store.spending.add([Spent("demo", talk, today, Usage(900, 100), 2_500)])
        viewer = bearing(console.viewer)
        figures = (await console.http.get("/api/stats?days=2&by=channel", headers=viewer)).json()
        assert [row["group"] for row in figures["rows"]] == ["chat"]
        assert figures["total"]["cost_per_lead_micros"] == 2_500
        assert figures["spending"]["prompt_tokens"] == 900 and figures["spending"]["cost_per_lead_micros"] == 2_500
        payload = {"role": "assistant", "text": "资料里没有", "decision": "refuse"}
        await console.store.append(talk, kind="message", payload=payload)
        [question] = (await console.http.get("/api/questions", headers=viewer)).json()
        assert question["count"] == 1
        assert (await console.http.get("/api/stats?by=moon", headers=viewer)).status_code == 422


@pytest.mark.parametrize("path", ["/api/leads", "/api/stats", "/api/outbox", "/api/targets", "/api/audit"])
async def test_without_a_token_nothing_is_told(tmp_path: Path, path: str) -> None:
    async with open_console(tmp_path) as console:
        answer: httpx.Response = await console.http.get(path)
        assert answer.status_code == 401 and answer.headers["www-authenticate"] == "Bearer"
        wrong = await console.http.get(path, headers={"Authorization": "Basic eDp5"})
        assert wrong.status_code == 401


async def test_the_machines_own_token_names_the_shop(tmp_path: Path) -> None:
    async with open_console(tmp_path) as console:
        machine = bearing("m" * 32)
        assert (await console.http.get("/api/leads", headers=machine)).json() == []
        assert (await console.http.get("/api/stats", headers=machine)).status_code == 404
        assert (await console.http.get("/api/stats?merchant=demo", headers=machine)).status_code == 200
