"""The lower lip under the upper teeth, at f: the one gesture of the mouth that has pictures of its own.

A bite's pictures differ in how rounded the lips are: column 0 stands between spread vowels, column -1 between rounded
ones, as in 舒服, where a mouth spread for an f would twitch. Hosts made before that have column 0 alone.
"""

from __future__ import annotations

COLUMNS = (-1.0, 0.0)
_OPENING = 0.12
"""Opening of the lips in the pictures of a bite; see `avatar.face.mouth.MouthPose`."""
_SPREAD, _STEP = -0.10, 0.55
"""Width of the lips in column 0, and how much wider they are there than in column -1."""


def lips(column: float) -> float:
    """Return the width of the lips in the bite's picture at `column`, in units of `MouthPose.wide`."""
    return _SPREAD + _STEP * column


def approach(opening: float, wide: float, bite: float, *, roundest: float) -> tuple[float, float, float, float]:
    """Return where the lips go before a bite, the column of its picture, and that picture's share.

    The lips first go where the nearest bite has them; only then one picture fades into the other, without a ghost.
    `roundest` is the host's lowest column. The result is (opening, wide, column, share).
    """
    column = min(0.0, max((wide - _SPREAD) / _STEP, roundest))
    near = min(1.0, 1.8 * bite)
    share = min(1.0, max(0.0, (bite - 0.25) / 0.5))
    return opening + (_OPENING - opening) * near, wide + (lips(column) - wide) * near, column, share
