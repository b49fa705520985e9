"""A live room: the host on air, the director behind him, and the feed that tells the pages what is going on."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from avatar.plate import ProductCard
from dialogue.comment import Comment, CommentState
from dialogue.director import Director
from dialogue.line import Line, LineKind
from dialogue.rundown import Rundown
from dialogue.store import Store
from stream.broadcast import Broadcast
from stream.program import LineEnded, LineStarted
from stream.public_text import public
from stream.room import Caption, Room
from stream.room_book import RoomSpec
from stream.room_protocol import Message, ProtocolError
from stream.shelf import Product

logger = logging.getLogger(__name__)

K = TypeVar("K")
V = TypeVar("V")

_STATE_EVERY_S = 1.0
_REMEMBERED = 2_000
"""Comments whose state, and visitors whose conversation, are remembered."""


@dataclass(frozen=True, slots=True)
class Shop:
    """What a room shows of its merchant."""

    merchant: str
    name: str
    products: tuple[Product, ...] = ()
    questions: tuple[str, ...] = ()
    pictures: dict[str, Path] = field(default_factory=dict)
    """Picture file by SKU, for the card that is burned into the frames."""


@dataclass(slots=True)
class _Shown:
    """A comment as the pages know it."""

    id: str
    client_id: str
    name: str
    text: str
    masked: bool
    state: str
    answer: str = ""

    def to_json(self) -> Message:
        return {
            "id": self.id,
            "client_id": self.client_id,
            "name": self.name,
            "text": self.text,
            "masked": self.masked,
            "state": self.state,
            "answer": self.answer,
        }


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
    ) -> None:
        self.name = spec.name
        self.merchant = spec.merchant
        self.room = room
        self.director = director
        self.feed = Broadcast()
        self._shop = shop
        self._store = store
        self._now = now
        self._product: Product | None = None
        self._comments: OrderedDict[str, _Shown] = OrderedDict()
        self._seen: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._conversations: OrderedDict[str, str] = OrderedDict()
        self._likes = 0
        self._told: tuple[str, int, int] | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Go on air."""
        events = self.room.events()

        async def follow() -> None:
            async for event in events:
                if isinstance(event, LineStarted):
                    self._line_started(event)
                elif isinstance(event, LineEnded):
                    self._line_ended(event)
                else:
                    self._caption(event)

        self._tasks = [
            asyncio.create_task(follow(), name=f"{self.name}-feed"),
            asyncio.create_task(self._tell_state(), name=f"{self.name}-state"),
        ]
        await self.room.start()

    async def stop(self) -> None:
        """Leave the air; may be called twice."""
        await self.room.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

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

    def state(self) -> dict[str, object]:
        """The room as an operator's list shows it."""
        return {
            "name": self.name,
            "merchant": self.merchant,
            "state": self._state(),
            "pages": self.feed.readers,
            "viewers": self.room.audience.connected,
            "likes": self._likes,
            "product": self._product.sku if self._product else None,
            "waiting": self.director.waiting,
        }

    def restock(self, shop: Shop, rundown: Rundown) -> None:
        """Take over a new knowledge version; the card on show is renewed, the script goes on from the new facts."""
        self._shop = shop
        self.director.restock(rundown)
        if self._product is not None:
            self._show(self._product.sku)

    # -- what viewers do --------------------------------------------------------------------------------------------

    async def comment(self, *, visitor: str, client_id: str, text: str, name: str | None = None) -> None:
        """Store a comment (and the lead in it), show it masked, hand it to the director.

        The same `client_id` of the same visitor is taken once. Raises `ProtocolError` when it cannot be stored.
        """
        if (visitor, client_id) in self._seen:
            return
        shown, spoken, masked = public(text)
        try:
            await self._keep(visitor, client_id, text)
        except Exception as exc:
            logger.exception("a comment of room %s was not stored", self.name)
            raise ProtocolError("not_saved", "没存上，请稍后再发。", retry_after_ms=1000) from exc
        _remember(self._seen, (visitor, client_id), None)
        name = name or f"游客{int(hashlib.sha256(visitor.encode()).hexdigest()[:6], 16) % 10_000:04d}"
        entry = _Shown(f"c{self.feed.seq + 1}", client_id, name, shown, masked, "shown")
        _remember(self._comments, entry.id, entry)
        entry.state = self.director.comment(Comment(entry.id, name, spoken)).value
        self.feed.publish("comment", **entry.to_json())
        if entry.state == CommentState.QUEUED.value:
            self.room.comment()

    def like(self) -> None:
        """Count a heart."""
        self._likes += 1

    # -- what operators do ------------------------------------------------------------------------------------------

    def say(self, text: str) -> None:
        """Speak an operator's words before anything else. Raises `ProtocolError` when too many wait."""
        if not self.director.say(text):
            raise ProtocolError("full", "还有很多话没说完，稍后再试。")
        self.room.comment()

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

    def _line_started(self, event: LineStarted) -> None:
        line = event.line
        if not isinstance(line, Line):
            return
        if line.sku and (self._product is None or line.sku != self._product.sku):
            self._show(line.sku)
        if line.kind is LineKind.ANSWER:
            for entry in self._entries(line):
                if entry.state != "answering":
                    entry.state = "answering"
                    self.feed.publish("comment", **entry.to_json(), asked_by=max(1, len(line.comment_ids)))

    def _line_ended(self, event: LineEnded) -> None:
        line = event.line
        if not isinstance(line, Line) or line.kind is not LineKind.ANSWER:
            return
        for entry in self._entries(line):
            # The lead-in repeats the question; the page shows it already.
            if event.finished and not (line.question and line.question in line.text):
                entry.answer += line.text
            if line.last or not event.finished:
                entry.state = "answered"
                self.feed.publish("comment", **entry.to_json())

    def _caption(self, caption: Caption) -> None:
        at = self.room.at_ms(caption.sample)
        until = self.room.at_ms(caption.until) if caption.until is not None else at
        line = caption.line.text if caption.line is not None else ""
        self.feed.publish("caption", text=caption.text or "", at_ms=at, until_ms=until, line=line)

    def _entries(self, line: Line) -> list[_Shown]:
        ids = line.comment_ids or ((line.comment_id,) if line.comment_id else ())
        return [entry for comment_id in ids if (entry := self._comments.get(comment_id))]

    def _show(self, sku: str) -> None:
        product = next((product for product in self._shop.products if product.sku == sku), None)
        if product is None:
            return
        self._product = product
        self.feed.publish(
            "product", sku=sku, price=product.price, promotion=product.to_json()["promotion"], product=product.to_json()
        )
        self.room.show_card(self._card(product))

    def _card(self, product: Product) -> ProductCard:
        ends_in_s = None
        if product.promotion_until:
            ends_in_s = (datetime.fromisoformat(product.promotion_until) - self._now()).total_seconds()
        return ProductCard(
            title=product.name,
            price=product.price,
            original_price=product.was or None,
            picture=self._shop.pictures.get(product.sku),
            note=f"余 {product.stock} 件" if product.stock is not None else None,
            ends_in_s=ends_in_s,
        )

    def _state(self) -> str:
        if self.director.paused:
            return "paused"
        return "live" if self.room.live else "stopped"

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
            _remember(self._conversations, visitor, conversation_id)
        await self._store.receive(conversation_id, client_id=client_id, text=text)


def _remember(memory: OrderedDict[K, V], key: K, value: V) -> None:
    memory[key] = value
    if len(memory) > _REMEMBERED:
        memory.popitem(last=False)
