"""What saying it looks and sounds like: a voice with mouth shapes and a host who performs them.

Pictures need OpenCV and Pillow (40 MB): a process that shows none, like one that only chats, does not load them.
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING

from avatar.errors import AvatarError
from avatar.face.host_folder import host_folders
from avatar.face.presenter import FRAME_RATE, I420, Cue, Performer
from avatar.models.catalogue import open_models
from avatar.scene.line import divide_evenly
from avatar.voice.lexicon import Lexicon
from avatar.voice.lexicon_file import LexiconFile
from avatar.voice.speech import SAMPLE_RATE, Emotion, Speech, Viseme, VisemeSpan, Voice
from avatar.voice.voice import check_voice, create_voice
from avatar.voice.voice_figures import VoiceFigures

if TYPE_CHECKING:
    from avatar.face.host import load_host
    from avatar.scene.plate import ProductCard
    from avatar.scene.scene import Stage, create_stage

__all__ = [
    "FRAME_RATE",
    "I420",
    "SAMPLE_RATE",
    "AvatarError",
    "Cue",
    "Emotion",
    "Lexicon",
    "LexiconFile",
    "Performer",
    "ProductCard",
    "Speech",
    "Stage",
    "Viseme",
    "VisemeSpan",
    "Voice",
    "VoiceFigures",
    "check_voice",
    "create_stage",
    "create_voice",
    "divide_evenly",
    "host_folders",
    "load_host",
    "open_models",
]

# onnxruntime's wheel for Linux makes a device id and reports to its maker: a shop's machine calls nobody unasked.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

_PICTURES = {
    "ProductCard": "avatar.scene.plate",
    "Stage": "avatar.scene.scene",
    "create_stage": "avatar.scene.scene",
    "load_host": "avatar.face.host",
}


def __getattr__(name: str) -> object:
    if name not in _PICTURES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PICTURES[name]), name)
