"""Merchants, and the tokens of their people."""

from __future__ import annotations

import pytest

from dialogue.access import AccessError, Role, read_origin
from dialogue.store import Store
from tests.dialogue.databases import Clock


async def test_a_token_stands_for_its_merchant_and_role(any_store: Store) -> None:
    await any_store.access.create_merchant("demo", name="栖木家居")
    row, secret = await any_store.access.create_token("demo", role=Role.OPERATOR, label="小王")
    bearer = await any_store.access.verify(secret)
    assert bearer is not None
    assert (bearer.token_id, bearer.merchant, bearer.role) == (row.id, "demo", Role.OPERATOR)
    for wrong in ("", secret[:-1], secret + "x", secret[:-1] + ("A" if secret[-1] != "A" else "B"), row.id):
        assert await any_store.access.verify(wrong) is None


async def test_a_token_is_stored_only_as_a_hash(store: Store) -> None:
    await store.access.create_merchant("demo")
    _, secret = await store.access.create_token("demo", role=Role.OWNER)
    assert secret not in repr(await store.access.tokens())
    kept = await store.read(lambda tx: tx.connection.exec_driver_sql("SELECT * FROM tokens").all())
    assert secret not in repr(kept)


async def test_a_revoked_or_expired_token_or_one_of_a_removed_shop_is_nobodys(any_store: Store, clock: Clock) -> None:
    for merchant in ("one", "two"):
        await any_store.access.create_merchant(merchant)
    first, revoked = await any_store.access.create_token("one", role=Role.OWNER)
    _, expiring = await any_store.access.create_token("one", role=Role.VIEWER, lifetime_s=60)
    _, orphan = await any_store.access.create_token("two", role=Role.OWNER)
    await any_store.access.revoke_token(first.id)
    assert await any_store.access.verify(revoked) is None
    with pytest.raises(AccessError):
        await any_store.access.revoke_token(first.id)
    assert await any_store.access.verify(expiring) is not None
    clock.forward(seconds=61)
    assert await any_store.access.verify(expiring) is None
    await any_store.access.remove_merchant("two", actor="cli")
    assert await any_store.access.verify(orphan) is None
    await any_store.access.create_merchant("two")
    assert await any_store.access.verify(orphan) is None


async def test_a_merchant_is_made_once_and_listed_until_removed(any_store: Store) -> None:
    await any_store.access.create_merchant("demo", name="栖木家居")
    with pytest.raises(AccessError, match="exists"):
        await any_store.access.create_merchant("demo")
    assert (await any_store.access.ensure_merchant("demo")).name == "栖木家居"
    await any_store.access.remove_merchant("demo", actor="cli")
    assert await any_store.access.merchants() == []
    assert [row.id for row in await any_store.access.merchants(removed=True)] == ["demo"]
    with pytest.raises(AccessError):
        await any_store.access.remove_merchant("demo", actor="cli")
    with pytest.raises(AccessError, match="no merchant"):
        await any_store.access.create_token("demo", role=Role.OWNER)


@pytest.mark.parametrize("name", ["", "A", "a b", "../x", "-a", "a" * 64, "店", "a/b", "a\n"])
async def test_a_merchant_id_that_is_no_folder_name_is_refused(store: Store, name: str) -> None:
    with pytest.raises(AccessError):
        await store.access.create_merchant(name)


def test_each_role_may_do_what_the_next_one_may() -> None:
    assert [[role.allows(needed) for needed in Role] for role in Role] == [
        [True, True, True],
        [False, True, True],
        [False, False, True],
    ]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://Shop.Example/", "https://shop.example"),
        (" https://shop.example:443 ", "https://shop.example"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("http://[::1]:9000", "http://[::1]:9000"),
        ("*", "*"),
    ],
)
def test_an_origin_is_kept_as_browsers_send_it(given: str, kept: str) -> None:
    assert read_origin(given) == kept


@pytest.mark.parametrize(
    "wrong",
    ["", "shop.example", "https://", "https://shop.example/chat", "https://u@shop.example", "https://*.example",
     "ftp://shop.example", "https://shop.example:99999", "https://a b", "https://" + "x" * 70 + ".example"],
)  # fmt: skip
def test_what_is_no_origin_is_refused_in_one_line(wrong: str) -> None:
    with pytest.raises(AccessError, match="no origin") as refused:
        read_origin(wrong)
    assert "\n" not in str(refused.value)


async def test_a_shop_s_origins_are_replaced_as_a_whole_and_audited(any_store: Store) -> None:
    await any_store.access.create_merchant("demo", name="栖木家居")
    row = await any_store.access.set_merchant(
        "demo", origins=["https://b.example", "https://a.example/", "https://B.example"], actor="cli"
    )
    assert row.origins == ("https://b.example", "https://a.example")
    assert await any_store.access.merchant("demo") == row
    renamed = await any_store.access.set_merchant("demo", name="新名字", actor="cli")
    assert (renamed.name, renamed.origins) == ("新名字", row.origins)
    assert (await any_store.access.set_merchant("demo", origins=[], actor="cli")).origins == ()
    assert [line.action for line in await any_store.leads.audits("demo")].count("merchant.set") == 3
    with pytest.raises(AccessError, match="no merchant"):
        await any_store.access.set_merchant("other", name="x", actor="cli")
