"""The commands: what they print, what they refuse, and with which exit code."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
from datetime import date
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from dialogue.command.access_cli import create_merchant_app, create_token_app
from dialogue.command.cli import create_app
from dialogue.lead import Postman
from dialogue.model.budget import Spent, Usage
from dialogue.store import Store

PHONE = "13812346021"


class Shop:
    """A data folder with one shop, and the commands on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.app = typer.Typer()
        self.app.add_typer(create_app(self.open, lambda data_dir: Postman()), name="leads")
        self.app.add_typer(create_merchant_app(self.open), name="merchant")
        self.app.add_typer(create_token_app(self.open), name="token")

    async def open(self, data_dir: Path | None) -> Store:
        return await Store.open(data_dir or self.folder)

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(self.app, arguments)

    def ok(self, *arguments: str) -> str:
        result = self.run(*arguments)
        assert result.exit_code == 0, result.output
        return result.stdout


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    one = Shop(tmp_path)
    one.ok("merchant", "create", "demo", "--name", "栖木家居")

    async def fill() -> None:
        async with await one.open(None) as store:
            chat = await store.open_conversation(merchant="demo", channel="chat", visitor="v1")
            await store.receive(chat.id, client_id="a", text=f"我姓王，电话{PHONE}")
            form = await store.open_conversation(merchant="demo", channel="live", visitor="v2")
            await store.leads.submit(form.id, client_id="f", fields={"phone": "13912345678"}, consent=["contact"])

    asyncio.run(fill())
    return one


def test_the_list_is_masked_and_revealing_is_audited(shop: Shop) -> None:
    rows = json.loads(shop.ok("leads", "list", "--json"))
    assert sorted(row["contacts"][0]["value"] for row in rows) == ["138****6021", "139****5678"]
    assert PHONE not in shop.ok("leads", "list")
    clear = json.loads(shop.ok("leads", "list", "--json", "--reveal", "--actor", "li"))
    assert PHONE in [row["contacts"][0]["value"] for row in clear]
    audits = json.loads(shop.ok("leads", "audit", "--json"))
    assert [(one["actor"], one["action"]) for one in audits] == [("li", "lead.reveal")] * 2


def test_the_csv_holds_only_who_agreed(shop: Shop, tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    shop.ok("leads", "export", "--csv", str(target))
    rows = list(csv.DictReader(io.StringIO(target.read_bytes().decode("utf-8-sig"), newline="")))
    assert [row["手机"].strip() for row in rows] == ["13912345678"]
    assert target.stat().st_mode & 0o777 == 0o600


def test_a_person_is_exported_and_erased(shop: Shop) -> None:
    [person] = json.loads(shop.ok("leads", "export", PHONE))
    assert person["profile"]["name"] == "王"
    assert "1 条" in shop.ok("leads", "erase", PHONE, "--yes")
    assert len(json.loads(shop.ok("leads", "list", "--json"))) == 1
    again = shop.run("leads", "erase", PHONE, "--yes")
    assert again.exit_code == 1 and "没有这个联系方式" in again.stderr
    assert shop.run("leads", "erase", "13912345678").exit_code == 1


def test_the_funnel_is_printed(shop: Shop) -> None:
    stats = json.loads(shop.ok("leads", "stats", "--by", "channel", "--json"))
    assert {row["group"]: row["valid_contact"] for row in stats["rows"]} == {"chat": 1, "live": 1}
    assert "会话 2" in shop.ok("leads", "stats")
    assert shop.run("leads", "stats", "--by", "moon").exit_code == 2
    assert shop.run("leads", "stats", "--since", "gestern").exit_code == 2
    assert shop.run("leads", "stats", "--zone", "Moon/Base").exit_code == 2


def test_the_key_is_rotated_and_everything_still_opens(shop: Shop) -> None:
    assert "重新加密" in shop.ok("leads", "rotate-key")
    assert len(json.loads(shop.ok("leads", "list", "--json"))) == 2


def test_a_consent_said_on_the_telephone_is_noted(shop: Shop) -> None:
    rows = json.loads(shop.ok("leads", "list", "--json"))
    lead = next(row["id"] for row in rows if row["consent"] == {"contact": "pending"})
    shop.ok("leads", "consent", lead, "contact", "granted", "--actor", "li")
    rows = json.loads(shop.ok("leads", "list", "--json"))
    assert [row["consent"]["contact"] for row in rows] == ["granted", "granted"]
    [deed] = json.loads(shop.ok("leads", "audit", "--json"))
    assert (deed["actor"], deed["action"], deed["detail"]) == ("li", "lead.consent", "contact=granted")
    assert shop.run("leads", "consent", lead, "contact", "perhaps").exit_code == 2
    assert shop.run("leads", "consent", "lead_none", "contact", "granted").exit_code == 1


def test_what_the_model_cost_stands_in_the_stats(shop: Shop) -> None:
    async def spend() -> None:
        async with await shop.open(None) as store:
            await store.spending.add([Spent("demo", "live/demo", date(2026, 11, 23), Usage(900, 100), 2_500)])

    asyncio.run(spend())
    assert "1000 词元，费用 0.0025" in shop.ok("leads", "stats")
    day = ("--since", "2026-11-23", "--until", "2026-11-23")
    assert json.loads(shop.ok("leads", "stats", "--json", *day))["spending"][0]["prompt_tokens"] == 900
    assert json.loads(shop.ok("leads", "stats", "--json", "--since", "2026-11-24"))["spending"] == []


def test_targets_and_the_outbox(shop: Shop) -> None:
    assert "whsec_" in shop.ok("leads", "target", "add", "webhook", "https://example.com/hook")
    [target] = json.loads(shop.ok("leads", "target", "list", "--json"))
    assert target["address"] == "https://example.com/hook"
    assert shop.run("leads", "target", "add", "webhook", "gopher://x").exit_code == 1
    shop.ok("leads", "target", "add", "webhook", "http://127.0.0.1:9/hook", "--label", "inside")
    inside = next(row for row in json.loads(shop.ok("leads", "target", "list", "--json")) if row["label"] == "inside")
    tried = shop.run("leads", "target", "test", inside["id"])
    assert tried.exit_code == 1 and "private address" in tried.stderr
    assert json.loads(shop.ok("leads", "outbox", "--json")) == []
    assert "0 条" in shop.ok("leads", "replay")
    shop.ok("leads", "target", "remove", target["id"])
    assert shop.run("leads", "outbox", "--state", "lost").exit_code == 2


def test_what_is_old_is_purged(shop: Shop) -> None:
    assert "0 条线索" in shop.ok("leads", "purge")


def test_wrong_usage_and_failures_have_their_codes(shop: Shop, tmp_path: Path) -> None:
    assert shop.run("leads", "export").exit_code == 2
    assert shop.run("leads", "list", "--partial", "--complete").exit_code == 2
    failed = shop.run("leads", "export", "没有号码")
    assert failed.exit_code == 1 and failed.stderr.count("\n") == 1
    (tmp_path / "file").write_text("")
    assert shop.run("leads", "list", "--data-dir", str(tmp_path / "file")).exit_code == 1
    assert shop.run("leads", "export", "--csv", str(tmp_path / "no" / "out.csv")).exit_code == 1


def test_merchants_and_tokens(shop: Shop) -> None:
    made = json.loads(shop.ok("token", "create", "--role", "viewer", "--json"))
    assert made["merchant"] == "demo" and made["token"].startswith("zg_")
    [listed] = json.loads(shop.ok("token", "list", "--json"))
    assert listed["id"] == made["id"] and "token" not in listed
    shop.ok("token", "revoke", made["id"])
    assert shop.run("token", "revoke", made["id"]).exit_code == 1
    shop.ok("merchant", "create", "second")
    several = shop.run("leads", "stats")
    assert several.exit_code == 1 and "--merchant" in several.stderr
    shop.ok("merchant", "remove", "second")
    assert [row["id"] for row in json.loads(shop.ok("merchant", "list", "--json"))] == ["demo"]
    assert shop.run("merchant", "create", "Bad Name").exit_code == 1


@pytest.mark.parametrize(
    "line",
    [
        ("merchant", "create", "Bad Name"),
        ("merchant", "create", "demo"),
        ("merchant", "set", "demo", "--origin", "shop"),
        ("merchant", "set", "nobody", "--name", "x"),
        ("token", "revoke", "tok_none"),
        ("leads", "consent", "lead_none", "contact", "granted"),
        ("leads", "erase", "hello", "-y"),
        ("leads", "erase", "13900001111", "-y"),
        ("leads", "target", "add", "webhook", "gopher://x"),
        ("leads", "target", "add", "email", "nobody"),
        ("leads", "target", "remove", "tgt_none"),
        ("leads", "stats", "--merchant", "demo", "--since", "today"),
    ],
    ids=" ".join,
)
def test_an_error_is_said_in_chinese_with_english_beside_it(shop: Shop, line: tuple[str, ...]) -> None:
    failed = shop.run(*line)
    assert failed.exit_code in (1, 2)
    chinese, _, english = failed.stderr.partition(" / ")
    assert re.search(r"[一-鿿]", chinese), failed.stderr
    assert re.search(r"[a-z]{3}", english) and not re.search(r"[一-鿿]", english), failed.stderr
