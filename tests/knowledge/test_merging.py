"""Records that several files describe become one, and the file changed last is believed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from knowledge.record import Fact, Record, Source
from knowledge.table.merging import RecordRow, merge_rows, named_id


def row(file: str, changed_in: int, name: str, *, sku: str | None = None, **facts: str) -> RecordRow:
    record_id = sku or named_id(name)
    held = tuple(Fact(record_id, name, key, key, text, text, Source(file)) for key, text in facts.items())
    return RecordRow(file, changed_in, Record(record_id, name, facts=held))


def test_the_later_file_is_believed_and_the_rest_is_kept() -> None:
    merged = merge_rows(
        [row("a", 2, "灯", sku="L1", price="9", stock="5"), row("b", 1, "灯", sku="L1", price="8", colour="白")]
    )
    (record,) = merged.records
    assert {fact.name: fact.text for fact in record.facts} == {"price": "9", "stock": "5", "colour": "白"}


def test_a_name_joins_the_only_record_with_a_sku_of_that_name() -> None:
    merged = merge_rows([row("b", 1, "ＬＥＤ 灯", stock="5"), row("a", 1, "led灯", sku="L1", price="9")])
    (record,) = merged.records
    assert (record.id, record.name, len(record.facts)) == ("L1", "led灯", 2)
    assert merged.canonical[named_id("LED灯")] == "L1"


def test_a_name_that_two_skus_have_joins_neither() -> None:
    merged = merge_rows([row("a", 1, "灯", sku="L1"), row("a", 1, "灯", sku="L2"), row("b", 1, "灯", stock="5")])
    assert len(merged.records) == 3


rows = st.lists(
    st.builds(
        lambda file, version, name, sku, price: row(file, version, name, sku=sku, price=price),
        st.sampled_from("abc"),
        st.integers(1, 4),
        st.sampled_from(["灯", "椅", "桌"]),
        st.sampled_from([None, "S1", "S2"]),
        st.sampled_from(["1", "2", "3"]),
    ),
    max_size=8,
)


@given(rows)
def test_every_record_has_one_id_and_every_row_finds_its_record(held: list[RecordRow]) -> None:
    merged = merge_rows(held)
    ids = [record.id for record in merged.records]
    assert len(ids) == len(set(ids))
    for stated in held:
        assert merged.canonical[stated.record.id] in ids
    for record in merged.records:
        assert all(fact.record_id == record.id for fact in record.facts)
        assert record.id in merged.origins[record.id]
