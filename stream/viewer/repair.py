"""How often a lost packet is sent again: as often as this viewer's line has shown that it takes."""

from __future__ import annotations

LOSSY = 0.02
"""Share of packets asked for again from which one copy is not enough."""
_WINDOW = 400
"""Packets, two to four seconds of a stream, over which a line is judged."""
_REMEMBERED = 256


class Repair:
    """Counts what one viewer asks for again.

    Each failed copy costs a viewer a round trip and, after the second, a frozen picture: on a line that loses a share p
    of its packets one copy fails with p, two with about p², for p more traffic. On a good line one is sent. What is
    asked for a second time has cost a round trip already and gets three.
    """

    def __init__(self) -> None:
        self._asked: dict[int, None] = {}
        self._from: int | None = None
        self._count = 0
        self._lossy = False

    def copies(self, seq: int, *, sent: int) -> int:
        """Copies to send of packet `seq`, 1 to 3, when packets up to `sent` have left. Neither number wraps."""
        self._judge(sent)
        if seq in self._asked:
            return 3
        self._asked[seq] = None
        if len(self._asked) > _REMEMBERED:
            del self._asked[next(iter(self._asked))]
        self._count += 1
        return 2 if self._lossy or self._count > _WINDOW * LOSSY else 1

    def _judge(self, sent: int) -> None:
        if self._from is None:
            self._from = sent
        elif sent - self._from >= _WINDOW:
            self._lossy = self._count >= (sent - self._from) * LOSSY
            self._from, self._count = sent, 0
