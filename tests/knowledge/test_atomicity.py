"""A publisher that is killed leaves the version before or the version after, whole, and nothing between."""

from __future__ import annotations

import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.knowledge.merchant import open_library

ROOT = Path(__file__).resolve().parents[2]


def check_whole(data: Path) -> str | None:
    """The live version, after reading it from end to end."""
    library = open_library(data)
    pointer = library.pointer("shop")
    if pointer.published is None:
        return None
    content = library.open("shop", pointer.published)
    passages = list(content.passages)
    documents = [document.path for document in content.documents]
    content.close()
    assert documents == ["a.txt", "b.txt", "c.txt"]
    assert len({number for passage in passages for number in re.findall(r"编号(\d+)", passage.text)}) == 1
    with library.retriever("shop", pointer.published) as retriever:
        found = retriever.search_now("第7条说明")
    assert found.version == pointer.published
    assert {passage.id for passage in found.passages} <= {passage.id for passage in passages}
    return pointer.published


@pytest.mark.slow
def test_kill_9_and_ctrl_c_at_any_moment_leaves_a_whole_version_live(tmp_path: Path) -> None:
    data, shop = tmp_path / "data", tmp_path / "shop"
    shop.mkdir()
    moments = random.Random(7)
    seen = set()
    for attempt in range(6):
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.knowledge.publisher", str(data), str(shop), str(100 * attempt)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdout is not None
        try:
            step = "add" if attempt % 2 == 0 else "publish"
            steps = (line for line in process.stdout if line.startswith(step))
            for _ in range(1 + attempt // 2):  # each life gets further than the one before
                next(steps)
            time.sleep(moments.uniform(0, 0.6 if step == "add" else 0.03))
        finally:
            # Every third time as a person would do it: Ctrl-C.
            process.send_signal(signal.SIGINT if attempt % 3 == 2 else signal.SIGKILL)
            process.wait(300)
            process.stdout.close()
        seen.add(check_whole(data))
    assert len(seen) > 1, "the publisher never got anything through"
    library = open_library(data)
    (shop / "a.txt").write_text("恢复以后的说明。\n", encoding="utf-8")
    library.add("shop", [shop])
    library.publish("shop")
    assert not list((data / "knowledge" / "shop").glob(".building-*"))


def test_a_crash_before_the_pointer_moves_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = open_library(tmp_path / "data")
    (tmp_path / "a.md").write_text("第一版的说明。", encoding="utf-8")
    library.add("shop", [tmp_path / "a.md"])
    live = library.publish("shop").version
    (tmp_path / "a.md").write_text("第二版的说明。", encoding="utf-8")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("knowledge.version.workshop.sync_tree", full)
    with pytest.raises(OSError, match="No space"):
        library.add("shop", [tmp_path / "a.md"])
    pointer = library.pointer("shop")
    assert (pointer.published, pointer.draft) == (live, None)
    assert [path.name for path in (library.root / "shop").iterdir() if path.is_dir()] == [live]


def test_an_interrupt_while_embedding_leaves_the_draft_as_it_was(tmp_path: Path) -> None:
    library = open_library(tmp_path / "data")
    (tmp_path / "a.md").write_text("第一版的说明。", encoding="utf-8")
    draft = library.add("shop", [tmp_path / "a.md"]).draft
    (tmp_path / "b.md").write_text("另一个文件。", encoding="utf-8")

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        library.add("shop", [tmp_path / "b.md"], progress=stop)
    assert library.pointer("shop").draft == draft
    assert [document.path for document in library.documents("shop", draft=True)] == ["a.md"]
