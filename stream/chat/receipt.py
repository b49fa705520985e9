"""Acknowledgements: which `client_id` was stored under which `seq`."""

from __future__ import annotations

from collections import OrderedDict

from stream.chat.log import Listener
from stream.chat.outgoing import Ack, encode

_REMEMBERED = 256


class Receipts:
    """The last 256 acknowledged ids of a conversation, so that most repeats need no look into the store."""

    def __init__(self) -> None:
        self._seqs: OrderedDict[str, int] = OrderedDict()

    def known(self, client_id: str) -> int | None:
        """The `seq` this id was stored under, None when it is not remembered."""
        return self._seqs.get(client_id)

    def keep(self, client_id: str, seq: int) -> None:
        """Remember it; the oldest is forgotten."""
        self._seqs[client_id] = seq
        while len(self._seqs) > _REMEMBERED:
            self._seqs.popitem(last=False)


def acknowledge(sender: Listener | None, client_id: str, seq: int) -> None:
    """Tell the sender, if there is one."""
    if sender is not None:
        sender.offer(encode(Ack(client_id=client_id, seq=seq)))
