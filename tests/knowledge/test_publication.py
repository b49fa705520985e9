"""The pointer moves as a simple model says, whatever the order of the commands."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from knowledge.version.publication import PublicationError, Publications


def open_publications() -> Publications:
    engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    publications = Publications(engine)
    publications.create_tables()
    return publications


class PointerMachine(RuleBasedStateMachine):
    """Stage, publish, roll back and discard in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.publications = open_publications()
        self.published: str | None = None
        self.draft: str | None = None
        self.before: dict[str, str | None] = {}
        self.numbers: list[int] = []

    def teardown(self) -> None:
        self.publications._engine.dispose()

    @rule()
    def stage(self) -> None:
        number = self.publications.next_number("shop")
        self.numbers.append(number)
        self.publications.stage("shop", f"v{number}", instead_of=self.draft)
        self.draft = f"v{number}"

    @rule()
    def stage_upon_something_else(self) -> None:
        with pytest.raises(PublicationError, match="另一个命令"):
            self.publications.stage("shop", "v999", instead_of="v998")

    @rule()
    def publish(self) -> None:
        if self.draft is None:
            with pytest.raises(PublicationError, match="草稿"):
                self.publications.publish("shop")
            return
        moved = self.publications.publish("shop")
        assert (moved.version, moved.previous) == (self.draft, self.published)
        self.before[self.draft] = self.published
        self.published, self.draft = self.draft, None

    @rule()
    def rollback(self) -> None:
        target = self.before.get(self.published) if self.published else None
        if target is None:
            with pytest.raises(PublicationError):
                self.publications.rollback("shop")
            return
        assert self.publications.rollback("shop").version == target
        self.published = target

    @precondition(lambda self: len(self.before) > 1)
    @rule(data=st.data())
    def rollback_to(self, data: st.DataObject) -> None:
        target = data.draw(st.sampled_from(sorted(self.before)))
        if target == self.published:
            with pytest.raises(PublicationError, match="就是现在"):
                self.publications.rollback("shop", to=target)
            return
        self.publications.rollback("shop", to=target)
        self.published = target

    @rule()
    def rollback_to_nowhere(self) -> None:
        with pytest.raises(PublicationError):
            self.publications.rollback("shop", to="v998")

    @rule()
    def discard(self) -> None:
        self.publications.stage("shop", None, instead_of=self.draft)
        self.draft = None

    @invariant()
    def the_pointer_is_where_the_model_says(self) -> None:
        pointer = self.publications.pointer("shop")
        assert (pointer.published, pointer.draft) == (self.published, self.draft)
        assert self.publications.published("shop") == self.published

    @invariant()
    def the_story_ends_where_the_pointer_is(self) -> None:
        story = self.publications.story("shop")
        assert (story[-1].version if story else None) == self.published
        assert all(later.previous == earlier.version for earlier, later in pairwise(story))

    @invariant()
    def numbers_are_never_given_twice(self) -> None:
        assert self.numbers == sorted(set(self.numbers))


PointerMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)
TestPointer = PointerMachine.TestCase


def test_going_back_twice_goes_back_by_two_and_not_forth_again() -> None:
    publications = open_publications()
    for version in ("v1", "v2", "v3"):
        publications.stage("shop", version, instead_of=None)
        publications.publish("shop")
    assert [publications.rollback("shop").version for _ in range(2)] == ["v2", "v1"]
    with pytest.raises(PublicationError, match="第一个"):
        publications.rollback("shop")


def test_two_processes_see_one_pointer(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'zhanggui.db'}"
    first, second = Publications(create_engine(url)), Publications(create_engine(url))
    first.create_tables()
    first.stage("shop", "v1", instead_of=None)
    second.publish("shop")
    assert first.published("shop") == "v1"
    with pytest.raises(PublicationError):
        first.publish("shop")
