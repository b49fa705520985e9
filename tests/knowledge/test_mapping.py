"""The merchant's own words for their columns: two forms of one small file, and one line for any that cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowledge import KnowledgeError
from knowledge.intake.mapping import read_mapping

MEANT = {"款": "name", "到手": "price"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "列名,含义\n款,name\n到手,price\n".encode()),
        ("b.csv", "\ufeff列名，含义\r\n款，name\r\n\r\n 到手 ， price \r\n".encode()),
        ("c.csv", "款,name\n到手,price".encode("gb18030")),
        ("d.json", '{"款": "name", "到手": "price"}'.encode()),
    ],
)
def test_both_forms_say_what_columns_mean(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    assert read_mapping(tmp_path / name) == MEANT


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("list.json", b'["name"]', "列名对照要写成"),
        ("number.json", '{"款": 1}'.encode(), "列名对照要写成"),
        ("broken.json", b"{", "读不懂"),
        ("binary.csv", bytes(range(128, 256)) * 8, "读不懂"),
        ("one.csv", "款\n".encode(), "每行要写成"),
        ("missing.csv", None, "打不开"),
    ],
)
def test_a_file_that_says_nothing_is_named(name: str, content: bytes | None, said: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(KnowledgeError, match=said) as caught:
        read_mapping(tmp_path / name)
    assert name in str(caught.value) and "\n" not in str(caught.value)
