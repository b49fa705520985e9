"""What a voice has done so far, in plain numbers for whoever shows them."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field


@dataclass(slots=True)
class VoiceFigures:
    """Counters of one voice with everything behind it (cache, cloud, local engine); they only grow.

    Written by the voice, read by anybody at any time; a number may be a moment old.
    """

    spoken_s: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    """Seconds of sound given out, by the name of the engine's voice, kept lines included."""
    cache_hits: int = 0
    """Lines played from disk."""
    cache_misses: int = 0
    """Lines that had to be spoken."""
    cache_bytes: int = 0
    """What the kept lines take on disk at the moment."""
    rendered_s: float = 0.0
    """Seconds of sound that the embedded engine rendered."""
    rendering_s: float = 0.0
    """Seconds on the clock it took; divided by `rendered_s` this is the real-time factor."""
    fallbacks: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Lines, or rests of lines, that the local voice had to say, by the voice that failed and the reason
    (`errors.REASONS`)."""
    resting: bool = False
    """Whether the voice that failed is left alone at the moment."""
