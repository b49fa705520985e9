"""A live room: the host on air, the director behind him, and the feed that tells the pages what is going on."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime

from dialogue import (
    LIVE_RULES,
    Comment,
    CommentState,
    DialogueError,
    Director,
    Line,
    LineKind,
    Rundown,
    Verdict,
    comply,
)
from dialogue.store import Store
from stream.program.caption import Caption
from stream.program.program import LineEnded, LineStarted
from stream.room.book import RoomSpec
from stream.room.broadcast import Broadcast
from stream.room.comment_wall import CommentWall, remember
from stream.room.protocol import Message, ProtocolError
from stream.room.public_text import public
from stream.room.room import Room
from stream.room.running_order import RunningOrder
from stream.shop.shelf import Product
from stream.shop.shop import Shop
from stream.telemetry.question import Questions

logger = logging.getLogger(__name__)

_STATE_EVERY_S = 1.0
_REJOIN_MS = 10
"""A room's pages join anew within this time for each of them: a second for a hundred."""


class LiveRoom:
    """One merchant's room, from the comment that comes in to the caption that goes out.

    Owned by the running loop. `start` goes on air once, `stop` leaves it.
    """

    def __init__(
        self,
        spec: RoomSpec,
        *,
        room: Room,
        director: Director,
        shop: Shop,
        store: Store,
        now: Callable[[], datetime],
        questions: Questions | None = None,
        on_stop: Callable[[], None] = lambda: None,
    ) -> None:
        self.name = spec.name
        self.merchant = spec.merchant
        self.room = room
        self.director = director
        # Numbers begin at the wall clock: after a restart they go on above those that the pages have seen.
        self.feed = Broadcast(after=int(now().timestamp() * 1000))
        self._wall = CommentWall(self.feed)
        self._order = RunningOrder(director, now=now)
        self._shop = shop
        self._store = store
        self._now = now
        self._questions = questions or Questions(lambda _: None)
        self._on_stop = on_stop
        room.speaker.on_first_sound = self._first_sound
        self._product: Product | None = None
        self._conversations: OrderedDict[str, str] = OrderedDict()
        self._likes = 0
        self._signed_off = False
        self._told: tuple[str, int, int] | None = None

    async def start(self) -> None:
        """Go on air."""
        self.room.supervisor.start(f"{self.name}-feed", self._follow)
        self.room.supervisor.start(f"{self.name}-state", self._tell_state)
        await self.room.start()

    async def stop(self) -> None:
        """Leave the air; may be called twice."""
        await self.room.stop()
        self.feed.close()
        self._on_stop()

    def sign_off(self) -> None:
        """Tell the pages that this is the end, and not a connection that broke."""
        self._signed_off = True
        self.feed.publish("state", state="stopped", viewers=self.feed.readers, likes=self._likes)

    async def drain(self, *, within_s: float) -> None:
        """Another process serves this room now: send the pages there, wait until they have gone, at most `within_s`.

        The pages join in turn, so that the new process is not met by all of them at once.
        """
        self.feed.publish("rejoin", within_ms=_REJOIN_MS * self.feed.readers)
        await self.room.drain(within_s=within_s)

    # -- what pages see ---------------------------------------------------------------------------------------------

    def welcome(self) -> Message:
        """The room as it stands: the body of `welcome`."""
        return {
            "seq": self.feed.seq,
            "room": self.name,
            "merchant": self.merchant,
            "shop": self._shop.name,
            "state": {"state": self._state(), "viewers": self.feed.readers, "likes": self._likes},
            "product": self._product.to_json() if self._product else None,
            "products": [product.to_json() for product in self._shop.products],
            "questions": list(self._shop.questions),
        }

    @property
    def showing(self) -> str:
        """Name of the product on show; empty between products."""
        return self._product.name if self._product else ""

    def state(self) -> dict[str, object]:
        """The room as an operator's list shows it."""
        return {
            "name": self.name,
            "merchant": self.merchant,
            "state": self._state(),
            "pages": self.feed.readers,
            "viewers": self.room.audience.watching,
            "likes": self._likes,
            "product": self._product.sku if self._product else None,
            "waiting": self.director.waiting,
            "outputs": self.room.outputs.states(),
        }

    def rundown(self) -> Message:
        """What was said, what is being said and what comes next; see `RunningOrder.to_json`."""
        return self._order.to_json(self._shop.products, showing=self._product.sku if self._product else None)

    def restock(self, shop: Shop, rundown: Rundown) -> None:
        """Take over a new knowledge version, or the day's promotions; the card on show is renewed, the script goes on
        from the new facts. When the price on show has changed nothing is said any more of the old one."""
        was = self._product
        self._shop = shop
        self.director.restock(rundown)
        if was is None:
            return
        self._show(was.sku)
        if self._product is not None and (self._product.price, self._product.was) != (was.price, was.was):
            self.room.interrupt(at_sentence=True)

    # -- what viewers do --------------------------------------------------------------------------------------------

    async def comment(self, *, visitor: str, client_id: str, text: str, name: str | None = None) -> None:
        """Store a comment (and the lead in it), show it masked, hand it to the director.

        The same `client_id` of the same visitor is taken once. Raises `ProtocolError` when it cannot be stored.
        """
        if self._wall.has(visitor, client_id):
            return
        shown, spoken, masked = public(text)
        received_ns = self._questions.now_ns()
        try:
            await self._keep(visitor, client_id, text)
        except (DialogueError, OSError) as exc:
            logger.error("a comment of room %s was not stored: %s", self.name, exc)
            raise ProtocolError("not_saved", "没存上，请稍后再发。", retry_after_ms=1000) from exc
        if self._wall.has(visitor, client_id):
            return  # it came a second time while the first was being stored
        entry = self._wall.hang(visitor, client_id, shown, masked=masked, name=name)
        entry.state = self.director.comment(Comment(entry.id, entry.name, spoken)).value
        self._wall.tell(entry)
        if entry.state == CommentState.QUEUED.value:
            self._questions.received(entry.id, spoken, received_ns)
            self.room.comment()

    def like(self) -> None:
        """Count a heart."""
        self._likes += 1

    # -- what operators do ------------------------------------------------------------------------------------------

    def check(self, text: str) -> Verdict:
        """What in an operator's words the law forbids; a price or a stock figure of the shelf is no invented one."""
        return comply(text, evidence_text=self._shop.figures, rules=LIVE_RULES)

    def say(self, text: str) -> None:
        """Speak an operator's words before anything else. Raises `ProtocolError` when too many wait."""
        if not self.director.say(text):
            raise ProtocolError("full", "还有很多话没说完，稍后再试。")
        self.room.comment()

    def show(self, sku: str) -> bool:
        """Tell of this product after the sentence, or the answer, that is being said, and go on from there.

        False when it is not in the rundown: unknown, or sold out.
        """
        if not self.director.show(sku):
            return False
        self.room.leave_out()
        return True

    def pause(self) -> None:
        """Hold the script and answers back; what is being said is finished."""
        self.director.pause()

    def resume(self) -> None:
        """Go on where it was paused."""
        self.director.resume()

    def interrupt(self) -> None:
        """Be silent at once; the script goes on with the next sentence."""
        self.room.interrupt()

    # -- what is heard ----------------------------------------------------------------------------------------------

    async def _follow(self) -> None:
        async for event in self.room.events():
            if isinstance(event, LineStarted):
                self._line_started(event)
            elif isinstance(event, LineEnded):
                self._line_ended(event)
            else:
                self._caption(event)

    def _line_started(self, event: LineStarted) -> None:
        line = event.line
        if not isinstance(line, Line):
            return
        self._order.started(line)
        if line.sku and (self._product is None or line.sku != self._product.sku):
            self._show(line.sku)
        if line.kind is LineKind.ANSWER:
            self._wall.answering(line)
            self._questions.heard(_ids(line), lead_in=_is_lead_in(line))

    def _first_sound(self, line: object) -> None:
        if isinstance(line, Line) and line.kind is LineKind.ANSWER:
            self._questions.voiced(_ids(line), lead_in=_is_lead_in(line))

    def _line_ended(self, event: LineEnded) -> None:
        line = event.line
        self._order.ended(line)
        if isinstance(line, Line) and line.kind is LineKind.ANSWER:
            self._wall.answered(line, finished=event.finished)

    def _caption(self, caption: Caption) -> None:
        at = self.room.at_ms(caption.sample)
        until = self.room.at_ms(caption.until) if caption.until is not None else at
        line = caption.line.text if caption.line is not None else ""
        self.feed.publish("caption", text=caption.text or "", at_ms=at, until_ms=until, line=line)

    def _show(self, sku: str) -> None:
        product = self._shop.product(sku)
        if product is None:
            return
        self._product = product
        self.feed.publish(
            "product", sku=sku, price=product.price, promotion=product.to_json()["promotion"], product=product.to_json()
        )
        self.room.show_card(self._shop.card(product, now=self._now()))

    def _state(self) -> str:
        if self._signed_off or not self.room.live:
            return "stopped"
        return "paused" if self.director.paused else "live"

    async def _tell_state(self) -> None:
        """Tell how many watch, at most once a second and only when something changed."""
        while True:
            now = (self._state(), self.feed.readers, self._likes)
            if now != self._told:
                self._told = now
                self.feed.publish("state", state=now[0], viewers=now[1], likes=now[2])
            await asyncio.sleep(_STATE_EVERY_S)

    async def _keep(self, visitor: str, client_id: str, text: str) -> None:
        conversation_id = self._conversations.get(visitor)
        if conversation_id is None:
            row = await self._store.open_conversation(merchant=self.merchant, channel="live", visitor=visitor)
            conversation_id = row.id
            remember(self._conversations, visitor, conversation_id)
        await self._store.receive(conversation_id, client_id=client_id, text=text)


def _ids(line: Line) -> tuple[str, ...]:
    return line.comment_ids or ((line.comment_id,) if line.comment_id else ())


def _is_lead_in(line: Line) -> bool:
    """Whether the line only says whose question is answered next."""
    return line.question is not None and not line.last and line.question in line.text
