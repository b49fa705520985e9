"""What saying it looks and sounds like: a voice with mouth shapes and a host who performs them."""

from avatar.errors import AvatarError
from avatar.presenter import FRAME_RATE, I420, Cue, Performer
from avatar.speech import SAMPLE_RATE, Emotion, Speech, Viseme, VisemeSpan, Voice

__all__ = [
    "FRAME_RATE",
    "I420",
    "SAMPLE_RATE",
    "AvatarError",
    "Cue",
    "Emotion",
    "Performer",
    "Speech",
    "Viseme",
    "VisemeSpan",
    "Voice",
]
