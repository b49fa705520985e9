"""What saying it looks and sounds like: a voice with mouth shapes and a host who performs them."""

from avatar.errors import AvatarError
from avatar.lexicon import Lexicon, load_lexicon
from avatar.plate import ProductCard
from avatar.presenter import FRAME_RATE, I420, Cue, Performer
from avatar.scene import Stage, create_stage
from avatar.speech import SAMPLE_RATE, Emotion, Speech, Viseme, VisemeSpan, Voice
from avatar.voice import create_voice
from avatar.voice_figures import VoiceFigures

__all__ = [
    "FRAME_RATE",
    "I420",
    "SAMPLE_RATE",
    "AvatarError",
    "Cue",
    "Emotion",
    "Lexicon",
    "Performer",
    "ProductCard",
    "Speech",
    "Stage",
    "Viseme",
    "VisemeSpan",
    "Voice",
    "VoiceFigures",
    "create_stage",
    "create_voice",
    "load_lexicon",
]
