"""A circuit breaker: a server that keeps failing is left alone for a while. Pure, with the clock handed in."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum


class Circuit(StrEnum):
    """Whether requests go through."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Breaker:
    """Opens after `failures` failures in a row, for `rest_s` seconds; then one request may try.

    `clock` gives seconds that only grow (`time.monotonic`).
    """

    def __init__(self, clock: Callable[[], float], *, failures: int = 3, rest_s: float = 20.0) -> None:
        if failures < 1 or rest_s <= 0:
            raise ValueError("a breaker needs at least one failure and a rest above zero")
        self._clock = clock
        self._limit = failures
        self._rest_s = rest_s
        self._failed = 0
        self._opened: float | None = None
        self._trying = False

    @property
    def state(self) -> Circuit:
        """The circuit's state now."""
        if self._opened is None:
            return Circuit.CLOSED
        if self._clock() - self._opened >= self._rest_s:
            return Circuit.HALF_OPEN
        return Circuit.OPEN

    def allow(self) -> bool:
        """Whether a request may be made now; in the half-open state only one at a time may. Each True must be
        followed by `success`, `failure` or `abandon`."""
        match self.state:
            case Circuit.CLOSED:
                return True
            case Circuit.OPEN:
                return False
            case Circuit.HALF_OPEN:
                if self._trying:
                    return False
                self._trying = True
                return True

    def success(self) -> None:
        """A request went well: the circuit closes."""
        self._failed = 0
        self._opened = None
        self._trying = False

    def failure(self) -> None:
        """A request failed; enough of them open the circuit, one that was a try opens it again."""
        self._failed += 1
        if self._trying or self._failed >= self._limit:
            self._opened = self._clock()
        self._trying = False

    def abandon(self) -> None:
        """A request was given up by the caller: says nothing about the server."""
        self._trying = False
