"""Live selling: decides what the host says next. The script goes on; a comment is answered at the next sentence.

The state is owned by the running loop and pulled by the room's speaker: nothing is said unasked, so speech
itself is the back-pressure. Every line carries the generation; an interrupt raises it and voids what was pulled before.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable

from dialogue.answer.wording import Memory, choose
from dialogue.emotion import emotion_of
from dialogue.event import Emotion, Event, Sentence
from dialogue.live import script
from dialogue.live.comment import Comment, CommentQueue, CommentState, Group, called, readable
from dialogue.live.line import Line, LineKind
from dialogue.live.rundown import Rundown, ScriptLine
from dialogue.segmenter import finished, sentences, spoken

_LOG = logging.getLogger(__name__)
Answer = Callable[[str], AsyncIterator[Event]]
"""Gives the reply to a comment's text."""
_ANSWERS_IN_A_ROW = 3
_OPERATOR_LINES = 50
_UNHEARD = 64
"""Script lines handed out and not heard yet that are remembered; a room is a few ahead."""


class Director:
    """One room's director.

    `answer` replies to a comment; an answer that brings nothing for `answer_timeout_s` is given up with an apology.
    Queues are bounded: comments by `comments` (then they are only shown), operator's sentences at 50 (then refused).
    """

    def __init__(
        self,
        rundown: Rundown,
        answer: Answer,
        *,
        comments: CommentQueue | None = None,
        answer_timeout_s: float = 8.0,
        on_state: Callable[[str, CommentState], None] | None = None,
    ) -> None:
        self._rundown = rundown
        self._answer = answer
        self._comments = comments or CommentQueue()
        self._timeout_s = answer_timeout_s
        self._on_state = on_state or (lambda comment_id, state: None)
        self._operator: deque[str] = deque()
        self._wake = asyncio.Event()
        self._cut = asyncio.Event()
        self._paused = False
        self._closing = False
        self._generation = 0
        self._lap = self._telling = 0
        self._index = 0
        self._script: deque[ScriptLine] = deque()
        self._unheard: deque[Line] = deque(maxlen=_UNHEARD)
        self._memory = Memory("director")
        self._answers = 0
        self._product: str | None = None

    @property
    def generation(self) -> int:
        """The present generation."""
        return self._generation

    @property
    def product(self) -> str | None:
        """Id of the record the script is at, or None."""
        return self._product

    @property
    def paused(self) -> bool:
        """Whether script and answers are held back."""
        return self._paused

    @property
    def waiting(self) -> int:
        """Comment groups that wait for an answer."""
        return len(self._comments)

    @property
    def lap(self) -> int:
        """Which telling of the rundown the script is in, the first is 0."""
        return self._telling

    @property
    def order(self) -> tuple[tuple[str, str], ...]:
        """Id and name of the records in the order they are told in."""
        return tuple((record.id, record.name) for record in self._rundown.records)

    def upcoming(self, limit: int) -> tuple[Line, ...]:
        """The next script lines, as far as they are worded: those handed out and not heard, then those to come."""
        left = list(self._script)
        coming = [self._scripted(line, last=index == len(left) - 1) for index, line in enumerate(left)]
        return (*self._unheard, *coming)[:limit]

    def heard(self, line: Line) -> None:
        """This line is being heard; script lines before it are not to come any more."""
        if any(one is line for one in self._unheard):
            while self._unheard.popleft() is not line:
                continue

    def comment(self, comment: Comment) -> CommentState:
        """Take a viewer's comment in; `queued` when it will be answered, `shown` when not."""
        state = self._comments.add(comment)
        if state is CommentState.QUEUED:
            self._wake.set()
        return state

    def say(self, text: str) -> bool:
        """An operator's words, said before anything else; False when too many wait."""
        parts = [finished(part) for part in sentences(text)]
        if not parts or len(self._operator) + len(parts) > _OPERATOR_LINES:
            return False
        self._operator.extend(parts)
        self._wake.set()
        return True

    def pause(self) -> None:
        """Hold script and answers back; the operator can still speak."""
        self._paused = True

    def resume(self) -> None:
        """Go on where it was paused."""
        self._paused = False
        self._wake.set()

    def show(self, record_id: str) -> bool:
        """Go to this record with the next script line, and on from there; False when it is not in the rundown."""
        index = next((i for i, record in enumerate(self._rundown.records) if record.id == record_id), None)
        if index is None:
            return False
        self._index = index
        self._script.clear()
        self._unheard.clear()
        self._script.extend(self._rundown.segment(index, self._lap))
        self._advance()
        self._wake.set()
        return True

    def restock(self, rundown: Rundown) -> None:
        """Take over new facts: what is left of the old script is dropped, the new one goes on at the same place."""
        self._rundown = rundown
        self._script.clear()
        self._index = min(self._index, max(0, len(rundown.records) - 1))
        self._wake.set()

    def interrupt(self) -> int:
        """Void everything that was pulled, the answer under way too; returns the new generation."""
        self._generation += 1
        self._unheard.clear()
        self._cut.set()
        self._wake.set()
        return self._generation

    def close(self) -> None:
        """Say the closing words and end."""
        self._closing = True
        self._paused = False
        self._wake.set()

    async def lines(self) -> AsyncGenerator[Line, None]:
        """The next sentence each time it is pulled; ends after `close`. One reader at a time."""
        for line in self._all(self._rundown.opening(), LineKind.OPENING):
            yield line
        while not self._closing:
            if self._operator:
                text = self._operator.popleft()
                emotion = emotion_of(text)
                yield Line(self._generation, text, emotion, LineKind.OPERATOR, self._product, last=not self._operator)
                continue
            if not self._paused:
                # A flood of comments must not silence the script altogether.
                group = self._comments.take() if self._answers < _ANSWERS_IN_A_ROW else None
                if group:
                    self._answers += 1
                    async for line in self._answered(group):
                        yield line
                    continue
                self._answers = 0
                scripted = self._next_script()
                if scripted:
                    yield scripted
                    continue
                if len(self._comments):
                    continue
            self._wake.clear()
            await self._wake.wait()
        for line in self._all(self._rundown.closing(), LineKind.CLOSING):
            yield line

    def _all(self, lines: list[ScriptLine], kind: LineKind) -> list[Line]:
        return [
            Line(self._generation, line.text, line.emotion, kind, self._product, last=line is lines[-1], part=line.part)
            for line in lines
        ]

    def _next_script(self) -> Line | None:
        if not self._rundown.records:
            return None
        if not self._script:
            self._begin_segment()
            self._advance()
        scripted = self._script.popleft()
        self._product = scripted.record_id or self._product
        line = self._scripted(scripted, last=not self._script)
        self._unheard.append(line)
        return line

    def _scripted(self, line: ScriptLine, *, last: bool) -> Line:
        sku = line.record_id or self._product
        return Line(self._generation, line.text, line.emotion, LineKind.SCRIPT, sku, last=last, part=line.part)

    def _begin_segment(self) -> None:
        if self._index == 0 and self._lap > 0:
            self._script.extend(self._rundown.interlude(self._lap))
        self._script.extend(self._rundown.segment(self._index, self._lap))

    def _advance(self) -> None:
        self._telling = self._lap
        self._index += 1
        if self._index >= len(self._rundown.records):
            self._index = 0
            self._lap += 1

    async def _answered(self, group: Group) -> AsyncGenerator[Line, None]:
        """Lead-in, then the answer's sentences, one held back so that the final one is known to be final."""
        generation = self._generation
        self._cut.clear()
        for comment_id in group.ids:
            self._on_state(comment_id, CommentState.ANSWERING)
        question = group.comments[0].text
        if not group.chat:
            lead = self._lead_in(group)
            yield self._reply(lead, Emotion.NEUTRAL, group, self._product, last=False)
        held: Sentence | None = None
        events = self._answer(question)
        try:
            while generation == self._generation:
                event = await self._next(events)
                if event is None:
                    break
                if not isinstance(event, Sentence):
                    continue
                if held and generation == self._generation:
                    yield self._reply(held.text, held.emotion, group, held.record_id, last=False)
                held = event
        except Exception:
            # Whatever breaks below, the host keeps talking; the viewer hears that the answer is missing.
            _LOG.exception("the answer to a comment failed")
        finally:
            if hasattr(events, "aclose"):
                await events.aclose()
        if generation == self._generation:
            if held is None:
                held = Sentence(choose(self._memory, "failed", script.FAILED), Emotion.APOLOGY)
            yield self._reply(held.text, held.emotion, group, held.record_id, last=True)
        for comment_id in group.ids:
            self._on_state(comment_id, CommentState.ANSWERED)

    async def _next(self, events: AsyncIterator[Event]) -> Event | None:
        """The answer's next event; None at its end, after the time-out, or when it was interrupted."""
        step = asyncio.ensure_future(_step(events))
        cut = asyncio.ensure_future(self._cut.wait())
        try:
            await asyncio.wait({step, cut}, timeout=self._timeout_s, return_when=asyncio.FIRST_COMPLETED)
            return step.result() if step.done() and not cut.done() else None
        finally:
            for task in (step, cut):
                if not task.done():
                    task.cancel()
            await asyncio.gather(step, cut, return_exceptions=True)

    def _reply(self, text: str, emotion: Emotion, group: Group, sku: str | None, *, last: bool) -> Line:
        return Line(
            self._generation,
            spoken(text),
            emotion,
            LineKind.ANSWER,
            sku or self._product,
            group.comments[0].id,
            group.comments[0].text,
            last,
            group.ids,
        )

    def _lead_in(self, group: Group) -> str:
        comment = group.comments[0]
        name = called(comment)
        self._memory.turn += 1
        if not readable(comment):
            wordings = script.LEAD_IN_NAMED if name else script.LEAD_IN_PLAIN
            return choose(self._memory, "lead/plain", wordings).format(name=name)
        question = comment.text if comment.text[-1] in "?？!！。" else f"{comment.text}？"
        if len(group.comments) > 1:
            name = name or "这位朋友"
            return choose(self._memory, "lead/many", script.LEAD_IN_MANY).format(name=name, question=question)
        return choose(self._memory, "lead/one", script.LEAD_IN).format(name=name or "有朋友", question=question)


async def _step(events: AsyncIterator[Event]) -> Event | None:
    return await anext(events, None)
