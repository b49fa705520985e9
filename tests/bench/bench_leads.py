"""Leads: what survives kill -9, how fast synced messages are, and how well contacts are found."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from statistics import median, quantiles

import phonenumbers

from dialogue.contact import find
from dialogue.store import Store
from tests.bench.table import Row, print_table
from tests.dialogue.test_contact_set import TUNED, UNSEEN, cases, details, score
from tests.dialogue.test_durability import survive

_BURST = 2000
_PACED = 200
_PER_SECOND = 20


def rows() -> list[Row]:
    """Every row of this part."""
    return [*_kill_rows(), *_speed_rows(), *_contact_rows()]


def _kill_rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        lost, double, kills = asyncio.run(survive(Path(folder), 1000, seed=1, longest_life=50))
    return [
        ("leads under `kill -9` at random points, 1,000 submissions", "0 lost, 0 double",
         f"{lost} lost, {double} double, {kills} kills")
    ]  # fmt: skip


def _speed_rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_speed(Path(folder)))


async def _speed(folder: Path) -> list[Row]:
    async with await Store.open(folder) as store:
        talks = [
            (await store.open_conversation(merchant="demo", channel="chat", visitor=f"v{index}")).id
            for index in range(200)
        ]

        async def timed(client_id: str, index: int, text: str) -> float:
            started = time.perf_counter()
            await store.receive(talks[index % len(talks)], client_id=client_id, text=text)
            return (time.perf_counter() - started) * 1000

        burst = []
        for kind, pattern in (("plain", "你好，第 {} 款有货吗"), ("with a new contact", "我的电话138{:08d}")):
            started, cpu = time.perf_counter(), time.process_time()
            await asyncio.gather(*(timed(f"{kind}{one}", one, pattern.format(one)) for one in range(_BURST)))
            seconds, spent = time.perf_counter() - started, time.process_time() - cpu
            burst.append(
                (f"synced customer messages/s, {kind}, one writer, SQLite", "≥ 20 needed",
                 f"{_BURST / seconds:,.0f}/s, {spent / _BURST * 1000:.2f} ms CPU each (n={_BURST:,})")
            )  # fmt: skip
        waits = []
        for one in range(_PACED):
            begun = time.perf_counter()
            waits.append(await timed(f"paced{one}", one, "请问这款沙发多少钱"))
            await asyncio.sleep(max(0.0, 1 / _PER_SECOND - (time.perf_counter() - begun)))
        paced = (
            f"message received → synced, {_PER_SECOND} messages/s", "part of ≤ 100 ms",
            f"p50 {median(waits):.1f} ms, p95 {quantiles(waits, n=20)[18]:.1f} ms (n={_PACED})",
        )  # fmt: skip
    return [*burst, paced]


def _contact_rows() -> list[Row]:
    rows = [
        _contact_row("noisy contacts, all sets, all mended with", "precision ≥ 0.99, recall ≥ 0.97"),
        _contact_row("the set the rules were written with", "—", TUNED),
    ]
    for number, file in enumerate(UNSEEN, start=1):
        rows.append(_contact_row(f"set {number}, unseen when written, mended with since", "—", file))
    found, wanted = details()
    rows.append(("names, cities, visits, amounts beside a contact, unseen sets", "—", f"{found} of {wanted} as marked"))
    texts = [(case["text"], case.get("earlier", ())) for case in cases()]
    started = time.process_time()
    for text, earlier in texts:
        find(text, earlier=earlier)
    each_ms = (time.process_time() - started) / len(texts) * 1000
    finder_precision, finder_recall = _phonenumbers_alone()
    return [
        *rows,
        ("finding the contacts of one text", "cheap", f"{each_ms:.2f} ms CPU (n={len(texts):,})"),
        ("all sets, telephones only, the finder of `phonenumbers` alone", "—",
         f"{finder_precision:.3f}, {finder_recall:.3f}"),
    ]  # fmt: skip


def _contact_row(what: str, target: str, *files: Path) -> Row:
    precision, recall, positive, negative = score(*files)
    return (f"{what}: {positive} texts with and {negative} without", target, f"{precision:.4f}, {recall:.4f}")


def _phonenumbers_alone() -> tuple[float, float]:
    hits = extra = missed = 0
    for case in cases():
        wanted = {one["value"] for one in case["contacts"] if one["kind"] in ("phone", "landline")}
        found = set()
        for match in phonenumbers.PhoneNumberMatcher(case["text"], "CN"):
            number = match.number
            mobile = phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE
            found.add(f"{'' if mobile else '0'}{number.national_number}" if number.country_code == 86 else
                      phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))  # fmt: skip
        hits, extra, missed = hits + len(found & wanted), extra + len(found - wanted), missed + len(wanted - found)
    return hits / (hits + extra), hits / (hits + missed)


if __name__ == "__main__":
    print_table(rows())
