"""Live comments waiting for an answer: spam left out, the same question asked by many answered once. Pure."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum

from dialogue.answer.smalltalk import Talk, talk_of
from dialogue.safety.compliance import comply
from dialogue.safety.injection import guard
from dialogue.safety.numeral import folded

LONGEST = 120
"""Characters of a comment that are read."""
_CHAT = frozenset({Talk.GREETING, Talk.THANKS, Talk.PRAISE, Talk.BYE, Talk.ACKNOWLEDGE})
_SPAM = re.compile(
    r"https?://|www\.|\.(?:com|cn|net|top|xyz)\b|加(?:我|v|V|薇|微|qq|QQ)|兼职|刷单|日结|贷款|代开|私聊我|互关|互粉|回关|来我(?:直播间|主页)"
    r"|(?:点|看)我(?:头像|主页)|福利群|进群|代理|招(?:聘|代理)|中奖了|领红包",
    re.I,
)
_EMPTY = re.compile(r"[\W\d_a-z哈啊呵嘿哦嗯]*", re.I)
_SOFT = re.compile(r"请问|主播|老板|亲|你好|您好|这款|这个|那个|一下|[的了吗呢啊呀吧哦，,。.!！?？~\s]")


class CommentState(StrEnum):
    """What becomes of a comment."""

    SHOWN = "shown"
    """On the page only: spam, noise, or too many are waiting."""
    QUEUED = "queued"
    ANSWERING = "answering"
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class Comment:
    """What a viewer wrote."""

    id: str
    name: str
    text: str


@dataclass(slots=True)
class Group:
    """Comments that ask the same."""

    key: frozenset[str]
    comments: list[Comment] = field(default_factory=list)
    chat: bool = False
    """Greetings and thanks: answered when no question waits."""

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all its comments, in the order of arrival."""
        return tuple(comment.id for comment in self.comments)


class CommentQueue:
    """At most `size` groups wait; then new ones are only shown. Questions before chat, asked by many before by one.

    `per_viewer` bounds how many waiting comments one name may have.
    """

    def __init__(self, *, size: int = 40, per_viewer: int = 3) -> None:
        self._size = size
        self._per_viewer = per_viewer
        self._groups: list[Group] = []
        self._recent: deque[tuple[str, str]] = deque(maxlen=64)
        self.skipped = 0
        """Comments left out so far."""

    def __len__(self) -> int:
        return len(self._groups)

    def add(self, comment: Comment) -> CommentState:
        """Take a comment in; says whether it will be answered."""
        text = folded(comment.text).strip()[:LONGEST]
        talk = talk_of(text)
        if not self._worth(comment, text, talk):
            self.skipped += 1
            return CommentState.SHOWN
        self._recent.append((comment.name, text))
        chat = talk in _CHAT
        key = frozenset((str(talk),)) if chat else _key(text)
        comment = Comment(comment.id, comment.name, text)
        for group in self._groups:
            if group.chat == chat and _alike(group.key, key):
                group.comments.append(comment)
                return CommentState.QUEUED
        if len(self._groups) >= self._size:
            self.skipped += 1
            return CommentState.SHOWN
        self._groups.append(Group(key, [comment], chat))
        return CommentState.QUEUED

    def take(self) -> Group | None:
        """The group to be answered next, or None."""
        if not self._groups:
            return None
        index = min(range(len(self._groups)), key=self._rank)
        return self._groups.pop(index)

    def _rank(self, index: int) -> tuple[bool, int]:
        group = self._groups[index]
        # Every further asker is worth three places in the queue.
        return group.chat, index - 3 * (len(group.comments) - 1)

    def _worth(self, comment: Comment, text: str, talk: Talk | None) -> bool:
        if _EMPTY.fullmatch(text) or _SPAM.search(text) or talk is Talk.ABUSE:
            return False
        if sum(name == comment.name and said == text for name, said in self._recent) >= 2:
            return False
        waiting = sum(c.name == comment.name for group in self._groups for c in group.comments)
        return waiting < self._per_viewer


def readable(comment: Comment, *, longest: int = 26) -> bool:
    """Whether the comment may be read out: short, lawful, no contact, nothing that wants to be said aloud."""
    text = comment.text
    return len(text) <= longest and guard(text) is None and not comply(text).broken and not re.search(r"\d{5,}|@", text)


def called(comment: Comment) -> str:
    """The viewer's name as the host may say it, or empty."""
    name = re.sub(r"[^\u4e00-\u9fffA-Za-z0-9]", "", folded(comment.name))
    unfit = not 1 <= len(name) <= 8 or re.search(r"\d{4,}", name) or talk_of(name) is Talk.ABUSE or guard(name)
    return "" if unfit or comply(name).broken else name


def _key(text: str) -> frozenset[str]:
    compact = _SOFT.sub("", text.lower()) or text.lower()
    return frozenset(compact[i : i + 2] for i in range(len(compact) - 1)) or frozenset((compact,))


def _alike(ours: frozenset[str], theirs: frozenset[str]) -> bool:
    return 2 * len(ours & theirs) / (len(ours) + len(theirs)) >= 0.75
