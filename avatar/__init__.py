"""What saying it looks and sounds like: a voice with mouth shapes and a host who performs them."""

from avatar.errors import AvatarError
from avatar.plate import ProductCard
from avatar.presenter import FRAME_RATE, I420, Cue, Performer
from avatar.scene import Stage, create_stage
from avatar.speech import SAMPLE_RATE, Emotion, Speech, Viseme, VisemeSpan, Voice

__all__ = [
    "FRAME_RATE",
    "I420",
    "SAMPLE_RATE",
    "AvatarError",
    "Cue",
    "Emotion",
    "Performer",
    "ProductCard",
    "Speech",
    "Stage",
    "Viseme",
    "VisemeSpan",
    "Voice",
    "create_stage",
]
